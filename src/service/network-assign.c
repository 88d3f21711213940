// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network-plan.h"

#include <arpa/inet.h>
#include <string.h>

/* 127.64.0.0/24 to 127.127.255.0/24: one for each stack, so that no two have an address in common. */
#define LOOPBACK_SECOND_OCTET 64
#define LOOPBACK_RANGES 16384
#define LOOPBACK_HOSTS_MAX 254

/* --- addresses of services ------------------------------------------------------------------------------------------------------ */

/* What other stacks have in a network that is shared with them. */
static void add_taken_by_others(const NetworkPlan *plan, const PlannedNet *net, GHashTable *taken)
{
    const Json *state;

    for (guint i = 0; (state = network_plan_other(plan, i)); i++) {
        Json *members = json_object_get(json_object_get(state, "addresses"), net->net->host_name), *list, *text;
        const char *service;
        gsize index;

        json_object_foreach(members, service, list)
            json_array_foreach(list, index, text)
                if (json_is_string(text))
                    g_hash_table_add(taken, g_strdup(json_string_value(text)));
    }
}

static gboolean take_static(PlannedLink *link, guint range, const char *service, const char *asked, GHashTable *taken,
                            GError **error)
{
    g_autofree char *address = net_address_normalise(asked);
    g_autofree char *text = net_range_to_text(&link->net->ranges[range]);
    g_autofree char *shown = text_escape(asked);

    if (!address || !net_range_has_host(&link->net->ranges[range], address))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s': '%s' is not an address of network '%s' (%s)",
                               service, shown, link->net->net->name, text);
    if (!g_hash_table_add(taken, g_strdup(address)))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s': address %s of network '%s' is taken already",
                               service, address, link->net->net->name);
    link->addresses[range] = g_steal_pointer(&address);
    return TRUE;
}

/* The address of the last time. */
static void take_previous(const NetworkPlan *plan, PlannedLink *link, const char *service, GHashTable *taken)
{
    Json *net = json_object_get(json_object_get(plan->context->previous, "addresses"), link->net->net->host_name);
    Json *list = json_object_get(net, service), *text;
    gsize index;

    json_array_foreach(list, index, text)
        for (guint i = 0; json_is_string(text) && i < link->net->n_ranges; i++)
            if (!link->addresses[i] && net_range_has_host(&link->net->ranges[i], json_string_value(text)) &&
                g_hash_table_add(taken, g_strdup(json_string_value(text))))
                link->addresses[i] = g_strdup(json_string_value(text));
}

static gboolean take_free(PlannedLink *link, guint range, GHashTable *taken, GError **error)
{
    for (guint64 number = 1;; number++) {
        g_autofree char *address = net_range_host(&link->net->ranges[range], number);

        if (!address)
            return gourd_error_set(error, GOURD_ERROR_LIMIT, "network '%s' has no free address left",
                                   link->net->net->name);
        if (g_hash_table_contains(taken, address))
            continue;
        g_hash_table_add(taken, g_strdup(address));
        link->addresses[range] = g_steal_pointer(&address);
        return TRUE;
    }
}

/* All links into a network, with their services. */
static gboolean for_each_link(NetworkPlan *plan, const PlannedNet *net, GHashTable *taken,
                              gboolean (*visit)(NetworkPlan *plan, PlannedLink *link, const char *service,
                                                GHashTable *taken, GError **error),
                              GError **error)
{
    for (guint i = 0; i < plan->members->len; i++) {
        PlannedMember *member = g_ptr_array_index(plan->members, i);

        for (guint k = 0; k < member->links->len; k++) {
            PlannedLink *link = g_ptr_array_index(member->links, k);

            if (link->net == net && !visit(plan, link, member->member->service, taken, error))
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean visit_static(NetworkPlan *plan G_GNUC_UNUSED, PlannedLink *link, const char *service, GHashTable *taken,
                             GError **error)
{
    const char *const asked[] = {link->link->ipv4, link->link->ipv6};

    for (gsize k = 0; k < G_N_ELEMENTS(asked); k++) {
        gboolean found = FALSE;

        for (guint i = 0; asked[k] && i < link->net->n_ranges; i++)
            if (link->net->ranges[i].family == (k == 0 ? AF_INET : AF_INET6)) {
                found = TRUE;
                if (!take_static(link, i, service, asked[k], taken, error))
                    return FALSE;
            }
        if (asked[k] && !found)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s': network '%s' has no %s addresses", service,
                                   link->net->net->name, k == 0 ? "IPv4" : "IPv6");
    }
    return TRUE;
}

static gboolean visit_previous(NetworkPlan *plan, PlannedLink *link, const char *service, GHashTable *taken,
                               GError **error G_GNUC_UNUSED)
{
    take_previous(plan, link, service, taken);
    return TRUE;
}

static gboolean visit_free(NetworkPlan *plan G_GNUC_UNUSED, PlannedLink *link, const char *service G_GNUC_UNUSED,
                           GHashTable *taken, GError **error)
{
    for (guint i = 0; i < link->net->n_ranges; i++)
        if (!link->addresses[i] && !take_free(link, i, taken, error))
            return FALSE;
    return TRUE;
}

static gboolean assign_addresses(NetworkPlan *plan, const PlannedNet *net, GError **error)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < net->n_ranges; i++)
        g_hash_table_add(taken, g_strdup(net->gateways[i]));
    add_taken_by_others(plan, net, taken);
    return for_each_link(plan, net, taken, visit_static, error) &&
           for_each_link(plan, net, taken, visit_previous, error) && for_each_link(plan, net, taken, visit_free, error);
}

