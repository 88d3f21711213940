// SPDX-License-Identifier: LGPL-2.1-or-later
/* Blocks as zstd frames: content size in the header, no checksum, no dictionary.
 *
 * Blocks of text are left to libzstd, with parameters of zstd-level.c. For blocks of binary data our own parser finds the
 * matches, and libzstd only encodes them (ZSTD_compressSequences(): not a stable interface, but in every libzstd since
 * 1.5.4 and exported; if it ever refuses, libzstd parses those blocks too). */

#include "block.h"
#include "zstd-level.h"

#include <string.h>

#define PARSED_MIN 1024 /* bytes; in smaller blocks there is nothing to gain */

typedef struct {
    int level;
    ZSTD_CCtx *context;
    const ZstdEffort *effort;
    ZstdParser *parser; /* or NULL */
    ZSTD_CCtx *encoder; /* for the parser's sequences; or NULL */
    guint8 *encoded;    /* what it makes, encoded_max bytes */
    gsize encoded_max;
} ZstdCompressor;

static void set_parameter(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value)
{
    size_t status = ZSTD_CCtx_setParameter(context, parameter, value);

    if (ZSTD_isError(status))
        g_error("libzstd refuses parameter %d = %d: %s", (int)parameter, value, ZSTD_getErrorName(status));
}

static ZSTD_CCtx *create_context(void)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();

    if (!context)
        g_error("no memory for a zstd encoder"); /* as GLib does */
    set_parameter(context, ZSTD_c_contentSizeFlag, 1);
    set_parameter(context, ZSTD_c_checksumFlag, 0);
    set_parameter(context, ZSTD_c_dictIDFlag, 0);
    return context;
}

/* Begins a new session: the last one is still open if its block did not fit. */
static void set_row(ZSTD_CCtx *context, const ZstdRow *row, guint window_log)
{
    ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
    set_parameter(context, ZSTD_c_windowLog, (int)window_log);
    set_parameter(context, ZSTD_c_chainLog, row->chain_log);
    set_parameter(context, ZSTD_c_hashLog, row->hash_log);
    set_parameter(context, ZSTD_c_searchLog, row->search_log);
    set_parameter(context, ZSTD_c_minMatch, row->match_min);
    set_parameter(context, ZSTD_c_targetLength, row->target_length);
    set_parameter(context, ZSTD_c_strategy, row->strategy);
}

/* An encoder with tables as small as can be, since it searches nothing; NULL if this libzstd has none. */
static ZSTD_CCtx *create_encoder(gsize block_size)
{
    static const ZstdRow row = {ZSTD_CHAINLOG_MIN, ZSTD_HASHLOG_MIN, 1, 3, 0, ZSTD_lazy2};
    ZSTD_CCtx *encoder = create_context();

    set_row(encoder, &row, MAX(g_bit_storage(block_size - 1), ZSTD_WINDOWLOG_MIN));
    if (ZSTD_isError(ZSTD_CCtx_setParameter(encoder, ZSTD_c_blockDelimiters, ZSTD_sf_explicitBlockDelimiters)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(encoder, ZSTD_c_searchForExternalRepcodes, ZSTD_ps_enable))) {
        ZSTD_freeCCtx(encoder);
        return NULL;
    }
    return encoder;
}

static gpointer open_compressor(int level, gsize block_size)
{
    ZstdCompressor *zstd = g_new0(ZstdCompressor, 1);

    zstd->level = level;
    zstd->context = create_context();
    zstd->effort = zstd_level_effort(level);
    if (zstd->effort)
        zstd->encoder = create_encoder(block_size);
    if (zstd->encoder) {
        zstd->parser = zstd_parser_new(block_size);
        zstd->encoded_max = ZSTD_compressBound(block_size);
        zstd->encoded = g_malloc(zstd->encoded_max);
    }
    return zstd;
}

