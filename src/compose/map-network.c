// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

/* --- networks of the stack ----------------------------------------------------------------------------------------- */

/* Also where the host's network is taken, and nothing comes of it. */
static gboolean check_range(const ComposeNode *subnet, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(subnet->text, "/", 2);
    guint most = parts[0] && strchr(parts[0], ':') ? 128 : 32;

    if (parts[0] && parts[1] && g_hostname_is_ip_address(parts[0]) &&
        g_ascii_string_to_unsigned(parts[1], 10, 0, most, NULL, NULL))
        return TRUE;
    g_autofree char *shown = text_escape(subnet->text);
    return compose_error(error, GOURD_ERROR_INPUT, subnet, "'%s' is not a range of addresses, as in 172.28.0.0/16",
                         shown);
}

static gboolean add_pools(Map *map, ServiceNet *net, const ComposeNode *ipam, GError **error)
{
    const ComposeNode *pools = compose_node_get(ipam, "config"), *driver = compose_node_get(ipam, "driver");

    if (driver && strcmp(driver->text, "default") != 0)
        return map_set_unsupported(driver, "addresses are given by gourd itself", "leave ipam.driver out", error);
    for (const ComposeNode *pool = pools ? pools->first : NULL; pool; pool = pool->next) {
        const char *subnet = compose_node_get_text(pool, "subnet"), *gateway = compose_node_get_text(pool, "gateway");

        if (subnet && !check_range(compose_node_get(pool, "subnet"), error))
            return FALSE;
        if (subnet)
            vector_append(&net->subnets, subnet);
        if (gateway && !net->gateway)
            net->gateway = g_strdup(gateway);
        if (gateway && net->gateway && strcmp(gateway, net->gateway) != 0)
            map_note(map, "networks.ipam.config.gateway",
                     "the first is taken; of another range the gateway is its first address");
    }
    return TRUE;
}

/* Names of options of Docker's drivers that have a meaning here. */
static gboolean add_driver_options(Map *map, ServiceNet *net, const ComposeNode *options, GError **error)
{
    for (const ComposeNode *option = options ? options->first : NULL; option; option = option->next) {
        const char *name = option->key;

        if (strcmp(name, "parent") == 0)
            net->parent = g_strdup(option->text);
        else if (strcmp(name, "macvlan_mode") == 0 || strcmp(name, "ipvlan_mode") == 0)
            net->link_mode = g_strdup(option->text);
        else if (strcmp(name, "com.docker.network.bridge.name") == 0)
            net->bridge = g_strdup(option->text);
        else if (strcmp(name, "com.docker.network.bridge.enable_ip_masquerade") == 0)
            net->no_masquerade = strcmp(option->text, "false") == 0;
        else if (strcmp(name, "com.docker.network.driver.mtu") == 0) {
            if (!g_ascii_string_to_signed(option->text, 10, 68, 65535, &net->mtu, NULL))
                return compose_error(error, GOURD_ERROR_INPUT, option, "a number of bytes is wanted, as 1450");
        } else
            map_note(map, "driver_opts", "options of Docker's network drivers that nothing here has");
    }
    return TRUE;
}

static gboolean add_net(Map *map, const ComposeNode *node, GError **error)
{
    ServiceNet *net = stack_network_add_net(map->stack->network, node->key);

    const char *name = compose_node_get_text(node, "name");

    if (name) {
        g_free(net->host_name);
        net->host_name = g_strdup(name);
    }
    net->driver = g_strdup(compose_node_get_text(node, "driver"));
    net->internal = compose_node_get_bool(node, "internal", FALSE);
    net->external = compose_node_get_bool(node, "external", FALSE);
    net->ipv6 = compose_node_get_bool(node, "enable_ipv6", FALSE);
    if (!compose_node_get_bool(node, "enable_ipv4", TRUE))
        map_note(map, "networks.enable_ipv4", "a network of a stack always has IPv4");
    return add_pools(map, net, compose_node_get(node, "ipam"), error) &&
           add_driver_options(map, net, compose_node_get(node, "driver_opts"), error);
}

gboolean map_nets(Map *map, const ComposeNode *networks, GError **error)
{
    for (const ComposeNode *node = networks ? networks->first : NULL; node; node = node->next)
        if (!add_net(map, node, error))
            return FALSE;
    return TRUE;
}

/* --- a service in them --------------------------------------------------------------------------------------------- */

