// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network-plan.h"

#include <string.h>

#define JOIN_DEPTH_MAX 8 /* of "service:X" where X is in another one's network: nobody needs two */

/* --- the result ----------------------------------------------------------------------------------------------------------- */

static void result_free(gpointer data)
{
    StackNetworkMember *member = data;

    g_free(member->service);
    g_free(member->net_unit);
    g_free(member->names_unit);
    g_free(member->netns);
    g_free(member->net_address);
    g_free(member->hosts_file);
    g_free(member->resolv_file);
    g_free(member->ingress_filter);
    g_free(member->hostname);
    g_strfreev(member->publish);
    g_strfreev(member->expose);
    g_strfreev(member->address_deny);
    g_strfreev(member->address_allow);
    g_free(member);
}

static void port_free(gpointer data)
{
    StackNetworkPort *port = data;

    g_free(port->service);
    g_free(port->address);
    g_free(port);
}

void stack_network_files_free(StackNetworkFiles *files)
{
    if (!files)
        return;
    g_free(files->reason);
    g_ptr_array_unref(files->files);
    g_ptr_array_unref(files->units);
    g_ptr_array_unref(files->members);
    g_ptr_array_unref(files->ports);
    g_strfreev(files->programs);
    json_decref(files->state);
    g_free(files);
}

static StackNetworkFiles *files_new(void)
{
    StackNetworkFiles *files = g_new0(StackNetworkFiles, 1);

    files->files = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);
    files->units = g_ptr_array_new_with_free_func(g_free);
    files->members = g_ptr_array_new_with_free_func(result_free);
    files->ports = g_ptr_array_new_with_free_func(port_free);
    files->state = json_object();
    return files;
}

static void set_text(char **member, const char *value)
{
    g_free(*member);
    *member = g_strdup(value);
}

static void set_vector(char ***member, char *const *value)
{
    g_strfreev(*member);
    *member = g_strdupv((char **)value);
}

void stack_network_to_options(const StackNetworkFiles *files, const char *service, ServiceOptions *options)
{
    for (guint i = 0; i < files->members->len; i++) {
        const StackNetworkMember *member = g_ptr_array_index(files->members, i);

        if (strcmp(member->service, service) != 0)
            continue;
        options->network = member->none ? SERVICE_NETWORK_NONE : SERVICE_NETWORK_HOST;
        set_text(&options->netns, member->netns);
        set_text(&options->net_address, member->net_address);
        set_text(&options->net_unit, member->net_unit);
        set_text(&options->names_unit, member->names_unit);
        set_text(&options->hosts_file, member->hosts_file);
        set_text(&options->resolv_file, member->resolv_file);
        set_text(&options->ingress_filter, member->ingress_filter);
        set_text(&options->hostname, member->hostname);
        set_vector(&options->publish, member->publish);
        set_vector(&options->expose, member->expose);
        set_vector(&options->address_deny, member->address_deny);
        set_vector(&options->address_allow, member->address_allow);
    }
}

/* --- the plan --------------------------------------------------------------------------------------------------------------- */

static void planned_net_free(gpointer data)
{
    PlannedNet *net = data;

    g_free(net->bridge);
    g_free(net->unit);
    for (guint i = 0; i < NET_RANGES_MAX; i++)
        g_free(net->gateways[i]);
    g_free(net);
}

static void planned_link_free(gpointer data)
{
    PlannedLink *link = data;

    for (guint i = 0; i < NET_RANGES_MAX; i++)
        g_free(link->addresses[i]);
    g_free(link->interface);
    g_free(link->host_end);
    g_free(link);
}

static void planned_member_free(gpointer data)
{
    PlannedMember *member = data;

    g_free(member->name);
    g_ptr_array_unref(member->links);
    g_free(member->loopback);
    g_strfreev(member->names);
    g_free(member);
}

PlannedNet *network_plan_find_net(const NetworkPlan *plan, const char *name)
{
    for (guint i = 0; i < plan->nets->len; i++) {
        PlannedNet *net = g_ptr_array_index(plan->nets, i);

        if (strcmp(net->net->name, name) == 0)
            return net;
    }
    return NULL;
}

