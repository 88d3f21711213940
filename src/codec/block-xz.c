// SPDX-License-Identifier: LGPL-2.1-or-later
/* Blocks as .xz streams of one LZMA2 filter with CRC-32, dictionary = block size: what the kernel expects of an image
 * without compressor options (squashfs-tools, xz_wrapper.c; the kernel's xz_wrapper.c). */

#include "block.h"

#include <lzma.h>

#define EXPAND_MEMORY_MAX (16 * 1024 * 1024) /* the largest block, 1 MiB, and tables; foreign images may say more */

typedef struct {
    lzma_options_lzma options;
    lzma_filter filters[2];
} XzCompressor;

static gpointer open_compressor(int level, gsize block_size)
{
    XzCompressor *xz = g_new0(XzCompressor, 1);

    if (lzma_lzma_preset(&xz->options, (guint32)level))
        g_error("liblzma does not know level %d", level);
    xz->options.dict_size = (guint32)MAX(block_size, LZMA_DICT_SIZE_MIN);
    xz->filters[0] = (lzma_filter){LZMA_FILTER_LZMA2, &xz->options};
    xz->filters[1] = (lzma_filter){LZMA_VLI_UNKNOWN, NULL};
    return xz;
}

static gsize compress_block(gpointer compressor, const void *bytes, gsize size, guint8 *ret_bytes, gsize room)
{
    XzCompressor *xz = compressor;
    size_t made = 0;
    lzma_ret status = lzma_stream_buffer_encode(xz->filters, LZMA_CHECK_CRC32, NULL, bytes, size, ret_bytes, &made,
                                                room);

    if (status == LZMA_MEM_ERROR)
        g_error("no memory for an xz encoder"); /* as GLib does */
    return status == LZMA_OK ? made : 0;
}

static gboolean expand_block(gpointer expander, const void *bytes, gsize size, guint8 *ret_bytes, gsize room,
                             gsize *ret_size)
{
    guint64 memory = EXPAND_MEMORY_MAX;
    size_t used = 0, made = 0;

    if (lzma_stream_buffer_decode(&memory, 0, NULL, bytes, &used, size, ret_bytes, &made, room) != LZMA_OK)
        return FALSE;
    *ret_size = made;
    return TRUE;
}

const BlockKind xz_blocks = {
    .codec = CODEC_XZ,
    .lowest = 1,
    .highest = 9,
    .normal = 6,
    .open_compressor = open_compressor,
    .compress = compress_block,
    .close_compressor = g_free,
    .expand = expand_block,
};
