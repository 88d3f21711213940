// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

/* Names for services: the host's /etc/hosts and resolv.conf as files in /run/gourd, which are bound over those of images.
 *
 * They are written in place, so that what is bound already changes too; and by commands that an admin can read in the unit.
 * A network of a service's own cannot reach the stub of systemd-resolved on 127.0.0.53 (systemd-resolved.service(8)), so for
 * those there is a file with the servers behind it.
 *
 * gourd-names.path sees changes of the host's files. It is blind while what it has started runs, so that waits until nothing
 * changes any more. */

#define STUB_SERVER "^nameserver[[:space:]]+127[.]0[.]0[.]5[34]"
#define LOCALHOST "[[:space:]]localhost([[:space:]]|$)"
#define RESOLVED_UPLINK "/run/systemd/resolve/resolv.conf"

static const char hosts_script[] = "{ cat /etc/hosts; grep -Eq '" LOCALHOST "' /etc/hosts || "
                                   "echo '127.0.0.1 localhost'; } >" PATH_RUN "/hosts 2>/dev/null";
static const char resolv_script[] = "cat /etc/resolv.conf >" PATH_RUN "/resolv.conf 2>/dev/null || :";
static const char uplink_script[] = "from=/etc/resolv.conf; if grep -Eq '" STUB_SERVER
                                    "' $from && [ -s " RESOLVED_UPLINK " ]; then "
                                    "from=" RESOLVED_UPLINK "; fi; cat $from >" PATH_RUN
                                    "/resolv-uplink.conf 2>/dev/null || :";

/* Changes come in bursts: first one file, then the other, or one that is written twice. */
static const char follow_script[] = "while sleep 1; now=$(cat /etc/hosts /etc/resolv.conf " RESOLVED_UPLINK
                                    " 2>/dev/null | cksum); [ \"$now\" != \"$seen\" ]; do seen=$now; "
                                    "systemctl restart gourd-names.service; done";

#define NAMES_UNIT "gourd-names.service"
#define FOLLOW_UNIT "gourd-names.follow.service" /* all of gourd-names.* are shared, for the store */

static gboolean add_script(UnitFile *unit, const char *script, GError **error)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};

    return render_take(unit, "ExecStart", unit_quote_exec(argv[0], argv, UNIT_EXEC_NO_ENVIRONMENT, error));
}

void render_names_sandbox(UnitFile *unit, const char *runtime_directory)
{
    static const char *const settings[][2] = {
        {"RuntimeDirectoryPreserve", "yes"},
        {"UMask", "0022"},
        {"CapabilityBoundingSet", ""},
        {"NoNewPrivileges", "yes"},
        {"PrivateDevices", "yes"},
        {"PrivateNetwork", "yes"},
        {"PrivateTmp", "yes"},
        {"ProtectControlGroups", "yes"},
        {"ProtectHome", "yes"},
        {"ProtectKernelModules", "yes"},
        {"ProtectKernelTunables", "yes"},
        {"ProtectSystem", "strict"},
        {"RestrictNamespaces", "yes"},
    };

    unit_file_add(unit, "Service", "RuntimeDirectory", runtime_directory);
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++)
        unit_file_add(unit, "Service", settings[i][0], settings[i][1]);
}

static gboolean add_service(const Render *render, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();

    unit_file_add(unit, "Unit", "Description", "Host names and name servers for the services of gourd");
    unit_file_add(unit, "Unit", "Wants", "gourd-names.path");
    unit_file_add(unit, "Unit", "After", "gourd-names.path systemd-resolved.service");
    unit_file_add(unit, "Unit", "StartLimitIntervalSec", "0");
    unit_file_add(unit, "Service", "Type", "oneshot");
    unit_file_add(unit, "Service", "RemainAfterExit", "yes");
    if (!add_script(unit, hosts_script, error) || !add_script(unit, resolv_script, error) ||
        !add_script(unit, uplink_script, error))
        return FALSE;
    render_names_sandbox(unit, "gourd");
    return render_add_shared_unit(render, NAMES_UNIT, unit, error);
}

static gboolean add_follower(const Render *render, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();

    unit_file_add(unit, "Unit", "Description", "Changed host names and name servers for the services of gourd");
    unit_file_add(unit, "Unit", "StartLimitIntervalSec", "0");
    unit_file_add(unit, "Service", "Type", "oneshot");
    return add_script(unit, follow_script, error) && render_add_shared_unit(render, FOLLOW_UNIT, unit, error);
}

gboolean render_uses_names(const Render *render)
{
    const ServiceAttachment *attachment = &render->spec->attachment;

    return attachment->names_unit || (render->spec->hosts_file && !attachment->hosts_file) ||
           (render->spec->resolv_file && !attachment->resolv_file);
}

gboolean render_names(const Render *render, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();

    if (!render_uses_names(render))
        return TRUE;
    unit_file_add(unit, "Unit", "Description", "Changes of host names and name servers for the services of gourd");
    unit_file_add(unit, "Path", "PathChanged", "/etc/hosts");
    unit_file_add(unit, "Path", "PathChanged", "/etc/resolv.conf");
    unit_file_add(unit, "Path", "PathChanged", RESOLVED_UPLINK);
    unit_file_add(unit, "Path", "Unit", FOLLOW_UNIT);
    return add_service(render, error) && add_follower(render, error) &&
           render_add_shared_unit(render, "gourd-names.path", unit, error);
}
