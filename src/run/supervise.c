// SPDX-License-Identifier: LGPL-2.1-or-later
#include "supervise.h"

#include "service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_OF_SIGNAL 128  /* added to the signal's number, as a shell does */
#define REPORT_SIZE_MAX 4096  /* bytes of an error's message */
#define INTERPRETERS_MAX 6    /* one of another: Linux follows five */
#define PARENT_ENDED SIGRTMAX /* to the first process; nobody else sends it */
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

/* An error on its way from a process that cannot go on. */
typedef struct {
    int code;
    char message[REPORT_SIZE_MAX];
} Report;

typedef struct {
    const Supervision *asked;
    int report[2];
} Run;

static int status_of(int waited)
{
    return WIFSIGNALED(waited) ? STATUS_OF_SIGNAL + WTERMSIG(waited) : WEXITSTATUS(waited);
}

/* --- errors ----------------------------------------------------------------------------------------------------------------- */

G_NORETURN static void fail(const Run *run, const GError *error)
{
    Report report = {.code = error->domain == GOURD_ERROR ? error->code : GOURD_ERROR_FAILED};

    g_strlcpy(report.message, error->message, sizeof report.message);
    if (write(run->report[1], &report, offsetof(Report, message) + strlen(report.message) + 1) < 0)
        _exit(2);
    _exit(1);
}

/* TRUE: the program runs, its process has closed its end. */
static gboolean read_report(const Run *run, GError **error)
{
    Report report = {0};
    ssize_t got = TEMP_FAILURE_RETRY(read(run->report[0], &report, sizeof report));

    if (got <= (ssize_t)offsetof(Report, message))
        return TRUE;
    report.message[REPORT_SIZE_MAX - 1] = '\0';
    g_set_error_literal(error, GOURD_ERROR, report.code, report.message);
    return FALSE;
}

static void read_program_file(const char *path, ProgramFile *ret_file)
{
    g_autofree guint8 *start = g_malloc(PROGRAM_FILE_START);
    autofd fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : pread(fd, start, PROGRAM_FILE_START, 0);

    program_file_parse(start, (gsize)MAX(size, 0), ret_file);
}

/* The program is there, but Linux found none: what it is started by is missing, or what that is started by. */
static gboolean fail_interpreter(const char *program, GError **error)
{
    g_autofree char *path = g_strdup(program), *shown = text_escape(program);

    for (guint i = 0; i < INTERPRETERS_MAX; i++) {
        g_auto(ProgramFile) file = {0};

        read_program_file(path, &file);
        if (!file.interpreter)
            break;
        if (access(file.interpreter, F_OK) < 0)
            return program_file_fail_interpreter(&file, "program", path, error);
        g_free(path);
        path = g_steal_pointer(&file.interpreter);
    }
    gourd_error_set(error, GOURD_ERROR_NO_PROGRAM, "program '%s' is there, but not what it is started by", shown);
    return gourd_error_hint(error,
                            "its dynamic loader, or what its first line names, is missing or for another system");
}

static gboolean fail_execute(const char *program, int problem, GError **error)
{
    g_autofree char *shown = text_escape(program);
    gboolean there = strchr(program, '/') && access(program, F_OK) == 0;

    switch (problem) {
    case ENOENT:
    case ENOTDIR:
        if (!there)
            return gourd_error_set(error, GOURD_ERROR_NO_PROGRAM, "program '%s' is not there", shown);
        return fail_interpreter(program, error);
    case ENOEXEC:
        gourd_error_set(error, GOURD_ERROR_NO_EXECUTE, "program '%s' is in no format that this machine executes",
                        shown);
        return gourd_error_hint(error, "it is for another architecture, or a script without '#!' in its first line");
    case EACCES:
    case EPERM:
    case EISDIR:
        return gourd_error_set(error, GOURD_ERROR_NO_EXECUTE, "program '%s' cannot be executed: %s", shown,
                               g_strerror(problem));
    default:
        return gourd_error_set_errno(error, problem, "cannot execute '%s'", shown);
    }
}

/* --- the program's process ------------------------------------------------------------------------------------------------ */

