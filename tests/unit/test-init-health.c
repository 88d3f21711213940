// SPDX-License-Identifier: LGPL-2.1-or-later
/* When gourd-init probes, and what it makes of the results, by a clock of the test's own. */
#include <glib.h>

#include "init/health.h"

#define SEC USEC_SECOND

/* What a probe that takes no time says, and when the next is to come, in milliseconds from the start. */
typedef struct {
    guint at_msec;
    gboolean success;
    HealthStatus status;
    guint streak;
} Step;

/* Runs probes at the times that health asks for, and compares. */
static void follow(const HealthTiming *timing, const Step *steps, gsize n)
{
    Health health;
    guint64 start = 1000 * SEC; /* clocks do not begin at 0 */

    health_start(&health, timing, start);
    g_assert_cmpint(health.status, ==, HEALTH_STARTING);
    for (gsize i = 0; i < n; i++) {
        guint64 now = health_next_probe(&health);

        g_test_message("probe %u", (guint)i);
        g_assert_cmpuint((now - start) / 1000, ==, steps[i].at_msec);
        health_begin_probe(&health, now);
        g_assert_cmpuint(health_next_probe(&health), ==, USEC_NEVER);
        health_end_probe(&health, now, steps[i].success);
        g_assert_cmpint(health.status, ==, steps[i].status);
        g_assert_cmpuint(health.streak, ==, steps[i].streak);
    }
}

#define FOLLOW(timing, ...)                         \
    do {                                            \
        const Step steps[] = {__VA_ARGS__};         \
        follow(timing, steps, G_N_ELEMENTS(steps)); \
    } while (0)

static void retries_failures_in_a_row_make_unhealthy(void)
{
    const HealthTiming timing = {.interval = 10 * SEC, .timeout = SEC, .retries = 3};

    FOLLOW(&timing, {10000, TRUE, HEALTH_HEALTHY, 0}, {20000, FALSE, HEALTH_HEALTHY, 1},
           {30000, FALSE, HEALTH_HEALTHY, 2}, {40000, FALSE, HEALTH_UNHEALTHY, 3}, {50000, FALSE, HEALTH_UNHEALTHY, 4});
}

static void a_success_forgets_the_failures_before_it(void)
{
    const HealthTiming timing = {.interval = 10 * SEC, .timeout = SEC, .retries = 2};

    FOLLOW(&timing, {10000, FALSE, HEALTH_STARTING, 1}, {20000, TRUE, HEALTH_HEALTHY, 0},
           {30000, FALSE, HEALTH_HEALTHY, 1}, {40000, TRUE, HEALTH_HEALTHY, 0}, {50000, FALSE, HEALTH_HEALTHY, 1},
           {60000, FALSE, HEALTH_UNHEALTHY, 2}, {70000, TRUE, HEALTH_HEALTHY, 0});
}

static void failures_of_the_start_period_do_not_count(void)
{
    const HealthTiming timing = {
        .interval = 10 * SEC, .timeout = SEC, .start_period = 8 * SEC, .start_interval = 3 * SEC, .retries = 2};

    /* The third begins behind the period's end, where it was due within it. */
    FOLLOW(&timing, {3000, FALSE, HEALTH_STARTING, 0}, {6000, FALSE, HEALTH_STARTING, 0},
           {9000, FALSE, HEALTH_STARTING, 1}, {19000, FALSE, HEALTH_UNHEALTHY, 2});
}

static void a_success_ends_the_start_period(void)
{
    const HealthTiming timing = {
        .interval = 10 * SEC, .timeout = SEC, .start_period = 100 * SEC, .start_interval = 2 * SEC, .retries = 2};

    FOLLOW(&timing, {2000, TRUE, HEALTH_HEALTHY, 0}, {12000, FALSE, HEALTH_HEALTHY, 1},
           {22000, FALSE, HEALTH_UNHEALTHY, 2});
}

static void zero_stands_for_the_defaults_of_docker(void)
{
    const HealthTiming timing = {.retries = 0};

    FOLLOW(&timing, {30000, FALSE, HEALTH_STARTING, 1}, {60000, FALSE, HEALTH_STARTING, 2},
           {90000, FALSE, HEALTH_UNHEALTHY, 3});

    const HealthTiming period = {.start_period = 12 * SEC};

    FOLLOW(&period, {5000, FALSE, HEALTH_STARTING, 0}, {10000, FALSE, HEALTH_STARTING, 0},
           {15000, FALSE, HEALTH_STARTING, 1}, {45000, FALSE, HEALTH_STARTING, 2}, {75000, FALSE, HEALTH_UNHEALTHY, 3});
}

static void early_probes_become_rarer_and_do_not_count(void)
{
    const HealthTiming timing = {.interval = 3 * SEC, .timeout = SEC, .retries = 1, .early_delay = 400000};

    /* Each delay is half as long again: 0.4, 0.6, 0.9, 1.35 s; what would come after the due one is left. */
    FOLLOW(&timing, {400, FALSE, HEALTH_STARTING, 0}, {800, FALSE, HEALTH_STARTING, 0},
           {1400, FALSE, HEALTH_STARTING, 0}, {2300, FALSE, HEALTH_STARTING, 0}, {3000, FALSE, HEALTH_UNHEALTHY, 1},
           {6000, FALSE, HEALTH_UNHEALTHY, 2});
}

