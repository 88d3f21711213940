// SPDX-License-Identifier: LGPL-2.1-or-later
#include "health.h"

/* Docker's defaults (docs.docker.com, Dockerfile reference, HEALTHCHECK). */
#define INTERVAL_DEFAULT (30 * USEC_SECOND)
#define TIMEOUT_DEFAULT (30 * USEC_SECOND)
#define START_INTERVAL_DEFAULT (5 * USEC_SECOND)
#define RETRIES_DEFAULT 3

static uint64_t later(uint64_t time, uint64_t delay)
{
    return delay < USEC_NEVER - time ? time + delay : USEC_NEVER;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool in_start_period(const Health *health, uint64_t time)
{
    return health->status == HEALTH_STARTING && time - health->started < health->timing.start_period;
}

static void set_due(Health *health, uint64_t now)
{
    health->due = later(now, in_start_period(health, now) ? health->timing.start_interval : health->timing.interval);
}

void health_start(Health *health, const HealthTiming *timing, uint64_t now)
{
    *health = (Health){.timing = *timing, .started = now};
    if (timing->interval == 0)
        health->timing.interval = INTERVAL_DEFAULT;
    if (timing->timeout == 0)
        health->timing.timeout = TIMEOUT_DEFAULT;
    if (timing->start_interval == 0)
        health->timing.start_interval = START_INTERVAL_DEFAULT;
    if (timing->retries == 0)
        health->timing.retries = RETRIES_DEFAULT;
    health->early_delay = timing->early_delay;
    health->early_due = timing->early_delay > 0 ? later(now, timing->early_delay) : USEC_NEVER;
    set_due(health, now);
}

static bool early_is_next(const Health *health)
{
    return health->status == HEALTH_STARTING && health->early_due < health->due;
}

uint64_t health_next_probe(const Health *health)
{
    if (health->probing)
        return USEC_NEVER;
    return early_is_next(health) ? health->early_due : health->due;
}

uint64_t health_begin_probe(Health *health, uint64_t now)
{
    uint64_t end = later(now, health->timing.timeout);

    health->probing = true;
    health->probing_early = early_is_next(health) && now < health->due;
    health->probe_began = now;
    return health->probing_early ? earlier(end, health->due) : end;
}

static void count_failure(Health *health)
{
    health->failures++;
    if (health->probing_early || in_start_period(health, health->probe_began))
        return;
    health->streak++;
    if (health->streak >= health->timing.retries)
        health->status = HEALTH_UNHEALTHY;
}

void health_end_probe(Health *health, uint64_t now, bool success)
{
    if (success) {
        health->status = HEALTH_HEALTHY;
        health->failures = health->streak = 0;
    } else {
        count_failure(health);
    }
    if (success || !health->probing_early)
        set_due(health, now);
    if (health->early_delay > 0)
        health->early_due = later(now, health->early_delay);
    /* Half as long again each time: what is slow to start is looked at seldom, and found ready soon all the same. */
    health->early_delay = earlier(later(health->early_delay, health->early_delay / 2), health->timing.start_interval);
    health->probing = false;
}

uint64_t health_patience(const Health *health, uint64_t now)
{
    return later(health->due > now ? health->due - now : 0, health->timing.timeout);
}
