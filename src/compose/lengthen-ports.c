// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lengthen.h"

#include <string.h>

#define PORT_MAX 65535

/* [[HOST_IP:][PUBLISHED]:]TARGET[/PROTOCOL] in parts; numbers may be ranges. */
typedef struct {
    char *host_ip, *published, *target, *protocol;
} PortText;

static void port_text_clear(PortText *port)
{
    g_free(port->host_ip);
    g_free(port->published);
    g_free(port->target);
    g_free(port->protocol);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PortText, port_text_clear)

static gboolean parse_range(const char *text, guint *ret_first, guint *ret_last)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 3);
    guint n = g_strv_length(ends);
    guint64 first, last;

    if (n < 1 || n > 2 || !g_ascii_string_to_unsigned(ends[0], 10, 0, PORT_MAX, &first, NULL))
        return FALSE;
    last = first;
    if (n == 2 && (!g_ascii_string_to_unsigned(ends[1], 10, 0, PORT_MAX, &last, NULL) || last < first))
        return FALSE;
    *ret_first = (guint)first;
    *ret_last = (guint)last;
    return TRUE;
}

/* The address may be in brackets, or, if of IPv6, without them. */
static gboolean split_port(const char *text, PortText *ret_port)
{
    const char *slash = strrchr(text, '/');
    g_autofree char *numbers = slash ? g_strndup(text, (gsize)(slash - text)) : g_strdup(text);
    char *last = strrchr(numbers, ':');

    ret_port->protocol = slash ? g_ascii_strdown(slash + 1, -1) : g_strdup("tcp");
    ret_port->target = g_strdup(last ? last + 1 : numbers);
    if (!last)
        return TRUE;
    *last = 0;
    char *before = strrchr(numbers, ':');
    ret_port->published = g_strdup(before ? before + 1 : numbers);
    if (!before)
        return TRUE;
    *before = 0;
    gsize length = strlen(numbers);
    gboolean bracketed = numbers[0] == '[' && numbers[length - 1] == ']';
    ret_port->host_ip = bracketed ? g_strndup(numbers + 1, length - 2) : g_strdup(numbers);
    return bracketed || !strpbrk(numbers, "[]");
}

static gboolean set_invalid(const ComposeNode *node, GError **error)
{
    g_autofree char *shown = text_escape(node->text);

    compose_error(error, GOURD_ERROR_INPUT, node, "'%s' is no port", shown);
    return gourd_error_hint(error, "[[ADDRESS:]PUBLISHED:]PORT[/tcp|udp], as in 8080:80 or 127.0.0.1:5432:5432");
}

static gboolean check_address(const ComposeNode *node, const char *address, GError **error)
{
    if (!address || !*address || g_hostname_is_ip_address(address))
        return TRUE;
    g_autofree char *shown = text_escape(node->text), *shown_address = text_escape(address);

    compose_error(error, GOURD_ERROR_INPUT, node, "'%s': '%s' is not an address", shown, shown_address);
    return gourd_error_hint(error, "[[ADDRESS:]PUBLISHED:]PORT[/tcp|udp], as in 8080:80 or 127.0.0.1:5432:5432");
}

static void add_port(ComposeNode *list, const ComposeNode *place, const PortText *port, guint target,
                     const char *published)
{
    ComposeNode *map = compose_node_append(list, compose_node_new(list->arena, COMPOSE_MAP, place));

    compose_node_set_text(map, "mode", "ingress");
    if (port->host_ip && *port->host_ip)
        compose_node_set_text(map, "host_ip", port->host_ip);
    compose_node_set(map, "target", compose_node_new_int(list->arena, target, place));
    if (published && *published)
        compose_node_set_text(map, "published", published);
    compose_node_set_text(map, "protocol", port->protocol);
}

/* A range of targets becomes a port each; a range that one target may be published at stays one. */
static gboolean add_short(ComposeNode *list, const ComposeNode *item, GError **error)
{
    g_auto(PortText) port = {0};
    guint first, last, published = 0, published_last = 0;

    if (!split_port(item->text, &port) || !parse_range(port.target, &first, &last) || first == 0)
        return set_invalid(item, error);
    if (!check_address(item, port.host_ip, error))
        return FALSE;
    gboolean has_published = port.published && *port.published;
    if (has_published && !parse_range(port.published, &published, &published_last))
        return set_invalid(item, error);
    if (has_published && first != last && published_last - published != last - first) {
        g_autofree char *shown = text_escape(item->text);

        return compose_error(error, GOURD_ERROR_INPUT, item, "the ranges of '%s' have not the same length", shown);
    }
    for (guint i = 0; i <= last - first; i++) {
        g_autofree char *number = has_published ? g_strdup_printf("%u", published + i) : NULL;

        add_port(list, item, &port, first + i, first == last ? port.published : number);
    }
    return TRUE;
}

static void set_if_missing(ComposeNode *map, const char *key, const char *text)
{
    const ComposeNode *value = compose_node_get(map, key);

    if (!value || (value->kind == COMPOSE_NULL && value->tag == COMPOSE_TAG_NONE))
        compose_node_set_text(map, key, text);
}

static gboolean lengthen_port(ComposeNode *list, ComposeNode *item, const ComposeReading *reading, GError **error)
{
    if (item->kind == COMPOSE_MAP) {
        ComposeNode *port = compose_node_append(list, compose_node_copy(list->arena, item));

        set_if_missing(port, "mode", "ingress");
        set_if_missing(port, "protocol", "tcp");
        return TRUE;
    }
    if (item->kind == COMPOSE_STRING && reading->raw && strchr(item->text, '$')) {
        compose_node_append(list, compose_node_copy(list->arena, item));
        return TRUE;
    }
    if (item->kind != COMPOSE_STRING && item->kind != COMPOSE_INT)
        return compose_error(error, GOURD_ERROR_INPUT, item, "a port is wanted, as \"8080:80\"");
    return add_short(list, item, error);
}

/* PORT[-LAST][/PROTOCOL] */
ComposeNode *lengthen_expose(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    guint first, last;

    node = lengthen_text(node, reading, error);
    if (node->kind != COMPOSE_STRING || (reading->raw && strchr(node->text, '$')))
        return node;
    g_autofree char *numbers = g_strndup(node->text, strcspn(node->text, "/"));
    if (parse_range(numbers, &first, &last))
        return node;
    g_autofree char *shown = text_escape(node->text);
    compose_error(error, GOURD_ERROR_INPUT, node, "'%s' is no port", shown);
    gourd_error_hint(error, "PORT, or PORT-PORT, with /udp for UDP");
    return NULL;
}

ComposeNode *lengthen_ports(ComposeNode *node, const ComposeReading *reading, GError **error)
{
    if (node->kind != COMPOSE_LIST)
        return node;
    ComposeNode *list = compose_node_new(node->arena, COMPOSE_LIST, node);
    for (ComposeNode *item = node->first; item; item = item->next) {
        if (!lengthen_port(list, item, reading, error))
            return NULL;
    }
    return node->parent ? compose_node_replace(node, list) : list;
}
