// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pack.h"

#include "additions.h"
#include "emit.h"
#include "layers.h"
#include "metadata.h"
#include "naming.h"
#include "squash/squash.h"

#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#define PROGRESS_INTERVAL (G_USEC_PER_SEC / 20)
#define BUFFER_MEMORY_MAX (32 * 1024 * 1024) /* of pieces under way, and of blocks being written: twice that at most */

/* A build from beginning to end; each step fills in what the next ones need. */
typedef struct {
    const PackOptions *options;
    PackProgressFunc progress;
    gpointer user_data;
    gint64 last_report; /* monotonic; under the lock */
    GMutex report_lock;
    const char *phase;
    guint64 phase_total;

    guint jobs;
    char *name, *version, *output_path, *scratch_folder;
    gint64 time;
    Notes *image_notes; /* of this form of the image: shown, not recorded */
    Notes *notes;       /* of the image itself: recorded */
    Image *image;
    ImageConfig *config; /* or NULL */
    OutputFile *output;
    Workers *workers;
    Store *store;
    GPtrArray *records; /* LayerRecord * */
    Tree *tree;
    Additions *additions;
    GBytes *metadata;
    Layout *layout;
    SquashWriter *writer;
    IndexBuilder *index; /* or NULL */
    guint64 data_start, squashfs_size, index_size;
} Build;

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
    store_free(build->store);
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

/* --- progress ---------------------------------------------------------------------------------------------------- */

static void begin_phase(Build *build, const char *phase, guint64 total)
{
    build->phase = phase;
    build->phase_total = total;
    build->last_report = 0;
}

static void report(guint64 done, gpointer user_data)
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

/* --- steps ------------------------------------------------------------------------------------------------------- */

static gboolean open_image(Build *build, GError **error)
{
    const PackOptions *options = build->options;
    ImageOptions image_options = {
        .platform = options->platform,
        .limits = options->limits,
        .owners = options->owners,
    };

    build->scratch_folder = options->output ? g_path_get_dirname(options->output) : g_strdup(".");
    image_options.scratch_folder = build->scratch_folder;
    build->image = image_open(options->source, &image_options, build->image_notes, error);
    if (!build->image)
        return FALSE;
    GBytes *config = image_config(build->image);
    if (!config)
        return TRUE;
    gsize size;
    const void *bytes = g_bytes_get_data(config, &size);
    build->config = image_config_parse(bytes, size, error);
    return build->config != NULL;
}

static void choose_names(Build *build)
{
    const PackOptions *options = build->options;

    naming_guess(image_reference(build->image), options->source, &build->name, &build->version);
    if (options->name) {
        g_free(build->name);
        build->name = g_strdup(options->name);
    }
    if (options->version) {
        g_free(build->version);
        build->version = g_strdup(options->version);
    }
    build->output_path = options->output ? g_strdup(options->output)
                                         : g_strdup_printf("%s_%s.raw", build->name, build->version);
}

/* The time of what has none of its own: SOURCE_DATE_EPOCH, else when the image was made, else 1970; never the clock. */
static gboolean choose_time(Build *build, GError **error)
{
    const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
    guint64 seconds;

    if (epoch && *epoch) {
        if (!g_ascii_string_to_unsigned(epoch, 10, 0, G_MAXUINT32, &seconds, NULL)) {
            g_autofree char *shown = text_escape(epoch);

            return gourd_error_set(error, GOURD_ERROR_USAGE,
                                   "SOURCE_DATE_EPOCH is '%s', not seconds since 1970 in 32 bits", shown);
        }
        build->time = (gint64)seconds;
    } else if (build->config && build->config->created) {
        g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
        g_autoptr(GDateTime) created = g_date_time_new_from_iso8601(build->config->created, utc);

        build->time = created ? CLAMP(g_date_time_to_unix(created), 0, G_MAXUINT32) : 0;
    }
    return TRUE;
}

static gboolean prepare(Build *build, GError **error)
{
    const PackOptions *options = build->options;
    guint buffers = CLAMP(BUFFER_MEMORY_MAX / options->block_size, 3, 4 * build->jobs + 8);

    choose_names(build);
    build->output = output_file_new(build->output_path, options->force, error);
    if (!build->output || !choose_time(build, error))
        return FALSE;
    build->workers = workers_new(build->jobs, options->codec, options->level, options->block_size, error);
    if (!build->workers)
        return FALSE;
    build->store = store_new(build->workers, options->block_size, buffers, build->scratch_folder, error);
    return build->store != NULL;
}