/* --- links --------------------------------------------------------------------------------------------------------------------- */

/* The order of eth0, eth1, …: as Docker's, by priority, then by the network's name. */
static gint compare_links(gconstpointer a, gconstpointer b)
{
    const PlannedLink *first = *(const PlannedLink *const *)a, *second = *(const PlannedLink *const *)b;

    if (first->link->priority != second->link->priority)
        return first->link->priority > second->link->priority ? -1 : 1;
    return strcmp(first->link->network, second->link->network);
}

static gboolean has_interface(const PlannedMember *member, const char *name)
{
    for (guint i = 0; i < member->links->len; i++) {
        const PlannedLink *link = g_ptr_array_index(member->links, i);

        if (link->interface && strcmp(link->interface, name) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean name_interfaces(PlannedMember *member, GError **error)
{
    guint number = 0;

    for (guint i = 0; i < member->links->len; i++) {
        PlannedLink *link = g_ptr_array_index(member->links, i);
        const char *asked = link->link->interface;

        if (asked && (!network_is_link_name(asked) || has_interface(member, asked) || strcmp(asked, "lo") == 0)) {
            g_autofree char *shown = text_escape(asked);

            return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s': a link cannot be called '%s'",
                                   member->member->service, shown);
        }
        link->interface = g_strdup(asked);
    }
    for (guint i = 0; i < member->links->len; i++) {
        PlannedLink *link = g_ptr_array_index(member->links, i);

        while (!link->interface) {
            g_autofree char *name = g_strdup_printf("eth%u", number++);

            if (!has_interface(member, name))
                link->interface = g_steal_pointer(&name);
        }
    }
    return TRUE;
}

static gboolean add_links(NetworkPlan *plan, PlannedMember *member, GError **error)
{
    const ServiceNetMember *of = member->member;

    for (guint i = 0; i < of->links->len; i++) {
        const ServiceNetLink *link = g_ptr_array_index(of->links, i);
        const PlannedNet *net = network_plan_find_net(plan, link->network);
        PlannedLink *planned;

        if (!net) {
            g_autofree char *shown = text_escape(link->network);

            return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s' is in network '%s', which there is not",
                                   of->service, shown);
        }
        g_autofree char *digits = network_link_digits("link", plan->network->stack, of->service, link->network);
        planned = g_new0(PlannedLink, 1);
        planned->link = link;
        planned->net = net;
        planned->host_end = g_strconcat("gv-", digits, NULL);
        g_ptr_array_add(member->links, planned);
    }
    g_ptr_array_sort(member->links, compare_links);
    return name_interfaces(member, error);
}

/* --- loopback addresses ------------------------------------------------------------------------------------------------------------ */

static gboolean loopback_is_taken(const NetworkPlan *plan, const char *prefix)
{
    const Json *state;

    for (guint i = 0; (state = network_plan_other(plan, i)); i++) {
        const char *other = json_string_value(json_object_get(state, "loopback"));

        if (other && strcmp(other, prefix) == 0)
            return TRUE;
    }
    return FALSE;
}

/* "127.70.3": what the addresses of this stack begin with. */
static char *choose_loopback(const NetworkPlan *plan)
{
    const char *previous = json_string_value(json_object_get(plan->context->previous, "loopback"));
    guint first = network_number_of("loopback", plan->network->stack, "") % LOOPBACK_RANGES;

    if (previous)
        return g_strdup(previous);
    for (guint i = 0; i < LOOPBACK_RANGES; i++) {
        guint number = (first + i) % LOOPBACK_RANGES;
        g_autofree char *prefix = g_strdup_printf("127.%u.%u", LOOPBACK_SECOND_OCTET + number / 256, number % 256);

        if (!loopback_is_taken(plan, prefix))
            return g_steal_pointer(&prefix);
    }
    return NULL;
}

/* A server answers a datagram from the address that the kernel chooses, unless it takes care of it, and most do not: that is this one. */
#define LOOPBACK_OF_UDP "127.0.0.1"

static gboolean listens_on_udp(const PlannedMember *member)
{
    g_autoptr(GArray) ports = stack_member_listens(member->member);

    for (guint i = 0; i < ports->len; i++)
        if (g_array_index(ports, StackPort, i).is_udp)
            return TRUE;
    return FALSE;
}

static gboolean assign_loopbacks(NetworkPlan *plan, GError **error)
{
    g_autofree char *prefix = choose_loopback(plan);
    Json *previous = json_object_get(plan->context->previous, "loopbacks"), *now = json_object();
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint number = 1;

    json_object_set_new(plan->files->state, "loopbacks", now);
    if (!prefix)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "no loopback addresses are free");
    json_object_set_new(plan->files->state, "loopback", json_string(prefix));
    for (guint i = 0; i < plan->members->len; i++) {
        PlannedMember *member = g_ptr_array_index(plan->members, i);
        const char *address = json_string_value(json_object_get(previous, member->member->service));

        if (listens_on_udp(member))
            member->loopback = g_strdup(LOOPBACK_OF_UDP);
        else if (address && g_str_has_prefix(address, prefix) && g_hash_table_add(taken, g_strdup(address)))
            member->loopback = g_strdup(address);
    }
    for (guint i = 0; i < plan->members->len; i++) {
        PlannedMember *member = g_ptr_array_index(plan->members, i);

        for (; !member->loopback && number <= LOOPBACK_HOSTS_MAX; number++) {
            g_autofree char *address = g_strdup_printf("%s.%u", prefix, number);

            if (g_hash_table_add(taken, g_strdup(address)))
                member->loopback = g_steal_pointer(&address);
        }
        if (!member->loopback)
            return gourd_error_set(error, GOURD_ERROR_LIMIT, "more than %d services in host mode", LOOPBACK_HOSTS_MAX);
        json_object_set_new(now, member->member->service, json_string(member->loopback));
    }
    return TRUE;
}

