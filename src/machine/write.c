// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skeleton-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static gboolean fail(GError **error, const MachineEntry *entry)
{
    int saved = errno;
    g_autofree char *shown = text_escape(entry->path);

    return gourd_error_set_errno(error, saved, "cannot write '%s'", shown);
}

static gboolean write_file(const MachineEntry *entry, int parent, const char *name, GError **error)
{
    autofd fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    gsize size;
    const void *bytes = g_bytes_get_data(entry->content, &size);

    if (fd < 0)
        return fail(error, entry);
    return fd_pwrite(fd, entry->path, bytes, size, 0, error);
}

/* Owner before mode: a change of owner takes the set-user-ID bits away (chown(2)). */
static gboolean set_attributes(const MachineEntry *entry, int parent, const char *name, GError **error)
{
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, entry->mtime};

    if (fchownat(parent, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, entry);
    if (!S_ISLNK(entry->mode) && fchmodat(parent, name, entry->mode & 07777, 0) < 0)
        return fail(error, entry);
    if (entry->mtime.tv_sec && utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, entry);
    return TRUE;
}

static gboolean write_entry(const MachineEntry *entry, int folder, GError **error)
{
    g_autofree char *parent_path = g_path_get_dirname(entry->path), *name = g_path_get_basename(entry->path);
    /* Beneath the folder, whatever links are among the entries. */
    autofd parent = root_open(folder, parent_path, O_PATH | O_DIRECTORY, 0);

    if (parent < 0)
        return fail(error, entry);
    if (S_ISDIR(entry->mode) && mkdirat(parent, name, 0700) < 0)
        return fail(error, entry);
    if (S_ISLNK(entry->mode) && symlinkat(entry->target, parent, name) < 0)
        return fail(error, entry);
    if (S_ISREG(entry->mode) && !write_file(entry, parent, name, error))
        return FALSE;
    return set_attributes(entry, parent, name, error);
}

gboolean machine_skeleton_write(const MachineSkeleton *skeleton, int folder, GError **error)
{
    for (guint i = 0; i < skeleton->entries->len; i++) {
        if (!write_entry(g_ptr_array_index(skeleton->entries, i), folder, error))
            return FALSE;
    }
    /* One for all: a machine is not there before its tree is renamed. */
    autofd whole = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (whole >= 0 && syncfs(whole) == 0) || gourd_error_set_errno(error, errno, "cannot sync the machine's tree");
}
