// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verify-private.h"

#include <string.h>

#define PROGRESS_INTERVAL_USEC (100 * 1000)
#define EXTENTS_AT_ONCE 16u /* taken by a thread in one go */

typedef struct {
    Verification *verification;
    GMutex lock; /* of all below */
    GCond changed;
    guint next; /* extent */
    guint running;
    guint64 done, raw;
    GError *error;
} Content;

static void check_slice(Content *content, const Slice *slice, const guint8 *bytes, gsize size)
{
    Verification *verification = content->verification;
    Digest digest, want;

    if (slice->offset > size || slice->length > size - slice->offset) {
        verify_found(verification, "block", NULL, slice->inode, BUNDLE_NO_BLOCK, slice->block_offset,
                     "its end lies outside of the fragment block");
        return;
    }
    if (slice->file == G_MAXUINT32)
        return;
    IndexedFile file;
    content_digest(bytes + slice->offset, slice->length, &digest);
    if (!bundle_index_get_piece_digest(verification->index, slice->file, &want) || digest_equal(&digest, &want))
        return;
    bundle_index_get_file(verification->index, slice->file, &file);
    verify_found(verification, "digest", NULL, slice->inode, file.pack, slice->block_offset,
                 "the content does not match its digest in the index");
}

static void check_slices(Content *content, const Extent *extent, const guint8 *bytes, gsize size)
{
    const GArray *slices = content->verification->slices;
    guint low = 0, high = slices->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (g_array_index(slices, Slice, middle).block_offset < extent->offset)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < slices->len && g_array_index(slices, Slice, low).block_offset == extent->offset; low++)
        check_slice(content, &g_array_index(slices, Slice, low), bytes, size);
}

/* Of a file's block. A pack is checked by the pieces in it, which leave nothing out. */
static void check_digest(Verification *verification, const Extent *extent, const guint8 *bytes, gsize size)
{
    guint64 number;
    IndexBlock block;
    Digest digest;

    if (!verification->index || !verify_find_block(verification, extent->offset, &number))
        return;
    bundle_index_get_block(verification->index, number, &block, NULL);
    content_digest(bytes, size, &digest);
    if (!digest_equal(&digest, &block.digest))
        verify_found(verification, "digest", NULL, extent->inode, number, extent->offset,
                     "the block does not match its digest in the index");
}

static gboolean check_block(Content *content, SquashExpander *expander, const Extent *extent, gsize *ret_size,
                            GError **error)
{
    Verification *verification = content->verification;
    g_autoptr(GError) problem = NULL;
    const guint8 *bytes;
    gsize size;
    guint64 number = BUNDLE_NO_BLOCK;

    *ret_size = 0;
    if (!squash_expander_block(expander, extent->offset, extent->word, &bytes, &size, &problem)) {
        if (problem->code == GOURD_ERROR_FAILED) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        if (verification->index)
            verify_find_block(verification, extent->offset, &number);
        verify_found(verification, "block", NULL, extent->inode, number, extent->offset, "%s", problem->message);
        return TRUE;
    }
    *ret_size = size;
    if (extent->raw_size != 0 && size != extent->raw_size)
        verify_found(verification, "block", NULL, extent->inode, BUNDLE_NO_BLOCK, extent->offset,
                     "a block of %" G_GSIZE_FORMAT " bytes instead of %u", size, extent->raw_size);
    if (extent->fragment)
        check_slices(content, extent, bytes, size);
    else
        check_digest(verification, extent, bytes, size);
    return TRUE;
}

/* Takes the next few extents. FALSE at the end or after an error. */
static gboolean take_work(Content *content, guint *ret_first, guint *ret_end)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&content->lock);
    guint count = content->verification->extents->len;

    if (content->error || content->next >= count)
        return FALSE;
    *ret_first = content->next;
    *ret_end = content->next = MIN(count, content->next + EXTENTS_AT_ONCE);
    return TRUE;
}

static gboolean check_blocks(Content *content, GError **error)
{
    g_autoptr(SquashExpander) expander = squash_expander_new(content->verification->image, error);
    guint first, end;

    if (!expander)
        return FALSE;
    while (take_work(content, &first, &end)) {
        guint64 stored = 0, raw = 0;

        for (guint i = first; i < end; i++) {
            const Extent *extent = &g_array_index(content->verification->extents, Extent, i);
            gsize size;

            if (!check_block(content, expander, extent, &size, error))
                return FALSE;
            stored += extent->word & SQUASH_BLOCK_SIZE_MASK;
            raw += size;
        }
        g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&content->lock);
        content->done += stored;
        content->raw += raw;
    }
    return TRUE;
}

static gpointer run_worker(gpointer data)
{
    Content *content = data;
    g_autoptr(GError) error = NULL;
    gboolean done = check_blocks(content, &error);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&content->lock);

    if (!done && !content->error)
        content->error = g_steal_pointer(&error);
    content->running--;
    g_cond_signal(&content->changed);
    return NULL;
}

/* Lets the threads run, telling how far they are. */
static void run_workers(Content *content, guint jobs, BundleProgress progress, gpointer data)
{
    g_autoptr(GPtrArray) threads = g_ptr_array_new();
    guint64 total = 0;

    for (guint i = 0; i < content->verification->extents->len; i++)
        total += g_array_index(content->verification->extents, Extent, i).word & SQUASH_BLOCK_SIZE_MASK;
    content->running = jobs;
    for (guint i = 0; i < jobs; i++)
        g_ptr_array_add(threads, g_thread_new("verify", run_worker, content));
    g_mutex_lock(&content->lock);
    while (content->running > 0) {
        guint64 done = content->done;

        if (progress) {
            g_mutex_unlock(&content->lock);
            progress(done, total, data);
            g_mutex_lock(&content->lock);
        }
        if (content->running > 0)
            g_cond_wait_until(&content->changed, &content->lock, g_get_monotonic_time() + PROGRESS_INTERVAL_USEC);
    }
    g_mutex_unlock(&content->lock);
    for (guint i = 0; i < jobs; i++)
        g_thread_join(g_ptr_array_index(threads, i));
    if (progress)
        progress(content->done, total, data);
}

gboolean verify_content(Verification *verification, guint jobs, BundleProgress progress, gpointer data, GError **error)
{
    Content content = {.verification = verification};

    g_mutex_init(&content.lock);
    g_cond_init(&content.changed);
    run_workers(&content, jobs ? jobs : g_get_num_processors(), progress, data);
    verification->report.stored_size = content.done;
    verification->report.raw_size = content.raw;
    g_cond_clear(&content.changed);
    g_mutex_clear(&content.lock);
    if (!content.error)
        return TRUE;
    g_propagate_error(error, content.error);
    return FALSE;
}
