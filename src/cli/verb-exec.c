// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exec-options.h"

static ExitCode run(const Call *call, GError **error)
{
    int status = EXIT_CODE_NOT_RUN;

    if (!call->words || !call->words[0]) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "there is no command");
        gourd_error_hint(error, "usage: gourd exec [OPTION]... SERVICE WORD...; for a shell: gourd shell %s",
                         call->operands[0]);
        return EXIT_CODE_NOT_RUN;
    }
    return exec_in_service(call, (char *const *)call->words, &status, error) ? (ExitCode)status : EXIT_CODE_NOT_RUN;
}

static const Option rows[] = {
    EXEC_ROWS,
    {"interactive", 'i', OPTION_FLAG, EXEC_AT(interactive), .help = "Nothing: standard input is always passed on"},
    {"tty", 't', OPTION_FLAG, EXEC_AT(terminal),
     .help = "Nothing: it has a terminal if standard input and output are terminals"},
    {NULL},
};

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"SERVICE|MACHINE", 1, 1, COMPLETE_SERVICE_OR_MACHINE},
                                   {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Runs a command where a service runs: with its files, volumes, network and processes, as its user, with its environment and "
    "credentials, within its limits, and in its control group, so that it ends when the service stops. What follows SERVICE is the "
    "command; options stand before SERVICE.",
    "SERVICE is the name of a service that gourd installed, or of any other unit of systemd; that of several replicas is the first of them, "
    "or that of --index. Input, output, signals and the exit status "
    "are the command's. Only the service's filter of system calls does not hold for it: Linux cannot pass one on.",
    NULL,
};

static const Example examples[] = {
    {"gourd exec web nginx -t", "A command as the service's user"},
    {"gourd exec db pg_dump app > app.sql", "In a pipe"},
    {"gourd exec --root web cat /proc/1/status", "As root"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_NOT_RUN, EXIT_CODE_NO_EXECUTE, EXIT_CODE_NO_PROGRAM, EXIT_CODE_OK};

const Verb verb_exec = {
    .name = "exec",
    .topic = "At hand",
    .summary = "Run a command in a running service",
    .operands = operands,
    .words = "WORD",
    .words_follow = TRUE,
    .runs_program = TRUE,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(ExecOptions),
    .run = run,
};
