// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "environment.h"
#include "output.h"

#define PASSED_FDS_BEGIN 3 /* SD_LISTEN_FDS_START */
#define PASSED_FDS_MAX 1024

/* A program that signals its process group means itself and its children, not gourd-init, which would pass the signal on to
 * it again. On a terminal it stays in our session and becomes the foreground group. */
static void leave_group(void)
{
    if (tcgetpgrp(STDIN_FILENO) < 0) {
        setsid();
    } else {
        setpgid(0, 0);
        tcsetpgrp(STDIN_FILENO, getpid()); /* SIGTTOU is blocked */
    }
}

/* Becomes the program; reports errno if that is not possible. */
static void __attribute__((noreturn)) become(const Options *options, const sigset_t *mask, int report)
{
    char *file = options->program[0];
    int error;

    if (options->argv0)
        options->program[0] = (char *)options->argv0;
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(file, options->program);
    error = errno;
    (void)!write(report, &error, sizeof(error));
    _exit(EXIT_STATUS_EXEC);
}

int program_start(const Options *options, const sigset_t *mask, int out, int err, const char *main_pid,
                  Program *ret_program)
{
    int report[2];
    pid_t pid;

    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    pid = fork();
    if (pid < 0) {
        int error = errno;

        close(report[0]);
        close(report[1]);
        return error;
    }
    if (pid == 0) {
        leave_group();
        environment_readdress(main_pid);
        if (out >= 0)
            dup2(out, STDOUT_FILENO);
        if (err >= 0)
            dup2(err, STDERR_FILENO);
        become(options, mask, report[1]);
    }
    close(report[1]);
    *ret_program = (Program){.pid = pid, .report = report[0]};
    return 0;
}

int program_start_beside(const Options *options, const sigset_t *mask, const char *main_pid, Program *ret_program)
{
    pid_t parent = getpid();
    int report[2];
    pid_t pid;

    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    pid = fork();
    if (pid < 0)
        return errno;
    if (pid > 0) {
        close(report[0]);
        environment_readdress(main_pid);
        become(options, mask, report[1]);
    }
    close(report[1]);
    /* We end with it, also if it has ended already. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    *ret_program = (Program){.pid = getppid() == parent ? parent : 0, .report = report[0]};
    return 0;
}

bool program_wait_for_exec(Program *program, const char *name)
{
    int error = 0;
    ssize_t n = read(program->report, &error, sizeof(error));

    close(program->report);
    program->report = -1;
    if (n != sizeof(error))
        return true;
    message(MESSAGE_ERROR, "cannot run '%s': %s", name, strerror(error));
    return false;
}

void program_signal(const Program *program, int signal, bool queued, union sigval value)
{
    if (program->pid <= 0)
        return;
    if (queued)
        sigqueue(program->pid, signal, value);
    else
        kill(program->pid, signal);
}

void program_end_like(const siginfo_t *end)
{
    static const struct rlimit none = {0, 0};
    sigset_t signals;

    if (end->si_code == CLD_EXITED)
        _exit(end->si_status);
    /* The core, if one was wanted, is the program's. */
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    signal(end->si_status, SIG_DFL);
    sigemptyset(&signals);
    sigaddset(&signals, end->si_status);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
    kill(getpid(), end->si_status);
    /* Process 1 cannot be killed by its own signals. */
    _exit(128 + end->si_status);
}

void program_close_passed(const char *main_pid)
{
    const char *count = getenv("LISTEN_FDS");
    long n = count ? strtol(count, NULL, 10) : 0;

    if (!environment_is_addressed("LISTEN_PID", main_pid) || n > PASSED_FDS_MAX)
        return;
    for (int fd = PASSED_FDS_BEGIN; fd < PASSED_FDS_BEGIN + (int)n; fd++)
        close(fd);
}
