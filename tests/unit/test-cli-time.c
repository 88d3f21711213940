// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/time-parse.h"

#define NOW ((gint64)1795343850 * G_USEC_PER_SEC) /* 2026-11-22 10:37:30 UTC, a Sunday */
#define MINUTE (60 * (guint64)G_USEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define MIDNIGHT ((guint64)NOW - 10 * HOUR - 37 * MINUTE - 30 * (guint64)G_USEC_PER_SEC)

static void assert_time(const char *text, guint64 want)
{
    g_autoptr(GError) error = NULL;
    guint64 got = 0;

    gboolean ok = time_parse(text, NOW, &got, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    g_assert_cmpuint(got, ==, want);
}

static void distances_are_before_now(void)
{
    assert_time("now", (guint64)NOW);
    assert_time("10min", (guint64)NOW - 10 * MINUTE);
    assert_time("10m", (guint64)NOW - 10 * MINUTE);
    assert_time("-2h", (guint64)NOW - 2 * HOUR);
    assert_time("1h 30min ago", (guint64)NOW - 90 * MINUTE);
    assert_time("2days", (guint64)NOW - 48 * HOUR);
    assert_time("100000years", 0);
}

static void days_begin_at_midnight(void)
{
    assert_time("today", MIDNIGHT);
    assert_time("yesterday", MIDNIGHT - 24 * HOUR);
    assert_time("2026-11-22", MIDNIGHT);
}

static void clock_times_are_of_today_or_of_a_date(void)
{
    assert_time("10:37", (guint64)NOW - 30 * (guint64)G_USEC_PER_SEC);
    assert_time("10:37:30", (guint64)NOW);
    assert_time("2026-11-21 10:37:30", (guint64)NOW - 24 * HOUR);
    assert_time("2026-11-21 10:37", (guint64)NOW - 24 * HOUR - 30 * (guint64)G_USEC_PER_SEC);
}

static void zones_and_seconds_since_1970_are_understood(void)
{
    assert_time("2026-11-22T10:37:30Z", (guint64)NOW);
    assert_time("2026-11-22T12:37:30+02:00", (guint64)NOW);
    assert_time("2026-11-22T10:37:30.5Z", (guint64)NOW + G_USEC_PER_SEC / 2);
    assert_time("@1795343850", (guint64)NOW);
}

static void what_is_no_time_is_refused(void)
{
    static const char *const texts[] = {"",
                                        "tomorrow",
                                        "10",
                                        "-",
                                        "ago",
                                        " ago",
                                        "@",
                                        "@-1",
                                        "@1e3",
                                        "2026-13-01",
                                        "2026-1-1",
                                        "25:00",
                                        ":",
                                        "10:37:",
                                        "2026-11-22 ",
                                        "10 pears",
                                        "@9999999999999999999999",
                                        "12:30 yesterday"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        guint64 usec;

        g_test_message("%s", texts[i]);
        g_assert_false(time_parse(texts[i], NOW, &usec, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
    }
}

int main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli-time/distances-are-before-now", distances_are_before_now);
    g_test_add_func("/cli-time/days-begin-at-midnight", days_begin_at_midnight);
    g_test_add_func("/cli-time/clock-times-are-of-today-or-of-a-date", clock_times_are_of_today_or_of_a_date);
    g_test_add_func("/cli-time/zones-and-seconds-since-1970-are-understood",
                    zones_and_seconds_since_1970_are_understood);
    g_test_add_func("/cli-time/what-is-no-time-is-refused", what_is_no_time_is_refused);
    return g_test_run();
}
