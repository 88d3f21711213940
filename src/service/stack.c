// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack.h"

#include "unit/unit.h"

#include <string.h>

static void dependency_free(gpointer data)
{
    StackDependency *dependency = data;

    g_free(dependency->service);
    g_free(dependency);
}

static void service_free(gpointer data)
{
    StackService *service = data;

    g_free(service->name);
    g_free(service->full_name);
    g_free(service->replica_of);
    g_free(service->place);
    g_free(service->image);
    g_free(service->source);
    g_free(service->bundle);
    stack_build_unref(service->build);
    service_options_clear(&service->options);
    g_ptr_array_unref(service->depends);
    g_free(service);
}

Stack *stack_new(const char *name)
{
    Stack *stack = g_new0(Stack, 1);

    stack->name = g_strdup(name);
    stack->services = g_ptr_array_new_with_free_func(service_free);
    stack->absent = g_ptr_array_new_with_free_func(service_free);
    stack->mounts = g_ptr_array_new_with_free_func(stack_mount_free);
    return stack;
}

void stack_free(Stack *stack)
{
    if (!stack)
        return;
    g_free(stack->name);
    g_strfreev(stack->files);
    g_free(stack->folder);
    g_ptr_array_unref(stack->services);
    g_ptr_array_unref(stack->absent);
    g_ptr_array_unref(stack->mounts);
    stack_network_free(stack->network);
    g_free(stack);
}

gboolean stack_name_is_valid(const char *name)
{
    gboolean valid = g_ascii_islower(*name) || g_ascii_isdigit(*name);

    for (const char *at = name; *at && valid; at++)
        valid = g_ascii_islower(*at) || g_ascii_isdigit(*at) || *at == '-' || *at == '_';
    return valid && strlen(name) <= STACK_NAME_LENGTH_MAX;
}

/* Names of services on a host have no "_", which ends the name in that of a bundle. */
static char *make_full_name(const Stack *stack, const char *name)
{
    char *full_name = g_strdup_printf("%s-%s", stack->name, name);

    return g_strdelimit(full_name, "_", '-');
}

StackService *stack_add_service(Stack *stack, const char *name, GError **error)
{
    g_autofree char *full_name = make_full_name(stack, name);

    if (stack->services->len >= STACK_SERVICES_MAX) {
        gourd_error_set(error, GOURD_ERROR_LIMIT, "a stack has at most %d services", STACK_SERVICES_MAX);
        return NULL;
    }
    for (guint i = 0; i < stack->services->len; i++) {
        const StackService *other = g_ptr_array_index(stack->services, i);

        if (strcmp(other->full_name, full_name) != 0)
            continue;
        gourd_error_set(error, GOURD_ERROR_USAGE, "the services '%s' and '%s' would both be called '%s' on this host",
                        other->name, name, full_name);
        gourd_error_hint(error, "rename one of them");
        return NULL;
    }
    StackService *service = g_new0(StackService, 1);
    service->name = g_strdup(name);
    service->full_name = g_steal_pointer(&full_name);
    service_options_init(&service->options);
    service->depends = g_ptr_array_new_with_free_func(dependency_free);
    g_ptr_array_add(stack->services, service);
    return service;
}

void stack_make_absent(Stack *stack, StackService *service)
{
    guint at;

    if (g_ptr_array_find(stack->services, service, &at))
        g_ptr_array_add(stack->absent, g_ptr_array_steal_index(stack->services, at));
}

const char *stack_service_name_in_file(const StackService *service)
{
    return service->replica_of ? service->replica_of : service->name;
}

StackService *stack_find_service(const Stack *stack, const char *name)
{
    for (guint i = 0; i < stack->services->len; i++) {
        StackService *service = g_ptr_array_index(stack->services, i);

        if (strcmp(service->name, name) == 0)
            return service;
    }
    return NULL;
}

void stack_service_add_dependency(StackService *service, const char *on, StackCondition condition, gboolean required,
                                  gboolean restart)
{
    StackDependency *dependency = g_new0(StackDependency, 1);

    dependency->service = g_strdup(on);
    dependency->condition = (int)condition;
    dependency->required = required;
    dependency->restart = restart;
    g_ptr_array_add(service->depends, dependency);
}

/* --- order -------------------------------------------------------------------------------------------------------- */

typedef struct {
    const Stack *stack;
    GPtrArray *order; /* StackService, borrowed: what has been visited */
    GPtrArray *path;  /* StackService, borrowed: from the first to the one that is visited now */
} Sort;

static gboolean fail_cycle(const Sort *sort, guint from, const StackService *service, GError **error)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (guint i = from; i < sort->path->len; i++)
        g_string_append_printf(path, "%s → ", ((const StackService *)g_ptr_array_index(sort->path, i))->name);
    g_string_append(path, service->name);
    gourd_error_set(error, GOURD_ERROR_INPUT, "%s: services depend on each other: %s",
                    service->place ? service->place : sort->stack->name, path->str);
    return gourd_error_hint(error, "one of these 'depends_on' has to go");
}

