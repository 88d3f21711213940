// SPDX-License-Identifier: LGPL-2.1-or-later
#include "block.h"

#include <string.h>

struct BlockCodec {
    const BlockKind *kind;
    int level;
    gsize block_size;
    gpointer compressor; /* opened when first needed */
    gpointer expander;   /* likewise */
};

static const BlockKind stored_blocks = {.codec = CODEC_NONE};

static const BlockKind *find_kind(Codec codec)
{
    static const BlockKind *const kinds[] = {&stored_blocks, &gzip_blocks, &lz4_blocks, &xz_blocks, &zstd_blocks};

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i]->codec == codec)
            return kinds[i];
    return NULL;
}

int codec_level_default(Codec codec)
{
    const BlockKind *kind = find_kind(codec);

    return kind ? kind->normal : 0;
}

void codec_level_range(Codec codec, int *ret_lowest, int *ret_highest)
{
    const BlockKind *kind = find_kind(codec);

    *ret_lowest = kind ? kind->lowest : 0;
    *ret_highest = kind ? kind->highest : 0;
}

BlockCodec *block_codec_new(Codec codec, int level, gsize block_size, GError **error)
{
    const BlockKind *kind = find_kind(codec);

    if (!kind) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "%s is no compressor of blocks", codec_to_name(codec));
        return NULL;
    }
    if (level == CODEC_LEVEL_DEFAULT)
        level = kind->normal;
    if (level < kind->lowest || level > kind->highest) {
        if (kind->highest == 0)
            gourd_error_set(error, GOURD_ERROR_USAGE, "compressor %s has no levels", codec_to_name(codec));
        else
            gourd_error_set(error, GOURD_ERROR_USAGE, "compressor %s has levels %d to %d, but not %d",
                            codec_to_name(codec), kind->lowest, kind->highest, level);
        return NULL;
    }
    BlockCodec *block_codec = g_new0(BlockCodec, 1);

    block_codec->kind = kind;
    block_codec->level = level;
    block_codec->block_size = block_size;
    return block_codec;
}

void block_codec_free(BlockCodec *codec)
{
    if (!codec)
        return;
    if (codec->compressor)
        codec->kind->close_compressor(codec->compressor);
    if (codec->expander)
        codec->kind->close_expander(codec->expander);
    g_free(codec);
}

void block_codec_compress(BlockCodec *codec, const void *bytes, gsize size, guint8 *ret_bytes, gsize *ret_size)
{
    g_assert(size <= codec->block_size);
    *ret_size = 0;
    if (!codec->kind->compress || size < 2)
        return;
    if (!codec->compressor)
        codec->compressor = codec->kind->open_compressor(codec->level, codec->block_size);
    *ret_size = codec->kind->compress(codec->compressor, bytes, size, ret_bytes, size - 1);
}

static gboolean expand_stored(const void *bytes, gsize size, guint8 *ret_bytes, gsize room, gsize *ret_size)
{
    if (size > room)
        return FALSE;
    if (size > 0)
        memcpy(ret_bytes, bytes, size);
    *ret_size = size;
    return TRUE;
}

static void open_expander(BlockCodec *codec)
{
    if (!codec->expander && codec->kind->open_expander)
        codec->expander = codec->kind->open_expander();
}

gboolean block_codec_expand(BlockCodec *codec, const void *bytes, gsize size, guint8 *ret_bytes, gsize room,
                            gsize *ret_size)
{
    if (!codec->kind->expand)
        return expand_stored(bytes, size, ret_bytes, room, ret_size);
    open_expander(codec);
    return codec->kind->expand(codec->expander, bytes, size, ret_bytes, room, ret_size);
}

gboolean block_codec_expand_start(BlockCodec *codec, const void *bytes, gsize size, gsize wanted, guint8 *ret_bytes,
                                  gsize room, gsize *ret_size)
{
    if (!codec->kind->expand_start)
        return block_codec_expand(codec, bytes, size, ret_bytes, room, ret_size);
    open_expander(codec);
    return codec->kind->expand_start(codec->expander, bytes, size, wanted, ret_bytes, room, ret_size);
}
