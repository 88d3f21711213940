// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load.h"

#include <string.h>

/* Adds the members of one section of an included file; what is there already must say the same. */
static gboolean import_section(ComposeNode *document, const ComposeNode *section, const ComposeNode *include,
                               GError **error)
{
    ComposeNode *target = compose_node_ensure_map(document, section->key);

    for (ComposeNode *item = section->first, *next; item; item = next) {
        const char *key = item->key;
        const ComposeNode *old = compose_node_get(target, key);

        next = item->next;
        if (old && compose_node_equal(old, item))
            continue;
        if (old) {
            g_autofree char *path = compose_node_path(item);

            compose_error(error, GOURD_ERROR_INPUT, include, "%s is in both files, and not the same", path);
            return gourd_error_hint(error, "to change what an included file says, lay a file over all by a second -f");
        }
        compose_node_unlink(item);
        compose_node_set(target, key, item);
    }
    return TRUE;
}

static gboolean import(ComposeNode *document, ComposeNode *included, const ComposeNode *include, GError **error)
{
    static const char *const sections[] = {"services", "networks", "volumes", "secrets", "configs", "models", NULL};

    for (const char *const *name = sections; *name; name++) {
        const ComposeNode *section = compose_node_get(included, *name);

        if (section && !import_section(document, section, include, error))
            return FALSE;
    }
    return TRUE;
}

/* The variables of an included file: those of the including one, and of its own .env or env_file. */
static GHashTable *include_environment(ComposeLoader *loader, const ComposeNode *include, GHashTable *outer,
                                       const char *folder, GError **error)
{
    g_autoptr(GHashTable) environment = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) files = compose_node_get_strv(include, "env_file");
    g_autofree char *usual = g_build_filename(folder, ".env", NULL);
    GHashTableIter iterator;
    gpointer name, value;

    g_hash_table_iter_init(&iterator, outer);
    while (g_hash_table_iter_next(&iterator, &name, &value))
        g_hash_table_insert(environment, g_strdup(name), g_strdup(value));
    if (!files && g_file_test(usual, G_FILE_TEST_IS_REGULAR) &&
        !load_env_file(usual, environment, loader->notes, error))
        return NULL;
    for (guint i = files ? g_strv_length(files) : 0; i-- > 0;) {
        if (!load_env_file(files[i], environment, loader->notes, error))
            return NULL;
    }
    return g_steal_pointer(&environment);
}

static gboolean load_include(ComposeLoader *loader, ComposeNode *document, const ComposeNode *include,
                             GHashTable *outer, GPtrArray *chain, GError **error)
{
    g_auto(GStrv) files = compose_node_get_strv(include, "path");
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    const char *given = compose_node_get_text(include, "project_directory");

    for (char **file = files; file && *file; file++)
        g_ptr_array_add(paths, *file);
    if (paths->len == 0)
        return compose_error(error, GOURD_ERROR_INPUT, include, "it has no path");
    g_autofree char *folder = given ? g_strdup(given) : g_path_get_dirname(g_ptr_array_index(paths, 0));
    g_autoptr(GHashTable) environment = include_environment(loader, include, outer, folder, error);
    if (!environment)
        return FALSE;
    ComposeNode *included = load_layers(loader, paths, environment, folder, chain, error);
    return included && import(document, included, include, error);
}

gboolean load_includes(ComposeLoader *loader, ComposeNode *document, GHashTable *environment, GPtrArray *chain,
                       GError **error)
{
    ComposeNode *includes = compose_node_get(document, "include");

    for (ComposeNode *include = includes ? includes->first : NULL; include; include = include->next) {
        g_autoptr(GError) problem = NULL;

        if (load_include(loader, document, include, environment, chain, &problem))
            continue;
        g_propagate_error(error, g_steal_pointer(&problem));
        if (!includes->line)
            return FALSE;
        return gourd_error_prefix(error, "%s:%u: include", include->file, include->line);
    }
    if (includes)
        compose_node_unlink(includes);
    return TRUE;
}