PlannedMember *network_plan_find_member(const NetworkPlan *plan, const char *service)
{
    for (guint i = 0; i < plan->members->len; i++) {
        PlannedMember *member = g_ptr_array_index(plan->members, i);

        if (strcmp(member->member->service, service) == 0)
            return member;
    }
    return NULL;
}

PlannedMember *network_plan_owner(const NetworkPlan *plan, PlannedMember *member)
{
    for (guint depth = 0; depth < JOIN_DEPTH_MAX; depth++) {
        const char *joined = stack_member_joined(member->member);
        PlannedMember *next = joined ? network_plan_find_member(plan, joined) : NULL;

        if (!next)
            return member;
        member = next;
    }
    return member;
}

StackNetworkMember *network_plan_result(const NetworkPlan *plan, const PlannedMember *member)
{
    for (guint i = 0; i < plan->members->len; i++)
        if (g_ptr_array_index(plan->members, i) == member)
            return g_ptr_array_index(plan->files->members, i);
    g_assert_not_reached();
}

const PlannedLink *network_plan_gateway(const PlannedMember *member)
{
    const PlannedLink *best = NULL;

    for (guint i = 0; i < member->links->len; i++) {
        const PlannedLink *link = g_ptr_array_index(member->links, i);

        if (link->net->net->internal)
            continue;
        if (!best || link->link->gw_priority > best->link->gw_priority ||
            (link->link->gw_priority == best->link->gw_priority &&
             strcmp(link->net->net->name, best->net->net->name) < 0))
            best = link;
    }
    return best;
}

/* --- units and files -------------------------------------------------------------------------------------------------------- */

char *network_plan_unit_of(const PlannedMember *member, const char *suffix, GError **error)
{
    return unit_name_for_service(NULL, member->name, suffix, error);
}

UnitFile *network_plan_new_unit(const char *description, const char *of)
{
    UnitFile *unit = unit_file_new();

    unit_file_addf(unit, "Unit", "Description", "%s %s", description, of);
    /* It goes with the last that needs it. */
    unit_file_add(unit, "Unit", "StopWhenUnneeded", "yes");
    unit_file_add(unit, "Unit", "StartLimitIntervalSec", "0");
    unit_file_add(unit, "Service", "Type", "oneshot");
    unit_file_add(unit, "Service", "RemainAfterExit", "yes");
    return unit;
}

gboolean network_plan_add_command(UnitFile *unit, const char *key, UnitExecFlags flags, const char *const *argv,
                                  GError **error)
{
    g_autofree char *command = unit_quote_exec(argv[0], argv, flags, error);

    if (command)
        unit_file_add(unit, "Service", key, command);
    return command != NULL;
}

void network_plan_add_file(NetworkPlan *plan, const char *path, const char *how, const char *text)
{
    ServiceFile *file = g_new0(ServiceFile, 1);
    char *whole = g_strdup_printf("# Written by gourd " GOURD_VERSION " for the stack %s.\n# %s\n%s",
                                  plan->network->stack, how, text);

    file->path = g_strdup(path);
    file->mode = 0644;
    file->content = g_bytes_new_take(whole, strlen(whole));
    g_ptr_array_add(plan->files->files, file);
}

gboolean network_plan_add_unit(NetworkPlan *plan, const char *name, UnitFile *unit, GError **error)
{
    g_autofree char *path = g_strconcat(PATH_UNITS "/", name, NULL);
    g_autofree char *how = g_strdup_printf("To change it: systemctl edit %s; `gourd up` replaces this file.\n", name);
    g_autofree char *text = unit_file_fit(unit, plan->context->systemd_version, plan->notes, error)
                                ? unit_file_to_text(unit, error)
                                : NULL;

    if (!text)
        return gourd_error_prefix(error, "cannot write %s", name);
    for (guint i = 0; i < plan->members->len; i++)
        if (strcmp(((const PlannedMember *)g_ptr_array_index(plan->members, i))->member->unit, name) == 0)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "a service and a part of the network would both be %s",
                                   name);
    network_plan_add_file(plan, path, how, text);
    g_ptr_array_add(plan->files->units, g_strdup(name));
    return TRUE;
}

/* --- ports -------------------------------------------------------------------------------------------------------------------- */

