// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Asks by doing, for neither a kernel's version nor the name of a file system says it: an overlay cannot, nor can what older kernels have on NFS. */

#define ID_MAP "0 524288 65536\n" /* as systemd-nspawn takes one: any that is not the identity */

/* In the child: lives in a user namespace until the pipe is closed. */
static void live_in_namespace(int told, int wait)
{
    char byte = (char)(unshare(CLONE_NEWUSER) == 0);

    if (write(told, &byte, 1) == 1)
        (void)!read(wait, &byte, 1);
    _exit(EXIT_SUCCESS);
}

static gboolean write_map(pid_t pid, const char *file)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);
    autofd fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd >= 0 && write(fd, ID_MAP, sizeof ID_MAP - 1) == sizeof ID_MAP - 1;
}

/* A descriptor of a user namespace with such a map, or -1. */
static int open_namespace(pid_t pid, int told)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/ns/user", (int)pid);
    char made = 0;

    if (read(told, &made, 1) != 1 || !made || !write_map(pid, "uid_map") || !write_map(pid, "gid_map"))
        return -1;
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int make_namespace(void)
{
    int told[2], wait[2];

    if (pipe2(told, O_CLOEXEC) < 0)
        return -1;
    autofd told_read = told[0], told_write = told[1];
    if (pipe2(wait, O_CLOEXEC) < 0)
        return -1;
    autofd wait_read = wait[0], wait_write = wait[1];
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        fd_close(&wait_write);
        live_in_namespace(told_write, wait_read);
    }
    fd_close(&told_write);
    int namespace = open_namespace(pid, told_read);
    fd_close(&wait_write);
    (void)waitpid(pid, NULL, 0);
    return namespace;
}

gboolean mapping_is_possible(const char *path)
{
    autofd namespace = make_namespace();
    autofd tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (guint64)(guint) namespace};

    return namespace >= 0 && tree >= 0 &&
           syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0;
}
