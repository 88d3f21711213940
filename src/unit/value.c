// SPDX-License-Identifier: LGPL-2.1-or-later
#include "value.h"

#include <string.h>

#include "unit-file-private.h"

typedef struct {
    const char *name;
    guint64 factor;
} Factor;

#define USEC_SECOND G_GUINT64_CONSTANT(1000000)
#define USEC_MINUTE (60 * USEC_SECOND)
#define USEC_HOUR (60 * USEC_MINUTE)
#define USEC_DAY (24 * USEC_HOUR)
#define USEC_WEEK (7 * USEC_DAY)
#define USEC_MONTH (2629800 * USEC_SECOND)
#define USEC_YEAR (31557600 * USEC_SECOND)

/* systemd.time(7), "PARSING TIME SPANS". The first of each factor is the one written; months and years are only read, for
 * nobody remembers how long they are. */
static const Factor durations[] = {
    {"us", 1},
    {"usec", 1},
    {"µs", 1}, /* micro sign */
    {"μs", 1}, /* Greek mu */
    {"ms", 1000},
    {"msec", 1000},
    {"s", USEC_SECOND},
    {"sec", USEC_SECOND},
    {"second", USEC_SECOND},
    {"seconds", USEC_SECOND},
    {"min", USEC_MINUTE},
    {"m", USEC_MINUTE},
    {"minute", USEC_MINUTE},
    {"minutes", USEC_MINUTE},
    {"h", USEC_HOUR},
    {"hr", USEC_HOUR},
    {"hour", USEC_HOUR},
    {"hours", USEC_HOUR},
    {"d", USEC_DAY},
    {"day", USEC_DAY},
    {"days", USEC_DAY},
    {"w", USEC_WEEK},
    {"week", USEC_WEEK},
    {"weeks", USEC_WEEK},
    {"M", USEC_MONTH},
    {"month", USEC_MONTH},
    {"months", USEC_MONTH},
    {"y", USEC_YEAR},
    {"year", USEC_YEAR},
    {"years", USEC_YEAR},
};

static const Factor sizes[] = {
    {"B", 1},
    {"K", G_GUINT64_CONSTANT(1) << 10},
    {"M", G_GUINT64_CONSTANT(1) << 20},
    {"G", G_GUINT64_CONSTANT(1) << 30},
    {"T", G_GUINT64_CONSTANT(1) << 40},
    {"P", G_GUINT64_CONSTANT(1) << 50},
    {"E", G_GUINT64_CONSTANT(1) << 60},
};

static gboolean refuse(GError **error, GourdError code, const char *text, const char *what)
{
    g_autofree char *shown = text_escape(text);

    return gourd_error_set(error, code, "'%s' is %s", shown, what);
}

/* The longest name that the text begins with; NULL for none. */
static const Factor *find_factor(const Factor *factors, guint n, const char *text)
{
    const Factor *best = NULL;

    for (guint i = 0; i < n; i++)
        if (g_str_has_prefix(text, factors[i].name) && (!best || strlen(factors[i].name) > strlen(best->name)))
            best = &factors[i];
    return best;
}

/* Reads digits into *ret_whole and *ret_fraction of *ret_scale; FALSE for none and for what does not fit. */
static gboolean read_number(const char **text, guint64 *ret_whole, guint64 *ret_fraction, guint64 *ret_scale)
{
    const char *at = *text;
    guint64 whole = 0;
    guint64 fraction = 0;
    guint64 scale = 1;

    if (!g_ascii_isdigit(*at))
        return FALSE;
    for (; g_ascii_isdigit(*at); at++) {
        guint64 digit = (guint64)(*at - '0');

        if (!g_uint64_checked_mul(&whole, whole, 10) || !g_uint64_checked_add(&whole, whole, digit))
            return FALSE;
    }
    if (*at == '.') {
        if (!g_ascii_isdigit(*++at))
            return FALSE;
        for (; g_ascii_isdigit(*at); at++)
            if (scale < 1000000000) { /* further digits are below a microsecond of the largest unit that makes sense */
                fraction = fraction * 10 + (guint64)(*at - '0');
                scale *= 10;
            }
    }
    *text = at;
    *ret_whole = whole;
    *ret_fraction = fraction;
    *ret_scale = scale;
    return TRUE;
}

