// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream.h"

#include <string.h>

void stream_init(ByteStream *stream, const StreamKind *kind, ByteStream *source)
{
    stream->kind = kind;
    stream->source = source;
}

static gboolean fail_again(const ByteStream *stream, GError **error)
{
    if (error)
        *error = g_error_copy(stream->failure);
    return FALSE;
}

/* Keeps a failure, so that nobody reads on behind it. */
static gboolean keep_failure(ByteStream *stream, GError *failure, GError **error)
{
    stream->failure = failure;
    stream->shown = 0;
    return fail_again(stream, error);
}

/* Fills the buffer until it holds want bytes or the source ends. The rest of before moves to the front: less than want
 * bytes, so seldom more than part of a tar header. */
static gboolean fill_buffer(ByteStream *stream, gsize want, GError **error)
{
    if (!stream->buffer)
        stream->buffer = g_malloc(STREAM_BUFFER_SIZE);
    stream->end -= stream->start;
    if (stream->start > 0 && stream->end > 0)
        memmove(stream->buffer, stream->buffer + stream->start, stream->end);
    stream->start = 0;
    while (stream->end < want && !stream->ended) {
        gsize got;

        if (!stream->kind->read(stream, stream->buffer + stream->end, STREAM_BUFFER_SIZE - stream->end, &got, error))
            return FALSE;
        stream->end += got;
        stream->ended = got == 0;
    }
    return TRUE;
}

gboolean byte_stream_peek(ByteStream *stream, gsize want, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    GError *failure = NULL;

    g_assert(want <= BYTE_STREAM_PEEK_MAX);
    want = MAX(want, 1);
    if (stream->failure)
        return fail_again(stream, error);
    if (stream->kind->peek) {
        if (!stream->kind->peek(stream, want, ret_bytes, ret_size, &failure))
            return keep_failure(stream, failure, error);
    } else {
        if (stream->end - stream->start < want && !fill_buffer(stream, want, &failure))
            return keep_failure(stream, failure, error);
        *ret_bytes = stream->buffer + stream->start;
        *ret_size = stream->end - stream->start;
    }
    stream->shown = *ret_size;
    return TRUE;
}

void byte_stream_advance(ByteStream *stream, gsize size)
{
    g_assert(size <= stream->shown);
    stream->shown -= size;
    stream->position += size;
    if (stream->kind->advance)
        stream->kind->advance(stream, size);
    else
        stream->start += size;
}

gboolean stream_read(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error)
{
    GError *failure = NULL;
    gsize got = 0;

    if (stream->failure)
        return fail_again(stream, error);
    stream->shown = 0;
    if (stream->end > stream->start) {
        got = MIN(size, stream->end - stream->start);
        memcpy(room, stream->buffer + stream->start, got);
        stream->start += got;
    } else if (!stream->ended) {
        if (!stream->kind->read(stream, room, size, &got, &failure))
            return keep_failure(stream, failure, error);
        stream->ended = got == 0;
    }
    stream->position += got;
    *ret_got = got;
    return TRUE;
}

gboolean byte_stream_drain(ByteStream *stream, GError **error)
{
    const guint8 *bytes;
    gsize size;

    do {
        if (!byte_stream_peek(stream, 1, &bytes, &size, error))
            return FALSE;
        byte_stream_advance(stream, size);
    } while (size > 0);
    return TRUE;
}

guint64 byte_stream_position(const ByteStream *stream)
{
    return stream->position;
}

void stream_interrupt(ByteStream *stream)
{
    for (; stream; stream = stream->source)
        if (stream->kind->interrupt)
            stream->kind->interrupt(stream);
}

void byte_stream_free(ByteStream *stream)
{
    while (stream) {
        ByteStream *source = stream->source;

        if (stream->kind->release)
            stream->kind->release(stream);
        g_clear_error(&stream->failure);
        g_free(stream->buffer);
        g_free(stream);
        stream = source;
    }
}
