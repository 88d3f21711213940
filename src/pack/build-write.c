// SPDX-License-Identifier: LGPL-2.1-or-later
#include "build.h"

/* Of a tree with so many names, files are read one here, one there, each for itself: then packs are short and tables plain. Those of a
 * smaller one are soon read altogether. docs/decisions/0003. */
#define MANY_NAMES 16384u
#define FAST_PACK_SIZE_MANY (40u * 1024)
#define FAST_PACK_SIZE_FEW (64u * 1024)

static gboolean begin_index(Build *build, GError **error)
{
    g_autofree char *encoder = codec_encoder(build->options->codec);
    IndexParameters parameters = {
        .compressor = codec_to_name(build->options->codec),
        .level = build->options->level == CODEC_LEVEL_DEFAULT ? codec_level_default(build->options->codec)
                                                              : build->options->level,
        .block_size = build->options->block_size,
        .encoder = encoder,
        .gourd_version = GOURD_VERSION,
    };

    build->index = index_builder_new(&parameters, error);
    if (!build->index)
        return FALSE;
    for (guint i = 0; i < build->records->len; i++) {
        const LayerRecord *record = g_ptr_array_index(build->records, i);
        const ImageLayer *layer = image_layer(build->image, i);
        IndexLayer *index_layer = index_builder_begin_layer(build->index, i + 1,
                                                            layer->has_diff_id ? &layer->diff_id : NULL, error);

        if (!index_layer)
            return FALSE;
        for (guint k = 0; k < record->entries->len; k++)
            index_layer_add_entry(index_layer, g_ptr_array_index(record->entries, k));
        index_layer_end(index_layer);
    }
    return TRUE;
}

static void index_files(Build *build)
{
    for (guint i = 0; i < build->layout->files->len; i++) {
        const TreeNode *node = g_ptr_array_index(build->layout->files, i);
        const Content *content = node->inode->content;
        const Place *place = content->place;
        gboolean packed = place->pack != LAYOUT_NO_PACK;
        g_autofree char *path = tree_node_path(node);
        IndexFile file = {
            .path = path,
            .size = content->size,
            .first_block = place->first_item,
            .n_blocks = place->block_count,
            .sizes = place->hole_bytes > 0 ? place->sizes : NULL,
            .packed = packed,
            .pack = packed ? ((Pack *)g_ptr_array_index(build->layout->packs, place->pack))->item : 0,
            .pack_offset = place->pack_offset,
            .layer = content->layer,
            .entry = content->entry,
        };

        if (packed) /* always the last of its pieces */
            file.piece = *piece_digest(&place->content->pieces[place->content->piece_count - 1]);
        index_builder_add_file(build->index, &file);
    }
}

static gboolean write_data(Build *build, guint64 *ret_end, GError **error)
{
    const PackOptions *options = build->options;
    SquashOptions squash_options = {
        .codec = options->codec,
        .level = options->level,
        .block_size = options->block_size,
        .plain_tables = options->layout == PACK_LAYOUT_FAST && build->many_names,
        .time = (guint32)build->time,
    };

    build->writer = squash_writer_new(output_file_fd(build->output), build->output_path, &squash_options, error);
    if (!build->writer || (!options->no_index && !begin_index(build, error)))
        return FALSE;
    build->data_start = squash_writer_data_start(build->writer);
    EmitJob job = {
        .layout = build->layout,
        .store = build->store,
        .workers = build->workers,
        .memory_max = BUILD_WINDOW_MAX,
        .fd = output_file_fd(build->output),
        .name = build->output_path,
        .offset = build->data_start,
        .index = build->index,
        .progress = build_report,
        .user_data = build,
    };
    build_begin_phase(build, "writing", build->layout->raw_size);
    return emit_layout(&job, ret_end, error);
}

