// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Writes what stands in a SquashFS 4.0 image besides the data: superblock, inodes, directories, fragment, id and xattr
 * tables (Linux Documentation/filesystems/squashfs.rst). The data blocks are the caller's: it writes them to the file itself,
 * from squash_writer_data_start() on. libsquashfs lays out the tables. */

#include "codec/codec.h"
#include "tree/tree.h"

#define SQUASH_BLOCK_SIZE_MIN (4u * 1024)
#define SQUASH_BLOCK_SIZE_MAX (1024u * 1024)
#define SQUASH_ALIGNMENT 4096u /* the image is padded to this, so that a loop device shows all of it */
#define SQUASH_NO_FRAGMENT G_MAXUINT32

/* Where the content of a file lies. */
typedef struct {
    guint64 start;              /* of its first block, in the file; the others follow */
    const guint32 *block_sizes; /* stored size of each, with SQUASH_BLOCK_PLAIN (reader.h); 0 is a hole */
    guint32 block_count;
    guint64 hole_bytes;
    guint32 fragment;        /* number of a fragment block that holds the rest, or SQUASH_NO_FRAGMENT */
    guint32 fragment_offset; /* in its raw bytes */
} SquashContent;

/* Tells where a file's content lies. */
typedef void (*SquashContentFunc)(const Inode *inode, SquashContent *ret_content, gpointer user_data);

typedef struct {
    Codec codec;
    int level;
    guint32 block_size;    /* a power of two between the limits above */
    gboolean plain_tables; /* inodes and directories are not compressed: larger, but quicker to look into */
    guint32 time;          /* of the image, and of what has none of its own */
} SquashOptions;

typedef struct SquashWriter SquashWriter;

/* fd is the caller's, empty and open for reading and writing. */
SquashWriter *squash_writer_new(int fd, const char *name, const SquashOptions *options, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void squash_writer_free(SquashWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SquashWriter, squash_writer_free)

guint64 squash_writer_data_start(const SquashWriter *writer);

/* Makes a block of the data area a fragment block, in order: the first is number 0. */
gboolean squash_writer_add_fragment(SquashWriter *writer, guint64 offset, guint32 size_word, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Writes the tables behind the data, which end at data_end, then the superblock. The tree is finished; its inodes get
 * numbers. *ret_size gets the size of the image, which is then padded to SQUASH_ALIGNMENT. More than 65,536 owners are
 * UNSUPPORTED. */
gboolean squash_writer_finish(SquashWriter *writer, Tree *tree, guint64 data_end, SquashContentFunc content,
                              gpointer user_data, guint64 *ret_size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes what a tree has that SquashFS cannot hold, and that squash_writer_finish() so leaves out: times before
 * 1970 and below a second, ACLs, other attributes than user.*, trusted.* and security.*. Device numbers over 12 and 20
 * bits are UNSUPPORTED. */
gboolean squash_note_losses(Tree *tree, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
