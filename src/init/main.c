// SPDX-License-Identifier: LGPL-2.1-or-later

/* gourd-init: the main process of a service, where systemd alone is not enough. `gourd-init --help` (options.c) is its manual.
 *
 * It is bound into a service's root as /run/gourd/init, so it is one static file, and needs nothing in there: no shell, no
 * libraries, no /proc, nothing to write on, no privileges. One thread and one ppoll(): signals come by signalfd, the program's
 * output by pipes, and each probe is a child process, killed when its time is over. Memory is allocated once, for lists of
 * options.
 *
 *   options ─→ environment ─→ program ←─ signals
 *                               │ pipes ─→ relay ─→ standard output, standard error
 *              health ←─ watch ─→ probe ─→ connect, http, hosts
 *                          └─→ notify ─→ systemd */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "datagram.h"
#include "environment.h"
#include "filter.h"
#include "output.h"
#include "program.h"
#include "relay.h"
#include "watch.h"

/* When systemd does not take a message: until the next attempt. */
#define NOTIFY_RETRY (100 * USEC_SECOND / 1000)
/* After the program has ended, for a log that is slow to take its last words. */
#define DRAIN_MSEC 5000
#define SIGNALS_AT_ONCE 16

/* Large because of the relays' buffers, and one for all of the process. */
static struct {
    Options options;
    sigset_t mask; /* as we got it, and as the program gets it */
    int signals;
    char main_pid[16]; /* the number that systemd knows */
    Program program;
    siginfo_t program_end;
    Relay relays[2];
    unsigned n_relays;
    Notify notify;
    Watch watch;
} init;

static uint64_t now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * USEC_SECOND + (uint64_t)now.tv_nsec / 1000;
}

static bool catch_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t all;

    /* Not sigfillset(): musl keeps three for its threads, which this program has not, and the program may use. */
    memset(&all, 0xff, sizeof(all));
    sigaction(SIGCHLD, &standard, NULL); /* were it ignored, there would be nothing to wait for */
    if (sigprocmask(SIG_SETMASK, &all, &init.mask) != 0)
        return false;
    init.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    return init.signals >= 0;
}

/* The program's ends of the pipes, or -1; one pipe where both streams go to one place, so that their order stays. */
static bool open_pipes(int *ret_out, int *ret_err)
{
    if (!init.options.pipe)
        return true;
    if (!relay_open(&init.relays[0], STDOUT_FILENO, ret_out))
        return false;
    init.n_relays = 1;
    *ret_err = *ret_out;
    if (output_is_same(STDOUT_FILENO, STDERR_FILENO))
        return true;
    if (!relay_open(&init.relays[1], STDERR_FILENO, ret_err))
        return false;
    init.n_relays = 2;
    return true;
}

static int start_program(void)
{
    int out = -1, err = -1, error;

    if (!open_pipes(&out, &err)) {
        message(MESSAGE_ERROR, "cannot make pipes: %s", strerror(errno));
        return EXIT_STATUS_STDOUT;
    }
    error = init.options.beside ? program_start_beside(&init.options, &init.mask, init.main_pid, &init.program)
                                : program_start(&init.options, &init.mask, out, err, init.main_pid, &init.program);
    if (out >= 0)
        close(out);
    if (err >= 0 && err != out)
        close(err);
    if (error != 0) {
        message(MESSAGE_ERROR, "cannot start a process: %s", strerror(error));
        return EXIT_STATUS_EXEC;
    }
    program_close_passed(init.main_pid);
    if (!program_wait_for_exec(&init.program, init.options.program[0]))
        return EXIT_STATUS_EXEC;
    return 0;
}

/* All children that have ended: the program, the probe, and whoever was left to us. */
static void reap(void)
{
    for (;;) {
        siginfo_t end = {.si_pid = 0};

        /* Looked at first and waited for then: until then nobody else gets its number. */
        if (waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT) != 0 || end.si_pid == 0)
            return;
        if (end.si_pid == init.program.pid) {
            init.program_end = end;
            init.program.pid = 0;
        } else {
            watch_child_ended(&init.watch, &end, now_usec());
        }
        waitid(P_PID, (id_t)end.si_pid, &end, WEXITED);
    }
}

