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
gboolean skeleton_set_attributes(const MachineEntry *entry, int parent, const char *name, GError **error)
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
    if (S_ISFIFO(entry->mode) && mkfifoat(parent, name, 0600) < 0)
        return fail(error, entry);
    if (S_ISREG(entry->mode) && !write_file(entry, parent, name, error))
        return FALSE;
    return skeleton_set_attributes(entry, parent, name, error);
}

/* Another name of a file. */
static gboolean link_entry(const MachineEntry *entry, int folder, GError **error)
{
    g_autofree char *parent_path = g_path_get_dirname(entry->path), *name = g_path_get_basename(entry->path);
    g_autofree char *first_path = g_path_get_dirname(entry->target), *first = g_path_get_basename(entry->target);
    autofd from = root_open(folder, first_path, O_PATH | O_DIRECTORY, 0);
    autofd parent = from < 0 ? -1 : root_open(folder, parent_path, O_PATH | O_DIRECTORY, 0);

    return (parent >= 0 && linkat(from, first, parent, name, 0) == 0) || fail(error, entry);
}

/* When all is in it. */
static gboolean set_folder_time(const MachineEntry *entry, int folder, GError **error)
{
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, entry->mtime};
    autofd fd = root_open(folder, entry->path, O_RDONLY | O_DIRECTORY, 0);

    return (fd >= 0 && futimens(fd, times) == 0) || fail(error, entry);
}

static gboolean is_poured(const MachineEntry *entry)
{
    return S_ISREG(entry->mode) && !entry->content;
}

gboolean machine_skeleton_write(const MachineSkeleton *skeleton, int folder, GError **error)
{
    const GPtrArray *entries = skeleton->entries;

    for (guint i = 0; i < entries->len; i++) {
        const MachineEntry *entry = g_ptr_array_index(entries, i);

        if (!is_poured(entry) && !write_entry(entry, folder, error))
            return FALSE;
    }
    if (skeleton->source && !skeleton_pour(skeleton, folder, error))
        return gourd_error_prefix(error, "'%s'", skeleton->source);
    for (guint i = entries->len; i-- > 0;) {
        const MachineEntry *entry = g_ptr_array_index(entries, i);

        if (S_ISREG(entry->mode) && entry->target && !link_entry(entry, folder, error))
            return FALSE;
    }
    for (guint i = entries->len; i-- > 0;) {
        const MachineEntry *entry = g_ptr_array_index(entries, i);

        if (S_ISDIR(entry->mode) && entry->item && !set_folder_time(entry, folder, error))
            return FALSE;
    }
    /* One for all: a machine is not there before its tree is renamed. */
    autofd whole = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (whole >= 0 && syncfs(whole) == 0) || gourd_error_set_errno(error, errno, "cannot sync the machine's tree");
}
