// SPDX-License-Identifier: LGPL-2.1-or-later
#include "up.h"

#include <string.h>

/* What the stack and the image say that a service listens on. */
static gboolean add_exposed(const Up *up, GError **error)
{
    for (guint i = 0; i < up->members->len; i++) {
        const Member *member = g_ptr_array_index(up->members, i);
        const ImageConfig *config = service_image_config(member->deploy.change->pending->source->image, error);

        if (!config)
            return FALSE;
        ServiceNetMember *place = stack_network_find_member(up->request->stack->network, member->service->name);
        for (char **port = config->exposed_ports; place && *port; port++)
            vector_append_once(&place->expose, *port);
    }
    return TRUE;
}

static gboolean find_others(const Up *up, GPtrArray **ret_states, GError **error)
{
    g_autoptr(GPtrArray) states = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref), stacks = NULL;

    if (!store_list_stacks(up->store, &stacks, error))
        return FALSE;
    for (guint i = 0; i < stacks->len; i++) {
        const StoreStack *stack = g_ptr_array_index(stacks, i);

        if (stack->network_state && strcmp(stack->name, up->request->stack->name) != 0)
            g_ptr_array_add(states, json_incref(stack->network_state));
    }
    *ret_states = g_steal_pointer(&states);
    return TRUE;
}

/* The commands that units call. */
static gboolean check_programs(const Up *up, GError **error)
{
    static const char *const folders[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};
    static const struct {
        const char *program, *package;
    } packages[] = {{"ip", "iproute2"}, {"nft", "nftables"}};

    for (char **program = up->network->programs; up_starts(up) && *program; program++) {
        gboolean found = FALSE;

        for (guint i = 0; i < G_N_ELEMENTS(folders) && !found; i++) {
            g_autofree char *path = g_build_filename(folders[i], *program, NULL);
            struct stat status;

            if (!root_look(up->store->root, path, &status, &found, error))
                return FALSE;
        }
        if (found)
            continue;
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "the networks of the stack need '%s', which this host lacks",
                        *program);
        for (guint i = 0; i < G_N_ELEMENTS(packages); i++)
            if (strcmp(packages[i].program, *program) == 0)
                gourd_error_hint(error, "install %s, or use the host's network: --network host", packages[i].package);
        return FALSE;
    }
    return TRUE;
}

/* The network is that of all files; the last may have changed what the first says. */
static gboolean fail_network(const Stack *stack, GError **error)
{
    g_autofree char *file = stack->files && stack->files[0] ? g_path_get_basename(stack->files[0]) : NULL;

    return file ? gourd_error_prefix(error, "%s", file) : FALSE;
}

const char *up_find_init(const Up *up)
{
    const char *path = up->network ? up->change->pending->init_path : NULL;

    return path && files_mention(up->units, path) ? path : NULL;
}

gboolean up_render_network(Up *up, guint systemd_version, GError **error)
{
    const Stack *stack = up->request->stack;
    g_autoptr(GPtrArray) others = NULL;
    g_auto(GStrv) subnets = host_is_live(up->store->host) ? host_list_subnets() : NULL;

    if (!stack->network)
        return TRUE;
    if (!add_exposed(up, error) || !find_others(up, &others, error))
        return FALSE;
    up->helper = (Deploy){
        .store = up->store,
        .request = &up->helper_request,
        .change = up->change,
    };
    up->helper_request.init_path = up->request->init_path;
    if (!deploy_find_init(&up->helper, error))
        return FALSE;
    const StackNetworkContext context = {
        .systemd_version = systemd_version,
        .init_path = up->change->pending->init_path,
        .previous = up->before ? up->before->network_state : NULL,
        .others = others,
        .used_subnets = subnets,
    };
    up->network = stack_network_render(stack->network, &context, up->notes, error);
    if (!up->network)
        return fail_network(stack, error);
    if (!check_programs(up, error))
        return FALSE;
    while (up->network->files->len > 0)
        g_ptr_array_add(up->units, g_ptr_array_steal_index(up->network->files, 0));
    up->change->network = up->network->mode;
    up->change->network_reason = g_strdup(up->network->reason);
    return TRUE;
}
