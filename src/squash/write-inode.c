// SPDX-License-Identifier: LGPL-2.1-or-later
#include "write-inode.h"

#include "losses.h"
#include "sqfs-glue.h"

#include <sqfs/error.h>
#include <sqfs/inode.h>
#include <string.h>
#include <sys/stat.h>

#define NO_XATTRS 0xffffffffu

typedef struct {
    InodeWriter *writer;
    const TreeNode *node;
    const Inode *inode;
    sqfs_u32 xattrs; /* number in the table, or NO_XATTRS */
    sqfs_inode_t base;
    SquashContent content; /* of a file; of others it has no blocks */
} InodeJob;

void inode_writer_init(InodeWriter *writer, sqfs_file_t *file, sqfs_compressor_t *compressor)
{
    writer->inode_table = sqfs_meta_writer_create(file, compressor, 0);
    writer->directory_table = sqfs_meta_writer_create(file, compressor, SQFS_META_WRITER_KEEP_IN_MEMORY);
    writer->directories = sqfs_dir_writer_create(writer->directory_table, 0);
    writer->ids = sqfs_id_table_create(0);
    writer->xattrs = sqfs_xattr_writer_create(0);
    writer->references = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    g_assert(writer->inode_table && writer->directory_table && writer->directories && writer->ids && writer->xattrs);
}

void inode_writer_clear(InodeWriter *writer)
{
    sqfs_destroy(writer->directories);
    sqfs_destroy(writer->directory_table);
    sqfs_destroy(writer->inode_table);
    sqfs_destroy(writer->ids);
    sqfs_destroy(writer->xattrs);
    g_hash_table_unref(writer->references);
}

static gboolean fail_at(const TreeNode *node, GError **error, int sqfs_error, const char *what)
{
    g_autofree char *path = tree_node_path(node);
    g_autofree char *shown = text_escape(path);

    glue_fail(error, sqfs_error, what);
    return gourd_error_prefix(error, "'%s'", shown);
}

/* SquashFS knows three name spaces of attributes; squash_note_losses() tells of others. */
static gboolean add_xattrs(InodeJob *job, GError **error)
{
    const Xattrs *xattrs = job->inode->entry->xattrs;
    sqfs_xattr_writer_t *table = job->writer->xattrs;

    job->xattrs = NO_XATTRS;
    if (xattrs_count(xattrs) == 0)
        return TRUE;
    int ret = sqfs_xattr_writer_begin(table, 0);
    for (gsize i = 0; ret == 0 && i < xattrs_count(xattrs); i++) {
        const Xattr *xattr = xattrs_get(xattrs, i);

        if (squash_can_hold_xattr(xattr->name))
            ret = sqfs_xattr_writer_add(table, xattr->name, xattr->value, xattr->size);
    }
    if (ret == 0)
        ret = sqfs_xattr_writer_end(table, &job->xattrs);
    return ret == 0 || fail_at(job->node, error, ret, "extended attributes");
}

static sqfs_u32 fit_time(const InodeJob *job)
{
    return job->inode->implied ? job->writer->time : (sqfs_u32)CLAMP(job->inode->entry->mtime, 0, G_MAXUINT32);
}

static gboolean set_base(InodeJob *job, mode_t type, GError **error)
{
    const Entry *entry = job->inode->entry;
    sqfs_u16 uid, gid;

    int ret = sqfs_id_table_id_to_index(job->writer->ids, entry->uid, &uid);
    if (ret == 0)
        ret = sqfs_id_table_id_to_index(job->writer->ids, entry->gid, &gid);
    if (ret == SQFS_ERROR_OVERFLOW)
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED,
                               "the image has more than 65536 user and group ids, which SquashFS cannot hold");
    if (ret != 0)
        return fail_at(job->node, error, ret, "owner");
    job->base = (sqfs_inode_t){
        .mode = (sqfs_u16)(type | entry->mode),
        .uid_idx = uid,
        .gid_idx = gid,
        .mod_time = fit_time(job),
        .inode_number = job->inode->number,
    };
    return TRUE;
}