/* --- state ------------------------------------------------------------------------------------------------------------------------- */

static void write_net(const PlannedNet *net, Json *networks)
{
    g_autoptr(Json) subnets = json_array(), gateways = json_array();

    for (guint i = 0; i < net->n_ranges; i++) {
        g_autofree char *text = net_range_to_text(&net->ranges[i]);

        json_array_append_new(subnets, json_string(text));
        json_array_append_new(gateways, json_string(net->gateways[i]));
    }
    json_object_set_new(networks, net->net->name,
                        json_pack("{s:s, s:s*, s:s, s:O, s:O, s:b}", "name", net->net->host_name, "unit", net->unit,
                                  "bridge", net->bridge, "subnets", subnets, "gateways", gateways, "internal",
                                  net->net->internal));
}

/* By what name others find one that is a replica. */
static void write_replica(const NetworkPlan *plan, const ServiceNetMember *member)
{
    if (!member->replica_of)
        return;
    if (!json_object_get(plan->files->state, "replicas"))
        json_object_set_new(plan->files->state, "replicas", json_object());
    json_object_set_new(json_object_get(plan->files->state, "replicas"), member->service,
                        json_string(member->replica_of));
}

static void write_addresses(const NetworkPlan *plan, Json *addresses)
{
    for (guint i = 0; i < plan->members->len; i++) {
        const PlannedMember *member = g_ptr_array_index(plan->members, i);

        write_replica(plan, member->member);

        for (guint k = 0; k < member->links->len; k++) {
            const PlannedLink *link = g_ptr_array_index(member->links, k);
            const char *name = link->net->net->host_name;
            Json *list = json_array();

            for (guint n = 0; n < link->net->n_ranges; n++)
                json_array_append_new(list, json_string(link->addresses[n]));
            if (!json_object_get(addresses, name))
                json_object_set_new(addresses, name, json_object());
            json_object_set_new(json_object_get(addresses, name), member->member->service, list);
        }
    }
}

gboolean network_plan_assign(NetworkPlan *plan, GError **error)
{
    Json *networks = json_object(), *addresses = json_object();

    json_object_set_new(plan->files->state, "networks", networks);
    json_object_set_new(plan->files->state, "addresses", addresses);
    if (plan->mode == STACK_NETWORK_HOST)
        return assign_loopbacks(plan, error);
    for (guint i = 0; i < plan->nets->len; i++)
        if (!network_plan_add_ranges(plan, g_ptr_array_index(plan->nets, i), error))
            return FALSE;
    for (guint i = 0; i < plan->members->len; i++)
        if (!add_links(plan, g_ptr_array_index(plan->members, i), error))
            return FALSE;
    for (guint i = 0; i < plan->nets->len; i++) {
        const PlannedNet *net = g_ptr_array_index(plan->nets, i);

        if (!assign_addresses(plan, net, error))
            return FALSE;
        if (!net->net->external)
            write_net(net, networks);
    }
    write_addresses(plan, addresses);
    return TRUE;
}
