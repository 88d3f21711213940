// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network-plan.h"

#include <arpa/inet.h>
#include <string.h>

/* Where free ranges are taken from: a part of 10/8 that neither Docker (172.17/16 and on) nor Podman (10.88/16 and on) begins
 * with. A stack's networks begin at a place that follows from its name, so that they are the same on another host. */
#define POOL_FIRST_OCTET 10
#define POOL_SECOND_OCTET 208
#define POOL_RANGES 4096 /* 10.208.0.0/24 to 10.223.255.0/24 */

#define LINK_NAME_LENGTH_MAX 15 /* IFNAMSIZ, less the zero */
#define LINK_DIGITS 10          /* of a digest, in the names of links */

/* --- names of links ----------------------------------------------------------------------------------------------------- */

char *network_link_digits(const char *kind, const char *a, const char *b, const char *c)
{
    g_autofree char *text = g_strdup_printf("%s/%s/%s/%s", kind, a, b, c);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

    return g_strndup(digest, LINK_DIGITS);
}

guint network_number_of(const char *kind, const char *a, const char *b)
{
    g_autofree char *digest = network_link_digits(kind, a, b, "");

    digest[7] = '\0'; /* 28 bits */
    return (guint)g_ascii_strtoull(digest, NULL, 16);
}

gboolean network_is_link_name(const char *name)
{
    gsize length = strlen(name);

    return length > 0 && length <= LINK_NAME_LENGTH_MAX && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           !strpbrk(name, "/:% \t\r\n\"'\\");
}

/* "gd-shop-default" where that fits; a stack with a dash could be two. */
static char *bridge_name(const char *stack, const char *net)
{
    g_autofree char *plain = g_strdup_printf("gd-%s-%s", stack, net);
    g_autofree char *digits = NULL;

    if (network_is_link_name(plain) && !strchr(stack, '-'))
        return g_steal_pointer(&plain);
    digits = network_link_digits("bridge", stack, net, "");
    return g_strconcat("gd-", digits, NULL);
}

/* --- what others have ----------------------------------------------------------------------------------------------------- */

const Json *network_plan_other(const NetworkPlan *plan, guint index)
{
    return plan->context->others && index < plan->context->others->len ? g_ptr_array_index(plan->context->others, index)
                                                                       : NULL;
}

static gboolean overlaps_list(const NetRange *range, const Json *list)
{
    gsize index;
    Json *text;

    json_array_foreach((Json *)list, index, text) {
        NetRange other;

        if (json_is_string(text) && net_range_parse(json_string_value(text), &other, NULL) &&
            net_range_overlaps(range, &other))
            return TRUE;
    }
    return FALSE;
}

static gboolean state_has_range(const Json *state, const NetRange *range)
{
    const char *key;
    Json *net;

    json_object_foreach(json_object_get(state, "networks"), key, net)
        if (overlaps_list(range, json_object_get(net, "subnets")))
            return TRUE;
    return FALSE;
}

/* A network of another stack, or of this one; the host itself has what used_subnets says. */
static gboolean range_is_taken(const NetworkPlan *plan, const PlannedNet *of, const NetRange *range)
{
    const Json *state;

    for (guint i = 0; (state = network_plan_other(plan, i)); i++)
        if (state_has_range(state, range))
            return TRUE;
    for (guint i = 0; i < plan->nets->len; i++) {
        const PlannedNet *net = g_ptr_array_index(plan->nets, i);

        for (guint k = 0; net != of && k < net->n_ranges; k++)
            if (net_range_overlaps(range, &net->ranges[k]))
                return TRUE;
    }
    for (char *const *text = plan->context->used_subnets; text && *text; text++) {
        NetRange used;

        /* While a stack is up, its own bridges are among them. */
        if (net_range_parse(*text, &used, NULL) && net_range_overlaps(range, &used) &&
            !state_has_range(plan->context->previous, &used))
            return TRUE;
    }
    return FALSE;
}

/* --- ranges of networks ----------------------------------------------------------------------------------------------------- */

static gboolean add_range(PlannedNet *net, const char *text, const char *gateway, GError **error)
{
    NetRange range;

    if (!net_range_parse(text, &range, error))
        return FALSE;
    for (guint i = 0; i < net->n_ranges; i++)
        if (net->ranges[i].family == range.family)
            return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "a network has one IPv4 and one IPv6 range at most");
    if (gateway && *gateway && (strchr(gateway, ':') != NULL) == (range.family == AF_INET6)) {
        if (!net_range_has_host(&range, gateway)) {
            g_autofree char *shown = text_escape(gateway);

            return gourd_error_set(error, GOURD_ERROR_INPUT, "the gateway '%s' is not in %s", shown, text);
        }
        net->gateways[net->n_ranges] = net_address_normalise(gateway);
    } else
        net->gateways[net->n_ranges] = net_range_host(&range, 1);
    net->ranges[net->n_ranges++] = range;
    return TRUE;
}

static gboolean has_family(const PlannedNet *net, int family)
{
    for (guint i = 0; i < net->n_ranges; i++)
        if (net->ranges[i].family == family)
            return TRUE;
    return FALSE;
}

static const Json *previous_net(const NetworkPlan *plan, const char *name)
{
    return json_object_get(json_object_get(plan->context->previous, "networks"), name);
}

/* The range of the last time, as long as nobody has said another one. */
static gboolean add_previous_range(NetworkPlan *plan, PlannedNet *net, int family)
{
    Json *list = json_object_get(previous_net(plan, net->net->name), "subnets"), *text;
    gsize index;

    json_array_foreach(list, index, text) {
        NetRange range;

        if (json_is_string(text) && net_range_parse(json_string_value(text), &range, NULL) && range.family == family &&
            add_range(net, json_string_value(text), net->net->gateway, NULL))
            return TRUE;
    }
    return FALSE;
}