/* Frees with g_free(). */
static sqfs_inode_generic_t *inode_alloc(const InodeJob *job, sqfs_u16 type, gsize extra)
{
    sqfs_inode_generic_t *inode = g_malloc0(sizeof *inode + extra);

    inode->base = job->base;
    inode->base.type = type;
    inode->payload_bytes_available = (sqfs_u32)extra;
    inode->payload_bytes_used = (sqfs_u32)extra;
    return inode;
}

static sqfs_inode_generic_t *make_file(const InodeJob *job)
{
    const Inode *inode = job->inode;
    const SquashContent *content = &job->content;
    guint64 size = inode->entry->size;
    gboolean extended = job->xattrs != NO_XATTRS || inode->links > 1 || content->hole_bytes > 0 || size > G_MAXUINT32 ||
                        content->start > G_MAXUINT32;
    sqfs_inode_generic_t *result = inode_alloc(job, extended ? SQFS_INODE_EXT_FILE : SQFS_INODE_FILE, 0);

    if (extended) {
        result->data.file_ext = (sqfs_inode_file_ext_t){
            .blocks_start = content->start,
            .file_size = size,
            .sparse = content->hole_bytes,
            .nlink = inode->links,
            .fragment_idx = content->fragment,
            .fragment_offset = content->fragment_offset,
            .xattr_idx = job->xattrs,
        };
    } else {
        result->data.file = (sqfs_inode_file_t){
            .blocks_start = (sqfs_u32)content->start,
            .fragment_index = content->fragment,
            .fragment_offset = content->fragment_offset,
            .file_size = (sqfs_u32)size,
        };
    }
    return result;
}

static sqfs_inode_generic_t *make_symlink(const InodeJob *job)
{
    const char *target = job->inode->entry->target;
    gboolean extended = job->xattrs != NO_XATTRS;
    sqfs_inode_generic_t *result = inode_alloc(job, extended ? SQFS_INODE_EXT_SLINK : SQFS_INODE_SLINK, strlen(target));

    result->data.slink_ext = (sqfs_inode_slink_ext_t){
        .nlink = job->inode->links,
        .target_size = (sqfs_u32)strlen(target),
        .xattr_idx = job->xattrs,
    };
    memcpy(result->extra, target, strlen(target));
    return result;
}

/* Device numbers are as in the kernel's new_encode_dev(): 12 bits of major, 20 of minor; squash_note_losses() refuses others. */
static sqfs_inode_generic_t *make_device(const InodeJob *job)
{
    const Entry *entry = job->inode->entry;
    gboolean block = job->inode->type == ENTRY_BLOCK_DEVICE, extended = job->xattrs != NO_XATTRS;
    sqfs_u16 plain_type = block ? SQFS_INODE_BDEV : SQFS_INODE_CDEV;
    sqfs_u16 extended_type = block ? SQFS_INODE_EXT_BDEV : SQFS_INODE_EXT_CDEV;
    sqfs_inode_generic_t *result = inode_alloc(job, extended ? extended_type : plain_type, 0);

    result->data.dev_ext = (sqfs_inode_dev_ext_t){
        .nlink = job->inode->links,
        .devno = (entry->device_minor & 0xff) | entry->device_major << 8 | (entry->device_minor & ~0xffu) << 12,
        .xattr_idx = job->xattrs,
    };
    return result;
}

static sqfs_inode_generic_t *make_ipc(const InodeJob *job)
{
    gboolean fifo = job->inode->type == ENTRY_FIFO, extended = job->xattrs != NO_XATTRS;
    sqfs_u16 plain_type = fifo ? SQFS_INODE_FIFO : SQFS_INODE_SOCKET;
    sqfs_u16 extended_type = fifo ? SQFS_INODE_EXT_FIFO : SQFS_INODE_EXT_SOCKET;
    sqfs_inode_generic_t *result = inode_alloc(job, extended ? extended_type : plain_type, 0);

    result->data.ipc_ext = (sqfs_inode_ipc_ext_t){.nlink = job->inode->links, .xattr_idx = job->xattrs};
    return result;
}

