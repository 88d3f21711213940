// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What the steps of a verification share. */

#include "verify.h"

#define NO_INODE 0u

/* A stored block as an inode or the fragment table knows it. */
typedef struct {
    guint64 offset;
    guint32 word;     /* size word of SquashFS */
    guint32 raw_size; /* 0: not known (a fragment block without an index) */
    guint32 inode;    /* one that has it, for messages; NO_INODE for a fragment block */
    gboolean fragment;
} Extent;

/* Part of a fragment block that a file has. */
typedef struct {
    guint64 block_offset; /* of the fragment block, in the bundle */
    guint32 offset, length;
    guint32 file;  /* number in the index; G_MAXUINT32 without one */
    guint32 inode; /* for messages */
} Slice;

/* An inode by its number. */
typedef struct {
    guint32 names, links; /* names that were seen, and what it counts itself */
    gboolean folder;
} InodeSeen;

typedef struct {
    Bundle *bundle;
    SquashReader *image;
    const SquashFacts *facts;
    const BundleIndex *index; /* or NULL */
    BundleVerifyReport report;

    GMutex lock; /* of findings */
    GPtrArray *findings;
    GHashTable *finding_inodes; /* BundleFinding → inode, while its path is not known */

    GArray *names;       /* InodeSeen by number - 1; grown as numbers come, not by what the superblock says */
    GByteArray *xattrs;  /* by attribute set: 1 if it was read */
    GArray *extents;     /* Extent, sorted, each once after verify_inodes() */
    GArray *slices;      /* Slice, sorted by block and offset after verify_inodes() */
    guint64 next_file;   /* of the index: the one that the next new file must be */
    gboolean files_lost; /* files and index went apart: said once */
} Verification;

/* Adds a finding; any thread. inode stands for a path that is looked up at the end. */
void verify_found(Verification *verification, const char *kind, const char *path, guint32 inode, guint64 block,
                  guint64 offset, const char *format, ...) G_GNUC_PRINTF(7, 8);

/* Walks through all inodes: finds what is broken in them and where index and inodes differ, collects blocks. */
gboolean verify_inodes(Verification *verification, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Compares the blocks found with each other, the data area and the index. */
void verify_layout(Verification *verification);
/* Expands all blocks and compares digests. */
gboolean verify_content(Verification *verification, guint jobs, BundleProgress progress, gpointer data, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The number of the index's block at offset; FALSE if none begins there. */
gboolean verify_find_block(const Verification *verification, guint64 offset, guint64 *ret_number);
