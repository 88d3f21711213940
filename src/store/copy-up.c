// SPDX-License-Identifier: LGPL-2.1-or-later
#include "copy-up.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define EMPTY_MODE 0755 /* of a folder that the image does not have; tmpfiles.d then says what it shall be */

/* A folder gets its mode and times when all is in it. */
typedef struct {
    char *path; /* below the copy; "" is the copy itself */
    guint32 uid, gid;
    guint16 mode;
    gint64 mtime;
    Xattrs *xattrs;
} Folder;

typedef struct {
    SquashReader *image;
    SquashExpander *expander;
    const CopyOwner *owner;
    Notes *notes;
    gsize prefix; /* bytes of a node's path before what is below the folder */
    int top;      /* the copy */
    int parent;   /* the folder in which the last node was made, or -1 */
    char *parent_path;
    GHashTable *linked; /* inode → path below the copy of files with several names */
    GPtrArray *folders; /* Folder, in the order of the walk */
} CopyUp;

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;
    g_autofree char *shown = text_escape(path);

    gourd_error_set_errno(error, saved, "cannot %s the copy of '/%s'", what, shown);
    if (saved == EPERM)
        gourd_error_hint(error, "this needs root: run it with sudo");
    return FALSE;
}

static void folder_free(gpointer data)
{
    Folder *folder = data;

    g_free(folder->path);
    xattrs_unref(folder->xattrs);
    g_free(folder);
}

/* --- attributes --------------------------------------------------------------------------------------------------- */

/* Owner first (it takes set-user-ID and capabilities away), then mode, attributes and times. */
static gboolean set_attributes(CopyUp *copy, int fd, const char *path, const Folder *like, GError **error)
{
    const struct timespec times[2] = {{.tv_sec = like->mtime}, {.tv_sec = like->mtime}};

    if (fchown(fd, like->uid, like->gid) < 0)
        return fail(error, "set the owner of", path);
    if (fchmod(fd, like->mode) < 0)
        return fail(error, "set the mode of", path);
    for (gsize i = 0; i < xattrs_count(like->xattrs); i++) {
        const Xattr *xattr = xattrs_get(like->xattrs, i);

        if (fsetxattr(fd, xattr->name, xattr->value, xattr->size, 0) == 0)
            continue;
        if (errno != EOPNOTSUPP)
            return fail(error, "set the attributes of", path);
        notes_add(copy->notes, "xattr-dropped", "the file system of the volume cannot hold an extended attribute",
                  path);
    }
    return futimens(fd, times) == 0 ? TRUE : fail(error, "set the time of", path);
}

