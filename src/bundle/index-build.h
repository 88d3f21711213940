// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Writing the index of a bundle (docs/format.md): fed while the image is built, it becomes the trailer at the end.
 *
 * Memory grows with what the index will take in the file, not with the image. Layers may be fed by several threads at a
 * time, one thread per layer; blocks and files by one. What is fed is the caller's duty to get right (assertions catch
 * the worst); a trailer from here is always accepted by bundle_index_parse(). */

#include "base/base.h"
#include "tree/tree.h"

typedef struct {
    const char *compressor; /* "zstd" … */
    int level;
    guint32 block_size;
    const char *encoder; /* what compressed the blocks, "zstd 1.5.4": others may give other bytes */
    const char *gourd_version;
} IndexParameters;

typedef enum {
    BLOCK_OF_FILE, /* part of one file, or all of it */
    BLOCK_OF_PACK, /* small files and tails one after the other: what SquashFS calls a fragment block */
} BlockKind;

/* One stored block. */
typedef struct {
    guint32 stored_size; /* bytes in the image */
    guint32 raw_size;    /* bytes it expands to; the same if not compressed */
    gboolean compressed;
    BlockKind kind;
    Digest digest; /* of a file's block: of the raw bytes; of a pack: pack_digest(), and not asked for when building */
} IndexBlock;

/* One regular file: an inode, named by the first of its paths in canonical order. */
typedef struct {
    const char *path; /* without a slash in front */
    guint64 size;

    guint64 first_block;  /* number of the first stored block, if any is stored */
    guint64 n_blocks;     /* blocks of the file that are not packed, holes included: size / block_size, rounded down if
                              the tail is packed and up if not */
    const guint32 *sizes; /* of these blocks as they stand in the inode: 0 is a hole; or NULL if there is no hole */

    gboolean packed;     /* the rest (size % block_size bytes) lies in a pack */
    guint64 pack;        /* number of that block */
    guint32 pack_offset; /* where in its raw bytes: behind all before, or just where an earlier file has the same */
    Digest piece;        /* of those bytes */

    guint layer;   /* the layer that gave the content, from 1; 0: gourd itself */
    guint64 entry; /* which entry of that layer, from 0 as index_layer_add_entry() said */
} IndexFile;

typedef struct IndexBuilder IndexBuilder;
typedef struct IndexLayer IndexLayer;

IndexBuilder *index_builder_new(const IndexParameters *parameters, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void index_builder_free(IndexBuilder *builder); /* and its layers */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexBuilder, index_builder_free)

/* The next stored block, in the order of the file: each begins where the one before ends. */
void index_builder_add_block(IndexBuilder *builder, const IndexBlock *block);

/* The next file in canonical order: in each folder first its files by the bytes of their names, then its subfolders
 * likewise, each with all that is in it. The blocks it names need not have been added yet. */
void index_builder_add_file(IndexBuilder *builder, const IndexFile *file);

/* Begins layer `number` (1 is the lowest), each once and in any order. diff_id may be NULL. Owned by builder. */
IndexLayer *index_builder_begin_layer(IndexBuilder *builder, guint number, const Digest *diff_id, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The next entry of the layer, just as the layer says it. Returns its number, from 0. */
guint64 index_layer_add_entry(IndexLayer *layer, const Entry *entry);
/* No more entries: frees what only adding needs. */
void index_layer_end(IndexLayer *layer);

/* Reads what of the image in fd is no block (the superblock and what is before data_start; the tables behind the last block) and
 * keeps the digests, so that the index vouches for every byte that matters. After the last block, when the image is complete. */
gboolean index_builder_add_tables(IndexBuilder *builder, int fd, const char *name, guint64 squashfs_size,
                                  guint64 data_start, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The digest of size bytes of a file from offset. */
gboolean file_range_digest(int fd, const char *name, guint64 offset, guint64 size, Digest *ret_digest, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The trailer, to be written at squashfs_size rounded up to 4 KiB; its own size is a multiple of 4 KiB too. data_start is
 * where the first block lies. Layers numbered 1 to n must all have been fed. metadata may be NULL. Once only. */
gboolean index_builder_finish(IndexBuilder *builder, guint64 squashfs_size, guint64 data_start, GBytes *metadata,
                              GBytes **ret_trailer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- content digests --------------------------------------------------------------------------------------------- */

/* The digest of a file's content: of at most one block, content_digest(); of more, the block-tree digest: SHA-256 over the
 * digests of its blocks one after the other (holes as so many zero bytes, the last block or packed tail as short as it
 * is). It depends on the block size. */
typedef struct {
    guint32 block_size;
    guint64 size;
    Hasher *tree; /* NULL for files of one block */
    Digest single;
} FileDigest;

void file_digest_init(FileDigest *digest, guint64 size, guint32 block_size);
/* The next block's digest. */
void file_digest_add(FileDigest *digest, const Digest *block);
/* After the last block. Releases. */
void file_digest_finish(FileDigest *digest, Digest *ret_digest);

/* The digest of a pack: SHA-256 over the n digests of the pieces in it, one after the other. */
void pack_digest(const guint8 *pieces, gsize n, Digest *ret_digest);

/* content_digest() of so many zero bytes: of a hole. Remembers the last size asked for (per thread). */
void zeros_digest(guint32 size, Digest *ret_digest);
