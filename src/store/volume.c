// SPDX-License-Identifier: LGPL-2.1-or-later
#include "volume.h"

#include "bundles.h"
#include "copy-up.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FILL_FOLDER ".gourd-fill"
#define FILL_MODE 0700
#define MARKER_SIZE_MAX 64

char *volume_fill_folder(const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);

    return g_build_filename(parent, FILL_FOLDER, NULL);
}

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;

    return gourd_error_set_errno(error, saved, "cannot %s '%s'", what, path);
}

/* The folder that volumes of a service are in (made by the plan), and the one where they grow (made here). */
static gboolean open_folders(Store *store, const char *path, int *ret_parent, int *ret_fill, GError **error)
{
    g_autofree char *parent_path = g_path_get_dirname(path);
    autofd parent = root_open(store->root, parent_path, O_RDONLY | O_DIRECTORY, 0);

    if (parent < 0)
        return fail(error, "open", parent_path);
    if (mkdirat(parent, FILL_FOLDER, FILL_MODE) < 0 && errno != EEXIST)
        return fail(error, "make a folder in", parent_path);
    autofd fill = openat(parent, FILL_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fill < 0)
        return fail(error, "open a folder in", parent_path);
    *ret_parent = fd_steal(&parent);
    *ret_fill = fd_steal(&fill);
    return TRUE;
}

static char *marker_name(const char *name)
{
    return g_strconcat(name, ".inode", NULL);
}

/* Says which folder will be the volume, before it is. */
static gboolean write_marker(int fill, const char *name, const char *path, GError **error)
{
    g_autofree char *marker = marker_name(name), *text = NULL;
    struct stat status;

    if (fstatat(fill, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, "look at", path);
    autofd fd = openat(fill, marker, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(error, "mark", path);
    text = g_strdup_printf("%" G_GUINT64_FORMAT "\n", (guint64)status.st_ino);
    if (!fd_pwrite(fd, marker, text, strlen(text), 0, error))
        return FALSE;
    return fsync(fd) == 0 && fsync(fill) == 0 ? TRUE : fail(error, "mark", path);
}

static gboolean has_volume(const StoreChange *change, const char *path)
{
    return g_hash_table_contains(change->pending->volumes, path);
}

static gboolean fill_folder(Store *store, const char *path, int fill, const char *name, GError **error)
{
    const struct StorePending *pending = find_pending(store, has_volume, path);

    g_assert(pending);
    const char *image_path = g_hash_table_lookup(pending->volumes, path);
    CopyOwner owner = {.keep = pending->keep_owners, .uid = 0, .gid = 0};
    if (!owner.keep && !find_service_user(store, pending, &owner.uid, &owner.gid, error))
        return FALSE;
    if (!folder_sweep(fill, name, path, error) ||
        !copy_up(pending->source->bundle, image_path && *image_path ? image_path : NULL, fill, name, &owner,
                 pending->notes, error))
        return FALSE;
    /* The next action of that path is about the next service that has the volume. */
    g_hash_table_remove(pending->volumes, path);
    return TRUE;
}

static gboolean is_empty(int parent, const char *name, gboolean *ret_empty, GError **error)
{
    autofd fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (!folder)
        return fail(error, "look into", name);
    fd_steal(&fd);
    *ret_empty = TRUE;
    while (*ret_empty && (entry = readdir(folder)))
        *ret_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(folder);
    return TRUE;
}

/* A volume of a stack may be that of several services, of which the first that has something fills it, as with Docker. What is there
 * and empty gives way to a copy that is not. */
static gboolean make_room(int parent, int fill, const char *name, const char *path, gboolean *ret_done, GError **error)
{
    struct stat status;
    gboolean there_empty = FALSE, copy_empty = FALSE;

    *ret_done = FALSE;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? TRUE : fail(error, "look at", path);
    if (!is_empty(parent, name, &there_empty, error) || !is_empty(fill, name, &copy_empty, error))
        return FALSE;
    *ret_done = !there_empty || copy_empty;
    if (*ret_done)
        return folder_sweep(fill, name, path, error);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 ? TRUE : fail(error, "replace the empty volume", path);
}

gboolean volume_fill(Store *store, const char *path, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    autofd parent = -1, fill = -1;
    gboolean done;

    if (!open_folders(store, path, &parent, &fill, error))
        return FALSE;
    if (!fill_folder(store, path, fill, name, error))
        return gourd_error_prefix(error, "cannot fill the volume '%s'", path);
    if (!make_room(parent, fill, name, path, &done, error))
        return FALSE;
    if (done)
        return TRUE;
    if (!write_marker(fill, name, path, error))
        return FALSE;
    if (renameat2(fill, name, parent, name, RENAME_NOREPLACE) < 0)
        return fail(error, "make the volume", path);
    return fsync(parent) == 0 ? TRUE : fail(error, "make the volume", path);
}

/* --- undoing ------------------------------------------------------------------------------------------------------ */

/* Whether the folder that is there now is the one that was filled. */
static gboolean is_ours(int parent, int fill, const char *name, gboolean *ret_ours, GError **error)
{
    g_autofree char *marker = marker_name(name);
    autofd fd = openat(fill, marker, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    char text[MARKER_SIZE_MAX] = "";
    struct stat status;
    gsize got;

    *ret_ours = FALSE;
    if (fd < 0)
        return errno == ENOENT ? TRUE : fail(error, "read", marker);
    if (!fd_pread(fd, marker, text, sizeof text - 1, 0, &got, error))
        return FALSE;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? TRUE : fail(error, "look at", name);
    *ret_ours = S_ISDIR(status.st_mode) && g_ascii_strtoull(text, NULL, 10) == status.st_ino;
    return TRUE;
}

gboolean volume_unfill(Store *store, const char *path, GError **error)
{
    g_autofree char *name = g_path_get_basename(path), *parent_path = g_path_get_dirname(path);
    g_autofree char *marker = marker_name(name);
    autofd parent = root_open(store->root, parent_path, O_RDONLY | O_DIRECTORY, 0);
    gboolean ours;

    if (parent < 0)
        return errno == ENOENT ? TRUE : fail(error, "open", parent_path);
    autofd fill = openat(parent, FILL_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fill < 0 && errno != ENOENT)
        return fail(error, "open a folder in", parent_path);
    if (fill >= 0) {
        if (!is_ours(parent, fill, name, &ours, error) || (ours && !folder_sweep(parent, name, path, error)) ||
            !folder_sweep(fill, name, path, error) || !folder_sweep(fill, marker, path, error))
            return gourd_error_prefix(error, "cannot undo the filling of the volume '%s'", path);
        if (unlinkat(parent, FILL_FOLDER, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
            return fail(error, "remove a folder in", parent_path);
    }
    return TRUE;
}
