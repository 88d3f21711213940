// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <string.h>

#define MAN_PAGE "man:gourd-upgrade(1)" /* how a service is changed */

/* Restarts go on for ever, as those of a container do, but slow down. */
#define RESTART_USEC ((guint64)G_USEC_PER_SEC)
#define RESTART_STEPS "8"
#define RESTART_MAX_SEC "1min"

/* What a start may take beyond the probes: mounting, and a machine that boots. */
#define START_MARGIN_USEC (30 * G_USEC_PER_SEC)
/* How much later than the last probe gourd-init itself must have said something. */
#define WATCHDOG_MARGIN_USEC (10 * G_USEC_PER_SEC)

/* What must be mounted on the host before: systemd sees to it by itself only for the root. */
static gboolean add_needed_mounts(const Render *render, UnitFile *unit, GError **error)
{
    const GPtrArray *mounts = render->spec->mounts;

    for (guint i = 0; i < mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(mounts, i);
        g_autofree char *overlay = mount->kind == SERVICE_MOUNT_WRITABLE ? render_overlay_path(render->context, mount)
                                                                         : NULL;
        const char *path = overlay ? overlay : mount->source;
        g_autofree char *quoted = path ? unit_quote_path("", path, error) : NULL;

        if (path && !quoted)
            return FALSE;
        if (path && (overlay || (mount->kind == SERVICE_MOUNT_BIND && !mount->optional) || mount->mounted))
            unit_file_add(unit, "Unit", "RequiresMountsFor", quoted);
    }
    return TRUE;
}

/* What sets up names and network is there first. */
static void add_network_order(const Render *render, gboolean online, UnitFile *unit)
{
    const ServiceAttachment *attachment = &render->spec->attachment;
    gboolean network = online && (render->spec->network == SERVICE_NETWORK_HOST || attachment->netns);
    const char *const wanted[] = {
        render_uses_names(render) ? "gourd-names.service" : NULL,
        attachment->names_unit,
        network ? "network-online.target" : NULL,
    };
    g_autoptr(GString) after = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (wanted[i]) {
            unit_file_add(unit, "Unit", "Wants", wanted[i]);
            g_string_append_printf(after, "%s%s", after->len > 0 ? " " : "", wanted[i]);
        }
    if (after->len > 0)
        unit_file_add(unit, "Unit", "After", after->str);
    g_autofree char *identity = render_identity_unit(render);
    const char *const needed[] = {attachment->unit, identity};
    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++)
        if (needed[i]) {
            unit_file_add(unit, "Unit", "Requires", needed[i]);
            unit_file_add(unit, "Unit", "After", needed[i]);
        }
}

static void add_units(UnitFile *unit, const char *section, const char *key, char *const *names)
{
    for (; names && *names; names++)
        unit_file_add(unit, section, key, *names);
}

/* Without one, a service that fails is tried for ever. With one, systemd counts all starts, the first too: so many as fit into the
 * time that such restarts can take at most, each shorter than the window. */
static void add_start_limit(const Render *render, UnitFile *unit)
{
    const ServiceSpec *spec = render->spec;
    guint64 delay = spec->restart_delay_usec == SERVICE_UNSET ? RESTART_USEC : (guint64)spec->restart_delay_usec;
    g_autofree char *interval = unit_format_duration(spec->restart_max * (spec->restart_window_usec + delay));

    unit_file_add(unit, "Unit", "StartLimitIntervalSec", interval);
    if (spec->restart_max > 0)
        unit_file_addf(unit, "Unit", "StartLimitBurst", "%u", spec->restart_max + 1);
}

static void add_unit_section(const Render *render, UnitFile *unit)
{
    const ServiceSpec *spec = render->spec;
    g_autofree char *description = unit_quote_text(spec->description);

    unit_file_add(unit, "Unit", "Description", description);
    for (char **url = spec->documentation; *url; url++) {
        g_autofree char *quoted = unit_quote_percent(*url);

        unit_file_add(unit, "Unit", "Documentation", quoted);
    }
    unit_file_add(unit, "Unit", "Documentation", MAN_PAGE);
    add_network_order(render, TRUE, unit);
    for (guint i = 0; i < spec->publish->len; i++) {
        g_autofree char *socket = render_proxy_name(render, g_ptr_array_index(spec->publish, i), ".socket");

        unit_file_add(unit, "Unit", "Wants", socket);
    }
    add_units(unit, "Unit", "Wants", spec->wants);
    add_units(unit, "Unit", "Requires", spec->requires);
    if (spec->target)
        unit_file_add(unit, "Unit", "PartOf", spec->target);
    add_units(unit, "Unit", "PartOf", spec->part_of);
    add_units(unit, "Unit", "After", spec->wants);
    add_units(unit, "Unit", "After", spec->requires);
    add_units(unit, "Unit", "After", spec->after);
    add_start_limit(render, unit);
}

