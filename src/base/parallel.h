// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Does the piece of work with that number. Called by several threads at once, each number once. */
typedef gboolean (*ParallelWork)(guint number, gpointer data, GError **error);

/* Does pieces 0 to n-1 on all processors, the lowest numbers first, and returns when none is being done. After a failure no more
 * are begun; the error is that of the lowest number, whichever thread came first. */
gboolean parallel_run(guint n, ParallelWork work, gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