static gboolean fail_port(const PlannedMember *member, guint16 port, const char *other, GError **error)
{
    if (strcmp(other, member->member->service) == 0)
        gourd_error_set(error, GOURD_ERROR_INPUT, "port %u is published twice by '%s'", port, other);
    else
        gourd_error_set(error, GOURD_ERROR_INPUT, "port %u is published by '%s' and by '%s'", port, other,
                        member->member->service);
    return gourd_error_hint(error, "ports: [\"NUMBER:%u\"] publishes it under another number", port);
}

/* A port that the host has once. */
static gboolean take_port(NetworkPlan *plan, const PlannedMember *member, const StackNetworkPort *wanted,
                          GError **error)
{
    for (guint i = 0; i < plan->files->ports->len; i++) {
        const StackNetworkPort *port = g_ptr_array_index(plan->files->ports, i);
        gboolean meet = !port->address || !wanted->address || strcmp(port->address, wanted->address) == 0;

        if (port != wanted && port->port == wanted->port && port->is_udp == wanted->is_udp && meet)
            return fail_port(member, wanted->port, port->service, error);
    }
    return TRUE;
}

static char *publish_word(const StackNetworkPort *port)
{
    gboolean ipv6 = port->address && strchr(port->address, ':');

    return g_strdup_printf("%s%s%s%s%u:%u%s", ipv6 ? "[" : "", port->address ? port->address : "", ipv6 ? "]" : "",
                           port->address ? ":" : "", port->port, port->target, port->is_udp ? "/udp" : "");
}

static gboolean add_port(NetworkPlan *plan, const PlannedMember *member, const ServiceNetPort *of,
                         GStrvBuilder *publish, GError **error)
{
    gboolean host = plan->mode == STACK_NETWORK_HOST ||
                    stack_member_is_mode(network_plan_owner(plan, (PlannedMember *)member)->member, "host");
    gboolean any = !of->address || *of->address == '\0' || strcmp(of->address, "0.0.0.0") == 0;
    StackNetworkPort *port = g_new0(StackNetworkPort, 1);

    port->service = g_strdup(member->member->service);
    port->address = any ? NULL : net_address_normalise(of->address);
    port->target = of->target;
    port->port = of->published ? of->published : of->target;
    port->is_udp = of->is_udp;
    port->is_open = any || !net_address_is_loopback(of->address);
    port->by_socket = !host || port->port != port->target;
    g_ptr_array_add(plan->files->ports, port);
    if (!any && !port->address) {
        g_autofree char *shown = text_escape(of->address);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s': '%s' is not an address", port->service, shown);
    }
    if (of->published == 0) {
        g_autofree char *shown = g_strdup_printf("%u of %s", port->port, port->service);

        notes_add(plan->notes, "port-not-random",
                  "a port that the file gives no number on the host is published under its own", shown);
    }
    g_autofree char *word = publish_word(port);
    if (port->by_socket)
        g_strv_builder_add(publish, word);
    return take_port(plan, member, port, error);
}

/* What a service listens on must be allowed to it. */
static char **list_exposed(const ServiceNetMember *member)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    for (guint i = 0; i < member->ports->len; i++) {
        const ServiceNetPort *port = g_ptr_array_index(member->ports, i);
        g_autofree char *word = g_strdup_printf("%u/%s", port->target, port->is_udp ? "udp" : "tcp");

        g_strv_builder_add(words, word);
    }
    for (char **word = member->expose; word && *word; word++)
        g_strv_builder_add(words, *word);
    return g_strv_builder_end(words);
}

/* No empty vectors, which would be said in JSON. */
static char **take_words(char **words)
{
    if (words[0])
        return words;
    g_strfreev(words);
    return NULL;
}

static gboolean add_ports(NetworkPlan *plan, const PlannedMember *member, GError **error)
{
    g_autoptr(GStrvBuilder) publish = g_strv_builder_new();
    StackNetworkMember *result = network_plan_result(plan, member);

    for (guint i = 0; i < member->member->ports->len; i++)
        if (!add_port(plan, member, g_ptr_array_index(member->member->ports, i), publish, error))
            return FALSE;
    result->publish = take_words(g_strv_builder_end(publish));
    result->expose = take_words(list_exposed(member->member));
    return TRUE;
}

