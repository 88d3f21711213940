// SPDX-License-Identifier: LGPL-2.1-or-later
#include "parse.h"

#include <string.h>

/* What stands before the verb is read as if it were a verb that knows the common options only. */
static const Verb verb_none = {.name = "", .options_size = sizeof(CommonOptions)};

static const OptionGroup *find_group(const Verb *verb, guint index)
{
    guint i = 0;

    for (const OptionGroup *group = verb->groups; group && group->title; group++, i++) {
        if (i == index)
            return group;
    }
    return i == index ? &common_options : NULL;
}

static gboolean set_unknown_option(const Verb *verb, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *shown = text_escape(name);
    OptionIterator iterator;

    option_iterator_init(&iterator, verb);
    for (const Option *option; (option = option_iterator_next(&iterator));) {
        g_ptr_array_add(names, g_strdup(option->name));
        if (option->negatable)
            g_ptr_array_add(names, g_strconcat("no-", option->name, NULL));
    }
    const char *nearest = nearest_name(name, names), *instead = elsewhere_find_option(verb, name, 0);
    const char *space = *verb->name ? " " : "";
    gourd_error_set(error, GOURD_ERROR_USAGE, "unknown option '--%s'", shown);
    if (instead)
        return gourd_error_hint(error, "%s", instead);
    if (nearest)
        return gourd_error_hint(error, "did you mean '--%s'?", nearest);
    return gourd_error_hint(error, "'gourd%s%s --help' lists the options", space, verb->name);
}

static gboolean is_final(const Parsed *parsed)
{
    const CommonOptions *common = parsed->options;

    return common->help || common->version;
}

/* Stores an option whose argument is text, or the next of arguments if text is NULL. */
static gboolean store_with_argument(Parsed *parsed, const Option *option, const char *text,
                                    const char *const *arguments, guint *used, GError **error)
{
    if (!text && !arguments[*used])
        return gourd_error_set(error, GOURD_ERROR_USAGE, "option '--%s' needs an argument %s", option->name,
                               option->argument);
    if (!text)
        text = arguments[(*used)++];
    return option_store(option, text, parsed->options, error);
}

static gboolean parse_long(Parsed *parsed, const char *text, const char *const *arguments, guint *used, GError **error)
{
    const char *equals = strchr(text, '=');
    const char *argument = equals ? equals + 1 : NULL;
    g_autofree char *name = equals ? g_strndup(text, (gsize)(equals - text)) : g_strdup(text);
    gboolean negated = FALSE;
    const Option *option = verb_find_option(parsed->verb, name, &negated);

    if (!option)
        return set_unknown_option(parsed->verb, name, error);
    if (option->optional && !argument)
        return option_store(option, option->optional, parsed->options, error);
    if (option_has_argument(option))
        return store_with_argument(parsed, option, argument, arguments, used, error);
    if (argument && (negated || !option->negatable))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "option '--%s' takes no argument", name);
    return option_store(option, negated ? "no" : argument, parsed->options, error);
}

static gboolean parse_short(Parsed *parsed, const char *letters, const char *const *arguments, guint *used,
                            GError **error)
{
    for (const char *letter = letters; *letter && !is_final(parsed); letter++) {
        const Option *option = verb_find_short_option(parsed->verb, *letter);

        if (!option) {
            const char *after = g_utf8_find_next_char(letter, NULL);
            g_autofree char *shown = bytes_escape(letter, MIN((gsize)(after - letter), strlen(letter)));

            const char *instead = elsewhere_find_option(parsed->verb, NULL, *letter);
            gourd_error_set(error, GOURD_ERROR_USAGE, "unknown option '-%s'", shown);
            if (instead)
                return gourd_error_hint(error, "%s", instead);
            return gourd_error_hint(error, "'gourd%s%s --help' lists the options", *parsed->verb->name ? " " : "",
                                    parsed->verb->name);
        }
        if (option_has_argument(option))
            return store_with_argument(parsed, option, letter[1] ? letter + 1 : NULL, arguments, used, error);
        if (!option_store(option, NULL, parsed->options, error))
            return FALSE;
    }
    return TRUE;
}

/* Reads one option with its argument; arguments[*used] begins with "-" and is neither "-" nor "--". */
static gboolean parse_option(Parsed *parsed, const char *const *arguments, guint *used, GError **error)
{
    const char *text = arguments[(*used)++];

    if (g_str_has_prefix(text, "--"))
        return parse_long(parsed, text + 2, arguments, used, error);
    return parse_short(parsed, text + 1, arguments, used, error);
}

static gboolean is_option(const char *text)
{
    return text[0] == '-' && text[1];
}

/* `-v /srv:/data`, as docker run has it. */
static gboolean check_verbose(const Parsed *parsed, GError **error)
{
    const CommonOptions *common = parsed->options;
    gboolean negated;

    for (guint i = 0; common->verbose && i < parsed->operands->len; i++) {
        const char *operand = g_ptr_array_index(parsed->operands, i);
        g_autofree char *shown = text_escape(operand);

        if (strchr("/.~", *operand) && strstr(operand, ":/") && verb_find_option(parsed->verb, "bind", &negated)) {
            gourd_error_set(error, GOURD_ERROR_USAGE, "unexpected '%s': -v means --verbose", shown);
            return gourd_error_hint(error, "--bind %s shows a file or folder of the host", shown);
        }
    }
    return TRUE;
}

