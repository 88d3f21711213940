// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network-plan.h"
#include "render.h"

#include <string.h>

/* Names of a stack's services, as hosts files: images have no resolver that they could be asked of by another way, and a file
 * needs no daemon. In host mode one file has the stack's names with loopback addresses, and the host's own; in private mode each
 * service has a file with those that it shares a network with.
 *
 * P-names.service copies what is below /var/lib/gourd/stacks/P to /run/gourd/stacks/P, in place, so that running services see
 * changes. It has a digest of the files: if they change, the unit does, and is started again. */

#define PATH_RUN_STACKS PATH_RUN "/stacks"
#define HOSTS_OF_NOBODY "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
#define NAME_LENGTH_MAX 253 /* of DNS */
#define HOST_GATEWAY "host-gateway"

typedef struct {
    NetworkPlan *plan;
    UnitFile *unit;
    GString *content; /* of all files */
    gboolean any;
} Names;

/* --- what stands in them ------------------------------------------------------------------------------------------------ */

/* What a resolver takes for a name, and a hosts file for one word; underscores are usual in Compose files. */
static gboolean check_name(const PlannedMember *member, const char *name, GError **error)
{
    const char *letters = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-._";

    if (*name && strlen(name) <= NAME_LENGTH_MAX && name[strspn(name, letters)] == '\0')
        return TRUE;
    g_autofree char *shown = text_escape(name);

    return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s': '%s' is not the name of a host",
                           member->member->service, shown);
}

static void add_word(GString *names, const char *name)
{
    g_auto(GStrv) words = g_strsplit(names->str, " ", -1);

    if (name && *name && !g_strv_contains((const char *const *)words, name))
        g_string_append_printf(names, "%s%s", names->len > 0 ? " " : "", name);
}

/* "www.example.org www", and the names that it has everywhere. */
static gboolean add_own_names(const PlannedMember *member, GString *names, GError **error)
{
    const ServiceNetMember *of = member->member;

    if (of->hostname && of->domainname) {
        g_autofree char *whole = g_strdup_printf("%s.%s", of->hostname, of->domainname);

        add_word(names, whole);
    }
    add_word(names, of->hostname);
    for (char **name = member->names; *name; name++)
        add_word(names, *name);
    return (!of->hostname || check_name(member, of->hostname, error)) &&
           (!of->domainname || check_name(member, of->domainname, error));
}

static gboolean add_aliases(const PlannedMember *member, const char *net, GString *names, GError **error)
{
    for (guint i = 0; i < member->member->links->len; i++) {
        const ServiceNetLink *link = g_ptr_array_index(member->member->links, i);

        for (char **alias = link->aliases; (!net || strcmp(net, link->network) == 0) && alias && *alias; alias++) {
            if (!check_name(member, *alias, error))
                return FALSE;
            add_word(names, *alias);
        }
    }
    return TRUE;
}

static void add_line(GString *text, const char *address, const GString *names)
{
    if (names->len > 0)
        g_string_append_printf(text, "%s %s\n", address, names->str);
}

/* The address under which `member` reaches `other`; NULL: it does not. Borrowed. */
static const char *address_for(const NetworkPlan *plan, PlannedMember *member, PlannedMember *other)
{
    PlannedMember *from = network_plan_owner(plan, member), *to = network_plan_owner(plan, other);

    if (plan->mode == STACK_NETWORK_HOST)
        return to->loopback;
    for (guint i = 0; i < from->links->len; i++) {
        const PlannedLink *link = g_ptr_array_index(from->links, i);

        for (guint k = 0; k < to->links->len; k++) {
            const PlannedLink *there = g_ptr_array_index(to->links, k);

            if (there->net == link->net)
                return there->addresses[0];
        }
    }
    return NULL;
}

/* Whether the file calls it that. */
static gboolean is_called(const PlannedMember *member, const char *name)
{
    return strcmp(member->member->service, name) == 0 || g_strcmp0(member->member->replica_of, name) == 0;
}

