// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_SIZE_MAX (16 * 1024 * 1024) /* bytes read of what a tool printed */
#define WAIT_USEC 2000                     /* between two looks whether it has ended */

/* What a tool reads and prints goes to files in memory: so nothing has to be read while it runs, it can never block, and secrets are on
 * no disk. */
static gboolean open_memory(const char *content, int *ret_fd, GError **error)
{
    autofd fd = memfd_create("gourd", MFD_CLOEXEC);

    if (fd < 0)
        return gourd_error_set_errno(error, errno, "cannot make a file in memory");
    if (content && !fd_pwrite(fd, "input of a tool", content, strlen(content), 0, error))
        return FALSE;
    *ret_fd = fd_steal(&fd);
    return TRUE;
}

static gboolean read_back(int fd, char **ret_text, GError **error)
{
    struct stat status;
    gsize got;

    if (fstat(fd, &status) < 0)
        return gourd_error_set_errno(error, errno, "cannot read the output of a tool");
    gsize size = (gsize)MIN(status.st_size, OUTPUT_SIZE_MAX);
    g_autofree char *text = g_malloc0(size + 1);
    if (!fd_pread(fd, "output of a tool", text, size, 0, &got, error))
        return FALSE;
    *ret_text = g_steal_pointer(&text);
    return TRUE;
}

static gboolean spawn(const char *const *argv, int in, int out, int err, GPid *ret_pid, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_auto(GStrv) environment = g_get_environ();
    g_autofree char *program = g_find_program_in_path(argv[0]);

    if (!program)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no program '%s' here", argv[0]);
    environment = g_environ_setenv(environment, "LC_ALL", "C.UTF-8", TRUE);
    environment = g_environ_setenv(environment, "SYSTEMD_PAGER", "", TRUE);
    environment = g_environ_setenv(environment, "SYSTEMD_COLORS", "0", TRUE);
    environment = g_environ_setenv(environment, "SYSTEMD_EMOJI", "0", TRUE);
    if (g_spawn_async_with_fds(NULL, (char **)argv, environment, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                               NULL, ret_pid, in, out, err, &failure))
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_FAILED, "cannot run %s: %s", argv[0], failure->message);
}

static gboolean wait_for(GPid pid, const char *name, guint64 timeout_usec, int *ret_status, GError **error)
{
    const gint64 end = g_get_monotonic_time() + (gint64)timeout_usec;
    pid_t got;

    while ((got = waitpid(pid, ret_status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
        if (g_get_monotonic_time() > end) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
            return gourd_error_set(error, GOURD_ERROR_FAILED, "%s did not end within %u s", name,
                                   (guint)(timeout_usec / G_USEC_PER_SEC));
        }
        g_usleep(WAIT_USEC);
    }
    return got > 0 || gourd_error_set_errno(error, errno, "cannot wait for %s", name);
}

static gboolean fail_tool(const char *name, int status, int err, GError **error)
{
    g_autofree char *text = NULL;
    g_autofree char *ended = WIFSIGNALED(status) ? exit_status_describe(CLD_KILLED, WTERMSIG(status))
                                                 : g_strdup_printf("exit status %d", WEXITSTATUS(status));

    if (!read_back(err, &text, error))
        return FALSE;
    g_strchomp(text);
    const char *last = strrchr(text, '\n');
    last = last ? last + 1 : text;
    g_autofree char *shown = line_escape(last, strlen(last));
    return gourd_error_set(error, GOURD_ERROR_FAILED, "%s failed (%s)%s%s", name, ended, *shown ? ": " : "", shown);
}

gboolean tool_run_with_input(const char *const *argv, const char *input, guint64 timeout_usec, char **ret_output,
                             GError **error)
{
    autofd in = -1, out = -1, err = -1;
    GPid pid;
    int status;

    if (!open_memory(input, &in, error) || !open_memory(NULL, &out, error) || !open_memory(NULL, &err, error) ||
        !spawn(argv, in, out, err, &pid, error) || !wait_for(pid, argv[0], timeout_usec, &status, error))
        return FALSE;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail_tool(argv[0], status, err, error);
    return !ret_output || read_back(out, ret_output, error);
}

gboolean tool_run(const char *const *argv, guint64 timeout_usec, char **ret_output, GError **error)
{
    return tool_run_with_input(argv, NULL, timeout_usec, ret_output, error);
}
