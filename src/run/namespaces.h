// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Namespaces for a process of one's own, and what to do where they are denied. */

#include "base/base.h"

typedef struct {
    gboolean users;   /* user namespace: whoever is not root needs one */
    gboolean all_ids; /* it has 65536 users and groups; else uid and gid only */
    gboolean network; /* one of its own, with nothing in it but lo */
    guint32 uid, gid; /* which the caller becomes in a user namespace */
} Namespaces;

/* Whether this process may mount, make devices and become others. */
gboolean namespaces_are_root(void);

/* This process goes into new mount, IPC, UTS and cgroup namespaces (and those that were asked for), and its next children into a new
 * PID namespace. With all_ids more users are mapped where subuid(5) and newuidmap(1) allow that; else all_ids becomes FALSE.
 * No threads may run. */
gboolean namespaces_enter(Namespaces *namespaces, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Appends to an error about something that needs a namespace what denies it here, and what to do. Always FALSE. */
gboolean namespaces_explain(GError **error);
