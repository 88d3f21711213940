// SPDX-License-Identifier: LGPL-2.1-or-later
#include "piped.h"

#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER_SIZE (256 * 1024)
#define SAID_SIZE_MAX (8 * 1024) /* bytes that are kept: what is said last tells why */
#define GRACE_MSEC 5000          /* between asking it to end and killing it */
#define STATUS_NOT_RUN 125       /* as gourd exec has it */
#define STATUS_OF_SIGNAL 128

typedef struct {
    const PipedRun *asked;
    pid_t pid;
    int handle;   /* of pid: pidfd_open(2) */
    int out, err; /* pipes, or -1 */
    GString *said;
    guint8 *buffer;
    gint64 deadline; /* monotonic, microseconds; 0: none */
} Run;

static gboolean fail(GError **error)
{
    return gourd_error_set_errno(error, errno, "cannot run a command");
}

/* --- its process -------------------------------------------------------------------------------------------------- */

G_NORETURN static void run_child(pid_t parent, pid_t pid, const char *who, const PipedRun *asked, int out, int err)
{
    const JoinOptions options = {.command = asked->argv, .whole_group = TRUE};
    g_autoptr(GError) error = NULL;
    int status = STATUS_NOT_RUN, in = asked->in >= 0 ? asked->in : open("/dev/null", O_RDONLY | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent || dup2(in, STDIN_FILENO) < 0 || dup2(out >= 0 ? out : err, STDOUT_FILENO) < 0 ||
        dup2(err, STDERR_FILENO) < 0)
        _exit(STATUS_NOT_RUN);
    /* Not the caller's locks, for one: when it executes another program, as for an interruption, that may want them, and this is still its child. */
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
    if (!join_run(pid, who, &options, &status, &error) &&
        write(STDERR_FILENO, error->message, strlen(error->message)) < 0)
        _exit(STATUS_NOT_RUN);
    _exit(status);
}

/* Signals stay blocked in the child until they are the program's: handlers of this process are not for it. */
static gboolean start(Run *run, pid_t pid, const char *who, GError **error)
{
    int out[2] = {-1, -1}, err[2];
    sigset_t all, before;
    pid_t parent = getpid();

    if (run->asked->take && pipe2(out, O_CLOEXEC) < 0)
        return fail(error);
    run->out = out[0];
    autofd out_write = out[1];
    if (pipe2(err, O_CLOEXEC) < 0)
        return fail(error);
    run->err = err[0];
    autofd err_write = err[1];
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    run->pid = fork();
    if (run->pid == 0)
        run_child(parent, pid, who, run->asked, out_write, err_write);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (run->pid < 0)
        return fail(error);
    run->handle = (int)syscall(SYS_pidfd_open, run->pid, 0);
    return run->handle >= 0 ? TRUE : fail(error);
}

/* --- its output --------------------------------------------------------------------------------------------------- */

static gboolean keep_said(Run *run, const guint8 *bytes, gsize size)
{
    g_string_append_len(run->said, (const char *)bytes, (gssize)size);
    if (run->said->len > SAID_SIZE_MAX)
        g_string_erase(run->said, 0, (gssize)(run->said->len - SAID_SIZE_MAX));
    return TRUE;
}

/* What is there to be read, of `most` bytes; the pipe is closed at its end. */
static gboolean read_pipe(Run *run, int *fd, gsize most, gsize *ret_got, GError **error)
{
    gssize got = read(*fd, run->buffer, MIN(most, BUFFER_SIZE));

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return TRUE;
    if (got < 0)
        return fail(error);
    *ret_got = (gsize)got;
    if (got == 0)
        fd_close(fd);
    else if (fd == &run->out)
        return run->asked->take(run->buffer, (gsize)got, run->asked->data, error);
    else
        return keep_said(run, run->buffer, (gsize)got);
    return TRUE;
}

/* What the program wrote before it ended, and is in the pipe: there may be more processes that have it, and go on writing. They do not count. */
static gboolean drain(Run *run, int *fd, GError **error)
{
    int left = 0;

    if (*fd < 0 || ioctl(*fd, FIONREAD, &left) < 0)
        return TRUE;
    while (*fd >= 0 && left > 0) {
        gsize got = 0;

        if (!read_pipe(run, fd, (gsize)left, &got, error))
            return FALSE;
        left -= (int)got;
    }
    return TRUE;
}

static int msec_left(const Run *run)
{
    gint64 left = run->deadline - g_get_monotonic_time();

    return run->deadline == 0 ? -1 : (int)CLAMP(left / 1000 + 1, 0, G_MAXINT);
}

static gboolean carry(Run *run, GError **error)
{
    for (;;) {
        struct pollfd polls[] = {
            {.fd = run->handle, .events = POLLIN},
            {.fd = run->out, .events = POLLIN},
            {.fd = run->err, .events = POLLIN},
        };
        int ready = poll(polls, G_N_ELEMENTS(polls), msec_left(run));
        gsize got;

        if (ready < 0 && errno != EINTR)
            return fail(error);
        if (run->deadline != 0 && g_get_monotonic_time() >= run->deadline)
            return gourd_error_set(error, GOURD_ERROR_LIMIT, "it took longer than %" G_GUINT64_FORMAT " seconds",
                                   run->asked->timeout_usec / G_USEC_PER_SEC);
        if (ready < 0)
            continue;
        if (polls[0].revents)
            return drain(run, &run->out, error) && drain(run, &run->err, error);
        if ((polls[1].revents && !read_pipe(run, &run->out, BUFFER_SIZE, &got, error)) ||
            (polls[2].revents && !read_pipe(run, &run->err, BUFFER_SIZE, &got, error)))
            return FALSE;
    }
}

/* --- its end ------------------------------------------------------------------------------------------------------ */

static void end(const Run *run)
{
    struct pollfd poll_fd = {.fd = run->handle, .events = POLLIN};

    kill(run->pid, SIGTERM); /* which is passed on */
    if (run->handle < 0 || TEMP_FAILURE_RETRY(poll(&poll_fd, 1, GRACE_MSEC)) <= 0)
        kill(run->pid, SIGKILL);
}

static gboolean run_to_end(Run *run, pid_t pid, const char *who, int *ret_status, GError **error)
{
    int waited = 0;
    gboolean started = start(run, pid, who, error), carried = started && carry(run, error);

    if (run->pid <= 0)
        return FALSE;
    if (!carried)
        end(run);
    TEMP_FAILURE_RETRY(waitpid(run->pid, &waited, 0));
    *ret_status = WIFSIGNALED(waited) ? STATUS_OF_SIGNAL + WTERMSIG(waited) : WEXITSTATUS(waited);
    return carried;
}

gboolean piped_run(pid_t pid, const char *who, const PipedRun *asked, int *ret_status, char **ret_said, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(BUFFER_SIZE);
    Run run = {
        .asked = asked,
        .handle = -1,
        .out = -1,
        .err = -1,
        .said = g_string_new(NULL),
        .buffer = buffer,
        .deadline = asked->timeout_usec
                        ? g_get_monotonic_time() + (gint64)MIN(asked->timeout_usec, (guint64)G_MAXINT64 / 2)
                        : 0,
    };
    gboolean done = run_to_end(&run, pid, who, ret_status, error);

    fd_close(&run.out);
    fd_close(&run.err);
    fd_close(&run.handle);
    *ret_said = g_string_free(run.said, FALSE);
    return done;
}
