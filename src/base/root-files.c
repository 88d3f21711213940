// SPDX-License-Identifier: LGPL-2.1-or-later
#include "root-files.h"

#include "error.h"
#include "io.h"
#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LINK_LENGTH_MAX 4096 /* what Linux allows: PATH_MAX */
#define DEPTH_MAX 64         /* folders in each other that are measured: a descriptor each */
#define BLOCK_BYTES 512      /* of st_blocks (inode(7)) */

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;
    g_autofree char *shown = text_escape(path);

    gourd_error_set_errno(error, saved, "cannot %s '%s'", what, shown);
    if (saved == EACCES || saved == EPERM)
        gourd_error_hint(error, "this needs root: run it with sudo");
    return FALSE;
}

static gboolean is_missing(int errno_value)
{
    return errno_value == ENOENT || errno_value == ENOTDIR;
}

gboolean root_look(int root, const char *path, struct stat *ret_status, gboolean *ret_found, GError **error)
{
    autofd fd = root_open(root, path, O_PATH | O_NOFOLLOW, 0);

    *ret_found = FALSE;
    if (fd < 0)
        return is_missing(errno) ? TRUE : fail(error, "look at", path);
    if (fstat(fd, ret_status) < 0)
        return fail(error, "look at", path);
    *ret_found = TRUE;
    return TRUE;
}

gboolean root_load(int root, const char *path, gsize size_max, GBytes **ret_content, mode_t *ret_mode, GError **error)
{
    autofd fd = root_open(root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
    g_autofree char *shown = text_escape(path);
    struct stat status;

    *ret_content = NULL;
    if (fd < 0)
        return is_missing(errno) ? TRUE : fail(error, "read", path);
    if (fstat(fd, &status) < 0)
        return fail(error, "read", path);
    if (!S_ISREG(status.st_mode))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is not a regular file", shown);
    if ((guint64)status.st_size > size_max)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "'%s' is over the limit of %" G_GSIZE_FORMAT " bytes", shown,
                               size_max);
    gsize got;
    g_autofree char *bytes = g_malloc((gsize)status.st_size + 1);
    if (!fd_pread(fd, path, bytes, (gsize)status.st_size, 0, &got, error))
        return FALSE;
    *ret_content = g_bytes_new_take(g_steal_pointer(&bytes), got);
    if (ret_mode)
        *ret_mode = status.st_mode & 07777;
    return TRUE;
}

gboolean root_load_link(int root, const char *path, char **ret_target, GError **error)
{
    autofd fd = root_open(root, path, O_PATH | O_NOFOLLOW, 0);
    char target[LINK_LENGTH_MAX + 1];

    *ret_target = NULL;
    if (fd < 0)
        return is_missing(errno) ? TRUE : fail(error, "look at", path);
    ssize_t length = readlinkat(fd, "", target, LINK_LENGTH_MAX);
    if (length < 0) /* readlink(2): ENOENT or EINVAL for what is no link */
        return errno == EINVAL || errno == ENOENT ? TRUE : fail(error, "read the link", path);
    target[length] = '\0';
    *ret_target = g_strdup(target);
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void close_folder(DIR *folder)
{
    closedir(folder);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, close_folder)

/* The names in an open folder, which stays open. */
static gboolean read_names(int folder, const char *shown_path, GPtrArray **ret_names, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    autofd copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (copy < 0)
        return fail(error, "list", shown_path);
    g_autoptr(DIR) stream = fdopendir(copy);
    if (!stream)
        return fail(error, "list", shown_path);
    fd_steal(&copy);
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(stream);

        if (!entry && errno)
            return fail(error, "list", shown_path);
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            g_ptr_array_add(names, g_strdup(entry->d_name));
    }
    g_ptr_array_sort(names, compare_names);
    *ret_names = g_steal_pointer(&names);
    return TRUE;
}

gboolean root_list(int root, const char *path, GPtrArray **ret_names, GError **error)
{
    autofd folder = root_open(root, path, O_RDONLY | O_DIRECTORY, 0);

    if (folder >= 0)
        return read_names(folder, path, ret_names, error);
    if (!is_missing(errno))
        return fail(error, "list", path);
    *ret_names = g_ptr_array_new_with_free_func(g_free);
    return TRUE;
}

/* --- trees -------------------------------------------------------------------------------------------------------- */

typedef struct {
    guint64 bytes;
    GHashTable *seen; /* inodes with several names */
} Measure;

static void measure_below(int parent, const char *name, Measure *measure, guint depth)
{
    g_autoptr(GPtrArray) names = NULL;
    struct stat status;

    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (S_ISDIR(status.st_mode) || status.st_nlink < 2 ||
        g_hash_table_add(measure->seen, GSIZE_TO_POINTER((gsize)status.st_ino)))
        measure->bytes += (guint64)status.st_blocks * BLOCK_BYTES;
    if (!S_ISDIR(status.st_mode) || depth == 0)
        return;
    autofd folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 || !read_names(folder, name, &names, NULL))
        return;
    for (guint i = 0; names && i < names->len; i++)
        measure_below(folder, g_ptr_array_index(names, i), measure, depth - 1);
}

guint64 root_measure(int root, const char *path)
{
    g_autofree char *folder_path = g_path_get_dirname(path), *name = g_path_get_basename(path);
    autofd folder = root_open(root, folder_path, O_RDONLY | O_DIRECTORY, 0);
    Measure measure = {.bytes = 0, .seen = g_hash_table_new(NULL, NULL)};

    if (folder >= 0)
        measure_below(folder, name, &measure, DEPTH_MAX);
    g_hash_table_unref(measure.seen);
    return measure.bytes;
}
