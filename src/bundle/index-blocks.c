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

/* The pieces of a pack follow one another, so do their digests. */
static void digest_packs(BundleIndex *index)
{
    const guint8 *digests = g_bytes_get_data(index->piece_digests, NULL);
    const GArray *pieces = index->pieces;

    for (guint first = 0, end; first < pieces->len; first = end) {
        guint32 pack = g_array_index(pieces, PieceRecord, first).pack;

        for (end = first + 1; end < pieces->len && g_array_index(pieces, PieceRecord, end).pack == pack;)
            end++;
        pack_digest(digests + (gsize)first * DIGEST_SIZE, end - first, &index->block_digests[pack]);
    }
}

gboolean index_parse_digests(BundleIndex *index, const SectionHead *blocks, const SectionHead *pieces, GError **error)
{
    guint64 n_blocks = index->facts.n_blocks, n_stored = 0;
    g_autoptr(GBytes) stored = NULL;

    for (guint64 i = 0; i < n_blocks; i++)
        n_stored += !index_block_is_pack(index, i);
    if (blocks->items != n_stored || blocks->raw_size != n_stored * DIGEST_SIZE)
        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "the index has %" G_GUINT64_FORMAT " digests for %" G_GUINT64_FORMAT " blocks",
                               blocks->items, n_stored);
    if (pieces->items != index->pieces->len || pieces->raw_size != (guint64)index->pieces->len * DIGEST_SIZE)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the index has %" G_GUINT64_FORMAT " digests for %u pieces",
                               pieces->items, index->pieces->len);
    stored = index_expand_section(index, blocks, error);
    index->piece_digests = stored ? index_expand_section(index, pieces, error) : NULL;
    if (!index->piece_digests)
        return FALSE;
    const guint8 *next = g_bytes_get_data(stored, NULL);
    index->block_digests = g_new0(Digest, n_blocks); /* no more than were stored: each pack has a piece */
    for (guint64 i = 0; i < n_blocks; i++) {
        if (index_block_is_pack(index, i))
            continue;
        memcpy(index->block_digests[i].bytes, next, DIGEST_SIZE);
        next += DIGEST_SIZE;
    }
    digest_packs(index);
    return TRUE;
}

void bundle_index_get_block(const BundleIndex *index, guint64 number, IndexBlock *ret_block, guint64 *ret_offset)
{
    const guint8 *record = (const guint8 *)g_bytes_get_data(index->blocks, NULL) + number * BLOCK_RECORD_SIZE;
    guint32 stored = read_u32(record), raw = read_u32(record + 4);

    *ret_block = (IndexBlock){
        .stored_size = stored & BLOCK_SIZE_MASK,
        .raw_size = raw & BLOCK_SIZE_MASK,
        .compressed = !(stored & BLOCK_STORED_PLAIN),
        .kind = raw & BLOCK_PACK ? BLOCK_OF_PACK : BLOCK_OF_FILE,
        .digest = index->block_digests[number],
    };
    if (ret_offset)
        *ret_offset = g_array_index(index->block_offsets, guint64, number);
}
