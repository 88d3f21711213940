// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network-plan.h"

#include <string.h>

const char *const stack_network_words[] = {"auto", "host", "private", NULL};

/* --- the description --------------------------------------------------------------------------------------------------- */

static void net_free(gpointer data)
{
    ServiceNet *net = data;

    g_free(net->name);
    g_free(net->host_name);
    g_free(net->driver);
    g_strfreev(net->subnets);
    g_free(net->gateway);
    g_free(net->bridge);
    g_free(net->parent);
    g_free(net->link_mode);
    g_free(net);
}

static void link_free(gpointer data)
{
    ServiceNetLink *link = data;

    g_free(link->network);
    g_strfreev(link->aliases);
    g_free(link->ipv4);
    g_free(link->ipv6);
    g_free(link->mac);
    g_free(link->interface);
    g_free(link);
}

static void port_free(gpointer data)
{
    ServiceNetPort *port = data;

    g_free(port->address);
    g_free(port);
}

static void member_free(gpointer data)
{
    ServiceNetMember *member = data;

    g_free(member->service);
    g_free(member->unit);
    g_free(member->replica_of);
    g_free(member->container_name);
    g_free(member->hostname);
    g_free(member->domainname);
    g_ptr_array_unref(member->links);
    g_free(member->mode);
    g_ptr_array_unref(member->ports);
    g_strfreev(member->expose);
    g_strfreev(member->extra_hosts);
    g_strfreev(member->link_names);
    g_strfreev(member->sysctls);
    g_strfreev(member->dns);
    g_strfreev(member->dns_search);
    g_strfreev(member->dns_opt);
    g_free(member);
}

StackNetwork *stack_network_new(const char *stack)
{
    StackNetwork *network = g_new0(StackNetwork, 1);

    network->stack = g_strdup(stack);
    network->nets = g_ptr_array_new_with_free_func(net_free);
    network->members = g_ptr_array_new_with_free_func(member_free);
    return network;
}

void stack_network_free(StackNetwork *network)
{
    if (!network)
        return;
    g_free(network->stack);
    g_free(network->reason);
    g_ptr_array_unref(network->nets);
    g_ptr_array_unref(network->members);
    g_free(network);
}

ServiceNet *stack_network_add_net(StackNetwork *network, const char *name)
{
    ServiceNet *net = g_new0(ServiceNet, 1);

    net->name = g_strdup(name);
    net->host_name = g_strdup_printf("%s_%s", network->stack, name);
    g_ptr_array_add(network->nets, net);
    return net;
}

ServiceNetMember *stack_network_add_member(StackNetwork *network, const char *service, const char *unit)
{
    ServiceNetMember *member = g_new0(ServiceNetMember, 1);

    member->service = g_strdup(service);
    member->unit = g_strdup(unit);
    member->links = g_ptr_array_new_with_free_func(link_free);
    member->ports = g_ptr_array_new_with_free_func(port_free);
    g_ptr_array_add(network->members, member);
    return member;
}

ServiceNetLink *stack_network_add_link(ServiceNetMember *member, const char *net)
{
    ServiceNetLink *link = g_new0(ServiceNetLink, 1);

    link->network = g_strdup(net);
    g_ptr_array_add(member->links, link);
    return link;
}

ServiceNetPort *stack_network_add_port(ServiceNetMember *member)
{
    ServiceNetPort *port = g_new0(ServiceNetPort, 1);

    g_ptr_array_add(member->ports, port);
    return port;
}

const ServiceNet *stack_network_find_net(const StackNetwork *network, const char *name)
{
    for (guint i = 0; i < network->nets->len; i++) {
        const ServiceNet *net = g_ptr_array_index(network->nets, i);

        if (strcmp(net->name, name) == 0)
            return net;
    }
    return NULL;
}

ServiceNetMember *stack_network_find_member(const StackNetwork *network, const char *service)
{
    for (guint i = 0; i < network->members->len; i++) {
        ServiceNetMember *member = g_ptr_array_index(network->members, i);

        if (strcmp(member->service, service) == 0)
            return member;
    }
    return NULL;
}

const char *stack_member_joined(const ServiceNetMember *member)
{
    return member->mode && g_str_has_prefix(member->mode, "service:") ? member->mode + strlen("service:") : NULL;
}

gboolean stack_member_is_mode(const ServiceNetMember *member, const char *mode)
{
    return member->mode && strcmp(member->mode, mode) == 0;
}

const ServiceNetLink *stack_member_find_link(const ServiceNetMember *member, const char *net)
{
    for (guint i = 0; i < member->links->len; i++) {
        const ServiceNetLink *link = g_ptr_array_index(member->links, i);

        if (strcmp(link->network, net) == 0)
            return link;
    }
    return NULL;
}

/* --- exposed ports ------------------------------------------------------------------------------------------------------ */

/* "5432", "53/udp", "8000-8010/tcp" */
static gboolean parse_expose(const char *text, guint *ret_first, guint *ret_last, gboolean *ret_udp)
{
    const char *slash = strchr(text, '/');
    g_autofree char *numbers = g_strndup(text, slash ? (gsize)(slash - text) : strlen(text));
    char *dash = strchr(numbers, '-');
    guint64 first, last;

    if (dash)
        *dash++ = '\0';
    if (!g_ascii_string_to_unsigned(numbers, 10, 1, G_MAXUINT16, &first, NULL) ||
        !g_ascii_string_to_unsigned(dash ? dash : numbers, 10, first, G_MAXUINT16, &last, NULL))
        return FALSE;
    *ret_first = (guint)first;
    *ret_last = (guint)last;
    *ret_udp = slash && strcmp(slash, "/udp") == 0;
    return TRUE;
}

