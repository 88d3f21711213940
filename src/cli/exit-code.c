// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exit-code.h"

/* diff(1) says 1 for "differs"; here 1 is "failed" for every verb, so that a script can tell an answer from an accident. */
const ExitCodeRow exit_codes[] = {
    {EXIT_CODE_OK, "ok", "Done; what was compared is the same, what was verified is sound"},
    {EXIT_CODE_FAILED, "failed", "The surroundings failed: input or output error, no space, no memory, no permission"},
    {EXIT_CODE_USAGE, "usage", "The command line makes no sense"},
    {EXIT_CODE_INPUT, "input", "The input is broken, hostile, or contradicts its digest"},
    {EXIT_CODE_LIMIT, "limit", "A named limit was exceeded"},
    {EXIT_CODE_EXISTS, "exists", "The output exists already"},
    {EXIT_CODE_DIFFERS, "differs", "What was compared differs, or what was looked at has problems"},
    {EXIT_CODE_UNSUPPORTED, "unsupported", "The input is well formed but needs what this version does not know"},
    {EXIT_CODE_NOT_FOUND, "not-found", "A file, tag, platform or path that was named does not exist"},
    {EXIT_CODE_NOT_RUN, "not-run", "`run`, `exec` and `shell` only: gourd itself failed, and the program was not run"},
    {EXIT_CODE_NO_EXECUTE, "not-executable", "The same: the program is there, but cannot be executed"},
    {EXIT_CODE_NO_PROGRAM, "no-program", "The same: the program is not there"},
    {EXIT_CODE_OK, NULL, NULL},
};

/* By GourdError. */
static const ExitCode codes_by_error[] = {
    [GOURD_ERROR_FAILED] = EXIT_CODE_FAILED,
    [GOURD_ERROR_USAGE] = EXIT_CODE_USAGE,
    [GOURD_ERROR_INPUT] = EXIT_CODE_INPUT,
    [GOURD_ERROR_LIMIT] = EXIT_CODE_LIMIT,
    [GOURD_ERROR_EXISTS] = EXIT_CODE_EXISTS,
    [GOURD_ERROR_NOT_FOUND] = EXIT_CODE_NOT_FOUND,
    [GOURD_ERROR_UNSUPPORTED] = EXIT_CODE_UNSUPPORTED,
    [GOURD_ERROR_DIFFERS] = EXIT_CODE_DIFFERS,
    [GOURD_ERROR_NO_PROGRAM] = EXIT_CODE_NOT_FOUND,
    [GOURD_ERROR_NO_EXECUTE] = EXIT_CODE_INPUT,
};

ExitCode exit_code_of_error(const GError *error)
{
    if (error->domain != GOURD_ERROR || error->code < 0 || (gsize)error->code >= G_N_ELEMENTS(codes_by_error))
        return EXIT_CODE_FAILED;
    return codes_by_error[error->code];
}

ExitCode exit_code_of_run(const GError *error)
{
    if (g_error_matches(error, GOURD_ERROR, GOURD_ERROR_NO_PROGRAM))
        return EXIT_CODE_NO_PROGRAM;
    if (g_error_matches(error, GOURD_ERROR, GOURD_ERROR_NO_EXECUTE))
        return EXIT_CODE_NO_EXECUTE;
    return EXIT_CODE_NOT_RUN;
}
