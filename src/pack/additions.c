// SPDX-License-Identifier: LGPL-2.1-or-later
#include "additions.h"

#include <string.h>

struct Additions {
    Tree *tree;
    BlockStore *store;
    gint64 time;
    Notes *notes;
    Ingest *ingest;
    Codec codec;
    GPtrArray *entries, *contents, *mount_points;
};

/* Where a service's file system needs something to mount on (docs/format.md, "Mount points"). */
static const struct {
    const char *path;
    guint16 mode;
    gboolean file;
} standard_points[] = {
    {"/proc", 0555, FALSE},          {"/sys", 0555, FALSE},
    {"/dev", 0755, FALSE},           {"/run", 0755, FALSE},
    {"/tmp", 01777, FALSE},          {"/var/tmp", 01777, FALSE},
    {"/etc/hosts", 0644, TRUE},      {"/etc/resolv.conf", 0644, TRUE},
    {"/etc/machine-id", 0444, TRUE},
};

static void entry_free(gpointer data)
{
    entry_clear(data);
    g_free(data);
}

static void mount_point_free(gpointer data)
{
    MountPoint *point = data;

    g_free(point->path);
    g_free(point);
}

Additions *additions_new(Tree *tree, BlockStore *store, Codec codec, gint64 time, Notes *notes)
{
    Additions *self = g_new0(Additions, 1);

    self->tree = tree;
    self->store = store;
    self->codec = codec;
    self->time = time;
    self->notes = notes;
    self->ingest = ingest_new(store);
    self->entries = g_ptr_array_new_with_free_func(entry_free);
    self->contents = g_ptr_array_new_with_free_func(content_free);
    self->mount_points = g_ptr_array_new_with_free_func(mount_point_free);
    tree_begin_layer(tree, FALSE);
    return self;
}

void additions_free(Additions *self)
{
    if (!self)
        return;
    ingest_free(self->ingest);
    g_ptr_array_unref(self->entries);
    g_ptr_array_unref(self->contents);
    g_ptr_array_unref(self->mount_points);
    g_free(self);
}

static Entry *add_entry(Additions *self, EntryType type, const char *path, guint16 mode)
{
    Entry *entry = g_new(Entry, 1);

    entry_init(entry);
    entry->type = type;
    entry->path = g_strdup(path);
    entry->mode = mode;
    entry->mtime = self->time;
    g_ptr_array_add(self->entries, entry);
    return entry;
}

static gboolean add_folder(Additions *self, const char *path, guint16 mode, GError **error)
{
    return tree_apply(self->tree, add_entry(self, ENTRY_DIRECTORY, path, mode), NULL, NULL, error);
}

static gboolean add_file(Additions *self, const char *path, guint16 mode, const void *bytes, gsize size, GError **error)
{
    Entry *entry = add_entry(self, ENTRY_FILE, path, mode);
    Content *content = content_new(size);

    g_ptr_array_add(self->contents, content);
    entry->size = size;
    if (!ingest_bytes(self->ingest, bytes, size, content)) {
        gboolean settled = block_store_settle(self->store, error);

        g_assert(!settled);
        return FALSE;
    }
    ingest_flush(self->ingest);
    return tree_apply(self->tree, entry, content, NULL, error);
}

gboolean additions_add_file(Additions *self, const char *path, const void *bytes, gsize size, GError **error)
{
    return add_file(self, path, 0644, bytes, size, error);
}

gboolean additions_exists(const char *path, gpointer additions)
{
    return tree_find(((Additions *)additions)->tree, path, TRUE) != NULL;
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
    const MountPoint *const *point_a = a, *const *point_b = b;

    return strcmp((*point_a)->path, (*point_b)->path);
}

/* Adds one, unless there is something to mount on already. What cannot be mounted on is replaced if it is a symbolic link
 * to nothing (a service's /run is empty, so /etc/resolv.conf → /run/… leads nowhere), else left and noted. */
