// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

/* --publish HOST:SERVICE: a socket on the host's port, and a proxy that systemd starts at the first connection
 * (systemd-socket-proxyd(8)). The socket comes and goes with the service: so it is the service that wants it, and it needs no
 * enabling of its own. */

#define PROXY_PROGRAM "/usr/lib/systemd/systemd-socket-proxyd"

char *render_proxy_name(const Render *render, const ServicePublish *publish, const char *suffix)
{
    g_autofree char *port = g_strdup_printf("%u", publish->host_port);

    /* The service's own name fits, so its name with a port can only fail if it is at the limit: that comes up when the
     * file is written. */
    return unit_name_for_service(render->context->name, port, suffix, NULL);
}

static gboolean add_socket(const Render *render, const ServicePublish *publish, const char *name, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();

    unit_file_addf(unit, "Unit", "Description", "Port %u for %s", publish->host_port, render->context->name);
    unit_file_add(unit, "Unit", "PartOf", render->files->unit);
    if (publish->address) {
        unit_file_addf(unit, "Socket", "ListenStream", "%s:%u", publish->address, publish->host_port);
        unit_file_add(unit, "Socket", "FreeBind", "yes"); /* the address may come later */
    } else
        unit_file_addf(unit, "Socket", "ListenStream", "%u", publish->host_port);
    /* The service would start without it: a port that somebody else has must be found out. */
    g_ptr_array_add(render->files->start, g_strdup(name));
    return render_add_unit(render, name, unit, error);
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
    g_autofree char *target = g_strdup_printf("127.0.0.1:%u", publish->service_port);
    const char *const argv[] = {PROXY_PROGRAM, target, NULL};
    gboolean private_network = render->spec->network == SERVICE_NETWORK_NONE;

    unit_file_addf(unit, "Unit", "Description", "Connections to port %u for %s", publish->host_port,
                   render->context->name);
    unit_file_addf(unit, "Unit", "Requires", "%s %s", render->files->unit, socket);
    unit_file_addf(unit, "Unit", "After", "%s %s", render->files->unit, socket);
    if (private_network)
        unit_file_add(unit, "Unit", "JoinsNamespaceOf", render->files->unit);
    /* FIXME(systemd < 257): the proxy of 252 never says READY=1; with Type=notify it was killed after 90 s. */
    unit_file_add(unit, "Service", "Type", "exec");
    if (!render_take(unit, "ExecStart", unit_quote_exec(argv[0], argv, 0, error)))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++)
        unit_file_add(unit, "Service", settings[i][0], settings[i][1]);
    if (private_network)
        unit_file_add(unit, "Service", "PrivateNetwork", "yes");
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
