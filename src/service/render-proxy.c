// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

/* --publish HOST:SERVICE: a socket on the host's port, and a proxy that systemd starts at the first connection or datagram:
 * systemd-socket-proxyd(8), or for UDP, which that does not know, gourd-init. Both listen on the host and connect in the service's
 * network, so that the host's firewall sees what it sees of any program. The socket comes and goes with the service: so it is the
 * service that wants it, and it needs no enabling of its own. */

#define PROXY_PROGRAM "/usr/lib/systemd/systemd-socket-proxyd"

/* A port may be published on several addresses, each for itself. */
static gboolean is_only_address(const Render *render, const ServicePublish *wanted)
{
    for (guint i = 0; i < render->spec->publish->len; i++) {
        const ServicePublish *publish = g_ptr_array_index(render->spec->publish, i);

        if (publish != wanted && publish->host_port == wanted->host_port && publish->is_udp == wanted->is_udp)
            return FALSE;
    }
    return TRUE;
}

char *render_proxy_name(const Render *render, const ServicePublish *publish, const char *suffix)
{
    g_autofree char *address = g_strdup(is_only_address(render, publish) ? "" : publish->address);
    g_autofree char *port = g_strdup_printf("%u%s%s%s", publish->host_port, publish->is_udp ? "-udp" : "",
                                            *address ? "-" : "", g_strdelimit(address, "[:]", '_'));

    /* The service's own name fits, so its name with a port can only fail if it is at the limit: that comes up when the
     * file is written. */
    return unit_name_for_service(render->context->name, port, suffix, NULL);
}

static gboolean add_socket(const Render *render, const ServicePublish *publish, const char *name, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();
    const char *listen = publish->is_udp ? "ListenDatagram" : "ListenStream";

    unit_file_addf(unit, "Unit", "Description", "%s %u for %s", publish->is_udp ? "UDP port" : "Port",
                   publish->host_port, render->context->name);
    unit_file_add(unit, "Unit", "PartOf", render->files->unit);
    if (publish->address) {
        unit_file_addf(unit, "Socket", listen, "%s:%u", publish->address, publish->host_port);
        unit_file_add(unit, "Socket", "FreeBind", "yes"); /* the address may come later */
    } else
        unit_file_addf(unit, "Socket", listen, "%u", publish->host_port);
    if (publish->is_udp) /* so that answers leave from the address that was asked */
        unit_file_add(unit, "Socket", "PassPacketInfo", "yes");
    /* The service would start without it: a port that somebody else has must be found out. */
    g_ptr_array_add(render->files->start, g_strdup(name));
    return render_add_unit(render, name, unit, error);
}

/* Where it takes connections, and with what program. */
static gboolean add_command(const Render *render, const ServicePublish *publish, UnitFile *unit, GError **error)
{
    const char *address = render->spec->attachment.address;
    gboolean ipv6 = address && strchr(address, ':') && *address != '[';
    g_autofree char *target = g_strdup_printf("%s%s%s:%u", ipv6 ? "[" : "", address ? address : "127.0.0.1",
                                              ipv6 ? "]" : "", publish->service_port);
    const char *const stream[] = {PROXY_PROGRAM, target, NULL};
    const char *const datagram[] = {render->context->init_path, "--udp-relay", target, NULL};
    const char *const *argv = publish->is_udp ? datagram : stream;

    if (!argv[0]) {
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "a published UDP port needs gourd-init, which was not found");
        return gourd_error_hint(error, "it is installed with gourd");
    }
    return render_take(unit, "ExecStart", unit_quote_exec(argv[0], argv, 0, error));
}

static gboolean add_proxy(const Render *render, const ServicePublish *publish, const char *name, const char *socket,
                          GError **error)
{
    static const char *const settings[][2] = {
        {"DynamicUser", "yes"},
        {"CapabilityBoundingSet", ""},
        {"NoNewPrivileges", "yes"},
        {"LockPersonality", "yes"},
        {"MemoryDenyWriteExecute", "yes"},
        {"PrivateDevices", "yes"},
        {"PrivateUsers", "yes"},
        {"ProtectClock", "yes"},
        {"ProtectControlGroups", "yes"},
        {"ProtectHome", "yes"},
        {"ProtectHostname", "yes"},
        {"ProtectKernelLogs", "yes"},
        {"ProtectKernelModules", "yes"},
        {"ProtectKernelTunables", "yes"},
        {"ProtectProc", "invisible"},
        {"ProtectSystem", "strict"},
        {"RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"},
        {"RestrictNamespaces", "yes"},
        {"RestrictRealtime", "yes"},
        {"SystemCallArchitectures", "native"},
        {"SystemCallFilter", "@system-service"},
    };
    g_autoptr(UnitFile) unit = unit_file_new();
    const ServiceAttachment *attachment = &render->spec->attachment;
    gboolean private_network = render->spec->network == SERVICE_NETWORK_NONE && !attachment->netns;
    const char *blank = attachment->unit ? " " : "", *net_unit = attachment->unit ? attachment->unit : "";

    unit_file_addf(unit, "Unit", "Description", "%s to %sport %u for %s", publish->is_udp ? "Datagrams" : "Connections",
                   publish->is_udp ? "UDP " : "", publish->host_port, render->context->name);
    unit_file_addf(unit, "Unit", "Requires", "%s %s%s%s", render->files->unit, socket, blank, net_unit);
    unit_file_addf(unit, "Unit", "After", "%s %s%s%s", render->files->unit, socket, blank, net_unit);
    if (private_network)
        unit_file_add(unit, "Unit", "JoinsNamespaceOf", render->files->unit);
    /* FIXME(systemd < 257): the proxy of 252 never says READY=1; with Type=notify it was killed after 90 s. */
    unit_file_add(unit, "Service", "Type", "exec");
    if (!add_command(render, publish, unit, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++)
        unit_file_add(unit, "Service", settings[i][0], settings[i][1]);
    if (private_network)
        unit_file_add(unit, "Service", "PrivateNetwork", "yes");
    if (attachment->netns &&
        !render_take(unit, "NetworkNamespacePath", unit_quote_single_path("", attachment->netns, error)))
        return FALSE;
    return render_add_unit(render, name, unit, error);
}

gboolean render_proxies(const Render *render, GError **error)
{
    for (guint i = 0; i < render->spec->publish->len; i++) {
        const ServicePublish *publish = g_ptr_array_index(render->spec->publish, i);
        g_autofree char *socket = render_proxy_name(render, publish, ".socket");
        g_autofree char *proxy = render_proxy_name(render, publish, ".service");

        if (!socket || !proxy)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "the service's name is too long for a port behind it");
        if (!add_socket(render, publish, socket, error) || !add_proxy(render, publish, proxy, socket, error))
            return FALSE;
    }
    return TRUE;
}
