// SPDX-License-Identifier: LGPL-2.1-or-later
#include "option.h"
#include "screen.h"

#include "unit/unit.h"

#include <string.h>

static const OptionChoice color_modes[] = {
    {"auto", COLOR_AUTO, "on terminals, unless `NO_COLOR` is set"},
    {"always", COLOR_ALWAYS, NULL},
    {"never", COLOR_NEVER, NULL},
    {NULL, 0, NULL},
};

#define AT(member) .offset = offsetof(CommonOptions, member)

static const Option common_rows[] = {
    {"help", 'h', OPTION_FLAG, AT(help), .help = "Show this help and exit"},
    {"version", 0, OPTION_FLAG, AT(version), .help = "Show gourd's version and exit"},
    {"quiet", 'q', OPTION_FLAG, AT(quiet), .help = "Print errors only: no progress, no summary, no notes"},
    {"verbose", 'v', OPTION_FLAG, AT(verbose), .help = "Print more: every note with its subjects, times, decisions"},
    {"color", 0, OPTION_CHOICE, AT(color), "WHEN", "Colour the output", .fallback = "auto", .choices = color_modes},
    {"no-color", 0, OPTION_FLAG, AT(no_color), .help = "The same as `--color=never`"},
    {NULL},
};

#undef AT

const OptionGroup common_options = {"Common options", common_rows};

gboolean option_has_argument(const Option *option)
{
    return option->kind != OPTION_FLAG;
}

gboolean option_takes_next(const Option *option)
{
    return option_has_argument(option) && !option->optional;
}

static void *find_member(const Option *option, void *options)
{
    return (char *)options + option->offset;
}

static void init_member(const Option *option, void *options)
{
    void *member = find_member(option, options);

    switch (option->kind) {
    case OPTION_FLAG:
        *(gboolean *)member = FALSE;
        break;
    case OPTION_STRING:
        *(char **)member = NULL;
        break;
    case OPTION_STRINGS:
        *(GPtrArray **)member = g_ptr_array_new_null_terminated(0, g_free, TRUE);
        break;
    case OPTION_INT:
        *(gint64 *)member = OPTION_INT_UNSET;
        break;
    case OPTION_SIZE:
        *(guint64 *)member = 0;
        break;
    case OPTION_CHOICE:
        *(int *)member = 0;
        break;
    }
}

void options_init(void *options, const OptionGroup *group)
{
    for (const Option *option = group->options; option->name; option++) {
        init_member(option, options);
        if (option->fallback) {
            g_autoptr(GError) error = NULL;
            gboolean stored = option_store(option, option->fallback, options, &error);

            g_assert_true(stored); /* a wrong default in a table: found by the first test run */
        }
    }
}

void options_release(void *options, const OptionGroup *group)
{
    for (const Option *option = group->options; option->name; option++) {
        void *member = find_member(option, options);

        if (option->kind == OPTION_STRING)
            g_clear_pointer((char **)member, g_free);
        else if (option->kind == OPTION_STRINGS)
            g_clear_pointer((GPtrArray **)member, g_ptr_array_unref);
    }
}

gboolean size_parse(const char *text, guint64 *ret_bytes, GError **error)
{
    static const char suffixes[] = "KMGT";
    const char *end = text;
    guint64 value = 0;
    guint shift = 0;

    for (; g_ascii_isdigit(*end); end++) {
        if (!g_uint64_checked_mul(&value, value, 10) || !g_uint64_checked_add(&value, value, (guint64)(*end - '0')))
            return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is too large a size", text);
    }
    if (end > text && *end) {
        const char *suffix = strchr(suffixes, g_ascii_toupper(*end));

        if (suffix) {
            shift = 10 * (guint)(suffix - suffixes + 1);
            end++;
        }
        if (shift && (strcmp(end, "iB") == 0 || strcmp(end, "B") == 0))
            end += strlen(end);
    }
    if (end == text || *end) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not a size", text);
        return gourd_error_hint(error,
                                "a size is a number of bytes, or a number followed by K, M, G or T (powers of 1024)");
    }
    if (!g_uint64_checked_mul(&value, value, G_GUINT64_CONSTANT(1) << shift) || value > G_MAXINT64)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is too large a size", text);
    *ret_bytes = value;
    return TRUE;
}

