// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lengthen.h"

#include <string.h>

/* --- secrets and configs ------------------------------------------------------------------------------------------- */

/* A target without a slash is a name below the folder. */
static ComposeNode *lengthen_file(ComposeNode *node, const char *folder, GError **error)
{
    if (node->kind == COMPOSE_STRING) {
        const char *name = node->text;

        node = lengthen_into_map(node);
        compose_node_set_text(node, "source", name);
    }
    if (node->kind != COMPOSE_MAP)
        return node;
    const char *source = compose_node_get_text(node, "source"), *target = compose_node_get_text(node, "target");
    if (!source) {
        compose_error(error, GOURD_ERROR_INPUT, node, "it has no source: the name of a secret or config");
        return NULL;
    }
    if (!target || *target != '/') {
        g_autofree char *path = g_strconcat(folder, target ? target : source, NULL);

        compose_node_set_text(node, "target", path);
    }
    return node;
}

ComposeNode *lengthen_secret(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    return lengthen_file(node, "/run/secrets/", error);
}

ComposeNode *lengthen_config(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    return lengthen_file(node, "/", error);
}

/* --- other services ------------------------------------------------------------------------------------------------ */

static void add_dependency(ComposeNode *map, const char *name, const ComposeNode *place)
{
    ComposeNode *entry = compose_node_new(map->arena, COMPOSE_MAP, place);

    compose_node_set_text(entry, "condition", "service_started");
    compose_node_set(entry, "required", compose_node_new_bool(map->arena, TRUE, place));
    compose_node_set(map, name, entry);
}

ComposeNode *lengthen_depends_on(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind == COMPOSE_MAP) {
        for (ComposeNode *item = node->first; item; item = item->next) {
            if (item->kind == COMPOSE_MAP && !compose_node_get(item, "required"))
                compose_node_set(item, "required", compose_node_new_bool(node->arena, TRUE, item));
        }
        return node;
    }
    if (node->kind != COMPOSE_LIST)
        return node;
    ComposeNode *map = compose_node_new(node->arena, COMPOSE_MAP, node);
    for (const ComposeNode *item = node->first; item; item = item->next) {
        if (item->kind != COMPOSE_STRING || !*item->text) {
            compose_error(error, GOURD_ERROR_INPUT, item, "the name of a service is wanted");
            return NULL;
        }
        add_dependency(map, item->text, item);
    }
    return node->parent ? compose_node_replace(node, map) : map;
}

ComposeNode *lengthen_extends(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind == COMPOSE_STRING) {
        const char *name = node->text;

        node = lengthen_into_map(node);
        compose_node_set_text(node, "service", name);
    }
    if (node->kind == COMPOSE_MAP && !compose_node_get(node, "service")) {
        compose_error(error, GOURD_ERROR_INPUT, node, "it has no service");
        return NULL;
    }
    return node;
}

/* --- maps of one key ----------------------------------------------------------------------------------------------- */

static ComposeNode *into_map_with(ComposeNode *node, const char *key)
{
    const char *text = node->text;

    if (node->kind != COMPOSE_STRING)
        return node;
    node = lengthen_into_map(node);
    compose_node_set_text(node, key, text);
    return node;
}

ComposeNode *lengthen_build(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    return into_map_with(node, "context");
}

ComposeNode *lengthen_include(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    return into_map_with(node, "path");
}

/* A file, or a list of files and of maps. */
ComposeNode *lengthen_env_file(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    node = lengthen_strings(node, reading, error);
    for (ComposeNode *item = node->kind == COMPOSE_LIST ? node->first : NULL; item; item = item->next) {
        item = into_map_with(item, "path");
        if (item->kind == COMPOSE_MAP && !compose_node_get(item, "path")) {
            compose_error(error, GOURD_ERROR_INPUT, item, "it has no path");
            return NULL;
        }
        if (item->kind == COMPOSE_MAP && !compose_node_get(item, "required"))
            compose_node_set(item, "required", compose_node_new_bool(item->arena, TRUE, item));
    }
    return node;
}

