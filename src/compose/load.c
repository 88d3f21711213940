// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load.h"

#include "dotenv.h"
#include "file.h"
#include "interpolate.h"
#include "merge.h"
#include "yaml.h"

#include <string.h>

/* A path as the user would name it: relative to the current folder if it is below it. */
static char *show_path(const char *path)
{
    g_autofree char *current = g_get_current_dir();
    gsize length = strlen(current);

    if (g_str_has_prefix(path, current) && path[length] == '/')
        return g_strdup(path + length + 1);
    return g_strdup(strcmp(path, "-") == 0 ? "<stdin>" : path);
}

GPtrArray *load_documents(ComposeLoader *loader, const char *path, GError **error)
{
    g_autofree char *bytes = NULL, *shown = show_path(path);
    gpointer key, documents;
    gsize size;

    if (g_hash_table_steal_extended(loader->parsed, path, &key, &documents)) {
        g_free(key);
        return documents;
    }
    if (loader->project->files->len >= LOAD_FILES_MAX) {
        gourd_error_set(error, GOURD_ERROR_LIMIT, "more than %d files", LOAD_FILES_MAX);
        return NULL;
    }
    if (!file_read(path, YAML_SIZE_MAX, &bytes, &size, error))
        return NULL;
    g_ptr_array_add(loader->project->files, g_strdup(path));
    return yaml_read(loader->project->arena, shown, bytes, size, error);
}

gboolean load_prepare(ComposeLoader *loader, ComposeNode *document, GHashTable *environment, const char *folder,
                      GError **error)
{
    const Variables variables = variables_of_table(environment, loader->notes);
    const ComposeReading reading = {.folder = folder, .home = loader->home, .raw = loader->raw};

    if ((!loader->raw && !interpolate_tree(document, &variables, error)) ||
        !compose_check(&document, &compose_file_field, &reading, error))
        return FALSE;
    compose_drop_repeated(document);
    return TRUE;
}

static gboolean load_layer(ComposeLoader *loader, const char *path, GHashTable *environment, const char *folder,
                           GPtrArray *chain, ComposeNode **root, GError **error)
{
    g_autoptr(GPtrArray) documents = load_documents(loader, path, error);

    if (!documents)
        return FALSE;
    for (guint i = 0; i < documents->len; i++) {
        ComposeNode *document = g_ptr_array_index(documents, i);

        if (!load_prepare(loader, document, environment, folder, error) ||
            !load_extends(loader, document, path, environment, error) ||
            !load_includes(loader, document, environment, chain, error))
            return FALSE;
        if (*root)
            compose_merge(*root, document);
        else
            *root = document;
    }
    return TRUE;
}

static gboolean set_cycle(const GPtrArray *chain, const char *path, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < chain->len; i++)
        g_string_append_printf(names, "%s → ", (const char *)g_ptr_array_index(chain, i));
    return gourd_error_set(error, GOURD_ERROR_INPUT, "files include each other: %s%s", names->str, path);
}

ComposeNode *load_layers(ComposeLoader *loader, const GPtrArray *paths, GHashTable *environment, const char *folder,
                         GPtrArray *chain, GError **error)
{
    ComposeNode *root = NULL;

    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);

        if (chain->len >= LOAD_DEPTH_MAX) {
            gourd_error_set(error, GOURD_ERROR_LIMIT, "more than %d files include each other", LOAD_DEPTH_MAX);
            return NULL;
        }
        if (g_ptr_array_find_with_equal_func(chain, path, g_str_equal, NULL)) {
            set_cycle(chain, path, error);
            return NULL;
        }
        g_ptr_array_add(chain, (char *)path);
        gboolean is_loaded = load_layer(loader, path, environment, folder, chain, &root, error);
        g_ptr_array_set_size(chain, (gint)chain->len - 1);
        if (!is_loaded)
            return NULL;
    }
    return root;
}

gboolean load_env_file(const char *path, GHashTable *environment, Notes *notes, GError **error)
{
    g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const Variables outer = variables_of_table(environment, notes);
    GHashTableIter iterator;
    gpointer name, value;

    if (!dotenv_read(path, &outer, values, error))
        return FALSE;
    g_hash_table_iter_init(&iterator, values);
    while (g_hash_table_iter_next(&iterator, &name, &value)) {
        if (!g_hash_table_contains(environment, name))
            g_hash_table_insert(environment, g_strdup(name), g_strdup(value));
    }
    return TRUE;
}
