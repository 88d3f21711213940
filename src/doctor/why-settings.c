// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <string.h>

#define PLACE_LENGTH_MAX 160 /* bytes of a setting that are shown: some have hundreds of names */

static const char *section_of(const char *key)
{
    return unit_directive_find("Service", key) ? "Service" : "Unit";
}

static void collect(const WhySource *source, const char *key, GArray *settings)
{
    const GPtrArray *entries = unit_file_entries(source->file, section_of(key));

    for (guint i = 0; entries && i < entries->len; i++) {
        const UnitEntry *entry = g_ptr_array_index(entries, i);
        WhySetting setting = {entry->key, entry->value, source->path, entry->line};

        if (!entry->key || strcmp(entry->key, key) != 0)
            continue;
        if (!*entry->value)
            g_array_set_size(settings, 0);
        else
            g_array_append_val(settings, setting);
    }
}

GArray *why_settings(const WhyFacts *facts, const char *key)
{
    GArray *settings = g_array_new(FALSE, FALSE, sizeof(WhySetting));

    for (guint i = 0; i < facts->sources->len; i++)
        collect(g_ptr_array_index(facts->sources, i), key, settings);
    return settings;
}

gboolean why_setting(const WhyFacts *facts, const char *key, WhySetting *ret_setting)
{
    g_autoptr(GArray) settings = why_settings(facts, key);

    if (settings->len == 0)
        return FALSE;
    *ret_setting = g_array_index(settings, WhySetting, settings->len - 1);
    return TRUE;
}

gboolean why_is_set(const WhyFacts *facts, const char *key)
{
    WhySetting setting;
    gboolean value;

    return why_setting(facts, key, &setting) && unit_parse_boolean(setting.value, &value) && value;
}

char *why_place(const WhySetting *setting)
{
    g_autofree char *value = line_escape(setting->value, MIN(strlen(setting->value), PLACE_LENGTH_MAX));
    const char *dots = strlen(setting->value) > PLACE_LENGTH_MAX ? "…" : "";

    if (setting->line == 0)
        return g_strdup_printf("%s=%s%s (%s)", setting->key, value, dots, setting->path);
    return g_strdup_printf("%s=%s%s (%s:%u)", setting->key, value, dots, setting->path, setting->line);
}

/* --- mounts of the unit ------------------------------------------------------------------------------------------- */

static char *rebase(const char *path, const char *from, const char *to)
{
    gsize length = strcmp(from, "/") == 0 ? 0 : strlen(from);
    g_autofree char *joined = g_strconcat(strcmp(to, "/") == 0 ? "" : to, path + length, NULL);

    return g_strdup(*joined ? joined : "/");
}

static char *find_in_binds(const WhyFacts *facts, const char *key, const char *path, WhySetting *ret_setting)
{
    g_autoptr(GArray) settings = why_settings(facts, key);
    char *found = NULL;

    for (guint i = 0; i < settings->len; i++) {
        const WhySetting *setting = &g_array_index(settings, WhySetting, i);
        g_auto(GStrv) parts = NULL;

        if (!unit_unquote_bind(setting->value, &parts, NULL) || !inside_is_below(path, parts[1]))
            continue;
        g_free(found);
        found = rebase(path, parts[1], parts[0] + strspn(parts[0], "-"));
        if (ret_setting)
            *ret_setting = *setting;
    }
    return found;
}

char *why_find_bind(const WhyFacts *facts, const char *path, WhySetting *ret_setting, gboolean *ret_read_only)
{
    char *found = find_in_binds(facts, "BindPaths", path, ret_setting);

    if (ret_read_only)
        *ret_read_only = FALSE;
    if (found)
        return found;
    if (ret_read_only)
        *ret_read_only = TRUE;
    return find_in_binds(facts, "BindReadOnlyPaths", path, ret_setting);
}

