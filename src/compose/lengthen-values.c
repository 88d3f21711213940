// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lengthen.h"

#include "value.h"

#include <string.h>

/* Puts a new node where one is that may be the top of a tree. */
static ComposeNode *put_instead(ComposeNode *node, ComposeNode *with)
{
    return node->parent ? compose_node_replace(node, with) : with;
}

ComposeNode *lengthen_into_map(ComposeNode *node)
{
    return put_instead(node, compose_node_new(node->arena, COMPOSE_MAP, node));
}

ComposeNode *lengthen_strings(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind != COMPOSE_STRING)
        return node;
    ComposeNode *list = put_instead(node, compose_node_new(node->arena, COMPOSE_LIST, node));
    compose_node_append(list, compose_node_copy(node->arena, node));
    return list;
}

ComposeNode *lengthen_command(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_auto(GStrv) words = NULL;

    if (node->kind != COMPOSE_STRING)
        return node;
    words = compose_command_split(node->text, &problem);
    if (!words) {
        compose_error_at(error, node, problem);
        return NULL;
    }
    ComposeNode *list = put_instead(node, compose_node_new(node->arena, COMPOSE_LIST, node));
    for (char **word = words; *word; word++)
        compose_node_append(list, compose_node_new_text(node->arena, *word, node));
    return list;
}

ComposeNode *lengthen_text(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind == COMPOSE_BOOL || node->kind == COMPOSE_INT || node->kind == COMPOSE_FLOAT)
        node->kind = COMPOSE_STRING;
    return node;
}

ComposeNode *lengthen_duration(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    gint64 usec;

    if (!node->text)
        return node;
    if (!compose_node_duration(node, &usec, error))
        return NULL;
    g_autofree char *text = compose_duration_format(usec);
    node->kind = COMPOSE_STRING;
    node->text = compose_arena_text(node->arena, text);
    return node;
}

ComposeNode *lengthen_size(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    gint64 bytes;

    if (node->kind != COMPOSE_STRING && node->kind != COMPOSE_FLOAT)
        return node;
    if (strcmp(node->text, "-1") == 0)
        bytes = -1; /* of memswap_limit: no limit */
    else if (!compose_node_size(node, &bytes, error))
        return NULL;
    return put_instead(node, compose_node_new_int(node->arena, bytes, node));
}

ComposeNode *lengthen_mode(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    guint64 mode = node->kind == COMPOSE_INT ? (guint64)node->integer : 0;

    if (node->kind != COMPOSE_INT && node->kind != COMPOSE_STRING)
        return node;
    if (node->kind == COMPOSE_STRING)
        (void)(g_ascii_string_to_unsigned(node->text, 8, 0, 07777, &mode, NULL) || (mode = G_MAXUINT64));
    if (mode > 07777) {
        compose_error(error, GOURD_ERROR_INPUT, node, "a mode is wanted, as 0440");
        return NULL;
    }
    g_autofree char *text = g_strdup_printf("%04o", (guint)mode);
    return put_instead(node, compose_node_new_text(node->arena, text, node));
}

/* --- paths --------------------------------------------------------------------------------------------------------- */

char *compose_absolute_path(const char *path, const ComposeReading *reading)
{
    if (*path == '~' && (path[1] == '/' || !path[1]) && reading->home)
        return g_canonicalize_filename(path + 1 + (path[1] == '/'), reading->home);
    return g_canonicalize_filename(path, reading->folder);
}

ComposeNode *lengthen_path(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind != COMPOSE_STRING || !*node->text || strcmp(node->text, "-") == 0)
        return node;
    g_autofree char *path = compose_absolute_path(node->text, reading);
    node->text = compose_arena_text(node->arena, path);
    return node;
}

/* Docker takes these for something to be fetched. */
static gboolean is_remote(const char *context)
{
    return strstr(context, "://") || g_str_has_prefix(context, "git@") || g_str_has_prefix(context, "github.com/") ||
           g_str_has_prefix(context, "docker-image:") || g_str_has_prefix(context, "service:");
}

ComposeNode *lengthen_context(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind != COMPOSE_STRING || is_remote(node->text))
        return node;
    return lengthen_path(node, reading, error);
}

/* --- maps ---------------------------------------------------------------------------------------------------------- */

static gboolean add_pair(ComposeNode *map, const ComposeNode *item, gboolean texts, GError **error)
{
    const char *equals = item->text ? strchr(item->text, '=') : NULL;
    ComposeNode *value;

    if (!item->text || *item->text == '=' || !*item->text)
        return compose_error(error, GOURD_ERROR_INPUT, item, "NAME=VALUE is wanted");
    if (equals && !texts && g_ascii_isspace(equals[-1]))
        return compose_error(error, GOURD_ERROR_INPUT, item, "a blank stands before '='");
    g_autofree char *name = equals ? g_strndup(item->text, (gsize)(equals - item->text)) : g_strdup(item->text);
    if (equals || texts)
        value = compose_node_new_text(map->arena, equals ? equals + 1 : "", item);
    else
        value = compose_node_new(map->arena, COMPOSE_NULL, item);
    compose_node_set(map, name, value);
    return TRUE;
}

static ComposeNode *pairs(ComposeNode *node, gboolean texts, GError **error)
{
    if (node->kind == COMPOSE_LIST) {
        ComposeNode *map = compose_node_new(node->arena, COMPOSE_MAP, node);

        for (const ComposeNode *item = node->first; item; item = item->next) {
            if (!add_pair(map, item, texts, error))
                return NULL;
        }
        return put_instead(node, map);
    }
    for (ComposeNode *item = node->kind == COMPOSE_MAP ? node->first : NULL, *next; item; item = next) {
        next = item->next;
        lengthen_text(item, NULL, NULL);
        if (texts && item->kind == COMPOSE_NULL && item->tag == COMPOSE_TAG_NONE)
            compose_node_replace(item, compose_node_new_text(node->arena, "", item));
    }
    return node;
}

ComposeNode *lengthen_pairs(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    return pairs(node, FALSE, error);
}

ComposeNode *lengthen_pairs_texts(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    return pairs(node, TRUE, error);
}

ComposeNode *lengthen_names(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind != COMPOSE_LIST)
        return node;
    ComposeNode *map = compose_node_new(node->arena, COMPOSE_MAP, node);
    for (const ComposeNode *item = node->first; item; item = item->next) {
        if (item->kind != COMPOSE_STRING || !*item->text) {
            compose_error(error, GOURD_ERROR_INPUT, item, "a name is wanted");
            return NULL;
        }
        compose_node_set(map, item->text, compose_node_new(node->arena, COMPOSE_NULL, item));
    }
    return put_instead(node, map);
}
