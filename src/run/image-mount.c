// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image-mount.h"

#include "namespaces.h"
#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define FUSE_MAGIC 0x65735546
#define FUSE_NAP_USEC 500
#define FUSE_PATIENCE_USEC (10 * G_USEC_PER_SEC)
#define FUSE_WORDS_MAX 512 /* bytes of what it says when it fails */

/* --- squashfuse ------------------------------------------------------------------------------------------------------------- */

G_NORETURN static void execute_fuse(const char *program, int fd, const char *folder, gboolean all_users, int said)
{
    g_autofree char *image = g_strdup_printf("/proc/self/fd/%d", fd);
    const char *options = all_users ? "allow_other,default_permissions" : "ro";
    const char *const argv[] = {program, "-f", "-o", options, image, folder, NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    /* It may mount, and nothing else; no user but root keeps a capability without this. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && fcntl(fd, F_SETFD, 0) == 0 && dup2(null, STDIN_FILENO) >= 0 &&
        dup2(said, STDOUT_FILENO) >= 0 && dup2(said, STDERR_FILENO) >= 0 && setsid() >= 0 &&
        privileges_keep(G_GUINT64_CONSTANT(1) << CAP_SYS_ADMIN, NULL))
        execv(program, (char *const *)argv);
    _exit(1);
}

/* Waits until the folder is a FUSE file system. */
static gboolean wait_for_fuse(pid_t pid, const char *folder, int said, GError **error)
{
    char words[FUSE_WORDS_MAX + 1] = "";
    gint64 deadline = g_get_monotonic_time() + FUSE_PATIENCE_USEC;
    struct statfs status;
    int ended;

    while (g_get_monotonic_time() < deadline) {
        if (statfs(folder, &status) == 0 && status.f_type == FUSE_MAGIC)
            return TRUE;
        if (waitpid(pid, &ended, WNOHANG) == pid) {
            ssize_t length = TEMP_FAILURE_RETRY(read(said, words, FUSE_WORDS_MAX));
            g_autofree char *shown = bytes_escape(words, length > 0 ? (gsize)length : 0);

            return gourd_error_set(error, GOURD_ERROR_FAILED, "squashfuse cannot mount it: %s", shown);
        }
        g_usleep(FUSE_NAP_USEC);
    }
    return gourd_error_set(error, GOURD_ERROR_FAILED, "squashfuse did not mount it in time");
}

static gboolean mount_by_fuse(int fd, const char *folder, gboolean all_users, int kernel_errno, ImageMount *mount,
                              GError **error)
{
    g_autofree char *program = g_find_program_in_path("squashfuse");
    int said[2];

    if (!program) {
        gourd_error_set(error, GOURD_ERROR_FAILED, "%s, and squashfuse is not installed",
                        kernel_errno ? g_strerror(kernel_errno) : "ordinary users cannot mount by the kernel");
        return gourd_error_hint(error, "apt install squashfuse, or run it as root where loop devices can be made");
    }
    if (access("/dev/fuse", R_OK | W_OK) < 0) {
        gourd_error_set_errno(error, errno, "squashfuse cannot use '/dev/fuse'");
        return gourd_error_hint(error, "in a container: start it with --device /dev/fuse; else: modprobe fuse");
    }
    if (pipe2(said, O_CLOEXEC) < 0)
        return gourd_error_set_errno(error, errno, "cannot make a pipe");
    mount->fuse = fork();
    if (mount->fuse == 0)
        execute_fuse(program, fd, folder, all_users, said[1]);
    close(said[1]);
    gboolean mounted = mount->fuse > 0 && wait_for_fuse(mount->fuse, folder, said[0], error);
    close(said[0]);
    if (!mounted)
        image_mount_end(mount);
    return mounted || namespaces_explain(error);
}

gboolean image_mount(int fd, const char *name, const char *folder, const char *scratch, KernelMount *kernel,
                     gboolean all_users, ImageMount *ret_mount, GError **error)
{
    g_autofree char *shown = text_escape(name);

    *ret_mount = (ImageMount){0};
    if (kernel && kernel_mount_attach(kernel, folder, scratch))
        return TRUE;
    if (mount_by_fuse(fd, folder, all_users, kernel ? errno : 0, ret_mount, error))
        return TRUE;
    return gourd_error_prefix(error, "cannot mount '%s'", shown);
}

void image_mount_end(ImageMount *mount)
{
    if (mount->fuse <= 0)
        return;
    kill(mount->fuse, SIGKILL);
    TEMP_FAILURE_RETRY(waitpid(mount->fuse, NULL, 0));
    mount->fuse = 0;
}
