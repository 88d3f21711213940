// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What happened to the host under a machine's feet since it was made or last refreshed. */

#include "skeleton.h"

#include "host/host.h"

/* A package that is another one now. */
typedef struct {
    char *name;
    char *then; /* version; NULL: the machine did not know it */
    char *now;  /* NULL: it was removed from the host */
} MachineUpgrade;

typedef struct {
    GPtrArray *upgrades; /* MachineUpgrade, by name */
    char **missing;      /* packages that the machine was made for, and that are no longer installed; or NULL */
    GPtrArray *changes;  /* MachineEntry of the tree, to be made or replaced: parents first */
    /* Of configuration that was changed inside and by the package, what is put beside it (ConffileRule), by the names that these get: the package's, or
     * what it replaces; or NULL. */
    char **kept, **saved;
    char **users;         /* users and groups that come; or NULL */
    char **old_code;      /* programs that run what was replaced since they were started: "bgpd (2)"; or NULL */
    MachineSkeleton *now; /* what a machine made now would have */
} MachineDrift;

void machine_drift_free(MachineDrift *drift);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MachineDrift, machine_drift_free)

/* Whether there is nothing to be refreshed, nothing missing, and no old code. */
gboolean machine_drift_is_none(const MachineDrift *drift);
