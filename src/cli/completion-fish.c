// SPDX-License-Identifier: LGPL-2.1-or-later
#include "completion.h"

#include "text.h"
#include "topic.h"

static const char script_head[] =
    "# fish completion for gourd. Made by gourd from its option tables: changes belong there.\n"
    "\n"
    "function __gourd_words --description 'The words before the cursor that are no options'\n"
    "    set -l skip 0\n"
    "    for word in (commandline -opc)[2..]\n"
    "        if test $skip = 1\n"
    "            set skip 0\n"
    "        else if contains -- $word $__gourd_with_argument\n"
    "            set skip 1\n"
    "        else if not string match -q -- '-?*' $word\n"
    "            echo $word\n"
    "        end\n"
    "    end\n"
    "end\n"
    "\n"
    "function __gourd_needs_verb\n"
    "    test (count (__gourd_words)) = 0\n"
    "end\n"
    "\n"
    "function __gourd_verb_is --description 'Whether the verb is VERB and OPERANDS of its operands, or more than MIN, are there'\n"
    "    set -l words (__gourd_words)\n"
    "    set -l operands (math (count $words) - 1)\n"
    "    test \"$words[1]\" = $argv[1]; or return 1\n"
    "    test (count $argv) = 1; and return 0\n"
    "    test $operands -ge $argv[2] -a $operands -le $argv[3]\n"
    "end\n"
    "\n"
    "function __gourd_services\n"
    "    set -l words (commandline -opc)\n"
    "    command $words[1] list --names 2>/dev/null\n"
    "end\n"
    "\n"
    "function __gourd_stacks\n"
    "    set -l words (commandline -opc)\n"
    "    command $words[1] list --stacks --names 2>/dev/null\n"
    "end\n"
    "\n"
    "function __gourd_of_file\n"
    "    set -l words (commandline -opc)\n"
    "    command $words[1] config --services --profile '*' 2>/dev/null\n"
    "end\n"
    "\n"
    "function __gourd_machines\n"
    "    set -l words (commandline -opc)\n"
    "    command $words[1] machine list --names 2>/dev/null\n"
    "end\n"
    "\n"
    "function __gourd_volumes\n"
    "    set -l words (commandline -opc)\n"
    "    command $words[1] volume ls --names 2>/dev/null\n"
    "end\n"
    "\n"
    "function __gourd_sources\n"
    "    set -l token (commandline -ct)\n"
    "    set -l match (string match -r -- \"^($__gourd_prefixes)(.*)\" $token)\n"
    "    if test (count $match) = 3\n"
    "        for path in (__fish_complete_path $match[3])\n"
    "            echo $match[2]$path\n"
    "        end\n"
    "    else\n"
    "        string split -- '|' $__gourd_prefixes\n"
    "        __fish_complete_path $token\n"
    "    end\n"
    "end\n"
    "\n";

/* Within '…' of fish. */
static void append_escaped(GString *out, const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '\'' || *at == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
}

static void append_quoted(GString *out, const char *marked)
{
    g_autofree char *text = text_strip_marks(marked);

    g_string_append_c(out, '\'');
    append_escaped(out, text);
    g_string_append_c(out, '\'');
}

/* A value with its own description: fish takes what follows a tab for one. */
static void append_choice(GString *out, const OptionChoice *choice)
{
    g_autofree char *help = choice->help ? text_strip_marks(choice->help) : NULL;

    g_string_append(out, choice->name);
    if (help) {
        g_string_append(out, "\\t\"");
        append_escaped(out, help);
        g_string_append_c(out, '"');
    }
    g_string_append_c(out, ' ');
}

static void append_offer(GString *out, Completion completion, const Option *option)
{
    static const char *const offers[] = {
        [COMPLETE_NOTHING] = "",
        [COMPLETE_FILE] = " -F",
        [COMPLETE_FOLDER] = " -a '(__fish_complete_directories)'",
        [COMPLETE_BUNDLE] = " -k -a '(__fish_complete_suffix .raw)'",
        [COMPLETE_SOURCE] = " -a '(__gourd_sources)'",
        [COMPLETE_VERB] = "",
        [COMPLETE_ACTION] = "",
        [COMPLETE_VALUES] = "",
        [COMPLETE_SERVICE] = " -a '(__gourd_services)'",
        [COMPLETE_STACK] = " -a '(__gourd_stacks)'",
        [COMPLETE_OF_FILE] = " -a '(__gourd_of_file)'",
        [COMPLETE_SERVICE_OR_STACK] = " -a '(__gourd_services; __gourd_stacks)'",
        [COMPLETE_SERVICE_OR_MACHINE] = " -a '(__gourd_services; __gourd_machines)'",
        [COMPLETE_RUNNING] = " -a '(__gourd_services; __gourd_stacks; __gourd_machines)'",
        [COMPLETE_SERVICE_OR_BUNDLE] = " -k -a '(__gourd_services; __fish_complete_suffix .raw)'",
        [COMPLETE_MACHINE] = " -a '(__gourd_machines)'",
        [COMPLETE_VOLUME_OR_FILE] = " -F -a '(__gourd_volumes)'",
    };

    if (!option || (!option->choices && !option->suggestions)) {
        g_string_append(out, offers[completion]);
        return;
    }
    g_string_append(out, " -a '");
    for (const OptionChoice *choice = option->choices; choice && choice->name; choice++)
        append_choice(out, choice);
    for (const char *const *value = option->suggestions; value && *value; value++)
        g_string_append_printf(out, "%s ", *value);
    g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\'');
}

