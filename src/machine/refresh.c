// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"

#define RECORD_MODE 0644

gboolean machine_is_active(Host *host, const char *unit)
{
    HostUnit status;

    if (!host_is_live(host) || !host_get_unit(host, unit, &status, NULL))
        return FALSE;
    const gboolean active = g_strcmp0(status.active_state, "active") == 0;
    host_unit_clear(&status);
    return active;
}

StoreChange *machine_plan_refresh(Host *host, const char *name, gboolean restart, Notes *notes, GError **error)
{
    g_autoptr(MachineRecord) record = machine_find(host, name, error);
    g_autoptr(MachineDrift) drift = record ? machine_drift_new(host, record, notes, error) : NULL;
    g_autofree char *title = g_strdup_printf("refresh the machine %s", name), *path = machine_record_path(name);
    g_autofree char *stage = machine_stage_path(name);

    if (!drift)
        return NULL;
    MachineDrift *subject = g_steal_pointer(&drift);
    StoreChange *change = store_change_new_other(title, subject, (GDestroyNotify)machine_drift_free);
    const gboolean has_changes = subject->changes->len > 0;
    if (has_changes)
        plan_act(change->plan, MACHINE_VERB_GRAFT, name, MACHINE_VERB_UNGRAFT, name);
    if (has_changes || subject->upgrades->len > 0) {
        json_decref(record->skeleton);
        record->skeleton = machine_skeleton_to_json(subject->now);
        g_autoptr(GBytes) content = machine_record_format(record);
        plan_write(change->plan, path, RECORD_MODE, content);
    }
    /* Where a package is missing, it would not come up again. */
    if (restart && !machine_drift_is_none(subject) && !subject->missing && machine_is_active(host, record->unit))
        plan_act(change->plan, "restart", record->unit, "restart", record->unit);
    if (has_changes)
        plan_purge(change->plan, stage);
    return change;
}
