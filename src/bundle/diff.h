// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What changed from one bundle to another, and what an update would have to transfer. */

#include "bundle-file.h"

typedef enum {
    BUNDLE_DIFF_ADDED = 1,
    BUNDLE_DIFF_REMOVED,
    BUNDLE_DIFF_CHANGED,
} BundleDiffKind;

/* What of a path changed; of several kinds at once. */
typedef enum {
    BUNDLE_DIFF_TYPE = 1 << 0, /* then nothing else is looked at */
    BUNDLE_DIFF_CONTENT = 1 << 1,
    BUNDLE_DIFF_MODE = 1 << 2,
    BUNDLE_DIFF_OWNER = 1 << 3,
    BUNDLE_DIFF_MTIME = 1 << 4,
    BUNDLE_DIFF_TARGET = 1 << 5,
    BUNDLE_DIFF_DEVICE = 1 << 6,
    BUNDLE_DIFF_XATTRS = 1 << 7,
    BUNDLE_DIFF_LINKS = 1 << 8, /* the number of hard links */
} BundleDiffWhat;

typedef struct {
    BundleDiffKind kind;
    guint what;                 /* BundleDiffWhat, of what changed */
    EntryType type;             /* in B, or in A if it was removed */
    guint64 old_size, new_size; /* of files, else 0 */
    char *path;                 /* without a slash in front; not escaped */
} BundleDifference;

typedef struct {
    GPtrArray *differences; /* BundleDifference, by path */
    guint64 n_added, n_removed, n_changed, n_same;

    gboolean has_transfer;               /* both have an index */
    guint64 new_blocks, new_bytes;       /* stored blocks of B whose content A does not have */
    guint64 shared_blocks, shared_bytes; /* the others */
    guint64 table_bytes;                 /* what is no data in B: SquashFS's tables and the index */
} BundleDiff;

/* The name of one bit of `what`, for --json; NULL behind the last (bit from 0). */
const char *bundle_diff_what_name(guint bit);

/* Compares. Content is compared by the digests of the indexes where both have one with the same block size, else by reading
 * files of the same size. */
gboolean bundle_diff(Bundle *a, Bundle *b, BundleDiff *ret_diff, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void bundle_diff_clear(BundleDiff *diff);
