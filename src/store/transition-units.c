// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transition.h"

#include <string.h>

gboolean unit_is_active(Store *store, const char *unit)
{
    static const char *const states[] = {"active", "activating", "reloading", "deactivating", NULL};
    HostUnit status;

    if (!host_is_live(store->host) || !host_get_unit(store->host, unit, &status, NULL))
        return FALSE;
    gboolean active = status.active_state && g_strv_contains(states, status.active_state);
    host_unit_clear(&status);
    return active;
}

static gboolean contains(const GPtrArray *units, const char *unit)
{
    return units && g_ptr_array_find_with_equal_func((GPtrArray *)units, unit, g_str_equal, NULL);
}

/* Whether a unit of the old release is another one in the new, or none. */
static gboolean unit_changes(const Transition *transition, const char *unit)
{
    g_autofree char *path = g_strconcat(PATH_UNITS "/", unit, NULL);
    const ServiceFile *old = record_find(transition->old, path), *new = record_find(transition->new, path);

    if (!old || !old->content || !new || !new->content)
        return TRUE;
    g_autofree char *old_text = record_unit_lines(old->content, TRUE);
    g_autofree char *new_text = record_unit_lines(new->content, TRUE);
    return strcmp(old_text, new_text) != 0;
}

/* The units of the old release that run and become others, or go; the last one that would be started first. */
static GPtrArray *find_stopped(const Transition *transition)
{
    const ServiceFiles *old = transition->old->files;
    GPtrArray *stopped = g_ptr_array_new();

    for (guint i = old->units->len; i-- > 0;) {
        const char *unit = g_ptr_array_index(old->units, i);

        if (strcmp(unit, old->unit) != 0 && !file_is_shared(unit) && g_strcmp0(unit, old->pre_upgrade) != 0 &&
            unit_changes(transition, unit) && unit_is_active(transition->store, unit))
            g_ptr_array_add(stopped, (char *)unit);
    }
    return stopped;
}

gboolean plan_stops(const Transition *transition)
{
    const ServiceFiles *old = transition->old ? transition->old->files : NULL;
    Plan *plan = transition->change->plan;

    if (!old || !transition->start)
        return FALSE;
    g_autoptr(GPtrArray) stopped = find_stopped(transition);
    g_autoptr(GString) mounts = g_string_new(NULL);
    for (guint i = 0; i < stopped->len; i++) {
        const char *unit = g_ptr_array_index(stopped, i);

        if (g_str_has_suffix(unit, ".mount"))
            g_string_append_printf(mounts, " %s", unit);
        else
            plan_act(plan, "stop", unit, "revive", unit);
    }
    /* The service has its files open there: so all of them stop in one step, and are revived in one. */
    if (mounts->len == 0 || !unit_is_active(transition->store, old->unit))
        return FALSE;
    g_string_prepend(mounts, old->unit);
    plan_act(plan, "halt", mounts->str, "revive", mounts->str);
    return TRUE;
}

/* Units of all services that come with this one. */
static void plan_shared_abandons(const Transition *transition)
{
    const GPtrArray *files = transition->new->files->files;

    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);
        g_autofree char *unit = g_path_get_basename(file->path);

        if (file_is_shared(file->path) && !unit_is_active(transition->store, unit))
            plan_act(transition->change->plan, "reset-failed", unit, "abandon", unit);
    }
}

/* Undoing runs in the order of the actions. So what starts now and must be stopped then has its action before volumes are
 * filled, which a running program may need in order to end, and before the manager reads the units again: systemd still knows
 * how the unit wants to be stopped. */
void plan_abandons(const Transition *transition)
{
    const ServiceFiles *new = transition->new->files;

    if (!transition->start)
        return;
    for (guint i = 0; i < new->start->len; i++) {
        const char *unit = g_ptr_array_index(new->start, i);

        if (!contains(transition->old ? transition->old->files->units : NULL, unit) &&
            !unit_is_active(transition->store, unit))
            plan_act(transition->change->plan, "reset-failed", unit, "abandon", unit);
    }
    plan_shared_abandons(transition);
}

void plan_starts(const Transition *transition, gboolean pre_stopped)
{
    const ServiceFiles *new = transition->new->files;
    Plan *plan = transition->change->plan;

    if (!host_is_live(transition->store->host))
        return;
    if (!transition->start) {
        plan_act(plan, "reload", NULL, "reload", NULL);
        return;
    }
    plan_act(plan, "reload", NULL, "reload", NULL);
    for (guint i = 0; i < new->start->len; i++) {
        const char *unit = g_ptr_array_index(new->start, i);

        if (strcmp(unit, new->unit) != 0)
            plan_act(plan, "start", unit, NULL, NULL);
    }
    /* A unit that was failing had its reasons counted; those of the new release count anew. */
    if (transition->old)
        plan_act(plan, "reset-failed", new->unit, NULL, NULL);
    if (!transition->old)
        plan_act(plan, "start", new->unit, NULL, NULL);
    else if (pre_stopped)
        plan_act(plan, "restart", new->unit, NULL, NULL);
    else
        plan_act(plan, "restart", new->unit, unit_is_active(transition->store, new->unit) ? "revive" : "abandon",
                 new->unit);
    if (!new->has_health &&new->steady_sec > 0) {
        g_autofree char *argument = g_strdup_printf("%s %" G_GINT64_FORMAT, new->unit, new->steady_sec);

        plan_act(plan, "steady", argument, NULL, NULL);
    }
}
