// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network-plan.h"

#include <arpa/inet.h>
#include <string.h>

/* Private mode: P-net-NET.service makes a bridge, P-S-net.service a namespace with a pair of links into each bridge, by
 * commands that an admin can read and repeat. What undoes them is ExecStopPost=, which runs also when the start fails. Links of
 * the host go by name, since those in a namespace that is deleted go some time later. */

#define PATH_NETNS "/run/netns"

static gboolean add_ip(UnitFile *unit, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* A command of ip(8), whose words have no blanks in them. */
static gboolean add_ip(UnitFile *unit, GError **error, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    g_autofree char *line = g_strdup_vprintf(format, list);
    va_end(list);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    g_autofree char *command = unit_quote_exec(words[0], (const char *const *)words, UNIT_EXEC_NO_ENVIRONMENT, error);

    if (command)
        unit_file_add(unit, "Service", "ExecStart", command);
    return command != NULL;
}

/* --- sysctls ------------------------------------------------------------------------------------------------------------ */

/* What containers have: low ports are for everybody, and so is ping (moby, daemon/oci_linux.go). */
static const char *const standard_sysctls[] = {
    "net.ipv4.ip_unprivileged_port_start=0",
    "net.ipv4.ping_group_range=0 2147483647",
    NULL,
};

static gboolean add_sysctl(const PlannedMember *member, const char *text, UnitFile *unit, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *name = g_strndup(text, equals ? (gsize)(equals - text) : strlen(text));
    const char *value = equals ? equals + 1 : "";
    g_autofree char *netns = g_strdup_printf("--net=" PATH_NETNS "/%s", member->name);

    if (!equals || !g_str_has_prefix(name, "net.") || strstr(name, "..") ||
        name[strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-")] != '\0' ||
        value[strspn(value, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS " .,_-")] != '\0') {
        g_autofree char *shown = text_escape(text);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s': '%s' is not a sysctl of a network",
                               member->member->service, shown);
    }
    g_autofree char *script = g_strdup_printf("echo '%s' >/proc/sys/%s", value, g_strdelimit(name, ".", '/'));

    return network_plan_add_command(unit, "ExecStart", UNIT_EXEC_NO_ENVIRONMENT,
                                    COMMAND("nsenter", netns, "/bin/sh", "-c", script), error);
}

static gboolean add_sysctls(const PlannedMember *member, UnitFile *unit, GError **error)
{
    for (const char *const *text = standard_sysctls; *text; text++)
        if (!add_sysctl(member, *text, unit, error))
            return FALSE;
    for (char **text = member->member->sysctls; text && *text; text++)
        if (!add_sysctl(member, *text, unit, error))
            return FALSE;
    return TRUE;
}

/* --- links -------------------------------------------------------------------------------------------------------------- */

/* The same each time, so that neighbours need not find out anew: from the IPv4 address. */
static char *mac_address(const PlannedLink *link)
{
    guint8 bytes[4] = {0};

    if (link->link->mac)
        return g_strdup(link->link->mac);
    for (guint i = 0; i < link->net->n_ranges; i++)
        if (link->net->ranges[i].family == AF_INET)
            (void)inet_pton(AF_INET, link->addresses[i], bytes);
    return g_strdup_printf("02:67:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3]);
}

static gboolean check_mac(const PlannedMember *member, const char *mac, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(mac, ":", -1);
    gboolean good = g_strv_length(parts) == 6;

    for (char **part = parts; *part; part++)
        good &= strlen(*part) == 2 && g_ascii_isxdigit((*part)[0]) && g_ascii_isxdigit((*part)[1]);
    if (good)
        return TRUE;
    g_autofree char *shown = text_escape(mac);

    return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s': '%s' is not a MAC address", member->member->service,
                           shown);
}

static gboolean is_bridged(const PlannedNet *net)
{
    return net->unit != NULL;
}

static gboolean add_pair(const PlannedMember *member, const PlannedLink *link, UnitFile *unit, GError **error)
{
    const ServiceNet *net = link->net->net;
    g_autofree char *mtu = net->mtu > 0 ? g_strdup_printf(" mtu %" G_GINT64_FORMAT, net->mtu) : g_strdup("");

    if (is_bridged(link->net))
        return add_ip(unit, error, "ip link add %s%s type veth peer name %s%s netns %s", link->host_end, mtu,
                      link->interface, mtu, member->name) &&
               add_ip(unit, error, "ip link set %s master %s up", link->host_end, link->net->bridge);
    const char *mode = net->link_mode ? net->link_mode : g_strcmp0(net->driver, "macvlan") == 0 ? "bridge" : "l2";

    return add_ip(unit, error, "ip link add link %s name %s%s netns %s type %s mode %s", link->net->bridge,
                  link->host_end, mtu, member->name, net->driver, mode) &&
           add_ip(unit, error, "ip -n %s link set %s name %s", member->name, link->host_end, link->interface);
}

static gboolean add_link(const PlannedMember *member, const PlannedLink *link, UnitFile *unit, GError **error)
{
    g_autofree char *mac = mac_address(link);
    const char *driver = link->net->net->driver;
    gboolean shares_mac = driver && strcmp(driver, "ipvlan") == 0;

    if (!check_mac(member, mac, error) || !add_pair(member, link, unit, error))
        return FALSE;
    if (!shares_mac && !add_ip(unit, error, "ip -n %s link set %s address %s", member->name, link->interface, mac))
        return FALSE;
    for (guint i = 0; i < link->net->n_ranges; i++)
        if (!add_ip(unit, error, "ip -n %s address add %s/%u dev %s%s", member->name, link->addresses[i],
                    link->net->ranges[i].prefix, link->interface,
                    link->net->ranges[i].family == AF_INET6 ? " nodad" : ""))
            return FALSE;
    return add_ip(unit, error, "ip -n %s link set %s up", member->name, link->interface);
}

static gboolean add_routes(const PlannedMember *member, UnitFile *unit, GError **error)
{
    const PlannedLink *link = network_plan_gateway(member);

    for (guint i = 0; link && i < link->net->n_ranges; i++)
        if (!add_ip(unit, error, "ip -n %s%s route add default via %s", member->name,
                    link->net->ranges[i].family == AF_INET6 ? " -6" : "", link->net->gateways[i]))
            return FALSE;
    return TRUE;
}

static gboolean add_removal(UnitFile *unit, GError **error, const char *a, const char *b, const char *c)
{
    return network_plan_add_command(unit, "ExecStopPost", UNIT_EXEC_IGNORE_FAILURE | UNIT_EXEC_NO_ENVIRONMENT,
                                    COMMAND("ip", a, b, c), error);
}

/* Nothing is in the way of a start, even if the last stop was cut off. `script` deletes all. */
static gboolean add_cleaning(UnitFile *unit, const char *script, GError **error)
{
    g_autofree char *quiet = g_strdup_printf("{ %s; } 2>/dev/null || :", script);

    return network_plan_add_command(unit, "ExecStartPre", UNIT_EXEC_NO_ENVIRONMENT, COMMAND("/bin/sh", "-c", quiet),
                                    error);
}

static void add_privileges(UnitFile *unit)
{
    unit_file_add(unit, "Service", "CapabilityBoundingSet", "CAP_NET_ADMIN CAP_SYS_ADMIN");
    unit_file_add(unit, "Service", "NoNewPrivileges", "yes");
}

gboolean network_plan_add_namespace(NetworkPlan *plan, PlannedMember *member, GError **error)
{
    g_autoptr(UnitFile) unit = network_plan_new_unit("Network of", member->name);
    g_autofree char *name = network_plan_unit_of(member, NAMESPACE_SUFFIX, error);

    if (!name)
        return FALSE;
    for (guint i = 0; i < member->links->len; i++) {
        const PlannedLink *link = g_ptr_array_index(member->links, i);

        if (!link->net->unit)
            continue;
        unit_file_add(unit, "Unit", "Requires", link->net->unit);
        unit_file_add(unit, "Unit", "After", link->net->unit);
    }
    g_autoptr(GString) clean = g_string_new(NULL);
    g_string_printf(clean, "ip netns delete %s", member->name);
    for (guint i = 0; i < member->links->len; i++)
        g_string_append_printf(clean, "; ip link delete %s",
                               ((const PlannedLink *)g_ptr_array_index(member->links, i))->host_end);
    if (!add_cleaning(unit, clean->str, error) || !add_ip(unit, error, "ip netns add %s", member->name) ||
        !add_ip(unit, error, "ip -n %s link set lo up", member->name) || !add_sysctls(member, unit, error))
        return FALSE;
    for (guint i = 0; i < member->links->len; i++)
        if (!add_link(member, g_ptr_array_index(member->links, i), unit, error))
            return FALSE;
    if (!add_routes(member, unit, error))
        return FALSE;
    for (guint i = 0; i < member->links->len; i++) {
        const PlannedLink *link = g_ptr_array_index(member->links, i);

        if (is_bridged(link->net) && !add_removal(unit, error, "link", "delete", link->host_end))
            return FALSE;
    }
    if (!add_removal(unit, error, "netns", "delete", member->name))
        return FALSE;
    add_privileges(unit);
    return network_plan_add_unit(plan, name, unit, error);
}

/* --- bridges ------------------------------------------------------------------------------------------------------------ */

static gboolean has_way_out(const PlannedNet *net)
{
    return is_bridged(net) && !net->net->external && !net->net->internal && !net->net->no_masquerade;
}

/* An internal network has no address of the host, so that there is no way out of it, whatever the firewall says. */
static gboolean add_bridge(NetworkPlan *plan, const PlannedNet *net, const char *nat, GError **error)
{
    g_autofree char *of = g_strdup_printf("%s of %s", net->net->name, plan->network->stack);
    g_autoptr(UnitFile) unit = network_plan_new_unit("Network", of);
    const char *follow = "! systemctl -q is-active systemd-networkd || networkctl reload";

    if (has_way_out(net))
        unit_file_add(unit, "Unit", "Wants", nat);
    if (!network_plan_add_command(unit, "ExecStartPre", UNIT_EXEC_IGNORE_FAILURE | UNIT_EXEC_NO_ENVIRONMENT,
                                  COMMAND("/bin/sh", "-c", follow), error))
        return FALSE;
    g_autofree char *clean = g_strdup_printf("ip link delete %s", net->bridge);
    if (!add_cleaning(unit, clean, error) || !add_ip(unit, error, "ip link add %s type bridge", net->bridge))
        return FALSE;
    if (net->net->mtu > 0 && !add_ip(unit, error, "ip link set %s mtu %" G_GINT64_FORMAT, net->bridge, net->net->mtu))
        return FALSE;
    for (guint i = 0; !net->net->internal && i < net->n_ranges; i++)
        if (!add_ip(unit, error, "ip address add %s/%u dev %s%s", net->gateways[i], net->ranges[i].prefix, net->bridge,
                    net->ranges[i].family == AF_INET6 ? " nodad" : ""))
            return FALSE;
    if (!add_ip(unit, error, "ip link set %s up", net->bridge) ||
        !add_removal(unit, error, "link", "delete", net->bridge))
        return FALSE;
    add_privileges(unit);
    return network_plan_add_unit(plan, net->unit, unit, error);
}

/* --- what goes out ------------------------------------------------------------------------------------------------------ */

static char *make_rules(const NetworkPlan *plan)
{
    const char *stack = plan->network->stack;
    g_autoptr(GString) out = g_string_new(NULL), in = g_string_new(NULL);

    for (guint i = 0; i < plan->nets->len; i++) {
        const PlannedNet *net = g_ptr_array_index(plan->nets, i);

        for (guint k = 0; has_way_out(net) && k < net->n_ranges; k++) {
            g_autofree char *range = net_range_to_text(&net->ranges[k]);

            g_string_append_printf(out, "        %s saddr %s oifname != \"%s\" masquerade\n",
                                   net->ranges[k].family == AF_INET6 ? "ip6" : "ip", range, net->bridge);
        }
        if (has_way_out(net))
            g_string_append_printf(in, "        oifname \"%s\" iifname != \"%s\" drop\n", net->bridge, net->bridge);
    }
    return g_strdup_printf(
        "# What goes out of the networks of %s has the host's address; what comes in is an answer, or was "
        "published, which no rule\n# is needed for. Other tables are not touched, and theirs decide "
        "too.\n"
        "add table inet gourd-%s\n"
        "delete table inet gourd-%s\n"
        "table inet gourd-%s {\n"
        "    chain postrouting {\n"
        "        type nat hook postrouting priority srcnat; policy accept;\n%s"
        "    }\n"
        "    chain forward {\n"
        "        type filter hook forward priority filter; policy accept;\n"
        "        ct state established,related accept\n%s"
        "    }\n"
        "}\n",
        stack, stack, stack, stack, out->str, in->str);
}

static gboolean add_nat(NetworkPlan *plan, const char *name, GError **error)
{
    const char *forward = "echo 1 >/proc/sys/net/ipv4/ip_forward";
    g_autoptr(UnitFile) unit = network_plan_new_unit("The way out of the networks of", plan->network->stack);
    g_autofree char *path = g_strdup_printf("%s/%s/nat.nft", PATH_STACKS, plan->network->stack);
    g_autofree char *rules = make_rules(plan);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, rules, -1);
    g_autofree char *table = g_strconcat("gourd-", plan->network->stack, NULL);

    network_plan_add_file(plan, path, "`gourd up` writes it anew.", rules);
    unit_file_addf(unit, "Unit", "X-GourdRules", "%.16s", digest);
    /* It flushes all rules, also those that are not its own. */
    unit_file_add(unit, "Unit", "PartOf", "nftables.service");
    unit_file_add(unit, "Unit", "ReloadPropagatedFrom", "nftables.service");
    unit_file_add(unit, "Unit", "After", "nftables.service");
    if (!network_plan_add_command(unit, "ExecStart", UNIT_EXEC_NO_ENVIRONMENT, COMMAND("/bin/sh", "-c", forward),
                                  error) ||
        !network_plan_add_command(unit, "ExecStart", 0, COMMAND("nft", "-f", path), error) ||
        !network_plan_add_command(unit, "ExecReload", 0, COMMAND("nft", "-f", path), error) ||
        !network_plan_add_command(unit, "ExecStopPost", UNIT_EXEC_IGNORE_FAILURE,
                                  COMMAND("nft", "delete", "table", "inet", table), error))
        return FALSE;
    add_privileges(unit);
    return network_plan_add_unit(plan, name, unit, error);
}

