// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The options of `gourd machine`, and what of a machine they say. */

#include "verb.h"

#include "machine/machine.h"

typedef struct {
    CommonOptions common;
    GPtrArray *packages;
    char *like, *from, *service;
    char *bridge, *zone, *address;
    GPtrArray *veths, *macvlans, *ipvlans, *interfaces, *ports, *sysctls;
    GPtrArray *capabilities, *capabilities_dropped, *binds;
    guint64 memory;
    gint64 tasks, io_weight;
    char *swap, *cpus;
    GPtrArray *io_reads, *io_writes;
    char *target, *root;
    int network; /* MachineNetwork + 1 */
    gboolean host_config, is_volatile, shares_users, no_start, no_enable, yes, dry_run, restart, wait, force, names,
        json;
} MachineOptions;

extern const OptionGroup machine_groups[];

/* What is given replaces what the settings have. */
gboolean machine_options_apply(const MachineOptions *given, MachineSpec *spec, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
