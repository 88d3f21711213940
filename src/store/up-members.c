// SPDX-License-Identifier: LGPL-2.1-or-later
#include "up.h"

#include <string.h>

/* Bundles that are opened: the first of the services that name each. */
typedef struct {
    const Up *up;
    GPtrArray *first; /* Member */
} Opening;

static Member *find_member(const Up *up, const char *name)
{
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (strcmp(member->service->name, name) == 0)
            return member;
    }
    return NULL;
}

gboolean up_fail_member(const Member *member, GError **error)
{
    const StackService *service = member->service;

    stack_say_keys(error);
    return gourd_error_prefix(error, "%s%sservice %s", service->place ? service->place : "", service->place ? ": " : "",
                              service->name);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

/* A service of that name that is not this stack's. */
static gboolean check_owner(const Up *up, const Member *member, GError **error)
{
    const char *name = member->service->full_name;

    if (!member->deploy.before || (up->before && g_strv_contains((const char *const *)up->before->full_names, name)))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_EXISTS, "there is a service '%s' already, which is not of this stack", name);
    return gourd_error_hint(error, "another name for the stack (-p) avoids it; 'gourd remove %s' removes it", name);
}

static gboolean look_at_member(const Up *up, Member *member, GError **error)
{
    const char *name = member->service->full_name;

    return service_name_check(name, error) && state_read(up->store, name, &member->deploy.before, error) &&
           check_owner(up, member, error);
}

static gboolean add_member(const Up *up, const StackService *service, GError **error)
{
    const StoreStackRequest *request = up->request;
    Member *member = g_new0(Member, 1);

    g_ptr_array_add(up->members, member);
    member->service = service;
    service_options_copy(&service->options, &member->options);
    member->request = (StoreRequest){
        .bundle = service->bundle,
        .name = service->full_name,
        .options = &member->options,
        .target = request->target,
        .full_verify = request->full_verify,
        .no_start = request->no_start,
        .no_enable = request->no_enable,
        .no_state = request->no_state,
        .init_path = request->init_path,
    };
    member->deploy = (Deploy){
        .store = up->store,
        .request = &member->request,
        .notes = up->notes,
        .change = change_add_member(up->change, service->full_name),
    };
    return look_at_member(up, member, error) || up_fail_member(member, error);
}

static gboolean open_bundle(guint number, gpointer data, GError **error)
{
    const Up *up = ((const Opening *)data)->up;
    const Member *member = g_ptr_array_index(((const Opening *)data)->first, number);
    struct StorePending *pending = member->deploy.change->pending;

    pending->source = bundle_source_open(up->store, member->service->bundle, error);
    /* What will be needed of it in any case, since here all processors are at it. */
    return (pending->source && service_image_config(pending->source->image, error) &&
            (member->deploy.before || bundle_source_check(pending->source, error))) ||
           up_fail_member(member, error);
}

/* The bundle that several services name is opened, checked and looked through once. */
static gboolean open_bundles(const Up *up, GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal); /* what is asked for → Member */
    g_autoptr(GPtrArray) first = g_ptr_array_new();
    Opening opening = {.up = up, .first = first};

    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (g_hash_table_contains(known, member->service->bundle))
            continue;
        g_hash_table_insert(known, (gpointer)member->service->bundle, member);
        g_ptr_array_add(first, member);
    }
    if (!parallel_run(first->len, open_bundle, &opening, error))
        return FALSE;
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);
        const Member *other = g_hash_table_lookup(known, member->service->bundle);

        if (other != member)
            member->deploy.change->pending->source = bundle_source_ref(other->deploy.change->pending->source);
    }
    return TRUE;
}

gboolean up_open_members(Up *up, GError **error)
{
    const GPtrArray *services = up->request->stack->services;

    for (guint i = 0; i < services->len; i++)
        if (!add_member(up, g_ptr_array_index(services, i), error))
            return FALSE;
    return open_bundles(up, error);
}

/* --- rendering ---------------------------------------------------------------------------------------------------- */