static gboolean check_operands(const Parsed *parsed, GError **error)
{
    const Verb *verb = parsed->verb;
    g_autofree char *usage = verb_format_usage(verb);
    guint min = 0, max = 0;

    for (const Operand *operand = verb->operands; operand && operand->name; operand++) {
        min += operand->min;
        max = operand->max == OPERANDS_ANY ? OPERANDS_ANY : max + operand->max;
        if (parsed->operands->len < min) {
            gourd_error_set(error, GOURD_ERROR_USAGE, "%s is missing", operand->name);
            if (operand->completion == COMPLETE_ACTION) {
                g_autofree char *all = verb_format_actions(verb->actions, ", ", " or ");

                return gourd_error_hint(error, "it is %s; 'gourd %s --help' tells more", all, verb->name);
            }
            return gourd_error_hint(error, "usage: %s", usage);
        }
    }
    if (parsed->operands->len > max) {
        g_autofree char *shown = text_escape(g_ptr_array_index(parsed->operands, max));

        gourd_error_set(error, GOURD_ERROR_USAGE, "unexpected '%s'", shown);
        if (verb->words)
            return gourd_error_hint(error, "the words of a command follow '--': %s", usage);
        return gourd_error_hint(error, "usage: %s", usage);
    }
    return TRUE;
}

static Parsed *parsed_new(const Verb *verb, const CommonOptions *common)
{
    Parsed *parsed = g_new0(Parsed, 1);
    const OptionGroup *group;

    g_assert(verb->options_size >= sizeof(CommonOptions));
    parsed->verb = verb;
    parsed->options = g_malloc0(verb->options_size);
    parsed->operands = g_ptr_array_new_null_terminated(0, NULL, TRUE);
    for (guint i = 0; (group = find_group(verb, i)); i++)
        options_init(parsed->options, group);
    if (common)
        *(CommonOptions *)parsed->options = *common;
    return parsed;
}

const char *const *parsed_words(const Parsed *parsed)
{
    static const char *const none[] = {NULL};

    if (!parsed->words)
        return NULL;
    return parsed->words->len > 0 ? (const char *const *)parsed->words->pdata : none; /* GLib: no element, no pdata */
}

void parsed_free(Parsed *parsed)
{
    const OptionGroup *group;

    if (!parsed)
        return;
    for (guint i = 0; (group = find_group(parsed->verb, i)); i++)
        options_release(parsed->options, group);
    g_free(parsed->options);
    g_ptr_array_unref(parsed->operands);
    g_clear_pointer(&parsed->words, g_ptr_array_unref);
    g_free(parsed);
}

static gboolean takes_words_now(const Parsed *parsed)
{
    guint operands = 0;

    for (const Operand *operand = parsed->verb->operands; operand && operand->name; operand++)
        operands += operand->max;
    return parsed->verb->words_follow && parsed->operands->len == operands;
}

Parsed *parse_arguments(const Verb *verb, const CommonOptions *common, const char *const *arguments, GError **error)
{
    g_autoptr(Parsed) parsed = parsed_new(verb, common);
    GPtrArray *behind = NULL; /* where all goes once the options have ended */

    for (guint used = 0; arguments[used] && !is_final(parsed);) {
        const char *text = arguments[used];

        if (!parsed->words && takes_words_now(parsed)) {
            behind = parsed->words = g_ptr_array_new_null_terminated(0, NULL, TRUE);
            used += strcmp(text, "--") == 0;
        } else if (behind || !is_option(text)) {
            g_ptr_array_add(behind ? behind : parsed->operands, (char *)text);
            used++;
        } else if (strcmp(text, "--") == 0) {
            gboolean words = verb->words && !verb->words_follow;

            if (words)
                parsed->words = g_ptr_array_new_null_terminated(0, NULL, TRUE);
            behind = words ? parsed->words : parsed->operands;
            used++;
        } else if (!parse_option(parsed, arguments, &used, error)) {
            return NULL;
        }
    }
    if (!is_final(parsed) && (!check_verbose(parsed, error) || !check_operands(parsed, error)))
        return NULL;
    return g_steal_pointer(&parsed);
}

gboolean parse_leading_options(const char *const *arguments, CommonOptions *ret_common, guint *ret_used, GError **error)
{
    g_autoptr(Parsed) parsed = parsed_new(&verb_none, NULL);
    guint used = 0;

    while (arguments[used] && is_option(arguments[used]) && strcmp(arguments[used], "--") != 0 && !is_final(parsed)) {
        if (!parse_option(parsed, arguments, &used, error))
            return FALSE;
    }
    *ret_common = *(const CommonOptions *)parsed->options;
    *ret_used = used;
    return TRUE;
}
