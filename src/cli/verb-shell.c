// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exec-options.h"

static ExitCode run(const Call *call, GError **error)
{
    int status = EXIT_CODE_NOT_RUN;

    return exec_in_service(call, NULL, &status, error) ? (ExitCode)status : EXIT_CODE_NOT_RUN;
}

static const Option rows[] = {
    EXEC_ROWS,
    {"tools", 0, OPTION_FLAG, EXEC_AT(tools), .help = "Bring a shell and commands along, for an image that has none",
     .details =
         "They are those of the host's busybox, which must be linked statically. Nothing of it is put into the service."},
    {"nspawn", 0, OPTION_FLAG, EXEC_AT(nspawn),
     .help = "Open it in a machine of its own, of which the service knows nothing",
     .details =
         "As root, by systemd-nspawn(1): the whole image, with a root folder that can be written until the shell ends, and "
         "without the service's volumes and sandbox. The service may run or not."},
    {NULL},
};

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"SERVICE|MACHINE", 1, 1, COMPLETE_SERVICE_OR_MACHINE},
                                   {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Opens a shell where a service runs: as gourd-exec(1) does, with the image's own shell. Commands are read from standard input; if "
    "that and the output are terminals, it has a terminal. In a machine that `gourd machine` made it is root's, by `machinectl shell`.",
    NULL,
};

static const Example examples[] = {
    {"gourd shell web", "As the service's user"},
    {"gourd shell --root web", "As root"},
    {"gourd shell --tools web", "With the host's busybox"},
    {"gourd shell --nspawn web", "As root in a copy of the image that can be written"},
    {"echo 'ls /run' | gourd shell web", "In a pipe"},
    {NULL, NULL},
};

static const ExitCode codes[] = {EXIT_CODE_NOT_RUN, EXIT_CODE_NO_EXECUTE, EXIT_CODE_NO_PROGRAM, EXIT_CODE_OK};

const Verb verb_shell = {
    .name = "shell",
    .topic = "At hand",
    .summary = "Open a shell in a running service",
    .operands = operands,
    .runs_program = TRUE,
    .groups = groups,
    .description = description,
    .examples = examples,
    .exit_codes = codes,
    .options_size = sizeof(ExecOptions),
    .run = run,
};
