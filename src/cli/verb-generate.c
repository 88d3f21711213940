// SPDX-License-Identifier: LGPL-2.1-or-later
/* For gourd's own build: writes man pages, completions and docs/compose.md from the tables. */
#include "completion.h"
#include "man.h"

#include "compose/compose.h"

#include <string.h>

typedef struct {
    CommonOptions common;
} GenerateOptions;

static char *format_man_page(const char *page, GError **error)
{
    const Verb *verb = g_str_has_prefix(page, "gourd-") ? verb_find(page + strlen("gourd-")) : NULL;

    if (verb)
        return man_format_verb(verb);
    if (strcmp(page, "gourd") == 0)
        return man_format_overview();
    gourd_error_set(error, GOURD_ERROR_USAGE, "there is no man page '%s'", page);
    return NULL;
}

static ExitCode run(const Call *call, GError **error)
{
    static const struct {
        const char *name;
        char *(*format)(void);
    } others[] = {
        {"bash", completion_format_bash},
        {"zsh", completion_format_zsh},
        {"fish", completion_format_fish},
        {"compose.md", compose_keys_document},
    };
    const char *what = call->operands[0];
    g_autofree char *text = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        if (strcmp(others[i].name, what) == 0)
            text = others[i].format();
    }
    if (!text)
        text = format_man_page(what, error);
    if (text)
        fputs(text, call->out.file);
    return EXIT_CODE_OK;
}

static const Operand operands[] = {{"PAGE", 1, 1, COMPLETE_NOTHING}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Writes the man page PAGE, the completions for `bash`, `zsh` or `fish`, or `compose.md` to standard output.",
    NULL,
};

const Verb verb_generate = {
    .name = "generate",
    .topic = "Build",
    .summary = "Write a man page, completions or documentation",
    .operands = operands,
    .description = description,
    .options_size = sizeof(GenerateOptions),
    .hidden = TRUE,
    .run = run,
};
