// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The networks of a stack: from their description to units and files, as a pure function.
 *
 * Host mode: all services are in the host's network. Names lead to a loopback address for each service, and a filter on each
 * service's control group lets connections from beyond this machine in only where the file publishes a port.
 *
 * Private mode, as containers have it: each service in a network namespace of its own, a bridge for each network, addresses
 * that stay, and ports published by socket units; all of it set up by units with commands of iproute2 and nft.
 *
 * What a service's own unit must have for it are members of ServiceOptions, which stack_network_to_options() sets. */

#include "options.h"

typedef enum {
    STACK_NETWORK_AUTO = 0,
    STACK_NETWORK_HOST,
    STACK_NETWORK_PRIVATE,
} StackNetworkMode;

/* "auto", "host", "private"; ends with NULL. */
extern const char *const stack_network_words[];

/* A network of the stack. */
typedef struct {
    char *name;               /* its key in the file */
    char *host_name;          /* what it is called for other stacks: "P_NAME", or the file's `name:` */
    char *driver;             /* NULL or "bridge", "macvlan", "ipvlan" */
    gboolean internal;        /* nothing goes out of it or comes in */
    gboolean external;        /* another stack has it */
    gboolean no_masquerade;   /* nothing is changed about what goes out: somebody routes to it */
    gboolean ipv6;            /* it has an IPv6 network too, a unique local one unless subnets has one */
    char **subnets, *gateway; /* "172.28.0.0/24", or NULL for one that is free; gateway NULL: the first address */
    char *bridge;             /* the link's name, or NULL for one that is made up */
    char *parent, *link_mode; /* of macvlan and ipvlan: a link of the host, and "bridge", "l2", … or NULL */
    gint64 mtu;               /* 0: the kernel's */
} ServiceNet;

/* A service in a network. */
typedef struct {
    char *network; /* ServiceNet.name */
    char **aliases;
    char *ipv4, *ipv6;  /* asked for, or NULL */
    char *mac;          /* or NULL */
    char *interface;    /* its name in the service; NULL: eth0, eth1, … */
    gint64 priority;    /* the highest is connected first: eth0 */
    gint64 gw_priority; /* the highest has the default route */
} ServiceNetLink;

/* A published port. Ranges are expanded by whoever makes it. */
typedef struct {
    char *address;     /* of the host; NULL: all */
    guint16 published; /* on the host; 0: the same as target in host mode, else not published but exposed */
    guint16 target;    /* what the program listens on */
    gboolean is_udp;
} ServiceNetPort;

/* A service of the stack. */
typedef struct {
    char *service;        /* its key in the file */
    char *unit;           /* "P-S.service" */
    char *replica_of;     /* the key of one of several, which are all found by that name; or NULL */
    char *container_name; /* a name for it everywhere, or NULL */
    char *hostname, *domainname;
    GPtrArray *links;   /* ServiceNetLink; none with a mode */
    char *mode;         /* NULL or "": links; "host", "none", "service:X" */
    GPtrArray *ports;   /* ServiceNetPort */
    char **expose;      /* "5432", "53/udp", "8000-8010": of the image and of the file */
    char **extra_hosts; /* "NAME=ADDRESS" or "NAME:ADDRESS", ADDRESS may be host-gateway */
    char **link_names;  /* `links:` of the file, "SERVICE:ALIAS" or "SERVICE": names for this service only */
    char **sysctls;     /* "net.core.somaxconn=1024": those of a network; private mode only */
    char **dns, **dns_search, **dns_opt;
} ServiceNetMember;

typedef struct {
    char *stack;        /* P */
    int mode;           /* StackNetworkMode, as asked for */
    char *reason;       /* why that mode, or NULL: it was asked for */
    GPtrArray *nets;    /* ServiceNet */
    GPtrArray *members; /* ServiceNetMember, in the order of the file */
} StackNetwork;

StackNetwork *stack_network_new(const char *stack);
void stack_network_free(StackNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StackNetwork, stack_network_free)
/* Each appends an empty element, which the network owns; members are set with g_strdup() and the like. */
ServiceNet *stack_network_add_net(StackNetwork *network, const char *name);
ServiceNetMember *stack_network_add_member(StackNetwork *network, const char *service, const char *unit);
ServiceNetLink *stack_network_add_link(ServiceNetMember *member, const char *net);
ServiceNetPort *stack_network_add_port(ServiceNetMember *member);
/* The member of that service, or NULL. Borrowed. */
ServiceNetMember *stack_network_find_member(const StackNetwork *network, const char *service);

/* The mode that was asked for, or the one that the file needs: host, unless two services want one port, a port is published
 * under another number or on one address of several, the file keeps services apart or gives them addresses, or asks for what
 * only a namespace has. *ret_reason is a phrase: "two services listen on port 80: a, b"; the caller frees. */
int stack_network_choose(const StackNetwork *network, char **ret_reason);

/* What else it depends on. */
typedef struct {
    guint systemd_version;
    const char *init_path;     /* of gourd-init on the host, or NULL */
    const Json *previous;      /* `state` of the last time, or NULL: addresses stay as they were */
    const GPtrArray *others;   /* const Json *: `state` of the host's other stacks; NULL: there are none */
    char *const *used_subnets; /* "192.168.0.0/24": what the host has routes to; NULL: unknown */
} StackNetworkContext;

/* Where a port of a service can be reached: a row of `gourd ports`. */
typedef struct {
    char *service;
    char *address; /* of the host; NULL: all; "127.70.3.2" for names in host mode */
    guint16 port, target;
    gboolean is_udp;
    gboolean is_open;   /* from beyond this machine */
    gboolean by_socket; /* passed on by a socket unit; else the program listens there itself */
} StackNetworkPort;

/* What a service's unit must have. */
typedef struct {
    char *service;
    char *net_unit, *names_unit, *netns, *net_address, *hosts_file, *resolv_file, *ingress_filter, *hostname;
    char **publish, **expose, **address_deny, **address_allow;
    gboolean none; /* no network at all */
} StackNetworkMember;

typedef struct {
    int mode;           /* HOST or PRIVATE */
    char *reason;       /* why */
    GPtrArray *files;   /* ServiceFile, by path: units among them */
    GPtrArray *units;   /* char *: names of the units among them */
    GPtrArray *members; /* StackNetworkMember */
    GPtrArray *ports;   /* StackNetworkPort */
    char **programs;    /* that the units need on the host: "ip", "nft"; NULL-terminated, may be empty */
    Json *state;        /* to be kept, and given as `previous` and to other stacks */
} StackNetworkFiles;

/* INPUT and UNSUPPORTED errors for what cannot be: addresses outside of their network or given twice, a port that two services
 * have, unknown drivers and networks. Notes for what is done differently. */
StackNetworkFiles *stack_network_render(const StackNetwork *network, const StackNetworkContext *context, Notes *notes,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void stack_network_files_free(StackNetworkFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StackNetworkFiles, stack_network_files_free)

/* Sets the members of options that the service's place in the network decides: network, publish and those below "of a stack". */
void stack_network_to_options(const StackNetworkFiles *files, const char *service, ServiceOptions *options);