static gboolean add_link(Map *map, const ComposeNode *node, GError **error)
{
    ServiceNetLink *link = stack_network_add_link(map->member, node->key);
    g_auto(GStrv) aliases = compose_node_get_strv(node, "aliases");

    link->aliases = g_steal_pointer(&aliases);
    link->ipv4 = g_strdup(compose_node_get_text(node, "ipv4_address"));
    link->ipv6 = g_strdup(compose_node_get_text(node, "ipv6_address"));
    link->mac = g_strdup(compose_node_get_text(node, "mac_address"));
    link->interface = g_strdup(compose_node_get_text(node, "interface_name"));
    link->priority = compose_node_get_int(node, "priority", 0);
    link->gw_priority = compose_node_get_int(node, "gw_priority", 0);
    if (!link->mac)
        link->mac = g_strdup(compose_node_get_text(map->definition, "mac_address"));
    if (map->n_replicas > 1 && (link->ipv4 || link->ipv6 || link->mac)) {
        compose_error(error, GOURD_ERROR_INPUT, node, "%u replicas cannot have one address", map->n_replicas);
        return gourd_error_hint(error, "leave the address out: each gets one that stays");
    }
    return TRUE;
}

gboolean map_networks(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *node = value->first; node; node = node->next)
        if (!add_link(map, node, error))
            return FALSE;
    return TRUE;
}

/* Those of the links were set by map_networks(). */
gboolean map_mac_address(Map *map, const ComposeNode *value, GError **error)
{
    return TRUE;
}

/* As with Compose, that of the first replica. */
static gboolean join(Map *map, const ComposeNode *value, const ComposeNode *other, GError **error)
{
    g_auto(GStrv) names = other ? map_list_replicas(other) : g_new0(char *, 1);

    if (!names[0])
        return compose_error(error, GOURD_ERROR_INPUT, value, "there is no replica of that service");
    map->member->mode = g_strconcat("service:", names[0], NULL);
    return TRUE;
}

/* The service of this file that a container would be of: by container_name, or as Docker calls it otherwise, STACK-SERVICE-1. */
static const ComposeNode *find_container(const Map *map, const char *name)
{
    const ComposeNode *services = map->definition->parent;

    for (const ComposeNode *service = services->first; service; service = service->next) {
        const char *own = compose_node_get_text(service, "container_name");
        g_autofree char *usual = g_strdup_printf("%s-%s-1", map->project->name, service->key);

        if (strcmp(own ? own : usual, name) == 0)
            return service;
    }
    return NULL;
}

static gboolean join_container(Map *map, const ComposeNode *value, GError **error)
{
    const ComposeNode *other = find_container(map, value->text + strlen("container:"));

    if (!other)
        return map_set_unsupported(
            value, "there is no service of that container_name in this file",
            "containers of Docker and of other stacks are not known here: put both services into one file", error);
    if (other == map->definition)
        return compose_error(error, GOURD_ERROR_INPUT, value, "a service cannot share with itself");
    if (!join(map, value, other, error))
        return FALSE;
    /* With service:NAME it stands in the file. */
    stack_service_add_dependency(map->service, map->member->mode + strlen("service:"), STACK_STARTED, TRUE, TRUE);
    return TRUE;
}

gboolean map_network_mode(Map *map, const ComposeNode *value, GError **error)
{
    if (g_str_has_prefix(value->text, "container:"))
        return join_container(map, value, error);
    if (strcmp(value->text, "bridge") == 0) {
        map_note(map, "network_mode", "bridge: the host's network, as Docker's default bridge is shared by all");
        map->member->mode = g_strdup("host");
        return TRUE;
    }
    if (g_str_has_prefix(value->text, "service:"))
        return join(map, value, compose_node_get(map->definition->parent, value->text + strlen("service:")), error);
    if (strcmp(value->text, "host") != 0 && strcmp(value->text, "none") != 0)
        return compose_error(error, GOURD_ERROR_INPUT, value, "there is no network mode '%s'", value->text);
    map->member->mode = g_strdup(value->text);
    return TRUE;
}

/* --- ports --------------------------------------------------------------------------------------------------------- */

static gboolean fail_replicas(const Map *map, const ComposeNode *node, const char *problem, GError **error)
{
    compose_error(error, GOURD_ERROR_INPUT, node, "%s %u replicas", problem, map->n_replicas);
    return gourd_error_hint(error,
                            "a range gives each one of its own: \"8000-%u:80\"; or leave ports out, and publish a "
                            "service in front of them",
                            8000 + map->n_replicas - 1);
}

