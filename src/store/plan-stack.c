// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy.h"
#include "stack-state.h"

#include <string.h>

/* A service of the stack on its way. */
typedef struct {
    const StackService *service;
    StoreRequest request;
    Deploy deploy;
    Transition transition;
    gboolean same;     /* nothing of it changes */
    gboolean active;   /* it runs now */
    gboolean restarts; /* it, or something that it needs, is started or restarted */
} Member;

typedef struct {
    Store *store;
    const StoreStackRequest *request;
    Notes *notes;
    StoreChange *change;
    StoreStack *before; /* NULL: it is not up */
    GPtrArray *members; /* Member, in the order of their start */
    GPtrArray *units;   /* ServiceFile: the stack's own */
    GPtrArray *gone;    /* StoreService: what the stack does not have any more */
    GPtrArray *others;  /* StoreService: all that remain without these */
} Up;

static void member_free(gpointer data)
{
    Member *member = data;

    deploy_clear(&member->deploy);
    g_free(member);
}

static void up_clear(Up *up)
{
    store_change_free(up->change);
    store_stack_free(up->before);
    g_clear_pointer(&up->members, g_ptr_array_unref);
    g_clear_pointer(&up->units, g_ptr_array_unref);
    g_clear_pointer(&up->gone, g_ptr_array_unref);
    g_clear_pointer(&up->others, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Up, up_clear)

static gboolean starts(const Up *up)
{
    return !up->request->no_start && host_is_live(up->store->host);
}

static Member *find_member(const Up *up, const char *name)
{
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (strcmp(member->service->name, name) == 0)
            return member;
    }
    return NULL;
}

/* --- each service ------------------------------------------------------------------------------------------------- */

/* A service of that name that is not this stack's. */
static gboolean check_owner(const Up *up, const Member *member, GError **error)
{
    const char *name = member->service->full_name;

    if (!member->deploy.before || (up->before && g_strv_contains((const char *const *)up->before->full_names, name)))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_EXISTS, "there is a service '%s' already, which is not of this stack", name);
    return gourd_error_hint(error, "another name for the stack (-p) avoids it; 'gourd remove %s' removes it", name);
}

