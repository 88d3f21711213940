// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A process where a service would be, beside it: a unit of its own with the same user, mounts, limits and sandbox, by
 * systemd-run(1). The service itself is never touched. */

#include "unit/unit.h"

typedef struct {
    const char *service;      /* for messages, and for the name of the unit */
    const char *unit;         /* of the service */
    char *const *environment; /* besides the unit's: NAME=VALUE; a NAME alone is taken away; may be NULL */
    const char *working_dir;  /* NULL: the unit's */
    char *const *binds;       /* SOURCE:PATH[:ro]; may be NULL */
    gboolean no_network;
    guint64 memory; /* 0: the unit's, as with the others */
    gint64 swap;    /* SERVICE_UNSET likewise */
    gint64 cpus_per_mille, pids;
    char *const *command; /* its first word is the path of a program; NULL: the unit's own program */
} TransientRun;

/* The words of a systemd-run(1) that does it, for a unit with all its drop-ins; name is that of the new unit. UNSUPPORTED: a
 * setting with a specifier that only systemd knows the meaning of. The caller frees. */
char **transient_words(const TransientRun *run, const UnitFile *unit, const char *name, gboolean terminal,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The unit of a service with its drop-ins, as systemd reads them. */
UnitFile *transient_read_unit(const char *unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Runs it in the foreground; *ret_status is its exit status, 128 and the signal that killed it. A note says if that was for its
 * memory. */
gboolean transient_run(const TransientRun *run, Notes *notes, int *ret_status, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The same process in a scope, where systemd sees it and limits hold: words in front of a command that is to be executed. The caller
 * frees. */
char **scope_words(const char *name, guint64 memory, gint64 swap, gint64 cpus_per_mille, gint64 pids);