/* So that systemd-networkd leaves them as they are, also when it starts anew. */
static void add_unmanaged(NetworkPlan *plan)
{
    g_autoptr(GString) text = g_string_new("\n[Match]\n");
    g_autofree char *path = g_strdup_printf("/etc/systemd/network/10-gourd-%s.network", plan->network->stack);

    for (guint i = 0; i < plan->nets->len; i++) {
        const PlannedNet *net = g_ptr_array_index(plan->nets, i);

        if (is_bridged(net) && !net->net->external)
            g_string_append_printf(text, "Name=%s\n", net->bridge);
    }
    for (guint i = 0; i < plan->members->len; i++) {
        const PlannedMember *member = g_ptr_array_index(plan->members, i);

        for (guint k = 0; k < member->links->len; k++) {
            const PlannedLink *link = g_ptr_array_index(member->links, k);

            if (is_bridged(link->net))
                g_string_append_printf(text, "Name=%s\n", link->host_end);
        }
    }
    g_string_append(text, "\n[Link]\nUnmanaged=yes\n");
    network_plan_add_file(plan, path, "`gourd up` writes it anew.", text->str);
}

gboolean network_plan_add_bridges(NetworkPlan *plan, GError **error)
{
    g_autofree char *nat = unit_name_for_service(plan->network->stack, "nat", ".service", error);
    gboolean any = FALSE, ipv6 = FALSE, bridged = FALSE;

    if (!nat)
        return FALSE;
    for (guint i = 0; i < plan->nets->len; i++) {
        const PlannedNet *net = g_ptr_array_index(plan->nets, i);

        bridged |= is_bridged(net);
        any |= has_way_out(net);
        ipv6 |= has_way_out(net) && net->n_ranges == NET_RANGES_MAX;
        if (is_bridged(net) && !net->net->external && !add_bridge(plan, net, nat, error))
            return FALSE;
    }
    if (ipv6)
        notes_add(plan->notes, "ipv6-forwarding",
                  "IPv6 goes out of the stack's networks if the host forwards it: sysctl net.ipv6.conf.all.forwarding",
                  plan->network->stack);
    if (bridged)
        add_unmanaged(plan);
    return !any || add_nat(plan, nat, error);
}
