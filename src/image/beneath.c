// SPDX-License-Identifier: LGPL-2.1-or-later
#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW)

/* One component after the other, none of them a link. FIXME(Linux < 5.6, and seccomp filters that do not know openat2,
 * as those of Docker < 20.10): then openat2 fails with ENOSYS or EPERM. */
static int open_by_components(int folder, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    autofd parent = -1;

    for (guint i = 0; parts[i]; i++) {
        gboolean last = !parts[i + 1];

        if (!*parts[i] || strcmp(parts[i], "..") == 0) {
            errno = EXDEV;
            return -1;
        }
        int fd = openat(parent < 0 ? folder : parent, parts[i], last ? OPEN_FLAGS : OPEN_FLAGS | O_DIRECTORY);
        if (fd < 0) {
            /* A link before the last component: O_DIRECTORY with O_NOFOLLOW says ENOTDIR. */
            struct stat status;

            if (errno == ENOTDIR && fstatat(parent < 0 ? folder : parent, parts[i], &status, AT_SYMLINK_NOFOLLOW) == 0)
                errno = S_ISLNK(status.st_mode) ? ELOOP : ENOTDIR;
            return -1;
        }
        fd_close(&parent);
        parent = fd;
    }
    return fd_steal(&parent);
}

static int open_beneath(int folder, const char *path)
{
    struct open_how how = {
        .flags = OPEN_FLAGS,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);

    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
    return open_by_components(folder, path);
}

gboolean beneath_open_file(int folder, const char *path, int *ret_fd, guint64 *ret_size, GError **error)
{
    g_autofree char *shown = text_escape(path);
    autofd fd = open_beneath(folder, path);
    struct stat status;

    if (fd < 0 && (errno == ELOOP || errno == EXDEV)) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' %s", shown,
                        errno == ELOOP ? "is a symbolic link, or below one" : "leads out of the folder");
        return gourd_error_hint(error, "links are not followed inside of an image layout; put a copy or a hard link of "
                                       "the file there");
    }
    if (fd < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", shown);
    if (fstat(fd, &status) < 0)
        return gourd_error_set_errno(error, errno, "cannot read '%s'", shown);
    if (!S_ISREG(status.st_mode))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is not a regular file", shown);
    *ret_size = (guint64)status.st_size;
    *ret_fd = fd_steal(&fd);
    return TRUE;
}

gboolean beneath_has_file(int folder, const char *name)
{
    struct stat status;

    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}
