// SPDX-License-Identifier: LGPL-2.1-or-later
#include "change.h"
#include "volume-task.h"

static void pending_free(struct StorePending *pending)
{
    if (!pending)
        return;
    service_spec_free(pending->spec);
    bundle_source_unref(pending->source);
    g_free(pending->bundle_path);
    g_free(pending->init_path);
    g_free(pending->user);
    g_hash_table_unref(pending->volumes);
    volume_task_free(pending->task);
    g_free(pending);
}

StoreChange *store_change_new(const char *name, const char *title)
{
    StoreChange *change = g_new0(StoreChange, 1);

    change->plan = title ? plan_new(title) : NULL;
    if (change->plan)
        plan_set_brief(change->plan, PATH_STATE);
    change->name = g_strdup(name);
    change->pending = g_new0(struct StorePending, 1);
    change->pending->volumes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return change;
}

StoreChange *store_change_new_other(const char *title, gpointer subject, GDestroyNotify free_subject)
{
    StoreChange *change = store_change_new("", title);

    change->subject = subject;
    change->free_subject = free_subject;
    return change;
}

StoreChange *change_add_member(StoreChange *stack, const char *name)
{
    StoreChange *member = store_change_new(name, NULL);

    if (!stack->members)
        stack->members = g_ptr_array_new_with_free_func((GDestroyNotify)store_change_free);
    member->plan = stack->plan;
    member->stack = stack;
    g_ptr_array_add(stack->members, member);
    return member;
}

const StoreChange *change_find_sibling(const StoreChange *change,
                                       gboolean (*match)(const StoreChange *sibling, const char *argument),
                                       const char *argument)
{
    const GPtrArray *members = (change->stack ? change->stack : change)->members;

    for (guint i = 0; members && i < members->len; i++) {
        const StoreChange *sibling = g_ptr_array_index(members, i);

        if (sibling != change && match(sibling, argument))
            return sibling;
    }
    return NULL;
}

void store_change_free(StoreChange *change)
{
    if (!change)
        return;
    g_clear_pointer(&change->members, g_ptr_array_unref);
    if (!change->stack)
        plan_free(change->plan);
    pending_free(change->pending);
    g_free(change->name);
    g_free(change->unit);
    g_free(change->from_version);
    g_free(change->to_version);
    g_free(change->network_reason);
    if (change->free_subject)
        change->free_subject(change->subject);
    g_free(change);
}

void change_name_releases(StoreChange *change, const StoreService *service, guint to, const char *to_version)
{
    const StoreRelease *from = service ? store_service_release(service, service->active) : NULL;

    change->from = from ? from->revision : 0;
    change->from_version = from ? g_strdup(from->version) : NULL;
    change->to = to;
    change->to_version = g_strdup(to_version);
}

void change_write_state(StoreChange *change, const StoreService *service)
{
    g_autofree char *path = state_path(service->name);
    g_autoptr(GBytes) content = state_format(service);

    plan_write(change->plan, path, STATE_MODE, content);
}

gboolean change_purge(Store *store, StoreChange *change, const char *path, GError **error)
{
    struct stat status;
    gboolean found;

    if (!root_look(store->root, path, &status, &found, error))
        return FALSE;
    if (!found)
        return TRUE;
    change->bytes += root_measure(store->root, path);
    plan_purge(change->plan, path);
    return TRUE;
}