/* `links:` of the file; replicas are several addresses. */
static gboolean add_link_names(NetworkPlan *plan, PlannedMember *member, GString *text, GError **error)
{
    for (char **link = member->member->link_names; link && *link; link++) {
        g_auto(GStrv) parts = g_strsplit(*link, ":", 2);
        const char *name = parts[1] ? parts[1] : parts[0];
        gboolean found = FALSE;

        for (guint i = 0; i < plan->members->len; i++) {
            PlannedMember *other = g_ptr_array_index(plan->members, i);
            const char *address = is_called(other, parts[0]) ? address_for(plan, member, other) : NULL;

            if (address && !is_called(other, name)) /* else it has its line already */
                g_string_append_printf(text, "%s %s\n", address, name);
            found |= address != NULL;
        }
        if (!check_name(member, name, error))
            return FALSE;
        if (!found) {
            g_autofree char *shown = text_escape(*link);

            return gourd_error_set(error, GOURD_ERROR_INPUT,
                                   "service '%s': link '%s' leads to no service that it can reach",
                                   member->member->service, shown);
        }
    }
    return TRUE;
}

/* The host, as the service reaches it. Borrowed. */
static const char *host_gateway(NetworkPlan *plan, PlannedMember *member)
{
    const PlannedLink *link = network_plan_gateway(network_plan_owner(plan, member));

    if (plan->mode == STACK_NETWORK_HOST || stack_member_is_mode(member->member, "host"))
        return "127.0.0.1";
    return link ? link->net->gateways[0] : NULL;
}

static gboolean add_extra_hosts(NetworkPlan *plan, PlannedMember *member, GString *text, GError **error)
{
    for (char **extra = member->member->extra_hosts; extra && *extra; extra++) {
        gsize length = strcspn(*extra, "=:");
        g_autofree char *name = g_strndup(*extra, length);
        g_autofree char *plain = g_strdup((*extra)[length] ? *extra + length + 1 : "");
        gboolean is_gateway = strcmp(plain, HOST_GATEWAY) == 0;
        g_autofree char *address = is_gateway ? g_strdup(host_gateway(plan, member))
                                              : net_address_normalise(g_strstrip(g_strdelimit(plain, "[]", ' ')));

        if (!check_name(member, name, error))
            return FALSE;
        if (!address) {
            g_autofree char *shown = text_escape(*extra);

            return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s': extra_hosts '%s' %s",
                                   member->member->service, shown,
                                   is_gateway ? "has no network with a way to the host" : "has no address");
        }
        g_string_append_printf(text, "%s %s\n", address, name);
    }
    return TRUE;
}

/* All services by their loopback addresses. */
static gboolean add_host_names(NetworkPlan *plan, GString *text, GError **error)
{
    for (guint i = 0; i < plan->members->len; i++) {
        PlannedMember *member = g_ptr_array_index(plan->members, i);
        g_autoptr(GString) names = g_string_new(NULL);

        for (char **name = member->names; *name; name++)
            add_word(names, *name);
        if (!add_aliases(member, NULL, names, error))
            return FALSE;
        if (!stack_member_is_mode(network_plan_owner(plan, member)->member, "none"))
            add_line(text, network_plan_owner(plan, member)->loopback, names);
    }
    return TRUE;
}

/* Those that it shares a network with, one line for each network and address. */
static gboolean add_peers(NetworkPlan *plan, PlannedMember *owner, const PlannedLink *link, GString *text,
                          GError **error)
{
    for (guint i = 0; i < plan->members->len; i++) {
        PlannedMember *peer = g_ptr_array_index(plan->members, i);
        PlannedMember *place = network_plan_owner(plan, peer);
        g_autoptr(GString) names = g_string_new(NULL);

        for (char **name = peer->names; *name; name++)
            add_word(names, *name);
        if (!add_aliases(peer, link->net->net->name, names, error))
            return FALSE;
        for (guint k = 0; k < place->links->len; k++) {
            const PlannedLink *there = g_ptr_array_index(place->links, k);

            for (guint n = 0; there->net == link->net && (place != owner || peer != owner) && n < there->net->n_ranges;
                 n++)
                add_line(text, there->addresses[n], names);
        }
    }
    return TRUE;
}

static gboolean has_called(const NetworkPlan *plan, const char *name)
{
    for (guint i = 0; i < plan->members->len; i++)
        if (is_called(g_ptr_array_index(plan->members, i), name))
            return TRUE;
    return FALSE;
}

/* Services of other stacks in a network that is shared with them. */
static void add_strangers(const NetworkPlan *plan, const PlannedLink *link, GString *text)
{
    const Json *state;

    for (guint i = 0; (state = network_plan_other(plan, i)); i++) {
        Json *members = json_object_get(json_object_get(state, "addresses"), link->net->net->host_name), *list,
             *address;
        const char *service;
        gsize index;

        json_object_foreach(members, service, list) {
            const char *replica_of = json_string_value(json_object_get(json_object_get(state, "replicas"), service));
            const char *name = replica_of ? replica_of : service;

            json_array_foreach(list, index, address)
                if (json_is_string(address) && !has_called(plan, name))
                    g_string_append_printf(text, "%s %s\n", json_string_value(address), name);
        }
    }
}

