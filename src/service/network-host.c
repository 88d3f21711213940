// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network-plan.h"

#include <string.h>

/* Host mode: a filter on a service's control group, which gourd-init loads and P-S-filter.service keeps. It lets everything from
 * this machine in, and from beyond it only answers, and what comes to a port where the file publishes one.
 *
 * Not IPAddressDeny=, which cannot tell who began: a service behind it reaches nobody either (docs/decisions/). It is what services
 * get that are in internal networks only, which is meant that way. */

#define PATH_FILTERS "/sys/fs/bpf/gourd"

static gboolean is_open(const ServiceNetPort *port)
{
    return !port->address || !net_address_is_loopback(port->address);
}

static gboolean is_published(const ServiceNetMember *member, const StackPort *listen)
{
    for (guint i = 0; i < member->ports->len; i++) {
        const ServiceNetPort *port = g_ptr_array_index(member->ports, i);

        if (port->target == listen->port && port->is_udp == listen->is_udp && is_open(port))
            return TRUE;
    }
    return FALSE;
}

/* "80/tcp", "192.168.1.5:53/udp", and "-5353/udp" of what the program listens on for others of the stack. */
static char **filter_words(const ServiceNetMember *member)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autoptr(GArray) listens = stack_member_listens(member);

    for (guint i = 0; i < member->ports->len; i++) {
        const ServiceNetPort *port = g_ptr_array_index(member->ports, i);
        gboolean any = !port->address || net_address_is_any(port->address);
        gboolean ipv6 = !any && strchr(port->address, ':') != NULL;
        g_autofree char *word = g_strdup_printf("%s%s%s%s%u/%s", ipv6 ? "[" : "", any ? "" : port->address,
                                                ipv6 ? "]" : "", any ? "" : ":", port->target,
                                                port->is_udp ? "udp" : "tcp");

        if (is_open(port) && (port->published == port->target || port->published == 0))
            g_strv_builder_add(words, word);
    }
    for (guint i = 0; i < listens->len; i++) {
        const StackPort *listen = &g_array_index(listens, StackPort, i);
        g_autofree char *word = g_strdup_printf("-%u/udp", listen->port);

        if (listen->is_udp && !is_published(member, listen))
            g_strv_builder_add(words, word);
    }
    return g_strv_builder_end(words);
}

static gboolean is_internal(const NetworkPlan *plan, const ServiceNetMember *member)
{
    for (guint i = 0; i < member->links->len; i++) {
        const ServiceNetLink *link = g_ptr_array_index(member->links, i);
        const ServiceNet *net = stack_network_find_net(plan->network, link->network);

        if (!net || !net->internal)
            return FALSE;
    }
    return member->links->len > 0;
}

static char **one_word(const char *word)
{
    const char *const words[] = {word, NULL};

    return g_strdupv((char **)words);
}

gboolean network_plan_add_filter(NetworkPlan *plan, PlannedMember *member, GError **error)
{
    g_autoptr(UnitFile) unit = network_plan_new_unit("What other machines reach of", member->name);
    g_autofree char *name = network_plan_unit_of(member, FILTER_SUFFIX, error);
    g_autofree char *path = g_strdup_printf("%s/%s", PATH_FILTERS, member->name);
    g_auto(GStrv) words = filter_words(member->member);
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    StackNetworkMember *result = network_plan_result(plan, member);

    if (!name)
        return FALSE;
    if (is_internal(plan, member->member)) {
        result->address_deny = one_word("any");
        result->address_allow = one_word("localhost");
        return TRUE;
    }
    if (!plan->context->init_path) {
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND,
                        "services in the host's network need gourd-init, which was not "
                        "found");
        return gourd_error_hint(error, "it is installed with gourd");
    }
    g_strv_builder_add_many(argv, plan->context->init_path, "--ingress-filter", path, NULL);
    g_strv_builder_addv(argv, (const char **)words);
    g_auto(GStrv) whole = g_strv_builder_end(argv);
    g_autofree char *command = unit_quote_exec(whole[0], (const char *const *)whole, 0, error);
    if (!command)
        return FALSE;
    unit_file_add(unit, "Service", "ExecStart", command);
    if (!network_plan_add_command(unit, "ExecStopPost", UNIT_EXEC_IGNORE_FAILURE, COMMAND("rm", "-f", path), error))
        return FALSE;
    unit_file_add(unit, "Service", "CapabilityBoundingSet", "CAP_BPF CAP_NET_ADMIN CAP_SYS_ADMIN");
    unit_file_add(unit, "Service", "NoNewPrivileges", "yes");
    result->net_unit = g_strdup(name);
    result->ingress_filter = g_steal_pointer(&path);
    return network_plan_add_unit(plan, name, unit, error);
}