static void append_option(GString *out, const char *condition, const Option *option)
{
    g_string_append_printf(out, "complete -c gourd -n '%s'", condition);
    if (option->short_name)
        g_string_append_printf(out, " -s %c", option->short_name);
    g_string_append_printf(out, " -l %s", option->name);
    if (option_takes_next(option)) {
        g_string_append(out, option->completion == COMPLETE_FILE ? " -r" : " -x");
        append_offer(out, option->completion, option);
    }
    g_string_append(out, " -d ");
    append_quoted(out, option->help);
    g_string_append_c(out, '\n');
    if (option->negatable) {
        g_string_append_printf(out, "complete -c gourd -n '%s' -l no-%s -d ", condition, option->name);
        g_autofree char *text = g_strdup_printf("Not: %s", option->help);
        append_quoted(out, text);
        g_string_append_c(out, '\n');
    }
}

static void append_word(GString *out, const char *condition, const char *name, const char *text)
{
    g_string_append_printf(out, "complete -c gourd -n '%s' -a %s -d ", condition, name);
    append_quoted(out, text);
    g_string_append_c(out, '\n');
}

static void append_words(GString *out, const char *condition, gboolean with_topics)
{
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if (!(*verb)->hidden)
            append_word(out, condition, (*verb)->name, (*verb)->summary);
    }
    for (const Topic *topic = topics; with_topics && topic->name; topic++)
        append_word(out, condition, topic->name, topic->summary);
}

static void append_operands(GString *out, const Verb *verb)
{
    guint first = 0;

    for (const Operand *operand = verb->operands; operand && operand->name; operand++) {
        guint last = operand->max == OPERANDS_ANY ? 9999 : first + operand->max - 1;
        g_autofree char *condition = g_strdup_printf("__gourd_verb_is %s %u %u", verb->name, first, last);

        first = last + 1;
        if (operand->completion == COMPLETE_VERB) {
            append_words(out, condition, TRUE);
        } else if (operand->completion != COMPLETE_NOTHING) {
            g_string_append_printf(out, "complete -c gourd -n '%s'", condition);
            append_offer(out, operand->completion, NULL);
            if (operand->completion == COMPLETE_ACTION) {
                g_autofree char *names = verb_format_actions(verb->actions, " ", " ");

                g_string_append_printf(out, " -a '%s'", names);
            }
            g_string_append_c(out, '\n');
        }
    }
}

static void append_verb(GString *out, const Verb *verb)
{
    g_autofree char *condition = g_strdup_printf("__gourd_verb_is %s", verb->name);
    OptionIterator iterator;

    g_string_append_c(out, '\n');
    option_iterator_init(&iterator, verb);
    for (const Option *option; (option = option_iterator_next(&iterator));)
        append_option(out, condition, option);
    append_operands(out, verb);
}

/* All names of options with an argument, of all verbs: what follows them is no operand. A name means the same, or at least
 * takes an argument, in each verb that has it, but for --version. */
static void append_names_with_argument(GString *out)
{
    g_string_append(out, "set -g __gourd_with_argument");
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        OptionIterator iterator;

        option_iterator_init(&iterator, *verb);
        for (const Option *option; (option = option_iterator_next(&iterator));) {
            if (!option_takes_next(option))
                continue;
            g_string_append_printf(out, " --%s", option->name);
            if (option->short_name)
                g_string_append_printf(out, " -%c", option->short_name);
        }
    }
    g_string_append(out, "\nset -g __gourd_prefixes '");
    for (const char *const *prefix = completion_source_prefixes; *prefix; prefix++)
        g_string_append_printf(out, "%s%s", prefix == completion_source_prefixes ? "" : "|", *prefix);
    g_string_append(out, "'\n\n");
}

char *completion_format_fish(void)
{
    GString *out = g_string_new(script_head);

    append_names_with_argument(out);
    g_string_append(out, "complete -c gourd -f\n");
    for (const Option *option = common_options.options; option->name; option++)
        append_option(out, "__gourd_needs_verb", option);
    append_words(out, "__gourd_needs_verb", FALSE);
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if (!(*verb)->hidden)
            append_verb(out, *verb);
    }
    return g_string_free(out, FALSE);
}
