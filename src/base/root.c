// SPDX-License-Identifier: LGPL-2.1-or-later
#include "root.h"

#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RACES_MAX 32 /* openat2 gives EAGAIN when something was renamed meanwhile and ".." cannot be trusted */

static gboolean is_own_root(int root)
{
    struct stat own, other;

    return stat("/", &own) == 0 && fstat(root, &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* One component after the other, none of them a link. */
static int open_by_components(int root, const char *path, int flags, mode_t mode)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    autofd folder = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *last = ".";
    struct stat status;

    if (folder < 0)
        return -1;
    for (guint i = 0; parts[i]; i++) {
        if (!*parts[i] || strcmp(parts[i], ".") == 0)
            continue;
        if (strcmp(parts[i], "..") == 0) {
            errno = EXDEV;
            return -1;
        }
        if (strcmp(last, ".") != 0) {
            int next = openat(folder, last, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

            if (next < 0) {
                if (errno == ENOTDIR && fstatat(folder, last, &status, AT_SYMLINK_NOFOLLOW) == 0)
                    errno = S_ISLNK(status.st_mode) ? ELOOP : ENOTDIR;
                return -1;
            }
            fd_close(&folder);
            folder = next;
        }
        last = parts[i];
    }
    /* O_PATH with O_NOFOLLOW opens a link itself, which is what the caller meant only if it said so. */
    if (!(flags & O_NOFOLLOW) && fstatat(folder, last, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode)) {
        errno = ELOOP;
        return -1;
    }
    return openat(folder, last, flags | O_NOFOLLOW, mode);
}

int root_open(int root, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (guint64)(guint)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };

    while (*path == '/')
        path++;
    for (guint i = 0; i < RACES_MAX; i++) {
        int fd = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);

        if (fd >= 0 || errno != EAGAIN) {
            if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
                return fd;
            break;
        }
    }
    /* FIXME(Linux < 5.6, and seccomp filters that do not know openat2, as those of Docker < 20.10) */
    if (is_own_root(root))
        return openat(root, *path ? path : ".", flags | O_CLOEXEC, mode);
    return open_by_components(root, path, flags | O_CLOEXEC, mode);
}
