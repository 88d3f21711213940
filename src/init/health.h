// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* When to probe, and what the results mean: Docker's rules (moby, daemon/health.go), without clock and without processes.
 *
 *  - A probe is due an interval after the one before has ended; the first, an interval after the start. Within the start
 *    period, and until the first success, the interval is the start interval.
 *  - A failure counts unless the service is still starting and the probe began within the start period. `retries` counted
 *    failures in a row make it unhealthy. A success makes it healthy, whatever was before.
 *
 * One addition: Docker lets a service wait for its first probe even if it has been ready for long, and here `systemctl start`
 * waits with it. So until the first success there are early probes in between, soon after the start and then ever rarer. An early
 * probe can succeed, but its failure never counts, and it is over when the next due one begins: without success all is
 * as with Docker. */

#include <stdbool.h>
#include <stdint.h>

#define USEC_SECOND UINT64_C(1000000)
#define USEC_NEVER UINT64_MAX

typedef enum {
    HEALTH_STARTING,
    HEALTH_HEALTHY,
    HEALTH_UNHEALTHY,
} HealthStatus;

typedef struct {
    uint64_t interval, timeout, start_period, start_interval; /* microseconds; 0 is Docker's default */
    unsigned retries;                                         /* likewise */
    uint64_t early_delay;                                     /* until the first early probe; 0: there is none */
} HealthTiming;

typedef struct {
    HealthTiming timing;
    HealthStatus status;
    unsigned failures; /* failed probes since the last success */
    unsigned streak;   /* of these, those that count */
    uint64_t started;
    uint64_t due;                    /* the next probe that may count */
    uint64_t early_due, early_delay; /* the next early one */
    bool probing, probing_early;     /* one is under way */
    uint64_t probe_began;
} Health;

/* Times are of any clock that does not go back. */
void health_start(Health *health, const HealthTiming *timing, uint64_t now);
/* When the next probe is to begin; USEC_NEVER while one is under way. */
uint64_t health_next_probe(const Health *health);
/* A probe begins; returns when it is to be over. */
uint64_t health_begin_probe(Health *health, uint64_t now);
void health_end_probe(Health *health, uint64_t now, bool success);
/* How long from now the result of the next due probe can take. */
uint64_t health_patience(const Health *health, uint64_t now);
