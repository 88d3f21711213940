// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Files that Compose files name, read as wholes; pipes too, as `--env-file <(decrypt …)` makes them. */

#include "base/base.h"

/* LIMIT if there are more than size_max bytes. "-" is standard input. A zero byte follows; the caller frees. */
gboolean file_read(const char *path, gsize size_max, char **ret_bytes, gsize *ret_size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
