// SPDX-License-Identifier: LGPL-2.1-or-later
/* Blocks: compressing and expanding. */

#include "codec/codec.h"

#include <string.h>

#define BLOCK_SIZE (128 * 1024)

static const Codec codecs[] = {CODEC_NONE, CODEC_GZIP, CODEC_ZSTD, CODEC_XZ, CODEC_LZ4};

/* Kinds of content that make compressors take different ways. */
typedef enum { TEXT, NOISE, ZEROS, RECORDS, MIXED, N_KINDS } Kind;

static guint8 *make_block(Kind kind, gsize size, guint32 seed)
{
    static const char words[] = "the gourd is a container made from a squash, and grows on a vine in the sun ";
    guint8 *block = g_malloc0(size);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);

    for (gsize i = 0; i < size; i++) {
        Kind here = kind == MIXED ? (Kind)(i / 5000 % MIXED) : kind;

        if (here == NOISE)
            block[i] = (guint8)g_rand_int(rand);
        else if (here == TEXT)
            block[i] = (guint8)words[(i + i / 97 * seed) % (sizeof words - 1)];
        else if (here == RECORDS) /* 24 bytes each, as relocations are: only a few bytes differ */
            block[i] = i % 24 < 3 ? (guint8)(i / 24 * 77 >> 8 * (i % 24)) : (guint8)(i % 24 * 3);
    }
    return block;
}

static BlockCodec *open_codec(Codec codec, int level, gsize block_size)
{
    g_autoptr(GError) error = NULL;
    BlockCodec *block_codec = block_codec_new(codec, level, block_size, &error);

    g_assert_no_error(error);
    return block_codec;
}

/* Compresses, expands and compares; the compressed size, or 0. */
static gsize round_trip(BlockCodec *codec, const guint8 *block, gsize size)
{
    /* Allocations of their own, so that ASan sees one byte too many. */
    g_autofree guint8 *packed = g_malloc(MAX(size, 1)), *again = g_malloc(MAX(size, 1));
    gsize packed_size, again_size;

    block_codec_compress(codec, block, size, packed, &packed_size);
    if (packed_size == 0)
        return 0;
    g_assert_cmpuint(packed_size, <, size);
    g_autofree guint8 *exact = g_memdup2(packed, packed_size);

    g_assert_true(block_codec_expand(codec, exact, packed_size, again, size, &again_size));
    g_assert_cmpmem(again, again_size, block, size);
    for (gsize wanted = 1; wanted <= size; wanted = wanted * 7 + 1) {
        g_assert_true(block_codec_expand_start(codec, exact, packed_size, wanted, again, size, &again_size));
        g_assert_cmpuint(again_size, >=, wanted);
        g_assert_cmpmem(again, again_size, block, again_size);
    }
    return packed_size;
}

static void blocks_come_back_at_every_level(void)
{
    static const gsize sizes[] = {0, 1, 2, 3, 7, 8, 9, 100, 4096, 16385, BLOCK_SIZE - 1, BLOCK_SIZE};

    for (gsize c = 0; c < G_N_ELEMENTS(codecs); c++) {
        int lowest, highest;

        codec_level_range(codecs[c], &lowest, &highest);
        for (int level = lowest; level <= highest; level++) {
            g_autoptr(BlockCodec) codec = open_codec(codecs[c], level, BLOCK_SIZE);

            for (gsize s = 0; s < G_N_ELEMENTS(sizes); s++) {
                for (Kind kind = TEXT; kind < N_KINDS; kind++) {
                    g_autofree guint8 *block = make_block(kind, sizes[s], 1);

                    round_trip(codec, block, sizes[s]);
                }
            }
        }
    }
}

static void every_block_size_of_squashfs_works(void)
{
    for (gsize size = 4096; size <= 1024 * 1024; size *= 2) {
        g_autofree guint8 *block = make_block(MIXED, size, 1);

        for (gsize c = 1; c < G_N_ELEMENTS(codecs); c++) {
            g_autoptr(BlockCodec) codec = open_codec(codecs[c], CODEC_LEVEL_DEFAULT, size);

            g_assert_cmpuint(round_trip(codec, block, size), >, 0);
        }
    }
}

