// SPDX-License-Identifier: LGPL-2.1-or-later
#include "listing.h"
#include "session.h"

#include <string.h>

typedef struct {
    CommonOptions common;
    char *root;
    gboolean json;
} PortsOptions;

/* Where a port can be reached from: a phrase. Static. */
static const char *describe_reach(const StackNetworkPort *port)
{
    if (port->is_open)
        return port->address ? "everywhere, at this address" : "everywhere";
    return port->address ? "this machine" : "the stack";
}

static void add_row(Listing *listing, const StoreStack *stack, const StackNetworkPort *port)
{
    gboolean is_ipv6 = port->address && strchr(port->address, ':');

    listing_take(listing, g_strdup_printf("%s-%s", stack->name, port->service));
    listing_take(listing, g_strdup_printf("%s%s%s:%u/%s", is_ipv6 ? "[" : "", port->address ? port->address : "*",
                                          is_ipv6 ? "]" : "", port->port, port->is_udp ? "udp" : "tcp"));
    listing_take(listing, g_strdup_printf("%u", port->target));
    listing_add(listing, describe_reach(port));
    listing_add(listing, port->by_socket ? "a socket unit" : "the program");
}

static Json *port_to_json(const StoreStack *stack, const StackNetworkPort *port)
{
    return json_pack("{s:s, s:s, s:o, s:i, s:i, s:s, s:b, s:b}", "stack", stack->name, "service", port->service,
                     "address", json_text_or_null(port->address), "port", port->port, "target", port->target,
                     "protocol", port->is_udp ? "udp" : "tcp", "open", port->is_open, "by_socket", port->by_socket);
}

static void print_stack(const Session *session, const StoreStack *stack, Listing *listing, Json *json)
{
    for (guint i = 0; i < stack->ports->len; i++) {
        const StackNetworkPort *port = g_ptr_array_index(stack->ports, i);

        add_row(listing, stack, port);
        json_array_append_new(json, port_to_json(stack, port));
    }
}

static gboolean find_stacks(const Session *session, GPtrArray **ret_stacks, GError **error)
{
    const Call *call = session->call;
    g_autoptr(GPtrArray) stacks = g_ptr_array_new_with_free_func((GDestroyNotify)store_stack_free);

    if (call->n_operands == 0)
        return store_list_stacks(session->store, ret_stacks, error);
    for (guint i = 0; i < call->n_operands; i++) {
        StoreStack *stack = store_find_stack(session->store, call->operands[i], error);

        if (!stack)
            return FALSE;
        g_ptr_array_add(stacks, stack);
    }
    *ret_stacks = g_steal_pointer(&stacks);
    return TRUE;
}

static gboolean print_ports(const Call *call, GError **error)
{
    static const ListingColumn columns[] = {
        {"SERVICE", FALSE, STYLE_BOLD},      {"PORT", FALSE, STYLE_NONE},     {"IN THE SERVICE", TRUE, STYLE_NONE},
        {"REACHED FROM", FALSE, STYLE_NONE}, {"LISTENER", FALSE, STYLE_NONE},
    };
    const PortsOptions *options = call->options;
    g_auto(Session) session = {0};
    g_autoptr(GPtrArray) stacks = NULL;
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));
    g_autoptr(Json) json = json_array();

    if (!session_open(&session, call, options->root, FALSE, error) || !find_stacks(&session, &stacks, error))
        return FALSE;
    session_print_notes(&session);
    for (guint i = 0; i < stacks->len; i++)
        print_stack(&session, g_ptr_array_index(stacks, i), listing, json);
    if (options->json)
        json_print(json, &call->out);
    else
        listing_print(listing, &call->out);
    return TRUE;
}

static ExitCode run(const Call *call, GError **error)
{
    return print_ports(call, error) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

#define AT(member) .offset = offsetof(PortsOptions, member)

static const Option rows[] = {
    OPTION_ROOT_LOOK(AT(root)),
    OPTION_JSON_LIST(AT(json)),
    {NULL},
};

#undef AT

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"STACK", 0, OPERANDS_ANY, COMPLETE_STACK}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Shows where the services of stacks can be reached: by which address and port, from where, and who listens there, the program "
    "itself or a socket unit that passes connections on.",
    "`gourd ps` shows the ports that programs listen on now.",
    NULL,
};

static const Example examples[] = {
    {"gourd ports", "Of all stacks"},
    {"gourd ports shop --json | jq '.[] | select(.open)'", "What others can reach"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_INPUT, EXIT_CODE_UNSUPPORTED, EXIT_CODE_NOT_FOUND, EXIT_CODE_OK};

const Verb verb_ports = {
    .name = "ports",
    .topic = "Stacks",
    .summary = "Show where the services of stacks can be reached",
    .operands = operands,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(PortsOptions),
    .run = run,
};