static mode_t type_bits(EntryType type)
{
    switch (type) {
    case ENTRY_DIRECTORY:
        return S_IFDIR;
    case ENTRY_SYMLINK:
        return S_IFLNK;
    case ENTRY_CHAR_DEVICE:
        return S_IFCHR;
    case ENTRY_BLOCK_DEVICE:
        return S_IFBLK;
    case ENTRY_FIFO:
        return S_IFIFO;
    case ENTRY_SOCKET:
        return S_IFSOCK;
    case ENTRY_FILE:
    case ENTRY_HARD_LINK:
    default:
        return S_IFREG;
    }
}

static sqfs_inode_generic_t *make_leaf(const InodeJob *job)
{
    switch (job->inode->type) {
    case ENTRY_SYMLINK:
        return make_symlink(job);
    case ENTRY_CHAR_DEVICE:
    case ENTRY_BLOCK_DEVICE:
        return make_device(job);
    case ENTRY_FIFO:
    case ENTRY_SOCKET:
        return make_ipc(job);
    case ENTRY_FILE:
    case ENTRY_DIRECTORY:
    case ENTRY_HARD_LINK:
    default:
        return make_file(job);
    }
}

/* The sizes of a file's blocks, which stand behind its inode. libsquashfs would put them on the stack, all at once: a file
 * of half a TiB, be it one hole, has as many as fit there. */
static int append_block_sizes(sqfs_meta_writer_t *table, const SquashContent *content)
{
    guint32 sizes[1024];
    int ret = 0;

    for (guint32 done = 0, count; ret == 0 && done < content->block_count; done += count) {
        count = MIN(content->block_count - done, G_N_ELEMENTS(sizes));
        for (guint32 i = 0; i < count; i++)
            sizes[i] = GUINT32_TO_LE(content->block_sizes[done + i]);
        ret = sqfs_meta_writer_append(table, sizes, count * sizeof *sizes);
    }
    return ret;
}

static gboolean append_inode(const InodeJob *job, const sqfs_inode_generic_t *inode, guint64 *ret_reference,
                             GError **error)
{
    sqfs_u64 block;
    sqfs_u32 offset;

    sqfs_meta_writer_get_position(job->writer->inode_table, &block, &offset);
    int ret = sqfs_meta_writer_write_inode(job->writer->inode_table, inode);
    if (ret == 0)
        ret = append_block_sizes(job->writer->inode_table, &job->content);
    if (ret != 0)
        return fail_at(job->node, error, ret, "inode");
    *ret_reference = block << 16 | offset;
    return TRUE;
}

/* Writes an inode that is no folder, unless another of its names did. */
static gboolean write_leaf(InodeWriter *writer, const TreeNode *node, guint64 *ret_reference, GError **error)
{
    InodeJob job = {.writer = writer, .node = node, .inode = node->inode};
    const guint64 *known = g_hash_table_lookup(writer->references, node->inode);

    if (known) {
        *ret_reference = *known;
        return TRUE;
    }
    if (!add_xattrs(&job, error) || !set_base(&job, type_bits(node->inode->type), error))
        return FALSE;
    if (node->inode->type == ENTRY_FILE)
        writer->content(node->inode, &job.content, writer->user_data);
    g_autofree sqfs_inode_generic_t *inode = make_leaf(&job);
    if (!append_inode(&job, inode, ret_reference, error))
        return FALSE;
    if (node->inode->links > 1)
        g_hash_table_insert(writer->references, node->inode, g_memdup2(ret_reference, sizeof *ret_reference));
    return TRUE;
}