static void what_was_compressed_before_does_not_matter(void)
{
    for (gsize c = 1; c < G_N_ELEMENTS(codecs); c++) {
        g_autoptr(BlockCodec) used = open_codec(codecs[c], CODEC_LEVEL_DEFAULT, BLOCK_SIZE);
        g_autofree guint8 *first = g_malloc(BLOCK_SIZE), *second = g_malloc(BLOCK_SIZE);

        for (guint i = 0; i < 20; i++) {
            gsize size = BLOCK_SIZE - i * 6000, first_size, second_size;
            g_autofree guint8 *block = make_block((Kind)(i % N_KINDS), size, i);
            g_autoptr(BlockCodec) fresh = open_codec(codecs[c], CODEC_LEVEL_DEFAULT, BLOCK_SIZE);

            block_codec_compress(used, block, size, first, &first_size);
            block_codec_compress(fresh, block, size, second, &second_size);
            g_assert_cmpmem(first, first_size, second, second_size);
        }
    }
}

static void noise_does_not_shrink(void)
{
    g_autofree guint8 *block = make_block(NOISE, BLOCK_SIZE, 1), *packed = g_malloc(BLOCK_SIZE);
    gsize size;

    for (gsize c = 0; c < G_N_ELEMENTS(codecs); c++) {
        g_autoptr(BlockCodec) codec = open_codec(codecs[c], CODEC_LEVEL_DEFAULT, BLOCK_SIZE);

        block_codec_compress(codec, block, BLOCK_SIZE, packed, &size);
        g_assert_cmpuint(size, ==, 0);
    }
}

static void higher_levels_of_zstd_are_smaller_on_the_whole(void)
{
    g_autofree guint8 *block = make_block(MIXED, BLOCK_SIZE, 1);
    g_autoptr(BlockCodec) fast = open_codec(CODEC_ZSTD, 1, BLOCK_SIZE);
    g_autoptr(BlockCodec) normal = open_codec(CODEC_ZSTD, CODEC_LEVEL_DEFAULT, BLOCK_SIZE);
    g_autoptr(BlockCodec) best = open_codec(CODEC_ZSTD, 19, BLOCK_SIZE);

    g_assert_cmpuint(round_trip(normal, block, BLOCK_SIZE), <, round_trip(fast, block, BLOCK_SIZE));
    g_assert_cmpuint(round_trip(best, block, BLOCK_SIZE), <, round_trip(normal, block, BLOCK_SIZE));
}

/* RFC 8878, 3.1.1.1: single segment, content size, no checksum, no dictionary: what the kernel is sure to read. */
static void zstd_frames_have_the_header_that_squashfs_needs(void)
{
    g_autofree guint8 *block = make_block(TEXT, BLOCK_SIZE, 1), *packed = g_malloc(BLOCK_SIZE);
    int lowest, highest;

    codec_level_range(CODEC_ZSTD, &lowest, &highest);
    for (int level = lowest; level <= highest; level++) {
        g_autoptr(BlockCodec) codec = open_codec(CODEC_ZSTD, level, BLOCK_SIZE);
        gsize size;

        block_codec_compress(codec, block, BLOCK_SIZE, packed, &size);
        g_assert_cmpmem(packed, 4, "\x28\xb5\x2f\xfd", 4);
        g_assert_cmphex(packed[4], ==, 0xa0); /* content size of 4 bytes, single segment */
        g_assert_cmpmem(packed + 5, 4, "\x00\x00\x02\x00", 4);
    }
}

