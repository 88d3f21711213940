// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Parts of stack_network_render(). First addresses are chosen (network-assign.c), then units and files made of them. */

#include "network-range.h"
#include "service.h"

/* --- the description ------------------------------------------------------------------------------------------------------ */

/* NULL: there is none. Borrowed. */
const ServiceNet *stack_network_find_net(const StackNetwork *network, const char *name);
const ServiceNetLink *stack_member_find_link(const ServiceNetMember *member, const char *net);
/* X of the mode "service:X", or NULL. */
const char *stack_member_joined(const ServiceNetMember *member);
gboolean stack_member_is_mode(const ServiceNetMember *member, const char *mode);

typedef struct {
    guint16 port;
    gboolean is_udp;
} StackPort;

/* What a service listens on, as far as it is said: targets of its published ports, and exposed ones (StackPort; the caller
 * unrefs). */
GArray *stack_member_listens(const ServiceNetMember *member);

/* --- the plan --------------------------------------------------------------------------------------------------------------- */

#define NET_RANGES_MAX 2 /* one of IPv4, one of IPv6 */

/* A network with its ranges. */
typedef struct {
    const ServiceNet *net;
    char *bridge; /* name of the link, or of the parent of macvlan and ipvlan */
    char *unit;   /* that makes the bridge; NULL: none does */
    NetRange ranges[NET_RANGES_MAX];
    char *gateways[NET_RANGES_MAX];
    guint n_ranges;
} PlannedNet;

/* A service in a network, in private mode. */
typedef struct {
    const ServiceNetLink *link;
    const PlannedNet *net;
    char *addresses[NET_RANGES_MAX];
    char *interface; /* in the namespace */
    char *host_end;  /* of the pair of links, on the host; with macvlan and ipvlan its name until it is moved */
} PlannedLink;

typedef struct {
    const ServiceNetMember *member;
    char *name;         /* "P-S": of its unit, and of the namespace */
    GPtrArray *links;   /* PlannedLink, eth0 first */
    char *loopback;     /* in host mode, or NULL */
    gboolean is_joined; /* others are in its network */
    char **names;       /* that it has everywhere in the stack: the service's, the container's */
} PlannedMember;

typedef struct {
    const StackNetwork *network;
    const StackNetworkContext *context;
    int mode;
    GPtrArray *nets;    /* PlannedNet */
    GPtrArray *members; /* PlannedMember, in the description's order */
    StackNetworkFiles *files;
    Notes *notes;
} NetworkPlan;

/* The state of another stack by its place; NULL behind the last. Borrowed. */
const Json *network_plan_other(const NetworkPlan *plan, guint index);
/* Chooses the ranges, gateways and link of a network (network-net.c). */
gboolean network_plan_add_ranges(NetworkPlan *plan, PlannedNet *net, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean network_is_link_name(const char *name);
/* Ten digits and a number of 28 bits that follow from names. The caller frees the digits. */
char *network_link_digits(const char *kind, const char *a, const char *b, const char *c);
guint network_number_of(const char *kind, const char *a, const char *b);

/* Chooses all addresses and names of links, and writes them into files->state. */
gboolean network_plan_assign(NetworkPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL if there is none. Borrowed. */
PlannedNet *network_plan_find_net(const NetworkPlan *plan, const char *name);
PlannedMember *network_plan_find_member(const NetworkPlan *plan, const char *service);
/* The one in whose network it is: itself, or with "service:X" that one. */
PlannedMember *network_plan_owner(const NetworkPlan *plan, PlannedMember *member);

/* The link that has the default route; NULL: there is none. Borrowed. */
const PlannedLink *network_plan_gateway(const PlannedMember *member);

/* The part of the result that is a member's. Borrowed. */
StackNetworkMember *network_plan_result(const NetworkPlan *plan, const PlannedMember *member);

/* Hosts files and name servers, and the unit that writes them. */
gboolean network_plan_add_names(NetworkPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The filter of a service in the host's network. */
gboolean network_plan_add_filter(NetworkPlan *plan, PlannedMember *member, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The namespace of a service, and the bridges with what goes out of them. */
gboolean network_plan_add_namespace(NetworkPlan *plan, PlannedMember *member, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean network_plan_add_bridges(NetworkPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "P-S-net.service" of a namespace, "P-S-filter.service" of a filter: not one name, since a unit is stopped as it was started.
 * NULL and error: it is too long. The caller frees. */
char *network_plan_unit_of(const PlannedMember *member, const char *suffix, GError **error) G_GNUC_WARN_UNUSED_RESULT;
#define NAMESPACE_SUFFIX "-net.service"
#define FILTER_SUFFIX "-filter.service"
/* The beginning of a unit that does its work once and stays until nobody needs it. */
UnitFile *network_plan_new_unit(const char *description, const char *of);
/* A unit of the stack, fitted to the target, with the lines that say who wrote it. */
gboolean network_plan_add_unit(NetworkPlan *plan, const char *name, UnitFile *unit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Any other file of it. */
void network_plan_add_file(NetworkPlan *plan, const char *path, const char *how, const char *text);
/* A command of a unit; what stands in its words arrives as it is. */
gboolean network_plan_add_command(UnitFile *unit, const char *key, UnitExecFlags flags, const char *const *argv,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
#define COMMAND(...)      \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }
