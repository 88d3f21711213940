// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Exit codes: documented, the same for all verbs, never renumbered. */

#include "base/base.h"

typedef enum {
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILED = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_INPUT = 3,
    EXIT_CODE_LIMIT = 4,
    EXIT_CODE_EXISTS = 5,
    EXIT_CODE_DIFFERS = 6,
    EXIT_CODE_UNSUPPORTED = 7,
    EXIT_CODE_NOT_FOUND = 8,
    /* As those of docker run and podman run; a shell's, too. */
    EXIT_CODE_NOT_RUN = 125,
    EXIT_CODE_NO_EXECUTE = 126,
    EXIT_CODE_NO_PROGRAM = 127,
} ExitCode;

typedef struct {
    ExitCode code;
    const char *name;    /* one word, for --json */
    const char *meaning; /* a phrase without full stop */
} ExitCodeRow;

/* In order of code; ends with a NULL name. */
extern const ExitCodeRow exit_codes[];

/* The code that fits an error: of a GOURD_ERROR its own, of any other domain EXIT_CODE_FAILED. */
ExitCode exit_code_of_error(const GError *error);
/* The same for verbs whose exit code is else that of a program: of three codes. */
ExitCode exit_code_of_run(const GError *error);