static void add_duration(UnitFile *unit, const char *key, guint64 usec)
{
    g_autofree char *text = unit_format_duration(usec);

    unit_file_add(unit, "Service", key, text);
}

/* How systemd learns that the service is up, and that it still is. */
static void add_readiness(const Render *render, UnitFile *unit)
{
    const ServiceSpec *spec = render->spec;
    const ServiceHealth *health = &spec->health;
    guint64 probe = health->interval_usec + health->timeout_usec;
    gboolean init = render_needs_init(spec, TRUE);

    if (spec->oneshot) {
        unit_file_add(unit, "Service", "Type", "oneshot");
        unit_file_add(unit, "Service", "RemainAfterExit", "yes");
        return;
    }
    unit_file_add(unit, "Service", "Type", init || spec->notify ? "notify" : "exec");
    if (init || spec->notify) /* beside a program that is process 1, gourd-init is not the main process */
        unit_file_add(unit, "Service", "NotifyAccess", spec->notify || spec->process1 ? "all" : "main");

    if (health->kind == SERVICE_HEALTH_NONE)
        return;
    /* gourd-init says itself that the service is unhealthy; the watchdog is for the case that it says nothing. */
    add_duration(unit, "WatchdogSec", probe * (health->retries + 1) + WATCHDOG_MARGIN_USEC);
    unit_file_add(unit, "Service", "WatchdogSignal", spec->stop_signal ? spec->stop_signal : "SIGTERM");
    add_duration(unit, "TimeoutStartSec", health->start_period_usec + probe * health->retries + START_MARGIN_USEC);
}

static void add_restart(const Render *render, UnitFile *unit)
{
    const ServiceSpec *spec = render->spec;
    gboolean is_asked = spec->restart_delay_usec != SERVICE_UNSET;

    unit_file_add(unit, "Service", "Restart", service_restart_words[spec->restart]);
    if (spec->restart == SERVICE_RESTART_NO)
        return;
    add_duration(unit, "RestartSec", is_asked ? (guint64)spec->restart_delay_usec : RESTART_USEC);
    if (is_asked || spec->restart_max > 0)
        return;
    /* Nobody asked for these, so their absence is not worth a note. */
    if (unit_target_knows(render->context->systemd_version, "Service", "RestartSteps", NULL)) {
        unit_file_add(unit, "Service", "RestartSteps", RESTART_STEPS);
        unit_file_add(unit, "Service", "RestartMaxDelaySec", RESTART_MAX_SEC);
    }
}

/* A shell or a Java program that was ended by a signal says so by its exit status; systemd takes that for a failure. */
static int status_of_signal(const char *name)
{
    static const struct {
        const char *name;
        int status;
    } statuses[] = {{"SIGTERM", 143}, {"SIGINT", 130}, {"SIGQUIT", 131}, {"SIGHUP", 129}};

    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (strcmp(statuses[i].name, name) == 0)
            return statuses[i].status;
    return 0;
}

static void add_stopping(const Render *render, UnitFile *unit)
{
    const ServiceSpec *spec = render->spec;
    const char *signal = spec->stop_signal ? spec->stop_signal : "SIGTERM";
    int status = status_of_signal(signal);

    unit_file_add(unit, "Service", "KillMode", "mixed");
    if (strcmp(signal, "SIGTERM") != 0)
        unit_file_add(unit, "Service", "KillSignal", signal);
    if (spec->stop_timeout_usec != SERVICE_UNSET)
        add_duration(unit, "TimeoutStopSec", (guint64)spec->stop_timeout_usec);
    /* Of a task others wait that it ends well, which is not to be ended. */
    if (status && !spec->oneshot)
        unit_file_addf(unit, "Service", "SuccessExitStatus", "%d %s", status, signal);
    else if (!spec->oneshot)
        unit_file_add(unit, "Service", "SuccessExitStatus", signal);
    unit_file_add(unit, "Service", "OOMPolicy", "continue");
    /* As in a container: "yes | head" ends. */
    unit_file_add(unit, "Service", "IgnoreSIGPIPE", "no");
}

