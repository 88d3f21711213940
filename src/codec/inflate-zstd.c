// SPDX-License-Identifier: LGPL-2.1-or-later
/* zstd (RFC 8878): frames and skippable frames one after the other. */

#include "inflater.h"

#include <zstd.h>
#include <zstd_errors.h>

#define MAGIC_SIZE 4

typedef struct {
    ZSTD_DStream *stream;
    gboolean inside; /* of a frame */
    gboolean may_end;
} ZstdState;

static gpointer open_zstd(void)
{
    ZstdState *zstd = g_new0(ZstdState, 1);

    zstd->stream = ZSTD_createDStream();
    if (!zstd->stream || ZSTD_isError(ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax,
                                                             (int)g_bit_storage(CODEC_WINDOW_MAX) - 1)))
        g_error("no memory for a zstd decoder"); /* as GLib does */
    return zstd;
}

/* libzstd as built by Debian would also read the formats of zstd 0.5 to 0.7, with other decoders: no image has them. */
static gboolean is_frame(const InflateStep *step)
{
    return step->in_size >= MAGIC_SIZE && codec_detect(step->in, step->in_size) == CODEC_ZSTD;
}

static gboolean step_zstd(gpointer state, InflateStep *step, const char **ret_problem, GourdError *ret_code)
{
    ZstdState *zstd = state;
    ZSTD_inBuffer in = {step->in, step->in_size, 0};
    ZSTD_outBuffer out = {step->out, step->out_size, 0};

    if (!zstd->inside && step->in_size > 0 && !is_frame(step)) {
        *ret_problem = "no zstd frame";
        return FALSE;
    }
    /* Without input there may be bytes of the last block to hand out, but a finished frame must not be entered again. */
    if (step->in_size > 0 || !zstd->may_end) {
        size_t status = ZSTD_decompressStream(zstd->stream, &out, &in);

        if (ZSTD_isError(status)) {
            *ret_problem = ZSTD_getErrorName(status);
            if (ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge)
                *ret_code = GOURD_ERROR_LIMIT;
            return FALSE;
        }
        zstd->may_end = status == 0;
        zstd->inside = status != 0;
    }
    step->used = in.pos;
    step->made = out.pos;
    step->may_end = zstd->may_end;
    return TRUE;
}

static void close_zstd(gpointer state)
{
    ZstdState *zstd = state;

    ZSTD_freeDStream(zstd->stream);
    g_free(zstd);
}

const Inflater zstd_inflater = {MAGIC_SIZE, open_zstd, step_zstd, close_zstd};
