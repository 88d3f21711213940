// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

/* --- volumes ------------------------------------------------------------------------------------------------------- */

static void map_bind(Map *map, const ComposeNode *volume)
{
    const char *source = compose_node_get_text(volume, "source"), *target = compose_node_get_text(volume, "target");
    const ComposeNode *details = compose_node_get(volume, "bind");

    if (compose_node_get(details, "selinux"))
        map_note(map, "volumes", "z and Z: nothing is labelled for SELinux");
    if (compose_node_get(details, "propagation") || compose_node_get(details, "recursive"))
        map_note(map, "volumes.bind",
                 "propagation and recursive: mounts below come along, and later ones too (rslave)");
    map_appendf(&map->options->binds, "%s:%s%s", source, target,
                compose_node_get_bool(volume, "read_only", FALSE) ? ":ro" : "");
}

static void map_named(Map *map, const ComposeNode *volume)
{
    const char *source = compose_node_get_text(volume, "source"), *target = compose_node_get_text(volume, "target");

    if (source)
        map_appendf(&map->options->volumes, "%s:%s", source, target);
    else
        map_append(&map->options->volumes, target);
}

static void map_temporary(Map *map, const ComposeNode *volume)
{
    const ComposeNode *details = compose_node_get(volume, "tmpfs");
    const char *size = compose_node_get_text(details, "size"), *mode = compose_node_get_text(details, "mode");
    g_autoptr(GString) text = g_string_new(compose_node_get_text(volume, "target"));

    if (size)
        g_string_append_printf(text, ":size=%s", size);
    if (mode)
        g_string_append_printf(text, "%cmode=%s", size ? ',' : ':', mode);
    map_append(&map->options->tmpfs, text->str);
}

static gboolean map_volume(Map *map, const ComposeNode *volume, GError **error)
{
    const char *type = compose_node_get_text(volume, "type");

    if (strcmp(type, "bind") == 0) {
        if (!compose_node_get(volume, "source"))
            return compose_error(error, GOURD_ERROR_INPUT, volume, "it has no source");
        map_bind(map, volume);
    } else if (strcmp(type, "volume") == 0) {
        map_named(map, volume);
    } else if (strcmp(type, "tmpfs") == 0) {
        map_temporary(map, volume);
    } else {
        return map_set_unsupported(volume, "there are no such volumes here", "bind, volume and tmpfs are known", error);
    }
    return TRUE;
}

gboolean map_volumes(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next)
        if (!map_volume(map, item, error))
            return FALSE;
    return TRUE;
}

gboolean map_volumes_from(Map *map, const ComposeNode *value, GError **error)
{
    return map_set_unsupported(value, "volumes are named by each service that has them",
                               "name the other service's volumes below `volumes:` of this one", error);
}

gboolean map_tmpfs(Map *map, const ComposeNode *value, GError **error)
{
    g_auto(GStrv) texts = map_texts(value);

    for (char **text = texts; *text; text++)
        map_append(&map->options->tmpfs, *text);
    return TRUE;
}

gboolean map_shm_size(Map *map, const ComposeNode *value, GError **error)
{
    gint64 bytes;

    if (!compose_node_size(value, &bytes, error))
        return FALSE;
    map->options->shm_size = (guint64)MAX(bytes, 0);
    return TRUE;
}

/* true is what always is. */
gboolean map_read_only(Map *map, const ComposeNode *value, GError **error)
{
    return TRUE;
}

/* --- secrets and configs ------------------------------------------------------------------------------------------- */

gboolean map_files(Map *map, const ComposeNode *value, GError **error)
{
    return map_set_unsupported(value, "secrets and configs are not made yet", "bind their files by `volumes:`", error);
}
