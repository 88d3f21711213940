// SPDX-License-Identifier: LGPL-2.1-or-later
#include "completion.h"

#include "text.h"
#include "topic.h"

const char *const completion_source_prefixes[] = {
    "docker-archive:", "oci-archive:", "oci:", "tar:", "dir:", NULL,
};

/* Text within '…' of the shell and within a spec of _arguments, where ":", "[" and "]" mean something. */
static void append_spec_text(GString *out, const char *marked)
{
    g_autofree char *text = text_strip_marks(marked);

    for (const char *at = text; *at; at++) {
        if (*at == '\'')
            g_string_append(out, "'\\''");
        else if (*at == ':' || *at == '[' || *at == ']' || *at == '\\')
            g_string_append_printf(out, "\\%c", *at);
        else
            g_string_append_c(out, *at);
    }
}

/* ":MESSAGE:ACTION" of an argument or operand. */
static void append_action(GString *out, const char *name, Completion completion, const Option *option)
{
    static const char *const actions[] = {
        [COMPLETE_NOTHING] = " ",
        [COMPLETE_FILE] = "_files",
        [COMPLETE_FOLDER] = "_files -/",
        [COMPLETE_BUNDLE] = "_files -g \"*.raw(-.)\"",
        [COMPLETE_SOURCE] = "_gourd_sources",
        [COMPLETE_VERB] = "_gourd_verbs_and_topics",
        [COMPLETE_ACTION] = "",
        [COMPLETE_VALUES] = " ",
        [COMPLETE_SERVICE] = "_gourd_services",
        [COMPLETE_STACK] = "_gourd_stacks",
        [COMPLETE_OF_FILE] = "_gourd_of_file",
        [COMPLETE_SERVICE_OR_STACK] = "_gourd_services_and_stacks",
        [COMPLETE_SERVICE_OR_MACHINE] = "_gourd_services_and_machines",
        [COMPLETE_RUNNING] = "_gourd_running",
        [COMPLETE_SERVICE_OR_BUNDLE] = "_gourd_services_and_bundles",
        [COMPLETE_MACHINE] = "_gourd_machines",
        [COMPLETE_VOLUME_OR_FILE] = "_gourd_volumes_and_files",
    };

    g_string_append(out, option && option->optional ? "::" : ":");
    append_spec_text(out, name);
    g_string_append_c(out, ':');
    if (!option || (!option->choices && !option->suggestions)) {
        g_string_append(out, actions[completion]);
        return;
    }
    g_string_append(out, option->choices ? "((" : "(");
    for (const OptionChoice *choice = option->choices; choice && choice->name; choice++) {
        g_string_append(out, choice->name);
        if (choice->help) {
            g_string_append(out, "\\:\"");
            append_spec_text(out, choice->help);
            g_string_append_c(out, '"');
        }
        g_string_append_c(out, ' ');
    }
    for (const char *const *value = option->suggestions; value && *value; value++)
        g_string_append_printf(out, "%s ", *value);
    g_string_truncate(out, out->len - 1);
    g_string_append(out, option->choices ? "))" : ")");
}

static void append_option(GString *out, const Option *option)
{
    gboolean with_argument = option_has_argument(option);
    gboolean may_repeat = option->kind == OPTION_STRINGS;

    g_string_append(out, " \\\n        ");
    if (option->short_name && may_repeat)
        g_string_append_printf(out, "'*'{-%c%s,--%s%s}'[", option->short_name, with_argument ? "+" : "", option->name,
                               with_argument ? "=" : "");
    else if (option->short_name)
        g_string_append_printf(out, "'(-%c --%s)'{-%c%s,--%s%s}'[", option->short_name, option->name,
                               option->short_name, with_argument ? "+" : "", option->name, with_argument ? "=" : "");
    else if (option->negatable)
        g_string_append_printf(out, "'(--%s --no-%s)'{--%s,--no-%s}'[", option->name, option->name, option->name,
                               option->name);
    else
        g_string_append_printf(out, "'%s--%s%s%s[", may_repeat ? "*" : "", option->name, with_argument ? "=" : "",
                               option->optional ? "-" : "");
    append_spec_text(out, option->help);
    g_string_append_c(out, ']');
    if (with_argument)
        append_action(out, option->argument, option->completion, option);
    g_string_append_c(out, '\'');
}

static void append_operands(GString *out, const Verb *verb)
{
    for (const Operand *operand = verb->operands; operand && operand->name; operand++) {
        guint specs = operand->max == OPERANDS_ANY ? 1 : operand->max;

        for (guint i = 0; i < specs; i++) {
            g_string_append(out, operand->max == OPERANDS_ANY ? " \\\n        '*" : " \\\n        '");
            if (operand->max != OPERANDS_ANY && i >= operand->min)
                g_string_append_c(out, ':');
            append_action(out, operand->name, operand->completion, NULL);
            if (operand->completion == COMPLETE_ACTION) {
                g_autofree char *names = verb_format_actions(verb->actions, " ", " ");

                g_string_append_printf(out, "(%s)", names);
            }
            g_string_append_c(out, '\'');
        }
    }
}

