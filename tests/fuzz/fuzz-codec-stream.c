// SPDX-License-Identifier: LGPL-2.1-or-later
/* Inflating and expanding of hostile bytes. The first byte chooses how:
 *
 *     bits 0-1  as a stream of: what its magic number says, gzip, zstd, xz
 *     bits 2-7  the source gives so many bytes at a time (0: all)
 *
 * However it is cut and whether a thread stands between, the bytes and the error must be the same. Then the bytes are
 * expanded as a block of each codec. */

#include "codec/stream.h"

#include <stdint.h>
#include <string.h>

#define SIZE_MAX_INFLATED (1024 * 1024)
#define BLOCK_SIZE (64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    ByteStream stream;
    const guint8 *bytes;
    gsize left;
    gsize portion;
} DribbleStream;

static gboolean read_dribble(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error)
{
    DribbleStream *dribble = (DribbleStream *)stream;
    gsize part = MIN(MIN(dribble->left, dribble->portion), size);

    if (part > 0)
        memcpy(room, dribble->bytes, part);
    dribble->bytes += part;
    dribble->left -= part;
    *ret_got = part;
    return TRUE;
}

static const StreamKind dribble_kind = {.read = read_dribble};

static ByteStream *new_dribble(const guint8 *bytes, gsize size, gsize portion)
{
    DribbleStream *dribble = g_new0(DribbleStream, 1);

    stream_init(&dribble->stream, &dribble_kind, NULL);
    dribble->bytes = bytes;
    dribble->left = size;
    dribble->portion = portion;
    return &dribble->stream;
}

typedef struct {
    Digest digest;
    guint64 size;
    char *error;
} Result;

static void drain(ByteStream *stream, Result *ret_result)
{
    static const gsize wants[] = {1, 512, 4096, BYTE_STREAM_PEEK_MAX};
    g_autoptr(Hasher) hasher = hasher_new();
    g_autoptr(GError) error = NULL;
    const guint8 *bytes;
    gsize size = 1;

    for (guint turn = 0; size > 0; turn++) {
        if (!byte_stream_peek(stream, wants[turn % G_N_ELEMENTS(wants)], &bytes, &size, &error))
            break;
        gsize part = turn % 3 == 0 ? (size + 1) / 2 : size;

        hasher_update(hasher, bytes, part);
        byte_stream_advance(stream, part);
    }
    ret_result->size = byte_stream_position(stream);
    ret_result->error = error ? g_strdup(error->message) : NULL;
    hasher_finish(hasher, &ret_result->digest);
    byte_stream_free(stream);
}

/* The message names a place, which depends on how the source was cut; what is said must not. Bytes before an error are
 * not compared: a stage hands them on in larger or smaller pieces. */
static void compare(const Result *a, const Result *b)
{
    g_assert_true((a->error == NULL) == (b->error == NULL));
    if (a->error)
        return;
    g_assert_cmpuint(a->size, ==, b->size);
    g_assert_true(digest_equal(&a->digest, &b->digest));
}

static void try_stream(const guint8 *bytes, gsize size, Codec codec, gsize portion)
{
    Result whole, cut, threaded;
    ByteStream *stream = byte_stream_new_memory(bytes, size);

    stream = byte_stream_new_inflated(stream, codec, SIZE_MAX_INFLATED, "input", NULL);
    if (!stream)
        return;
    drain(stream, &whole);
    stream = new_dribble(bytes, size, portion);
    stream = byte_stream_new_inflated(stream, codec, SIZE_MAX_INFLATED, "input", NULL);
    drain(stream, &cut);
    stream = byte_stream_new_memory(bytes, size);
    stream = byte_stream_new_inflated(stream, codec, SIZE_MAX_INFLATED, "input", NULL);
    drain(byte_stream_new_threaded(stream, 0, 2), &threaded);
    compare(&whole, &cut);
    compare(&whole, &threaded);
    g_free(whole.error);
    g_free(cut.error);
    g_free(threaded.error);
}

static void try_block(const guint8 *bytes, gsize size, Codec codec)
{
    static BlockCodec *codecs[CODEC_LZ4 + 1]; /* reused, as the writer and the reader do */
    g_autofree guint8 *room = g_malloc(BLOCK_SIZE);
    gsize expanded;

    if (!codecs[codec])
        codecs[codec] = block_codec_new(codec, CODEC_LEVEL_DEFAULT, BLOCK_SIZE, NULL);
    if (block_codec_expand_start(codecs[codec], bytes, size, BLOCK_SIZE / 64, room, BLOCK_SIZE, &expanded))
        g_assert_cmpuint(expanded, <=, BLOCK_SIZE);
    if (block_codec_expand(codecs[codec], bytes, size, room, BLOCK_SIZE, &expanded))
        g_assert_cmpuint(expanded, <=, BLOCK_SIZE);
    if (size > BLOCK_SIZE)
        return;
    g_autofree guint8 *packed = g_malloc(MAX(size, 1)), *again = g_malloc(MAX(size, 1));
    gsize packed_size;

    block_codec_compress(codecs[codec], bytes, size, packed, &packed_size);
    if (packed_size == 0)
        return;
    g_assert_cmpuint(packed_size, <, size);
    g_assert_true(block_codec_expand(codecs[codec], packed, packed_size, again, size, &expanded));
    g_assert_cmpmem(again, expanded, bytes, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const Codec codecs[] = {CODEC_NONE, CODEC_GZIP, CODEC_ZSTD, CODEC_XZ};

    if (size < 1)
        return 0;
    Codec codec = codecs[data[0] & 3];
    gsize portion = data[0] >> 2;

    if (codec == CODEC_NONE)
        codec = codec_detect(data + 1, size - 1);
    try_stream(data + 1, size - 1, codec, portion > 0 ? portion : size);
    for (Codec block = CODEC_NONE; block <= CODEC_LZ4; block++)
        try_block(data + 1, size - 1, block);
    return 0;
}
