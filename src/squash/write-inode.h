// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The inode and directory tables. */

#include "writer.h"

#include <sqfs/dir_writer.h>
#include <sqfs/id_table.h>
#include <sqfs/meta_writer.h>
#include <sqfs/super.h>
#include <sqfs/xattr_writer.h>

typedef struct {
    SquashContentFunc content;
    gpointer user_data;
    guint32 time;
    sqfs_meta_writer_t *inode_table, *directory_table;
    sqfs_dir_writer_t *directories;
    sqfs_id_table_t *ids;
    sqfs_xattr_writer_t *xattrs;
    GHashTable *references; /* Inode → guint64 *, of those that were written and have several names */
    guint32 last_number;
} InodeWriter;

/* The fields above `inode_table` are set by the caller. */
void inode_writer_init(InodeWriter *writer, sqfs_file_t *file, sqfs_compressor_t *compressor);
void inode_writer_clear(InodeWriter *writer);

/* Writes both tables to the file; sets what the superblock says of them. */
gboolean inode_writer_write_tree(InodeWriter *writer, Tree *tree, sqfs_super_t *super, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
