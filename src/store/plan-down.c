// SPDX-License-Identifier: LGPL-2.1-or-later
#include "change.h"
#include "stack-state.h"
#include "transition.h"

#include <string.h>

/* The folder of links that start the services, unless somebody else has something there too. */
static gboolean purge_wants(Store *store, const StoreStack *stack, const char *target, StoreChange *change,
                            GError **error)
{
    g_autofree char *folder = g_strdup_printf(PATH_UNITS "/%s.wants", target);
    g_autoptr(GPtrArray) names = NULL;

    if (!root_list(store->root, folder, &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *unit = g_ptr_array_index(names, i);
        g_autofree char *name = g_strndup(unit, strcspn(unit, "."));

        if (!g_strv_contains((const char *const *)stack->full_names, name))
            return TRUE;
    }
    return names->len == 0 || change_purge(store, change, folder, error);
}

static gboolean plan_stack_removal(Store *store, const StoreStack *stack, StoreChange *change, GError **error)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);
    g_autofree char *state = stack_state_path(stack->name);

    for (guint i = stack->units->len; i-- > 0;) {
        const ServiceFile *file = g_ptr_array_index(stack->units, i);
        g_autofree char *unit = g_path_get_basename(file->path);

        if (g_str_has_prefix(file->path, PATH_UNITS "/") && unit_is_active(store, unit))
            plan_act(change->plan, "stop", unit, "revive", unit);
        if (g_str_has_prefix(file->path, PATH_UNITS "/") && !links_of_unit(unit, file->content, links, error))
            return FALSE;
        plan_remove(change->plan, file->path);
    }
    for (guint i = 0; i < links->len; i++)
        plan_remove(change->plan, ((const ServiceFile *)g_ptr_array_index(links, i))->path);
    plan_remove(change->plan, state);
    if (host_is_live(store->host))
        plan_act(change->plan, "reload", NULL, "reload", NULL);
    return TRUE;
}

/* Moves what is of the stack from all services to another array. */
static GPtrArray *take_members(const StoreStack *stack, GPtrArray *services)
{
    GPtrArray *members = g_ptr_array_new_with_free_func((GDestroyNotify)store_service_free);

    for (guint i = g_strv_length(stack->full_names); i-- > 0;)
        for (guint j = 0; j < services->len; j++)
            if (strcmp(((const StoreService *)g_ptr_array_index(services, j))->name, stack->full_names[i]) == 0) {
                g_ptr_array_add(members, g_ptr_array_steal_index(services, j));
                break;
            }
    return members;
}

static gboolean plan_down(Store *store, const StoreStack *stack, gboolean purge, StoreChange *change, Notes *notes,
                          GError **error)
{
    g_autofree char *target = unit_name_for_stack(stack->name, ".target", error);
    g_autofree char *generated = g_build_filename(PATH_STACKS, stack->name, NULL);
    g_autofree char *volumes = g_build_filename(PATH_VOLUMES, stack->name, NULL);
    g_autoptr(GPtrArray) services = NULL;

    if (!target || !store_list(store, &services, error))
        return FALSE;
    g_autoptr(GPtrArray) members = take_members(stack, services), others = g_ptr_array_copy(services, NULL, NULL);
    g_ptr_array_set_free_func(others, NULL);
    if (unit_is_active(store, target))
        plan_act(change->plan, "stop", target, "revive", target);
    for (guint i = 0; i < members->len; i++) {
        const StoreService *service = g_ptr_array_index(members, i);
        g_autoptr(GPtrArray) rest = g_ptr_array_new();

        /* Only with the last of them does what all services share go. */
        for (guint j = 0; j < others->len; j++)
            g_ptr_array_add(rest, g_ptr_array_index(others, j));
        for (guint j = i + 1; j < members->len; j++)
            g_ptr_array_add(rest, g_ptr_array_index(members, j));
        if (!change_remove(store, change_add_member(change, service->name), service, purge, rest, notes, error))
            return FALSE;
    }
    return plan_stack_removal(store, stack, change, error) && purge_wants(store, stack, target, change, error) &&
           change_purge(store, change, generated, error) && (!purge || change_purge(store, change, volumes, error));
}

StoreChange *store_plan_down(Store *store, const char *name, gboolean purge, Notes *notes, GError **error)
{
    g_autoptr(StoreStack) stack = store_find_stack(store, name, error);
    g_autofree char *title = g_strdup_printf("take down %s", name);
    g_autoptr(StoreChange) change = store_change_new(name, title);

    if (!stack || !plan_down(store, stack, purge, change, notes, error))
        return NULL;
    for (guint i = 0; change->members && i < change->members->len; i++)
        change->bytes += ((const StoreChange *)g_ptr_array_index(change->members, i))->bytes;
    return g_steal_pointer(&change);
}
