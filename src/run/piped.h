// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A command where a service is, whose output this process takes: nothing of it reaches the user's terminal, and signals stay what they are here. */

#include "base/base.h"

typedef struct {
    char *const *argv; /* a program as the service sees it, with its words */
    int in;            /* its standard input; -1: nothing */
    /* Gets its standard output, piece by piece; NULL: that goes where its errors go. */
    gboolean (*take)(const guint8 *bytes, gsize size, gpointer data, GError **error);
    gpointer data;
    guint64 timeout_usec; /* 0: none */
} PipedRun;

/* Runs it beside the process pid, as join_run() does, to its end. *ret_status is its exit status, 128 and the signal that killed it;
 * *ret_said the end of what it wrote to its standard error, as it is: the caller frees. If take() fails, or the time is over (LIMIT), it is ended
 * first. It does not outlive this process. */
gboolean piped_run(pid_t pid, const char *who, const PipedRun *asked, int *ret_status, char **ret_said, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