static gboolean add_private_names(NetworkPlan *plan, PlannedMember *member, GString *text, GError **error)
{
    PlannedMember *owner = network_plan_owner(plan, member);

    for (guint i = 0; i < owner->links->len; i++) {
        const PlannedLink *link = g_ptr_array_index(owner->links, i);
        g_autoptr(GString) names = g_string_new(NULL);

        if (!add_own_names(owner, names, error) || !add_aliases(owner, link->net->net->name, names, error))
            return FALSE;
        for (guint n = 0; n < link->net->n_ranges; n++)
            add_line(text, link->addresses[n], names);
        if (!add_peers(plan, owner, link, text, error))
            return FALSE;
        add_strangers(plan, link, text);
    }
    return TRUE;
}

/* --- files -------------------------------------------------------------------------------------------------------------------- */

static gboolean add_copy(Names *names, const char *script, GError **error)
{
    names->any = TRUE;
    return network_plan_add_command(names->unit, "ExecStart", UNIT_EXEC_NO_ENVIRONMENT,
                                    COMMAND("/bin/sh", "-c", script), error);
}

/* A file of the stack, and how it gets to where services see it; `more` is added to it there. */
static gboolean add_file(Names *names, const char *file, const char *text, const char *more, char **ret_path,
                         GError **error)
{
    NetworkPlan *plan = names->plan;
    const char *stack = plan->network->stack;
    g_autofree char *from = g_strdup_printf("%s/%s/%s", PATH_STACKS, stack, file);
    g_autofree char *to = g_strdup_printf("%s/%s/%s", PATH_RUN_STACKS, stack, file);
    g_autofree char *script = *more ? g_strdup_printf("{ cat '%s'; %s; } >'%s'", from, more, to)
                                    : g_strdup_printf("cat '%s' >'%s'", from, to);

    network_plan_add_file(plan, from, "`gourd up` writes it anew.", text);
    g_string_append(names->content, text);
    *ret_path = g_steal_pointer(&to);
    return add_copy(names, script, error);
}

static gboolean add_hosts_of(Names *names, PlannedMember *member, GError **error)
{
    NetworkPlan *plan = names->plan;
    gboolean host = plan->mode == STACK_NETWORK_HOST;
    g_autoptr(GString) text = g_string_new(host ? "" : HOSTS_OF_NOBODY), own = g_string_new(NULL);
    g_autofree char *file = g_strconcat(member->member->service, ".hosts", NULL);

    if (host && !add_own_names(member, own, error))
        return FALSE;
    if (host && member->member->hostname)
        add_line(text, network_plan_owner(plan, member)->loopback, own);
    if (!(host ? add_host_names(plan, text, error) : add_private_names(plan, member, text, error)) ||
        !add_link_names(plan, member, text, error) || !add_extra_hosts(plan, member, text, error))
        return FALSE;
    return add_file(names, file, text->str, host ? "cat " PATH_RUN "/hosts" : "",
                    &network_plan_result(plan, member)->hosts_file, error);
}

static gboolean has_words(char *const *vector)
{
    return vector && vector[0];
}

/* In host mode most services have one file in common. */
static gboolean add_hosts(Names *names, GError **error)
{
    NetworkPlan *plan = names->plan;
    g_autofree char *shared = NULL;

    for (guint i = 0; i < plan->members->len; i++) {
        PlannedMember *member = g_ptr_array_index(plan->members, i);
        const ServiceNetMember *of = member->member;
        gboolean own = plan->mode == STACK_NETWORK_PRIVATE || of->hostname || has_words(of->extra_hosts) ||
                       has_words(of->link_names);

        if (stack_member_is_mode(of, "none") ||
            (plan->mode == STACK_NETWORK_PRIVATE && stack_member_is_mode(of, "host") && !has_words(of->extra_hosts)))
            continue;
        if (own && !add_hosts_of(names, member, error))
            return FALSE;
        if (own)
            continue;
        if (!shared) {
            g_autoptr(GString) text = g_string_new(NULL);

            if (!add_host_names(plan, text, error) ||
                !add_file(names, "hosts", text->str, "cat " PATH_RUN "/hosts", &shared, error))
                return FALSE;
        }
        network_plan_result(plan, member)->hosts_file = g_strdup(shared);
    }
    return TRUE;
}

