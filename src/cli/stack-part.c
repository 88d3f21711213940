// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack-part.h"

#include "stack-bundle.h"

#include <string.h>

/* A service of the file that a service of the stack is, or is a replica of. Borrowed. */
static const char *find_in_file(const ComposeProject *project, const char *name)
{
    const ComposeNode *services = compose_node_get(project->root, "services");
    const ComposeNode *service = compose_node_get(services, name);
    const char *dash = strrchr(name, '-');

    if (service || !dash || dash[1 + strspn(dash + 1, "0123456789")])
        return service ? service->key : NULL;
    g_autofree char *whole = g_strndup(name, (gsize)(dash - name));
    service = compose_node_get(services, whole);
    return service ? service->key : NULL;
}

/* Appends the services (borrowed) of the file that are up. */
static gboolean add_up(const ComposeProject *project, Session *session, GPtrArray *names, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(StoreStack) stack = store_find_stack(session->store, project->name, &failure);

    if (!stack && !g_error_matches(failure, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    for (guint i = 0; stack && stack->services[i]; i++) {
        const char *name = find_in_file(project, stack->services[i]);

        if (name)
            g_ptr_array_add(names, (char *)name);
    }
    return TRUE;
}

/* Names (borrowed) of the services that are asked for, and of all that there shall be. */
static gboolean list_part(const ComposeProject *project, Session *session, const char *const *services,
                          GPtrArray **ret_asked, GPtrArray **ret_all, GError **error)
{
    g_autoptr(GPtrArray) asked = NULL, all = g_ptr_array_new();

    if (!compose_project_list_needed(project, services, &asked, error))
        return FALSE;
    for (guint i = 0; i < asked->len; i++)
        g_ptr_array_add(all, g_ptr_array_index(asked, i));
    if (!add_up(project, session, all, error))
        return FALSE;
    g_ptr_array_add(all, NULL);
    *ret_asked = g_steal_pointer(&asked);
    *ret_all = g_steal_pointer(&all);
    return TRUE;
}

/* The whole file decides, so that a service that comes later changes nothing; what of it cannot be done here is not asked for. */
static int choose_network(const ComposeProject *project, char **ret_reason)
{
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(Stack) whole = compose_to_stack(project, notes, NULL);

    return whole ? stack_network_choose(whole->network, ret_reason) : STACK_NETWORK_AUTO;
}

/* What is installed stays, and so the bundle that it has is meant, whatever the file says by now. */
static void keep(const GPtrArray *installed, StackService *service)
{
    for (guint i = 0; i < installed->len; i++) {
        const StoreService *other = g_ptr_array_index(installed, i);
        const StoreRelease *release = store_service_release(other, other->active);

        if (strcmp(other->name, service->full_name) != 0 || !release)
            continue;
        service->keep = TRUE;
        service->bundle = stack_bundle_id(release->bundle);
    }
}

Stack *stack_load_part(ComposeProject *project, Session *session, const char *const *services, GError **error)
{
    g_autoptr(GPtrArray) asked = NULL, all = NULL, installed = NULL;
    g_autofree char *reason = NULL;
    int mode = choose_network(project, &reason);

    if (!store_list(session->store, &installed, error) || !list_part(project, session, services, &asked, &all, error) ||
        !compose_project_select(project, (const char *const *)all->pdata, error))
        return NULL;
    g_autoptr(Stack) stack = compose_to_stack(project, session->notes, error);
    if (!stack)
        return NULL;
    stack->partial = TRUE;
    stack->network->mode = mode;
    stack->network->reason = g_steal_pointer(&reason);
    for (guint i = 0; i < stack->services->len; i++) {
        StackService *service = g_ptr_array_index(stack->services, i);

        if (!g_strv_contains((const char *const *)asked->pdata, stack_service_name_in_file(service)))
            keep(installed, service);
    }
    return g_steal_pointer(&stack);
}