/* Beside the program, signals are not ours to pass on; one comes when it has ended. */
static void take_signal_beside(void)
{
    if (getppid() != init.program.pid)
        init.program.pid = 0;
}

static void take_signal(const struct signalfd_siginfo *info)
{
    if (info->ssi_signo == SIGCHLD) {
        reap();
    } else if (init.options.beside) {
        take_signal_beside();
    } else if (info->ssi_pid != (uint32_t)getpid()) { /* our own: SIGPIPE */
        program_signal(&init.program, (int)info->ssi_signo, info->ssi_code == SI_QUEUE,
                       (union sigval){.sival_ptr = (void *)(uintptr_t)info->ssi_ptr});
        if ((int)info->ssi_signo == init.options.stop_signal)
            watch_stopping(&init.watch);
    }
}

static void read_signals(void)
{
    struct signalfd_siginfo infos[SIGNALS_AT_ONCE];
    ssize_t n = read(init.signals, infos, sizeof(infos));

    for (ssize_t i = 0; i < n / (ssize_t)sizeof(*infos); i++)
        take_signal(&infos[i]);
}

static void wait_until(uint64_t time)
{
    struct pollfd fds[4] = {{.fd = init.signals, .events = POLLIN}, watch_poll(&init.watch)};
    uint64_t now = now_usec();
    uint64_t wait = time > now ? time - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / USEC_SECOND), .tv_nsec = (long)(wait % USEC_SECOND) * 1000};

    for (unsigned i = 0; i < init.n_relays; i++)
        fds[2 + i] = relay_poll(&init.relays[i]);
    if (ppoll(fds, 2 + init.n_relays, time == USEC_NEVER ? NULL : &timeout, NULL) <= 0)
        return;
    for (unsigned i = 0; i < init.n_relays; i++)
        if (fds[2 + i].revents)
            relay_copy(&init.relays[i]);
    if (fds[1].revents)
        watch_read(&init.watch);
    if (fds[0].revents)
        read_signals();
}

static void run(void)
{
    while (init.program.pid > 0) {
        uint64_t now = now_usec();
        uint64_t next = watch_step(&init.watch, now);

        if (!notify_flush(&init.notify) && next > now + NOTIFY_RETRY)
            next = now + NOTIFY_RETRY;
        wait_until(next);
    }
    watch_end(&init.watch);
    for (unsigned i = 0; i < init.n_relays; i++)
        relay_drain(&init.relays[i], DRAIN_MSEC);
}

int main(int argc, char **argv)
{
    Text main_pid = TEXT(init.main_pid);
    int status;

    switch (options_parse(argc, argv, &init.options)) {
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_WRONG:
        return EXIT_STATUS_USAGE;
    case OPTIONS_RUN:
        break;
    }
    if (init.options.ingress_filter)
        return filter_pin(init.options.ingress_filter, init.options.program);
    if (init.options.udp_relay)
        return datagram_relay(init.options.udp_relay);
    text_add(&main_pid, "%d", (int)getpid());
    status = environment_prepare(&init.options);
    if (status != 0)
        return status;
    notify_open(&init.notify, init.options.probe.kind != PROBE_NONE || init.options.ready_on_exec, init.main_pid);
    if (!catch_signals()) {
        message(MESSAGE_ERROR, "cannot catch signals: %s", strerror(errno));
        return EXIT_STATUS_EXEC;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    status = start_program();
    if (status != 0)
        return status;
    init.notify.ready = init.options.ready_on_exec;
    watch_start(&init.watch, &init.options, &init.mask, &init.notify, now_usec());
    if (init.options.ready_on_exec)
        init.watch.announced = true;
    run();
    if (init.options.beside)
        return 0;
    program_end_like(&init.program_end);
}
