// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* gourd-init's command line, in plain values. Strings are those of argv. */

#include "health.h"
#include "http.h"

typedef enum {
    PROBE_NONE,
    PROBE_EXEC,
    PROBE_HTTP,
    PROBE_TCP,
    PROBE_UNIX,
} ProbeKind;

typedef struct {
    ProbeKind kind;
    char **argv;      /* EXEC: ends with NULL */
    Url url;          /* HTTP; TCP: host and port */
    const char *path; /* UNIX */
} ProbeTarget;

typedef struct {
    char **program; /* its argv, NULL at the end; program[0] is what to run */
    const char *argv0;
    const char *udp_relay;      /* without a program: only relay */
    const char *ingress_filter; /* likewise: only load a filter; program has its words */
    bool pipe, beside, ready_on_exec;
    int stop_signal;
    char **variables; /* NAME=VALUE, NULL at the end */
    char **secrets;   /* VAR=CREDENTIAL, likewise */
    ProbeTarget probe;
    HealthTiming timing;
} Options;

typedef enum {
    OPTIONS_RUN,
    OPTIONS_DONE, /* --help or --version has been written */
    OPTIONS_WRONG /* said so */
} OptionsResult;

/* Fills options, also if they are wrong; its lists live as long as the process. */
OptionsResult options_parse(int argc, char **argv, Options *options);