/* *ret_size is 0 if the result does not fit. FALSE if this libzstd cannot do it.
 *
 * FIXME(libzstd 1.5.4): ZSTD_compressSequences() writes beyond a small room, so it gets one where all fits. */
static gboolean compress_parsed(ZstdCompressor *zstd, const void *bytes, gsize size, guint8 *ret_bytes, gsize room,
                                gsize *ret_size)
{
    const ZSTD_Sequence *sequences;
    gsize n = zstd_parser_run(zstd->parser, zstd->effort, bytes, size, &sequences);

    ZSTD_CCtx_reset(zstd->encoder, ZSTD_reset_session_only);
    size_t made = ZSTD_compressSequences(zstd->encoder, zstd->encoded, zstd->encoded_max, sequences, n, bytes, size);

    if (ZSTD_isError(made))
        return FALSE;
    *ret_size = made <= room ? made : 0;
    if (made <= room)
        memcpy(ret_bytes, zstd->encoded, made);
    return TRUE;
}

/* Each call begins a frame, and so a new session: nothing of the block before is seen. */
static gsize compress_block(gpointer compressor, const void *bytes, gsize size, guint8 *ret_bytes, gsize room)
{
    ZstdCompressor *zstd = compressor;
    const ZstdRow *row = zstd_level_row(zstd->level, size);

    gsize parsed_size;

    if (zstd->parser && size >= PARSED_MIN && zstd_parser_suits(bytes, size) &&
        compress_parsed(zstd, bytes, size, ret_bytes, room, &parsed_size))
        return parsed_size;
    set_row(zstd->context, row, MAX(g_bit_storage(size - 1), ZSTD_WINDOWLOG_MIN));
    size_t made = ZSTD_compress2(zstd->context, ret_bytes, room, bytes, size);

    return ZSTD_isError(made) ? 0 : made;
}

static void close_compressor(gpointer compressor)
{
    ZstdCompressor *zstd = compressor;

    ZSTD_freeCCtx(zstd->context);
    ZSTD_freeCCtx(zstd->encoder);
    zstd_parser_free(zstd->parser);
    g_free(zstd->encoded);
    g_free(zstd);
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

/* A frame is blocks of at most 128 KiB, and often of much less; they are given to the decoder one by one. */
static gboolean expand_start(gpointer expander, const void *bytes, gsize size, gsize wanted, guint8 *ret_bytes,
                             gsize room, gsize *ret_size)
{
    ZSTD_outBuffer out = {ret_bytes, room, 0};
    ZSTD_inBuffer in = {bytes, MIN(size, ZSTD_FRAMEHEADERSIZE_MAX), 0};
    size_t next = 1;

    /* All of a block has room, so nothing need be expanded elsewhere and copied. */
    ZSTD_DCtx_reset(expander, ZSTD_reset_session_only);
    if (ZSTD_isError(ZSTD_DCtx_setParameter(expander, ZSTD_d_stableOutBuffer, 1)))
        return FALSE;
    while (next > 0 && out.pos < wanted) {
        gsize before_in = in.pos, before_out = out.pos;

        next = ZSTD_decompressStream(expander, &out, &in);
        if (ZSTD_isError(next))
            return FALSE;
        if (in.pos == in.size)
            in.size += MIN(next, size - in.size);
        if (in.pos == before_in && out.pos == before_out && (in.pos == in.size || out.pos == room))
            return FALSE;
    }
    *ret_size = out.pos;
    return TRUE;
}

static void close_expander(gpointer expander)
{
    ZSTD_freeDCtx(expander);
}

const BlockKind zstd_blocks = {
    .codec = CODEC_ZSTD,
    .lowest = ZSTD_LEVEL_LOWEST,
    .highest = ZSTD_LEVEL_HIGHEST,
    .normal = ZSTD_LEVEL_NORMAL,
    .open_compressor = open_compressor,
    .compress = compress_block,
    .close_compressor = close_compressor,
    .open_expander = open_expander,
    .expand = expand_block,
    .expand_start = expand_start,
    .close_expander = close_expander,
};