static gboolean add_mount_point(Additions *self, const char *path, guint16 mode, gboolean file, GError **error)
{
    const TreeNode *found = tree_find(self->tree, path, TRUE);
    g_autofree char *clean = NULL;

    if (!path_clean(path, &clean, error))
        return FALSE;
    if (found && (found->inode->type == ENTRY_DIRECTORY) != file)
        return TRUE;
    if (found) {
        notes_add(self->notes, "mount-point-blocked",
                  file ? "a file was wanted to mount on, but a folder is there"
                       : "a folder was wanted to mount on, but something else is there",
                  path);
        return TRUE;
    }
    if (tree_find(self->tree, path, FALSE))
        notes_add(self->notes, "link-replaced", "symbolic links to nothing were replaced by mount points", path);
    MountPoint *point = g_new0(MountPoint, 1);
    point->path = g_strconcat("/", clean, NULL);
    point->file = file;
    g_ptr_array_add(self->mount_points, point);
    return file ? add_file(self, clean, mode, "", 0, error) : add_folder(self, clean, mode, error);
}

/* Whether something that is no folder stands where a folder above path would have to be. */
static gboolean is_below_other(Tree *tree, const char *path)
{
    g_autofree char *parent = g_strdup(path);
    const TreeNode *found = NULL;

    for (char *slash = strrchr(parent, '/'); slash && !found; slash = strrchr(parent, '/')) {
        *slash = '\0';
        found = tree_find(tree, parent, TRUE);
    }
    return found && found->inode->type != ENTRY_DIRECTORY;
}

/* One that nobody asked for by an option: the image may have no place for it. */
static gboolean add_usual_point(Additions *self, const char *path, guint16 mode, gboolean file, GError **error)
{
    if (!is_below_other(self->tree, path))
        return add_mount_point(self, path, mode, file, error);
    notes_add(self->notes, "mount-point-blocked",
              "nothing to mount on was made where one of the parents is not a folder", path);
    return TRUE;
}

gboolean additions_add_mount_points(Additions *self, const ImageConfig *config, const char *const *wanted,
                                    GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(standard_points); i++)
        if (!add_usual_point(self, standard_points[i].path, standard_points[i].mode, standard_points[i].file, error))
            return FALSE;
    for (gsize i = 0; config && config->volumes[i]; i++)
        if (!add_usual_point(self, config->volumes[i], 0755, FALSE, error))
            return gourd_error_prefix(error, "volume of the image");
    for (gsize i = 0; wanted && wanted[i]; i++) {
        gboolean file = g_str_has_suffix(wanted[i], ":file");
        g_autofree char *path = g_strndup(wanted[i], strlen(wanted[i]) - (file ? strlen(":file") : 0));

        if (!add_mount_point(self, path, file ? 0644 : 0755, file, error))
            return gourd_error_prefix(error, "mount point");
    }
    g_ptr_array_sort(self->mount_points, compare_paths);
    return TRUE;
}

const GPtrArray *additions_mount_points(const Additions *self)
{
    return self->mount_points;
}

gboolean additions_add_os_release(Additions *self, const char *name, const char *version, GError **error)
{
    if (additions_exists("/etc/os-release", self) || additions_exists("/usr/lib/os-release", self))
        return TRUE;
    /* Names and versions of bundles have no characters that need quoting. */
    g_autofree char *text =
        g_strdup_printf("# The image has no os-release; gourd wrote this one.\nID=linux\nNAME=\"%s\"\n"
                        "VERSION_ID=\"%s\"\nPRETTY_NAME=\"%s %s\"\n",
                        name, version, name, version);

    notes_add(self->notes, "os-release-added", "the image has no os-release, so it got one", "/usr/lib/os-release");
    return additions_add_file(self, "usr/lib/os-release", text, strlen(text), error);
}

GBytes *additions_read(Additions *self, const char *path)
{
    const TreeNode *node = tree_find(self->tree, path, TRUE);
    guint32 block_size = block_store_rules(self->store)->block_size;

    if (!node || node->inode->type != ENTRY_FILE)
        return NULL;
    const Content *content = node->inode->content;
    if (content->size > ADDITIONS_READ_MAX || content->passed_over)
        return NULL;
    g_autoptr(BlockCodec) codec = block_codec_new(self->codec, CODEC_LEVEL_DEFAULT, block_size, NULL);
    g_autofree guint8 *bytes = g_malloc0(content->size);
    for (guint32 i = 0; i < content->piece_count; i++)
        if (!block_store_read_piece(self->store, codec, &content->pieces[i], bytes + (gsize)i * block_size, NULL))
            return NULL;
    return g_bytes_new_take(g_steal_pointer(&bytes), content->size);
}
