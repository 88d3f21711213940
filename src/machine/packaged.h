// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What the files have in them that packages are installed from, whatever their format. */

#include "image/image.h"

/* Runs a program that downloads a file of that name into the folder that it is started in, and opens it; the folder, which nobody else may look
 * into, is gone when this returns. NOT_FOUND: there is no such program, or it failed. */
gboolean packaged_download(const char *const *argv, const char *name, int *ret_fd, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Puts the content of some regular files (absolute paths) of a tar, compressed or not, into a table path → GBytes that owns both. what: the
 * package, for messages. Takes source. */
gboolean packaged_read(ByteStream *source, const char *what, char **paths, GHashTable *contents, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
