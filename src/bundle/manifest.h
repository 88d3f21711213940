// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Paths of an image as JSON objects: everything SquashFS says of them, nothing lost. */

#include "bundle-file.h"

/* "file", "directory", "symlink", "char", "block", "fifo", "socket". */
const char *manifest_type_name(EntryType type);

/* {"path", "type", "mode" (octal, a string), "uid", "gid", "mtime", "inode", "links"}; of files "size" and, if digest is not
 * NULL, "digest"; of symbolic links "target"; of devices "major" and "minor"; "xattrs" (name → base64) if there are any. The
 * path begins with a slash. A path or target that is not UTF-8 is escaped, and repeated in base64 as "path_base64" or
 * "target_base64". xattrs may be NULL. The caller owns the result. */
Json *manifest_entry(const SquashNode *node, const Xattrs *xattrs, const Digest *digest);
