// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bare LZ4 blocks. Level 1 is the fast compressor, 2 to 12 are those of the slow one (LZ4 HC); all expand alike. */

#include "block.h"

#include <lz4.h>
#include <lz4hc.h>

typedef struct {
    int level;
    gpointer state; /* for the next block only: both compressors clear it first */
} Lz4Compressor;

static gpointer open_compressor(int level, gsize block_size)
{
    Lz4Compressor *lz4 = g_new0(Lz4Compressor, 1);

    lz4->level = level;
    lz4->state = g_malloc((gsize)(level == 1 ? LZ4_sizeofState() : LZ4_sizeofStateHC()));
    return lz4;
}

static gsize compress_block(gpointer compressor, const void *bytes, gsize size, guint8 *ret_bytes, gsize room)
{
    Lz4Compressor *lz4 = compressor;
    int made;

    if (lz4->level == 1)
        made = LZ4_compress_fast_extState(lz4->state, bytes, (char *)ret_bytes, (int)size, (int)room, 1);
    else
        made = LZ4_compress_HC_extStateHC(lz4->state, bytes, (char *)ret_bytes, (int)size, (int)room, lz4->level);
    return made > 0 ? (gsize)made : 0;
}

static void close_compressor(gpointer compressor)
{
    Lz4Compressor *lz4 = compressor;

    g_free(lz4->state);
    g_free(lz4);
}

static gboolean expand_block(gpointer expander, const void *bytes, gsize size, guint8 *ret_bytes, gsize room,
                             gsize *ret_size)
{
    int made = LZ4_decompress_safe(bytes, (char *)ret_bytes, (int)MIN(size, G_MAXINT), (int)MIN(room, G_MAXINT));

    if (made < 0)
        return FALSE;
    *ret_size = (gsize)made;
    return TRUE;
}

const BlockKind lz4_blocks = {
    .codec = CODEC_LZ4,
    .lowest = 1,
    .highest = 12,
    .normal = 12,
    .open_compressor = open_compressor,
    .compress = compress_block,
    .close_compressor = close_compressor,
    .expand = expand_block,
};