static gboolean render_member(const Up *up, Member *member, GError **error)
{
    Deploy *deploy = &member->deploy;
    guint revision;

    if (!service_name_check(member->service->full_name, error) ||
        !state_read(up->store, member->service->full_name, &deploy->before, error) || !check_owner(up, member, error))
        return FALSE;
    deploy->change->pending->source = bundle_source_open(up->store, member->service->bundle, error);
    if (!deploy->change->pending->source || !deploy_read_context(deploy, &revision, error))
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

static gboolean add_member(const Up *up, const StackService *service, GError **error)
{
    const StoreStackRequest *request = up->request;
    Member *member = g_new0(Member, 1);

    g_ptr_array_add(up->members, member);
    member->service = service;
    member->request = (StoreRequest){
        .bundle = service->bundle,
        .name = service->full_name,
        .options = &service->options,
        .target = request->target,
        .full_verify = request->full_verify,
        .no_start = request->no_start,
        .no_enable = request->no_enable,
        .init_path = request->init_path,
    };
    member->deploy = (Deploy){
        .store = up->store,
        .request = &member->request,
        .notes = up->notes,
        .change = change_add_member(up->change, service->full_name),
    };
    return render_member(up, member, error) ||
           gourd_error_prefix(error, "%s%sservice %s", service->place ? service->place : "", service->place ? ": " : "",
                              service->name);
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

static gboolean needs_restarting(const Up *up, const Member *member)
{
    for (guint i = 0; i < member->service->depends->len; i++) {
        const StackDependency *dependency = g_ptr_array_index(member->service->depends, i);
        const Member *other = find_member(up, dependency->service);

        if (other && other->restarts && (dependency->required || dependency->restart))
            return TRUE;
    }
    return FALSE;
}

static gboolean read_members(const Up *up, GError **error)
{
    const GPtrArray *services = up->request->stack->services;

    for (guint i = 0; i < services->len; i++)
        if (!add_member(up, g_ptr_array_index(services, i), error))
            return FALSE;
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (!check_conditions(up, member, error))
            return FALSE;
        member->restarts = !member->same || !member->active || needs_restarting(up, member);
    }
    return TRUE;
}

/* --- what the stack does not have any more ---------------------------------------------------------------------- */

static gboolean is_of_stack(const Up *up, const char *full_name)
{
    const GPtrArray *services = up->request->stack->services;

    for (guint i = 0; i < services->len; i++)
        if (strcmp(((const StackService *)g_ptr_array_index(services, i))->full_name, full_name) == 0)
            return TRUE;
    return FALSE;
}

static gboolean sort_services(Up *up, GError **error)
{
    g_autoptr(GPtrArray) all = NULL;

    up->gone = g_ptr_array_new_with_free_func((GDestroyNotify)store_service_free);
    if (!store_list(up->store, &up->others, error))
        return FALSE;
    for (guint i = up->others->len; i-- > 0;) {
        const StoreService *service = g_ptr_array_index(up->others, i);

        if (up->before && g_strv_contains((const char *const *)up->before->full_names, service->name) &&
            !is_of_stack(up, service->name))
            g_ptr_array_add(up->gone, g_ptr_array_steal_index(up->others, i));
    }
    return TRUE;
}

/* The stack itself goes on, so that units of all services are needed even if these were the last. */
static gboolean plan_gone(const Up *up, GError **error)
{
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    for (guint i = 0; i < up->others->len; i++)
        g_ptr_array_add(others, g_ptr_array_index(up->others, i));
    for (guint i = 0; i < up->gone->len; i++)
        g_ptr_array_add(others, g_ptr_array_index(up->gone, i));
    for (guint i = 0; i < up->gone->len; i++) {
        const StoreService *service = g_ptr_array_index(up->gone, i);

        notes_add(up->notes, "service-gone",
                  "a service that the stack does not have any more is removed; its data stays", service->name);
        if (!change_remove(up->store, change_add_member(up->change, service->name), service, FALSE, others, up->notes,
                           error))
            return FALSE;
    }
    return TRUE;
}

/* --- the stack's own units ---------------------------------------------------------------------------------------- */

static const ServiceFile *find_file(const GPtrArray *files, const char *path)
{
    for (guint i = 0; files && i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        if (strcmp(file->path, path) == 0)
            return file;
    }
    return NULL;
}

static gboolean file_is_in_place(const Up *up, const ServiceFile *file, gboolean *ret_same, GError **error)
{
    g_autoptr(GBytes) there = NULL;

    if (!root_load(up->store->root, file->path, UNIT_FILE_SIZE_MAX, &there, NULL, error))
        return FALSE;
    *ret_same = there && g_bytes_equal(there, file->content);
    if (there && !*ret_same && !content_is_ours(there)) {
        gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' exists already, and gourd did not write it", file->path);
        return gourd_error_hint(error, "give the stack another name with -p");
    }
    return TRUE;
}

static gboolean plan_units(const Up *up, gboolean *ret_changed, GError **error)
{
    Plan *plan = up->change->plan;

    *ret_changed = FALSE;
    for (guint i = 0; i < up->units->len; i++) {
        const ServiceFile *file = g_ptr_array_index(up->units, i);
        gboolean same;

        if (!file_is_in_place(up, file, &same, error))
            return FALSE;
        if (!same)
            plan_write(plan, file->path, file->mode, file->content);
        *ret_changed |= !same;
    }
    for (guint i = 0; up->before && i < up->before->units->len; i++) {
        const ServiceFile *file = g_ptr_array_index(up->before->units, i);

        if (find_file(up->units, file->path))
            continue;
        plan_remove(plan, file->path);
        *ret_changed = TRUE;
    }
    return TRUE;
}

/* A link that was there and is not was taken away by whoever wanted that. */
static gboolean plan_links(const Up *up, GError **error)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);

    for (guint i = 0; i < up->units->len && !up->before && !up->request->no_enable; i++) {
        const ServiceFile *file = g_ptr_array_index(up->units, i);
        g_autofree char *unit = g_path_get_basename(file->path);

        if (g_str_has_prefix(file->path, PATH_UNITS "/") && !links_of_unit(unit, file->content, links, error))
            return FALSE;
    }
    for (guint i = 0; i < links->len; i++) {
        const ServiceFile *link = g_ptr_array_index(links, i);

        plan_link(up->change->plan, link->path, link->target);
    }
    return TRUE;
}

