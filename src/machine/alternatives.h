// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What update-alternatives(1) of dpkg and alternatives(8) of chkconfig know, from their files: the same format but for two additions of the latter. */

#include "packages.h"

/* Appends the links that the best of the choices in a file makes. name: of that file. Fuzzed. */
gboolean alternatives_parse(const char *name, const char *bytes, gsize size, GPtrArray *alternatives, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Those of all files of a folder; none if it is not there. */
gboolean alternatives_load(int root, const char *folder, GPtrArray *alternatives, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
