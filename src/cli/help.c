// SPDX-License-Identifier: LGPL-2.1-or-later
#include "help.h"

#include "text.h"
#include "topic.h"

#define WIDTH_MAX 100      /* longer lines are hard to read */
#define LABEL_WIDTH_MAX 30 /* wider labels get a line of their own */
#define LABEL_INDENT 2

char *option_format_label(const Option *option)
{
    GString *label = g_string_new(NULL);

    if (option->short_name)
        g_string_append_printf(label, "-%c, ", option->short_name);
    g_string_append_printf(label, "--%s%s", option->negatable ? "[no-]" : "", option->name);
    if (option->optional)
        g_string_append_printf(label, "[=%s]", option->argument);
    else if (option_has_argument(option))
        g_string_append_printf(label, " %s", option->argument);
    return g_string_free(label, FALSE);
}

char *option_format_help(const Option *option)
{
    GString *help = g_string_new(option->help);
    const char *shown_default = option->shown_default ? option->shown_default : option->fallback;
    g_autoptr(GString) more = g_string_new(NULL);

    for (const OptionChoice *choice = option->choices; choice && choice->name; choice++)
        g_string_append_printf(more, "%s`%s`", more->len ? ", " : "", choice->name);
    if (option->kind == OPTION_STRINGS)
        g_string_append(more, "may be repeated");
    if (shown_default)
        g_string_append_printf(more, "%sdefault: %s", more->len ? "; " : "", shown_default);
    if (more->len)
        g_string_append_printf(help, " (%s)", more->str);
    return g_string_free(help, FALSE);
}

static void append_title(GString *out, const char *title, gboolean colored)
{
    g_string_append_printf(out, "\n%s%s:%s\n", style_begin(STYLE_BOLD, colored), title, style_end(STYLE_BOLD, colored));
}

/* "  label      text", the text in its own column. */
static void append_row(GString *out, const char *label, const char *text, guint column, guint width, gboolean colored)
{
    guint label_width = text_get_width(label) + LABEL_INDENT;

    g_string_append_printf(out, "%*s%s%s%s", LABEL_INDENT, "", style_begin(STYLE_BOLD, colored), label,
                           style_end(STYLE_BOLD, colored));
    if (label_width + 2 > column)
        g_string_append_printf(out, "\n%*s", (int)column, "");
    else
        g_string_append_printf(out, "%*s", (int)(column - label_width), "");
    text_append_wrapped(out, text, column, column, width, colored);
    g_string_append_c(out, '\n');
}

static void append_paragraph(GString *out, const char *text, guint width, gboolean colored)
{
    g_string_append_c(out, '\n');
    text_append_wrapped(out, text, 0, 0, width, colored);
    g_string_append_c(out, '\n');
}

/* A label that lines up with others: those without a letter begin where the long names do. */
static char *format_aligned_label(const Option *option)
{
    g_autofree char *label = option_format_label(option);

    return g_strconcat(option->short_name ? "" : "    ", label, NULL);
}

static guint find_column(const Verb *verb)
{
    OptionIterator iterator;
    guint widest = 0;

    option_iterator_init(&iterator, verb);
    for (const Option *option; (option = option_iterator_next(&iterator));) {
        g_autofree char *label = format_aligned_label(option);
        guint width = text_get_width(label);

        if (width <= LABEL_WIDTH_MAX)
            widest = MAX(widest, width);
    }
    return LABEL_INDENT + widest + 2;
}

static char *format_action_label(const VerbAction *action)
{
    return g_strconcat(action->name, action->operands, NULL);
}

static void append_actions(GString *out, const Verb *verb, guint width, gboolean colored)
{
    guint column = 0;

    for (const VerbAction *action = verb->actions; action->name; action++) {
        g_autofree char *label = format_action_label(action);

        column = MAX(column, LABEL_INDENT + text_get_width(label) + 2);
    }
    append_title(out, "Actions", colored);
    for (const VerbAction *action = verb->actions; action->name; action++) {
        g_autofree char *label = format_action_label(action);

        append_row(out, label, action->summary, column, width, colored);
    }
}

static void append_options(GString *out, const Verb *verb, guint width, gboolean colored)
{
    const OptionGroup *group = NULL;
    guint column = find_column(verb);
    OptionIterator iterator;

    option_iterator_init(&iterator, verb);
    for (const Option *option; (option = option_iterator_next(&iterator));) {
        g_autofree char *label = format_aligned_label(option);
        g_autofree char *help = option_format_help(option);

        if (iterator.in != group)
            append_title(out, iterator.in->title, colored);
        group = iterator.in;
        append_row(out, label, help, column, width, colored);
    }
}

char *help_format_verb(const Verb *verb, guint width, gboolean colored)
{
    g_autofree char *usage = verb_format_usage(verb);
    GString *out = g_string_new(NULL);

    width = MIN(width, WIDTH_MAX);
    g_string_append_printf(out, "%sUsage:%s %s\n", style_begin(STYLE_BOLD, colored), style_end(STYLE_BOLD, colored),
                           usage);
    if (verb->description)
        append_paragraph(out, verb->description[0], width, colored);
    if (verb->actions)
        append_actions(out, verb, width, colored);
    append_options(out, verb, width, colored);
    if (verb->examples && verb->examples[0].command)
        append_title(out, "Examples", colored);
    for (const Example *example = verb->examples; example && example->command; example++) {
        g_string_append_printf(out, "%*s", LABEL_INDENT, "");
        text_append_wrapped(out, example->text, LABEL_INDENT, LABEL_INDENT, width, colored);
        g_string_append_printf(out, ":\n%*s%s%s%s\n", 2 * LABEL_INDENT, "", style_begin(STYLE_BOLD, colored),
                               example->command, style_end(STYLE_BOLD, colored));
    }
    g_string_append_printf(out, "\nMore: man gourd-%s\n", verb->name);
    return g_string_free(out, FALSE);
}

char *help_format_overview(guint width, gboolean colored)
{
    GString *out = g_string_new(NULL);
    const char *topic = NULL;
    guint column = 0;

    width = MIN(width, WIDTH_MAX);
    g_string_append_printf(out, "%sUsage:%s gourd VERB [OPTION]... [ARGUMENT]...\n", style_begin(STYLE_BOLD, colored),
                           style_end(STYLE_BOLD, colored));
    append_paragraph(out, gourd_summary, width, colored);
    for (const Verb *const *verb = all_verbs; *verb; verb++)
        column = MAX(column, LABEL_INDENT + text_get_width((*verb)->name) + 2);
    for (const Topic *row = topics; row->name; row++)
        column = MAX(column, LABEL_INDENT + text_get_width(row->name) + 2);
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if ((*verb)->hidden)
            continue;
        if (g_strcmp0((*verb)->topic, topic) != 0)
            append_title(out, (*verb)->topic, colored);
        topic = (*verb)->topic;
        append_row(out, (*verb)->name, (*verb)->summary, column, width, colored);
    }
    append_title(out, "To read with gourd help", colored);
    for (const Topic *row = topics; row->name; row++)
        append_row(out, row->name, row->summary, column, width, colored);
    append_paragraph(out, "`gourd VERB --help` and `man gourd-VERB` tell more.", width, colored);
    return g_string_free(out, FALSE);
}