/* --- name servers ----------------------------------------------------------------------------------------------------------- */

/* One line of resolv.conf for all words, or for each. */
static gboolean add_resolv_words(const PlannedMember *member, const char *key, char *const *words, gboolean each,
                                 GString *text, GError **error)
{
    for (char *const *word = words; word && *word; word++) {
        if (**word == '\0' || (*word)[strspn(*word, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-._:%")] != '\0') {
            g_autofree char *shown = text_escape(*word);

            return gourd_error_set(error, GOURD_ERROR_INPUT, "service '%s': '%s' cannot stand in resolv.conf",
                                   member->member->service, shown);
        }
        if (each || word == words)
            g_string_append(text, key);
        g_string_append_printf(text, " %s%s", *word, each || !word[1] ? "\n" : "");
    }
    return TRUE;
}

static gboolean add_resolv_of(Names *names, PlannedMember *member, GError **error)
{
    const ServiceNetMember *of = member->member;
    gboolean host = names->plan->mode == STACK_NETWORK_HOST || stack_member_is_mode(of, "host");
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *file = g_strconcat(of->service, ".resolv", NULL);
    /* What the file says goes before what the host has of the same kind. */
    g_autofree char *more =
        g_strdup_printf("grep -Ev '^(%s%s-)' %s || :", has_words(of->dns_search) ? "search|domain|" : "",
                        has_words(of->dns_opt) ? "options|" : "",
                        host ? PATH_RUN "/resolv.conf" : PATH_RUN "/resolv-uplink.conf");

    if (!add_resolv_words(member, "nameserver", of->dns, TRUE, text, error) ||
        !add_resolv_words(member, "search", of->dns_search, FALSE, text, error) ||
        !add_resolv_words(member, "options", of->dns_opt, FALSE, text, error))
        return FALSE;
    return add_file(names, file, text->str, has_words(of->dns) ? "" : more,
                    &network_plan_result(names->plan, member)->resolv_file, error);
}

static gboolean add_name_servers(Names *names, GError **error)
{
    for (guint i = 0; i < names->plan->members->len; i++) {
        PlannedMember *member = g_ptr_array_index(names->plan->members, i);
        const ServiceNetMember *of = member->member;

        if ((has_words(of->dns) || has_words(of->dns_search) || has_words(of->dns_opt)) &&
            !stack_member_is_mode(of, "none") && !add_resolv_of(names, member, error))
            return FALSE;
    }
    return TRUE;
}

/* --- the unit ------------------------------------------------------------------------------------------------------------------ */

gboolean network_plan_add_names(NetworkPlan *plan, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();
    g_autoptr(GString) content = g_string_new(NULL);
    Names names = {.plan = plan, .unit = unit, .content = content};
    g_autofree char *name = unit_name_for_service(plan->network->stack, "names", ".service", error);

    if (!name)
        return FALSE;
    unit_file_addf(unit, "Unit", "Description", "Host names for the services of %s", plan->network->stack);
    /* What it copies follows the host's own. */
    unit_file_add(unit, "Unit", "PartOf", "gourd-names.service");
    unit_file_add(unit, "Unit", "Wants", "gourd-names.service");
    unit_file_add(unit, "Unit", "After", "gourd-names.service");
    unit_file_add(unit, "Unit", "StartLimitIntervalSec", "0");
    unit_file_add(unit, "Service", "Type", "oneshot");
    unit_file_add(unit, "Service", "RemainAfterExit", "yes");
    if (!add_hosts(&names, error) || !add_name_servers(&names, error))
        return FALSE;
    if (!names.any)
        return TRUE;
    g_autofree char *folder = g_strdup_printf("gourd/stacks/%s", plan->network->stack);
    render_names_sandbox(unit, folder);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, content->str, -1);
    unit_file_addf(unit, "Unit", "X-GourdNames", "%.16s", digest);
    for (guint i = 0; i < plan->members->len; i++) {
        StackNetworkMember *result = network_plan_result(plan, g_ptr_array_index(plan->members, i));

        if (result->hosts_file || result->resolv_file)
            result->names_unit = g_strdup(name);
    }
    return network_plan_add_unit(plan, name, unit, error);
}
