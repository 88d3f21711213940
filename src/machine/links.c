// SPDX-License-Identifier: LGPL-2.1-or-later
#include "links.h"

#include <arpa/inet.h>
#include <string.h>

static void link_free(gpointer data)
{
    MachineLink *link = data;

    g_free(link->outside);
    g_free(link->inside);
    g_strfreev(link->hosts);
    g_strfreev(link->insides);
    g_strfreev(link->gateways);
    g_free(link);
}

static gboolean check_name(const char *name, GError **error)
{
    gboolean good = *name && strlen(name) <= LINK_NAME_LENGTH_MAX && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;

    for (const char *at = name; *at && good; at++)
        good = g_ascii_isalnum(*at) || strchr("._-@", *at);
    if (good)
        return TRUE;
    g_autofree char *shown = text_escape(name);

    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' cannot be the name of a network link", shown);
    return gourd_error_hint(error, "letters, digits and ._-@, %d at most", LINK_NAME_LENGTH_MAX);
}

char *machine_address_without_prefix(const char *address)
{
    return g_strndup(address, strcspn(address, "/"));
}

/* ADDRESS/PREFIX */
static gboolean check_address(const char *text, GError **error)
{
    g_autofree char *address = machine_address_without_prefix(text), *shown = text_escape(text);
    const char *slash = strchr(text, '/');
    guint8 bytes[sizeof(struct in6_addr)];
    guint64 prefix;
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;

    if (slash && inet_pton(family, address, bytes) == 1 &&
        g_ascii_string_to_unsigned(slash + 1, 10, 1, family == AF_INET6 ? 128 : 32, &prefix, NULL))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no address with the length of its network", shown);
    return gourd_error_hint(error, "as in 10.0.0.2/30 or fd00::2/64");
}

static gboolean add_address(char ***vector, const char *text, GError **error)
{
    if (!check_address(text, error))
        return FALSE;
    vector_append(vector, text);
    return TRUE;
}

static gboolean add_gateway(MachineLink *link, const char *text, GError **error)
{
    guint8 bytes[sizeof(struct in6_addr)];

    if (inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, bytes) != 1) {
        g_autofree char *shown = text_escape(text);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no address of a gateway", shown);
    }
    vector_append(&link->gateways, text);
    return TRUE;
}

/* The words behind the first: host=ADDRESS, address=ADDRESS, gateway=ADDRESS. */
static gboolean parse_words(MachineLink *link, char *const *words, GError **error)
{
    gboolean is_pair = link->kind == LINK_HOST0 || link->kind == LINK_VETH;

    for (; *words; words++) {
        if (g_str_has_prefix(*words, "address=")) {
            if (!add_address(&link->insides, *words + strlen("address="), error))
                return FALSE;
        } else if (g_str_has_prefix(*words, "gateway=")) {
            if (!add_gateway(link, *words + strlen("gateway="), error))
                return FALSE;
        } else if (is_pair && g_str_has_prefix(*words, "host=")) {
            if (!add_address(&link->hosts, *words + strlen("host="), error))
                return FALSE;
        } else {
            g_autofree char *shown = text_escape(*words);

            gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' says nothing about a link", shown);
            return gourd_error_hint(error, is_pair
                                               ? "host=ADDRESS/PREFIX, address=ADDRESS/PREFIX and gateway=ADDRESS do"
                                               : "address=ADDRESS/PREFIX and gateway=ADDRESS do");
        }
    }
    return TRUE;
}

static MachineLink *add_link(GPtrArray *links, MachineLinkKind kind, const char *outside, const char *inside)
{
    MachineLink *link = g_new0(MachineLink, 1);

    link->kind = kind;
    link->outside = g_strdup(outside);
    link->inside = g_strdup(inside);
    g_ptr_array_add(links, link);
    return link;
}

