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
#define PATH_UNIT "gourd-names.path"
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

static gboolean fill_service(UnitFile *unit, GError **error)
{
    unit_file_add(unit, "Unit", "Description", "Host names and name servers for the services of gourd");
    unit_file_add(unit, "Unit", "Wants", PATH_UNIT);
    unit_file_add(unit, "Unit", "After", PATH_UNIT " systemd-resolved.service");
    unit_file_add(unit, "Unit", "StartLimitIntervalSec", "0");
    unit_file_add(unit, "Service", "Type", "oneshot");
    unit_file_add(unit, "Service", "RemainAfterExit", "yes");
    if (!add_script(unit, hosts_script, error) || !add_script(unit, resolv_script, error) ||
        !add_script(unit, uplink_script, error))
        return FALSE;
    render_names_sandbox(unit, "gourd");
    return TRUE;
}

static gboolean fill_follower(UnitFile *unit, GError **error)
{
    unit_file_add(unit, "Unit", "Description", "Changed host names and name servers for the services of gourd");
    unit_file_add(unit, "Unit", "StartLimitIntervalSec", "0");
    unit_file_add(unit, "Service", "Type", "oneshot");
    return add_script(unit, follow_script, error);
}

static gboolean fill_path(UnitFile *unit, GError **error)
{
    unit_file_add(unit, "Unit", "Description", "Changes of host names and name servers for the services of gourd");
    unit_file_add(unit, "Path", "PathChanged", "/etc/hosts");
    unit_file_add(unit, "Path", "PathChanged", "/etc/resolv.conf");
    unit_file_add(unit, "Path", "PathChanged", RESOLVED_UPLINK);
    unit_file_add(unit, "Path", "Unit", FOLLOW_UNIT);
    return TRUE;
}

static const struct {
    const char *name;
    gboolean (*fill)(UnitFile *unit, GError **error);
} units[] = {{NAMES_UNIT, fill_service}, {FOLLOW_UNIT, fill_follower}, {PATH_UNIT, fill_path}};

gboolean render_uses_names(const Render *render)
{
    const ServiceAttachment *attachment = &render->spec->attachment;

    return attachment->names_unit || (render->spec->hosts_file && !attachment->hosts_file) ||
           (render->spec->resolv_file && !attachment->resolv_file);
}

/* What was rendered last: a stack has them for each of its services. */
static struct {
    GMutex lock;
    guint version;
    GBytes *contents[G_N_ELEMENTS(units)];
} rendered;

static GBytes *render_unit(const Render *render, gsize index, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();

    return units[index].fill(unit, error) ? render_shared_unit(render, units[index].name, unit, error) : NULL;
}

static gboolean add_unit(const Render *render, gsize index, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&rendered.lock);
    GBytes **content = &rendered.contents[index];

    if (rendered.version != render->context->systemd_version)
        for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
            g_clear_pointer(&rendered.contents[i], g_bytes_unref);
    rendered.version = render->context->systemd_version;
    if (!*content)
        *content = render_unit(render, index, error);
    if (*content)
        render_add_shared_unit(render, units[index].name, *content);
    return *content != NULL;
}

gboolean render_names(const Render *render, GError **error)
{
    if (!render_uses_names(render))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (!add_unit(render, i, error))
            return FALSE;
    return TRUE;
}
