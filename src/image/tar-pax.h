// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Records of a pax extended header (POSIX.1-2017 pax, "pax Header Block"): "LENGTH KEY=VALUE\n", LENGTH counting all.
 *
 * Bytes are bytes: no character set is assumed or converted. */

#include "tar-sparse.h"
#include "tree/tree.h"

typedef struct {
    char *path, *linkpath; /* NULL: not given */
    char *sparse_name;     /* GNU.sparse.name, the real path of a sparse file */
    gboolean has_size, has_uid, has_gid, has_mtime, has_major, has_minor, has_acl;
    guint64 size;
    guint32 uid, gid;
    gint64 mtime;
    guint32 mtime_nsec;
    guint32 device_major, device_minor;
    Xattrs *xattrs;          /* or NULL */
    gsize xattrs_size;       /* names and values */
    gsize xattrs_names_size; /* names, each with its NUL */
    guint sparse_major, sparse_minor;
    gboolean has_sparse, has_sparse_size;
    guint64 sparse_size;   /* bytes of the file with its holes */
    SparseMap *sparse_map; /* formats 0.0 and 0.1; NULL else */
    guint64 sparse_offset; /* 0.0: an offset that still waits for its length */
    gboolean sparse_offset_pending;
} PaxHeader;

void pax_header_init(PaxHeader *header); /* all zero */
void pax_header_clear(PaxHeader *header);

/* Adds the records in bytes to header. Records with an empty value, attributes excepted, are as if not there; unknown keys are ignored. A path
 * with a NUL, a number that is none, attributes of more than xattr_size_max bytes are errors naming the key. */
gboolean pax_header_parse(PaxHeader *header, const guint8 *bytes, gsize size, gsize xattr_size_max, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* TRUE if one of the records says more than a comment; broken records count as saying something. */
gboolean pax_records_matter(const guint8 *bytes, gsize size);