gboolean machine_port_parse(const char *text, MachinePort *ret_port, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    const guint n = g_strv_length(parts);
    const gboolean is_udp = n > 0 && strcmp(parts[0], "udp") == 0;
    const guint first = is_udp || (n > 0 && strcmp(parts[0], "tcp") == 0);
    gboolean good = n > first && n - first <= 2;
    guint64 port = 0;

    for (guint i = n; i-- > first && good;) /* the first comes last */
        good = g_ascii_string_to_unsigned(parts[i], 10, 1, G_MAXUINT16, &port, NULL);
    if (good) {
        *ret_port = (MachinePort){.is_udp = is_udp, .outside = (guint16)port};
        return TRUE;
    }
    g_autofree char *shown = text_escape(text);

    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no port", shown);
    return gourd_error_hint(error, "it is [tcp:|udp:]PORT of the host[:PORT of the machine], as in tcp:8080:80");
}

/* OUTSIDE[:INSIDE][,WORD]… */
static gboolean parse_link(GPtrArray *links, MachineLinkKind kind, const char *prefix, const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    const char *first = words[0] ? words[0] : "";
    const char *colon = kind == LINK_VETH ? strchr(first, ':') : NULL;
    g_autofree char *outside = colon ? g_strndup(first, (gsize)(colon - first)) : g_strdup(first);
    /* nspawn cuts names that are too long. */
    g_autofree char *inside = g_strdup_printf("%s%s", prefix, colon ? colon + 1 : outside);

    if (strlen(inside) > LINK_NAME_LENGTH_MAX && *prefix)
        inside[LINK_NAME_LENGTH_MAX] = '\0';
    return check_name(outside, error) && check_name(inside, error) &&
           parse_words(add_link(links, kind, outside, inside), words + 1, error);
}

static gboolean parse_links(GPtrArray *links, MachineLinkKind kind, const char *prefix, char *const *texts,
                            GError **error)
{
    for (; texts && *texts; texts++)
        if (!parse_link(links, kind, prefix, *texts, error))
            return FALSE;
    return TRUE;
}

/* ADDRESS[,WORD]… */
static gboolean parse_host0(GPtrArray *links, const char *machine, const MachineSpec *spec, GError **error)
{
    g_autofree char *outside = g_strconcat(spec->bridge || spec->zone ? "vb-" : "ve-", machine, NULL);
    MachineLink *link = add_link(links, LINK_HOST0, outside, "host0");

    if (!spec->address)
        return TRUE;
    g_auto(GStrv) words = g_strsplit(spec->address, ",", -1);
    if (!words[0] || !add_address(&link->insides, words[0], error) || !parse_words(link, words + 1, error))
        return FALSE;
    if (link->hosts && (spec->bridge || spec->zone))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "the host's address belongs to the bridge, not to its end");
    return TRUE;
}

static gboolean check_network(const MachineSpec *spec, GError **error)
{
    gboolean has_pair = spec->network == MACHINE_NETWORK_PRIVATE;

    if (spec->bridge && spec->zone)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "--bridge and --zone exclude each other");
    if (!has_pair && (spec->bridge || spec->zone || spec->address || spec->ports)) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "a machine with the network '%s' has no link host0",
                        machine_network_words[spec->network]);
        return gourd_error_hint(error, "--bridge, --zone, --address and --port are for --network private");
    }
    if (spec->network == MACHINE_NETWORK_HOST && (spec->veths || spec->macvlans || spec->ipvlans || spec->interfaces)) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "a machine with the network of the host has no links of its own");
        return gourd_error_hint(error, "--network none has those alone that are asked for");
    }
    g_autofree char *zone = spec->zone ? g_strconcat(ZONE_PREFIX, spec->zone, NULL) : NULL;
    return (!spec->bridge || check_name(spec->bridge, error)) && (!zone || check_name(zone, error));
}

gboolean machine_links_parse(const char *machine, const MachineSpec *spec, GPtrArray **ret_links, GError **error)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func(link_free);

    if (!check_network(spec, error) ||
        (spec->network == MACHINE_NETWORK_PRIVATE && !parse_host0(links, machine, spec, error)) ||
        !parse_links(links, LINK_VETH, "", spec->veths, error) ||
        !parse_links(links, LINK_MACVLAN, "mv-", spec->macvlans, error) ||
        !parse_links(links, LINK_IPVLAN, "iv-", spec->ipvlans, error) ||
        !parse_links(links, LINK_MOVED, "", spec->interfaces, error))
        return FALSE;
    *ret_links = g_steal_pointer(&links);
    return TRUE;
}
