// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Reading SquashFS 4.0: superblock, inodes in canonical order, extended attributes, and content by blocks.
 *
 * Images may be hostile: every offset, count and length is checked before it is followed, nothing is read outside of
 * the image, folders that contain themselves are found, and memory is bounded by the limits below. Broken images are
 * INPUT errors that name the place. */

#include "base/base.h"
#include "tree/tree.h"

#define SQUASH_PATH_MAX 65535u          /* bytes of a path */
#define SQUASH_TARGET_MAX 65535u        /* bytes of a symbolic link; Linux reads at most 4096 */
#define SQUASH_BLOCKS_MAX (64u << 20)   /* blocks of one file: 8 TiB with blocks of 128 KiB */
#define SQUASH_ENTRIES_MAX (256u << 20) /* names in all folders together */
#define SQUASH_LISTING_MAX (1u << 30)   /* bytes of one folder: some 50 million names */
#define SQUASH_XATTRS_MAX 65536u        /* attributes of one inode */
#define SQUASH_XATTR_VALUE_MAX 65536u   /* what Linux allows */

#define SQUASH_BLOCK_PLAIN (1u << 24) /* in a size word: stored as it is */
#define SQUASH_BLOCK_SIZE_MASK (SQUASH_BLOCK_PLAIN - 1)
#define SQUASH_NO_XATTRS G_MAXUINT32

typedef struct {
    const char *compressor; /* "zstd" …; static */
    guint32 block_size;
    guint32 inode_count, fragment_count, id_count, xattr_id_count;
    gint64 mtime;
    guint16 flags;
    guint64 bytes_used;
    guint64 data_start;                   /* the first byte behind superblock and compressor options */
    guint64 inode_table, directory_table; /* where they start; data ends at the first */
    guint64 file_size;                    /* of the file it lies in */
} SquashFacts;

typedef struct SquashReader SquashReader;

/* Reads the superblock and the small tables of the image at the beginning of fd, which stays the caller's. name is for
 * messages. UNSUPPORTED for another version or a compressor that libsquashfs lacks; INPUT if it is no SquashFS at all. */
SquashReader *squash_reader_new(int fd, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void squash_reader_free(SquashReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SquashReader, squash_reader_free)
const SquashFacts *squash_reader_facts(const SquashReader *reader);

/* Whether bytes (16 of them are enough) begin a SquashFS image. */
gboolean squash_detect(const guint8 *bytes, gsize size);

/* --- inodes ------------------------------------------------------------------------------------------------------ */

/* One path and its inode. */
typedef struct {
    const char *path; /* without a slash in front; "" is the root */
    const char *name; /* its last part */
    EntryType type;   /* never ENTRY_HARD_LINK: those are two nodes with one inode number */
    guint16 mode;     /* 07777 */
    guint32 uid, gid;
    gint64 mtime;
    guint32 inode, n_links;
    guint64 size; /* content of a file, length of a symbolic link's text, listing of a folder, else 0 */
    guint32 device_major, device_minor;
    const char *target; /* symbolic links; else NULL */
    guint32 xattrs;     /* for squash_reader_read_xattrs(), or SQUASH_NO_XATTRS */

    /* Files: where the content is. */
    guint64 data_offset;  /* of the first stored block */
    guint64 n_blocks;     /* in sizes */
    const guint32 *sizes; /* words: stored size and SQUASH_BLOCK_PLAIN; 0 is a hole */
    gboolean packed;      /* the last size % block_size bytes are in a fragment block */
    guint32 fragment, fragment_offset;

    /* Folders. */
    guint64 listing; /* position of the listing: private */
    guint32 parent_inode;
} SquashNode;

typedef gboolean (*SquashVisit)(const SquashNode *node, gpointer data, GError **error);
typedef void (*SquashProblem)(const char *path, const GError *problem, gpointer data);

typedef struct {
    SquashVisit visit; /* gets each node, valid during the call; FALSE ends the walk */
    SquashProblem
        problem;   /* gets what is broken, and the walk goes on without it; NULL: what is broken ends the walk */
    gpointer data; /* for both */
    guint depth;   /* how far below `path`: 0 visits that alone, 1 a folder's entries too; G_MAXUINT all */
} SquashWalk;

/* Visits the node at path ("" or "/" for the root; NOT_FOUND if there is none; symbolic links are not followed) and what
 * is below it in canonical order: a folder, its other entries by the bytes of their names, then its subfolders likewise,
 * each with all that is in it. Not for several threads at once. */
gboolean squash_reader_walk(SquashReader *reader, const char *path, const SquashWalk *walk, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The attributes of a node, or NULL without error if it has none. The caller drops the reference. */
gboolean squash_reader_read_xattrs(SquashReader *reader, guint32 xattrs, Xattrs **ret_xattrs, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- content ----------------------------------------------------------------------------------------------------- */

/* Where fragment block `index` lies, and its size word. */
gboolean squash_reader_locate_fragment(const SquashReader *reader, guint32 index, guint64 *ret_offset,
                                       guint32 *ret_word, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Expands blocks. One per thread; any number beside each other and beside a walk. */
typedef struct SquashExpander SquashExpander;

SquashExpander *squash_expander_new(const SquashReader *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void squash_expander_free(SquashExpander *expander);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SquashExpander, squash_expander_free)

/* The reader's own, for its thread: what is looked up one after the other is often in one block. NULL with an error. */
SquashExpander *squash_reader_expander(SquashReader *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gives its memory back, for who has looked up what there was: the next one to ask has another. */
void squash_reader_drop_expander(SquashReader *reader);

/* Expands the block at offset with that size word. The bytes stay valid until the next call with this expander; a block
 * asked for twice in a row is expanded once. */
gboolean squash_expander_block(SquashExpander *expander, guint64 offset, guint32 word, const guint8 **ret_bytes,
                               gsize *ret_size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gets a file's content block by block (bytes NULL: a hole of that size), its packed tail last. */
typedef gboolean (*SquashPiece)(const guint8 *bytes, gsize size, gpointer data, GError **error);

gboolean squash_file_read(SquashExpander *expander, const SquashNode *file, SquashPiece content, gpointer data,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The whole content; LIMIT if it is over size_max. */
GBytes *squash_file_load(SquashExpander *expander, const SquashNode *file, guint64 size_max, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Its first size_max bytes, or all if it has fewer. As little as possible is expanded. */
GBytes *squash_file_load_start(SquashExpander *expander, const SquashNode *file, gsize size_max, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* SHA-256 of the content, as sha256sum(1) says it. */
gboolean squash_file_digest(SquashExpander *expander, const SquashNode *file, Digest *ret_digest, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The content of the regular file at path: for small files that are looked for by name. NOT_FOUND if it is missing or no
 * regular file. */
GBytes *squash_reader_load(SquashReader *reader, const char *path, guint64 size_max, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
