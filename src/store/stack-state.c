// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack-state.h"

#include <string.h>

#define STACK_FORMAT 1
#define STACK_SUFFIX ".stack"

void store_stack_free(StoreStack *stack)
{
    if (!stack)
        return;
    g_free(stack->name);
    g_strfreev(stack->files);
    g_free(stack->folder);
    g_strfreev(stack->services);
    g_strfreev(stack->full_names);
    g_clear_pointer(&stack->units, g_ptr_array_unref);
    g_clear_pointer(&stack->ports, g_ptr_array_unref);
    g_clear_pointer(&stack->network_state, json_decref);
    g_free(stack);
}

char *stack_state_path(const char *name)
{
    return g_strconcat(PATH_STATE "/", name, STACK_SUFFIX, NULL);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static Json *texts_to_json(char *const *texts)
{
    Json *list = json_array();

    for (; texts && *texts; texts++)
        json_array_append_new(list, json_text(*texts));
    return list;
}

static void port_free(gpointer data)
{
    StackNetworkPort *port = data;

    g_free(port->service);
    g_free(port->address);
    g_free(port);
}

static Json *ports_to_json(const GPtrArray *ports)
{
    Json *list = json_array();

    for (guint i = 0; ports && i < ports->len; i++) {
        const StackNetworkPort *port = g_ptr_array_index(ports, i);

        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:i, s:i, s:b, s:b, s:b}", "service", port->service, "address",
                                        json_text_or_null(port->address), "port", port->port, "target", port->target,
                                        "udp", port->is_udp, "open", port->is_open, "by_socket", port->by_socket));
    }
    return list;
}

GBytes *stack_state_format(const StoreStack *stack)
{
    g_autoptr(Json)
        root = json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:O?}", "format", STACK_FORMAT, "name",
                         stack->name, "files", texts_to_json(stack->files), "folder", json_text_or_null(stack->folder),
                         "services", texts_to_json(stack->services), "full_names", texts_to_json(stack->full_names),
                         "units", files_to_json(stack->units), "network", stack_network_words[stack->network], "ports",
                         ports_to_json(stack->ports), "network_state", stack->network_state);
    char *text = json_dumps(root, JSON_INDENT(2));

    return g_bytes_new_take(text, strlen(text));
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static gboolean check_names(const StoreStack *stack, GError **error)
{
    if (g_strv_length(stack->services) != g_strv_length(stack->full_names))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "services and full_names are not as many");
    for (char **name = stack->full_names; *name; name++)
        if (!service_name_check(*name, error))
            return FALSE;
    return TRUE;
}

static gboolean parse_port(const Json *object, GPtrArray *ports, GError **error)
{
    StackNetworkPort *port = g_new0(StackNetworkPort, 1);
    const char *service, *address;
    gint64 number, target;

    g_ptr_array_add(ports, port);
    if (!json_get_string(object, "ports", "service", &service, error) ||
        !json_get_string(object, "ports", "address", &address, error) ||
        !json_get_integer(object, "ports", "port", 0, &number, error) ||
        !json_get_integer(object, "ports", "target", 0, &target, error))
        return FALSE;
    if (!service || MIN(number, target) < 0 || MAX(number, target) > G_MAXUINT16)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "ports: that is none");
    *port = (StackNetworkPort){
        .service = g_strdup(service),
        .address = g_strdup(address),
        .port = (guint16)number,
        .target = (guint16)target,
        .is_udp = json_is_true(json_object_get(object, "udp")),
        .is_open = json_is_true(json_object_get(object, "open")),
        .by_socket = json_is_true(json_object_get(object, "by_socket")),
    };
    return TRUE;
}

static gboolean parse_network(const Json *root, StoreStack *stack, GError **error)
{
    const char *word;
    Json *ports, *element, *state;
    gsize i;

    if (!json_get_string(root, "", "network", &word, error) || !json_get_array(root, "", "ports", &ports, error) ||
        !json_get_object(root, "", "network_state", &state, error))
        return FALSE;
    for (int mode = 0; word && stack_network_words[mode]; mode++)
        if (strcmp(stack_network_words[mode], word) == 0)
            stack->network = mode;
    json_array_foreach(ports, i, element) {
        if (!parse_port(element, stack->ports, error))
            return FALSE;
    }
    stack->network_state = json_incref(state);
    return TRUE;
}