/* Globs match whole paths with their leading slash; what lies in a folder that matches is matched too. */
static gboolean is_excluded(const char *clean_path, gpointer user_data)
{
    const char *const *globs = ((const Build *)user_data)->options->exclude;
    g_autofree char *path = g_strconcat("/", clean_path, NULL);

    for (; globs && *globs; globs++)
        if (fnmatch(*globs, path, FNM_LEADING_DIR) == 0)
            return TRUE;
    return FALSE;
}

static guint64 layers_size(const Build *build)
{
    guint64 size = 0;

    for (guint i = 0; i < image_layer_count(build->image); i++) {
        if (image_layer(build->image, i)->size == 0)
            return 0;
        size += image_layer(build->image, i)->size;
    }
    return size;
}

/* One thread inflates and parses a layer; several layers at a time pay when there are more processors than that feeds. */
static guint reader_count(const Build *build)
{
    return build->jobs < 4 ? 1 : MIN(build->jobs / 2, 8);
}

static gboolean exclude_nodes(Build *build, TreeNode *folder)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GHashTableIter iter;
    gpointer node;

    g_hash_table_iter_init(&iter, folder->inode->names);
    while (g_hash_table_iter_next(&iter, NULL, &node))
        g_ptr_array_add(names, node);
    for (guint i = 0; i < names->len; i++) {
        TreeNode *child = g_ptr_array_index(names, i);
        g_autofree char *path = tree_node_path(child);

        if (is_excluded(path, build))
            tree_remove(build->tree, child);
        else if (child->inode->type == ENTRY_DIRECTORY)
            exclude_nodes(build, child);
    }
    return TRUE;
}

static gboolean apply_layers(Build *build, GError **error)
{
    const char *transport = image_transport(build->image);
    gboolean flat = g_str_equal(transport, "tar") || g_str_equal(transport, "dir");

    build->tree = tree_new();
    for (guint i = 0; i < build->records->len; i++) {
        const LayerRecord *record = g_ptr_array_index(build->records, i);

        tree_begin_layer(build->tree, !flat);
        for (guint k = 0; k < record->entries->len; k++)
            if (!tree_apply(build->tree, g_ptr_array_index(record->entries, k), g_ptr_array_index(record->contents, k),
                            build->notes, error))
                return gourd_error_prefix(error, "%s", image_layer(build->image, i)->description);
    }
    if (build->options->exclude && build->options->exclude[0])
        exclude_nodes(build, tree_root(build->tree));
    return TRUE;
}

/* Marks what was passed over as hidden but is not: paths through symbolic links can fool the shadow. */
static void mark_needed(const TreeNode *folder)
{
    GHashTableIter iter;
    gpointer node;

    g_hash_table_iter_init(&iter, folder->inode->names);
    while (g_hash_table_iter_next(&iter, NULL, &node)) {
        Inode *inode = ((TreeNode *)node)->inode;

        if (inode->type == ENTRY_DIRECTORY)
            mark_needed(node); /* no deeper than TREE_DEPTH_MAX */
        else if (inode->type == ENTRY_FILE)
            ((Content *)inode->content)->needed = TRUE;
    }
}

static gboolean read_layers(Build *build, GError **error)
{
    gboolean excludes = build->options->exclude && build->options->exclude[0] && layers_size(build) > 0;
    LayersJob job = {
        .image = build->image,
        .store = build->store,
        .notes = build->notes,
        .readers = reader_count(build),
        .entries_max = build->options->limits.entries,
        .exclude = excludes ? is_excluded : NULL, /* but not from a pipe, which cannot be read again */
        .progress = report,
        .user_data = build,
    };

    begin_phase(build, "reading layers", layers_size(build));
    build->records = layers_read(&job, error);
    if (!build->records || !apply_layers(build, error))
        return FALSE;
    mark_needed(tree_root(build->tree));
    return layers_read_needed(&job, build->records, error) && store_settle(build->store, error);
}

