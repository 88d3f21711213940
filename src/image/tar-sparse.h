// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Where the data of a sparse file lie; everything between is zero. */

#include "codec/codec.h"

#define SPARSE_SEGMENTS_MAX (1024 * 1024) /* of one file: 16 MiB of map, more than any real file has */

typedef struct {
    guint64 offset, length;
} SparseSegment;

typedef struct {
    GArray *segments; /* SparseSegment, by offset, apart */
} SparseMap;

SparseMap *sparse_map_new(void);
void sparse_map_free(SparseMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SparseMap, sparse_map_free)

/* Segments must come in order and not overlap; empty ones are dropped. */
gboolean sparse_map_add(SparseMap *map, guint64 offset, guint64 length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The segments must lie below file_size and their lengths add up to data_size. */
gboolean sparse_map_check(const SparseMap *map, guint64 file_size, guint64 data_size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* "OFFSET,LENGTH,OFFSET,LENGTH…" (GNU.sparse.map, format 0.1). */
SparseMap *sparse_map_parse_list(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Format 1.0: decimal numbers, one a line, count first, in front of the data, padded to whole blocks. Consumes them. */
SparseMap *sparse_map_read_pax(ByteStream *source, guint64 data_size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The old GNU format: four segments in the header block, more in blocks that follow it. Consumes those. */
SparseMap *sparse_map_read_gnu(ByteStream *source, const guint8 *header_block, guint64 *ret_file_size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
