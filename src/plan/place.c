// SPDX-License-Identifier: LGPL-2.1-or-later
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NONBLOCK)

void place_clear(Place *place)
{
    fd_close(&place->folder);
    g_clear_pointer(&place->name, g_free);
}

static void set_names(Place *place, const char *path, char **ret_folder)
{
    place->path = path;
    place->name = g_path_get_basename(path);
    *ret_folder = g_path_get_dirname(path);
}

gboolean place_find(int root, const char *path, Place *place, GError **error)
{
    g_autofree char *folder = NULL;

    set_names(place, path, &folder);
    place->folder = root_open(root, folder, FOLDER_FLAGS, 0);
    if (place->folder < 0 && errno != ENOENT && errno != ENOTDIR)
        return fail_path(error, errno, "open the folder", folder);
    return TRUE;
}

gboolean place_make(int root, const char *path, Place *place, GError **error)
{
    g_autofree char *folder = NULL;

    set_names(place, path, &folder);
    place->folder = root_open(root, folder, FOLDER_FLAGS, 0);
    if (place->folder >= 0)
        return TRUE;
    if (errno != ENOENT)
        return fail_path(error, errno, "open the folder", folder);
    if (!folder_make(root, folder, PARENT_MODE, error))
        return FALSE;
    place->folder = root_open(root, folder, FOLDER_FLAGS, 0);
    return place->folder >= 0 || fail_path(error, errno, "open the folder", folder);
}

gboolean place_look(const Place *place, const char *name, struct stat *ret_status, gboolean *ret_found, GError **error)
{
    if (place->folder < 0) {
        *ret_found = FALSE;
        return TRUE;
    }
    *ret_found = fstatat(place->folder, name, ret_status, AT_SYMLINK_NOFOLLOW) == 0;
    return *ret_found || errno == ENOENT || fail_path(error, errno, "look at", place->path);
}

/* Some file systems have nothing to sync of a folder, and say EINVAL. */
static gboolean sync_folder(int folder)
{
    return fsync(folder) == 0 || errno == EINVAL;
}

gboolean place_sync(const Place *place, GError **error)
{
    return sync_folder(place->folder) || fail_path(error, errno, "sync the folder of", place->path);
}

static gboolean make_one_folder(int parent, const char *name, const char *path, mode_t mode, GError **error)
{
    /* EEXIST: somebody else was quicker, or it is a link that leads nowhere, which the caller will find. */
    if (mkdirat(parent, name, 0700) < 0)
        return errno == EEXIST || fail_path(error, errno, "make the folder", path);
    autofd folder = openat(parent, name, FOLDER_FLAGS | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 || fchmod(folder, mode) < 0 || !sync_folder(folder) || !sync_folder(parent))
        return fail_path(error, errno, "make the folder", path);
    return TRUE;
}

gboolean folder_make(int root, const char *path, mode_t mode, GError **error)
{
    autofd parent = root_open(root, "/", FOLDER_FLAGS, 0);

    if (parent < 0)
        return fail_path(error, errno, "open the folder", "/");
    for (const char *at = path; *at;) {
        const char *end = strchrnul(at + 1, '/');
        g_autofree char *above = g_strndup(path, (gsize)(end - path));
        g_autofree char *name = g_strndup(at + 1, (gsize)(end - at - 1));
        int folder = root_open(root, above, FOLDER_FLAGS, 0);

        if (folder < 0 && errno == ENOENT) {
            if (!make_one_folder(parent, name, above, *end ? PARENT_MODE : mode, error))
                return FALSE;
            folder = root_open(root, above, FOLDER_FLAGS, 0);
        }
        if (folder < 0)
            return fail_path(error, errno, "open the folder", above);
        fd_close(&parent);
        parent = folder;
        at = end;
    }
    return TRUE;
}

static const char *type_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "a file";
    case S_IFDIR:
        return "a folder";
    case S_IFLNK:
        return "a symbolic link";
    default:
        return "a special file";
    }
}

static gboolean is_content(const Place *place, const Change *change, gboolean *ret_same, GError **error)
{
    gsize size, got;
    const void *wanted = g_bytes_get_data(change->content, &size);
    g_autofree void *bytes = g_malloc(size + 1);
    autofd fd = openat(place->folder, place->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return fail_path(error, errno, "read", place->path);
    if (!fd_pread(fd, place->path, bytes, size + 1, 0, &got, error))
        return FALSE;
    *ret_same = got == size && (size == 0 || memcmp(bytes, wanted, size) == 0);
    return TRUE;
}

static gboolean compare_file(const Place *place, const Change *change, const struct stat *status, gboolean *ret_same,
                             GError **error)
{
    gboolean is_owned = geteuid() != 0 || (status->st_uid == 0 && status->st_gid == 0);

    *ret_same = FALSE;
    if (!is_owned || (status->st_mode & 07777) != change->mode ||
        (gsize)status->st_size != g_bytes_get_size(change->content))
        return TRUE;
    return is_content(place, change, ret_same, error);
}

static gboolean compare_link(const Place *place, const Change *change, gboolean *ret_same, GError **error)
{
    g_autofree char *target = g_malloc0(strlen(change->target) + 2);
    ssize_t length = readlinkat(place->folder, place->name, target, strlen(change->target) + 1);

    if (length < 0)
        return fail_path(error, errno, "read the link", place->path);
    *ret_same = g_str_equal(target, change->target);
    return TRUE;
}

static gboolean refuse(const Place *place, const struct stat *status, const char *wanted, GError **error)
{
    g_autofree char *shown = text_escape(place->path);

    return gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' is %s, not %s", shown, type_name(status->st_mode), wanted);
}

gboolean target_look(const Place *place, const Change *change, Target *ret_target, GError **error)
{
    struct stat status;
    gboolean found, same = FALSE;

    if (!place_look(place, place->name, &status, &found, error))
        return FALSE;
    switch (change->kind) {
    case CHANGE_WRITE:
        if (found && !S_ISREG(status.st_mode))
            return refuse(place, &status, "a file that could be replaced", error);
        if (found && !compare_file(place, change, &status, &same, error))
            return FALSE;
        break;
    case CHANGE_LINK:
        if (found && !S_ISLNK(status.st_mode))
            return refuse(place, &status, "a symbolic link", error);
        if (found && !compare_link(place, change, &same, error))
            return FALSE;
        break;
    case CHANGE_COPY:
        if (found) {
            g_autofree char *shown = text_escape(place->path);

            return gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' exists already", shown);
        }
        break;
    case CHANGE_FOLDER:
        /* A link to a folder is one: admins move things to other disks. */
        if (found && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode))
            return refuse(place, &status, "a folder", error);
        same = found;
        break;
    case CHANGE_REMOVE:
        if (found && S_ISDIR(status.st_mode))
            return refuse(place, &status, "a file or a link", error);
        same = !found;
        break;
    case CHANGE_PURGE:
        same = !found;
        break;
    case CHANGE_ACT:
    default:
        g_assert_not_reached();
    }
    *ret_target = same ? TARGET_SAME : found ? TARGET_CHANGED : TARGET_NEW;
    return TRUE;
}