/* Whether there is another one that listens on the same. */
static const ServiceNetMember *find_twin(const NetworkPlan *plan, const ServiceNetMember *of)
{
    for (guint i = 0; of->replica_of && i < plan->members->len; i++) {
        const ServiceNetMember *other = ((const PlannedMember *)g_ptr_array_index(plan->members, i))->member;

        if (other != of && g_strcmp0(other->replica_of, of->replica_of) == 0)
            return other;
    }
    return NULL;
}

/* In the host's network only one program gets a port. */
static gboolean check_twins(const NetworkPlan *plan, const PlannedMember *member, GError **error)
{
    const ServiceNetMember *of = member->member;
    g_autoptr(GArray) listens = stack_member_listens(of);

    if (listens->len == 0 || !find_twin(plan, of))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_INPUT, "the replicas of '%s' would all listen on port %u of the host's network",
                    of->replica_of, g_array_index(listens, StackPort, 0).port);
    return stack_member_is_mode(of, "host")
               ? gourd_error_hint(error, "leave network_mode out, so that each has a network of its own")
               : gourd_error_hint(error, "--network private gives each a network of its own");
}

/* --- members ------------------------------------------------------------------------------------------------------------------ */

static gboolean plan_join(NetworkPlan *plan, PlannedMember *member, GError **error)
{
    const char *joined = stack_member_joined(member->member);
    PlannedMember *owner = network_plan_owner(plan, member);

    if (!joined)
        return TRUE;
    if (!network_plan_find_member(plan, joined)) {
        g_autofree char *shown = text_escape(joined);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s' is in the network of '%s', which there is not",
                               member->member->service, shown);
    }
    if (stack_member_joined(owner->member))
        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "service '%s': network_mode goes round in a circle, or over more than %d services",
                               member->member->service, JOIN_DEPTH_MAX);
    owner->is_joined = TRUE;
    return TRUE;
}

static gboolean plan_member(NetworkPlan *plan, const ServiceNetMember *of, GError **error)
{
    PlannedMember *member = g_new0(PlannedMember, 1);
    StackNetworkMember *result = g_new0(StackNetworkMember, 1);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    static const char *const modes[] = {"", "host", "none", NULL};

    member->member = of;
    member->name = g_strndup(of->unit,
                             strlen(of->unit) - (g_str_has_suffix(of->unit, ".service") ? strlen(".service") : 0));
    member->links = g_ptr_array_new_with_free_func(planned_link_free);
    /* Replicas are all found by one name; each has another one that is its own. */
    g_strv_builder_add(names, of->replica_of ? of->replica_of : of->service);
    if (of->container_name && strcmp(of->container_name, of->service) != 0)
        g_strv_builder_add(names, of->container_name);
    else if (of->replica_of)
        g_strv_builder_add(names, member->name);
    member->names = g_strv_builder_end(names);
    result->service = g_strdup(of->service);
    result->hostname = g_strdup(of->hostname);
    g_ptr_array_add(plan->members, member);
    g_ptr_array_add(plan->files->members, result);
    if (of->mode && !stack_member_joined(of) && !g_strv_contains(modes, of->mode)) {
        g_autofree char *shown = text_escape(of->mode);

        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "service '%s': network_mode '%s' is not known", of->service,
                        shown);
        return gourd_error_hint(error, "host, none and service:NAME are");
    }
    return TRUE;
}

/* The networks that a service is in. */
static void plan_nets(NetworkPlan *plan)
{
    const StackNetwork *network = plan->network;

    for (guint i = 0; i < network->nets->len; i++) {
        const ServiceNet *net = g_ptr_array_index(network->nets, i);
        gboolean used = FALSE;

        for (guint k = 0; k < network->members->len; k++)
            used |= stack_member_find_link(g_ptr_array_index(network->members, k), net->name) != NULL;
        if (!used)
            continue;
        PlannedNet *planned = g_new0(PlannedNet, 1);
        planned->net = net;
        g_ptr_array_add(plan->nets, planned);
    }
}