StoreStack *stack_state_parse(const char *name, const void *bytes, gsize size, GError **error)
{
    g_autoptr(Json) root = json_parse(bytes, size, error);
    g_autoptr(StoreStack) stack = g_new0(StoreStack, 1);
    const char *folder;
    gint64 format;
    Json *units;

    stack->name = g_strdup(name);
    stack->units = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);
    stack->ports = g_ptr_array_new_with_free_func(port_free);
    if (!root || !json_get_integer(root, "", "format", 0, &format, error))
        return NULL;
    if (format != STACK_FORMAT) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "format %" G_GINT64_FORMAT " is not known", format);
        gourd_error_hint(error, "a newer gourd wrote it: use that one");
        return NULL;
    }
    if (!json_get_strv(root, "", "files", &stack->files, error) ||
        !json_get_string(root, "", "folder", &folder, error) ||
        !json_get_strv(root, "", "services", &stack->services, error) ||
        !json_get_strv(root, "", "full_names", &stack->full_names, error) ||
        !json_get_array(root, "", "units", &units, error) || !files_from_json(units, stack->units, error) ||
        !parse_network(root, stack, error))
        return NULL;
    stack->folder = g_strdup(folder);
    if (!stack->services)
        stack->services = g_new0(char *, 1);
    if (!stack->full_names)
        stack->full_names = g_new0(char *, 1);
    return check_names(stack, error) ? g_steal_pointer(&stack) : NULL;
}

gboolean stack_state_read(Store *store, const char *name, StoreStack **ret_stack, GError **error)
{
    g_autofree char *path = stack_state_path(name);
    g_autoptr(GBytes) content = NULL;

    *ret_stack = NULL;
    if (!root_load(store->root, path, STATE_FILE_SIZE_MAX, &content, NULL, error))
        return FALSE;
    if (!content)
        return TRUE;
    *ret_stack = stack_state_parse(name, g_bytes_get_data(content, NULL), g_bytes_get_size(content), error);
    return *ret_stack || gourd_error_prefix(error, "'%s'", path);
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

static gboolean list_names(Store *store, GPtrArray **ret_names, GError **error)
{
    return state_list_names(store, STACK_SUFFIX, stack_name_is_valid, ret_names, error);
}

gboolean store_list_stacks(Store *store, GPtrArray **ret_stacks, GError **error)
{
    g_autoptr(GPtrArray) stacks = g_ptr_array_new_with_free_func((GDestroyNotify)store_stack_free), names = NULL;

    if (!list_names(store, &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        StoreStack *stack;

        if (!stack_state_read(store, g_ptr_array_index(names, i), &stack, error))
            return FALSE;
        if (stack)
            g_ptr_array_add(stacks, stack);
    }
    *ret_stacks = g_steal_pointer(&stacks);
    return TRUE;
}

/* What stack a service is of; NULL: none. The caller frees. */
static char *find_stack_of(Store *store, const char *service)
{
    g_autoptr(GPtrArray) stacks = NULL;

    if (!store_list_stacks(store, &stacks, NULL))
        return NULL;
    for (guint i = 0; i < stacks->len; i++) {
        const StoreStack *stack = g_ptr_array_index(stacks, i);

        if (g_strv_contains((const char *const *)stack->full_names, service))
            return g_strdup(stack->name);
    }
    return NULL;
}

StoreStack *store_find_stack(Store *store, const char *name, GError **error)
{
    g_autofree char *shown = text_escape(name);
    g_autoptr(GPtrArray) names = NULL;
    StoreStack *stack = NULL;

    if (stack_name_is_valid(name) && !stack_state_read(store, name, &stack, error))
        return NULL;
    if (stack || !list_names(store, &names, error))
        return stack;
    const char *nearest = nearest_name(name, names);
    g_autofree char *owner = find_stack_of(store, name);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no stack '%s' on this host", shown);
    if (owner)
        gourd_error_hint(error, "it is a service of the stack '%s'", owner);
    else if (nearest)
        gourd_error_hint(error, "did you mean '%s'?", nearest);
    else
        gourd_error_hint(error, "'gourd up' brings one up from a Compose file");
    return NULL;
}
