// SPDX-License-Identifier: LGPL-2.1-or-later
#include "codec.h"

#include <zstd.h>

#define BUFFER_SIZE (256 * 1024)
#define WORKERS_MAX 8 /* each takes some 20 MiB */

struct StreamEncoder {
    ZSTD_CCtx *context;
    int fd;
    char *name;
    guint64 size;    /* written */
    gboolean inside; /* of a frame */
    guint8 *buffer;
};

StreamEncoder *stream_encoder_new(int fd, const char *name)
{
    StreamEncoder *encoder = g_new0(StreamEncoder, 1);

    encoder->context = ZSTD_createCCtx();
    g_assert(encoder->context);
    ZSTD_CCtx_setParameter(encoder->context, ZSTD_c_checksumFlag, 1);
    /* A libzstd without threads refuses this, and then does it in one. */
    ZSTD_CCtx_setParameter(encoder->context, ZSTD_c_nbWorkers, (int)MIN(g_get_num_processors(), WORKERS_MAX));
    encoder->fd = fd;
    encoder->name = g_strdup(name);
    encoder->buffer = g_malloc(BUFFER_SIZE);
    return encoder;
}

void stream_encoder_free(StreamEncoder *encoder)
{
    if (!encoder)
        return;
    ZSTD_freeCCtx(encoder->context);
    g_free(encoder->name);
    g_free(encoder->buffer);
    g_free(encoder);
}

static gboolean encode(StreamEncoder *encoder, const void *bytes, gsize size, ZSTD_EndDirective directive,
                       GError **error)
{
    ZSTD_inBuffer in = {bytes, size, 0};
    gsize left;

    encoder->inside = directive != ZSTD_e_end;
    do {
        ZSTD_outBuffer out = {encoder->buffer, BUFFER_SIZE, 0};

        left = ZSTD_compressStream2(encoder->context, &out, &in, directive);
        if (ZSTD_isError(left))
            return gourd_error_set(error, GOURD_ERROR_FAILED, "cannot compress '%s': %s", encoder->name,
                                   ZSTD_getErrorName(left));
        if (!fd_pwrite(encoder->fd, encoder->name, encoder->buffer, out.pos, encoder->size, error))
            return FALSE;
        encoder->size += out.pos;
    } while (directive == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return TRUE;
}

gboolean stream_encoder_write(StreamEncoder *encoder, const void *bytes, gsize size, GError **error)
{
    return encode(encoder, bytes, size, ZSTD_e_continue, error);
}

/* RFC 8878, 3.1.1: the length of the content is 256 and the two bytes behind the descriptor, which says that there are two, and
 * that no window is needed; then a block, its header in three bytes: the last (1), raw (0), its length from bit 3 on. */
gboolean stream_encoder_reserve(StreamEncoder *encoder, guint64 *ret_place, GError **error)
{
    static const guint8 head[] = {
        0x28,
        0xb5,
        0x2f,
        0xfd,
        1 << 6 | 1 << 5,
        (STREAM_RESERVED_SIZE - 256) & 0xff,
        (STREAM_RESERVED_SIZE - 256) >> 8,
        1 | (STREAM_RESERVED_SIZE << 3 & 0xff),
        STREAM_RESERVED_SIZE >> 5,
        0,
    };

    G_STATIC_ASSERT(STREAM_RESERVED_SIZE >= 256 && STREAM_RESERVED_SIZE < 8192);
    if ((encoder->inside && !encode(encoder, NULL, 0, ZSTD_e_end, error)) ||
        !fd_pwrite(encoder->fd, encoder->name, head, sizeof head, encoder->size, error))
        return FALSE;
    *ret_place = encoder->size + sizeof head;
    encoder->size = *ret_place + STREAM_RESERVED_SIZE;
    return TRUE;
}

gboolean stream_encoder_fill(StreamEncoder *encoder, guint64 place, const guint8 bytes[STREAM_RESERVED_SIZE],
                             GError **error)
{
    return fd_pwrite(encoder->fd, encoder->name, bytes, STREAM_RESERVED_SIZE, place, error);
}

gboolean stream_encoder_finish(StreamEncoder *encoder, guint64 *ret_size, GError **error)
{
    if (!encode(encoder, NULL, 0, ZSTD_e_end, error))
        return FALSE;
    *ret_size = encoder->size;
    return TRUE;
}
