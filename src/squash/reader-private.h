// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What the files of the SquashFS reader share. Structures and their meaning: libsquashfs's headers (sqfs/inode.h …). */

#include "reader.h"

#include <sqfs/block.h>
#include <sqfs/compressor.h>
#include <sqfs/dir.h>
#include <sqfs/error.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/meta_reader.h>
#include <sqfs/predef.h>
#include <sqfs/super.h>
#include <sqfs/table.h>
#include <sqfs/xattr.h>

/* A descriptor that is not ours, as libsquashfs wants to see it. */
typedef struct {
    sqfs_file_t base;
    int fd;
    guint64 size;
} BorrowedFile;

#define TABLE_BLOCKS 16 /* of 8 KiB: what looking up a few paths goes through */

/* The metadata blocks of inodes, or of listings. Each path is looked up from the root, so the same few are wanted again and
 * again: there are several of libsquashfs's readers, each of which holds the block that it read last. */
typedef struct {
    sqfs_file_t *file;
    sqfs_compressor_t *compressor;
    guint64 start, limit;
    sqfs_meta_reader_t *readers[TABLE_BLOCKS]; /* NULL until needed */
    guint64 blocks[TABLE_BLOCKS];              /* where each was sent; it may have read on from there */
    guint next;                                /* to be used for another block, modulo TABLE_BLOCKS */
    sqfs_meta_reader_t *current;
} MetadataTable;

/* One name of a folder. */
typedef struct {
    guint64 reference;
    guint32 inode;
    EntryType type;
    guint32 name; /* offset in names */
} ListingEntry;

typedef struct {
    GArray *entries;   /* ListingEntry, by the bytes of their names */
    GByteArray *names; /* each ends with NUL */
} Listing;

struct SquashReader {
    BorrowedFile file;
    char *name;
    sqfs_super_t super;
    SquashFacts facts;
    sqfs_compressor_t *compressor;
    MetadataTable inodes, listings;
    sqfs_meta_reader_t *xattr_ids, *xattr_pairs;
    guint32 *ids;
    sqfs_fragment_t *fragments;
    guint64 xattr_start;      /* of the key-value pairs */
    GArray *sizes;            /* guint32: the block list of the inode read last */
    GString *target;          /* its link text */
    Listing root;             /* of the root folder, kept when something was looked up in it; no entries before */
    SquashExpander *expander; /* squash_reader_expander() */
};

/* Sets an error for one of libsquashfs. what says what could not be done. Always FALSE. */
gboolean squash_fail(GError **error, int code, const char *what);

/* File and compressor must outlive the table. */
void squash_table_init(MetadataTable *table, sqfs_file_t *file, sqfs_compressor_t *compressor, guint64 start,
                       guint64 limit);
void squash_table_clear(MetadataTable *table);
/* Goes to a reference (position of a metadata block in the table and offset in it), and reads from there. Both give
 * libsquashfs's error numbers. */
int squash_table_seek(MetadataTable *table, guint64 reference);
int squash_table_read(MetadataTable *table, void *bytes, gsize size);

/* Reads the inode that reference (position of its metadata block and offset in it) stands for. Its sizes and target stay
 * valid until the next one is read. path and name stay unset. */
gboolean squash_read_inode(SquashReader *reader, guint64 reference, SquashNode *ret_node, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Reads all names of a folder. *ret_sorted tells whether they stood in order. */
gboolean squash_read_listing(SquashReader *reader, const SquashNode *folder, Listing *ret_listing, gboolean *ret_sorted,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
void squash_listing_release(Listing *listing);
static inline const char *squash_listing_name(const Listing *listing, const ListingEntry *entry)
{
    return (const char *)listing->names->data + entry->name;
}

gboolean squash_read_xattr_header(SquashReader *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;
