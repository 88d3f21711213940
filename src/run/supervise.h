// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Runs a program in the foreground: signals, terminal and exit status are as if it had been started without anything between. */

#include "terminal.h"

typedef struct {
    /* Both in processes of their own; either may be NULL. */
    gboolean (*enter)(gpointer data, GError **error);  /* in the first: what only the first of a PID namespace can do */
    gboolean (*become)(gpointer data, GError **error); /* in the one that executes the program, as the last thing */
    void (*pass)(int number, gpointer data); /* here: a signal that this process got; NULL: the first process gets it */
    gpointer data;
    gboolean
        reaps; /* the first process stays, passes signals on and waits for orphans; else the program is the first */

    gboolean
        whole_group; /* with reaps: signals are for all processes of the program's group, and they die with this process */

    const char *program; /* a path, or a name to be looked for in the environment's PATH */
    int program_fd;      /* or an open file; else -1 */
    char *const *argv, *const *environment;
    Terminal *terminal; /* or NULL */
} Supervision;

/* Waits until it has ended; *ret_status is its exit status, 128 and the signal that killed it. NO_PROGRAM or NO_EXECUTE if it
 * cannot be executed. The calling process keeps all signals blocked that can be. */
gboolean supervise(const Supervision *supervision, int *ret_status, GError **error) G_GNUC_WARN_UNUSED_RESULT;
