// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What another process is, by /proc. */

#include "base/base.h"

#include <sys/resource.h>

typedef struct {
    guint32 uid, gid; /* effective, as the reader's user namespace has them */
    GArray *groups;   /* guint32 */
    guint64 inheritable, bounding, ambient;
    gboolean no_new_privileges;
    guint umask;
} ProcessStatus;

/* Reads the text of /proc/PID/status (proc(5)). INPUT if a line is missing. */
gboolean process_status_parse(const char *text, ProcessStatus *ret_status, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void process_status_clear(ProcessStatus *status);

/* Reads the text of /proc/PID/limits, which needs no capability, as prlimit(2) does. INPUT if it is none. */
gboolean process_limits_parse(const char *text, struct rlimit ret_limits[RLIM_NLIMITS], GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* An id in another user namespace, by the text of its map (user_namespaces(7)); FALSE: it is not there. */
gboolean id_map_find(const char *map, guint32 outside, guint32 *ret_inside);

/* The assignments of /proc/PID/environ; what is none is left out. The caller frees. */
char **environment_split(const char *bytes, gsize size);
