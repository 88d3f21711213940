// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reader-private.h"

#include <endian.h>
#include <string.h>

#define NO_FRAGMENT G_MAXUINT32
#define SIZES_AT_ONCE 65536u /* block sizes read before the next are believed to be there */
#define LISTING_SURPLUS 3u   /* a folder's size counts "." and ".." in this odd way */

/* Reads a structure of libsquashfs (little endian as on disk). */
static gboolean read_struct(SquashReader *reader, void *bytes, gsize size, GError **error)
{
    int code = squash_table_read(&reader->inodes, bytes, size);

    return code ? squash_fail(error, code, "cannot read an inode") : TRUE;
}

static gboolean read_sizes(SquashReader *reader, SquashNode *node, GError **error)
{
    guint32 block_size = reader->facts.block_size;
    guint64 n_blocks = node->size / block_size + (node->size % block_size > 0 && !node->packed);

    if (node->packed && node->size % block_size == 0)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a file without a tail has a fragment");
    if (n_blocks > SQUASH_BLOCKS_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "a file of %" G_GUINT64_FORMAT " bytes: over %u blocks",
                               node->size, SQUASH_BLOCKS_MAX);
    g_array_set_size(reader->sizes, 0);
    while (reader->sizes->len < n_blocks) {
        guint old = reader->sizes->len;
        guint more = (guint)MIN(SIZES_AT_ONCE, n_blocks - old);

        g_array_set_size(reader->sizes, old + more);
        if (!read_struct(reader, &g_array_index(reader->sizes, guint32, old), more * sizeof(guint32), error))
            return FALSE;
    }
    for (guint i = 0; i < n_blocks; i++)
        g_array_index(reader->sizes, guint32, i) = le32toh(g_array_index(reader->sizes, guint32, i));
    node->n_blocks = n_blocks;
    node->sizes = (const guint32 *)(gpointer)reader->sizes->data;
    return TRUE;
}

static gboolean read_file(SquashReader *reader, gboolean extended, SquashNode *node, GError **error)
{
    guint32 fragment;

    if (extended) {
        sqfs_inode_file_ext_t raw;

        if (!read_struct(reader, &raw, sizeof raw, error))
            return FALSE;
        node->data_offset = le64toh(raw.blocks_start);
        node->size = le64toh(raw.file_size);
        node->n_links = le32toh(raw.nlink);
        node->xattrs = le32toh(raw.xattr_idx);
        fragment = le32toh(raw.fragment_idx);
        node->fragment_offset = le32toh(raw.fragment_offset);
    } else {
        sqfs_inode_file_t raw;

        if (!read_struct(reader, &raw, sizeof raw, error))
            return FALSE;
        node->data_offset = le32toh(raw.blocks_start);
        node->size = le32toh(raw.file_size);
        fragment = le32toh(raw.fragment_index);
        node->fragment_offset = le32toh(raw.fragment_offset);
    }
    node->type = ENTRY_FILE;
    node->packed = fragment != NO_FRAGMENT;
    node->fragment = fragment;
    return read_sizes(reader, node, error);
}

static gboolean read_folder(SquashReader *reader, gboolean extended, SquashNode *node, GError **error)
{
    guint32 block, offset;

    if (extended) {
        sqfs_inode_dir_ext_t raw;

        if (!read_struct(reader, &raw, sizeof raw, error))
            return FALSE;
        node->n_links = le32toh(raw.nlink);
        node->size = le32toh(raw.size);
        node->xattrs = le32toh(raw.xattr_idx);
        node->parent_inode = le32toh(raw.parent_inode);
        block = le32toh(raw.start_block);
        offset = le16toh(raw.offset);
    } else {
        sqfs_inode_dir_t raw;

        if (!read_struct(reader, &raw, sizeof raw, error))
            return FALSE;
        node->n_links = le32toh(raw.nlink);
        node->size = le16toh(raw.size);
        node->parent_inode = le32toh(raw.parent_inode);
        block = le32toh(raw.start_block);
        offset = le16toh(raw.offset);
    }
    node->type = ENTRY_DIRECTORY;
    node->size = node->size > LISTING_SURPLUS ? node->size - LISTING_SURPLUS : 0;
    node->listing = (guint64)block << 16 | offset;
    return TRUE;
}

