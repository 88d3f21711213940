// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lengthen.h"

#include <string.h>

static gboolean is_path(const char *source)
{
    return strchr("./~", *source) != NULL;
}

static gboolean is_one_of(const char *text, const char *const *words)
{
    return g_strv_contains(words, text);
}

/* One word of the third part. */
static gboolean apply_mode(ComposeNode *map, const char *mode, const ComposeNode *place, GError **error)
{
    static const char *const spread[] = {"shared", "rshared", "slave", "rslave", "private", "rprivate", "rbind", NULL};
    static const char *const consistencies[] = {"cached", "delegated", "consistent", NULL};

    /* What says something of binds or volumes only may be said of the other too, and does nothing there. */
    if (strcmp(mode, "ro") == 0 || strcmp(mode, "rw") == 0)
        compose_node_set(map, "read_only", compose_node_new_bool(map->arena, strcmp(mode, "ro") == 0, place));
    else if (strcmp(mode, "nocopy") == 0)
        compose_node_set(compose_node_ensure_map(map, "volume"), "nocopy",
                         compose_node_new_bool(map->arena, TRUE, place));
    else if (strcmp(mode, "z") == 0 || strcmp(mode, "Z") == 0)
        compose_node_set_text(compose_node_ensure_map(map, "bind"), "selinux", mode);
    else if (is_one_of(mode, spread))
        compose_node_set_text(compose_node_ensure_map(map, "bind"), "propagation", mode);
    else if (is_one_of(mode, consistencies))
        compose_node_set_text(map, "consistency", mode);
    else if (*mode) {
        g_autofree char *shown = text_escape(mode);

        compose_error(error, GOURD_ERROR_INPUT, place, "a volume has no mode '%s'", shown);
        return gourd_error_hint(error, "ro, rw, nocopy, z, Z, or how mounts spread, as rslave");
    }
    return TRUE;
}

static gboolean apply_modes(ComposeNode *map, const char *modes, const ComposeNode *place, GError **error)
{
    g_auto(GStrv) words = g_strsplit(modes ? modes : "", ",", -1);

    for (char **word = words; *word; word++) {
        if (!apply_mode(map, *word, place, error))
            return FALSE;
    }
    if (compose_node_get(map, "read_only") && !compose_node_get_bool(map, "read_only", FALSE))
        compose_node_unlink(compose_node_get(map, "read_only"));
    return TRUE;
}

static gboolean fill(ComposeNode *map, char *const *parts, const ComposeReading *reading, const ComposeNode *place,
                     GError **error)
{
    guint n = g_strv_length((char **)parts);
    const char *source = n > 1 ? parts[0] : NULL, *target = n > 1 ? parts[1] : parts[0];
    gboolean bind = source && is_path(source);

    compose_node_set_text(map, "type", bind ? "bind" : "volume");
    if (source) {
        g_autofree char *path = bind ? compose_absolute_path(source, reading) : g_strdup(source);

        compose_node_set_text(map, "source", path);
    }
    compose_node_set_text(map, "target", target);
    ComposeNode *details = compose_node_ensure_map(map, bind ? "bind" : "volume");
    if (!apply_modes(map, n > 2 ? parts[2] : NULL, place, error))
        return FALSE;
    if (bind)
        compose_node_set(details, "create_host_path", compose_node_new_bool(map->arena, TRUE, place));
    return TRUE;
}

/* "/data/" is "/data". */
static gboolean clean_target(ComposeNode *map, GError **error)
{
    const char *target = compose_node_get_text(map, "target");

    if (!target || !*target)
        return compose_error(error, GOURD_ERROR_INPUT, map, "it has no target: the path in the container");
    if (*target != '/' && !strchr(target, '$'))
        return compose_error(error, GOURD_ERROR_INPUT, map, "the target '%s' does not begin with '/'", target);
    if (*target == '/') {
        g_autofree char *clean = g_canonicalize_filename(target, "/");

        compose_node_set_text(map, "target", clean);
    }
    return TRUE;
}

static ComposeNode *finish_long(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    ComposeNode *source = compose_node_get(node, "source"), *bind = compose_node_get(node, "bind");
    const char *type = compose_node_get_text(node, "type");

    if (!type) {
        compose_error(error, GOURD_ERROR_INPUT, node, "it has no type");
        gourd_error_hint(error, "it may be: bind, volume, tmpfs, image");
        return NULL;
    }
    if (source && source->kind == COMPOSE_STRING && strcmp(type, "bind") == 0)
        lengthen_path(source, reading, error);
    /* As docker compose does: without `bind` the source must be there, with it it is made. */
    if (bind && bind->kind == COMPOSE_MAP && strcmp(type, "bind") == 0 && !compose_node_get(bind, "create_host_path"))
        compose_node_set(bind, "create_host_path", compose_node_new_bool(node->arena, TRUE, bind));
    return clean_target(node, error) ? node : NULL;
}

ComposeNode *lengthen_volume(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind == COMPOSE_MAP)
        return finish_long(node, reading, error);
    if (node->kind != COMPOSE_STRING)
        return node;
    g_auto(GStrv) parts = g_strsplit(node->text, ":", -1);
    guint n = g_strv_length(parts);
    if (n < 1 || n > 3 || !*parts[0] || (n > 1 && !*parts[1])) {
        g_autofree char *shown = text_escape(node->text);

        compose_error(error, GOURD_ERROR_INPUT, node, "'%s' is no volume", shown);
        gourd_error_hint(error, "VOLUME:PATH or ./FOLDER:PATH, each with :ro for read-only");
        return NULL;
    }
    ComposeNode *place = node, *map = lengthen_into_map(node);
    if (!fill(map, parts, reading, place, error) || !clean_target(map, error))
        return NULL;
    return map;
}
