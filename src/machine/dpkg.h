// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The files of dpkg's database (dpkg(1), deb-control(5)), from bytes. All fuzzed. */

#include "packages.h"

/* Appends the packages of a status file that are installed. INPUT errors with the line; names, versions and paths are such that they can
 * stand in paths. */
gboolean dpkg_status_parse(const char *bytes, gsize size, GPtrArray *packages, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Appends the paths of a *.list file. */
gboolean dpkg_list_parse(const char *bytes, gsize size, GPtrArray *paths, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts path → digest of a *.md5sums file into a table that owns both. */
gboolean dpkg_md5sums_parse(const char *bytes, gsize size, GHashTable *digests, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* A path that dpkg installs elsewhere (dpkg-divert(1)). */
typedef struct {
    char *path, *diverted, *by; /* by: the package whose own file stays; ":" for the admin */
} DpkgDiversion;

void dpkg_diversion_free(DpkgDiversion *diversion);
/* Appends those of the file "diversions" (DpkgDiversion). */
gboolean dpkg_diversions_parse(const char *bytes, gsize size, GPtrArray *diversions, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
