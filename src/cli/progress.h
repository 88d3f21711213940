// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Progress of long work: on a terminal one line, drawn again and again; elsewhere a plain line every few seconds, so that
 * short work prints nothing. */

#include "screen.h"

/* What there is to show at one moment. */
typedef struct {
    const char *phase;
    guint64 done, total; /* bytes; total 0 means unknown */
    guint64 rate;        /* bytes per second; 0 means not known yet */
} ProgressView;

/* "compressing  ████████░░░░░░░░  42 %  1.18 GB of 2.80 GB  112 MB/s  14 s left", in at most width columns: what does not
 * fit is left out, the bar first made shorter. Pure; caller frees. */
char *progress_format_bar(const ProgressView *view, guint width, gboolean is_utf8);

/* "compressing: 42 %, 1.18 GB of 2.80 GB, 112 MB/s, 14 s left". Pure; caller frees. */
char *progress_format_plain(const ProgressView *view);

typedef struct Progress Progress;

/* Shows on screen, which must outlive it. get_usec is the clock, NULL for the monotonic one. */
Progress *progress_new(const Screen *screen, gint64 (*get_usec)(void));

/* Says how far the work is; cheap enough to be called often. A new phase begins with its own rate. phase must stay valid
 * until the next call. progress may be NULL. One thread at a time. */
void progress_update(Progress *progress, const char *phase, guint64 done, guint64 total);

/* Says what is waited for, without amounts: at once on a terminal, elsewhere not at all. progress may be NULL. */
void progress_wait(Progress *progress, const char *phase);

/* Takes the line off the terminal. */
void progress_free(Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)