/* --- the plan ----------------------------------------------------------------------------------------------------- */

static gboolean plan_prepare(const Up *up, GError **error)
{
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (member->same)
            continue;
        member->transition = deploy_transition(&member->deploy);
        member->transition.in_stack = TRUE;
        if (!deploy_prepare(&member->deploy, &member->transition, error))
            return gourd_error_prefix(error, "service %s", member->service->name);
    }
    return TRUE;
}

/* What does not run now is stopped again if the plan is undone; what runs is brought back by one action, in its order. */
static void plan_undoing(const Up *up, const char *target)
{
    g_autoptr(GString) revived = g_string_new(NULL);
    Plan *plan = up->change->plan;

    if (!starts(up))
        return;
    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);

        if (member->same && !member->active)
            plan_act(plan, "reset-failed", member->deploy.before->unit, "abandon", member->deploy.before->unit);
        if (member->active && member->restarts)
            g_string_append_printf(revived, "%s%s", revived->len ? " " : "", member->deploy.before->unit);
    }
    if (!unit_is_active(up->store, target))
        plan_act(plan, "reset-failed", target, "abandon", target);
    if (revived->len > 0)
        plan_act(plan, "reload", NULL, "revive-all", revived->str);
}

static gboolean plan_switch(const Up *up, GError **error)
{
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (!member->same && !transition_switch(&member->transition, error))
            return gourd_error_prefix(error, "service %s", member->service->name);
    }
    return TRUE;
}

static void plan_steady(const Up *up)
{
    g_autoptr(GString) units = g_string_new(NULL);
    gint64 seconds = 0;

    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);
        const ServiceFiles *files = (member->same ? member->deploy.old : member->deploy.new)->files;

        if (!member->restarts || files->has_health || files->steady_sec <= 0 || member->service->options.oneshot)
            continue;
        g_string_append_printf(units, "%s ", files->unit);
        seconds = MAX(seconds, files->steady_sec);
    }
    if (units->len == 0)
        return;
    g_string_append_printf(units, "%" G_GINT64_FORMAT, seconds);
    plan_act(up->change->plan, "steady", units->str, NULL, NULL);
}

static void plan_starts_all(const Up *up, const char *target)
{
    g_autoptr(GString) units = g_string_new(NULL);
    Plan *plan = up->change->plan;

    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);
        const char *unit = member->same ? member->deploy.before->unit : member->deploy.new->files->unit;

        if (!member->restarts)
            continue;
        plan_act(plan, "reset-failed", unit, NULL, NULL);
        g_string_append_printf(units, "%s%s", units->len ? " " : "", unit);
    }
    if (units->len > 0)
        plan_act(plan, "restart-all", units->str, NULL, NULL);
    if (units->len > 0 || !unit_is_active(up->store, target))
        plan_act(plan, "start", target, NULL, NULL);
    plan_steady(up);
}

