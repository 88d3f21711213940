// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack-load.h"

#include "stack-bundle.h"
#include "stack-part.h"

#include <string.h>

/* --- what is meant ------------------------------------------------------------------------------------------------ */

/* SERVICE=VALUE of an option. The caller frees the name; the value is borrowed. */
static gboolean split_option(const char *option, const char *what, const char *text, char **ret_name,
                             const char **ret_value, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *shown = text_escape(text);

    if (!equals || equals == text || !equals[1]) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "option '%s': '%s' is not SERVICE=%s", option, shown, what);
        return FALSE;
    }
    *ret_name = g_strndup(text, (gsize)(equals - text));
    *ret_value = equals + 1;
    return TRUE;
}

/* All services of the file: replicas, and those that there are none of (StackService, borrowed). */
static GPtrArray *list_all(const Stack *stack)
{
    const GPtrArray *const parts[] = {stack->services, stack->absent};
    GPtrArray *all = g_ptr_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        for (guint k = 0; k < parts[i]->len; k++)
            g_ptr_array_add(all, g_ptr_array_index(parts[i], k));
    return all;
}

static gboolean apply_image(const Stack *stack, const char *text, GError **error)
{
    g_autoptr(GPtrArray) all = list_all(stack);
    g_autofree char *name = NULL;
    const char *source;
    gboolean found = FALSE;

    if (!split_option("--image", "SOURCE", text, &name, &source, error))
        return FALSE;
    for (guint i = 0; i < all->len; i++) {
        StackService *service = g_ptr_array_index(all, i);

        if (strcmp(stack_service_name_in_file(service), name) != 0)
            continue;
        g_free(service->source);
        service->source = g_strdup(source);
        found = TRUE;
    }
    return found || gourd_error_set(error, GOURD_ERROR_USAGE, "option '--image': the stack has no service '%s'", name);
}

static gboolean apply_scale(ComposeProject *project, const char *text, GError **error)
{
    g_autofree char *name = NULL;
    const char *value;
    guint64 replicas;

    if (!split_option("--scale", "NUMBER", text, &name, &value, error))
        return FALSE;
    if (!g_ascii_string_to_unsigned(value, 10, 0, STACK_SERVICES_MAX, &replicas, NULL)) {
        g_autofree char *shown = text_escape(value);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "option '--scale': '%s' is no number from 0 to %d", shown,
                               STACK_SERVICES_MAX);
    }
    return compose_project_scale(project, name, (guint)replicas, error) ||
           gourd_error_prefix(error, "option '--scale'");
}

/* What one service says of how its image is made is so for all with the same image. */
static gboolean share_makings(const Stack *stack, Notes *notes, GError **error)
{
    g_autoptr(GPtrArray) all = list_all(stack);

    for (guint i = 0; i < all->len; i++) {
        StackService *service = g_ptr_array_index(all, i);

        for (guint j = 0; j < all->len; j++) {
            const StackService *other = g_ptr_array_index(all, j);

            if (!stack_bundle_is_same_image(service, other))
                continue;
            if (other->source && !service->source)
                service->source = g_strdup(other->source);
            if (other->build && !service->build)
                service->build = stack_build_ref(other->build);
        }
    }
    return stack_bundle_check_names(all, notes, error);
}

/* --- bundles ------------------------------------------------------------------------------------------------------ */

/* Makes the bundle, unless one of `made` (StackService) has the same image. */
static gboolean make_once(const Stack *stack, StackService *service, const Call *call, Store *store,
                          const char *builder, GPtrArray *made, GError **error)
{
    for (guint i = 0; i < made->len; i++) {
        const StackService *other = g_ptr_array_index(made, i);

        if (!stack_bundle_is_same_image(service, other))
            continue;
        service->bundle = g_strdup(other->bundle);
        return TRUE;
    }
    if (!stack_bundle_make(stack, service, call, store, builder, error))
        return FALSE;
    g_ptr_array_add(made, service);
    return TRUE;
}