static void append_verb(GString *out, const Verb *verb)
{
    OptionIterator iterator;

    g_string_append_printf(out, "_gourd-%s() {\n    _arguments -s -S", verb->name);
    option_iterator_init(&iterator, verb);
    for (const Option *option; (option = option_iterator_next(&iterator));)
        append_option(out, option);
    append_operands(out, verb);
    g_string_append(out, "\n}\n\n");
}

static void append_described(GString *out, const char *name, const char *text)
{
    g_string_append_printf(out, "        '%s:", name);
    append_spec_text(out, text);
    g_string_append(out, "'\n");
}

static void append_lists(GString *out)
{
    g_string_append(out, "_gourd_verbs() {\n    local -a verbs=(\n");
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if (!(*verb)->hidden)
            append_described(out, (*verb)->name, (*verb)->summary);
    }
    g_string_append(out, "    )\n    _describe -t verbs verb verbs\n}\n\n"
                         "_gourd_topics() {\n    local -a topics=(\n");
    for (const Topic *topic = topics; topic->name; topic++)
        append_described(out, topic->name, topic->summary);
    g_string_append(out, "    )\n    _describe -t topics topic topics\n}\n\n"
                         "_gourd_verbs_and_topics() {\n    _gourd_verbs\n    _gourd_topics\n}\n\n");
}

static void append_services(GString *out)
{
    g_string_append(out,
                    "_gourd_services() {\n"
                    "    local -a names=(${(f)\"$($_gourd_program list --names 2>/dev/null)\"})\n"
                    "    compadd -a names\n}\n\n"
                    "_gourd_stacks() {\n"
                    "    local -a names=(${(f)\"$($_gourd_program list --stacks --names 2>/dev/null)\"})\n"
                    "    compadd -a names\n}\n\n"
                    "_gourd_of_file() {\n"
                    "    local -a names=(${(f)\"$($_gourd_program config --services --profile '*' 2>/dev/null)\"})\n"
                    "    compadd -a names\n}\n\n"
                    "_gourd_machines() {\n"
                    "    local -a names=(${(f)\"$($_gourd_program machine list --names 2>/dev/null)\"})\n"
                    "    compadd -a names\n}\n\n"
                    "_gourd_volumes_and_files() {\n"
                    "    local -a names=(${(f)\"$($_gourd_program volume ls --names 2>/dev/null)\"})\n"
                    "    compadd -a names\n    _files\n}\n\n"
                    "_gourd_services_and_stacks() {\n    _gourd_services\n    _gourd_stacks\n}\n\n"
                    "_gourd_services_and_machines() {\n    _gourd_services\n    _gourd_machines\n}\n\n"
                    "_gourd_running() {\n    _gourd_services_and_stacks\n    _gourd_machines\n}\n\n"
                    "_gourd_services_and_bundles() {\n    _gourd_services\n    _files -g \"*.raw(-.)\"\n}\n\n");
}

static void append_sources(GString *out)
{
    g_string_append(out, "_gourd_sources() {\n    if compset -P '(");
    for (const char *const *prefix = completion_source_prefixes; *prefix; prefix++)
        g_string_append_printf(out, "%s%s", prefix == completion_source_prefixes ? "" : "|", *prefix);
    g_string_append(out, ")'; then\n        _files\n        return\n    fi\n    compadd -S '' --");
    for (const char *const *prefix = completion_source_prefixes; *prefix; prefix++)
        g_string_append_printf(out, " %s", *prefix);
    g_string_append(out, "\n    _files\n}\n\n");
}

char *completion_format_zsh(void)
{
    GString *out = g_string_new(
        "#compdef gourd\n"
        "# zsh completion for gourd. Made by gourd from its option tables: changes belong there.\n"
        "\n");

    append_lists(out);
    append_sources(out);
    append_services(out);
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if (!(*verb)->hidden)
            append_verb(out, *verb);
    }
    g_string_append(out, "_gourd() {\n"
                         "    local context state state_descr line\n"
                         "    typeset -A opt_args\n"
                         "    local _gourd_program=$words[1]\n"
                         "    _arguments -s -S -C");
    for (const Option *option = common_options.options; option->name; option++)
        append_option(out, option);
    g_string_append(out, " \\\n        '1:verb:_gourd_verbs' \\\n"
                         "        '*:: :->arguments' && return\n"
                         "    if [[ $state == arguments ]] && (($+functions[_gourd-$line[1]])); then\n"
                         "        local curcontext=${curcontext%:*:*}:gourd-$line[1]:\n"
                         "        _gourd-$line[1]\n"
                         "    fi\n"
                         "}\n"
                         "\n"
                         "if [[ $funcstack[1] == _gourd ]]; then\n"
                         "    _gourd \"$@\"\n"
                         "else\n"
                         "    compdef _gourd gourd\n"
                         "fi\n");
    return g_string_free(out, FALSE);
}
