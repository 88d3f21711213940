// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verify-private.h"

static int compare_extents(gconstpointer a, gconstpointer b)
{
    const Extent *x = a, *y = b;

    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->word != y->word)
        return x->word < y->word ? -1 : 1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

static int compare_slices(gconstpointer a, gconstpointer b)
{
    const Slice *x = a, *y = b;

    if (x->block_offset != y->block_offset)
        return x->block_offset < y->block_offset ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

gboolean verify_find_block(const Verification *verification, guint64 offset, guint64 *ret_number)
{
    guint64 low = 0, high = bundle_index_facts(verification->index)->n_blocks;
    IndexBlock block;
    guint64 at;

    while (low < high) {
        guint64 middle = low + (high - low) / 2;

        bundle_index_get_block(verification->index, middle, &block, &at);
        if (at == offset) {
            *ret_number = middle;
            return TRUE;
        }
        if (at < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return FALSE;
}

/* Whether two inodes mean the same block: then it is shared, and looked at once. */
static gboolean merge_extents(Verification *verification, Extent *last, const Extent *extent)
{
    if (last->offset != extent->offset || last->word != extent->word)
        return FALSE;
    if (last->fragment != extent->fragment) /* Linux would read it all right */
        verify_found(verification, "block", NULL, MAX(last->inode, extent->inode), BUNDLE_NO_BLOCK, extent->offset,
                     "a fragment block is a file's block too");
    else if (last->raw_size != extent->raw_size)
        verify_found(verification, "block", NULL, extent->inode, BUNDLE_NO_BLOCK, extent->offset,
                     "two files differ about its length");
    return TRUE;
}

/* Whether an extent lies in the data area and behind the one before. What does not cannot be expanded either. */
static gboolean check_extent(Verification *verification, const Extent *extent, guint64 end)
{
    const SquashFacts *facts = verification->facts;
    guint32 size = extent->word & SQUASH_BLOCK_SIZE_MASK;
    const char *wrong = NULL;

    if (size == 0 || size > facts->block_size || (extent->word & ~(SQUASH_BLOCK_SIZE_MASK | SQUASH_BLOCK_PLAIN)))
        wrong = "a block with an impossible size";
    else if (extent->offset < facts->data_start || extent->offset > facts->inode_table ||
             size > facts->inode_table - extent->offset)
        wrong = "a block lies outside of the data";
    else if (extent->offset < end)
        wrong = "two blocks overlap";
    if (!wrong)
        return TRUE;
    verify_found(verification, "block", NULL, extent->inode, BUNDLE_NO_BLOCK, extent->offset, "%s%s", wrong,
                 extent->fragment ? " (of fragments)" : "");
    return FALSE;
}

/* The block of the index and the extent must be the same thing. Takes the length of a fragment block from the index. */
static void check_indexed(Verification *verification, Extent *extent, guint8 *used)
{
    guint64 number;
    IndexBlock block;

    if (!verify_find_block(verification, extent->offset, &number)) {
        verify_found(verification, "block", NULL, extent->inode, BUNDLE_NO_BLOCK, extent->offset,
                     "a block that is not in the index");
        return;
    }
    used[number] = 1;
    bundle_index_get_block(verification->index, number, &block, NULL);
    if (extent->fragment && extent->raw_size == 0)
        extent->raw_size = block.raw_size;
    if (block.stored_size != (extent->word & SQUASH_BLOCK_SIZE_MASK) ||
        block.compressed != !(extent->word & SQUASH_BLOCK_PLAIN) || block.raw_size != extent->raw_size ||
        (block.kind == BLOCK_OF_PACK) != extent->fragment)
        verify_found(verification, "block", NULL, extent->inode, number, extent->offset,
                     "the image and the index differ about this block");
}

static void check_used(Verification *verification, const guint8 *used)
{
    guint64 n_blocks = bundle_index_facts(verification->index)->n_blocks;

    for (guint64 i = 0; i < n_blocks; i++) {
        IndexBlock block;
        guint64 offset;

        if (used[i])
            continue;
        bundle_index_get_block(verification->index, i, &block, &offset);
        verify_found(verification, "block", NULL, NO_INODE, i, offset, "a block that no file uses");
    }
}

void verify_layout(Verification *verification)
{
    GArray *extents = verification->extents;
    guint64 end = 0;
    guint kept = 0;
    guint64 n_blocks = verification->index ? bundle_index_facts(verification->index)->n_blocks : 0;
    g_autofree guint8 *used = g_malloc0(n_blocks + 1); /* by block of the index */

    g_array_sort(extents, compare_extents);
    g_array_sort(verification->slices, compare_slices);
    for (guint i = 0; i < extents->len; i++) {
        Extent extent = g_array_index(extents, Extent, i);

        if (kept > 0 && merge_extents(verification, &g_array_index(extents, Extent, kept - 1), &extent))
            continue;
        if (!check_extent(verification, &extent, end))
            continue;
        if (verification->index)
            check_indexed(verification, &extent, used);
        end = extent.offset + (extent.word & SQUASH_BLOCK_SIZE_MASK);
        g_array_index(extents, Extent, kept++) = extent;
    }
    g_array_set_size(extents, kept);
    verification->report.blocks = kept;
    if (verification->index)
        check_used(verification, used);
}
