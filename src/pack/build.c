// SPDX-License-Identifier: LGPL-2.1-or-later
#include "build.h"

#include <sys/stat.h>

#define PROGRESS_INTERVAL (G_USEC_PER_SEC / 20)

static void build_clear(Build *build)
{
    workers_free(build->workers); /* first: its tasks use the rest */
    squash_writer_free(build->writer);
    index_builder_free(build->index);
    layout_free(build->layout);
    tree_free(build->tree);
    additions_free(build->additions);
    g_clear_pointer(&build->records, g_ptr_array_unref);
    g_clear_pointer(&build->metadata, g_bytes_unref);
    block_store_free(build->store);
    output_file_free(build->output);
    image_config_free(build->config);
    image_free(build->image);
    notes_free(build->notes);
    notes_free(build->image_notes);
    g_mutex_clear(&build->report_lock);
    g_free(build->name);
    g_free(build->version);
    g_free(build->output_path);
    g_free(build->scratch_folder);
}

void build_begin_phase(Build *build, const char *phase, guint64 total)
{
    build->phase = phase;
    build->phase_total = total;
    build->last_report = 0;
}

void build_report(guint64 done, gpointer user_data)
{
    Build *build = user_data;
    gint64 now = g_get_monotonic_time();

    if (!build->progress || !g_mutex_trylock(&build->report_lock))
        return;
    if (now - build->last_report >= PROGRESS_INTERVAL) {
        PackProgress progress = {build->phase, done, MAX(build->phase_total, build->phase_total ? done : 0)};

        build->last_report = now;
        build->progress(&progress, build->user_data);
    }
    g_mutex_unlock(&build->report_lock);
}

/* Reading one small file means to expand the block that it shares; larger ones have their own. docs/decisions/0003. */
#define FAST_SHARED_BELOW (24u * 1024)

static CutRules cut_rules(const PackOptions *options)
{
    guint32 block_size = options->block_size;

    if (options->layout == PACK_LAYOUT_SMALL)
        return (CutRules){block_size, block_size, TRUE};
    return (CutRules){block_size, MIN(FAST_SHARED_BELOW, block_size), FALSE};
}

static gboolean prepare(Build *build, GError **error)
{
    const PackOptions *options = build->options;
    guint buffers = CLAMP(BUILD_MEMORY_MAX / options->block_size, 3, 32 * build->jobs + 32);

    build->output = output_file_new(build->output_path, options->force, error);
    if (!build->output)
        return FALSE;
    build->workers = workers_new(build->jobs, options->codec, options->level, options->block_size, error);
    if (!build->workers)
        return FALSE;
    CutRules rules = cut_rules(options);
    build->store = block_store_new(build->workers, &rules, buffers, build->scratch_folder, error);
    return build->store != NULL;
}

static PackResult *make_result(Build *build, gint64 begin)
{
    const Layout *layout = build->layout;
    PackResult *result = g_new0(PackResult, 1);
    struct stat status;

    result->output = g_steal_pointer(&build->output_path);
    result->name = g_steal_pointer(&build->name);
    result->version = g_steal_pointer(&build->version);
    if (fstat(output_file_fd(build->output), &status) == 0)
        result->bundle_size = (guint64)status.st_size;
    result->squashfs_size = build->squashfs_size;
    result->index_size = build->index_size;
    for (guint i = 0; i < layout->items->len; i++)
        result->stored_size += g_array_index(layout->items, LayoutItem, i).size_word & SQUASH_BLOCK_SIZE_MASK;
    result->content_size = layout->content_size;
    result->duplicate_size = layout->duplicate_size;
    result->hole_size = layout->hole_size;
    result->files = layout->files->len;
    result->folders = layout->folders;
    result->others = layout->others;
    result->layers = build->records->len;
    for (guint i = 0; i < build->records->len; i++)
        result->hidden_size += ((LayerRecord *)g_ptr_array_index(build->records, i))->hidden_size;
    result->elapsed_usec = g_get_monotonic_time() - begin;
    result->notes = g_steal_pointer(&build->notes);
    notes_merge(result->notes, build->image_notes);
    return result;
}

static gboolean run(Build *build, GError **error)
{
    return build_open_image(build, error) && prepare(build, error) && build_read_layers(build, error) &&
           build_complete_tree(build, error) && build_write(build, error) && build_verify(build, error) &&
           output_file_commit(build->output, 0644, error);
}

gboolean pack_build(const PackOptions *options, PackProgressFunc progress, gpointer user_data, PackResult **ret_result,
                    GError **error)
{
    gint64 begin = g_get_monotonic_time();
    Build build = {
        .options = options,
        .progress = progress,
        .user_data = user_data,
        .jobs = options->jobs ? options->jobs : g_get_num_processors(),
        .image_notes = notes_new(),
        .notes = notes_new(),
    };

    g_mutex_init(&build.report_lock);
    gboolean ok = digest_prepare(error) && run(&build, error);
    if (ok)
        *ret_result = make_result(&build, begin);
    build_clear(&build);
    return ok;
}