/* Adds (whole + fraction / scale) * factor to *sum. */
static gboolean add_product(guint64 *sum, guint64 whole, guint64 fraction, guint64 scale, guint64 factor)
{
    guint64 product = 0;
    guint64 part = (guint64)((unsigned __int128)factor * fraction / scale);

    return g_uint64_checked_mul(&product, whole, factor) && g_uint64_checked_add(&product, product, part) &&
           g_uint64_checked_add(sum, *sum, product) && *sum != UNIT_INFINITY;
}

char *unit_format_duration(guint64 usec)
{
    const Factor *best = &durations[0];

    if (usec == UNIT_INFINITY)
        return g_strdup("infinity");
    if (usec == 0)
        return g_strdup("0");
    for (guint i = 0; i < G_N_ELEMENTS(durations) && durations[i].factor <= USEC_WEEK; i++)
        if (durations[i].factor > best->factor && usec % durations[i].factor == 0)
            best = &durations[i];
    return g_strdup_printf("%" G_GUINT64_FORMAT "%s", usec / best->factor, best->name);
}

gboolean unit_parse_duration(const char *text, guint64 *ret_usec, GError **error)
{
    const char *at = text + strspn(text, UNIT_BLANKS);
    guint64 sum = 0;

    if (strcmp(at, "infinity") == 0) {
        *ret_usec = UNIT_INFINITY;
        return TRUE;
    }
    if (!*at)
        return refuse(error, GOURD_ERROR_INPUT, text, "no duration");
    while (*at) {
        guint64 whole = 0;
        guint64 fraction = 0;
        guint64 scale = 1;

        if (!read_number(&at, &whole, &fraction, &scale))
            return refuse(error, GOURD_ERROR_INPUT, text, "no duration");
        at += strspn(at, UNIT_BLANKS);

        const Factor *factor = find_factor(durations, G_N_ELEMENTS(durations), at);

        if (*at && !g_ascii_isdigit(*at) && !factor)
            return refuse(error, GOURD_ERROR_INPUT, text, "no duration");
        if (!add_product(&sum, whole, fraction, scale, factor ? factor->factor : USEC_SECOND))
            return refuse(error, GOURD_ERROR_LIMIT, text, "too long for a duration");
        at += factor ? strlen(factor->name) : 0;
        at += strspn(at, UNIT_BLANKS);
    }
    *ret_usec = sum;
    return TRUE;
}

char *unit_format_size(guint64 bytes)
{
    guint best = 0;

    if (bytes == UNIT_INFINITY)
        return g_strdup("infinity");
    for (guint i = 1; bytes > 0 && i < G_N_ELEMENTS(sizes); i++)
        if (bytes % sizes[i].factor == 0)
            best = i;
    return g_strdup_printf("%" G_GUINT64_FORMAT "%s", bytes / sizes[best].factor, best ? sizes[best].name : "");
}

gboolean unit_parse_size(const char *text, guint64 *ret_bytes, GError **error)
{
    const char *at = text;
    guint64 sum = 0;
    guint64 whole = 0;
    guint64 fraction = 0;
    guint64 scale = 1;

    if (strcmp(text, "infinity") == 0) {
        *ret_bytes = UNIT_INFINITY;
        return TRUE;
    }
    if (!read_number(&at, &whole, &fraction, &scale))
        return refuse(error, GOURD_ERROR_INPUT, text, "no size");

    const Factor *factor = *at ? find_factor(sizes, G_N_ELEMENTS(sizes), at) : &sizes[0];

    if (!factor || (*at && at[1]))
        return refuse(error, GOURD_ERROR_INPUT, text, "no size: K, M, G, T, P, E or nothing may follow the number");
    if (!add_product(&sum, whole, fraction, scale, factor->factor))
        return refuse(error, GOURD_ERROR_LIMIT, text, "too large for a size");
    *ret_bytes = sum;
    return TRUE;
}

gboolean unit_parse_boolean(const char *text, gboolean *ret_value)
{
    static const char *const yes[] = {"1", "yes", "y", "true", "t", "on"};
    static const char *const no[] = {"0", "no", "n", "false", "f", "off"};

    for (guint i = 0; i < G_N_ELEMENTS(yes); i++)
        if (g_ascii_strcasecmp(text, yes[i]) == 0 || g_ascii_strcasecmp(text, no[i]) == 0) {
            *ret_value = g_ascii_strcasecmp(text, yes[i]) == 0;
            return TRUE;
        }
    return FALSE;
}
