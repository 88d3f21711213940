// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Looking at a whole bundle: is it well formed, is every block what the index says, do index and inodes agree? */

#include "bundle-file.h"

typedef enum {
    BUNDLE_VERIFY_QUICK = 1, /* tables and index only: no block is expanded */
    BUNDLE_VERIFY_FULL,      /* every block expanded, every digest compared */
} BundleVerifyMode;

#define BUNDLE_FINDINGS_MAX 1000 /* kept; what is wrong in more places is not understood better by a longer list */
#define BUNDLE_NO_BLOCK G_MAXUINT64

/* One thing that is wrong, and where. */
typedef struct {
    const char *kind; /* stable short name: "index", "inode", "block", "digest", "padding" …; static */
    char *path;       /* of the file or folder, not escaped, without a slash in front; NULL if none is concerned */
    guint64 block;    /* number in the index, or BUNDLE_NO_BLOCK */
    guint64 offset;   /* in the bundle; BUNDLE_NO_BLOCK if none is known */
    char *text;       /* a phrase without full stop, printable */
} BundleFinding;

void bundle_finding_free(BundleFinding *finding);

/* How many bytes of blocks are done. Called by the thread that called bundle_verify(). */
typedef void (*BundleProgress)(guint64 done, guint64 total, gpointer data);

typedef struct {
    guint64 paths, files, blocks;  /* looked at */
    guint64 stored_size, raw_size; /* of the blocks that were expanded */
    gboolean has_index;
    guint64 more_findings; /* beyond BUNDLE_FINDINGS_MAX */
} BundleVerifyReport;

/* Verifies with `jobs` threads (0: as many as there are processors). What is wrong is added to findings (BundleFinding, in
 * order of place); FALSE only if it could not be looked at (input/output, memory). progress may be NULL. */
gboolean bundle_verify(Bundle *bundle, BundleVerifyMode mode, guint jobs, BundleProgress progress, gpointer data,
                       GPtrArray *findings, BundleVerifyReport *ret_report, GError **error) G_GNUC_WARN_UNUSED_RESULT;
