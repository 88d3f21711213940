// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The program: its start, and an end like its own. */

#include <signal.h>

#include "options.h"

typedef struct {
    pid_t pid;  /* 0: it has ended */
    int report; /* what the exec says: its errno, or nothing at all when it succeeded */
} Program;

/* Starts it in a session of its own, with that signal mask, and those descriptors as output unless they are -1. 0 or errno. */
int program_start(const Options *options, const sigset_t *mask, int out, int err, const char *main_pid,
                  Program *ret_program);
/* The other way round: this process becomes the program, and what returns is a child of it. 0 or errno. */
int program_start_beside(const Options *options, const sigset_t *mask, const char *main_pid, Program *ret_program);
/* Waits until the program has been executed; false if that was not possible. Says why. */
bool program_wait_for_exec(Program *program, const char *name);
/* Passes a signal on as it came. */
void program_signal(const Program *program, int signal, bool queued, union sigval value);
/* Ends this process like another one: the same status, or the same signal, but without a core. Never returns. */
void program_end_like(const siginfo_t *end) __attribute__((noreturn));
/* Closes what was passed to the program by number (sd_listen_fds(3)). */
void program_close_passed(const char *main_pid);
