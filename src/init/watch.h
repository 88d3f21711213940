// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The watch over the program's health: begins probes when they are due, and tells the service manager what they mean. */

#include <poll.h>
#include <signal.h>

#include "health.h"
#include "notify.h"
#include "options.h"
#include "probe.h"

typedef struct {
    const ProbeTarget *target; /* kind PROBE_NONE: there is nothing to watch */
    const sigset_t *mask;
    Notify *notify;
    Health health;
    Probe probe;
    uint64_t probe_end; /* when the probe under way has to be over */
    uint64_t feed;      /* when the watchdog is fed next */
    bool announced;     /* READY=1 has been said */
    bool stopping;      /* the stop signal has been passed on */
} Watch;

/* The options and the mask must live as long. */
void watch_start(Watch *watch, const Options *options, const sigset_t *mask, Notify *notify, uint64_t now);
/* Does what is due; returns when there will be something again. */
uint64_t watch_step(Watch *watch, uint64_t now);
/* The output of the probe that is under way; fd -1 if there is none. */
struct pollfd watch_poll(const Watch *watch);
void watch_read(Watch *watch);
/* A child has ended, and is still to be waited for: true if it was the probe. */
bool watch_child_ended(Watch *watch, const siginfo_t *end, uint64_t now);
/* The program has been told to stop: how long that may take is systemd's affair, with TimeoutStopSec=. That a service which stops
 * fails its probes is no failure; but systemd 257 wants the watchdog to be fed until the end. */
void watch_stopping(Watch *watch);
/* The program has ended. */
void watch_end(Watch *watch);
