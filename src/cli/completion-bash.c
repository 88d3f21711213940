// SPDX-License-Identifier: LGPL-2.1-or-later
#include "completion.h"

#include "topic.h"

/* Bash splits words at ":" and "=" (COMP_WORDBREAKS) and replaces only the last piece, so the script reads the line itself
 * and takes off again what Bash would keep. */
static const char script_head[] =
    "# bash completion for gourd. Made by gourd from its option tables: changes belong there.\n"
    "\n"
    "_gourd_files() { # offers files that match the patterns, and folders; with $1 in front of each\n"
    "    local prefix=$1 path=${cur#\"$1\"} pattern name\n"
    "    shift\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    while IFS= read -r name; do\n"
    "        if [[ -d $name ]]; then\n"
    "            COMPREPLY+=(\"$prefix$name\")\n"
    "            continue\n"
    "        fi\n"
    "        for pattern; do\n"
    "            # shellcheck disable=SC2053 # a pattern\n"
    "            [[ $name == $pattern ]] && COMPREPLY+=(\"$prefix$name\") && break\n"
    "        done\n"
    "    done < <(compgen -f -- \"$path\")\n"
    "}\n"
    "\n"
    "_gourd_services() {\n"
    "    _gourd_words \"$(\"${words[0]}\" list --names 2>/dev/null)\"\n"
    "}\n"
    "\n"
    "_gourd_stacks() {\n"
    "    _gourd_words \"$(\"${words[0]}\" list --stacks --names 2>/dev/null)\"\n"
    "}\n"
    "\n"
    "_gourd_of_file() {\n"
    "    _gourd_words \"$(\"${words[0]}\" config --services --profile '*' 2>/dev/null)\"\n"
    "}\n"
    "\n"
    "_gourd_machines() {\n"
    "    _gourd_words \"$(\"${words[0]}\" machine list --names 2>/dev/null)\"\n"
    "}\n"
    "\n"
    "_gourd_volumes() {\n"
    "    _gourd_words \"$(\"${words[0]}\" volume ls --names 2>/dev/null)\"\n"
    "}\n"
    "\n"
    "_gourd_words() {\n"
    "    local word\n"
    "    while IFS= read -r word; do\n"
    "        [[ $word ]] && COMPREPLY+=(\"$word\")\n"
    "    done < <(compgen -W \"$*\" -- \"$cur\")\n"
    "}\n"
    "\n";

static const char script_tail[] =
    "_gourd() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} cur verb='' option='' operands=0 word i head\n"
    "    local -a words\n"
    "    COMPREPLY=()\n"
    "    read -ra words <<<\"$line\"\n"
    "    cur=''\n"
    "    if [[ $line != *[[:space:]] ]]; then\n"
    "        cur=${words[-1]}\n"
    "        unset 'words[-1]'\n"
    "    fi\n"
    "    for ((i = 1; i < ${#words[@]}; i++)); do\n"
    "        word=${words[i]}\n"
    "        if [[ $option ]]; then\n"
    "            option=''\n"
    "        elif [[ $word == -* && $word != - ]]; then\n"
    "            _gourd_takes_argument \"$verb\" \"$word\" && option=$word\n"
    "        elif [[ ! $verb ]]; then\n"
    "            verb=$word\n"
    "        else\n"
    "            operands=$((operands + 1))\n"
    "        fi\n"
    "    done\n"
    "    head=${cur%\"${cur##*[=:]}\"}\n"
    "    if [[ ! $option && $cur == --*=* ]]; then\n"
    "        option=${cur%%=*}\n"
    "        cur=${cur#*=}\n"
    "        head=${head#\"$option=\"}\n"
    "    fi\n"
    "    if [[ $option ]]; then\n"
    "        _gourd_offer_argument \"$verb\" \"$option\"\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        _gourd_offer_options \"$verb\"\n"
    "    elif [[ ! $verb ]]; then\n"
    "        _gourd_words \"$_gourd_verbs\"\n"
    "    else\n"
    "        _gourd_offer_operand \"$verb\" \"$operands\"\n"
    "    fi\n"
    "    if [[ $head == *:* && $COMP_WORDBREAKS == *:* ]]; then\n"
    "        for i in \"${!COMPREPLY[@]}\"; do\n"
    "            COMPREPLY[i]=${COMPREPLY[i]#\"$head\"}\n"
    "        done\n"
    "    fi\n"
    "    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=:] ]] && compopt -o nospace 2>/dev/null\n"
    "    return 0\n"
    "}\n"
    "\n"
    "complete -F _gourd gourd\n";

