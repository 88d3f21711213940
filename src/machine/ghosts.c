// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skeleton-private.h"

#include <string.h>

/* What packages of Fedora and RHEL have as %ghost, because their scripts make it: PAM and the name service switch by authselect(8), and
 * crypto-policies(7). Each from what the package has in /usr, as it is where nobody chose anything. */

#define PROFILES "/usr/share/authselect/default/"
#define POLICY "/usr/share/crypto-policies/DEFAULT"
#define POLICY_SUFFIX ".txt"
#define CRYPTO "/etc/crypto-policies/"

/* --- authselect --------------------------------------------------------------------------------------------------- */

/* The profile without any server, newer or older: on RHEL 9 it is called minimal. */
static const char *const profiles[] = {"local", "minimal"};

static const struct {
    const char *name, *path;
} templates[] = {
    {"fingerprint-auth", "/etc/pam.d/fingerprint-auth"}, {"nsswitch.conf", "/etc/nsswitch.conf"},
    {"password-auth", "/etc/pam.d/password-auth"},       {"postlogin", "/etc/pam.d/postlogin"},
    {"smartcard-auth", "/etc/pam.d/smartcard-auth"},     {"system-auth", "/etc/pam.d/system-auth"},
};

/* "A" and not "B" or not "C": no feature is on. */
static gboolean is_true(const char *expression)
{
    g_auto(GStrv) choices = g_strsplit(expression, " or ", -1);
    gboolean is_any = FALSE;

    for (char **choice = choices; *choice && !is_any; choice++) {
        g_auto(GStrv) terms = g_strsplit(*choice, " and ", -1);

        is_any = TRUE;
        for (char **term = terms; *term; term++)
            is_any = is_any && g_str_has_prefix(g_strstrip(*term), "not ");
    }
    return is_any;
}

/* What comes of "WORD if EXPRESSION[:THEN[|ELSE]]" in braces: text in its place, or something about the line or the rest of the file. */
typedef enum { OPERATOR_TEXT, OPERATOR_DROPS_LINE, OPERATOR_ENDS_FILE } Operator;

static Operator apply_operator(const char *inner, GString *out)
{
    static const char *const words[] = {"if ", "include if ", "exclude if ", "continue if ", "stop if "};
    guint word = 0;

    while (word < G_N_ELEMENTS(words) && !g_str_has_prefix(inner, words[word]))
        word++;
    if (word == G_N_ELEMENTS(words)) /* "imply" */
        return OPERATOR_DROPS_LINE;
    const char *expression = inner + strlen(words[word]);
    const char *colon = word == 0 ? strchr(expression, ':') : NULL;
    g_autofree char *condition = colon ? g_strndup(expression, (gsize)(colon - expression)) : g_strdup(expression);
    const gboolean holds = is_true(condition);

    if (word == 0 && colon) {
        g_auto(GStrv) texts = g_strsplit(colon + 1, "|", 2);

        g_string_append(out, holds ? texts[0] : texts[1] ? texts[1] : "");
        return OPERATOR_TEXT;
    }
    if (word == 1 || word == 2)
        return holds == (word == 1) ? OPERATOR_TEXT : OPERATOR_DROPS_LINE;
    return holds == (word == 3) ? OPERATOR_DROPS_LINE : OPERATOR_ENDS_FILE;
}

static Operator fill_line(const char *line, GString *out)
{
    const gsize before = out->len;

    for (const char *at = line; *at;) {
        const char *stop = *at == '{' ? strchr(at, '}') : NULL;

        if (!stop) {
            g_string_append_c(out, *at++);
            continue;
        }
        g_autofree char *inner = g_strndup(at + 1, (gsize)(stop - at - 1));
        const Operator result = apply_operator(inner, out);
        if (result != OPERATOR_TEXT) {
            g_string_truncate(out, before);
            return result;
        }
        at = stop + 1;
    }
    while (out->len > before && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
    return OPERATOR_TEXT;
}

char *authselect_fill_template(const char *text)
{
    g_autofree char *copy = g_strchomp(g_strdup(text));
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    g_autoptr(GString) out = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        if (fill_line(*line, out) == OPERATOR_ENDS_FILE)
            break;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static gboolean add_profile(SkeletonBuild *build, const char *profile, gboolean *ret_found, GError **error)
{
    *ret_found = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(templates); i++) {
        g_autofree char *source = g_strconcat(PROFILES, profile, "/", templates[i].name, NULL), *text = NULL;

        if (!g_hash_table_contains(build->owners, source))
            continue;
        if (!skeleton_read(build, source, &text, error))
            return FALSE;
        if (!text)
            continue;
        g_autofree char *filled = authselect_fill_template(text);
        skeleton_add_text(build->skeleton, templates[i].path, 0644, filled);
        *ret_found = TRUE;
    }
    return TRUE;
}

static gboolean add_profiles(SkeletonBuild *build, GError **error)
{
    gboolean found = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(profiles) && !found; i++) {
        if (!add_profile(build, profiles[i], &found, error))
            return FALSE;
    }
    return TRUE;
}

/* --- crypto-policies ---------------------------------------------------------------------------------------------- */

static gboolean add_policy(SkeletonBuild *build, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;

    if (!g_hash_table_contains(build->owners, POLICY))
        return TRUE;
    if (!root_list(build->root, POLICY, &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *target = g_build_filename(POLICY, name, NULL), *stem = g_strdup(name), *path = NULL;

        if (!g_str_has_suffix(name, POLICY_SUFFIX))
            continue;
        stem[strlen(stem) - strlen(POLICY_SUFFIX)] = '\0';
        path = g_strconcat(CRYPTO "back-ends/", stem, ".config", NULL);
        skeleton_add_link(build->skeleton, path, target);
    }
    skeleton_add_text(build->skeleton, CRYPTO "config", 0644, "DEFAULT\n");
    skeleton_add_text(build->skeleton, CRYPTO "state/current", 0644, "DEFAULT\n");
    return TRUE;
}

gboolean skeleton_add_ghosts(SkeletonBuild *build, GError **error)
{
    return add_profiles(build, error) && add_policy(build, error);
}