static void tell_content(const Inode *inode, SquashContent *ret_content, gpointer user_data)
{
    const Place *place = ((const Content *)inode->content)->place;

    *ret_content = (SquashContent){
        .start = place->start,
        .block_sizes = place->sizes,
        .block_count = place->block_count,
        .hole_bytes = place->hole_bytes,
        .fragment = place->pack == LAYOUT_NO_PACK ? SQUASH_NO_FRAGMENT : place->pack,
        .fragment_offset = place->pack_offset,
    };
}

static gboolean write_index(Build *build, GError **error)
{
    g_autoptr(GBytes) trailer = NULL;
    gsize size;

    if (!build->index)
        return TRUE;
    index_files(build);
    if (!index_builder_add_tables(build->index, output_file_fd(build->output), build->output_path, build->squashfs_size,
                                  build->data_start, error) ||
        !index_builder_finish(build->index, build->squashfs_size, build->data_start, build->metadata, &trailer, error))
        return FALSE;
    const void *bytes = g_bytes_get_data(trailer, &size);
    guint64 offset = (build->squashfs_size + SQUASH_ALIGNMENT - 1) / SQUASH_ALIGNMENT * SQUASH_ALIGNMENT;
    build->index_size = size;
    return fd_pwrite(output_file_fd(build->output), build->output_path, bytes, size, offset, error);
}

static gboolean count_name(TreeNode *node, gpointer user_data, GError **error)
{
    ++*(guint64 *)user_data;
    return TRUE;
}

static guint32 pack_size_max(const Build *build)
{
    guint32 block_size = build->options->block_size;

    if (build->options->layout == PACK_LAYOUT_SMALL)
        return block_size;
    return MIN(build->many_names ? FAST_PACK_SIZE_MANY : FAST_PACK_SIZE_FEW, block_size);
}

gboolean build_write(Build *build, GError **error)
{
    guint64 data_end, names = 0;

    tree_walk(tree_root(build->tree), count_name, &names, NULL);
    build->many_names = names >= MANY_NAMES;
    build->layout = layout_new(build->tree, build->store, pack_size_max(build));
    block_store_free_buffers(build->store);
    if (!write_data(build, &data_end, error))
        return FALSE;
    block_store_close_scratch(build->store);
    for (guint i = 0; i < build->layout->packs->len; i++) {
        const Pack *pack = g_ptr_array_index(build->layout->packs, i);
        const LayoutItem *item = &g_array_index(build->layout->items, LayoutItem, pack->item);

        if (!squash_writer_add_fragment(build->writer, item->offset, item->size_word, error))
            return FALSE;
    }
    return squash_writer_finish(build->writer, build->tree, data_end, tell_content, NULL, &build->squashfs_size,
                                error) &&
           write_index(build, error);
}

static void report_verification(guint64 done, guint64 total, gpointer user_data)
{
    Build *build = user_data;

    build->phase_total = total;
    build_report(done, build);
}

gboolean build_verify(Build *build, GError **error)
{
    gboolean full = build->options->verify == PACK_VERIFY_FULL;
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)bundle_finding_free);
    BundleVerifyReport report;

    if (build->options->verify == PACK_VERIFY_NONE)
        return TRUE;
    build_begin_phase(build, "verifying", 0);
    g_autoptr(Bundle) bundle = bundle_open_fd(output_file_fd(build->output), build->output_path, error);
    if (!bundle || !bundle_verify(bundle, full ? BUNDLE_VERIFY_FULL : BUNDLE_VERIFY_QUICK, build->jobs,
                                  report_verification, build, findings, &report, error))
        return gourd_error_prefix(error, "cannot read back what was written");
    if (findings->len == 0)
        return TRUE;
    const BundleFinding *first = g_ptr_array_index(findings, 0);
    gourd_error_set(error, GOURD_ERROR_FAILED, "what was written reads back wrong in %u places, the first: %s",
                    findings->len, first->text);
    return gourd_error_hint(error,
                            "if the disk and memory of this machine are sound, this is a bug of gourd: report it");
}
