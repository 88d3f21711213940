// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skeleton-private.h"

#include <string.h>

/* The common files of PAM, as pam-auth-update(8) makes them from templates and the profiles of packages. */

#define TEMPLATES "/usr/share/pam/"
#define PROFILES "/usr/share/pam-configs/"

/* Each has a file "common-TYPE". */
static const char *const types[] = {"auth", "account", "password", "session", "session-noninteractive"};

typedef struct {
    gint64 priority;
    const char *text;
} Profile;

/* The value of a field "KEY: VALUE", or the lines below "KEY:" without their first blanks; NULL: there is none. The caller frees. */
static char *profile_get(const char *text, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) value = NULL;

    for (char **line = lines; *line; line++) {
        if (value && (**line == ' ' || **line == '\t')) {
            g_string_append_printf(value, "%s%s", value->len ? "\n" : "", g_strstrip(*line));
            continue;
        }
        if (value)
            break;
        const char *colon = strchr(*line, ':');
        if (colon && strlen(key) == (gsize)(colon - *line) && g_ascii_strncasecmp(*line, key, strlen(key)) == 0)
            value = g_string_new(g_strstrip((*line) + (colon - *line) + 1));
    }
    return value ? g_string_free(g_steal_pointer(&value), FALSE) : NULL;
}

static gboolean profile_says(const char *text, const char *key, const char *wanted)
{
    g_autofree char *value = profile_get(text, key);

    return value && g_ascii_strcasecmp(value, wanted) == 0;
}

static int compare_profiles(gconstpointer a, gconstpointer b)
{
    const Profile *one = a, *other = b;

    if (one->priority != other->priority)
        return one->priority > other->priority ? -1 : 1;
    return strcmp(one->text, other->text);
}

/* Those that are on unless an admin switches them off, the most important first. */
static GArray *sort_profiles(char **texts)
{
    GArray *profiles = g_array_new(FALSE, FALSE, sizeof(Profile));

    for (char **text = texts; *text; text++) {
        g_autofree char *priority = profile_get(*text, "Priority");
        Profile profile = {.priority = 0, .text = *text};

        if (!profile_says(*text, "Default", "yes"))
            continue;
        if (priority && !g_ascii_string_to_signed(priority, 10, G_MININT32, G_MAXINT32, &profile.priority, NULL))
            profile.priority = 0;
        g_array_append_val(profiles, profile);
    }
    g_array_sort(profiles, compare_profiles);
    return profiles;
}

/* The modules of one block ("Primary" or "Additional") of a type, a line each. The first of all profiles may have lines of its own. */
static char **list_modules(const GArray *profiles, const char *type, const char *block)
{
    const gboolean is_nonint = strcmp(type, "session-noninteractive") == 0;
    const char *key = is_nonint ? "session" : type;
    g_autofree char *kind = g_strconcat(key, "-Type", NULL), *initial = g_strconcat(key, "-Initial", NULL);
    g_autoptr(GString) lines = g_string_new(NULL);

    for (guint i = 0; i < profiles->len; i++) {
        const char *text = g_array_index(profiles, Profile, i).text;
        g_autofree char *first = lines->len == 0 ? profile_get(text, initial) : NULL;
        g_autofree char *modules = first ? NULL : profile_get(text, key);

        if (!profile_says(text, kind, block) || (is_nonint && profile_says(text, "Session-Interactive-Only", "yes")))
            continue;
        if (first || modules)
            g_string_append_printf(lines, "%s%s", lines->len ? "\n" : "", first ? first : modules);
    }
    return g_strsplit(lines->str, "\n", -1);
}

/* "success=end" jumps over the modules that follow in the block, and over the one that denies. */
static char *make_block(const GArray *profiles, const char *type, const char *block)
{
    const char *name = g_str_has_prefix(type, "session") ? "session" : type;
    const gboolean is_primary = strcmp(block, "Primary") == 0;
    g_auto(GStrv) modules = list_modules(profiles, type, block);
    const guint count = g_strv_length(modules);
    g_autoptr(GString) out = g_string_new(NULL);

    if (count == 0 && is_primary)
        return g_strdup_printf("%s\t[default=1]\t\t\tpam_permit.so", name);
    for (guint i = 0; i < count; i++) {
        g_auto(GStrv) parts = g_strsplit(modules[i], "=end", -1);
        g_autofree char *jump = g_strdup_printf("=%u", count - i), *line = g_strjoinv(jump, parts);

        g_string_append_printf(out, "%s%s\t%s", i ? "\n" : "", name, line);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *pam_fill_template(const char *template_text, const char *type, char **profiles)
{
    const char *prefix = strcmp(type, "session-noninteractive") == 0 ? "session_nonint" : type;
    g_autoptr(GArray) sorted = sort_profiles(profiles);
    g_autoptr(GString) out = g_string_new(template_text);
    g_autofree char *primary = make_block(sorted, type, "Primary"),
                    *additional = make_block(sorted, type, "Additional");
    g_autofree char *primary_name = g_strdup_printf("$%s_primary", prefix);
    g_autofree char *additional_name = g_strdup_printf("$%s_additional", prefix);

    g_string_replace(out, primary_name, primary, 0);
    g_string_replace(out, additional_name, additional, 0);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static gboolean read_profiles(SkeletonBuild *build, char ***ret_profiles, GError **error)
{
    g_autoptr(GStrvBuilder) profiles = g_strv_builder_new();

    for (guint i = 0; i < build->chosen->len; i++) {
        const SkeletonPackage *chosen = g_ptr_array_index(build->chosen, i);

        for (char **path = chosen->files; *path; path++) {
            g_autofree char *text = NULL;

            if (!g_str_has_prefix(*path, PROFILES) || strchr(*path + strlen(PROFILES), '/'))
                continue;
            if (!skeleton_read(build, *path, &text, error))
                return FALSE;
            if (text)
                g_strv_builder_add(profiles, text);
        }
    }
    *ret_profiles = g_strv_builder_end(profiles);
    return TRUE;
}

gboolean skeleton_add_pam(SkeletonBuild *build, GError **error)
{
    g_auto(GStrv) profiles = NULL;

    if (!read_profiles(build, &profiles, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *source = g_strconcat(TEMPLATES "common-", types[i], NULL), *text = NULL;
        g_autofree char *path = g_strconcat("/etc/pam.d/common-", types[i], NULL);

        if (!skeleton_read(build, source, &text, error))
            return FALSE;
        if (!text || !g_hash_table_contains(build->owners, source))
            continue;
        g_autofree char *filled = pam_fill_template(text, types[i], profiles);
        skeleton_add_text(build->skeleton, path, 0644, filled);
    }
    return TRUE;
}
