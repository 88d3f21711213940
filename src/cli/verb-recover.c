// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session.h"

#include "report.h"

/* What a gourd becomes that is interrupted while it changes something: interrupt.c. */

typedef struct {
    CommonOptions common;
    char *root;
} RecoverOptions;

static ExitCode run(const Call *call, GError **error)
{
    const RecoverOptions *options = call->options;
    g_autofree char *shown = text_escape(call->operands[0]);
    g_auto(Session) session = {0};

    fprintf(call->err.file, "\ninterrupted: undoing what was done\n");
    if (!session_open(&session, call, options->root, TRUE, error)) {
        gourd_error_prefix(error, "cannot %s: interrupted, and while undoing", shown);
        return EXIT_CODE_FAILED;
    }
    gourd_error_set(error, GOURD_ERROR_FAILED, "cannot %s: interrupted; everything is as before", shown);
    return EXIT_CODE_FAILED;
}

static const Option rows[] = {
    {"root", 0, OPTION_STRING, .offset = offsetof(RecoverOptions, root), .argument = "FOLDER", .help = "The root"},
    {NULL},
};

static const OptionGroup groups[] = {{"Options", rows}, {NULL, NULL}};
static const Operand operands[] = {{"TITLE", 1, 1, COMPLETE_NOTHING}, {NULL, 0, 0, COMPLETE_NOTHING}};
static const char *const description[] = {"Undoes what an interrupted gourd did.", NULL};

const Verb verb_recover = {
    .name = "recover",
    .topic = "Services",
    .summary = "Undo what was interrupted",
    .operands = operands,
    .groups = groups,
    .description = description,
    .options_size = sizeof(RecoverOptions),
    .hidden = TRUE,
    .run = run,
};
