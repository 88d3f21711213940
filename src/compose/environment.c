// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a service's environment and labels are in the end: its files read, values looked up. */
#include "load.h"

#include "dotenv.h"
#include "file.h"
#include "interpolate.h"

#include "service/service.h"

#include <string.h>

/* The project's variables, then what the files before gave. */
typedef struct {
    GHashTable *project, *values;
} Lookup;

static const char *look_up(const char *name, gpointer data)
{
    const Lookup *lookup = data;
    const char *value = g_hash_table_lookup(lookup->project, name);

    return value ? value : g_hash_table_lookup(lookup->values, name);
}

/* The format of `docker run --env-file`: all behind "=" is the value. */
static gboolean read_raw(const char *path, GHashTable *values, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    if (!env_file_read(path, lines, error))
        return FALSE;
    for (guint i = 0; i < lines->len; i++) {
        const char *line = g_ptr_array_index(lines, i), *equals = strchr(line, '=');

        g_hash_table_replace(values, g_strndup(line, (gsize)(equals - line)), g_strdup(equals + 1));
    }
    return TRUE;
}

static gboolean read_file(ComposeLoader *loader, const ComposeNode *place, const char *path, gboolean raw,
                          GHashTable *values, GError **error)
{
    Lookup lookup = {.project = loader->project->environment, .values = values};
    const Variables variables = {.get = look_up, .data = &lookup, .notes = loader->notes};
    g_autoptr(GError) problem = NULL;

    if (raw ? read_raw(path, values, &problem) : dotenv_read(path, &variables, values, &problem))
        return TRUE;
    return compose_error_at(error, place, problem);
}

/* Members that the map has not itself. */
static void add_values(ComposeNode *map, GHashTable *values, const ComposeNode *place)
{
    GHashTableIter iterator;
    gpointer name, value;

    g_hash_table_iter_init(&iterator, values);
    while (g_hash_table_iter_next(&iterator, &name, &value)) {
        if (compose_node_get(map, name))
            continue;
        ComposeNode *node = compose_node_new_text(map->arena, value, place);
        node->from_env_file = TRUE;
        compose_node_set(map, name, node);
    }
}

static gboolean fold_env_files(ComposeLoader *loader, ComposeNode *service, GError **error)
{
    ComposeNode *files = compose_node_get(service, "env_file");
    g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    if (!files || files->kind != COMPOSE_LIST)
        return TRUE;
    for (const ComposeNode *file = files->first; file; file = file->next) {
        const char *path = compose_node_get_text(file, "path");
        gboolean required = compose_node_get_bool(file, "required", TRUE);
        gboolean raw = g_strcmp0(compose_node_get_text(file, "format"), "raw") == 0;

        if (!path || (!required && !g_file_test(path, G_FILE_TEST_EXISTS)))
            continue;
        if (!read_file(loader, file, path, raw, values, error))
            return FALSE;
    }
    add_values(compose_node_ensure_map(service, "environment"), values, files);
    compose_node_unlink(files);
    return TRUE;
}

static gboolean fold_label_files(ComposeLoader *loader, ComposeNode *service, GError **error)
{
    ComposeNode *files = compose_node_get(service, "label_file");
    g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    if (!files || files->kind != COMPOSE_LIST)
        return TRUE;
    for (const ComposeNode *file = files->first; file; file = file->next) {
        if (!read_file(loader, file, file->text, FALSE, values, error))
            return FALSE;
    }
    add_values(compose_node_ensure_map(service, "labels"), values, files);
    compose_node_unlink(files);
    return TRUE;
}

/* NAME without a value: that of the project's variables, if it is set. */
static void look_up_missing(ComposeLoader *loader, ComposeNode *map)
{
    for (ComposeNode *item = map && map->kind == COMPOSE_MAP ? map->first : NULL, *next; item; item = next) {
        const char *value = g_hash_table_lookup(loader->project->environment, item->key);

        next = item->next;
        if (item->kind == COMPOSE_NULL && value)
            compose_node_replace(item, compose_node_new_text(item->arena, value, item));
    }
}

gboolean compose_resolve_environment(ComposeLoader *loader, ComposeNode *service, GError **error)
{
    if (loader->raw)
        return TRUE;
    look_up_missing(loader, compose_node_get(service, "environment"));
    look_up_missing(loader, compose_node_get(compose_node_get(service, "build"), "args"));
    return fold_env_files(loader, service, error) && fold_label_files(loader, service, error);
}
