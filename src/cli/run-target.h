// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What `gourd run`, `exec` and `shell` are given: a bundle, or a service. */

#include "session.h"

#include "run/run.h"

typedef struct {
    Session session;
    gboolean live;   /* systemd runs services here */
    gboolean direct; /* and is not to be asked */
    char *name;      /* of the service or the bundle */
    char *unit;      /* NULL: it is a bundle */
    char *bundle;    /* a path; NULL: that of a unit which gourd did not write */
} RunTarget;

void run_target_clear(RunTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunTarget, run_target_clear)

/* A file, an installed service, a bundle in the store. Without systemd, or with direct, a service is its bundle. */
gboolean run_target_find(const Call *call, gboolean direct, RunTarget *ret_target, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* A service that gourd installed, of several replicas the one with that number (OPTION_INT_UNSET: the first), or any other unit. Needs
 * systemd and root. */
gboolean run_target_find_service(const Call *call, gint64 replica, RunTarget *ret_target, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Runs a program beside the service: options has command or entrypoint, environment, binds, limits. */
gboolean run_target_run(const RunTarget *target, const ServiceOptions *options, int *ret_status, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
