// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verify-private.h"

#include <string.h>

static InodeSeen *seen(Verification *verification, guint32 inode)
{
    if (verification->names->len < inode)
        g_array_set_size(verification->names, inode);
    return &g_array_index(verification->names, InodeSeen, inode - 1);
}

static gboolean verify_xattrs(Verification *verification, const SquashNode *node, GError **error)
{
    g_autoptr(Xattrs) xattrs = NULL;

    if (node->xattrs == SQUASH_NO_XATTRS || node->xattrs >= verification->facts->xattr_id_count)
        return squash_reader_read_xattrs(verification->image, node->xattrs, &xattrs, error);
    if (verification->xattrs->len <= node->xattrs) {
        guint old = verification->xattrs->len;

        g_byte_array_set_size(verification->xattrs, node->xattrs + 1);
        memset(verification->xattrs->data + old, 0, node->xattrs + 1 - old);
    }
    if (verification->xattrs->data[node->xattrs])
        return TRUE;
    verification->xattrs->data[node->xattrs] = 1;
    return squash_reader_read_xattrs(verification->image, node->xattrs, &xattrs, error);
}

static void collect_blocks(Verification *verification, const SquashNode *node)
{
    guint32 block_size = verification->facts->block_size;
    guint64 offset = node->data_offset;

    for (guint64 i = 0; i < node->n_blocks; i++) {
        Extent extent = {
            .offset = offset,
            .word = node->sizes[i],
            .raw_size = (guint32)MIN(block_size, node->size - i * block_size),
            .inode = node->inode,
        };

        if (extent.word == 0)
            continue;
        offset += extent.word & SQUASH_BLOCK_SIZE_MASK;
        g_array_append_val(verification->extents, extent);
    }
}

static gboolean collect_slice(Verification *verification, const SquashNode *node, guint64 file, GError **error)
{
    Slice slice = {
        .offset = node->fragment_offset,
        .length = (guint32)(node->size % verification->facts->block_size),
        .file = verification->index && !verification->files_lost ? (guint32)file : G_MAXUINT32,
        .inode = node->inode,
    };
    guint32 word;

    if (!node->packed)
        return TRUE;
    if (!squash_reader_locate_fragment(verification->image, node->fragment, &slice.block_offset, &word, error))
        return FALSE;
    g_array_append_val(verification->slices, slice);
    return TRUE;
}

/* --- the index's file and the inode ------------------------------------------------------------------------------- */

static gboolean same_blocks(const Verification *verification, const SquashNode *node, guint64 number,
                            const IndexedFile *file)
{
    BlockRuns runs;
    gboolean hole;
    guint64 count, at = 0, next = file->first_block, offset = node->data_offset;

    if (file->n_blocks != node->n_blocks)
        return FALSE;
    block_runs_init(&runs, verification->index, number);
    while (block_runs_next(&runs, &hole, &count)) {
        for (guint64 i = 0; i < count; i++) {
            guint32 word = node->sizes[at++];
            IndexBlock block;
            guint64 block_offset;

            if ((word == 0) != hole)
                return FALSE;
            if (hole)
                continue;
            bundle_index_get_block(verification->index, next++, &block, &block_offset);
            if (block_offset != offset || block.stored_size != (word & SQUASH_BLOCK_SIZE_MASK) ||
                block.compressed != !(word & SQUASH_BLOCK_PLAIN))
                return FALSE;
            offset += block.stored_size;
        }
    }
    return TRUE;
}

static gboolean same_pack(const Verification *verification, const SquashNode *node, const IndexedFile *file)
{
    IndexBlock block;
    guint64 block_offset, offset;
    guint32 word;

    if (file->packed != node->packed)
        return FALSE;
    if (!file->packed)
        return TRUE;
    bundle_index_get_block(verification->index, file->pack, &block, &block_offset);
    return file->pack_offset == node->fragment_offset &&
           squash_reader_locate_fragment(verification->image, node->fragment, &offset, &word, NULL) &&
           offset == block_offset;
}