static gboolean prepare_member(const Up *up, Member *member, GError **error)
{
    if (up->network)
        stack_network_to_options(up->network, member->service->name, &member->options);
    store_secure_options(up->store, member->service->full_name, &member->options, up->notes);
    return deploy_read_context(&member->deploy, &member->revision, error);
}

static gboolean render_member(guint number, gpointer data, GError **error)
{
    const Up *up = data;
    Member *member = g_ptr_array_index(up->members, number);
    Deploy *deploy = &member->deploy;

    if (deploy->before && !deploy_compare(deploy, &member->same, error))
        return up_fail_member(member, error);
    member->kept = deploy->before && !member->same && member->service->keep;
    member->same |= member->kept;
    return member->same || deploy_render(deploy, member->revision, error) || up_fail_member(member, error);
}

/* What is being stopped will not run. */
static gboolean goes_on(const Up *up, const char *unit, const GPtrArray *stopping)
{
    return unit_is_active(up->store, unit) &&
           !(stopping && g_ptr_array_find_with_equal_func((GPtrArray *)stopping, unit, g_str_equal, NULL));
}

static void finish_member(const Up *up, Member *member, const GPtrArray *stopping)
{
    const Deploy *deploy = &member->deploy;

    change_name_releases(deploy->change, deploy->before,
                         deploy->before && member->same ? deploy->before->active : member->revision,
                         deploy->change->pending->source->version);
    member->active = deploy->before && goes_on(up, deploy->before->unit, stopping);
}

/* "service_healthy" of a service that has no health check would wait for nothing. */
static gboolean check_conditions(const Up *up, const Member *member, GError **error)
{
    for (guint i = 0; i < member->service->depends->len; i++) {
        const StackDependency *dependency = g_ptr_array_index(member->service->depends, i);
        const Member *other = find_member(up, dependency->service);

        if (!other || dependency->condition != STACK_HEALTHY)
            continue;
        const Record *record = other->same ? other->deploy.old : other->deploy.new;
        if (record->files->has_health)
            continue;
        gourd_error_set(error, GOURD_ERROR_INPUT,
                        "%s%sservice %s waits until '%s' is healthy, which has no health check",
                        member->service->place ? member->service->place : "", member->service->place ? ": " : "",
                        member->service->name, dependency->service);
        return gourd_error_hint(error, "give %s a 'healthcheck:', or make the condition service_started",
                                dependency->service);
    }
    return TRUE;
}

/* A replica that was not there or did not run is one more: what runs with the others goes on. */
static gboolean is_one_more(const Member *other)
{
    return other->service->replica_of && (!other->deploy.before || !other->active);
}

/* By itself. What nobody asked for may have been stopped on purpose. */
static gboolean must_start(const Member *member)
{
    return (!member->same && !member->deploy.runs_on) || (!member->active && !member->service->keep);
}

static gboolean needs_restarting(const Up *up, const Member *member)
{
    for (guint i = 0; i < member->service->depends->len; i++) {
        const StackDependency *dependency = g_ptr_array_index(member->service->depends, i);
        const Member *other = find_member(up, dependency->service);

        if (other && other->restarts && !is_one_more(other) && (dependency->required || dependency->restart))
            return member->active || !member->service->keep;
    }
    return FALSE;
}

gboolean up_render_members(Up *up, GError **error)
{
    g_autoptr(GPtrArray) stopping = NULL;

    if (up_starts(up) && !host_list_stopping(up->store->host, &stopping, error))
        return FALSE;
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (!prepare_member(up, member, error))
            return up_fail_member(member, error);
    }
    if (!parallel_run(up->members->len, render_member, up, error))
        return FALSE;
    for (guint i = 0; i < up->members->len; i++)
        finish_member(up, g_ptr_array_index(up->members, i), stopping);
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (!check_conditions(up, member, error))
            return FALSE;
        member->restarts = must_start(member) || needs_restarting(up, member);
    }
    return TRUE;
}