/* external: {name: N}, an old form, says what external: true and name: N say. */
ComposeNode *lengthen_external(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    ComposeNode *external = compose_node_get(node, "external");
    const char *name = compose_node_get_text(external, "name");

    if (!external || external->kind != COMPOSE_MAP)
        return node;
    if (name && compose_node_get(node, "name")) {
        compose_error(error, GOURD_ERROR_INPUT, external, "it has two names");
        return NULL;
    }
    if (name)
        compose_node_set_text(node, "name", name);
    compose_node_replace(external, compose_node_new_bool(node->arena, TRUE, external));
    return node;
}

/* --- devices ------------------------------------------------------------------------------------------------------- */

ComposeNode *lengthen_device(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind != COMPOSE_STRING)
        return node;
    g_auto(GStrv) parts = g_strsplit(node->text, ":", 3);
    guint n = g_strv_length(parts);
    if (n == 0 || !*parts[0]) {
        compose_error(error, GOURD_ERROR_INPUT, node, "a device is wanted, as /dev/ttyUSB0:/dev/ttyUSB0:rw");
        return NULL;
    }
    node = lengthen_into_map(node);
    compose_node_set_text(node, "source", parts[0]);
    compose_node_set_text(node, "target", n > 1 ? parts[1] : parts[0]);
    compose_node_set_text(node, "permissions", n > 2 ? parts[2] : "rwm");
    return node;
}

ComposeNode *lengthen_gpus(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind != COMPOSE_STRING || strcmp(node->text, "all") != 0)
        return node;
    ComposeNode *list = compose_node_new(node->arena, COMPOSE_LIST, node);
    ComposeNode *all = compose_node_append(list, compose_node_new(node->arena, COMPOSE_MAP, node));
    compose_node_set(all, "count", compose_node_new_int(node->arena, -1, node));
    return node->parent ? compose_node_replace(node, list) : list;
}

/* --- names and checks ---------------------------------------------------------------------------------------------- */

static void add_host(ComposeNode *list, const char *name, const char *address, const ComposeNode *place)
{
    gsize length = strlen(address);
    gboolean bracketed = length > 2 && *address == '[' && address[length - 1] == ']';
    g_autofree char *plain = bracketed ? g_strndup(address + 1, length - 2) : g_strdup(address);
    g_autofree char *text = g_strconcat(name, "=", plain, NULL);

    compose_node_append(list, compose_node_new_text(list->arena, text, place));
}

static gboolean add_host_text(ComposeNode *list, const ComposeNode *item, GError **error)
{
    const char *separator = item->text ? strpbrk(item->text, "=:") : NULL;

    if (!separator || separator == item->text || !separator[1])
        return compose_error(error, GOURD_ERROR_INPUT, item, "NAME:ADDRESS is wanted");
    g_autofree char *name = g_strndup(item->text, (gsize)(separator - item->text));
    add_host(list, name, separator + 1, item);
    return TRUE;
}

ComposeNode *lengthen_extra_hosts(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    ComposeNode *list = compose_node_new(node->arena, COMPOSE_LIST, node);

    if (node->kind != COMPOSE_LIST && node->kind != COMPOSE_MAP)
        return node;
    for (const ComposeNode *item = node->first; item; item = item->next) {
        if (node->kind == COMPOSE_LIST) {
            if (!add_host_text(list, item, error))
                return NULL;
        } else if (item->kind == COMPOSE_LIST) {
            for (const ComposeNode *address = item->first; address; address = address->next)
                add_host(list, item->key, address->text ? address->text : "", address);
        } else {
            add_host(list, item->key, item->text ? item->text : "", item);
        }
    }
    return node->parent ? compose_node_replace(node, list) : list;
}

ComposeNode *lengthen_health_test(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind == COMPOSE_STRING) {
        ComposeNode *list = compose_node_new(node->arena, COMPOSE_LIST, node);

        compose_node_append(list, compose_node_new_text(node->arena, "CMD-SHELL", node));
        compose_node_append(list, compose_node_new_text(node->arena, node->text, node));
        return node->parent ? compose_node_replace(node, list) : list;
    }
    const char *first = node->kind == COMPOSE_LIST && node->first ? node->first->text : NULL;
    static const char *const forms[] = {"NONE", "CMD", "CMD-SHELL", NULL};
    if (node->kind == COMPOSE_LIST && (!first || !g_strv_contains(forms, first))) {
        compose_error(error, GOURD_ERROR_INPUT, node, "the first word of a test is NONE, CMD or CMD-SHELL");
        return NULL;
    }
    return node;
}
