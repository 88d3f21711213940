// SPDX-License-Identifier: LGPL-2.1-or-later
#include "up.h"

#include <string.h>

static void member_free(gpointer data)
{
    Member *member = data;

    deploy_clear(&member->deploy);
    service_options_clear(&member->options);
    g_free(member);
}

static void up_clear(Up *up)
{
    store_change_free(up->change);
    store_stack_free(up->before);
    g_clear_pointer(&up->members, g_ptr_array_unref);
    g_clear_pointer(&up->units, g_ptr_array_unref);
    stack_network_files_free(up->network);
    g_clear_pointer(&up->gone, g_ptr_array_unref);
    g_clear_pointer(&up->others, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Up, up_clear)

gboolean up_starts(const Up *up)
{
    return !up->request->no_start && host_is_live(up->store->host);
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
            return up_fail_member(member, error);
    }
    return TRUE;
}

/* Units of the networks, by what becomes of them. */
typedef struct {
    GPtrArray *idle, *changed, *gone; /* char * */
} Nets;

static void nets_clear(Nets *nets)
{
    g_ptr_array_unref(nets->idle);
    g_ptr_array_unref(nets->changed);
    g_ptr_array_unref(nets->gone);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Nets, nets_clear)

static void append_unit(GString *units, const char *unit)
{
    g_string_append_printf(units, "%s%s", units->len ? " " : "", unit);
}

/* It starts all services of the stack: those that were not named may have been stopped on purpose. */
static gboolean starts_target(const Up *up, const char *target, gboolean starts_services)
{
    if (up->request->stack->partial && up->before)
        return FALSE;
    return starts_services || !unit_is_active(up->store, target);
}

/* What does not run now is stopped again if the plan is undone; what runs is brought back by one action, in its order. */
static void plan_undoing(const Up *up, const Nets *nets, const char *target)
{
    g_autoptr(GString) revived = g_string_new(NULL);
    Plan *plan = up->change->plan;

    if (!up_starts(up))
        return;
    for (guint i = 0; i < nets->idle->len; i++)
        plan_act(plan, "reset-failed", g_ptr_array_index(nets->idle, i), "abandon", g_ptr_array_index(nets->idle, i));
    for (guint i = 0; i < nets->changed->len; i++)
        append_unit(revived, g_ptr_array_index(nets->changed, i));
    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);

        if (member->same && !member->active)
            plan_act(plan, "reset-failed", member->deploy.before->unit, "abandon", member->deploy.before->unit);
        if (member->active && member->restarts)
            append_unit(revived, member->deploy.before->unit);
    }
    if (starts_target(up, target, FALSE))
        plan_act(plan, "reset-failed", target, "abandon", target);
    if (revived->len > 0)
        plan_act(plan, "reload", NULL, "revive-all", revived->str);
}

static gboolean plan_switch(const Up *up, GError **error)
{
    for (guint i = 0; i < up->members->len; i++) {
        Member *member = g_ptr_array_index(up->members, i);

        if (!member->same && !transition_switch(&member->transition, error))
            return up_fail_member(member, error);
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

/* Services only want their sockets: a port that somebody else has must be found out. */
static void plan_sockets(const Up *up)
{
    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);
        const ServiceFiles *files = (member->same ? member->deploy.old : member->deploy.new)->files;

        for (guint k = 0; member->restarts && k < files->start->len; k++) {
            const char *unit = g_ptr_array_index(files->start, k);

            if (strcmp(unit, files->unit) != 0)
                plan_act(up->change->plan, "start", unit, NULL, NULL);
        }
    }
}

static void plan_starts_all(const Up *up, const Nets *nets, const char *target)
{
    g_autoptr(GString) units = g_string_new(NULL);
    Plan *plan = up->change->plan;

    for (guint i = 0; i < nets->changed->len; i++)
        append_unit(units, g_ptr_array_index(nets->changed, i));
    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);
        const char *unit = member->same ? member->deploy.before->unit : member->deploy.new->files->unit;

        if (!member->restarts)
            continue;
        member->deploy.change->started = TRUE;
        plan_act(plan, "reset-failed", unit, NULL, NULL);
        append_unit(units, unit);
    }
    if (units->len > 0)
        plan_act(plan, "restart-all", units->str, NULL, NULL);
    plan_sockets(up);
    if (starts_target(up, target, units->len > 0))
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
    if (up->network) {
        after->network = up->network->mode;
        after->ports = g_ptr_array_ref(up->network->ports);
        after->network_state = json_incref(up->network->state);
    }
    g_autofree char *path = stack_state_path(stack->name);
    g_autoptr(GBytes) content = stack_state_format(after);
    plan_write(up->change->plan, path, STATE_MODE, content);
    return TRUE;
}