/* An image is built if that is asked for, or there is none: as docker compose does it. */
static gboolean find_or_make(const Stack *stack, StackService *service, const Session *session, const StackLoad *load,
                             const GPtrArray *stored, GPtrArray *made, GError **error)
{
    gboolean may_build = service->build && load->build;
    gboolean make = service->source ? load->build : may_build && (load->rebuild || service->always_build);
    g_autoptr(GError) failure = NULL;

    if (!make) {
        if (stack_bundle_find(stack, service, session, load->paths, stored, &failure))
            return TRUE;
        if (!may_build || !g_error_matches(failure, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
    }
    return make_once(stack, service, session->call, session->store, load->builder, made, error);
}

static gboolean is_missing(const StackService *service, const GError *failure)
{
    return !service->source && !service->build && g_error_matches(failure, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
}

/* Names the others too: who moves a stack here has to get all of its images. missing: StackService, the first of which failed so. */
static gboolean fail_missing(const GPtrArray *missing, GError *failure, GError **error)
{
    const StackService *first = g_ptr_array_index(missing, 0);
    g_autoptr(GString) others = g_string_new(NULL);
    g_autofree char *message = NULL, *hint = NULL;

    for (guint i = 1; i < missing->len; i++) {
        const StackService *service = g_ptr_array_index(missing, i);
        gboolean said = stack_bundle_is_same_image(service, first);

        for (guint k = 1; k < i; k++)
            said |= stack_bundle_is_same_image(service, g_ptr_array_index(missing, k));
        if (!said && service->image)
            g_string_append_printf(others, "%s'%s'", others->len ? ", " : "", service->image);
    }
    gourd_error_split(failure, &message, &hint);
    g_propagate_error(error, failure);
    if (!others->len || !error)
        return FALSE;
    g_free((*error)->message);
    (*error)->message = g_strdup_printf("%s, and none of %s", message, others->str);
    return gourd_error_hint(error, "%s", hint ? hint : "");
}

static gboolean find_bundles(Stack *stack, const Session *session, const StackLoad *load, GError **error)
{
    g_autoptr(GPtrArray) stored = NULL, made = g_ptr_array_new(), missing = g_ptr_array_new();
    g_autoptr(GError) first = NULL;

    if (!store_list_bundles(session->store, &stored, error) || !share_makings(stack, session->notes, error))
        return FALSE;
    for (guint i = 0; i < stack->services->len; i++) {
        StackService *service = g_ptr_array_index(stack->services, i);

        if (service->bundle && strchr(service->bundle, '/') && *service->bundle != '/') {
            char *path = g_build_filename(stack->folder, service->bundle, NULL);

            g_free(service->bundle);
            service->bundle = path;
        }
        g_autoptr(GError) failure = NULL;
        if (service->bundle || find_or_make(stack, service, session, load, stored, made, &failure))
            continue;
        if (!is_missing(service, failure)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        g_ptr_array_add(missing, service);
        if (!first)
            first = g_steal_pointer(&failure);
    }
    return missing->len == 0 || fail_missing(missing, g_steal_pointer(&first), error);
}

static gboolean is_wanted(const StackService *service, const char *const *names)
{
    return !names || !*names || g_strv_contains(names, stack_service_name_in_file(service));
}

gboolean stack_build_bundles(const StackOptions *options, const Call *call, const char *const *services,
                             const char *builder, Notes *notes, GError **error)
{
    g_autoptr(ComposeProject) project = stack_options_load(options, services, notes, error);
    g_autoptr(GPtrArray) made = g_ptr_array_new();

    if (!project && options->files->len == 0 && error && g_error_matches(*error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND))
        gourd_error_prefix(error, "no SOURCE is named");
    if (!project || (services && *services && !compose_project_select(project, services, error)))
        return FALSE;
    g_autoptr(Stack) stack = compose_to_stack(project, notes, error);
    if (!stack || !share_makings(stack, notes, error))
        return FALSE;
    g_autoptr(GPtrArray) all = list_all(stack);
    for (guint i = 0; i < all->len; i++) {
        StackService *service = g_ptr_array_index(all, i);

        if (!is_wanted(service, services) || !(service->source || service->build))
            continue;
        if (!make_once(stack, service, call, NULL, builder, made, error))
            return FALSE;
    }
    for (guint i = 0; i < made->len && !call->common->quiet; i++)
        fprintf(call->out.file, "%s\n", ((const StackService *)g_ptr_array_index(made, i))->bundle);
    if (made->len == 0)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "no service of the stack says how its image is built");
    return TRUE;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static Stack *load_project(ComposeProject *project, Session *session, const StackLoad *load, GError **error)
{
    if (load->services && *load->services)
        return stack_load_part(project, session, load->services, error);
    return compose_to_stack(project, session->notes, error);
}

static Stack *load_stack(const StackOptions *options, Session *session, const StackLoad *load, GError **error)
{
    g_autoptr(ComposeProject) project = stack_options_load(options, load->services, session->notes, error);

    if (!project)
        return NULL;
    for (const char *const *scale = load->scales; scale && *scale; scale++)
        if (!apply_scale(project, *scale, error))
            return NULL;
    g_autoptr(Stack) stack = load_project(project, session, load, error);
    if (!stack)
        return NULL;
    for (guint i = 0; i < stack->services->len && load->secure_env; i++)
        ((StackService *)g_ptr_array_index(stack->services, i))->options.secure_env = TRUE;
    for (const char *const *image = load->images; image && *image; image++)
        if (!apply_image(stack, *image, error))
            return NULL;
    if (load->network != STACK_NETWORK_AUTO) {
        stack->network->mode = load->network;
        g_clear_pointer(&stack->network->reason, g_free);
    }
    return find_bundles(stack, session, load, error) ? g_steal_pointer(&stack) : NULL;
}

Stack *stack_load(const StackOptions *options, Session *session, const StackLoad *load, GError **error)
{
    GThread *digests = digest_load_begin(); /* which bundles need, when the file has been read */
    Stack *stack = load_stack(options, session, load, error);

    g_clear_pointer(&digests, g_thread_join);
    return stack;
}

const OptionChoice stack_networks[] = {
    {"auto", STACK_NETWORK_AUTO, "what the file needs"},
    {"host", STACK_NETWORK_HOST, "the host's; names lead to loopback addresses"},
    {"private", STACK_NETWORK_PRIVATE, "one of its own for each service"},
    {NULL, 0, NULL},
};

gboolean stack_plan_up(const StackOptions *options, Session *session, const StackLoad *load, StoreStackRequest *request,
                       Stack **ret_stack, StoreChange **ret_change, GError **error)
{
    g_autofree char *init = find_init_program();
    g_autoptr(Stack) stack = stack_load(options, session, load, error);

    if (!stack || (load->lock && !session_lock(session, error)))
        return FALSE;
    request->stack = stack;
    request->init_path = init;
    *ret_change = store_plan_up(session->store, request, session->notes, error);
    request->init_path = NULL;
    if (!*ret_change)
        return FALSE;
    *ret_stack = g_steal_pointer(&stack);
    return TRUE;
}
