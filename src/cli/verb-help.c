// SPDX-License-Identifier: LGPL-2.1-or-later
#include "help.h"
#include "topic.h"

typedef struct {
    CommonOptions common;
} HelpOptions;

static ExitCode run(const Call *call, GError **error)
{
    guint width = screen_get_width(&call->out);
    gboolean colored = call->out.is_colored;
    g_autofree char *text = NULL;

    if (call->n_operands == 0) {
        text = help_format_overview(width, colored);
    } else {
        const Verb *verb = verb_find(call->operands[0]);
        const Topic *topic = topic_find(call->operands[0]);

        if (verb)
            text = help_format_verb(verb, width, colored);
        else if (topic)
            text = topic_format(topic, width, colored);
        else
            verb_set_unknown(call->operands[0], error);
    }
    if (text)
        fputs(text, call->out.file);
    return EXIT_CODE_OK;
}

static const Operand operands[] = {{"VERB", 0, 1, COMPLETE_VERB}, {NULL, 0, 0, COMPLETE_NOTHING}};

static const char *const description[] = {
    "Shows what a verb does and its options; without VERB, lists all verbs and topics.",
    "A topic, such as `sources`, may stand in the place of VERB.",
    NULL,
};

static const Example examples[] = {
    {"gourd help build", "The options of `gourd build`"},
    {"gourd help sources", "How images are named"},
    {NULL, NULL},
};

const Verb verb_help = {
    .name = "help",
    .topic = "Help",
    .summary = "Show what a verb does and its options",
    .operands = operands,
    .description = description,
    .examples = examples,
    .options_size = sizeof(HelpOptions),
    .run = run,
};