static gboolean visit(Sort *sort, StackService *service, GError **error);

static gboolean visit_dependencies(Sort *sort, const StackService *service, GError **error)
{
    for (guint i = 0; i < service->depends->len; i++) {
        const StackDependency *dependency = g_ptr_array_index(service->depends, i);
        StackService *other = stack_find_service(sort->stack, dependency->service);

        if (!other && dependency->required)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "%s: %s depends on '%s', which is no service of the stack",
                                   service->place ? service->place : sort->stack->name, service->name,
                                   dependency->service);
        if (other && !visit(sort, other, error))
            return FALSE;
    }
    return TRUE;
}

/* The depth is that of a chain of services: STACK_SERVICES_MAX at most. */
static gboolean visit(Sort *sort, StackService *service, GError **error) /* NOLINT(misc-no-recursion) */
{
    guint at;

    if (g_ptr_array_find(sort->order, service, NULL))
        return TRUE;
    if (g_ptr_array_find(sort->path, service, &at))
        return fail_cycle(sort, at, service, error);
    g_ptr_array_add(sort->path, service);
    if (!visit_dependencies(sort, service, error))
        return FALSE;
    g_ptr_array_set_size(sort->path, (int)sort->path->len - 1);
    g_ptr_array_add(sort->order, service);
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const StackService *const *)a)->name, (*(const StackService *const *)b)->name);
}

static gboolean sort(Stack *stack, GError **error)
{
    g_autoptr(GPtrArray) order = g_ptr_array_new(), path = g_ptr_array_new();
    Sort state = {.stack = stack, .order = order, .path = path};

    g_ptr_array_sort(stack->services, compare_names);
    for (guint i = 0; i < stack->services->len; i++)
        if (!visit(&state, g_ptr_array_index(stack->services, i), error))
            return FALSE;
    if (order->len > 0)
        memcpy(stack->services->pdata, order->pdata, order->len * sizeof *order->pdata);
    return TRUE;
}

/* --- what one is to another --------------------------------------------------------------------------------------- */

char *stack_replicas_unit(const char *full_name, GError **error)
{
    g_autofree char *name = g_strconcat(full_name, ".all", NULL); /* no stack is called that, nor a service */

    return unit_name_for_service(NULL, name, ".target", error);
}

/* The replica itself would be among what the service needs: then a change of their number would restart it. */
static gboolean is_one_of_all(const StackService *other, const StackDependency *dependency)
{
    return other->replica_of && dependency->condition != STACK_COMPLETED && !dependency->restart;
}

static gboolean link_dependency(const Stack *stack, StackService *service, const StackDependency *dependency,
                                GError **error)
{
    StackService *other = stack_find_service(stack, dependency->service);

    if (!other)
        return TRUE; /* it was not required */
    gboolean one_of_all = is_one_of_all(other, dependency);
    g_autofree char *unit = one_of_all ? stack_replicas_unit(other->options.replica_of, error)
                                       : unit_name_for_service(NULL, other->full_name, ".service", error);
    if (!unit)
        return FALSE;
    vector_append_once(dependency->required && !one_of_all ? &service->options.requires : &service->options.wants,
                       unit);
    if (dependency->restart)
        vector_append_once(&service->options.part_of, unit);
    if (dependency->condition == STACK_COMPLETED)
        other->options.oneshot = TRUE;
    return TRUE;
}

/* container_name is another name of the unit: none of them may be that of another service. */
static gboolean check_aliases(const Stack *stack, GError **error)
{
    for (guint i = 0; i < stack->services->len; i++) {
        const StackService *service = g_ptr_array_index(stack->services, i);

        for (guint k = 0; k < stack->services->len; k++) {
            const StackService *other = g_ptr_array_index(stack->services, k);

            if (other == service || !service->options.aliases ||
                !g_strv_contains((const char *const *)service->options.aliases, other->full_name))
                continue;
            gourd_error_set(error, GOURD_ERROR_INPUT, "%s: %s: the service '%s' is called '%s' on this host",
                            service->place ? service->place : stack->name, service->name, other->name,
                            other->full_name);
            return gourd_error_hint(error, "another container_name avoids it");
        }
    }
    return TRUE;
}

gboolean stack_finish(Stack *stack, GError **error)
{
    if (!sort(stack, error) || !check_aliases(stack, error))
        return FALSE;
    for (guint i = 0; i < stack->services->len; i++) {
        StackService *service = g_ptr_array_index(stack->services, i);

        g_free(service->options.stack);
        service->options.stack = g_strdup(stack->name);
        for (guint j = 0; j < service->depends->len; j++)
            if (!link_dependency(stack, service, g_ptr_array_index(service->depends, j), error))
                return FALSE;
    }
    stack_share_users(stack);
    return TRUE;
}
