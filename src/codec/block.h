// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What block.c needs to know about one codec. Private to codec. */

#include "codec.h"

typedef struct {
    Codec codec;
    int lowest;
    int highest;
    int normal; /* the default level */
    /* A context for compressing at that level blocks of at most block_size bytes. Like GLib, aborts without memory. */
    gpointer (*open_compressor)(int level, gsize block_size);
    /* The compressed size, at most room bytes; 0 if it does not fit. room is less than size. */
    gsize (*compress)(gpointer compressor, const void *bytes, gsize size, guint8 *ret_bytes, gsize room);
    void (*close_compressor)(gpointer compressor);
    /* The same for expanding; contexts may be NULL where none is needed. */
    gpointer (*open_expander)(void);
    gboolean (*expand)(gpointer expander, const void *bytes, gsize size, guint8 *ret_bytes, gsize room,
                       gsize *ret_size);
    /* Stops as soon as `wanted` bytes are there; NULL: cannot. */
    gboolean (*expand_start)(gpointer expander, const void *bytes, gsize size, gsize wanted, guint8 *ret_bytes,
                             gsize room, gsize *ret_size);
    void (*close_expander)(gpointer expander);
} BlockKind;

extern const BlockKind gzip_blocks;
extern const BlockKind lz4_blocks;
extern const BlockKind xz_blocks;
extern const BlockKind zstd_blocks;
