// SPDX-License-Identifier: LGPL-2.1-or-later
#include "origin-items.h"
#include "skeleton-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

typedef struct {
    const MachineSkeleton *skeleton;
    int folder; /* of the tree */
    int parent; /* of the last item */
    char *parent_path;
    guint64 missing; /* files that are still to come */
} Pour;

static gboolean fail(GError **error, const MachineEntry *entry)
{
    int saved = errno;
    g_autofree char *shown = text_escape(entry->path);

    return gourd_error_set_errno(error, saved, "cannot write '%s'", shown);
}

/* Items of one folder follow each other. */
static gboolean enter_parent(Pour *pour, const MachineEntry *entry, GError **error)
{
    g_autofree char *path = g_path_get_dirname(entry->path);

    if (g_strcmp0(path, pour->parent_path) == 0)
        return TRUE;
    fd_close(&pour->parent);
    g_clear_pointer(&pour->parent_path, g_free);
    /* Beneath the tree, whatever links are among the items. */
    pour->parent = root_open(pour->folder, path, O_PATH | O_DIRECTORY, 0);
    if (pour->parent < 0)
        return fail(error, entry);
    pour->parent_path = g_steal_pointer(&path);
    return TRUE;
}

typedef struct {
    int fd;
    const char *path;
    guint64 offset;
} Sink;

static gboolean write_piece(const guint8 *bytes, gsize size, gpointer data, GError **error)
{
    Sink *sink = data;

    if (bytes && !fd_pwrite(sink->fd, sink->path, bytes, size, sink->offset, error))
        return FALSE;
    sink->offset += size; /* what is not written is a hole */
    return TRUE;
}

static gboolean write_content(const Pour *pour, const OriginItem *item, const MachineEntry *entry, const char *name,
                              GError **error)
{
    autofd fd = openat(pour->parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    Sink sink = {.fd = fd, .path = entry->path};

    if (fd < 0)
        return fail(error, entry);
    if (!origin_item_read(item, write_piece, &sink, error))
        return FALSE;
    if (ftruncate(fd, (off_t)sink.offset) < 0)
        return fail(error, entry);
    return skeleton_set_attributes(entry, pour->parent, name, error);
}

/* After the owner, which takes capabilities away, and the mode, which is a part of ACLs. */
static gboolean write_xattrs(const Pour *pour, const OriginItem *item, const MachineEntry *entry, const char *name,
                             GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s", pour->parent, name);
    g_autoptr(Xattrs) xattrs = NULL;

    if (!origin_item_xattrs(item, NULL, &xattrs, error))
        return FALSE;
    for (gsize i = 0; i < xattrs_count(xattrs); i++) {
        const Xattr *xattr = xattrs_get(xattrs, i);

        if (lsetxattr(path, xattr->name, xattr->value, xattr->size, 0) == 0)
            continue;
        if (errno != EOPNOTSUPP && errno != EPERM) /* EPERM: user.* of a link or a fifo */
            return fail(error, entry);
        notes_add(pour->skeleton->notes, "machine-xattr-unsupported",
                  "the file system of machines cannot hold an extended attribute of this", entry->path);
    }
    return TRUE;
}

static gboolean pour_item(const OriginItem *item, gpointer data, GError **error)
{
    Pour *pour = data;
    const MachineEntry *entry = item->path ? machine_skeleton_find(pour->skeleton, item->path) : NULL;
    const gboolean has_content = entry && S_ISREG(entry->mode) && !entry->content;

    /* Of several with one name the last counts. */
    if (!entry || entry->item != item->number || (has_content && item->type != ENTRY_FILE))
        return TRUE;
    g_autofree char *name = g_path_get_basename(entry->path);
    if (!enter_parent(pour, entry, error) || (has_content && !write_content(pour, item, entry, name, error)))
        return FALSE;
    pour->missing -= has_content;
    return write_xattrs(pour, item, entry, name, error);
}

gboolean skeleton_pour(const MachineSkeleton *skeleton, int folder, GError **error)
{
    Pour pour = {.skeleton = skeleton, .folder = folder, .parent = -1};

    for (guint i = 0; i < skeleton->entries->len; i++) {
        const MachineEntry *entry = g_ptr_array_index(skeleton->entries, i);

        pour.missing += S_ISREG(entry->mode) && !entry->content && !entry->target;
    }
    const gboolean done = origin_walk(skeleton->source, skeleton->source_is_folder, NULL, pour_item, &pour, error);
    fd_close(&pour.parent);
    g_free(pour.parent_path);
    if (done && pour.missing > 0)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "it was changed while it was read");
    return done;
}
