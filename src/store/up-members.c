// SPDX-License-Identifier: LGPL-2.1-or-later
#include "up.h"

#include <string.h>

static Member *find_member(const Up *up, const char *name)
{
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (strcmp(member->service->name, name) == 0)
            return member;
    }
    return NULL;
}

static gboolean fail_member(const Member *member, GError **error)
{
    const StackService *service = member->service;

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

/* The bundle of another service that names the same: it is opened, checked and looked through once. */
static BundleSource *find_opened(const Up *up, const char *bundle)
{
    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);
        BundleSource *source = member->deploy.change->pending->source;

        if (source && g_strcmp0(source->asked, bundle) == 0)
            return source;
    }
    return NULL;
}

static gboolean open_member(const Up *up, Member *member, GError **error)
{
    const char *name = member->service->full_name;
    Deploy *deploy = &member->deploy;

    if (!service_name_check(name, error) || !state_read(up->store, name, &deploy->before, error) ||
        !check_owner(up, member, error))
        return FALSE;
    BundleSource *shared = find_opened(up, member->service->bundle);
    deploy->change->pending->source = shared ? bundle_source_ref(shared)
                                             : bundle_source_open(up->store, member->service->bundle, error);
    return deploy->change->pending->source != NULL;
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
    return open_member(up, member, error) || fail_member(member, error);
}

gboolean up_open_members(Up *up, GError **error)
{
    const GPtrArray *services = up->request->stack->services;

    for (guint i = 0; i < services->len; i++)
        if (!add_member(up, g_ptr_array_index(services, i), error))
            return FALSE;
    return TRUE;
}

/* --- rendering ---------------------------------------------------------------------------------------------------- */

static gboolean render_member(const Up *up, Member *member, GError **error)
{
    Deploy *deploy = &member->deploy;
    guint revision;

    if (up->network)
        stack_network_to_options(up->network, member->service->name, &member->options);
    store_secure_options(up->store, member->service->full_name, &member->options, up->notes);
    if (!deploy_read_context(deploy, &revision, error))
        return FALSE;
    if (deploy->before && !deploy_compare(deploy, &member->same, error))
        return FALSE;
    if (!member->same && !deploy_render(deploy, revision, error))
        return FALSE;
    change_name_releases(deploy->change, deploy->before,
                         deploy->before && member->same ? deploy->before->active : revision,
                         deploy->change->pending->source->version);
    member->active = deploy->before && unit_is_active(up->store, deploy->before->unit);
    return TRUE;
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

static gboolean needs_restarting(const Up *up, const Member *member)
{
    for (guint i = 0; i < member->service->depends->len; i++) {
        const StackDependency *dependency = g_ptr_array_index(member->service->depends, i);
        const Member *other = find_member(up, dependency->service);

        if (other && other->restarts && !is_one_more(other) && (dependency->required || dependency->restart))
            return TRUE;
    }
    return FALSE;
}

gboolean up_render_members(Up *up, GError **error)
{
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (!render_member(up, member, error))
            return fail_member(member, error);
    }
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (!check_conditions(up, member, error))
            return FALSE;
        member->restarts = !member->same || !member->active || needs_restarting(up, member);
    }
    return TRUE;
}