static gboolean plan_changes(const Up *up, const char *target, GError **error)
{
    g_auto(Nets) nets = {0};
    Plan *plan = up->change->plan;

    up_sort_network_units(up, &nets.idle, &nets.changed, &nets.gone);
    plan_undoing(up, &nets, target);
    if (!plan_prepare(up, error) || !deploy_plan_init(&up->helper, up_find_init(up), error))
        return FALSE;
    /* Nothing is said of undoing it: the services that need them take them along. */
    for (guint i = 0; i < nets.gone->len && up_starts(up); i++)
        plan_act(plan, "stop", g_ptr_array_index(nets.gone, i), NULL, NULL);
    if (!plan_gone(up, error) || !plan_switch(up, error) || !up_plan_units(up, error))
        return FALSE;
    if (host_is_live(up->store->host))
        plan_act(plan, "reload", NULL, "reload", NULL);
    if (up_starts(up))
        plan_starts_all(up, &nets, target);
    if (!up->request->no_state && !plan_states(up, error))
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

        if (!member->same || (up_starts(up) && member->restarts))
            return TRUE;
    }
    for (guint i = 0; i < up->units->len; i++) {
        gboolean same;

        if (!up_unit_is_in_place(up, g_ptr_array_index(up->units, i), &same, error))
            return FALSE;
        if (!same)
            return TRUE;
    }
    *ret_same = TRUE;
    return TRUE;
}

/* --- a part of it ------------------------------------------------------------------------------------------------- */

/* Services that stay as they are need the stack's files as they were made for them. */
static gboolean check_part(const Up *up, GError **error)
{
    const Member *kept = NULL;

    if (!up->request->stack->partial || !up->before)
        return TRUE;
    if (up->gone->len > 0) {
        const StoreService *gone = g_ptr_array_index(up->gone, 0);

        gourd_error_set(error, GOURD_ERROR_DIFFERS, "%s is up, and the file does not have it any more", gone->name);
        return gourd_error_hint(error, "'gourd up' without names removes it; or --profile activates it");
    }
    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);

        if (!member->kept)
            continue;
        kept = member;
        notes_add(up->notes, "service-kept",
                  "the file says something else of it by now; it stays, since it was not named", member->service->name);
    }
    if (!kept || (!up_loses_files(up) && (!up->network || up->network->mode == up->before->network)))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_DIFFERS, "the file has another network for %s too, which was not named",
                    kept->service->name);
    return gourd_error_hint(error, "'gourd up' without names brings all of it up to date");
}

/* Both would keep their volumes in one folder. */
static gboolean check_name(const Up *up, GError **error)
{
    const char *name = up->request->stack->name;
    g_autoptr(StoreService) service = NULL;

    if (service_name_check(name, NULL) && !state_read(up->store, name, &service, error))
        return FALSE;
    if (!service)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_EXISTS, "there is a service '%s'", name);
    return gourd_error_hint(error, "give the stack another name with -p");
}

static gboolean plan_up(Up *up, GError **error)
{
    const Stack *stack = up->request->stack;
    g_autofree char *target = unit_name_for_stack(stack->name, ".target", error);
    guint version = up->request->target;
    gboolean same;

    if (!target || !check_name(up, error) || !stack_state_read(up->store, stack->name, &up->before, error) ||
        (version == 0 && !host_systemd_version(up->store->host, &version, error)) ||
        !stack_render(stack, version, up->notes, &up->units, error) || !sort_services(up, error) ||
        !up_open_members(up, error) || !up_render_network(up, version, error) || !up_render_members(up, error) ||
        !check_part(up, error) || !is_as_it_should_be(up, &same, error))
        return FALSE;
    up->change->started = up_starts(up);
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