static gboolean read_link(SquashReader *reader, gboolean extended, SquashNode *node, GError **error)
{
    sqfs_inode_slink_t raw;

    if (!read_struct(reader, &raw, sizeof raw, error))
        return FALSE;
    node->type = ENTRY_SYMLINK;
    node->n_links = le32toh(raw.nlink);
    node->size = le32toh(raw.target_size);
    if (node->size == 0 || node->size > SQUASH_TARGET_MAX)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a symbolic link's text has %" G_GUINT64_FORMAT " bytes",
                               node->size);
    g_string_set_size(reader->target, node->size);
    if (!read_struct(reader, reader->target->str, node->size, error))
        return FALSE;
    if (memchr(reader->target->str, '\0', node->size))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a symbolic link's text has a NUL byte");
    node->target = reader->target->str;
    if (!extended)
        return TRUE;
    guint32 xattrs;
    if (!read_struct(reader, &xattrs, sizeof xattrs, error))
        return FALSE;
    node->xattrs = le32toh(xattrs);
    return TRUE;
}

static gboolean read_special(SquashReader *reader, guint16 type, SquashNode *node, GError **error)
{
    gboolean extended = type >= SQFS_INODE_EXT_DIR;
    guint16 basic = extended ? type - SQFS_INODE_EXT_DIR + SQFS_INODE_DIR : type;
    gboolean device = basic == SQFS_INODE_BDEV || basic == SQFS_INODE_CDEV;
    sqfs_inode_dev_ext_t raw = {0};

    /* Both kinds begin with nlink; devices have devno next, extended ones the attributes last. */
    if (!read_struct(reader, &raw.nlink, sizeof raw.nlink, error) ||
        (device && !read_struct(reader, &raw.devno, sizeof raw.devno, error)) ||
        (extended && !read_struct(reader, &raw.xattr_idx, sizeof raw.xattr_idx, error)))
        return FALSE;
    node->type = basic == SQFS_INODE_BDEV   ? ENTRY_BLOCK_DEVICE
                 : basic == SQFS_INODE_CDEV ? ENTRY_CHAR_DEVICE
                 : basic == SQFS_INODE_FIFO ? ENTRY_FIFO
                                            : ENTRY_SOCKET;
    node->n_links = le32toh(raw.nlink);
    if (device) { /* Linux's new_encode_dev() */
        guint32 number = le32toh(raw.devno);

        node->device_major = number >> 8 & 0xfff;
        node->device_minor = (number & 0xff) | (number >> 12 & 0xfff00);
    }
    if (extended)
        node->xattrs = le32toh(raw.xattr_idx);
    return TRUE;
}

static gboolean read_common(SquashReader *reader, const sqfs_inode_t *base, SquashNode *node, GError **error)
{
    guint uid = le16toh(base->uid_idx), gid = le16toh(base->gid_idx);

    if (uid >= reader->facts.id_count || gid >= reader->facts.id_count)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "an inode's owner is not in the id table");
    *node = (SquashNode){
        .mode = le16toh(base->mode) & 07777,
        .uid = reader->ids[uid],
        .gid = reader->ids[gid],
        .mtime = le32toh(base->mod_time),
        .inode = le32toh(base->inode_number),
        .n_links = 1,
        .xattrs = SQUASH_NO_XATTRS,
    };
    if (node->inode == 0 || node->inode > reader->facts.inode_count)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "inode number %u is not one of the %u of the image",
                               node->inode, reader->facts.inode_count);
    return TRUE;
}

gboolean squash_read_inode(SquashReader *reader, guint64 reference, SquashNode *ret_node, GError **error)
{
    sqfs_inode_t base;
    int code = squash_table_seek(&reader->inodes, reference);

    if (code)
        return squash_fail(error, code, "cannot find an inode");
    if (!read_struct(reader, &base, sizeof base, error) || !read_common(reader, &base, ret_node, error))
        return FALSE;
    guint16 type = le16toh(base.type);
    switch (type) {
    case SQFS_INODE_DIR:
    case SQFS_INODE_EXT_DIR:
        return read_folder(reader, type == SQFS_INODE_EXT_DIR, ret_node, error);
    case SQFS_INODE_FILE:
    case SQFS_INODE_EXT_FILE:
        return read_file(reader, type == SQFS_INODE_EXT_FILE, ret_node, error);
    case SQFS_INODE_SLINK:
    case SQFS_INODE_EXT_SLINK:
        return read_link(reader, type == SQFS_INODE_EXT_SLINK, ret_node, error);
    case SQFS_INODE_BDEV:
    case SQFS_INODE_CDEV:
    case SQFS_INODE_FIFO:
    case SQFS_INODE_SOCKET:
    case SQFS_INODE_EXT_BDEV:
    case SQFS_INODE_EXT_CDEV:
    case SQFS_INODE_EXT_FIFO:
    case SQFS_INODE_EXT_SOCKET:
        return read_special(reader, type, ret_node, error);
    default:
        return gourd_error_set(error, GOURD_ERROR_INPUT, "inode %u has the unknown type %u", ret_node->inode, type);
    }
}