static gboolean describe_node(CopyUp *copy, const SquashNode *node, Folder *ret_like, GError **error)
{
    Folder like = {
        .uid = copy->owner->keep ? node->uid : copy->owner->uid,
        .gid = copy->owner->keep ? node->gid : copy->owner->gid,
        .mode = node->mode,
        .mtime = node->mtime,
    };

    if (node->xattrs != SQUASH_NO_XATTRS && !squash_reader_read_xattrs(copy->image, node->xattrs, &like.xattrs, error))
        return FALSE;
    *ret_like = like;
    return TRUE;
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

typedef struct {
    int fd;
    guint64 offset;
} Sink;

static gboolean write_piece(const guint8 *bytes, gsize size, gpointer data, GError **error)
{
    Sink *sink = data;

    if (bytes && !fd_pwrite(sink->fd, "a volume", bytes, size, sink->offset, error))
        return FALSE;
    sink->offset += size; /* what was not written is a hole */
    return TRUE;
}

static gboolean make_file(CopyUp *copy, const SquashNode *node, const Folder *like, GError **error)
{
    autofd fd = openat(copy->parent, node->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    Sink sink = {.fd = fd, .offset = 0};

    if (fd < 0)
        return fail(error, "make", node->path);
    if (!squash_file_read(copy->expander, node, write_piece, &sink, error))
        return gourd_error_prefix(error, "'/%s'", node->path);
    if (ftruncate(fd, (off_t)node->size) < 0)
        return fail(error, "write", node->path);
    return set_attributes(copy, fd, node->path, like, error);
}

static gboolean make_link(CopyUp *copy, const SquashNode *node, const Folder *like, GError **error)
{
    const struct timespec times[2] = {{.tv_sec = like->mtime}, {.tv_sec = like->mtime}};

    if (symlinkat(node->target, copy->parent, node->name) < 0)
        return fail(error, "make", node->path);
    if (fchownat(copy->parent, node->name, like->uid, like->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, "set the owner of", node->path);
    return utimensat(copy->parent, node->name, times, AT_SYMLINK_NOFOLLOW) == 0
               ? TRUE
               : fail(error, "set the time of", node->path);
}

/* Devices, fifos and sockets; they are never opened, which could have effects. */
static gboolean make_special(CopyUp *copy, const SquashNode *node, const Folder *like, GError **error)
{
    static const mode_t kinds[] = {
        [ENTRY_CHAR_DEVICE] = S_IFCHR,
        [ENTRY_BLOCK_DEVICE] = S_IFBLK,
        [ENTRY_FIFO] = S_IFIFO,
        [ENTRY_SOCKET] = S_IFSOCK,
    };
    const struct timespec times[2] = {{.tv_sec = like->mtime}, {.tv_sec = like->mtime}};

    if (mknodat(copy->parent, node->name, kinds[node->type] | 0600, makedev(node->device_major, node->device_minor)) <
        0)
        return fail(error, "make", node->path);
    if (fchownat(copy->parent, node->name, like->uid, like->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, "set the owner of", node->path);
    if (fchmodat(copy->parent, node->name, like->mode, 0) < 0)
        return fail(error, "set the mode of", node->path);
    return utimensat(copy->parent, node->name, times, AT_SYMLINK_NOFOLLOW) == 0
               ? TRUE
               : fail(error, "set the time of", node->path);
}

static gboolean make_folder(CopyUp *copy, const SquashNode *node, const char *path, Folder *like, GError **error)
{
    Folder *folder = g_memdup2(like, sizeof *like);

    like->xattrs = NULL;
    folder->path = g_strdup(path);
    g_ptr_array_add(copy->folders, folder);
    if (!*path || mkdirat(copy->parent, node->name, 0700) == 0)
        return TRUE;
    return fail(error, "make", node->path);
}

/* Opens the folder that a path below the copy is in, unless it is the one of the node before. */
static gboolean enter_parent(CopyUp *copy, const char *path, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path); /* "." for the top */

    if (copy->parent >= 0 && strcmp(copy->parent_path, parent) == 0)
        return TRUE;
    fd_close(&copy->parent);
    copy->parent = root_open(copy->top, parent, O_RDONLY | O_DIRECTORY, 0);
    if (copy->parent < 0)
        return fail(error, "open", parent);
    g_free(copy->parent_path);
    copy->parent_path = g_steal_pointer(&parent);
    return TRUE;
}

static gboolean make_node(CopyUp *copy, const SquashNode *node, const char *path, Folder *like, GError **error)
{
    if (node->type != ENTRY_DIRECTORY && node->n_links > 1) {
        const char *first = g_hash_table_lookup(copy->linked, GUINT_TO_POINTER(node->inode));

        if (first)
            return linkat(copy->top, first, copy->parent, node->name, 0) == 0 ? TRUE : fail(error, "link", node->path);
        g_hash_table_insert(copy->linked, GUINT_TO_POINTER(node->inode), g_strdup(path));
    }
    switch (node->type) {
    case ENTRY_FILE:
        return make_file(copy, node, like, error);
    case ENTRY_DIRECTORY:
        return make_folder(copy, node, path, like, error);
    case ENTRY_SYMLINK:
        return make_link(copy, node, like, error);
    default:
        return make_special(copy, node, like, error);
    }
}

static gboolean visit(const SquashNode *node, gpointer data, GError **error)
{
    CopyUp *copy = data;
    const char *path = node->path + MIN(copy->prefix, strlen(node->path));
    Folder like;

    if (!*path && node->type != ENTRY_DIRECTORY) {
        g_autofree char *shown = text_escape(node->path);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "'/%s' is no folder of the image", shown);
    }
    if ((*path && !enter_parent(copy, path, error)) || !describe_node(copy, node, &like, error))
        return FALSE;
    gboolean made = make_node(copy, node, path, &like, error);
    xattrs_unref(like.xattrs);
    return made;
}

static gboolean finish_folders(CopyUp *copy, GError **error)
{
    for (guint i = copy->folders->len; i > 0; i--) {
        const Folder *folder = g_ptr_array_index(copy->folders, i - 1);
        autofd fd = root_open(copy->top, *folder->path ? folder->path : ".", O_RDONLY | O_DIRECTORY, 0);

        if (fd < 0)
            return fail(error, "open", folder->path);
        if (!set_attributes(copy, fd, folder->path, folder, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean copy_content(CopyUp *copy, const char *image_path, GError **error)
{
    g_autofree char *plain = g_canonicalize_filename(image_path, "/");
    g_autoptr(GError) problem = NULL;
    SquashWalk walk = {.visit = visit, .data = copy, .depth = G_MAXUINT};

    copy->prefix = strcmp(plain, "/") == 0 ? 0 : strlen(plain); /* without the slash in front, with the one behind */
    if (squash_reader_walk(copy->image, plain, &walk, &problem))
        return finish_folders(copy, error);
    if (copy->folders->len == 0 && g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND))
        return fchmod(copy->top, EMPTY_MODE) == 0 ? TRUE : fail(error, "set the mode of", image_path);
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

gboolean copy_up(Bundle *bundle, const char *image_path, int folder, const char *name, const CopyOwner *owner,
                 Notes *notes, GError **error)
{
    g_autoptr(SquashExpander) expander = squash_expander_new(bundle_image(bundle), error);
    CopyUp copy = {.image = bundle_image(bundle), .expander = expander, .owner = owner, .notes = notes, .parent = -1};

    if (!expander)
        return FALSE;
    if (mkdirat(folder, name, 0700) < 0)
        return fail(error, "make", name);
    autofd top = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0)
        return fail(error, "open", name);
    copy.top = top;
    if (!owner->keep && fchown(top, owner->uid, owner->gid) < 0)
        return fail(error, "set the owner of", name);
    copy.linked = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    copy.folders = g_ptr_array_new_with_free_func(folder_free);
    gboolean done = image_path ? copy_content(&copy, image_path, error)
                               : fchmod(top, EMPTY_MODE) == 0 || fail(error, "set the mode of", name);
    fd_close(&copy.parent);
    g_free(copy.parent_path);
    g_hash_table_unref(copy.linked);
    g_ptr_array_unref(copy.folders);
    if (done && syncfs(top) < 0)
        return fail(error, "write", name);
    return done;
}
