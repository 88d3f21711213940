// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Files of variables, as `docker run --env-file` reads them: NAME=VALUE lines whose VALUE is all that follows, quotes and
 * all; "#" begins a comment line; a NAME alone is looked up in the environment, and left out if it is not there. */

#include "base/base.h"

/* Appends NAME=VALUE (char *) for each variable. INPUT errors with the line: no UTF-8, or blanks in the name. Fuzzed. */
gboolean env_file_parse(const char *bytes, gsize size, GPtrArray *lines, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean env_file_read(const char *path, GPtrArray *lines, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For commands at hand, as with `docker run --env NAME`: a NAME alone among assignments (NULL-terminated) gets the value that it has in gourd's own
 * environment, and stays alone if it has none. */
void env_take_own(char **assignments);
