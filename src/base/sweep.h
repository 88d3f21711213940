// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Removing a folder with all that is in it, whatever that is and however deep. */

#include <glib.h>

/* Removes what an open folder has under that name: a file, a link (never what it leads to), or a folder with all that is in
 * it; none is fine. Mounted file systems below are left alone, and are an error. path is for messages. May be cut off and
 * called again. */
gboolean folder_sweep(int folder, const char *name, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
