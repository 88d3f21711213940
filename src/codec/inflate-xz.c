// SPDX-License-Identifier: LGPL-2.1-or-later
/* xz (.xz file format 1.1): streams one after the other, with padding, by liblzma. */

#include "inflater.h"

#include <lzma.h>

#define MEMORY_MAX (CODEC_WINDOW_MAX + 4 * 1024 * 1024) /* a dictionary and the tables of the decoder */

typedef struct {
    lzma_stream stream;
    gboolean ended;
} XzState;

static gpointer open_xz(void)
{
    XzState *xz = g_new0(XzState, 1);

    if (lzma_stream_decoder(&xz->stream, MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK)
        g_error("no memory for an xz decoder"); /* as GLib does */
    return xz;
}

static const char *describe(lzma_ret status)
{
    switch (status) {
    case LZMA_MEMLIMIT_ERROR:
        return "its dictionary needs more than 128 MiB of memory";
    case LZMA_FORMAT_ERROR:
        return "no xz header";
    case LZMA_OPTIONS_ERROR:
        return "unknown filters or options";
    case LZMA_MEM_ERROR:
        return "out of memory";
    default:
        return "invalid data, or a check does not match";
    }
}

static gboolean step_xz(gpointer state, InflateStep *step, const char **ret_problem, GourdError *ret_code)
{
    XzState *xz = state;

    step->may_end = xz->ended;
    if (xz->ended)
        return TRUE;
    xz->stream.next_in = step->in;
    xz->stream.avail_in = step->in_size;
    xz->stream.next_out = step->out;
    xz->stream.avail_out = step->out_size;
    /* LZMA_FINISH is said only when the input is empty: then liblzma tells the end of the last stream from a cut. */
    lzma_ret status = lzma_code(&xz->stream, step->in_size > 0 ? LZMA_RUN : LZMA_FINISH);

    step->used = step->in_size - xz->stream.avail_in;
    step->made = step->out_size - xz->stream.avail_out;
    if (status == LZMA_STREAM_END)
        xz->ended = TRUE;
    else if (status != LZMA_OK && status != LZMA_BUF_ERROR) {
        *ret_problem = describe(status);
        if (status == LZMA_MEMLIMIT_ERROR)
            *ret_code = GOURD_ERROR_LIMIT;
        return FALSE;
    }
    step->may_end = xz->ended;
    return TRUE;
}

static void close_xz(gpointer state)
{
    XzState *xz = state;

    lzma_end(&xz->stream);
    g_free(xz);
}

const Inflater xz_inflater = {1, open_xz, step_xz, close_xz};
