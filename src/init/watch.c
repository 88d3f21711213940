// SPDX-License-Identifier: LGPL-2.1-or-later
#include "watch.h"

#include "output.h"

/* On top of the time that a probe may take, for a busy machine: how long systemd is asked to go on waiting for the start. */
#define PATIENCE_EXTRA (10 * USEC_SECOND)

static const char *after_colon(const char *text)
{
    return *text ? ": " : "";
}

static void describe(const Watch *watch, const char *said, Text *text)
{
    const Health *health = &watch->health;

    if (health->status == HEALTH_HEALTHY && health->streak == 0)
        text_add(text, "healthy%s%s", after_colon(said), said);
    else if (health->status == HEALTH_STARTING && health->streak == 0)
        text_add(text, "starting: %u %s failed, last: %s", health->failures, health->failures == 1 ? "probe" : "probes",
                 said);
    else
        text_add(text, "unhealthy %u/%u: %s", health->streak, health->timing.retries, said);
}

static void request_patience(Watch *watch, uint64_t now)
{
    uint64_t patience = health_patience(&watch->health, now);

    watch->notify->extend_usec = patience < USEC_NEVER - PATIENCE_EXTRA ? patience + PATIENCE_EXTRA : USEC_NEVER;
}

static void feed_watchdog(Watch *watch, uint64_t now)
{
    uint64_t usec = watch->notify->watchdog_usec;

    watch->notify->watchdog = usec > 0;
    watch->feed = usec > 0 ? now + usec / 2 : USEC_NEVER;
}

static void log_success(const Watch *watch, unsigned failures_before, HealthStatus before)
{
    if (before == HEALTH_UNHEALTHY || (before == HEALTH_HEALTHY && failures_before > 0))
        message(MESSAGE_NOTICE, "healthy again after %u failed %s", failures_before,
                failures_before == 1 ? "probe" : "probes");
}

static void log_failure(const Watch *watch, unsigned streak_before, const char *said)
{
    const Health *health = &watch->health;

    /* What does not count is to be expected. */
    if (health->streak > streak_before && health->streak <= health->timing.retries)
        message(health->status == HEALTH_UNHEALTHY ? MESSAGE_ERROR : MESSAGE_WARNING,
                "health probe %u of %u failed: %s", health->streak, health->timing.retries, said);
}

static void take_result(Watch *watch, const ProbeResult *result, uint64_t now)
{
    char buffer[NOTIFY_STATUS_MAX];
    Text status = TEXT(buffer);
    Health before = watch->health;

    health_end_probe(&watch->health, now, result->success);
    if (result->success) {
        watch->notify->trigger = false;
        watch->notify->ready = watch->notify->ready || !watch->announced;
        watch->announced = true;
        feed_watchdog(watch, now);
        log_success(watch, before.failures, before.status);
    } else {
        log_failure(watch, before.streak, result->text);
        if (watch->health.status == HEALTH_UNHEALTHY)
            watch->notify->trigger = true;
    }
    if (watch->health.status == HEALTH_STARTING)
        request_patience(watch, now);
    describe(watch, result->text, &status);
    notify_set_status(watch->notify, buffer);
}

void watch_start(Watch *watch, const Options *options, const sigset_t *mask, Notify *notify, uint64_t now)
{
    *watch = (Watch){.target = &options->probe, .mask = mask, .notify = notify, .probe.output = -1, .feed = USEC_NEVER};
    if (options->probe.kind == PROBE_NONE)
        return;
    health_start(&watch->health, &options->timing, now);
    notify_set_status(notify, "starting");
    request_patience(watch, now);
}

static void begin_probe(Watch *watch, uint64_t now)
{
    ProbeResult result;

    watch->probe_end = health_begin_probe(&watch->health, now);
    if (!probe_begin(&watch->probe, watch->target, watch->mask, &result))
        take_result(watch, &result, now);
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Ends a probe that takes too long, begins one that is due; returns when there is something of that to do. */
static uint64_t step_probe(Watch *watch, uint64_t now)
{
    ProbeResult result;

    if (watch->stopping)
        return USEC_NEVER;
    if (watch->probe.pid > 0 && now >= watch->probe_end) {
        probe_end_late(&watch->probe, watch->probe_end - watch->health.probe_began, &result);
        take_result(watch, &result, now);
    }
    if (now >= health_next_probe(&watch->health))
        begin_probe(watch, now);
    return watch->probe.pid > 0 ? watch->probe_end : health_next_probe(&watch->health);
}

uint64_t watch_step(Watch *watch, uint64_t now)
{
    uint64_t next;

    if (watch->target->kind == PROBE_NONE)
        return USEC_NEVER;
    next = step_probe(watch, now);
    if (watch->health.status != HEALTH_HEALTHY && !watch->stopping)
        watch->feed = USEC_NEVER;
    else if (now >= watch->feed)
        feed_watchdog(watch, now);
    return earliest(watch->feed, next);
}

struct pollfd watch_poll(const Watch *watch)
{
    return (struct pollfd){.fd = watch->probe.output, .events = POLLIN};
}

void watch_read(Watch *watch)
{
    probe_read(&watch->probe);
}

bool watch_child_ended(Watch *watch, const siginfo_t *end, uint64_t now)
{
    ProbeResult result;

    if (watch->probe.pid == 0 || end->si_pid != watch->probe.pid)
        return false;
    probe_end(&watch->probe, end, &result);
    take_result(watch, &result, now);
    return true;
}

void watch_stopping(Watch *watch)
{
    if (watch->target->kind == PROBE_NONE || watch->stopping)
        return;
    watch->stopping = true;
    probe_drop(&watch->probe);
    watch->feed = 0;
    watch->notify->trigger = false;
    watch->notify->stopping = true;
    /* What is stopped because it is unhealthy says so to the end: who asks later why it failed finds it there. */
    if (watch->health.status != HEALTH_UNHEALTHY)
        notify_set_status(watch->notify, "stopping");
}

void watch_end(Watch *watch)
{
    probe_drop(&watch->probe);
}