static void append_names(GString *out, const Option *option)
{
    g_string_append_printf(out, " --%s", option->name);
    if (option->negatable)
        g_string_append_printf(out, " --no-%s", option->name);
    if (option->short_name)
        g_string_append_printf(out, " -%c", option->short_name);
}

/* Before the verb, "" stands in for it. */
static void append_option_names(GString *out, const Verb *verb, gboolean with_argument_only)
{
    if (verb) {
        OptionIterator iterator;

        option_iterator_init(&iterator, verb);
        for (const Option *option; (option = option_iterator_next(&iterator));) {
            if (!with_argument_only || option_takes_next(option))
                append_names(out, option);
        }
        return;
    }
    for (const Option *option = common_options.options; option->name; option++) {
        if (!with_argument_only || option_has_argument(option))
            append_names(out, option);
    }
}

static void append_name_functions(GString *out)
{
    g_string_append(out, "_gourd_offer_options() {\n    case $1 in\n");
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if ((*verb)->hidden)
            continue;
        g_string_append_printf(out, "        %s) _gourd_words '", (*verb)->name);
        append_option_names(out, *verb, FALSE);
        g_string_append(out, "' ;;\n");
    }
    g_string_append(out, "        '') _gourd_words '");
    append_option_names(out, NULL, FALSE);
    g_string_append(out, "' ;;\n    esac\n}\n\n_gourd_takes_argument() {\n    local with=''\n    case $1 in\n");
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if ((*verb)->hidden)
            continue;
        g_string_append_printf(out, "        %s) with='", (*verb)->name);
        append_option_names(out, *verb, TRUE);
        g_string_append(out, " ' ;;\n");
    }
    g_string_append(out, "        '') with='");
    append_option_names(out, NULL, TRUE);
    g_string_append(out, " ' ;;\n    esac\n    [[ $with == *\" $2 \"* ]]\n}\n\n");
}

/* The command that offers what fits; NULL if nothing does. */
static char *format_offer(Completion completion, const Option *option)
{
    g_autoptr(GString) values = g_string_new(NULL);

    switch (completion) {
    case COMPLETE_FILE:
        return g_strdup("_gourd_files '' '*'");
    case COMPLETE_FOLDER:
        return g_strdup("_gourd_files ''");
    case COMPLETE_BUNDLE:
        return g_strdup("_gourd_files '' '*.raw'");
    case COMPLETE_SOURCE:
        return g_strdup("_gourd_sources");
    case COMPLETE_VERB:
        return g_strdup("_gourd_words \"$_gourd_verbs $_gourd_topics\"");
    case COMPLETE_SERVICE:
        return g_strdup("_gourd_services");
    case COMPLETE_STACK:
        return g_strdup("_gourd_stacks");
    case COMPLETE_OF_FILE:
        return g_strdup("_gourd_of_file");
    case COMPLETE_SERVICE_OR_STACK:
        return g_strdup("_gourd_services; _gourd_stacks");
    case COMPLETE_SERVICE_OR_MACHINE:
        return g_strdup("_gourd_services; _gourd_machines");
    case COMPLETE_RUNNING:
        return g_strdup("_gourd_services; _gourd_stacks; _gourd_machines");
    case COMPLETE_SERVICE_OR_BUNDLE:
        return g_strdup("_gourd_services; _gourd_files '' '*.raw'");
    case COMPLETE_VOLUME_OR_FILE:
        return g_strdup("_gourd_volumes; _gourd_files '' '*'");
    case COMPLETE_MACHINE:
        return g_strdup("_gourd_machines");
    case COMPLETE_ACTION:
    case COMPLETE_VALUES:
    case COMPLETE_NOTHING:
        break;
    }
    if (!option)
        return NULL;
    for (const OptionChoice *choice = option->choices; choice && choice->name; choice++)
        g_string_append_printf(values, " %s", choice->name);
    for (const char *const *value = option->suggestions; value && *value; value++)
        g_string_append_printf(values, " %s", *value);
    return values->len ? g_strdup_printf("_gourd_words '%s'", values->str + 1) : NULL;
}