static const char *find_path(char *const *environment)
{
    for (; *environment; environment++)
        if (g_str_has_prefix(*environment, "PATH="))
            return *environment + strlen("PATH=");
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* Tries each folder, as execvp(3) does, but in the program's own PATH. Returns errno. */
static int execute_in_path(const Supervision *asked, const char *path)
{
    g_auto(GStrv) folders = g_strsplit(path, ":", -1);
    int problem = ENOENT;

    for (char **folder = folders; *folder; folder++) {
        g_autofree char *candidate = g_build_filename(**folder ? *folder : ".", asked->program, NULL);

        execve(candidate, asked->argv, asked->environment);
        if (errno != ENOENT && errno != ENOTDIR)
            problem = errno;
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            break;
    }
    return problem;
}

static gboolean execute(const Supervision *asked, GError **error)
{
    const char *path = find_path(asked->environment);
    int problem;

    if (asked->program_fd >= 0) {
        syscall(SYS_execveat, asked->program_fd, "", asked->argv, asked->environment, AT_EMPTY_PATH);
        return fail_execute(asked->program, errno, error);
    }
    if (strchr(asked->program, '/')) {
        execve(asked->program, asked->argv, asked->environment);
        return fail_execute(asked->program, errno, error);
    }
    problem = execute_in_path(asked, path);
    if (problem == ENOENT) {
        g_autofree char *shown = text_escape(asked->program), *shown_path = text_escape(path);

        return gourd_error_set(error, GOURD_ERROR_NO_PROGRAM, "program '%s' is not in the PATH (%s)", shown,
                               shown_path);
    }
    return fail_execute(asked->program, problem, error);
}

/* As a container starts: what gourd's caller ignores or blocks, as nohup(1) does, is no concern of the program. */
static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* fails for the two that are always so, and those of the C library */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* It leads a session: no key and no ioctl of its reaches the user's terminal but through ours. */
G_NORETURN static void run_program(const Run *run)
{
    const Supervision *asked = run->asked;
    g_autoptr(GError) error = NULL;

    setsid();
    if (asked->terminal && !terminal_take(asked->terminal)) {
        gourd_error_set_errno(&error, errno, "cannot take the terminal");
        fail(run, error);
    }
    if (asked->become && !asked->become(asked->data, &error))
        fail(run, error);
    /* Becoming another user forgets this. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    reset_signals();
    execute(asked, &error);
    fail(run, error);
}

/* --- the first process of a PID namespace ---------------------------------------------------------------------------------- */

static void pass_signal(pid_t program, int number)
{
    /* A session without a terminal cannot be stopped politely. */
    kill(program, number == SIGTSTP ? SIGSTOP : number);
}

G_NORETURN static void reap(const Supervision *asked, pid_t program)
{
    sigset_t all;

    sigfillset(&all);
    for (;;) {
        int number = sigwaitinfo(&all, NULL), waited = 0;
        pid_t pid;

        if (number > 0 && number != SIGCHLD)
            pass_signal(asked->whole_group && getpgid(program) == program ? -program : program,
                        number == PARENT_ENDED ? SIGKILL : number);
        while ((pid = waitpid(-1, &waited, WNOHANG)) > 0)
            if (pid == program)
                _exit(status_of(waited));
    }
}

G_NORETURN static void run_first(Run *run)
{
    const Supervision *asked = run->asked;
    g_autoptr(GError) error = NULL;

    close(run->report[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (asked->enter && !asked->enter(asked->data, &error))
        fail(run, error);
    /* Another user namespace forgets it. All of a group die only if this process is there to see to it. */
    prctl(PR_SET_PDEATHSIG, asked->reaps && asked->whole_group ? PARENT_ENDED : SIGKILL, 0, 0, 0);
    if (!asked->reaps)
        run_program(run);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* its memory is gourd's */
    pid_t program = fork();
    if (program == 0)
        run_program(run);
    if (program < 0) {
        gourd_error_set_errno(&error, errno, "cannot make a process");
        fail(run, error);
    }
    close(run->report[1]);
    reap(asked, program);
}

/* --- this process ----------------------------------------------------------------------------------------------------------- */

static void handle_signal(const Run *run, int signals, pid_t pid)
{
    struct signalfd_siginfo info;

    if (read(signals, &info, sizeof info) != sizeof info || info.ssi_signo == SIGCHLD)
        return;
    if (info.ssi_signo == SIGWINCH && run->asked->terminal) {
        terminal_resize(run->asked->terminal);
        return;
    }
    if (run->asked->pass && info.ssi_signo != SIGWINCH && info.ssi_signo != SIGCONT)
        run->asked->pass((int)info.ssi_signo, run->asked->data);
    else if (run->asked->reaps)
        kill(pid, (int)info.ssi_signo);
    else
        pass_signal(pid, (int)info.ssi_signo);
    if (info.ssi_signo == SIGTSTP)
        raise(SIGSTOP);
}

static int wait_for_program(const Run *run, int signals, pid_t pid)
{
    Terminal *terminal = run->asked->terminal;
    int waited = 0;

    if (terminal)
        terminal_start(terminal);
    while (waitpid(pid, &waited, WNOHANG) == 0) {
        struct pollfd polls[1 + TERMINAL_POLLS] = {{.fd = signals, .events = POLLIN}};

        if (terminal)
            terminal_prepare(terminal, polls + 1);
        if (poll(polls, terminal ? G_N_ELEMENTS(polls) : 1, -1) < 0)
            continue;
        if (polls[0].revents)
            handle_signal(run, signals, pid);
        if (terminal)
            terminal_carry(terminal, polls + 1);
    }
    if (terminal)
        terminal_drain(terminal);
    return status_of(waited);
}

static gboolean start(Run *run, pid_t *ret_pid, GError **error)
{
    pid_t pid = fork();
    int waited;

    if (pid == 0)
        run_first(run);
    close(run->report[1]);
    gboolean runs = pid > 0 ? read_report(run, error) : gourd_error_set_errno(error, errno, "cannot make a process");
    close(run->report[0]);
    if (pid > 0 && !runs)
        TEMP_FAILURE_RETRY(waitpid(pid, &waited, 0));
    *ret_pid = pid;
    return runs;
}

gboolean supervise(const Supervision *supervision, int *ret_status, GError **error)
{
    Run run = {.asked = supervision};
    sigset_t all;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    autofd signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0 || pipe2(run.report, O_CLOEXEC) < 0)
        return gourd_error_set_errno(error, errno, "cannot wait for a program");
    if (!start(&run, &pid, error))
        return FALSE;
    *ret_status = wait_for_program(&run, signals, pid);
    return TRUE;
}