static gboolean add_limits(const Render *render, UnitFile *unit, GError **error)
{
    const GPtrArray *limits = render->spec->limits;

    if (render->spec->slice)
        unit_file_add(unit, "Service", "Slice", render->spec->slice);
    for (guint i = 0; i < limits->len; i++) {
        const ServiceLimit *limit = g_ptr_array_index(limits, i);
        g_autofree char *device = limit->device ? unit_quote_path("", limit->device, error) : NULL;

        if (limit->device && !device)
            return FALSE;
        unit_file_addf(unit, "Service", limit->key, "%s%s%s", device ? device : "", device ? " " : "", limit->value);
    }
    return TRUE;
}

/* What systemd does not read: for people, and for a host without gourd. */
static void add_backup(const ServiceSpec *spec, UnitFile *unit)
{
    const ServiceBackup *backup = &spec->backup;
    const struct {
        const char *key;
        char *const *argv;
    } commands[] = {
        {"BackupDump", backup->dump},
        {"BackupRestore", backup->restore},
        {"BackupBefore", backup->before},
        {"BackupAfter", backup->after},
    };

    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autoptr(GString) text = g_string_new(NULL);

        for (char *const *word = commands[i].argv; word && *word; word++) {
            g_autofree char *quoted = unit_quote_word(*word);

            g_string_append_printf(text, "%s%s", text->len ? " " : "", quoted);
        }
        if (text->len)
            unit_file_add(unit, "X-Gourd", commands[i].key, text->str);
    }
    if (backup->volume)
        unit_file_add(unit, "X-Gourd", "BackupVolume", backup->volume);
}

/* Labels are for people and for other programs: systemd reads no X- section. */
static void add_install(const Render *render, UnitFile *unit)
{
    const ServiceSpec *spec = render->spec;

    unit_file_add(unit, "Install", "WantedBy", spec->target ? spec->target : "multi-user.target");
    add_units(unit, "Install", "Alias", spec->aliases);
    for (char **label = spec->labels; label && *label; label++) {
        g_autofree char *quoted = unit_quote_word(*label);

        unit_file_add(unit, "X-Gourd", "Label", quoted);
    }
    add_backup(spec, unit);
}

gboolean render_service(const Render *render, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();

    add_unit_section(render, unit);
    if (!add_needed_mounts(render, unit, error))
        return FALSE;
    add_readiness(render, unit);
    if (!render_exec(render, render->spec->program, render->spec->argv, TRUE, unit, error) ||
        !render_hooks(render, unit, error))
        return FALSE;
    add_restart(render, unit);
    add_stopping(render, unit);
    if (!add_limits(render, unit, error) || !render_place(render, unit, error))
        return FALSE;
    add_install(render, unit);
    return render_add_unit(render, render->files->unit, unit, error);
}

/* Run once, in the place of the service, which is down meanwhile; not enabled, and not restarted. */
gboolean render_pre_upgrade(const Render *render, GError **error)
{
    char *const *argv = render->spec->pre_upgrade;
    g_autoptr(UnitFile) unit = unit_file_new();

    if (!argv)
        return TRUE;
    g_autofree char *name = unit_name_for_service(render->context->name, "pre-upgrade", ".service", error);
    g_autofree char *description = unit_quote_text(render->spec->description);
    if (!name)
        return FALSE;
    unit_file_addf(unit, "Unit", "Description", "%s: before an upgrade", description);
    add_network_order(render, FALSE, unit);
    add_units(unit, "Unit", "Requires", render->spec->requires);
    add_units(unit, "Unit", "After", render->spec->requires);
    unit_file_add(unit, "Unit", "Conflicts", render->files->unit);
    unit_file_add(unit, "Unit", "Before", render->files->unit);
    unit_file_add(unit, "Service", "Type", "oneshot");
    if (!add_needed_mounts(render, unit, error) || !render_exec(render, argv[0], argv, FALSE, unit, error))
        return FALSE;
    if (!add_limits(render, unit, error) || !render_place(render, unit, error))
        return FALSE;
    render->files->pre_upgrade = g_steal_pointer(&name);
    return render_add_unit(render, render->files->pre_upgrade, unit, error);
}