static gboolean write_folder_inode(InodeWriter *writer, const TreeNode *node, guint subfolders, guint64 *ret_reference,
                                   GError **error)
{
    InodeJob job = {.writer = writer, .node = node, .inode = node->inode};

    if (!add_xattrs(&job, error) || !set_base(&job, S_IFDIR, error))
        return FALSE;
    /* The kernel wants of the root's parent a number that no inode has. */
    guint32 parent = node->parent == node ? writer->last_number + 1 : node->parent->inode->number;
    sqfs_inode_generic_t *inode = sqfs_dir_writer_create_inode(writer->directories, 0, job.xattrs, parent);
    if (!inode)
        return fail_at(node, error, SQFS_ERROR_ALLOC, "inode");
    sqfs_u16 type = inode->base.type;
    inode->base = job.base;
    inode->base.type = type;
    if (type == SQFS_INODE_EXT_DIR)
        inode->data.dir_ext.nlink = 2 + subfolders;
    else
        inode->data.dir.nlink = 2 + subfolders;
    gboolean ok = append_inode(&job, inode, ret_reference, error);
    sqfs_free(inode);
    return ok;
}

/* Writes a folder: first its subfolders with all in them, then the inodes of its files side by side, its listing, itself. */
static gboolean write_folder(InodeWriter *writer, const TreeNode *node, guint64 *ret_reference, GError **error)
{
    const GPtrArray *children = node->inode->children;
    g_autofree guint64 *references = g_new0(guint64, children->len);
    guint subfolders = 0;

    for (guint i = 0; i < children->len; i++) {
        const TreeNode *child = g_ptr_array_index(children, i);

        if (child->inode->type != ENTRY_DIRECTORY)
            continue;
        subfolders++;
        if (!write_folder(writer, child, &references[i], error)) /* no deeper than TREE_DEPTH_MAX */
            return FALSE;
    }
    for (guint i = 0; i < children->len; i++) {
        const TreeNode *child = g_ptr_array_index(children, i);

        if (child->inode->type != ENTRY_DIRECTORY && !write_leaf(writer, child, &references[i], error))
            return FALSE;
    }
    int ret = sqfs_dir_writer_begin(writer->directories, 0);
    for (guint i = 0; ret == 0 && i < children->len; i++) {
        const TreeNode *child = g_ptr_array_index(children, i);

        ret = sqfs_dir_writer_add_entry(writer->directories, child->name, child->inode->number, references[i],
                                        (sqfs_u16)type_bits(child->inode->type));
    }
    if (ret == 0)
        ret = sqfs_dir_writer_end(writer->directories);
    if (ret != 0)
        return fail_at(node, error, ret, "folder listing");
    return write_folder_inode(writer, node, subfolders, ret_reference, error);
}

/* Numbers inodes from 1 in the order in which they are written. */
static gboolean number_inodes(InodeWriter *writer, const TreeNode *node, GError **error)
{
    const GPtrArray *children = node->inode->children;

    for (guint folders = 2; folders-- > 0;)
        for (guint i = 0; i < children->len; i++) {
            Inode *inode = ((TreeNode *)g_ptr_array_index(children, i))->inode;

            if ((inode->type == ENTRY_DIRECTORY) != (folders == 1))
                continue;
            if (folders == 1 && !number_inodes(writer, g_ptr_array_index(children, i), error))
                return FALSE;
            if (folders == 0 && inode->number == 0)
                inode->number = ++writer->last_number;
        }
    if (writer->last_number >= G_MAXUINT32 - 2)
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "more files than SquashFS can number");
    node->inode->number = ++writer->last_number;
    return TRUE;
}

gboolean inode_writer_write_tree(InodeWriter *writer, Tree *tree, sqfs_super_t *super, GError **error)
{
    guint64 root = 0;
    sqfs_u64 block;
    sqfs_u32 offset;

    if (!number_inodes(writer, tree_root(tree), error) || !write_folder(writer, tree_root(tree), &root, error))
        return FALSE;
    int ret = sqfs_meta_writer_flush(writer->inode_table);
    if (ret == 0)
        ret = sqfs_meta_writer_flush(writer->directory_table);
    if (ret != 0)
        return glue_fail(error, ret, "inode table");
    sqfs_meta_writer_get_position(writer->inode_table, &block, &offset);
    super->root_inode_ref = root;
    super->inode_count = writer->last_number;
    super->directory_table_start = super->inode_table_start + block;
    ret = sqfs_meta_write_write_to_file(writer->directory_table);
    return ret == 0 || glue_fail(error, ret, "directory table");
}