GArray *stack_member_listens(const ServiceNetMember *member)
{
    GArray *ports = g_array_new(FALSE, FALSE, sizeof(StackPort));

    for (guint i = 0; i < member->ports->len; i++) {
        const ServiceNetPort *port = g_ptr_array_index(member->ports, i);
        StackPort listen = {.port = port->target, .is_udp = port->is_udp};

        g_array_append_val(ports, listen);
    }
    for (char **text = member->expose; text && *text; text++) {
        guint first, last;
        gboolean is_udp;

        if (!parse_expose(*text, &first, &last, &is_udp))
            continue;
        for (guint number = first; number <= last; number++) {
            StackPort listen = {.port = (guint16)number, .is_udp = is_udp};

            g_array_append_val(ports, listen);
        }
    }
    return ports;
}

/* --- the mode ------------------------------------------------------------------------------------------------------------ */

static gboolean is_in_host_network(const ServiceNetMember *member)
{
    return !stack_member_is_mode(member, "none") && !stack_member_joined(member);
}

/* Two services that listen on one port. */
static char *find_clash(const StackNetwork *network)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < network->members->len; i++) {
        const ServiceNetMember *member = g_ptr_array_index(network->members, i);
        g_autoptr(GArray) ports = stack_member_listens(member);

        for (guint k = 0; is_in_host_network(member) && k < ports->len; k++) {
            const StackPort *port = &g_array_index(ports, StackPort, k);
            gpointer key = GUINT_TO_POINTER((port->is_udp ? 0x10000U : 0U) + port->port);
            const ServiceNetMember *other = g_hash_table_lookup(seen, key);

            if (other && other != member)
                return g_strdup_printf("two services listen on port %u: %s and %s", port->port, other->service,
                                       member->service);
            g_hash_table_insert(seen, key, (gpointer)member);
        }
    }
    return NULL;
}

static char *find_remap(const StackNetwork *network)
{
    for (guint i = 0; i < network->members->len; i++) {
        const ServiceNetMember *member = g_ptr_array_index(network->members, i);

        for (guint k = 0; k < member->ports->len; k++) {
            const ServiceNetPort *port = g_ptr_array_index(member->ports, k);

            if (port->published && port->published != port->target)
                return g_strdup_printf("port %u of %s is published as %u", port->target, member->service,
                                       port->published);
        }
    }
    return NULL;
}

static gboolean share_network(const ServiceNetMember *a, const ServiceNetMember *b)
{
    for (guint i = 0; i < a->links->len; i++)
        if (stack_member_find_link(b, ((const ServiceNetLink *)g_ptr_array_index(a->links, i))->network))
            return TRUE;
    return FALSE;
}

/* Services that the file keeps apart. */
static char *find_isolation(const StackNetwork *network)
{
    for (guint i = 0; i < network->members->len; i++) {
        const ServiceNetMember *member = g_ptr_array_index(network->members, i);

        for (guint k = 0; k < member->links->len; k++) {
            const ServiceNetLink *link = g_ptr_array_index(member->links, k);
            const ServiceNet *net = stack_network_find_net(network, link->network);

            if (net && net->internal)
                return g_strdup_printf("network %s is internal", net->name);
        }
        for (guint k = 0; k < i; k++) {
            const ServiceNetMember *other = g_ptr_array_index(network->members, k);

            if (member->links->len > 0 && other->links->len > 0 && !share_network(member, other))
                return g_strdup_printf("%s and %s have no network in common", other->service, member->service);
        }
    }
    return NULL;
}

/* What only a namespace has. */
static char *find_wish(const StackNetwork *network)
{
    for (guint i = 0; i < network->members->len; i++) {
        const ServiceNetMember *member = g_ptr_array_index(network->members, i);

        if (member->sysctls && member->sysctls[0])
            return g_strdup_printf("%s has sysctls of a network", member->service);
        for (guint k = 0; k < member->links->len; k++) {
            const ServiceNetLink *link = g_ptr_array_index(member->links, k);
            const ServiceNet *net = stack_network_find_net(network, link->network);

            if (link->ipv4 || link->ipv6 || link->mac || link->interface)
                return g_strdup_printf("%s has an address of its own in %s", member->service, link->network);
            if (net && net->external)
                return g_strdup_printf("network %s is another stack's", net->name);
            if (net && net->driver && strcmp(net->driver, "bridge") != 0)
                return g_strdup_printf("network %s is of the kind %s", net->name, net->driver);
        }
    }
    return NULL;
}

int stack_network_choose(const StackNetwork *network, char **ret_reason)
{
    static char *(*const rules[])(const StackNetwork *network) = {find_clash, find_remap, find_isolation, find_wish};

    if (network->mode != STACK_NETWORK_AUTO) {
        *ret_reason = g_strdup(network->reason ? network->reason : "asked for");
        return network->mode;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++) {
        char *reason = rules[i](network);

        if (reason) {
            *ret_reason = reason;
            return STACK_NETWORK_PRIVATE;
        }
    }
    *ret_reason = g_strdup("no two services want one port, none is published under another number, and the file keeps "
                           "none apart");
    return STACK_NETWORK_HOST;
}
