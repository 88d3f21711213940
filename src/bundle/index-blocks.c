// SPDX-License-Identifier: LGPL-2.1-or-later
#include "index-private.h"

#include <string.h>

static gboolean is_block_sane(guint32 stored, guint32 raw, guint32 block_size)
{
    guint32 stored_size = stored & BLOCK_SIZE_MASK, raw_size = raw & BLOCK_SIZE_MASK;
    gboolean plain = (stored & BLOCK_STORED_PLAIN) != 0;

    return (stored & ~(BLOCK_SIZE_MASK | BLOCK_STORED_PLAIN)) == 0 && (raw & ~(BLOCK_SIZE_MASK | BLOCK_PACK)) == 0 &&
           raw_size > 0 && raw_size <= block_size && stored_size > 0 && stored_size <= raw_size &&
           (!plain || stored_size == raw_size);
}

gboolean index_parse_blocks(BundleIndex *index, GError **error)
{
    const guint8 *records = g_bytes_get_data(index->blocks, NULL);
    guint64 n_blocks = index->facts.n_blocks;
    guint64 offset = index->facts.data_start;

    if (n_blocks >= NO_NUMBER)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "the index has too many blocks");
    index->block_offsets = g_array_sized_new(FALSE, FALSE, sizeof(guint64), (guint)n_blocks);
    for (guint64 i = 0; i < n_blocks; i++) {
        guint32 stored = read_u32(records + i * BLOCK_RECORD_SIZE);
        guint32 raw = read_u32(records + i * BLOCK_RECORD_SIZE + 4);

        if (!is_block_sane(stored, raw, index->facts.block_size))
            return gourd_error_set(error, GOURD_ERROR_INPUT, "block %" G_GUINT64_FORMAT " of the index makes no sense",
                                   i);
        g_array_append_val(index->block_offsets, offset);
        offset += stored & BLOCK_SIZE_MASK;
    }
    if (offset != index->facts.data_end)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the blocks of the index do not add up to the data");
    return TRUE;
}

void bundle_index_get_block(const BundleIndex *index, guint64 number, IndexBlock *ret_block, guint64 *ret_offset)
{
    const guint8 *record = (const guint8 *)g_bytes_get_data(index->blocks, NULL) + number * BLOCK_RECORD_SIZE;
    const guint8 *digest = (const guint8 *)g_bytes_get_data(index->block_digests, NULL) + number * DIGEST_SIZE;
    guint32 stored = read_u32(record), raw = read_u32(record + 4);

    *ret_block = (IndexBlock){
        .stored_size = stored & BLOCK_SIZE_MASK,
        .raw_size = raw & BLOCK_SIZE_MASK,
        .compressed = !(stored & BLOCK_STORED_PLAIN),
        .kind = raw & BLOCK_PACK ? BLOCK_OF_PACK : BLOCK_OF_FILE,
    };
    memcpy(ret_block->digest.bytes, digest, DIGEST_SIZE);
    if (ret_offset)
        *ret_offset = g_array_index(index->block_offsets, guint64, number);
}