static gboolean add_gourd_files(Build *build, GError **error)
{
    Additions *additions = build->additions;
    ImageUser user = {0};
    gsize size;
    const void *bytes;

    if (build->config) {
        g_autoptr(GBytes) passwd = additions_read(additions, "/etc/passwd");
        g_autoptr(GBytes) group = additions_read(additions, "/etc/group");

        image_user_resolve(build->config->user, passwd, group, &user);
        if (!user.known)
            notes_add(build->notes, "user-unknown", "the user that the image names is not in its passwd",
                      build->config->user);
        bytes = g_bytes_get_data(image_config(build->image), &size);
        if (!additions_add_file(additions, "usr/lib/gourd/config.json", bytes, size, error))
            return FALSE;
    }
    Metadata metadata = {
        .name = build->name,
        .version = build->version,
        .image = build->image,
        .config = build->config,
        .user = build->config ? &user : NULL,
        .init = build->config ? init_kind_find(build->config, additions_exists, additions) : NULL,
        .mount_points = additions_mount_points(additions),
        .notes = build->notes,
    };
    build->metadata = metadata_to_json(&metadata);
    image_user_clear(&user);
    bytes = g_bytes_get_data(build->metadata, &size);
    return additions_add_file(additions, "usr/lib/gourd/bundle.json", bytes, size, error);
}

static gboolean complete_tree(Build *build, GError **error)
{
    build->additions =
        additions_new(build->tree, build->store, build->options->codec, build->time, build->notes);
    if (!additions_add_mount_points(build->additions, build->config, build->options->mountpoints, error) ||
        !additions_add_os_release(build->additions, build->name, build->version, error))
        return FALSE;
    return add_gourd_files(build, error);
}

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
            .digest = place->digest,
            .first_block = place->first_item,
            .n_blocks = place->block_count,
            .sizes = place->hole_bytes > 0 ? place->sizes : NULL,
            .packed = packed,
            .pack = packed ? ((Pack *)g_ptr_array_index(build->layout->packs, place->pack))->item : 0,
            .pack_offset = place->pack_offset,
            .layer = content->layer,
            .entry = content->entry,
        };

        index_builder_add_file(build->index, &file);
    }
}

static gboolean write_data(Build *build, guint64 *ret_end, GError **error)
{
    const PackOptions *options = build->options;
    SquashOptions squash_options = {options->codec, options->level, options->block_size, (guint32)build->time};
    guint window = CLAMP(BUFFER_MEMORY_MAX / (2 * options->block_size), 2, 8 * build->jobs);

    build->writer = squash_writer_new(output_file_fd(build->output), build->output_path, &squash_options, error);
    if (!build->writer || (!options->no_index && !begin_index(build, error)))
        return FALSE;
    build->data_start = squash_writer_data_start(build->writer);
    EmitJob job = {
        .layout = build->layout,
        .store = build->store,
        .workers = build->workers,
        .window = window,
        .fd = output_file_fd(build->output),
        .name = build->output_path,
        .offset = build->data_start,
        .index = build->index,
        .progress = report,
        .user_data = build,
    };
    begin_phase(build, "writing", build->layout->raw_size);
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
    if (!index_builder_finish(build->index, build->squashfs_size, build->data_start, build->metadata, &trailer, error))
        return FALSE;
    const void *bytes = g_bytes_get_data(trailer, &size);
    guint64 offset = (build->squashfs_size + SQUASH_ALIGNMENT - 1) / SQUASH_ALIGNMENT * SQUASH_ALIGNMENT;
    build->index_size = size;
    return fd_pwrite(output_file_fd(build->output), build->output_path, bytes, size, offset, error);
}

static gboolean write_bundle(Build *build, GError **error)
{
    guint64 data_end;

    if (!write_data(build, &data_end, error))
        return FALSE;
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
    return result;
}

static gboolean run(Build *build, GError **error)
{
    if (!open_image(build, error) || !prepare(build, error) || !read_layers(build, error) ||
        !complete_tree(build, error))
        return FALSE;
    tree_finish(build->tree);
    if (!store_settle(build->store, error))
        return FALSE;
    build->layout = layout_new(build->tree, build->store);
    return write_bundle(build, error) && output_file_commit(build->output, 0644, error);
}

gboolean pack_build(const PackOptions *options, PackProgressFunc progress, gpointer user_data,
                    PackResult **ret_result, GError **error)
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
    gboolean ok = run(&build, error);
    if (ok)
        *ret_result = make_result(&build, begin);
    build_clear(&build);
    return ok;
}
