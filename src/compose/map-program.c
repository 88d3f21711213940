// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

/* What runs, and in what surroundings. */

static gboolean map_image(Map *map, const ComposeNode *value, GError **error)
{
    map->service->image = g_strdup(value->text);
    return TRUE;
}

static gboolean map_command(Map *map, const ComposeNode *value, GError **error)
{
    map->service->options.command = map_texts(value);
    return TRUE;
}

static gboolean map_entrypoint(Map *map, const ComposeNode *value, GError **error)
{
    map->service->options.entrypoint = map_texts(value);
    return TRUE;
}

static gboolean map_environment(Map *map, const ComposeNode *value, GError **error)
{
    ServiceOptions *options = &map->service->options;

    for (const ComposeNode *item = value->first; item; item = item->next)
        if (item->text) /* else the environment of gourd has it not */
            map_appendf(item->from_env_file ? &options->secret_environment : &options->environment, "%s=%s", item->key,
                        item->text);
    return TRUE;
}

static gboolean map_working_dir(Map *map, const ComposeNode *value, GError **error)
{
    map->service->options.working_dir = g_strdup(value->text);
    return TRUE;
}

static gboolean map_user(Map *map, const ComposeNode *value, GError **error)
{
    map->service->options.user = g_strdup(value->text);
    return TRUE;
}

/* x-gourd: what Compose has no word for. */
static gboolean map_gourd(Map *map, const ComposeNode *value, GError **error)
{
    ServiceOptions *options = &map->service->options;

    for (const ComposeNode *item = value->first; item; item = item->next) {
        if (g_str_equal(item->key, "source"))
            map->service->source = g_strdup(item->text);
        else if (g_str_equal(item->key, "bundle"))
            map->service->bundle = g_strdup(item->text);
        else if (g_str_equal(item->key, "allow"))
            options->allow = map_texts(item);
        else if (g_str_equal(item->key, "writable"))
            options->writable = map_texts(item);
        else if (g_str_equal(item->key, "pre_upgrade"))
            options->pre_upgrade = g_strdup(item->text);
        else
            return compose_error(error, GOURD_ERROR_INPUT, item, "x-gourd has no key '%s'", item->key);
    }
    return TRUE;
}

const MapRow map_program_rows[] = {
    {"image", map_image},
    {"command", map_command},
    {"entrypoint", map_entrypoint},
    {"environment", map_environment},
    {"working_dir", map_working_dir},
    {"user", map_user},
    {"x-gourd", map_gourd},
    {NULL, NULL},
};
