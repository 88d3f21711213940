// SPDX-License-Identifier: LGPL-2.1-or-later
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_SIZE (1024 * 1024) /* bytes at a time: large enough for disks, small enough for a moving progress bar */

gboolean write_bytes(int fd, const char *path, const void *bytes, gsize size, GError **error)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_path(error, errno, "write", path);
        bytes = (const guint8 *)bytes + n;
        size -= (gsize)n;
    }
    return TRUE;
}

static gboolean open_source(const char *path, int *ret_fd, guint64 *ret_size, GError **error)
{
    autofd fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return fail_path(error, errno, "read", path);
    if (!S_ISREG(status.st_mode)) {
        g_autofree char *shown = text_escape(path);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is not a regular file", shown);
    }
    *ret_size = (guint64)status.st_size;
    *ret_fd = fd_steal(&fd);
    return TRUE;
}

static void report_copied(const PlanActor *actor, guint64 done, guint64 total)
{
    if (actor && actor->copied)
        actor->copied(done, total, actor->data);
}

static gboolean copy_bytes(int from, int to, const Change *change, guint64 size, const PlanActor *actor, Hasher *hasher,
                           GError **error)
{
    g_autofree guint8 *buffer = g_malloc(PART_SIZE);

    for (guint64 done = 0; done < size;) {
        gsize part = (gsize)MIN(size - done, PART_SIZE);

        if (!fd_pread_exactly(from, change->source, buffer, part, done, error) ||
            !write_bytes(to, change->path, buffer, part, error))
            return FALSE;
        if (hasher)
            hasher_update(hasher, buffer, part);
        done += part;
        report_copied(actor, done, size);
    }
    return TRUE;
}

gboolean copy_source(int fd, const Change *change, const PlanActor *actor, GError **error)
{
    autofd from = -1;
    guint64 size = 0;
    g_autoptr(Hasher) hasher = change->has_digest ? hasher_new() : NULL;

    if (!open_source(change->source, &from, &size, error))
        return FALSE;
    if (!hasher && ioctl(fd, FICLONE, from) == 0) {
        report_copied(actor, size, size);
        return TRUE;
    }
    /* A disk that is too small says so now, and not after minutes. */
    if (size > 0 && fallocate(fd, 0, 0, (off_t)size) < 0 && (errno == ENOSPC || errno == EDQUOT))
        return fail_path(error, errno, "write", change->path);
    if (!copy_bytes(from, fd, change, size, actor, hasher, error))
        return FALSE;
    if (hasher) {
        Digest digest;

        hasher_finish(hasher, &digest);
        if (!digest_equal(&digest, &change->digest)) {
            g_autofree char *shown = text_escape(change->source);

            return gourd_error_set(error, GOURD_ERROR_DIFFERS, "'%s' was changed after it was looked at", shown);
        }
    }
    return TRUE;
}
