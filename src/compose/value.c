// SPDX-License-Identifier: LGPL-2.1-or-later
#include "value.h"

#include "node.h"

#include <string.h>

#define NUMBER_LENGTH_MAX 32 /* bytes of a number in a length of time or a size: what a double can hold is shorter */

#define DURATION_MAX 4e18 /* microseconds, below what an integer holds: 126,000 years */

/* Digits with at most one dot, so no sign, exponent, "inf" or hexadecimal. *ret_end is behind them. */
static gboolean parse_decimal(const char *text, double *ret_value, const char **ret_end)
{
    gsize length = strspn(text, "0123456789.");
    char number[NUMBER_LENGTH_MAX + 1];

    if (length == 0 || length > NUMBER_LENGTH_MAX || (length == 1 && *text == '.'))
        return FALSE;
    memcpy(number, text, length);
    number[length] = 0;
    const char *dot = strchr(number, '.');
    if (dot && strchr(dot + 1, '.'))
        return FALSE;
    *ret_value = g_ascii_strtod(number, NULL);
    *ret_end = text + length;
    return TRUE;
}

/* --- time ---------------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    double usec;
} TimeUnit;

/* The longer names first. */
static const TimeUnit time_units[] = {
    {"ns", 1e-3},  {"us", 1},          {"\302\265s", 1},       {"ms", 1e3}, {"s", 1e6}, {"m", 60e6},
    {"h", 3600e6}, {"d", 24 * 3600e6}, {"w", 7 * 24 * 3600e6},
};

static const TimeUnit *find_time_unit(const char *text)
{
    for (guint i = 0; i < G_N_ELEMENTS(time_units); i++) {
        if (g_str_has_prefix(text, time_units[i].name))
            return &time_units[i];
    }
    return NULL;
}

gboolean compose_duration_parse(const char *text, gint64 *ret_usec, GError **error)
{
    double sum = 0;
    const char *at = text;

    if (strcmp(text, "0") == 0) {
        *ret_usec = 0;
        return TRUE;
    }
    do {
        double value;
        const TimeUnit *unit = parse_decimal(at, &value, &at) ? find_time_unit(at) : NULL;

        if (!unit) {
            g_autofree char *shown = text_escape(text);

            gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no length of time", shown);
            return gourd_error_hint(error, "write numbers with units, as in 30s, 1m30s or 500ms");
        }
        sum += value * unit->usec;
        at += strlen(unit->name);
    } while (*at);
    if (sum > DURATION_MAX)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is too long a time", text);
    *ret_usec = (gint64)(sum + 0.5);
    return TRUE;
}

/* Three decimals of a unit a thousand times as large, as few as there are. */
static void append_decimals(GString *text, gint64 value, gint64 one)
{
    g_string_append_printf(text, "%" G_GINT64_FORMAT, value / one);
    if (value % one == 0)
        return;
    g_autofree char *rest = g_strdup_printf("%0*" G_GINT64_FORMAT, one == 1000 ? 3 : 6, value % one);
    gsize length = strlen(rest);
    while (rest[length - 1] == '0')
        length--;
    g_string_append_printf(text, ".%.*s", (int)length, rest);
}

char *compose_duration_format(gint64 usec)
{
    GString *text = g_string_new(NULL);
    gint64 minutes = usec / (60 * G_USEC_PER_SEC);

    if (usec == 0) {
        g_string_append(text, "0s");
    } else if (usec < 1000) {
        g_string_append_printf(text, "%" G_GINT64_FORMAT "\302\265s", usec);
    } else if (usec < G_USEC_PER_SEC) {
        append_decimals(text, usec, 1000);
        g_string_append(text, "ms");
    } else {
        if (minutes >= 60)
            g_string_append_printf(text, "%" G_GINT64_FORMAT "h", minutes / 60);
        if (minutes > 0)
            g_string_append_printf(text, "%" G_GINT64_FORMAT "m", minutes % 60);
        append_decimals(text, usec % (60 * G_USEC_PER_SEC), G_USEC_PER_SEC);
        g_string_append_c(text, 's');
    }
    return g_string_free(text, FALSE);
}

gboolean compose_node_duration(const ComposeNode *node, gint64 *ret_usec, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (!node->text)
        return compose_error(error, GOURD_ERROR_INPUT, node, "a length of time is wanted, as 1m30s");
    return compose_duration_parse(node->text, ret_usec, &problem) || compose_error_at(error, node, problem);
}

/* --- sizes --------------------------------------------------------------------------------------------------------- */

gboolean compose_size_parse(const char *text, gint64 *ret_bytes, GError **error)
{
    static const char letters[] = "bkmgtp";
    const char *unit;
    double value, factor = 1;
    g_autofree char *shown = text_escape(text);

    if (!parse_decimal(text, &value, &unit)) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no size", shown);
        return gourd_error_hint(error, "write a number of bytes, or one with a unit, as in 512m or 1gb");
    }
    while (*unit == ' ')
        unit++;
    if (*unit) {
        const char *letter = strchr(letters, g_ascii_tolower(*unit));
        const char *rest = unit + 1;

        for (const char *l = letters; letter && l < letter; l++)
            factor *= 1024;
        if (letter && letter != letters) {
            if (g_ascii_tolower(*rest) == 'i')
                rest++;
            if (g_ascii_tolower(*rest) == 'b')
                rest++;
        }
        if (!letter || *rest) {
            gourd_error_set(error, GOURD_ERROR_INPUT, "'%s': there is no unit '%s'", shown, unit);
            return gourd_error_hint(error, "units are b, k, m, g, t and p, powers of 1024");
        }
    }
    if (value * factor >= (double)G_MAXINT64)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is too large", shown);
    *ret_bytes = (gint64)(value * factor);
    return TRUE;
}

gboolean compose_node_size(const ComposeNode *node, gint64 *ret_bytes, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (node->kind == COMPOSE_INT) {
        *ret_bytes = node->integer;
        return TRUE;
    }
    if (!node->text)
        return compose_error(error, GOURD_ERROR_INPUT, node, "a size is wanted, as 512m");
    return compose_size_parse(node->text, ret_bytes, &problem) || compose_error_at(error, node, problem);
}

/* --- commands ------------------------------------------------------------------------------------------------------ */

/* What stands in quotes, from behind the opening one; returns what is behind the closing one, or NULL. */
static const char *take_quoted(const char *at, char quote, GString *word)
{
    for (; *at && *at != quote; at++) {
        if (quote == '"' && *at == '\\' && at[1] && strchr("\"\\$`\n", at[1]))
            at++;
        g_string_append_c(word, *at);
    }
    return *at ? at + 1 : NULL;
}

static const char *take_word(const char *at, GString *word)
{
    while (at && *at && !strchr(" \t\r\n", *at)) {
        if (*at == '\'' || *at == '"') {
            at = take_quoted(at + 1, *at, word);
        } else if (*at == '\\' && at[1]) {
            if (at[1] != '\n')
                g_string_append_c(word, at[1]);
            at += 2;
        } else {
            g_string_append_c(word, *at++);
        }
    }
    return at;
}

char **compose_command_split(const char *text, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    const char *at = text;

    for (;;) {
        at += strspn(at, " \t\r\n");
        if (!*at)
            break;
        g_autoptr(GString) word = g_string_new(NULL);
        at = take_word(at, word);
        if (!at) {
            g_autofree char *shown = text_escape(text);

            gourd_error_set(error, GOURD_ERROR_INPUT, "a quote is not closed in '%s'", shown);
            return NULL;
        }
        g_ptr_array_add(words, g_strdup(word->str));
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_steal(words, NULL);
}