static gboolean plan_states(const Up *up, GError **error)
{
    const Stack *stack = up->request->stack;
    g_autoptr(GStrvBuilder) services = g_strv_builder_new(), full_names = g_strv_builder_new();
    g_autoptr(StoreStack) after = g_new0(StoreStack, 1);

    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);

        if (!member->same && !deploy_write_state(&member->deploy, error))
            return FALSE;
        g_strv_builder_add(services, member->service->name);
        g_strv_builder_add(full_names, member->service->full_name);
    }
    after->name = g_strdup(stack->name);
    after->files = g_strdupv(stack->files);
    after->folder = g_strdup(stack->folder);
    after->services = g_strv_builder_end(services);
    after->full_names = g_strv_builder_end(full_names);
    after->units = g_ptr_array_ref(up->units);
    g_autofree char *path = stack_state_path(stack->name);
    g_autoptr(GBytes) content = stack_state_format(after);
    plan_write(up->change->plan, path, STATE_MODE, content);
    return TRUE;
}

static gboolean plan_changes(const Up *up, const char *target, GError **error)
{
    gboolean changed;

    plan_undoing(up, target);
    if (!plan_prepare(up, error))
        return FALSE;
    if (!plan_gone(up, error) || !plan_switch(up, error) || !plan_units(up, &changed, error) || !plan_links(up, error))
        return FALSE;
    if (host_is_live(up->store->host))
        plan_act(up->change->plan, "reload", NULL, "reload", NULL);
    if (starts(up))
        plan_starts_all(up, target);
    if (!plan_states(up, error))
        return FALSE;
    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);

        if (!member->same)
            transition_sweep(&member->transition);
    }
    return TRUE;
}

/* Whether all is as it shall be already. */
static gboolean is_as_it_should_be(const Up *up, gboolean *ret_same, GError **error)
{
    *ret_same = FALSE;
    if (!up->before || up->gone->len > 0 || up->before->units->len != up->units->len)
        return TRUE;
    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);

        if (!member->same || (starts(up) && member->restarts))
            return TRUE;
    }
    for (guint i = 0; i < up->units->len; i++) {
        gboolean same;

        if (!file_is_in_place(up, g_ptr_array_index(up->units, i), &same, error))
            return FALSE;
        if (!same)
            return TRUE;
    }
    *ret_same = TRUE;
    return TRUE;
}

static gboolean find_target_version(const Up *up, guint *ret_version, GError **error)
{
    *ret_version = up->request->target;
    return *ret_version != 0 || host_systemd_version(up->store->host, ret_version, error);
}

static gboolean plan_up(Up *up, GError **error)
{
    const Stack *stack = up->request->stack;
    g_autofree char *target = unit_name_for_stack(stack->name, ".target", error);
    guint version;
    gboolean same;

    if (!target || !stack_state_read(up->store, stack->name, &up->before, error) ||
        !find_target_version(up, &version, error) || !stack_render(stack, version, up->notes, &up->units, error) ||
        !sort_services(up, error) || !read_members(up, error) || !is_as_it_should_be(up, &same, error))
        return FALSE;
    up->change->started = starts(up);
    return same || plan_changes(up, target, error);
}

StoreChange *store_plan_up(Store *store, const StoreStackRequest *request, Notes *notes, GError **error)
{
    g_auto(Up) up = {.store = store, .request = request, .notes = notes};
    g_autofree char *title = g_strdup_printf("bring up %s", request->stack->name);

    up.change = store_change_new(request->stack->name, title);
    up.members = g_ptr_array_new_with_free_func(member_free);
    return plan_up(&up, error) ? g_steal_pointer(&up.change) : NULL;
}

/* --- down --------------------------------------------------------------------------------------------------------- */

static gboolean plan_stack_removal(Store *store, const StoreStack *stack, StoreChange *change, GError **error)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);
    g_autofree char *state = stack_state_path(stack->name);

    for (guint i = 0; i < stack->units->len; i++) {
        const ServiceFile *file = g_ptr_array_index(stack->units, i);
        g_autofree char *unit = g_path_get_basename(file->path);

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
    return plan_stack_removal(store, stack, change, error) && (!purge || change_purge(store, change, volumes, error));
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
