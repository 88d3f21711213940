// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <string.h>

/* A file of the journal takes 8 MiB from its first line on, unless it may not. */
#define JOURNAL_SETTINGS "[Journal]\nSystemMaxFileSize=1M\nRuntimeMaxFileSize=1M\nSystemMaxUse=32M\n"

/* --- .nspawn ------------------------------------------------------------------------------------------------------ */

static void add_link(UnitFile *settings, const MachineLink *link)
{
    static const char *const keys[] = {
        [LINK_VETH] = "VirtualEthernetExtra",
        [LINK_MACVLAN] = "MACVLAN",
        [LINK_IPVLAN] = "IPVLAN",
        [LINK_MOVED] = "Interface",
    };

    if (link->kind == LINK_VETH)
        unit_file_addf(settings, "Network", keys[link->kind], "%s:%s", link->outside, link->inside);
    else if (link->kind != LINK_HOST0)
        unit_file_add(settings, "Network", keys[link->kind], link->outside);
}

/* systemd-nspawn leaves all but the first with the same port of the host out. */
static gboolean check_port(char *const *ports, const char *text, GError **error)
{
    MachinePort port, before;

    if (!machine_port_parse(text, &port, error))
        return FALSE;
    for (; *ports != text; ports++)
        if (machine_port_parse(*ports, &before, NULL) && before.is_udp == port.is_udp && before.outside == port.outside)
            return gourd_error_set(error, GOURD_ERROR_USAGE, "the port %u of the host is passed on twice",
                                   port.outside);
    return TRUE;
}

gboolean machine_render_nspawn_network(UnitFile *settings, const MachineSpec *spec, const GPtrArray *links,
                                       GError **error)
{
    gboolean has_pair = spec->network == MACHINE_NETWORK_PRIVATE;

    unit_file_add(settings, "Network", "Private", spec->network == MACHINE_NETWORK_HOST ? "no" : "yes");
    unit_file_add(settings, "Network", "VirtualEthernet", has_pair ? "yes" : "no");
    if (spec->bridge)
        unit_file_add(settings, "Network", "Bridge", spec->bridge);
    if (spec->zone)
        unit_file_add(settings, "Network", "Zone", spec->zone);
    for (guint i = 0; i < links->len; i++)
        add_link(settings, g_ptr_array_index(links, i));
    for (char **port = spec->ports; port && *port; port++) {
        if (!check_port(spec->ports, *port, error))
            return FALSE;
        unit_file_add(settings, "Network", "Port", *port);
    }
    return TRUE;
}

/* --- systemd-networkd --------------------------------------------------------------------------------------------- */

static void add_addresses(GString *text, char *const *addresses)
{
    for (; addresses && *addresses; addresses++)
        g_string_append_printf(text, "Address=%s\n", *addresses);
}

/* What goes out of host0 by way of the host has the host's address, as systemd's own 80-container-ve.network has it. */
static void add_host_file(GPtrArray *files, const char *machine, const MachineLink *link)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *path = g_strdup_printf(NETWORK_FOLDER "/10-gourd-%s-%s.network", machine, link->outside);

    g_string_printf(text, "[Match]\nName=%s\n\n[Network]\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=no\n", link->outside);
    add_addresses(text, link->hosts);
    if (link->kind == LINK_HOST0)
        g_string_append(text, "IPMasquerade=both\n");
    machine_add_file(files, path, machine, text->str);
}

/* Those that are given, and of host0 the host. The caller frees the vector. */
static char **list_gateways(const MachineLink *link)
{
    g_autoptr(GStrvBuilder) gateways = g_strv_builder_new();

    for (char **gateway = link->gateways; gateway && *gateway; gateway++)
        g_strv_builder_add(gateways, *gateway);
    for (char **host = link->kind == LINK_HOST0 ? link->hosts : NULL; host && *host; host++) {
        g_autofree char *gateway = machine_address_without_prefix(*host);

        g_strv_builder_add(gateways, gateway);
    }
    return g_strv_builder_end(gateways);
}

/* A link without addresses is brought up; of a macvlan, whose network is one outside, DHCP is asked. host0 without addresses is left to
 * systemd's own file. */
static void add_inside_file(GPtrArray *files, const char *machine, const MachineLink *link)
{
    gboolean asks = !link->insides && (link->kind == LINK_MACVLAN || link->kind == LINK_IPVLAN);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *path = g_strdup_printf(NETWORK_FOLDER "/10-gourd-%s.network", link->inside);
    g_auto(GStrv) gateways = list_gateways(link);

    if (link->kind == LINK_HOST0 && !link->insides)
        return;
    g_string_printf(text, "[Match]\nName=%s\n\n[Network]\nLinkLocalAddressing=ipv6\n", link->inside);
    g_string_append(text, asks ? "DHCP=yes\n" : "IPv6AcceptRA=no\n");
    add_addresses(text, link->insides);
    for (char **gateway = gateways; *gateway; gateway++)
        g_string_append_printf(text, "Gateway=%s\n", *gateway);
    machine_add_file(files, path, machine, text->str);
}

gboolean machine_render_inside(const char *name, const MachineSpec *spec, GPtrArray **ret_files, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free), links = NULL;
    g_autoptr(GString) sysctls = g_string_new(NULL);

    if (!machine_links_parse(name, spec, &links, error))
        return FALSE;
    if (!machine_check_sysctls(spec, error))
        return FALSE;
    for (char **sysctl = spec->sysctls; sysctl && *sysctl; sysctl++)
        g_string_append_printf(sysctls, "%s\n", *sysctl);
    if (!spec->command) {
        for (guint i = 0; i < links->len; i++)
            add_inside_file(files, name, g_ptr_array_index(links, i));
        machine_add_file(files, "/etc/systemd/journald.conf.d/50-gourd.conf", name, JOURNAL_SETTINGS);
        if (sysctls->len > 0)
            machine_add_file(files, "/etc/sysctl.d/50-gourd.conf", name, sysctls->str);
        /* Routes that a routing daemon sets are not networkd's to remove. */
        if (links->len > 0)
            machine_add_file(files, "/etc/systemd/networkd.conf.d/50-gourd.conf", name,
                             "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n");
    }
    *ret_files = g_steal_pointer(&files);
    return TRUE;
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

