// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "image.h"

/* Reads the extended attributes of an open file. only_path: fd was opened with O_PATH, so that they are read by way of
 * /proc; without /proc that is an error. *ret_xattrs is NULL if there are none or the file system knows none. More than
 * size_max bytes of names and values are a LIMIT error. */
gboolean folder_xattrs_read(int fd, gboolean only_path, gsize size_max, Xattrs **ret_xattrs, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