static gboolean int_parse(const char *text, gint64 *ret_value, GError **error)
{
    char *end = NULL;
    gint64 value = g_ascii_strtoll(text, &end, 10);

    if (!g_ascii_isdigit(*text) || *end || value == G_MAXINT64)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not a whole number", text);
    *ret_value = value;
    return TRUE;
}

static gboolean check_range(const Option *option, const char *text, gint64 value, GError **error)
{
    if (value >= option->min && (option->max == 0 || value <= option->max))
        return TRUE;
    if (option->max == 0 && option->kind == OPTION_SIZE && option->min > 1) {
        g_autofree char *least = unit_format_size((guint64)option->min);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is below %s", text, least);
    }
    if (option->max == 0)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is below %" G_GINT64_FORMAT, text, option->min);
    return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT,
                           text, option->min, option->max);
}

static gboolean choice_parse(const Option *option, const char *text, int *ret_value, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GString) list = g_string_new(NULL);

    for (const OptionChoice *choice = option->choices; choice->name; choice++) {
        if (strcmp(choice->name, text) == 0) {
            *ret_value = choice->value;
            return TRUE;
        }
        g_ptr_array_add(names, (char *)choice->name);
        g_string_append_printf(list, "%s%s", list->len == 0 ? "" : choice[1].name ? ", " : " or ", choice->name);
    }
    const char *nearest = nearest_name(text, names);
    gourd_error_set(error, GOURD_ERROR_USAGE, "unknown value '%s'", text);
    return nearest ? gourd_error_hint(error, "did you mean '%s'? Known are %s", nearest, list->str)
                   : gourd_error_hint(error, "known are %s", list->str);
}

static gboolean flag_parse(const char *argument, gboolean *ret_value, GError **error)
{
    if (!argument || strcmp(argument, "yes") == 0)
        *ret_value = TRUE;
    else if (strcmp(argument, "no") == 0)
        *ret_value = FALSE;
    else
        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is neither 'yes' nor 'no'", argument);
    return TRUE;
}

static gboolean store_member(const Option *option, const char *argument, void *member, GError **error)
{
    gint64 number = 0;

    switch (option->kind) {
    case OPTION_FLAG:
        return flag_parse(argument, member, error);
    case OPTION_STRING:
        g_free(*(char **)member);
        *(char **)member = g_strdup(argument);
        return TRUE;
    case OPTION_STRINGS:
        g_ptr_array_add(*(GPtrArray **)member, g_strdup(argument));
        return TRUE;
    case OPTION_INT:
        if (!int_parse(argument, &number, error) || !check_range(option, argument, number, error))
            return FALSE;
        *(gint64 *)member = number;
        return TRUE;
    case OPTION_SIZE: {
        guint64 bytes = 0;

        if (!size_parse(argument, &bytes, error) || !check_range(option, argument, (gint64)bytes, error))
            return FALSE;
        *(guint64 *)member = bytes;
        return TRUE;
    }
    case OPTION_CHOICE:
        return choice_parse(option, argument, member, error);
    }
    g_assert_not_reached();
}

gboolean option_is_given(const Option *option, const void *options)
{
    const void *member = (const char *)options + option->offset;

    switch (option->kind) {
    case OPTION_FLAG:
        return *(const gboolean *)member;
    case OPTION_STRING:
        return *(char *const *)member != NULL;
    case OPTION_STRINGS:
        return (*(GPtrArray *const *)member)->len > 0;
    case OPTION_INT:
        return *(const gint64 *)member != OPTION_INT_UNSET;
    case OPTION_SIZE:
        return *(const guint64 *)member != 0;
    case OPTION_CHOICE:
        return *(const int *)member != 0;
    }
    g_assert_not_reached();
}

gboolean option_store(const Option *option, const char *argument, void *options, GError **error)
{
    if ((!argument || !option->check || option->check(argument, error)) &&
        store_member(option, argument, find_member(option, options), error))
        return TRUE;
    /* Whatever the check found, it is the command line that is wrong. */
    if (error && *error)
        (*error)->code = GOURD_ERROR_USAGE;
    return gourd_error_prefix(error, "option '--%s'", option->name);
}
