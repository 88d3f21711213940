// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A probe under way: a child process, of the program's environment or of gourd-init's own making, and what it says. One at a
 * time; all of its process group goes with it. */

#include <signal.h>

#include "options.h"

#define PROBE_OUTPUT_MAX 2048 /* bytes kept of the end of what it says */
#define PROBE_TEXT_MAX 256    /* bytes of a result for people */

typedef struct {
    pid_t pid;  /* 0: none is under way */
    int output; /* to be read when it can be; -1: closed */
    bool own;   /* gourd-init's, not a command */
    char tail[PROBE_OUTPUT_MAX];
    size_t length;
    bool cut; /* there was more before the tail */
} Probe;

typedef struct {
    bool success;
    char text[PROBE_TEXT_MAX]; /* "exit 7: …", "HTTP 200"; may be empty */
} ProbeResult;

/* False, with a result, if it cannot even begin. mask is the signal mask of commands. */
bool probe_begin(Probe *probe, const ProbeTarget *target, const sigset_t *mask, ProbeResult *ret_result);
void probe_read(Probe *probe);
/* It has ended, but has not been waited for: so its group's number is still its own. */
void probe_end(Probe *probe, const siginfo_t *end, ProbeResult *ret_result);
/* It took too long. */
void probe_end_late(Probe *probe, uint64_t timeout_usec, ProbeResult *ret_result);
/* Kills it, if one is under way. */
void probe_drop(Probe *probe);
