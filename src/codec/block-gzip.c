// SPDX-License-Identifier: LGPL-2.1-or-later
/* Blocks as zlib streams, by libdeflate: smaller than zlib's level 9 at its level 6, and ten times as fast. */

#include "block.h"

#include <libdeflate.h>

static gpointer open_compressor(int level, gsize block_size)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);

    if (!compressor)
        g_error("no memory for a gzip encoder"); /* as GLib does */
    return compressor;
}

static gsize compress_block(gpointer compressor, const void *bytes, gsize size, guint8 *ret_bytes, gsize room)
{
    return libdeflate_zlib_compress(compressor, bytes, size, ret_bytes, room);
}

static void close_compressor(gpointer compressor)
{
    libdeflate_free_compressor(compressor);
}

static gpointer open_expander(void)
{
    struct libdeflate_decompressor *expander = libdeflate_alloc_decompressor();

    if (!expander)
        g_error("no memory for a gzip decoder");
    return expander;
}

static gboolean expand_block(gpointer expander, const void *bytes, gsize size, guint8 *ret_bytes, gsize room,
                             gsize *ret_size)
{
    return libdeflate_zlib_decompress(expander, bytes, size, ret_bytes, room, ret_size) == LIBDEFLATE_SUCCESS;
}

static void close_expander(gpointer expander)
{
    libdeflate_free_decompressor(expander);
}

const BlockKind gzip_blocks = {
    .codec = CODEC_GZIP,
    .lowest = 1,
    .highest = 12,
    .normal = 6,
    .open_compressor = open_compressor,
    .compress = compress_block,
    .close_compressor = close_compressor,
    .open_expander = open_expander,
    .expand = expand_block,
    .close_expander = close_expander,
};
