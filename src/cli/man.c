// SPDX-License-Identifier: LGPL-2.1-or-later
#include "man.h"

#include "help.h"
#include "roff.h"
#include "topic.h"

#include "doctor/doctor.h"

#include <string.h>

static void append_header(GString *out, const char *page)
{
    g_autofree char *title = g_ascii_strup(page, -1);

    g_string_append(out, ".\\\" Made by gourd from its option tables: changes belong there.\n.TH \"");
    roff_append_text(out, title);
    g_string_append(out, "\" \"1\" \"\" \"gourd " GOURD_VERSION "\" \"Gourd Manual\"\n.nh\n.ad l\n");
}

/* The name line is what apropos(1) shows: lower case, no full stop. */
static void append_name(GString *out, const char *page, const char *summary)
{
    g_autofree char *phrase = g_strdup(summary);

    if (g_ascii_isupper(phrase[0]) && !g_ascii_isupper(phrase[1]))
        phrase[0] = g_ascii_tolower(phrase[0]);
    g_string_append(out, ".SH NAME\n");
    roff_append_text(out, page);
    g_string_append(out, " \\- ");
    roff_append_text(out, phrase);
    g_string_append_c(out, '\n');
}

static void append_synopsis(GString *out, const char *usage)
{
    /* "gourd" and the verb are typed as they stand, the rest are placeholders. */
    const char *rest = strchr(usage, '[');

    g_string_append(out, ".SH SYNOPSIS\n\\fB");
    g_autofree char *words = g_strndup(usage, (gsize)(rest - usage));
    roff_append_text(out, g_strchomp(words));
    g_string_append(out, "\\fR ");
    roff_append_usage(out, rest);
    g_string_append_c(out, '\n');
}

static void append_paragraphs(GString *out, const char *const *paragraphs, const RoffWords *words)
{
    for (const char *const *paragraph = paragraphs; paragraph && *paragraph; paragraph++) {
        if (paragraph != paragraphs)
            g_string_append(out, ".PP\n");
        roff_append_marked(out, *paragraph, words);
        g_string_append_c(out, '\n');
    }
}

static void append_choices(GString *out, const Option *option, const RoffWords *words)
{
    gboolean is_open = FALSE;

    for (const OptionChoice *choice = option->choices; choice && choice->name; choice++) {
        if (!choice->help)
            continue;
        g_string_append(out, is_open ? ".TP\n\\fB" : ".RS\n.TP\n\\fB");
        is_open = TRUE;
        roff_append_text(out, choice->name);
        g_string_append(out, "\\fR\n");
        roff_append_marked(out, choice->help, words);
        g_string_append_c(out, '\n');
    }
    if (is_open)
        g_string_append(out, ".RE\n");
}

static void append_option(GString *out, const Option *option, const RoffWords *words)
{
    g_autofree char *help = option_format_help(option);

    g_string_append(out, ".TP\n");
    if (option->short_name)
        g_string_append_printf(out, "\\fB\\-%c\\fR, ", option->short_name);
    g_string_append(out, "\\fB\\-\\-");
    roff_append_text(out, option->negatable ? "[no-]" : "");
    roff_append_text(out, option->name);
    g_string_append(out, "\\fR");
    if (option_has_argument(option)) {
        g_string_append(out, option->optional ? "[=" : " ");
        roff_append_usage(out, option->argument);
        g_string_append(out, option->optional ? "]" : "");
    }
    g_string_append_c(out, '\n');
    roff_append_marked(out, help, words);
    g_string_append(out, ".\n");
    if (option->details) {
        roff_append_marked(out, option->details, words);
        g_string_append_c(out, '\n');
    }
    append_choices(out, option, words);
}

static void append_options(GString *out, const Verb *verb, const RoffWords *words)
{
    const OptionGroup *group = NULL;
    OptionIterator iterator;

    g_string_append(out, ".SH OPTIONS\n");
    option_iterator_init(&iterator, verb);
    for (const Option *option; (option = option_iterator_next(&iterator));) {
        if (iterator.in != group) {
            g_string_append(out, ".SS ");
            roff_append_text(out, iterator.in->title);
            g_string_append_c(out, '\n');
        }
        group = iterator.in;
        append_option(out, option, words);
    }
}

static void append_actions(GString *out, const Verb *verb, const RoffWords *words)
{
    g_string_append(out, ".SH ACTIONS\n");
    for (const VerbAction *action = verb->actions; action->name; action++) {
        g_string_append_printf(out, ".TP\n\\fB%s\\fR", action->name);
        roff_append_usage(out, action->operands);
        g_string_append_c(out, '\n');
        roff_append_marked(out, action->summary, words);
        g_string_append(out, ".\n");
    }
}

static gboolean verb_ends_with(const Verb *verb, ExitCode code)
{
    if (code <= EXIT_CODE_USAGE)
        return !verb->runs_program;
    for (const ExitCode *row = verb->exit_codes; row && *row != EXIT_CODE_OK; row++) {
        if (*row == code)
            return TRUE;
    }
    return FALSE;
}