static void early_probes_come_at_least_every_start_interval(void)
{
    const HealthTiming timing = {.interval = 30 * SEC, .start_interval = 2 * SEC, .early_delay = SEC};

    FOLLOW(&timing, {1000, FALSE, HEALTH_STARTING, 0}, {2000, FALSE, HEALTH_STARTING, 0},
           {3500, FALSE, HEALTH_STARTING, 0}, {5500, FALSE, HEALTH_STARTING, 0}, {7500, FALSE, HEALTH_STARTING, 0});
}

static void an_early_success_is_a_success(void)
{
    const HealthTiming timing = {.interval = 10 * SEC, .retries = 1, .early_delay = 100000};

    FOLLOW(&timing, {100, TRUE, HEALTH_HEALTHY, 0}, {10100, FALSE, HEALTH_UNHEALTHY, 1},
           {20100, FALSE, HEALTH_UNHEALTHY, 2});
}

/* Without success, the probes that count are where they would be without early ones, and end as late. */
static void an_early_probe_does_not_delay_the_due_one(void)
{
    const HealthTiming timing = {.interval = 10 * SEC, .timeout = 30 * SEC, .retries = 3, .early_delay = SEC};
    Health health;

    health_start(&health, &timing, 0);
    g_assert_cmpuint(health_next_probe(&health), ==, SEC);
    g_assert_cmpuint(health_begin_probe(&health, SEC), ==, 10 * SEC);
    health_end_probe(&health, 10 * SEC, FALSE);
    g_assert_cmpuint(health.streak, ==, 0);
    g_assert_cmpuint(health_next_probe(&health), ==, 10 * SEC);
    g_assert_cmpuint(health_begin_probe(&health, 10 * SEC), ==, 40 * SEC);
    health_end_probe(&health, 40 * SEC, FALSE);
    g_assert_cmpuint(health.streak, ==, 1);
}

static void the_interval_begins_when_a_probe_has_ended(void)
{
    const HealthTiming timing = {.interval = 10 * SEC, .timeout = 5 * SEC, .retries = 3};
    Health health;

    health_start(&health, &timing, 0);
    g_assert_cmpuint(health_begin_probe(&health, 10 * SEC), ==, 15 * SEC);
    health_end_probe(&health, 14 * SEC, TRUE);
    g_assert_cmpuint(health_next_probe(&health), ==, 24 * SEC);
}

/* What begins in the start period does not count, however late it ends. */
static void a_probe_belongs_to_the_time_it_began_in(void)
{
    const HealthTiming timing = {
        .interval = 10 * SEC, .timeout = 60 * SEC, .start_period = 20 * SEC, .start_interval = 5 * SEC, .retries = 1};
    Health health;

    health_start(&health, &timing, 0);
    health_begin_probe(&health, 5 * SEC);
    health_end_probe(&health, 65 * SEC, FALSE);
    g_assert_cmpint(health.status, ==, HEALTH_STARTING);
    g_assert_cmpuint(health_next_probe(&health), ==, 75 * SEC);
}

static void patience_covers_the_next_due_probe(void)
{
    const HealthTiming timing = {.interval = 10 * SEC, .timeout = 5 * SEC};
    Health health;

    health_start(&health, &timing, 0);
    g_assert_cmpuint(health_patience(&health, 0), ==, 15 * SEC);
    g_assert_cmpuint(health_patience(&health, 4 * SEC), ==, 11 * SEC);
    g_assert_cmpuint(health_patience(&health, 12 * SEC), ==, 5 * SEC);
}

static void huge_times_never_come(void)
{
    const HealthTiming timing = {.interval = USEC_NEVER - 1,
                                 .timeout = USEC_NEVER - 1,
                                 .start_period = USEC_NEVER - 1,
                                 .start_interval = USEC_NEVER - 1,
                                 .early_delay = SEC};
    Health health;

    health_start(&health, &timing, 5 * SEC);
    for (guint i = 0; i < 200; i++) {
        guint64 now = health_next_probe(&health);

        if (now == USEC_NEVER)
            break;
        g_assert_cmpuint(health_begin_probe(&health, now), ==, USEC_NEVER);
        health_end_probe(&health, now, FALSE);
        g_assert_cmpint(health.status, ==, HEALTH_STARTING);
    }
    g_assert_cmpuint(health_next_probe(&health), ==, USEC_NEVER);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name) g_test_add_func("/init/health/" #name, name)
    ADD(retries_failures_in_a_row_make_unhealthy);
    ADD(a_success_forgets_the_failures_before_it);
    ADD(failures_of_the_start_period_do_not_count);
    ADD(a_success_ends_the_start_period);
    ADD(zero_stands_for_the_defaults_of_docker);
    ADD(early_probes_become_rarer_and_do_not_count);
    ADD(early_probes_come_at_least_every_start_interval);
    ADD(an_early_success_is_a_success);
    ADD(an_early_probe_does_not_delay_the_due_one);
    ADD(the_interval_begins_when_a_probe_has_ended);
    ADD(a_probe_belongs_to_the_time_it_began_in);
    ADD(patience_covers_the_next_due_probe);
    ADD(huge_times_never_come);
    return g_test_run();
}
