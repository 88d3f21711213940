// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Inputs for tests of streams, and what is asserted of streams. */

#include "codec/stream.h"
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#define NO_LIMIT G_MAXUINT64

/* --- inputs -------------------------------------------------------------------------------------------------------- */

/* Bytes that compress somewhat: words of a small vocabulary, the same on every run. */
static inline GByteArray *make_text(gsize size)
{
    static const char *const words[] = {"gourd ",   "squash ", "layer ", "whiteout ",
                                        "bundle\n", "0x5f ",   "tree ",  "\x01\xff"};
    GByteArray *text = g_byte_array_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    while (text->len < size) {
        const char *word = words[g_rand_int_range(rand, 0, G_N_ELEMENTS(words))];

        g_byte_array_append(text, (const guint8 *)word, (guint)strlen(word));
    }
    g_byte_array_set_size(text, (guint)size);
    return text;
}

static inline GByteArray *make_gzip(const GByteArray *plain)
{
    g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
    g_autoptr(GFileInfo) info = g_file_info_new();
    GByteArray *packed = g_byte_array_new();
    gsize used = 0, read, written;
    GConverterResult result;

    g_file_info_set_name(info, "a name in the header");
    g_zlib_compressor_set_file_info(compressor, info);
    do {
        guint8 room[4096];

        result = g_converter_convert(G_CONVERTER(compressor), plain->data + used, plain->len - used, room, sizeof room,
                                     G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
        g_assert_cmpint(result, !=, G_CONVERTER_ERROR);
        g_byte_array_append(packed, room, (guint)written);
        used += read;
    } while (result != G_CONVERTER_FINISHED);
    return packed;
}

static inline GByteArray *make_packed(Codec codec, const GByteArray *plain)
{
    if (codec == CODEC_GZIP)
        return make_gzip(plain);
    g_autoptr(BlockCodec) block_codec = block_codec_new(codec, 1, plain->len, NULL);
    GByteArray *packed = g_byte_array_new();
    gsize size;

    g_byte_array_set_size(packed, plain->len);
    block_codec_compress(block_codec, plain->data, plain->len, packed->data, &size);
    g_assert_cmpuint(size, >, 0);
    g_byte_array_set_size(packed, (guint)size);
    return packed;
}

static const Codec stream_codecs[] = {CODEC_GZIP, CODEC_ZSTD, CODEC_XZ};

/* A source that gives few bytes at a time, and a failure at the end if wanted. */
typedef struct {
    ByteStream stream;
    const guint8 *bytes;
    gsize left;
    gsize portion;
    gboolean fails;
} DribbleStream;

static inline gboolean read_dribble(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error)
{
    DribbleStream *dribble = (DribbleStream *)stream;
    gsize part = MIN(MIN(dribble->left, dribble->portion), size);

    if (part == 0 && dribble->fails)
        return gourd_error_set(error, GOURD_ERROR_FAILED, "the tap is broken");
    if (part > 0)
        memcpy(room, dribble->bytes, part);
    dribble->bytes += part;
    dribble->left -= part;
    *ret_got = part;
    return TRUE;
}

static const StreamKind dribble_kind = {.read = read_dribble};

static inline ByteStream *new_dribble(const void *bytes, gsize size, gsize portion, gboolean fails)
{
    DribbleStream *dribble = g_new0(DribbleStream, 1);

    stream_init(&dribble->stream, &dribble_kind, NULL);
    dribble->bytes = bytes;
    dribble->left = size;
    dribble->portion = portion;
    dribble->fails = fails;
    return &dribble->stream;
}

/* --- checks -------------------------------------------------------------------------------------------------------- */

/* Reads to the end with peeks of many sizes; what came before an error is returned with it. */
static inline GByteArray *read_all(ByteStream *stream, GError **error)
{
    static const gsize wants[] = {1, 512, 0, 70, BYTE_STREAM_PEEK_MAX, 3};
    GByteArray *all = g_byte_array_new();

    for (guint turn = 0;; turn++) {
        gsize want = wants[turn % G_N_ELEMENTS(wants)], size;
        const guint8 *bytes;

        if (!byte_stream_peek(stream, want, &bytes, &size, error))
            return all;
        if (size == 0)
            return all;
        gsize part = turn % 2 && size > 1 ? size / 2 : size;

        g_byte_array_append(all, bytes, (guint)part);
        byte_stream_advance(stream, part);
        g_assert_cmpuint(byte_stream_position(stream), ==, all->len);
    }
}

static inline void assert_gives(ByteStream *stream, const GByteArray *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) all = read_all(stream, &error);

    g_assert_no_error(error);
    g_assert_cmpmem(all->data, all->len, expected->data, expected->len);
}

static inline void assert_fails(ByteStream *stream, GourdError code, const char *part_of_message)
{
    g_autoptr(GError) error = NULL, again = NULL;
    g_autoptr(GByteArray) all = read_all(stream, &error);
    const guint8 *bytes;
    gsize size;

    g_assert_error(error, GOURD_ERROR, (int)code);
    if (!strstr(error->message, part_of_message))
        g_error("'%s' is not in: %s", part_of_message, error->message);
    g_assert_false(byte_stream_peek(stream, 1, &bytes, &size, &again));
    g_assert_cmpstr(again->message, ==, error->message);
}

static inline ByteStream *inflate(Codec codec, const GByteArray *packed)
{
    g_autoptr(GError) error = NULL;
    ByteStream *stream = byte_stream_new_inflated(byte_stream_new_memory(packed->data, packed->len), codec, NO_LIMIT,
                                                  "layer 3", &error);

    g_assert_no_error(error);
    return stream;
}
