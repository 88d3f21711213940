// SPDX-License-Identifier: LGPL-2.1-or-later
/* Blocks as zstd frames: content size in the header, no checksum, no dictionary. */

#include "block.h"

#include <zstd.h>

static void set_parameter(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value)
{
    size_t status = ZSTD_CCtx_setParameter(context, parameter, value);

    if (ZSTD_isError(status))
        g_error("libzstd refuses parameter %d = %d: %s", (int)parameter, value, ZSTD_getErrorName(status));
}

static gpointer open_compressor(int level, gsize block_size)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();

    if (!context)
        g_error("no memory for a zstd encoder"); /* as GLib does */
    set_parameter(context, ZSTD_c_compressionLevel, level);
    set_parameter(context, ZSTD_c_contentSizeFlag, 1);
    set_parameter(context, ZSTD_c_checksumFlag, 0);
    set_parameter(context, ZSTD_c_dictIDFlag, 0);
    return context;
}

/* Each call begins a frame, and so a new session: nothing of the block before is seen. */
static gsize compress_block(gpointer compressor, const void *bytes, gsize size, guint8 *ret_bytes, gsize room)
{
    size_t made = ZSTD_compress2(compressor, ret_bytes, room, bytes, size);

    return ZSTD_isError(made) ? 0 : made;
}

static void close_compressor(gpointer compressor)
{
    ZSTD_freeCCtx(compressor);
}

static gpointer open_expander(void)
{
    ZSTD_DCtx *expander = ZSTD_createDCtx();

    if (!expander)
        g_error("no memory for a zstd decoder");
    return expander;
}

static gboolean expand_block(gpointer expander, const void *bytes, gsize size, guint8 *ret_bytes, gsize room,
                             gsize *ret_size)
{
    size_t made = ZSTD_decompressDCtx(expander, ret_bytes, room, bytes, size);

    if (ZSTD_isError(made))
        return FALSE;
    *ret_size = made;
    return TRUE;
}

static void close_expander(gpointer expander)
{
    ZSTD_freeDCtx(expander);
}

const BlockKind zstd_blocks = {
    .codec = CODEC_ZSTD,
    .lowest = 1,
    .highest = 19,
    .normal = 8,
    .open_compressor = open_compressor,
    .compress = compress_block,
    .close_compressor = close_compressor,
    .open_expander = open_expander,
    .expand = expand_block,
    .close_expander = close_expander,
};