/* The files of the index are the inodes of regular files, in the same order. */
static void compare_with_index(Verification *verification, const SquashNode *node)
{
    guint64 number = verification->next_file++;
    IndexedFile file;

    if (!verification->index || verification->files_lost)
        return;
    if (number >= bundle_index_facts(verification->index)->n_files) {
        verification->files_lost = TRUE;
        verify_found(verification, "index", node->path, NO_INODE, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK,
                     "this file, and maybe more, is not in the index");
        return;
    }
    g_autofree char *path = bundle_index_get_path(verification->index, number);
    if (strcmp(path, node->path) != 0) {
        g_autofree char *shown = text_escape(path);

        verification->files_lost = TRUE;
        verify_found(verification, "index", node->path, NO_INODE, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK,
                     "the index has '%s' in its place", shown);
        return;
    }
    bundle_index_get_file(verification->index, number, &file);
    if (file.size != node->size)
        verify_found(verification, "index", node->path, NO_INODE, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK,
                     "%" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT " in the index", node->size, file.size);
    else if (!same_blocks(verification, node, number, &file))
        verify_found(verification, "index", node->path, NO_INODE, file.first_block, node->data_offset,
                     "the inode and the index name different blocks");
    else if (!same_pack(verification, node, &file))
        verify_found(verification, "index", node->path, NO_INODE, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK,
                     "the inode and the index name different packs");
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

static void report_problem(const char *path, const GError *problem, gpointer data)
{
    verify_found(data, "inode", path, NO_INODE, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK, "%s", problem->message);
}

static gboolean visit_inode(const SquashNode *node, gpointer data, GError **error)
{
    Verification *verification = data;
    InodeSeen *inode = seen(verification, node->inode);
    g_autoptr(GError) problem = NULL;

    verification->report.paths++;
    inode->links = node->n_links;
    inode->folder = node->type == ENTRY_DIRECTORY;
    if (inode->names++ > 0) {
        if (inode->folder)
            verify_found(verification, "inode", node->path, NO_INODE, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK,
                         "another folder has the inode number %u too", node->inode);
        return TRUE;
    }
    if (!verify_xattrs(verification, node, &problem)) {
        report_problem(node->path, problem, verification);
        g_clear_error(&problem);
    }
    if (node->type != ENTRY_FILE)
        return TRUE;
    verification->report.files++;
    guint64 number = verification->next_file;
    compare_with_index(verification, node);
    collect_blocks(verification, node);
    if (!collect_slice(verification, node, number, &problem))
        report_problem(node->path, problem, verification);
    return TRUE;
}

static void collect_fragments(Verification *verification)
{
    for (guint32 i = 0; i < verification->facts->fragment_count; i++) {
        Extent extent = {.fragment = TRUE};

        if (squash_reader_locate_fragment(verification->image, i, &extent.offset, &extent.word, NULL))
            g_array_append_val(verification->extents, extent);
    }
}

static void check_link_counts(Verification *verification)
{
    guint64 missing = verification->facts->inode_count - verification->names->len;

    for (guint i = 0; i < verification->names->len; i++) {
        const InodeSeen *inode = &g_array_index(verification->names, InodeSeen, i);

        if (inode->names == 0)
            missing++;
        else if (!inode->folder && inode->names != inode->links)
            verify_found(verification, "inode", NULL, i + 1, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK,
                         "%u names, but the inode counts %u links", inode->names, inode->links);
    }
    if (missing > 0)
        verify_found(verification, "inode", NULL, NO_INODE, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK,
                     "%" G_GUINT64_FORMAT " of %u inodes are in no folder", missing, verification->facts->inode_count);
}

gboolean verify_inodes(Verification *verification, GError **error)
{
    SquashWalk walk = {
        .visit = visit_inode,
        .problem = report_problem,
        .data = verification,
        .depth = G_MAXUINT,
    };
    g_autoptr(GError) problem = NULL;

    if (!squash_reader_walk(verification->image, "", &walk, &problem)) {
        if (problem->code == GOURD_ERROR_FAILED) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        report_problem("", problem, verification);
    }
    collect_fragments(verification);
    check_link_counts(verification);
    if (verification->index && !verification->files_lost &&
        verification->next_file < bundle_index_facts(verification->index)->n_files) {
        g_autofree char *path = bundle_index_get_path(verification->index, verification->next_file);

        verify_found(verification, "index", path, NO_INODE, BUNDLE_NO_BLOCK, BUNDLE_NO_BLOCK,
                     "this file, and maybe more, is in the index only");
    }
    return TRUE;
}
