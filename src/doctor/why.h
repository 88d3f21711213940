// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Why a unit does not run, or a host cannot run services: what is wrong in a sentence, and what to do in another.
 *
 * Facts are gathered first (the unit's files and state, its root, the journal of the run that failed); explaining them looks
 * at nothing else but paths of the root and of the host. Works for any service, with what of its root can be read: SquashFS
 * images and folders. */

#include "host/host.h"

/* A cause with its sentence. */
typedef struct {
    const char *cause; /* stable: one of why_causes() */
    char *text;        /* what is wrong: a sentence without capital and full stop */
    char *remedy;      /* what to do: likewise; or NULL */
    char
        *place; /* the setting that it is about: "BindPaths=/srv:/data (/etc/systemd/system/web.service:14)"; or NULL */
} WhyFinding;

typedef struct {
    char *unit;
    char *state;         /* in words: "running", "failed", "restarting" … */
    char *ended;         /* how it ended: "exit status 226/NAMESPACE", "killed by SIGKILL"; or NULL */
    guint64 failed_usec; /* when that was, CLOCK_REALTIME; 0: it did not fail, as far as can be seen */
    gboolean is_wrong;
    GPtrArray *findings; /* WhyFinding, the cause first */
    GPtrArray *lines;    /* char *: what the program and systemd said last, for those who want more */
} Why;

void why_free(Why *why);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Why, why_free)

/* NOT_FOUND if there is no such unit, with the nearest as hint. On a host at rest only what its files tell. */
Why *why_unit(Host *host, const char *unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds that the image, "/var/lib/gourd/bundles/…", is another one than was installed for the service of that name. */
void why_add_replaced(Why *why, const char *path, const char *name);

/* What of the host itself would keep services from running (WhyFinding); empty if nothing does. The caller unrefs. */
GPtrArray *why_host(Host *host);

/* All causes (NULL-terminated), in the order of the documentation. */
typedef struct {
    const char *name;
    const char *text; /* when it is said: a phrase */
} WhyCause;

const WhyCause *why_causes(void);

/* {"unit", "state", "wrong", "ended", "failed_at", "findings": [{"cause", "text", "remedy", "place"}], "lines"} */
Json *why_to_json(const Why *why);
Json *why_findings_to_json(const GPtrArray *findings);
