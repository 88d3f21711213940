// SPDX-License-Identifier: LGPL-2.1-or-later
#include "human.h"

#define UNITS 7

static char *format(guint64 bytes, const char *const *units, double factor)
{
    guint unit = 0;
    double value = (double)bytes;

    /* 999.5 and more would be shown as "1000". */
    while (value >= (unit ? 999.5 : 1000.0) && unit + 1 < UNITS) {
        value /= factor;
        unit++;
    }
    int digits = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return g_strdup_printf("%.*f %s", digits, value, units[unit]);
}

char *size_format(guint64 bytes)
{
    static const char *const units[UNITS] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

    return format(bytes, units, 1000.0);
}

char *memory_format(guint64 bytes)
{
    static const char *const units[UNITS] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    return format(bytes, units, 1024.0);
}

char *count_format(guint64 count)
{
    g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, count);
    GString *text = g_string_new(digits);

    for (gssize at = (gssize)text->len - 3; at > 0; at -= 3)
        g_string_insert_c(text, at, ',');
    return g_string_free(text, FALSE);
}

char *count_format_noun(guint64 count, const char *noun)
{
    g_autofree char *number = count_format(count);

    return g_strdup_printf("%s %s%s", number, noun, count == 1 ? "" : "s");
}

char *duration_format(guint64 usec)
{
    guint64 seconds = (usec + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC;

    if (usec < 10 * G_USEC_PER_SEC)
        return g_strdup_printf("%.1f s", (double)usec / G_USEC_PER_SEC);
    if (seconds < 60)
        return g_strdup_printf("%" G_GUINT64_FORMAT " s", seconds);
    if (seconds < 3600)
        return g_strdup_printf("%" G_GUINT64_FORMAT " min %02" G_GUINT64_FORMAT " s", seconds / 60, seconds % 60);
    if (seconds < 2 * 24 * 3600)
        return g_strdup_printf("%" G_GUINT64_FORMAT " h %02" G_GUINT64_FORMAT " min", seconds / 3600,
                               seconds / 60 % 60);
    return g_strdup_printf("%" G_GUINT64_FORMAT " d %02" G_GUINT64_FORMAT " h", seconds / (24 * 3600),
                           seconds / 3600 % 24);
}

char *percent_format(guint64 part, guint64 whole)
{
    return g_strdup_printf("%.1f %%", whole ? 100.0 * (double)part / (double)whole : 0.0);
}
