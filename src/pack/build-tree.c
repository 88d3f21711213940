// SPDX-License-Identifier: LGPL-2.1-or-later
#include "build.h"

#include "metadata.h"

#include <fnmatch.h>

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

static void exclude_nodes(Build *build, const TreeNode *folder)
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
            exclude_nodes(build, child); /* no deeper than TREE_DEPTH_MAX */
    }
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

gboolean build_read_layers(Build *build, GError **error)
{
    gboolean excludes = build->options->exclude && build->options->exclude[0] && layers_size(build) > 0;
    LayersJob job = {
        .image = build->image,
        .store = build->store,
        .notes = build->notes,
        .readers = reader_count(build),
        .limits = &build->options->limits,
        .exclude = excludes ? is_excluded : NULL, /* but not from a pipe, which cannot be read again */
        .progress = build_report,
        .user_data = build,
    };

    build_begin_phase(build, "reading layers", layers_size(build));
    build->records = layers_read(&job, error);
    if (!build->records || !apply_layers(build, error))
        return FALSE;
    mark_needed(tree_root(build->tree));
    return layers_read_needed(&job, build->records, error) && block_store_settle(build->store, error);
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

gboolean build_complete_tree(Build *build, GError **error)
{
    build->additions = additions_new(build->tree, build->store, build->options->codec, build->time, build->notes);
    if (!additions_add_mount_points(build->additions, build->config, build->options->mountpoints, error) ||
        !additions_add_os_release(build->additions, build->name, build->version, error) ||
        !squash_note_losses(build->tree, build->notes, error) || /* before the notes are written down */
        !add_gourd_files(build, error))
        return FALSE;
    tree_finish(build->tree);
    return block_store_settle(build->store, error);
}
