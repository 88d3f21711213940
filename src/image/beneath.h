// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Files of a folder that a stranger may have written. */

#include "base/base.h"

/* Opens a regular file for reading by its path below the folder. No symbolic link, ".." or device on the way leads
 * anywhere else: such paths are INPUT errors, also on kernels without openat2(2). Never blocks on a fifo. The size is
 * that of the file when it was opened. */
gboolean beneath_open_file(int folder, const char *path, int *ret_fd, guint64 *ret_size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* TRUE if there is a regular file of this plain name in the folder. */
gboolean beneath_has_file(int folder, const char *name);
