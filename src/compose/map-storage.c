// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

/* Volumes, binds and tmpfs. */

static gboolean map_volume(Map *map, const ComposeNode *volume, GError **error)
{
    ServiceOptions *options = &map->service->options;
    const char *type = compose_node_get_text(volume, "type"), *source = compose_node_get_text(volume, "source");
    const char *target = compose_node_get_text(volume, "target");
    gboolean read_only = compose_node_get_bool(volume, "read_only", FALSE);

    if (g_strcmp0(type, "bind") == 0)
        map_appendf(&options->binds, "%s:%s%s", source, target, read_only ? ":ro" : "");
    else if (g_strcmp0(type, "tmpfs") == 0)
        map_append(&options->tmpfs, target);
    else if (source)
        map_appendf(&options->volumes, "%s:%s", source, target);
    else
        map_append(&options->volumes, target);
    return TRUE;
}

static gboolean map_volumes(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next)
        if (!map_volume(map, item, error))
            return FALSE;
    return TRUE;
}

static gboolean map_tmpfs(Map *map, const ComposeNode *value, GError **error)
{
    g_auto(GStrv) texts = map_texts(value);

    for (char **text = texts; *text; text++)
        map_append(&map->service->options.tmpfs, *text);
    return TRUE;
}

const MapRow map_storage_rows[] = {
    {"volumes", map_volumes},
    {"tmpfs", map_tmpfs},
    {NULL, NULL},
};