static void append_argument(GString *out, const char *verb, const Option *option)
{
    g_autofree char *offer = format_offer(option->completion, option);

    if (!offer || !option_has_argument(option))
        return;
    g_string_append_printf(out, "        %s:--%s", verb, option->name);
    if (option->short_name)
        g_string_append_printf(out, " | %s:-%c", verb, option->short_name);
    g_string_append_printf(out, ") %s ;;\n", offer);
}

static void append_argument_function(GString *out)
{
    g_string_append(out, "_gourd_offer_argument() {\n    case $1:$2 in\n");
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        OptionIterator iterator;

        if ((*verb)->hidden)
            continue;
        option_iterator_init(&iterator, *verb);
        for (const Option *option; (option = option_iterator_next(&iterator));) {
            append_argument(out, (*verb)->name, option);
            if (option->negatable)
                g_string_append_printf(out, "        %s:--%s) _gourd_words 'yes no' ;;\n", (*verb)->name, option->name);
        }
    }
    for (const Option *option = common_options.options; option->name; option++)
        append_argument(out, "", option);
    g_string_append(out, "    esac\n}\n\n");
}

static char *format_operand_offer(const Verb *verb, const Operand *operand)
{
    if (operand->completion != COMPLETE_ACTION)
        return format_offer(operand->completion, NULL);
    g_autofree char *names = verb_format_actions(verb->actions, " ", " ");
    return g_strdup_printf("_gourd_words '%s'", names);
}

static void append_operand_function(GString *out)
{
    g_string_append(out, "_gourd_offer_operand() {\n    case $1:$2 in\n");
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        guint index = 0;

        for (const Operand *operand = (*verb)->operands; operand && operand->name && !(*verb)->hidden; operand++) {
            g_autofree char *offer = format_operand_offer(*verb, operand);

            for (guint i = 0; i < MIN(operand->max, 8) && operand->max != OPERANDS_ANY; i++, index++) {
                if (offer)
                    g_string_append_printf(out, "        %s:%u) %s ;;\n", (*verb)->name, index, offer);
            }
            if (operand->max == OPERANDS_ANY && offer)
                g_string_append_printf(out, "        %s:*) %s ;;\n", (*verb)->name, offer);
        }
    }
    g_string_append(out, "    esac\n}\n\n");
}

static void append_sources_function(GString *out)
{
    g_string_append(out, "_gourd_sources() {\n    case $cur in\n");
    for (const char *const *prefix = completion_source_prefixes; *prefix; prefix++)
        g_string_append_printf(out, "        %s*) _gourd_files %s '*' ;;\n", *prefix, *prefix);
    g_string_append(out, "        *)\n            _gourd_words '");
    for (const char *const *prefix = completion_source_prefixes; *prefix; prefix++)
        g_string_append_printf(out, " %s", *prefix);
    g_string_append(out, "'\n            _gourd_files '' '*'\n            ;;\n    esac\n}\n\n");
}

char *completion_format_bash(void)
{
    GString *out = g_string_new(script_head);

    g_string_append(out, "_gourd_verbs='");
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if (!(*verb)->hidden)
            g_string_append_printf(out, " %s", (*verb)->name);
    }
    g_string_append(out, "'\n_gourd_topics='");
    for (const Topic *topic = topics; topic->name; topic++)
        g_string_append_printf(out, " %s", topic->name);
    g_string_append(out, "'\n\n");
    append_sources_function(out);
    append_name_functions(out);
    append_argument_function(out);
    append_operand_function(out);
    g_string_append(out, script_tail);
    return g_string_free(out, FALSE);
}
