// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sweep.h"

#include "error.h"
#include "io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Services write what they like below their volumes, also folders a million deep. So there is no recursion: a folder in a
 * folder is moved up to the top, and has its turn there. */

#define OPEN_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define MOVED_NAME ".gourd-sweep-"

typedef struct {
    int top;
    GPtrArray *names; /* char *: what is in top; grows */
    guint64 moved;
    const char *path;
} Sweep;

/* Opens a folder of the same mounted file system; of another one is EXDEV. */
static int open_here(int folder, const char *name)
{
    struct open_how how = {.flags = OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV};
    struct stat outer, inner;
    int fd = (int)syscall(SYS_openat2, folder, name, &how, sizeof how);

    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
    fd = openat(folder, name, OPEN_FLAGS);
    if (fd >= 0 && (fstat(folder, &outer) < 0 || fstat(fd, &inner) < 0 || outer.st_dev != inner.st_dev)) {
        fd_close(&fd);
        errno = EXDEV;
    }
    return fd;
}

static gboolean fail_sweep(const Sweep *sweep, int errno_value, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(sweep->path, "…", name, NULL);

    g_autofree char *shown = text_escape(name ? path : sweep->path), *shown_top = text_escape(sweep->path);

    if (errno_value != EBUSY && errno_value != EXDEV)
        return gourd_error_set_errno(error, errno_value, "cannot remove '%s'", shown);
    gourd_error_set(error, GOURD_ERROR_FAILED, "'%s' has a mounted file system in it, which was left alone", shown_top);
    return gourd_error_hint(error, "unmount it, then remove the folder by hand");
}

/* All names at once: what readdir(3) gives while entries go is not the same everywhere. */
static gboolean add_names(const Sweep *sweep, int fd, GPtrArray *names, GError **error)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    int failure = errno;

    if (!stream) {
        fd_close(&copy);
        return fail_sweep(sweep, failure, NULL, error);
    }
    errno = 0;
    while ((entry = readdir(stream)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            g_ptr_array_add(names, g_strdup(entry->d_name));
    failure = errno;
    closedir(stream);
    return failure == 0 || fail_sweep(sweep, failure, NULL, error);
}

/* TRUE if it is gone; FALSE with errno 0 if it is a folder. */
static gboolean remove_plain(int folder, const char *name)
{
    struct stat status;

    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
        return TRUE;
    int failure = errno;
    /* POSIX has EPERM for folders, Linux EISDIR; EPERM is also what an immutable file gives. */
    if ((failure == EISDIR || failure == EPERM) && fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(status.st_mode))
        failure = 0;
    errno = failure;
    return FALSE;
}

static gboolean move_up(Sweep *sweep, int folder, const char *name, GError **error)
{
    for (;;) {
        g_autofree char *moved = g_strdup_printf(MOVED_NAME "%" G_GUINT64_FORMAT, sweep->moved++);

        if (renameat(folder, name, sweep->top, moved) == 0) {
            g_ptr_array_add(sweep->names, g_steal_pointer(&moved));
            return TRUE;
        }
        /* A sweep that was cut off has moved some already. */
        if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
            return fail_sweep(sweep, errno, name, error);
    }
}

static gboolean sweep_folder(Sweep *sweep, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    autofd fd = open_here(sweep->top, name);

    if (fd < 0)
        return fail_sweep(sweep, errno, name, error);
    if (!add_names(sweep, fd, names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *inner = g_ptr_array_index(names, i);

        if (remove_plain(fd, inner))
            continue;
        if (errno != 0)
            return fail_sweep(sweep, errno, inner, error);
        if (!move_up(sweep, fd, inner, error))
            return FALSE;
    }
    return unlinkat(sweep->top, name, AT_REMOVEDIR) == 0 || fail_sweep(sweep, errno, name, error);
}

gboolean folder_sweep(int folder, const char *name, const char *path, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    Sweep work = {.names = names, .path = path};

    if (remove_plain(folder, name))
        return TRUE;
    if (errno != 0)
        return fail_sweep(&work, errno, NULL, error);
    autofd top = open_here(folder, name);
    if (top < 0)
        return fail_sweep(&work, errno, NULL, error);
    work.top = top;
    if (!add_names(&work, top, names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *inner = g_strdup(g_ptr_array_index(names, i));

        if (remove_plain(top, inner))
            continue;
        if (errno != 0)
            return fail_sweep(&work, errno, inner, error);
        if (!sweep_folder(&work, inner, error))
            return FALSE;
    }
    return unlinkat(folder, name, AT_REMOVEDIR) == 0 || fail_sweep(&work, errno, NULL, error);
}
