// SPDX-License-Identifier: LGPL-2.1-or-later
#include "io.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BUFFER_SIZE (256 * 1024) /* one buffer of fd_copy() where the kernel cannot copy by itself */

void fd_close(int *fd)
{
    if (*fd < 0)
        return;
    int saved = errno;

    close(*fd);
    errno = saved;
    *fd = -1;
}

static gboolean fail_io(GError **error, const char *verb, const char *name)
{
    int saved = errno;
    g_autofree char *shown = text_escape(name);

    return gourd_error_set_errno(error, saved, "cannot %s '%s'", verb, shown);
}

gboolean fd_pread(int fd, const char *name, void *bytes, gsize size, guint64 offset, gsize *ret_got, GError **error)
{
    gsize got = 0;

    while (got < size) {
        ssize_t n = pread(fd, (guint8 *)bytes + got, size - got, (off_t)(offset + got));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_io(error, "read", name);
        if (n == 0)
            break;
        got += (gsize)n;
    }
    *ret_got = got;
    return TRUE;
}

gboolean fd_pread_exactly(int fd, const char *name, void *bytes, gsize size, guint64 offset, GError **error)
{
    gsize got;

    if (!fd_pread(fd, name, bytes, size, offset, &got, error))
        return FALSE;
    if (got < size) {
        g_autofree char *shown = text_escape(name);

        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "'%s' ends at byte %" G_GUINT64_FORMAT ", where %" G_GSIZE_FORMAT " more are needed",
                               shown, offset + got, size - got);
    }
    return TRUE;
}

gboolean fd_pwrite(int fd, const char *name, const void *bytes, gsize size, guint64 offset, GError **error)
{
    while (size > 0) {
        ssize_t n = pwrite(fd, bytes, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_io(error, "write", name);
        bytes = (const guint8 *)bytes + n;
        size -= (gsize)n;
        offset += (gsize)n;
    }
    return TRUE;
}

static gboolean copy_through_buffer(int from, guint64 from_offset, int to, guint64 to_offset, guint64 size,
                                    const char *name, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(COPY_BUFFER_SIZE);

    while (size > 0) {
        gsize part = MIN(size, COPY_BUFFER_SIZE);

        if (!fd_pread_exactly(from, name, buffer, part, from_offset, error) ||
            !fd_pwrite(to, name, buffer, part, to_offset, error))
            return FALSE;
        from_offset += part;
        to_offset += part;
        size -= part;
    }
    return TRUE;
}

gboolean fd_copy(int from, guint64 from_offset, int to, guint64 to_offset, guint64 size, const char *name,
                 GError **error)
{
    while (size > 0) {
        off_t in = (off_t)from_offset, out = (off_t)to_offset;
        ssize_t n = copy_file_range(from, &in, to, &out, size, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 ||
            (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM)))
            return copy_through_buffer(from, from_offset, to, to_offset, size, name, error);
        if (n < 0)
            return fail_io(error, "write", name);
        from_offset += (guint64)n;
        to_offset += (guint64)n;
        size -= (guint64)n;
    }
    return TRUE;
}

gboolean scratch_open(const char *folder, int *ret_fd, GError **error)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOSYS)) {
        g_autofree char *name = g_build_filename(folder, ".gourd-scratch-XXXXXX", NULL);

        fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0)
            unlink(name);
    }
    if (fd < 0)
        return fail_io(error, "make a temporary file in", folder);
    *ret_fd = fd;
    return TRUE;
}

char *scratch_describe(const char *folder)
{
    g_autofree char *path = g_canonicalize_filename(folder, NULL);

    return g_strdup_printf("a temporary file in %s", path);
}

struct OutputFile {
    int fd;
    gboolean replace;
    char *path;
    char *folder;
    char *temporary; /* a name that fd has already, to be removed or renamed; NULL for a nameless file */
};

/* Such a file gets its name through /proc (linkat(2)), which a bare chroot lacks. */
static int open_nameless(const char *folder)
{
    if (access("/proc/self/fd", X_OK) == 0)
        return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    errno = EOPNOTSUPP;
    return -1;
}

OutputFile *output_file_new(const char *path, gboolean replace, GError **error)
{
    struct stat status;

    if (lstat(path, &status) == 0 && (!replace || !S_ISREG(status.st_mode))) {
        g_autofree char *shown = text_escape(path);

        if (S_ISREG(status.st_mode)) {
            gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' exists already", shown);
            gourd_error_hint(error, "give another name, or replace it with --force");
        } else {
            gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' exists already and is not a regular file", shown);
        }
        return NULL;
    }
    g_autoptr(OutputFile) output = g_new0(OutputFile, 1);
    output->replace = replace;
    output->path = g_strdup(path);
    output->folder = g_path_get_dirname(path);
    output->fd = open_nameless(output->folder);
    if (output->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        g_autofree char *base = g_path_get_basename(path);
        g_autofree char *hidden = g_strdup_printf(".%s.gourd-XXXXXX", base);

        output->temporary = g_build_filename(output->folder, hidden, NULL);
        output->fd = g_mkstemp_full(output->temporary, O_RDWR | O_CLOEXEC, 0600);
        if (output->fd < 0)
            g_clear_pointer(&output->temporary, g_free);
    }
    if (output->fd < 0) {
        fail_io(error, "create", path);
        return NULL;
    }
    return g_steal_pointer(&output);
}

int output_file_fd(const OutputFile *output)
{
    return output->fd;
}

/* linkat(2) cannot replace, so a nameless file that shall replace gets a temporary name first. */
static gboolean give_temporary_name(OutputFile *output, const char *proc_path)
{
    g_autofree char *base = g_path_get_basename(output->path);

    for (guint attempt = 0; attempt < 100; attempt++) {
        g_autofree char *hidden = g_strdup_printf(".%s.gourd-%08x", base, g_random_int());
        g_autofree char *path = g_build_filename(output->folder, hidden, NULL);

        if (linkat(AT_FDCWD, proc_path, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0) {
            output->temporary = g_steal_pointer(&path);
            return TRUE;
        }
        if (errno != EEXIST)
            return FALSE;
    }
    return FALSE;
}

static gboolean give_final_name(OutputFile *output)
{
    g_autofree char *proc_path = g_strdup_printf("/proc/self/fd/%d", output->fd);

    if (!output->temporary) {
        if (!output->replace)
            return linkat(AT_FDCWD, proc_path, AT_FDCWD, output->path, AT_SYMLINK_FOLLOW) == 0;
        if (!give_temporary_name(output, proc_path))
            return FALSE;
    }
    if (renameat2(AT_FDCWD, output->temporary, AT_FDCWD, output->path, output->replace ? 0 : RENAME_NOREPLACE) < 0)
        return FALSE;
    g_clear_pointer(&output->temporary, g_free);
    return TRUE;
}

gboolean output_file_commit(OutputFile *output, mode_t mode, GError **error)
{
    autofd folder = open(output->folder,
                         O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* first: a file with a name is there to stay */

    if (folder < 0)
        return fail_io(error, "open the folder", output->folder);
    if (fchmod(output->fd, mode) < 0 || fsync(output->fd) < 0 || !give_final_name(output))
        return fail_io(error, "write", output->path);
    if (fsync(folder) < 0)
        return fail_io(error, "sync the folder", output->folder);
    return TRUE;
}

void output_file_free(OutputFile *output)
{
    if (!output)
        return;
    if (output->temporary)
        unlink(output->temporary);
    fd_close(&output->fd);
    g_free(output->temporary);
    g_free(output->path);
    g_free(output->folder);
    g_free(output);
}
