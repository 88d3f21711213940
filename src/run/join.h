// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A process beside one that runs: in its namespaces and its control group, as its user, with its capabilities, limits, environment
 * and working folder. Its system call filter is not taken over: Linux has no way to. */

#include "base/base.h"

typedef struct {
    const char *user;         /* another user of its root: a name or a number, with :GROUP; NULL: the same */
    gboolean root;            /* as root, with all that its namespaces let root do */
    const char *working_dir;  /* NULL: the same */
    char *const *environment; /* NAME=VALUE; a NAME alone is taken away; NULL: none */
    char *const *command;     /* NULL: a shell */
    gboolean whole_group;     /* signals are for what the command started too */
    gboolean tools;           /* the shell is the host's static busybox, with all of its commands */
} JoinOptions;

/* Runs it in the foreground; *ret_status as supervise() has it. who is for messages. NO_PROGRAM: there is no such command, or no
 * shell. */
gboolean join_run(pid_t pid, const char *who, const JoinOptions *options, int *ret_status, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