static void gzip_blocks_have_a_zlib_header(void)
{
    g_autofree guint8 *block = make_block(TEXT, BLOCK_SIZE, 1), *packed = g_malloc(BLOCK_SIZE);
    g_autoptr(BlockCodec) codec = open_codec(CODEC_GZIP, CODEC_LEVEL_DEFAULT, BLOCK_SIZE);
    gsize size;

    block_codec_compress(codec, block, BLOCK_SIZE, packed, &size);
    g_assert_cmphex(packed[0], ==, 0x78); /* deflate, window of 32 KiB (RFC 1950, 2.2) */
    g_assert_cmpuint((packed[0] * 256u + packed[1]) % 31, ==, 0);
}

static void broken_blocks_are_refused(void)
{
    g_autofree guint8 *block = make_block(TEXT, BLOCK_SIZE, 1), *packed = g_malloc(BLOCK_SIZE),
                      *room = g_malloc(BLOCK_SIZE);

    for (gsize c = 1; c < G_N_ELEMENTS(codecs); c++) {
        g_autoptr(BlockCodec) codec = open_codec(codecs[c], CODEC_LEVEL_DEFAULT, BLOCK_SIZE);
        gsize size, expanded = 77;

        block_codec_compress(codec, block, BLOCK_SIZE, packed, &size);
        g_assert_cmpuint(size, >, 0);
        g_assert_false(block_codec_expand(codec, packed, size, room, BLOCK_SIZE - 1, &expanded)); /* no room */
        g_assert_false(block_codec_expand(codec, packed, size / 2, room, BLOCK_SIZE, &expanded)); /* cut */
        g_assert_false(block_codec_expand_start(codec, packed, size / 2, BLOCK_SIZE, room, BLOCK_SIZE, &expanded));
        if (codecs[c] != CODEC_LZ4) /* which has no header */
            g_assert_false(block_codec_expand(codec, block, 1000, room, BLOCK_SIZE, &expanded));
        g_assert_cmpuint(expanded, ==, 77);
        g_assert_true(block_codec_expand(codec, packed, size, room, BLOCK_SIZE, &expanded)); /* and works after that */
    }
}

static void wrong_levels_and_codecs_are_refused(void)
{
    static const struct {
        Codec codec;
        int level;
        GourdError code;
    } cases[] = {
        {CODEC_ZSTD, 23, GOURD_ERROR_USAGE},      {CODEC_ZSTD, -1, GOURD_ERROR_USAGE},
        {CODEC_GZIP, 13, GOURD_ERROR_USAGE},      {CODEC_XZ, 10, GOURD_ERROR_USAGE},
        {CODEC_LZ4, 13, GOURD_ERROR_USAGE},       {CODEC_NONE, 1, GOURD_ERROR_USAGE},
        {CODEC_LZMA, 0, GOURD_ERROR_UNSUPPORTED}, {CODEC_BZIP2, 0, GOURD_ERROR_UNSUPPORTED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(block_codec_new(cases[i].codec, cases[i].level, BLOCK_SIZE, &error));
        g_assert_error(error, GOURD_ERROR, (int)cases[i].code);
    }
}

static void the_default_level_is_within_the_range(void)
{
    for (gsize c = 0; c < G_N_ELEMENTS(codecs); c++) {
        int lowest, highest, normal = codec_level_default(codecs[c]);

        codec_level_range(codecs[c], &lowest, &highest);
        g_assert_cmpint(normal, >=, lowest);
        g_assert_cmpint(normal, <=, highest);
    }
}

#define ADD(test) g_test_add_func("/codec/" #test, test)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(blocks_come_back_at_every_level);
    ADD(every_block_size_of_squashfs_works);
    ADD(what_was_compressed_before_does_not_matter);
    ADD(noise_does_not_shrink);
    ADD(higher_levels_of_zstd_are_smaller_on_the_whole);
    ADD(zstd_frames_have_the_header_that_squashfs_needs);
    ADD(gzip_blocks_have_a_zlib_header);
    ADD(broken_blocks_are_refused);
    ADD(wrong_levels_and_codecs_are_refused);
    ADD(the_default_level_is_within_the_range);
    return g_test_run();
}
