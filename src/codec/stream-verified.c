// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream.h"

typedef struct {
    ByteStream stream;
    Hasher *hasher;
    Digest expected;
    guint64 expected_size;
    guint64 hashed;
    const guint8 *shown_bytes; /* what the last peek showed: hashed when it is consumed */
    gboolean checked;
    char *what;
} VerifiedStream;

static gboolean check_not_longer(const VerifiedStream *verified, guint64 size, GError **error)
{
    if (verified->expected_size == G_MAXUINT64 || size <= verified->expected_size)
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_INPUT,
                           "%s: is longer than the %" G_GUINT64_FORMAT " bytes it should have", verified->what,
                           verified->expected_size);
}

static gboolean check_end(VerifiedStream *verified, GError **error)
{
    Digest digest;

    if (verified->checked)
        return TRUE;
    if (verified->expected_size != G_MAXUINT64 && verified->hashed != verified->expected_size)
        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "%s: has %" G_GUINT64_FORMAT " bytes, but should have %" G_GUINT64_FORMAT,
                               verified->what, verified->hashed, verified->expected_size);
    hasher_finish(verified->hasher, &digest);
    if (!digest_equal(&digest, &verified->expected)) {
        g_autofree char *found = digest_to_text(&digest), *expected = digest_to_text(&verified->expected);

        gourd_error_set(error, GOURD_ERROR_INPUT, "%s: its content has the digest %s, but should have %s",
                        verified->what, found, expected);
        return gourd_error_hint(error, "the image is damaged or was changed; fetch it again");
    }
    verified->checked = TRUE;
    return TRUE;
}

static gboolean read_verified(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error)
{
    VerifiedStream *verified = (VerifiedStream *)stream;
    gsize got;

    if (!stream_read(stream->source, room, size, &got, error) ||
        !check_not_longer(verified, verified->hashed + got, error))
        return FALSE;
    if (got == 0 && !check_end(verified, error))
        return FALSE;
    hasher_update(verified->hasher, room, got);
    verified->hashed += got;
    *ret_got = got;
    return TRUE;
}

static gboolean peek_verified(ByteStream *stream, gsize want, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    VerifiedStream *verified = (VerifiedStream *)stream;
    const guint8 *bytes;
    gsize size;

    if (!byte_stream_peek(stream->source, want, &bytes, &size, error) ||
        !check_not_longer(verified, verified->hashed + size, error))
        return FALSE;
    if (size == 0 && !check_end(verified, error))
        return FALSE;
    verified->shown_bytes = bytes;
    *ret_bytes = bytes;
    *ret_size = size;
    return TRUE;
}

static void advance_verified(ByteStream *stream, gsize size)
{
    VerifiedStream *verified = (VerifiedStream *)stream;

    hasher_update(verified->hasher, verified->shown_bytes, size);
    verified->hashed += size;
    verified->shown_bytes += size;
    byte_stream_advance(stream->source, size);
}

static void release_verified(ByteStream *stream)
{
    VerifiedStream *verified = (VerifiedStream *)stream;

    hasher_free(verified->hasher);
    g_free(verified->what);
}

static const StreamKind verified_kind = {
    .read = read_verified,
    .peek = peek_verified,
    .advance = advance_verified,
    .release = release_verified,
};

ByteStream *byte_stream_new_verified(ByteStream *source, const Digest *expected, guint64 expected_size,
                                     const char *what)
{
    VerifiedStream *verified = g_new0(VerifiedStream, 1);

    stream_init(&verified->stream, &verified_kind, source);
    verified->hasher = hasher_new();
    verified->expected = *expected;
    verified->expected_size = expected_size;
    verified->what = g_strdup(what);
    return &verified->stream;
}
