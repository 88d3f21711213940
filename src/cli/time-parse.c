// SPDX-License-Identifier: LGPL-2.1-or-later
#include "time-parse.h"

#include <string.h>

#include "unit/unit.h"

#define AGO " ago"
#define DATE_LENGTH 10 /* 2026-11-22 */

static gboolean take(GDateTime *time, guint64 *ret_usec)
{
    gint64 usec = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);

    *ret_usec = (guint64)MAX(usec, 0);
    g_date_time_unref(time);
    return TRUE;
}

/* The start of a day, some days before today. */
static GDateTime *find_day(GDateTime *now, int days_before)
{
    g_autoptr(GDateTime) day = g_date_time_add_days(now, -days_before);
    int year, month, date;

    g_date_time_get_ymd(day, &year, &month, &date);
    return g_date_time_new_local(year, month, date, 0, 0, 0);
}

/* "12:30" or "12:30:15" after a date, as ISO 8601 wants it. */
static char *complete_clock(const char *date, const char *clock)
{
    return g_strdup_printf("%sT%s%s", date, clock, strlen(clock) == strlen("12:30") ? ":00" : "");
}

static GDateTime *parse_date(const char *text, GDateTime *now)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autofree char *today = g_date_time_format(now, "%Y-%m-%d");
    gsize length = strlen(text);
    g_autofree char *iso = NULL;

    if (length >= DATE_LENGTH && text[4] == '-' && length == DATE_LENGTH) {
        iso = complete_clock(text, "00:00");
    } else if (length > DATE_LENGTH && (text[DATE_LENGTH] == ' ' || text[DATE_LENGTH] == 'T')) {
        g_autofree char *date = g_strndup(text, DATE_LENGTH);

        iso = complete_clock(date, text + DATE_LENGTH + 1);
    } else if (strchr(text, ':')) {
        iso = complete_clock(today, text);
    }
    return iso ? g_date_time_new_from_iso8601(iso, zone) : NULL;
}

static gboolean parse_distance(const char *text, gint64 now_usec, guint64 *ret_usec)
{
    gboolean ago = g_str_has_suffix(text, AGO);
    g_autofree char *distance = g_strndup(text + (*text == '-'),
                                          strlen(text) - (*text == '-') - (ago ? strlen(AGO) : 0));
    guint64 usec;

    /* A number alone might be seconds as well as a year or an hour. */
    if (strspn(distance, "0123456789.") == strlen(distance) || !unit_parse_duration(distance, &usec, NULL))
        return FALSE;
    *ret_usec = usec < (guint64)now_usec ? (guint64)now_usec - usec : 0;
    return TRUE;
}

gboolean time_parse(const char *text, gint64 now_usec, guint64 *ret_usec, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(now_usec / G_USEC_PER_SEC);
    guint64 seconds;

    g_assert(now);
    if (strcmp(text, "now") == 0) {
        *ret_usec = (guint64)now_usec;
        return TRUE;
    }
    if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0)
        return take(find_day(now, *text == 'y'), ret_usec);
    if (*text == '@' && g_ascii_string_to_unsigned(text + 1, 10, 0, G_MAXINT64 / G_USEC_PER_SEC, &seconds, NULL)) {
        *ret_usec = seconds * G_USEC_PER_SEC;
        return TRUE;
    }
    GDateTime *time = parse_date(text, now);
    if (time)
        return take(time, ret_usec);
    if (parse_distance(text, now_usec, ret_usec))
        return TRUE;
    g_autofree char *shown = text_escape(text);
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no time", shown);
    return gourd_error_hint(error, "for example 10min, yesterday, 12:30, 2026-11-22 or \"2026-11-22 12:30\"");
}
