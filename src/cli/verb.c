// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verb.h"

#include <string.h>

#define VERB(name) extern const Verb verb_##name;
#define HIDDEN_VERB(name) VERB(name)
#include "verbs.def"
#undef VERB

const Verb *const all_verbs[] = {
#define VERB(name) &verb_##name,
#include "verbs.def"
#undef VERB
#undef HIDDEN_VERB
    NULL,
};

const Verb *verb_find(const char *name)
{
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if (strcmp((*verb)->name, name) == 0)
            return *verb;
    }
    return NULL;
}

/* Somebody may leave out the verb: a source or an archive in its place means build. */
static gboolean looks_like_source(const char *text)
{
    return strpbrk(text, ":/.") != NULL || strcmp(text, "-") == 0;
}

gboolean verb_set_unknown(const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *shown = text_escape(name);

    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        if (!(*verb)->hidden)
            g_ptr_array_add(names, (char *)(*verb)->name);
    }
    const char *nearest = nearest_name(name, names), *instead = elsewhere_find_verb(name);
    gourd_error_set(error, GOURD_ERROR_USAGE, "unknown verb '%s'", shown);
    if (instead)
        return gourd_error_hint(error, "%s", instead);
    if (nearest)
        return gourd_error_hint(error, "did you mean '%s'? 'gourd help' lists all verbs", nearest);
    if (looks_like_source(name))
        return gourd_error_hint(error, "to make a bundle of it: gourd build %s", shown);
    return gourd_error_hint(error, "'gourd help' lists all verbs");
}

void option_iterator_init(OptionIterator *iterator, const Verb *verb)
{
    *iterator = (OptionIterator){.verb = verb};
}

static gboolean defines_option(const Verb *verb, const char *name)
{
    for (const OptionGroup *group = verb->groups; group && group->title; group++) {
        for (const Option *option = group->options; option->name; option++) {
            if (strcmp(option->name, name) == 0)
                return TRUE;
        }
    }
    return FALSE;
}

const Option *option_iterator_next(OptionIterator *iterator)
{
    const Verb *verb = iterator->verb;

    while (verb->groups && verb->groups[iterator->group].title) {
        const OptionGroup *group = &verb->groups[iterator->group];
        const Option *option = &group->options[iterator->row];

        if (option->name) {
            iterator->row++;
            iterator->in = group;
            return option;
        }
        iterator->group++;
        iterator->row = 0;
    }
    while (common_options.options[iterator->row].name) {
        const Option *option = &common_options.options[iterator->row++];

        iterator->in = &common_options;
        if (!defines_option(verb, option->name))
            return option;
    }
    return NULL;
}

const Option *verb_find_option(const Verb *verb, const char *name, gboolean *ret_negated)
{
    OptionIterator iterator;

    option_iterator_init(&iterator, verb);
    for (const Option *option; (option = option_iterator_next(&iterator));) {
        if (strcmp(option->name, name) == 0) {
            *ret_negated = FALSE;
            return option;
        }
        if (option->negatable && g_str_has_prefix(name, "no-") && strcmp(option->name, name + strlen("no-")) == 0) {
            *ret_negated = TRUE;
            return option;
        }
    }
    return NULL;
}

const Option *verb_find_short_option(const Verb *verb, char letter)
{
    OptionIterator iterator;

    option_iterator_init(&iterator, verb);
    for (const Option *option; (option = option_iterator_next(&iterator));) {
        if (option->short_name == letter)
            return option;
    }
    return NULL;
}

char *verb_format_usage(const Verb *verb)
{
    GString *usage = g_string_new("gourd ");

    g_string_append_printf(usage, "%s [OPTION]...", verb->name);
    for (const Operand *operand = verb->operands; operand && operand->name; operand++) {
        const char *more = operand->max > 1 ? "..." : "";

        g_string_append_printf(usage, operand->min == 0 ? " [%s]%s" : " %s%s", operand->name, more);
    }
    if (verb->words)
        g_string_append_printf(usage, verb->words_follow ? " [%s...]" : " [-- %s...]", verb->words);
    return g_string_free(usage, FALSE);
}

/* --- actions ------------------------------------------------------------------------------------------------------ */

char *verb_format_actions(const VerbAction *actions, const char *separator, const char *last_separator)
{
    GString *text = g_string_new(actions->name);

    for (const VerbAction *action = actions + 1; action->name; action++)
        g_string_append_printf(text, "%s%s", action[1].name ? separator : last_separator, action->name);
    return g_string_free(text, FALSE);
}

static gboolean fail_unknown(const char *name, const char *verb, const VerbAction *actions, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *shown = text_escape(name), *all = verb_format_actions(actions, ", ", " and ");

    for (const VerbAction *action = actions; action->name; action++)
        g_ptr_array_add(names, (gpointer)action->name);
    const char *nearest = nearest_name(name, names);
    const char *instead = strcmp(verb, "machine") == 0 ? elsewhere_find_machine_action(name) : NULL;
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is nothing to do with %ss", shown, verb);
    if (instead)
        return gourd_error_hint(error, "%s", instead);
    return nearest ? gourd_error_hint(error, "did you mean '%s'?", nearest) : gourd_error_hint(error, "%s are", all);
}

static gboolean takes_option(const VerbAction *action, const Option *option)
{
    g_autofree char *name = g_strdup_printf(" %s ", option->name);

    return (!action->options || strstr(action->options, name)) && (!action->without || !strstr(action->without, name));
}

static gboolean check_options(const Call *call, const VerbAction *action, GError **error)
{
    const Verb *verb = call->verb;

    for (const OptionGroup *group = verb->groups; group->title; group++)
        for (const Option *option = group->options; option->name; option++)
            if (option_is_given(option, call->options) && !takes_option(action, option)) {
                gourd_error_set(error, GOURD_ERROR_USAGE, "'gourd %s %s' takes no option '--%s'", verb->name,
                                action->name, option->name);
                return gourd_error_hint(error, "it is for other actions: 'gourd %s --help'", verb->name);
            }
    return TRUE;
}

gboolean verb_find_action(const Call *call, guint *ret_action, GError **error)
{
    const Verb *verb = call->verb;
    const VerbAction *actions = verb->actions;
    const char *name = call->operands[0];
    guint n = call->n_operands - 1, i = 0;

    while (actions[i].name && strcmp(actions[i].name, name) != 0)
        i++;
    if (!actions[i].name)
        return fail_unknown(name, verb->name, actions, error);
    if (n < actions[i].min || n > actions[i].max)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "it is called as: gourd %s %s%s", verb->name, name,
                               actions[i].operands);
    *ret_action = i;
    return check_options(call, &actions[i], error);
}
