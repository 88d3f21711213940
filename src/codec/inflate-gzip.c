// SPDX-License-Identifier: LGPL-2.1-or-later
/* gzip (RFC 1952) by ISA-L: members one after the other, then perhaps zero bytes (of a tape, or of a tool that pads). */

#include "inflater.h"

#include <isa-l/igzip_lib.h>

typedef enum { BEFORE_FIRST, HEADER, DATA, BETWEEN, PADDING } Place;

typedef struct {
    struct inflate_state isal;
    struct isal_gzip_header header;
    Place place;
} GzipState;

static gpointer open_gzip(void)
{
    return g_new0(GzipState, 1);
}

static const char *describe(int status)
{
    switch (status) {
    case ISAL_INVALID_WRAPPER:
        return "no gzip header";
    case ISAL_UNSUPPORTED_METHOD:
        return "unknown compression method";
    case ISAL_INCORRECT_CHECKSUM:
        return "checksum or length does not match";
    case ISAL_INVALID_LOOKBACK:
        return "a match begins before the data";
    case ISAL_INVALID_SYMBOL:
        return "invalid symbol";
    default:
        return "invalid block";
    }
}

static gboolean skip_padding(InflateStep *step, const char **ret_problem)
{
    for (gsize i = 0; i < step->in_size; i++) {
        if (step->in[i] != 0) {
            *ret_problem = "neither a gzip member nor zero bytes follow the first member";
            return FALSE;
        }
    }
    step->used = step->in_size;
    return TRUE;
}

/* Looks at what comes outside a member; at least one byte is there. */
static void enter(GzipState *gzip, guint8 next)
{
    if (gzip->place == BETWEEN && next != 0x1f) {
        gzip->place = PADDING;
        return;
    }
    isal_inflate_init(&gzip->isal);
    gzip->isal.crc_flag = ISAL_GZIP_NO_HDR_VER; /* checks CRC-32 and length in the trailer */
    isal_gzip_header_init(&gzip->header);
    gzip->place = HEADER;
}

static gboolean check(int status, const char **ret_problem)
{
    if (status < 0)
        *ret_problem = describe(status);
    return status >= 0;
}

/* FIXME(ISA-L 2.30): isal_inflate() could read the header too (ISAL_GZIP), but forgets its flags when the input ends
 * inside; so its name was taken for data. */
static gboolean read_header(GzipState *gzip, InflateStep *step, const char **ret_problem)
{
    gzip->isal.next_in = (guint8 *)step->in; /* only read */
    gzip->isal.avail_in = (guint32)MIN(step->in_size, G_MAXINT32);
    guint32 before = gzip->isal.avail_in;
    int status = isal_read_gzip_header(&gzip->isal, &gzip->header);

    step->used = before - gzip->isal.avail_in;
    if (status == ISAL_DECOMP_OK)
        gzip->place = DATA;
    return check(status, ret_problem);
}

static gboolean inflate_data(GzipState *gzip, InflateStep *step, const char **ret_problem)
{
    guint32 in_size = (guint32)MIN(step->in_size, G_MAXINT32);
    guint32 out_size = (guint32)MIN(step->out_size, G_MAXINT32);

    gzip->isal.next_in = (guint8 *)step->in; /* only read */
    gzip->isal.avail_in = in_size;
    gzip->isal.next_out = step->out;
    gzip->isal.avail_out = out_size;
    int status = isal_inflate(&gzip->isal);

    step->used = in_size - gzip->isal.avail_in;
    step->made = out_size - gzip->isal.avail_out;
    if (gzip->isal.block_state == ISAL_BLOCK_FINISH)
        gzip->place = BETWEEN;
    return check(status, ret_problem);
}

static gboolean step_gzip(gpointer state, InflateStep *step, const char **ret_problem, GourdError *ret_code)
{
    GzipState *gzip = state;
    gboolean fine = TRUE;

    if ((gzip->place == BEFORE_FIRST || gzip->place == BETWEEN) && step->in_size > 0)
        enter(gzip, step->in[0]);
    if (gzip->place == HEADER)
        fine = read_header(gzip, step, ret_problem);
    else if (gzip->place == DATA)
        fine = inflate_data(gzip, step, ret_problem);
    else if (step->in_size > 0)
        fine = skip_padding(step, ret_problem);
    step->may_end = gzip->place == BETWEEN || gzip->place == PADDING;
    return fine;
}

const Inflater gzip_inflater = {1, open_gzip, step_gzip, g_free};
