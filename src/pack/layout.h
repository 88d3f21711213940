// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The canonical order of a bundle's data: a function of the finished tree alone.
 *
 * Files lie in canonical path order (tree_walk()). Each gives its blocks; what shares a block (CutRules) goes together into
 * packs (SquashFS's fragment blocks) greedily in the same order, and a pack lies where it became full. Files with equal
 * content lie in the place of the first. docs/decisions/0003 says why. */

#include "block-store.h"
#include "bundle/bundle.h"
#include "tree/tree.h"

#define LAYOUT_NO_PACK G_MAXUINT32

/* Where a content lies. */
struct Place {
    Content *content;    /* the first with it */
    Digest digest;       /* file_digest_finish() */
    guint64 first_item;  /* its stored blocks are items from here on, holes excepted */
    guint32 block_count; /* blocks of its own, holes included */
    guint64 hole_bytes;
    guint32 pack; /* number of the pack that has its last piece, or LAYOUT_NO_PACK */
    guint32 pack_offset;
    /* set when it is written */
    guint64 start;  /* offset of its first block */
    guint32 *sizes; /* block_count size words, 0 for holes */
};

/* Several pieces one after the other. */
typedef struct {
    GPtrArray *pieces; /* Piece * */
    guint32 size;
    guint64 item;
} Pack;

/* A stored block, in the order of the bundle. */
typedef struct {
    Block *block; /* or */
    Pack *pack;
    /* set when it is written */
    guint64 offset;
    guint32 size_word;
} LayoutItem;

typedef struct {
    GArray *items;          /* LayoutItem */
    GPtrArray *packs;       /* Pack *, by number */
    GPtrArray *places;      /* Place *, in order */
    GPtrArray *files;       /* TreeNode *: files by the first of their names, in order */
    guint64 raw_size;       /* bytes of all items, raw */
    guint64 content_size;   /* bytes of all files */
    guint64 duplicate_size; /* of these, in files that are like others */
    guint64 hole_size;
    guint64 folders, others; /* inodes that are not files */
} Layout;

/* The store is settled, the tree finished; all its files have their content read. Packs get at most pack_size_max raw bytes, which are
 * at least shared_below of the store. */
Layout *layout_new(Tree *tree, BlockStore *store, guint32 pack_size_max);
void layout_free(Layout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_free)