static gboolean add_free_range(NetworkPlan *plan, PlannedNet *net, GError **error)
{
    guint first = network_number_of("range", plan->network->stack, net->net->name) % POOL_RANGES;

    for (guint i = 0; i < POOL_RANGES; i++) {
        guint number = (first + i) % POOL_RANGES;
        g_autofree char *text = g_strdup_printf("%d.%u.%u.0/24", POOL_FIRST_OCTET, POOL_SECOND_OCTET + number / 256,
                                                number % 256);
        NetRange range;

        if (net_range_parse(text, &range, NULL) && !range_is_taken(plan, net, &range))
            return add_range(net, text, NULL, error);
    }
    gourd_error_set(error, GOURD_ERROR_LIMIT, "no range of addresses is free for network '%s'", net->net->name);
    return gourd_error_hint(error, "name one: networks: %s: ipam: config: [{subnet: 192.168.77.0/24}]", net->net->name);
}

/* fdXX:XXXX:XXXX:XXXX::/64 (RFC 4193), from the name. */
static gboolean add_local_range(NetworkPlan *plan, PlannedNet *net, GError **error)
{
    guint a = network_number_of("range6a", plan->network->stack, net->net->name);
    guint b = network_number_of("range6b", plan->network->stack, net->net->name);
    g_autofree char *text = g_strdup_printf("fd%02x:%x:%x:%x::/64", a & 0xff, (a >> 8) & 0xffff, b & 0xffff,
                                            (b >> 16) & 0xfff);

    return add_range(net, text, NULL, error);
}

static gboolean assign_ranges(NetworkPlan *plan, PlannedNet *net, GError **error)
{
    for (char **text = net->net->subnets; text && *text; text++)
        if (!add_range(net, *text, net->net->gateway, error))
            return FALSE;
    if (!has_family(net, AF_INET) && !add_previous_range(plan, net, AF_INET) && !add_free_range(plan, net, error))
        return FALSE;
    if (net->net->ipv6 && !has_family(net, AF_INET6) && !add_local_range(plan, net, error))
        return FALSE;
    for (guint i = 0; i < net->n_ranges; i++) {
        g_autofree char *text = net_range_to_text(&net->ranges[i]);

        /* What is a link of the host's is meant to be in a network that the host has. */
        if (!net->net->parent && net->net->subnets && range_is_taken(plan, net, &net->ranges[i])) {
            gourd_error_set(error, GOURD_ERROR_INPUT, "range %s is used by another network of this host", text);
            return gourd_error_hint(error, "`ip route` shows it; leave the range out, and a free one is chosen");
        }
    }
    return TRUE;
}

/* A network that another stack has made. */
static gboolean find_external(NetworkPlan *plan, PlannedNet *net, GError **error)
{
    const Json *state;

    for (guint i = 0; (state = network_plan_other(plan, i)); i++) {
        const char *key;
        Json *other;

        json_object_foreach(json_object_get(state, "networks"), key, other) {
            const char *name = json_string_value(json_object_get(other, "name"));
            const char *bridge = json_string_value(json_object_get(other, "bridge"));
            const char *unit = json_string_value(json_object_get(other, "unit"));
            Json *subnets = json_object_get(other, "subnets"), *gateways = json_object_get(other, "gateways"), *text;
            gsize index;

            if (!name || !bridge || !unit || strcmp(name, net->net->host_name) != 0)
                continue;
            net->bridge = g_strdup(bridge);
            net->unit = g_strdup(unit);
            json_array_foreach(subnets, index, text)
                if (!json_is_string(text) ||
                    !add_range(net, json_string_value(text), json_string_value(json_array_get(gateways, index)), error))
                    return gourd_error_prefix(error, "network '%s'", name);
            return TRUE;
        }
    }
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no network '%s' on this host", net->net->host_name);
    return gourd_error_hint(error,
                            "an external network is made by another stack: start that one first, in private mode, or "
                            "leave out `external: true`");
}

gboolean network_plan_add_ranges(NetworkPlan *plan, PlannedNet *net, GError **error)
{
    const ServiceNet *of = net->net;
    gboolean is_bridge = !of->driver || !*of->driver || strcmp(of->driver, "bridge") == 0;
    g_autofree char *part = g_strconcat("net-", of->name, NULL);

    if (of->external)
        return find_external(plan, net, error);
    if (!is_bridge && strcmp(of->driver, "macvlan") != 0 && strcmp(of->driver, "ipvlan") != 0) {
        g_autofree char *shown = text_escape(of->driver);

        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "network '%s': there is no driver '%s'", of->name, shown);
        return gourd_error_hint(error, "bridge, macvlan and ipvlan are known");
    }
    if (!is_bridge && !of->parent) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "network '%s' needs a link of the host", of->name);
        return gourd_error_hint(error, "driver_opts: {parent: eth0}");
    }
    if (is_bridge)
        net->bridge = of->bridge ? g_strdup(of->bridge) : bridge_name(plan->network->stack, of->name);
    else
        net->bridge = g_strdup(of->parent);
    if (!network_is_link_name(net->bridge)) {
        g_autofree char *shown = text_escape(net->bridge);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "network '%s': '%s' is not the name of a link", of->name,
                               shown);
    }
    if (is_bridge)
        net->unit = unit_name_for_service(plan->network->stack, part, ".service", error);
    if (is_bridge && !net->unit)
        return FALSE;
    return assign_ranges(plan, net, error) || gourd_error_prefix(error, "network '%s'", of->name);
}
