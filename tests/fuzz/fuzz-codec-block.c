// SPDX-License-Identifier: LGPL-2.1-or-later
/* Blocks: what is compressed expands to the same bytes, whatever they are and whatever was compressed before; expanding what
 * is no compressed block fails or stays within its room. The first byte chooses codec and level. */
#include "codec/codec.h"

#include <string.h>

#define BLOCK_SIZE (64 * 1024)

int LLVMFuzzerTestOneInput(const guint8 *bytes, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *bytes, gsize size)
{
    static const struct {
        Codec codec;
        int level;
    } settings[] = {{CODEC_ZSTD, 1},  {CODEC_ZSTD, 6},  {CODEC_ZSTD, 7}, {CODEC_ZSTD, 9},
                    {CODEC_ZSTD, 12}, {CODEC_ZSTD, 13}, {CODEC_GZIP, 6}, {CODEC_LZ4, 1}};
    static BlockCodec *codecs[G_N_ELEMENTS(settings)];
    static guint8 stored[BLOCK_SIZE], expanded[BLOCK_SIZE];
    gsize stored_size, expanded_size;

    if (size < 2 || size > BLOCK_SIZE)
        return 0;
    guint choice = *bytes % G_N_ELEMENTS(settings);
    if (!codecs[choice])
        codecs[choice] = block_codec_new(settings[choice].codec, settings[choice].level, BLOCK_SIZE, NULL);
    bytes++;
    size--;
    block_codec_compress(codecs[choice], bytes, size, stored, &stored_size);
    if (stored_size > 0) {
        g_assert(stored_size < size);
        g_assert(block_codec_expand(codecs[choice], stored, stored_size, expanded, size, &expanded_size));
        g_assert(expanded_size == size && memcmp(expanded, bytes, size) == 0);
    }
    if (block_codec_expand(codecs[choice], bytes, size, expanded, BLOCK_SIZE / 2, &expanded_size))
        g_assert(expanded_size <= BLOCK_SIZE / 2);
    return 0;
}
