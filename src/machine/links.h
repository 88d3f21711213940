// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The network links of a machine, as an admin describes them. */

#include "spec.h"

#define ZONE_PREFIX "vz-"       /* of a zone's bridge */
#define LINK_NAME_LENGTH_MAX 15 /* bytes: Linux's IFNAMSIZ, less the zero */

typedef enum {
    LINK_HOST0, /* nspawn's pair: ve-NAME here, or vb-NAME in a bridge */
    LINK_VETH,  /* a further pair */
    LINK_MACVLAN,
    LINK_IPVLAN,
    LINK_MOVED,
} MachineLinkKind;

typedef struct {
    MachineLinkKind kind;
    char *outside;   /* of the host: the end of a pair, what a macvlan lies on, what is moved */
    char *inside;    /* as it is called in the machine */
    char **hosts;    /* addresses of the host's end: "10.0.0.1/30"; or NULL */
    char **insides;  /* addresses inside; or NULL */
    char **gateways; /* of its network: "10.0.0.1"; or NULL */
} MachineLink;

/* All of them (MachineLink), host0 the first. INPUT: something is not a link or an address; what the others would do that do not fit the
 * kind of network. The caller unrefs. */
gboolean machine_links_parse(const char *machine, const MachineSpec *spec, GPtrArray **ret_links, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* A port of the host that is passed on: "[tcp:|udp:]OUTSIDE[:INSIDE]". */
typedef struct {
    gboolean is_udp;
    guint16 outside;
} MachinePort;

gboolean machine_port_parse(const char *text, MachinePort *ret_port, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "10.0.0.1" of "10.0.0.1/30". The caller frees. */
char *machine_address_without_prefix(const char *address);
