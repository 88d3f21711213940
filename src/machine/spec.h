// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What an admin asks of a machine: filled from the command line, kept in its record, rendered into files. All strings are owned; vectors may be NULL
 * for none. */

#include "base/base.h"

typedef enum {
    MACHINE_NETWORK_PRIVATE = 0, /* a pair of links: ve-NAME here, host0 inside */
    MACHINE_NETWORK_HOST,        /* that of the host */
    MACHINE_NETWORK_NONE,        /* a network of its own, with the links that are asked for alone */
} MachineNetwork;

/* Their words on the command line and in records, by number; ends with NULL. */
extern const char *const machine_network_words[];

#define MACHINE_UNSET FIELD_UNSET /* of numbers: as systemd has it */

typedef struct {
    char **command; /* of a machine without systemd inside: the program and its arguments; or NULL */

    int network;     /* MachineNetwork */
    char *bridge;    /* of the host, that host0 is put into */
    char *zone;      /* the name of a bridge of systemd-nspawn's */
    char *address;   /* of host0, as the addresses of a link: "10.0.0.2/30,host=10.0.0.1/30" */
    char **veths;    /* further pairs: HOST[:INSIDE][,host=ADDRESS/PREFIX]…[,address=ADDRESS/PREFIX]… */
    char **macvlans; /* LINK[,address=ADDRESS/PREFIX]… */
    char **ipvlans;
    char **interfaces; /* links of the host that are moved inside: the same */
    char **ports;      /* [tcp:|udp:]HOST[:INSIDE] */
    char **sysctls;    /* NAME=VALUE */

    char **capabilities, **capabilities_dropped; /* CAP_… */
    char **binds;                                /* SOURCE[:INSIDE][:ro] */
    gboolean is_volatile;                        /* what it writes is lost when it stops */
    gboolean shares_users;                       /* its users are those of the host: no user namespace */
    gboolean owners_shifted;     /* its file system cannot map owners: nspawn sets them at the first start */
    gboolean copies_resolv_conf; /* that of the host, where systemd-resolved, which knows better ones, does not run */

    gint64 memory, swap;   /* bytes, of swap beyond memory; MACHINE_UNSET: no limit */
    gint64 cpus_per_mille; /* 1500 is a CPU and a half; MACHINE_UNSET */
    gint64 tasks, io_weight;
    char **io_reads, **io_writes; /* DEVICE:BYTES, each second */
} MachineSpec;

void machine_spec_init(MachineSpec *ret_spec);
void machine_spec_clear(MachineSpec *spec);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MachineSpec, machine_spec_clear)

/* Only what differs from machine_spec_init() is written. */
Json *machine_spec_to_json(const MachineSpec *spec);
/* UNSUPPORTED: a key that this version does not know. ret_spec need not be initialised. */
gboolean machine_spec_from_json(const Json *json, MachineSpec *ret_spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
