// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "connect.h"
#include "output.h"

/* The exit status of a shell for a command that cannot be executed. */
#define STATUS_NOT_EXECUTED 127
#define READS_MAX 16 /* at a time: a probe that never stops talking must not stop us */

static void __attribute__((noreturn)) run_own(const ProbeTarget *target, int output)
{
    char buffer[PROBE_TEXT_MAX];
    Text text = TEXT(buffer);
    bool success = connect_probe(target, &text);

    (void)!write(output, text.bytes, text.length);
    _exit(success ? 0 : 1);
}

static void __attribute__((noreturn)) run_command(const ProbeTarget *target, const sigset_t *mask, int output)
{
    int null = open("/dev/null", O_RDWR);

    close(STDIN_FILENO);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    if (null > STDERR_FILENO)
        close(null);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(target->argv[0], target->argv);

    char buffer[PROBE_TEXT_MAX];
    Text text = TEXT(buffer);
    text_add(&text, "cannot run '%s': %s", target->argv[0], strerror(errno));
    (void)!write(STDERR_FILENO, text.bytes, text.length);
    _exit(STATUS_NOT_EXECUTED);
}

static bool fail(ProbeResult *ret_result, const char *what)
{
    Text text = TEXT(ret_result->text);

    text_add(&text, "%s: %s", what, strerror(errno));
    ret_result->success = false;
    return false;
}

bool probe_begin(Probe *probe, const ProbeTarget *target, const sigset_t *mask, ProbeResult *ret_result)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(ret_result, "cannot make a pipe");
    pid = fork();
    if (pid < 0) {
        fail(ret_result, "cannot start a process");
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    if (pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (target->kind == PROBE_EXEC)
            run_command(target, mask, ends[1]);
        run_own(target, ends[1]);
    }
    setpgid(pid, pid); /* whoever comes first: it must be a group before it can be killed as one */
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    probe->pid = pid;
    probe->output = ends[0];
    probe->own = target->kind != PROBE_EXEC;
    probe->length = 0;
    probe->cut = false;
    return true;
}

/* Makes room by forgetting the older half. */
static void make_room(Probe *probe)
{
    if (probe->length < sizeof(probe->tail))
        return;
    probe->length = sizeof(probe->tail) / 2;
    memmove(probe->tail, probe->tail + sizeof(probe->tail) - probe->length, probe->length);
    probe->cut = true;
}

static void close_output(Probe *probe)
{
    if (probe->output >= 0)
        close(probe->output);
    probe->output = -1;
}

void probe_read(Probe *probe)
{
    for (unsigned i = 0; i < READS_MAX && probe->output >= 0; i++) {
        ssize_t n;

        make_room(probe);
        n = read(probe->output, probe->tail + probe->length, sizeof(probe->tail) - probe->length);
        if (n < 0)
            return;
        if (n == 0)
            close_output(probe);
        probe->length += (size_t)n;
    }
}

/* The last line that is not blank; *ret_count says how many there are. */
static const char *find_last_line(const Probe *probe, size_t *ret_size, unsigned *ret_count)
{
    const char *last = probe->tail;
    size_t at = 0;

    *ret_size = 0;
    *ret_count = 0;
    while (at < probe->length) {
        size_t begin = at;
        bool blank = true;

        /* A carriage return ends a line too: progress meters. */
        for (; at < probe->length && probe->tail[at] != '\n' && probe->tail[at] != '\r'; at++)
            blank = blank && (probe->tail[at] == ' ' || probe->tail[at] == '\t');
        if (!blank) {
            last = probe->tail + begin;
            *ret_size = at - begin;
            (*ret_count)++;
        }
        at++;
    }
    return last;
}

/* Of a failure the last line is what says why: before it come progress meters and traces. Of a success, a line is worth showing if
 * it is all there is. */
static void add_output(Text *text, const Probe *probe, bool success)
{
    unsigned count;
    size_t size;
    const char *line = find_last_line(probe, &size, &count);

    if (count == 0 || (success && (count > 1 || probe->cut)))
        return;
    if (text->length > 0)
        text_add(text, ": ");
    text_add_escaped(text, line, size);
}

/* What is left of the group goes, and what it said is read. */
static void clear_up(Probe *probe)
{
    kill(-probe->pid, SIGKILL);
    probe_read(probe);
    close_output(probe);
    probe->pid = 0;
}

void probe_end(Probe *probe, const siginfo_t *end, ProbeResult *ret_result)
{
    Text text = TEXT(ret_result->text);
    bool exited = end->si_code == CLD_EXITED;

    clear_up(probe);
    ret_result->success = exited && end->si_status == 0;
    if (!exited)
        text_add(&text, "killed by signal %d, %s", end->si_status, strsignal(end->si_status));
    else if (!ret_result->success && !probe->own)
        text_add(&text, "exit %d", end->si_status);
    add_output(&text, probe, ret_result->success);
}

void probe_end_late(Probe *probe, uint64_t timeout_usec, ProbeResult *ret_result)
{
    Text text = TEXT(ret_result->text);

    clear_up(probe);
    ret_result->success = false;
    if (timeout_usec >= USEC_SECOND)
        text_add(&text, "not over after %u s", (unsigned)(timeout_usec / USEC_SECOND));
    else
        text_add(&text, "not over after %u ms", (unsigned)(timeout_usec / 1000));
    add_output(&text, probe, false);
}

void probe_drop(Probe *probe)
{
    if (probe->pid > 0)
        clear_up(probe);
}