/* verb NULL means all. */
static void append_exit_codes(GString *out, const Verb *verb)
{
    if (verb && verb->runs_program)
        g_string_append(out,
                        "That of the program; of one that a signal killed, 128 and the number of the signal. Or:\n");
    for (const ExitCodeRow *row = exit_codes; row->name; row++) {
        if (verb && !verb_ends_with(verb, row->code))
            continue;
        g_string_append_printf(out, ".TP 4\n\\fB%d\\fR\n", (int)row->code);
        roff_append_text(out, row->meaning);
        g_string_append(out, ".\n");
    }
}

static void append_examples(GString *out, const Verb *verb, const RoffWords *words)
{
    for (const Example *example = verb->examples; example && example->command; example++) {
        g_string_append(out, ".PP\n");
        roff_append_marked(out, example->text, words);
        g_string_append(out, ":\n.PP\n.RS 4\n.EX\n");
        roff_append_line(out, example->command);
        g_string_append(out, "\n.EE\n.RE\n");
    }
}

static void append_see_also(GString *out, const Verb *except)
{
    g_string_append(out, ".SH SEE ALSO\n");
    if (except)
        g_string_append(out, "\\fBgourd\\fR(1), ");
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if ((*verb)->hidden || *verb == except)
            continue;
        g_string_append(out, "\\fBgourd\\-");
        roff_append_text(out, (*verb)->name);
        g_string_append(out, "\\fR(1), ");
    }
    g_string_append(out, "\\fBsystemd\\-dissect\\fR(1), \\fBunsquashfs\\fR(1), \\fBcontainers\\-transports\\fR(5)\n");
}

char *man_format_verb(const Verb *verb)
{
    GString *out = g_string_new(NULL);
    g_autofree char *page = g_strconcat("gourd-", verb->name, NULL);
    g_autofree char *usage = verb_format_usage(verb);
    g_autoptr(RoffWords) words = roff_words_new();

    roff_words_add_verb(words, verb);
    append_header(out, page);
    append_name(out, page, verb->summary);
    append_synopsis(out, usage);
    g_string_append(out, ".SH DESCRIPTION\n");
    append_paragraphs(out, verb->description, words);
    if (verb->actions)
        append_actions(out, verb, words);
    append_options(out, verb, words);
    g_string_append(out, ".SH EXIT STATUS\n");
    append_exit_codes(out, verb);
    if (verb->examples && verb->examples[0].command)
        g_string_append(out, ".SH EXAMPLES\n");
    append_examples(out, verb, words);
    append_see_also(out, verb);
    return g_string_free(out, FALSE);
}

static void append_verbs(GString *out)
{
    const char *topic = NULL;

    g_string_append(out, ".SH VERBS\n");
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if ((*verb)->hidden)
            continue;
        if (g_strcmp0((*verb)->topic, topic) != 0)
            g_string_append_printf(out, ".SS %s\n", (*verb)->topic);
        topic = (*verb)->topic;
        g_string_append(out, ".TP\n\\fBgourd\\-");
        roff_append_text(out, (*verb)->name);
        g_string_append(out, "\\fR(1)\n");
        roff_append_text(out, (*verb)->summary);
        g_string_append(out, ".\n");
    }
}

static void append_topic_row(GString *out, const char *name, const char *text, const RoffWords *words)
{
    g_autofree char *label = g_strdup_printf("`%s`", name);

    g_string_append(out, ".TP\n");
    roff_append_marked(out, label, words);
    g_string_append_c(out, '\n');
    roff_append_marked(out, text, words);
    g_string_append_c(out, '\n');
}

static void append_topic(GString *out, const Topic *topic, const RoffWords *words)
{
    g_string_append_printf(out, ".SH %s\n", topic->title);
    append_paragraphs(out, topic->paragraphs, words);
    for (const TopicRow *row = topic->rows; row && row->label; row++)
        append_topic_row(out, row->label, row->text, words);
    for (const WhyCause *cause = why_causes(); topic->lists_causes && cause->name; cause++)
        append_topic_row(out, cause->name, cause->text, words);
    if (topic->lists_exit_codes)
        append_exit_codes(out, NULL);
}

char *man_format_overview(void)
{
    GString *out = g_string_new(NULL);
    g_autoptr(RoffWords) words = roff_words_new();

    for (const Verb *const *verb = all_verbs; *verb; verb++)
        roff_words_add_verb(words, *verb);
    roff_words_add(words, "VERB FILE FOLDER TAG DIGEST OPTION ARGUMENT");
    append_header(out, "gourd");
    append_name(out, "gourd", "make container images SquashFS bundles that systemd runs");
    append_synopsis(out, "gourd [VERB] [OPTION]... [ARGUMENT]...");
    g_string_append(out, ".SH DESCRIPTION\n");
    const char *const summary[] = {gourd_summary, NULL};
    append_paragraphs(out, summary, words);
    append_verbs(out);
    g_string_append(out, ".SH OPTIONS\nAll verbs know these; they may also stand before the verb.\n");
    for (const Option *option = common_options.options; option->name; option++)
        append_option(out, option, words);
    for (const Topic *topic = topics; topic->name; topic++)
        append_topic(out, topic, words);
    append_see_also(out, NULL);
    return g_string_free(out, FALSE);
}