/* What a service in a namespace needs: its own, or that of the service whose network it is in. */
static gboolean attach(NetworkPlan *plan, PlannedMember *member, PlannedMember *owner, GError **error)
{
    StackNetworkMember *result = network_plan_result(plan, member);
    const PlannedLink *link = owner->links->len > 0 ? g_ptr_array_index(owner->links, 0) : NULL;

    result->netns = g_strdup_printf("/run/netns/%s", owner->name);
    result->net_unit = network_plan_unit_of(owner, NAMESPACE_SUFFIX, error);
    result->net_address = link ? g_strdup(link->addresses[0]) : NULL;
    if (!result->net_unit)
        return FALSE;
    return member != owner || network_plan_add_namespace(plan, member, error);
}

static gboolean add_member(NetworkPlan *plan, PlannedMember *member, GError **error)
{
    PlannedMember *owner = network_plan_owner(plan, member);
    gboolean none = stack_member_is_mode(owner->member, "none"), host = stack_member_is_mode(owner->member, "host");

    if (!add_ports(plan, member, error))
        return FALSE;
    if (none && !owner->is_joined) {
        network_plan_result(plan, member)->none = TRUE;
        return TRUE;
    }
    if (none || (plan->mode == STACK_NETWORK_PRIVATE && !host))
        return attach(plan, member, owner, error);
    if (!check_twins(plan, member, error))
        return FALSE;
    if (member->member->sysctls && member->member->sysctls[0])
        notes_add(plan->notes, "sysctls-of-the-host", "in the host's network the host's sysctls hold",
                  member->member->service);
    return host || network_plan_add_filter(plan, member, error);
}

static void list_programs(StackNetworkFiles *files)
{
    gboolean ip = FALSE, nft = FALSE;
    g_autoptr(GStrvBuilder) programs = g_strv_builder_new();

    for (guint i = 0; i < files->members->len; i++)
        ip |= ((const StackNetworkMember *)g_ptr_array_index(files->members, i))->netns != NULL;
    for (guint i = 0; i < files->units->len; i++)
        nft |= g_str_has_suffix(g_ptr_array_index(files->units, i), "-nat.service");
    if (ip)
        g_strv_builder_add(programs, "ip");
    if (nft)
        g_strv_builder_add(programs, "nft");
    files->programs = g_strv_builder_end(programs);
}

static gint compare_files(gconstpointer a, gconstpointer b)
{
    const ServiceFile *const *file_a = a, *const *file_b = b;

    return strcmp((*file_a)->path, (*file_b)->path);
}

static gboolean fill(NetworkPlan *plan, GError **error)
{
    const StackNetwork *network = plan->network;

    for (guint i = 0; i < network->members->len; i++)
        if (!plan_member(plan, g_ptr_array_index(network->members, i), error))
            return FALSE;
    for (guint i = 0; i < plan->members->len; i++)
        if (!plan_join(plan, g_ptr_array_index(plan->members, i), error))
            return FALSE;
    if (plan->mode == STACK_NETWORK_PRIVATE)
        plan_nets(plan);
    if (!network_plan_assign(plan, error))
        return FALSE;
    for (guint i = 0; i < plan->members->len; i++)
        if (!add_member(plan, g_ptr_array_index(plan->members, i), error))
            return FALSE;
    return (plan->mode == STACK_NETWORK_HOST || network_plan_add_bridges(plan, error)) &&
           network_plan_add_names(plan, error);
}

StackNetworkFiles *stack_network_render(const StackNetwork *network, const StackNetworkContext *context, Notes *notes,
                                        GError **error)
{
    g_autoptr(StackNetworkFiles) files = files_new();
    g_autoptr(GPtrArray) nets = g_ptr_array_new_with_free_func(planned_net_free);
    g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(planned_member_free);
    NetworkPlan plan = {
        .network = network,
        .context = context,
        .nets = nets,
        .members = members,
        .files = files,
        .notes = notes,
    };

    files->mode = plan.mode = stack_network_choose(network, &files->reason);
    json_object_set_new(files->state, "mode", json_string(stack_network_words[files->mode]));
    if (!fill(&plan, error))
        return NULL;
    list_programs(files);
    g_ptr_array_sort(files->files, compare_files);
    return g_steal_pointer(&files);
}