/* Whether something else than the root is there, of which nothing is known. */
static gboolean is_covered(const WhyFacts *facts, const char *path)
{
    g_autoptr(GArray) settings = why_settings(facts, "TemporaryFileSystem");

    if (facts->root_kind != WHY_ROOT_HOST && (inside_is_below(path, "/run") || inside_is_below(path, "/proc") ||
                                              inside_is_below(path, "/sys") || inside_is_below(path, "/dev")))
        return TRUE;
    if (why_is_set(facts, "PrivateTmp") && (inside_is_below(path, "/tmp") || inside_is_below(path, "/var/tmp")))
        return TRUE;
    for (guint i = 0; i < settings->len; i++) {
        const char *value = g_array_index(settings, WhySetting, i).value;
        g_autofree char *folder = g_strndup(value, strcspn(value, ": "));

        if (inside_is_below(path, folder))
            return TRUE;
    }
    return FALSE;
}

gboolean why_is_hidden(const WhyFacts *facts, const char *path, WhySetting *ret_setting)
{
    g_autoptr(GArray) settings = why_settings(facts, "InaccessiblePaths");

    for (guint i = 0; i < settings->len; i++) {
        g_auto(GStrv) paths = g_strsplit(g_array_index(settings, WhySetting, i).value, " ", -1);

        for (char **hidden = paths; *hidden; hidden++) {
            const char *folder = *hidden + strspn(*hidden, "-+");

            if (*folder == '/' && inside_is_below(path, folder)) {
                *ret_setting = g_array_index(settings, WhySetting, i);
                return TRUE;
            }
        }
    }
    return FALSE;
}

gboolean why_look(const WhyFacts *facts, const char *path, InsideNode *ret_node)
{
    g_autofree char *outside = why_find_bind(facts, path, NULL, NULL);

    if (outside)
        return facts->outside && why_tree_find(facts->outside, outside, ret_node);
    if (!facts->root || is_covered(facts, path))
        return FALSE;
    return why_tree_find(facts->root, path, ret_node);
}

GBytes *why_load(const WhyFacts *facts, const char *path, gsize size_max)
{
    g_autofree char *outside = why_find_bind(facts, path, NULL, NULL);

    if (outside)
        return facts->outside ? why_tree_load(facts->outside, outside, size_max) : NULL;
    return facts->root ? why_tree_load(facts->root, path, size_max) : NULL;
}

/* --- what the user may ----------------------------------------------------------------------------------------------- */

static gboolean may(const WhyFacts *facts, const InsideNode *node, guint wanted)
{
    guint bits = facts->uid == node->uid ? node->mode >> 6 : facts->gid == node->gid ? node->mode >> 3 : node->mode;

    return facts->uid == 0 || (bits & wanted) == wanted;
}

gboolean why_find_barrier(const WhyFacts *facts, const char *path, guint wanted, InsideNode *ret_node)
{
    if (!facts->user_known)
        return FALSE;
    for (const char *end = path; end; end = strchr(end + 1, '/')) {
        g_autofree char *folder = end == path ? g_strdup("/") : g_strndup(path, (gsize)(end - path));
        InsideNode node;

        if (strcmp(folder, path) == 0 || !why_look(facts, folder, &node))
            continue;
        if (node.found && node.type == ENTRY_DIRECTORY && !may(facts, &node, 1)) {
            *ret_node = node;
            return TRUE;
        }
        inside_node_clear(&node);
    }
    if (!why_look(facts, path, ret_node))
        return FALSE;
    if (ret_node->found && !may(facts, ret_node, wanted))
        return TRUE;
    inside_node_clear(ret_node);
    return FALSE;
}

char *why_describe_mode(const InsideNode *node)
{
    return node->uid == 0 ? g_strdup_printf("mode %04o, owned by root", node->mode)
                          : g_strdup_printf("mode %04o, owned by %u", node->mode, node->uid);
}

char *why_name_root(const WhyFacts *facts)
{
    g_autofree char *shown = facts->root_path ? text_escape(facts->root_path) : NULL;

    switch (facts->root_kind) {
    case WHY_ROOT_IMAGE:
        return g_strdup("the image");
    case WHY_ROOT_FOLDER:
        return g_strdup_printf("the root folder '%s'", shown);
    default:
        return g_strdup("this host");
    }
}
