// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scene-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Bullseye's and bookworm's C library has no wrappers for all of these (fsopen(2), mount_setattr(2), open_tree(2), move_mount(2)). */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x04
#endif
#ifndef MOVE_MOUNT_T_EMPTY_PATH
#define MOVE_MOUNT_T_EMPTY_PATH 0x40
#endif

#ifndef FSOPEN_CLOEXEC
#define FSOPEN_CLOEXEC 1
#define FSCONFIG_SET_FLAG 0
#define FSCONFIG_SET_STRING 1
#define FSCONFIG_CMD_CREATE 6
#define FSMOUNT_CLOEXEC 1
#define MOUNT_ATTR_RDONLY 1
#define MOUNT_ATTR_NOSUID 2
#define MOUNT_ATTR_NODEV 4
#endif

/* struct mount_attr of Linux; its name would clash where the C library has it. */
typedef struct {
    guint64 set, clear, propagation, userns_fd;
} MountAttributes;

#define ATTRIBUTE_READ_ONLY 0x1

static int open_there(int root, const char *path)
{
    return root_open(root, path, O_PATH, 0);
}

/* Makes the last step of a path whose folder is there. */
static gboolean make_step(int root, const char *path, gboolean folder)
{
    g_autofree char *parent = g_path_get_dirname(path), *name = g_path_get_basename(path);
    autofd fd = open_there(root, parent);

    if (fd < 0)
        return FALSE;
    if (folder)
        return mkdirat(fd, name, 0755) == 0 || errno == EEXIST;
    autofd file = openat(fd, name, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_EXCL, 0644);
    return file >= 0 || errno == EEXIST;
}

int mount_point_open(int root, const char *path, gboolean folder, GError **error)
{
    int fd = open_there(root, path);
    gboolean made = TRUE;

    for (const char *slash = path; fd < 0 && made && (slash = strchr(slash + 1, '/'));) {
        g_autofree char *parent = g_strndup(path, (gsize)(slash - path));

        made = make_step(root, parent, TRUE);
    }
    if (fd < 0 && made && make_step(root, path, folder))
        fd = open_there(root, path);
    if (fd < 0) {
        g_autofree char *shown = text_escape(path);

        gourd_error_set_errno(error, errno, "cannot mount on '%s' of the image", shown);
        if (errno == EROFS)
            gourd_error_hint(error, "gourd build … --mountpoint %s", shown);
    }
    return fd;
}

int mount_point_cover(int point, const char *type, unsigned long flags, const char *options)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", point);

    return mount(type, path, type, flags, options) < 0 ? errno : 0;
}

int mount_make(const char *type, const char *source)
{
    unsigned attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID;
    autofd context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

    if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
        syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "source", source, 0) < 0 ||
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
}

int mount_copy(int folder, const char *path, gboolean read_only)
{
    MountAttributes attributes = {.set = ATTRIBUTE_READ_ONLY};
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | (*path ? 0 : AT_EMPTY_PATH);
    autofd tree = (int)syscall(SYS_open_tree, folder, path, flags);

    if (tree < 0 || (read_only && syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                                          sizeof attributes) < 0))
        return -1;
    return fd_steal(&tree);
}

int mount_attach(int tree, int point)
{
    return syscall(SYS_move_mount, tree, "", point, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ? errno
                                                                                                               : 0;
}