/* "8080", or of "9000-9010" the first: Docker takes one that is free. Each replica has the one of its number. */
static gboolean read_published(Map *map, const ComposeNode *node, guint16 *ret_port, GError **error)
{
    gsize length = strcspn(node->text, "-");
    g_autofree char *text = g_strndup(node->text, length);
    gboolean is_range = node->text[length] == '-';
    guint64 first, last;

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT16, &first, NULL) ||
        !g_ascii_string_to_unsigned(is_range ? node->text + length + 1 : text, 10, first, G_MAXUINT16, &last, NULL))
        return compose_error(error, GOURD_ERROR_INPUT, node, "'%s' is no port", node->text);
    if (!is_range && map->n_replicas > 1)
        return fail_replicas(map, node, "one port of the host is not enough for", error);
    if (last - first + 1 < map->n_replicas)
        return fail_replicas(map, node, "the range is too small for", error);
    if (is_range && map->n_replicas < 2)
        map_note(map, "ports", "of a range that one port may be published at, the first is taken");
    *ret_port = (guint16)(first + (map->replica > 0 ? map->replica - 1 : 0));
    return TRUE;
}

static gboolean add_port(Map *map, const ComposeNode *node, GError **error)
{
    const ComposeNode *published = compose_node_get(node, "published"), *target = compose_node_get(node, "target");
    const char *protocol = compose_node_get_text(node, "protocol");
    ServiceNetPort *port = stack_network_add_port(map->member);

    if (!target || target->integer < 1 || target->integer > G_MAXUINT16)
        return compose_error(error, GOURD_ERROR_INPUT, target ? target : node, "a port is wanted, from 1 to 65535");
    if (g_strcmp0(protocol, "tcp") != 0 && g_strcmp0(protocol, "udp") != 0)
        return map_set_unsupported(node, "only TCP and UDP are published", "network_mode: host has all protocols",
                                   error);
    port->target = (guint16)target->integer;
    port->is_udp = strcmp(protocol, "udp") == 0;
    port->address = g_strdup(compose_node_get_text(node, "host_ip"));
    if ((!published || strcmp(published->text, "0") == 0) && map->n_replicas > 1)
        return fail_replicas(map, node, "a port that has the same number on the host is not enough for", error);
    if (!published || strcmp(published->text, "0") == 0)
        return TRUE; /* what becomes of it is decided, and said, where networks are */
    return read_published(map, published, &port->published, error);
}

gboolean map_ports(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *node = value->first; node; node = node->next)
        if (!add_port(map, node, error))
            return FALSE;
    return TRUE;
}

gboolean map_expose(Map *map, const ComposeNode *value, GError **error)
{
    map->member->expose = map_texts(value);
    return TRUE;
}

/* --- names --------------------------------------------------------------------------------------------------------- */

gboolean map_hostname(Map *map, const ComposeNode *value, GError **error)
{
    map->member->hostname = g_strdup(value->text);
    return TRUE;
}

gboolean map_domainname(Map *map, const ComposeNode *value, GError **error)
{
    map->member->domainname = g_strdup(value->text);
    return TRUE;
}

gboolean map_extra_hosts(Map *map, const ComposeNode *value, GError **error)
{
    map->member->extra_hosts = map_texts(value);
    return TRUE;
}

gboolean map_links(Map *map, const ComposeNode *value, GError **error)
{
    map->member->link_names = map_texts(value);
    return TRUE;
}

gboolean map_dns(Map *map, const ComposeNode *value, GError **error)
{
    char ***vector = strcmp(value->key, "dns") == 0          ? &map->member->dns
                     : strcmp(value->key, "dns_search") == 0 ? &map->member->dns_search
                                                             : &map->member->dns_opt;

    *vector = map_texts(value);
    for (char **text = *vector; strcmp(value->key, "dns") == 0 && *text; text++)
        if (!g_hostname_is_ip_address(*text)) {
            g_autofree char *shown = text_escape(*text);

            return compose_error(error, GOURD_ERROR_INPUT, value, "'%s' is not the address of a name server", shown);
        }
    return TRUE;
}

/* Those of a network belong to its namespace; others to the machine, for which a service is not asked. */
gboolean map_sysctls(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next) {
        if (!g_str_has_prefix(item->key, "net."))
            return map_set_unsupported(item, "it is one of the whole machine, or of shared memory",
                                       "a file in /etc/sysctl.d sets it for the machine", error);
        map_appendf(&map->member->sysctls, "%s=%s", item->key, item->text);
    }
    return TRUE;
}
