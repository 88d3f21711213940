// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Files of Debian packages (deb(5)): looked for in apt's cache, or downloaded, and read without being unpacked. */

#include "packages.h"

/* Opens the file of a package in the version that is installed: from apt's cache, or else downloaded by apt-get into a folder that is gone when
 * this returns. NOT_FOUND: neither has it. */
gboolean deb_open(const char *root_path, int root, const HostPackage *package, int *ret_fd, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* A member of the archive that a package is. */
typedef struct {
    guint64 offset, size; /* of its content */
} DebMember;

/* The member whose header stands at byte `at` of a file of file_size bytes: its name as far as a '/' or blank (the caller frees), and where its
 * content is, all of it within the file. INPUT errors. Fuzzed. */
gboolean deb_parse_header(const guint8 *header, gsize size, guint64 at, guint64 file_size, char **ret_name,
                          DebMember *ret_member, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts the content of some regular files (absolute paths) into a table path → GBytes that owns both. */
gboolean deb_read_files(int fd, const char *name, char **paths, GHashTable *contents, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