/* Commands of which each does nothing where all is as it should be: a machine that boots again finds what it had. */
static void append_setup(GString *script, const char *link, char *const *addresses)
{
    for (; addresses && *addresses; addresses++)
        g_string_append_printf(script, "ip address replace %s dev %s && ", *addresses, link);
    g_string_append_printf(script, "ip link set %s up", link);
}

static gboolean add_script(UnitFile *dropin, const char *key, const char *script, UnitExecFlags flags, GError **error)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    g_autofree char *command = unit_quote_exec("/bin/sh", argv, flags | UNIT_EXEC_NO_ENVIRONMENT, error);

    if (command)
        unit_file_add(dropin, "Service", key, command);
    return command != NULL;
}

/* What goes out of host0 by way of the host has the host's address: what IPMasquerade= is for systemd-networkd. */
static gboolean add_way_out(UnitFile *dropin, const char *machine, const MachineLink *link, GError **error)
{
    g_autofree char *table = g_strconcat("gourd-machine-", machine, NULL);
    g_autoptr(GString) rules = g_string_new(NULL);

    g_string_printf(rules,
                    "add table inet %s; delete table inet %s; add table inet %s; "
                    "add chain inet %s postrouting { type nat hook postrouting priority srcnat; }",
                    table, table, table, table);
    for (char **host = link->hosts; *host; host++)
        g_string_append_printf(rules, "; add rule inet %s postrouting %s saddr %s oifname != %s masquerade", table,
                               strchr(*host, ':') ? "ip6" : "ip", *host, link->outside);
    g_autofree char *start = g_strdup_printf(
        "systemctl -q is-active systemd-networkd || { echo 1 >/proc/sys/net/ipv4/ip_forward; nft '%s'; }", rules->str);
    g_autofree char *stop = g_strdup_printf("! nft list table inet %s >/dev/null 2>&1 || nft delete table inet %s",
                                            table, table);
    return add_script(dropin, "ExecStartPre", start, UNIT_EXEC_IGNORE_FAILURE, error) &&
           add_script(dropin, "ExecStopPost", stop, UNIT_EXEC_IGNORE_FAILURE, error);
}

/* systemd-nspawn makes the bridge of a zone, and leaves it to systemd-networkd to bring it up. */
static gboolean add_zone(UnitFile *dropin, const char *zone, GError **error)
{
    g_autofree char *script =
        g_strdup_printf("systemctl -q is-active systemd-networkd || ip link set " ZONE_PREFIX "%s up", zone);

    return add_script(dropin, "ExecStartPost", script, 0, error);
}

gboolean machine_render_host_network(GPtrArray *files, UnitFile *dropin, const char *machine, const MachineSpec *spec,
                                     const GPtrArray *links, GError **error)
{
    g_autoptr(GString) script = g_string_new(NULL);

    if (spec->zone && !add_zone(dropin, spec->zone, error))
        return FALSE;
    for (guint i = 0; i < links->len; i++) {
        const MachineLink *link = g_ptr_array_index(links, i);

        if (link->kind != LINK_VETH && !(link->kind == LINK_HOST0 && link->hosts))
            continue;
        add_host_file(files, machine, link);
        if (link->kind == LINK_HOST0 && !add_way_out(dropin, machine, link, error))
            return FALSE;
        g_string_append(script, script->len ? " && " : "systemctl -q is-active systemd-networkd || { ");
        append_setup(script, link->outside, link->hosts);
    }
    if (script->len == 0)
        return TRUE;
    g_string_append(script, "; }");
    return add_script(dropin, "ExecStartPre", "! systemctl -q is-active systemd-networkd || networkctl reload",
                      UNIT_EXEC_IGNORE_FAILURE, error) &&
           add_script(dropin, "ExecStartPost", script->str, 0, error);
}

gboolean machine_render_entered_network(UnitFile *dropin, const char *machine, const MachineSpec *spec,
                                        const GPtrArray *links, GError **error)
{
    g_autoptr(GString) script = g_string_new(NULL);

    for (guint i = 0; i < links->len; i++) {
        const MachineLink *link = g_ptr_array_index(links, i);

        g_string_append(script, script->len ? " && " : "");
        append_setup(script, link->inside, link->insides);
        g_auto(GStrv) gateways = list_gateways(link);
        for (char **gateway = gateways; *gateway; gateway++)
            g_string_append_printf(script, " && ip route replace default via %s", *gateway);
    }
    for (char **sysctl = spec->sysctls; sysctl && *sysctl; sysctl++) {
        g_autofree char *path = machine_sysctl_path(*sysctl);

        g_string_append_printf(script, "%s{ echo '%s' >%s || ! echo 'cannot set the sysctl %s' >&2; }",
                               script->len ? " && " : "", strchr(*sysctl, '=') + 1, path, *sysctl);
    }
    if (script->len == 0)
        return TRUE;
    /* One that is gone already says why itself, if it may end by itself. */
    g_autofree char *whole = g_strdup_printf(
        "leader=$(machinectl show --value --property Leader %s 2>/dev/null) || { sleep 1; exit 1; } && nsenter --target \"$leader\" --net /bin/sh -c \"%s\"",
        machine, script->str);
    return add_script(dropin, "ExecStartPost", whole, 0, error);
}
