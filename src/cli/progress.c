// SPDX-License-Identifier: LGPL-2.1-or-later
#include "progress.h"

#include <string.h>

#define REDRAW_USEC (100 * G_TIME_SPAN_MILLISECOND)
#define PLAIN_USEC (5 * G_TIME_SPAN_SECOND) /* between plain lines, and before the first */
#define SAMPLE_USEC (250 * G_TIME_SPAN_MILLISECOND)
#define SMOOTH_USEC (3 * G_TIME_SPAN_SECOND) /* what is older than this hardly counts for the rate */

struct Progress {
    const Screen *screen;
    gint64 (*get_usec)(void);
    gboolean draws_bar;
    gint64 shown_usec;   /* when the last line was printed, or the work began */
    gboolean is_visible; /* there is a bar to take off */
    ProgressView view;
    gint64 sample_usec; /* when the rate was last looked at */
    guint64 sample_done;
    double rate;
};

Progress *progress_new(const Screen *screen, gint64 (*get_usec)(void))
{
    Progress *progress = g_new0(Progress, 1);

    progress->screen = screen;
    progress->get_usec = get_usec ? get_usec : g_get_monotonic_time;
    progress->draws_bar = screen->is_terminal && !screen->is_dumb;
    progress->shown_usec = progress->get_usec();
    return progress;
}

/* An exponential average over time: calm, but it notices when a disk gets slow. */
static void update_rate(Progress *progress, gint64 now)
{
    gint64 passed = now - progress->sample_usec;

    if (passed < SAMPLE_USEC)
        return;
    double current = (double)(progress->view.done - progress->sample_done) * G_USEC_PER_SEC / (double)passed;
    double weight = progress->rate > 0 ? (double)passed / (double)(passed + SMOOTH_USEC) : 1.0;
    progress->rate += (current - progress->rate) * weight;
    progress->view.rate = (guint64)progress->rate;
    progress->sample_usec = now;
    progress->sample_done = progress->view.done;
}

static void begin_phase(Progress *progress, const char *phase, guint64 done, gint64 now)
{
    progress->view = (ProgressView){.phase = phase};
    progress->sample_usec = now;
    progress->sample_done = done;
    progress->rate = 0;
}

static void show(Progress *progress, gint64 now)
{
    FILE *file = progress->screen->file;

    if (progress->draws_bar) {
        /* The last column stays free: writing there makes some terminals begin a new line. */
        guint width = screen_get_width(progress->screen) - 1;
        g_autofree char *line = progress_format_bar(&progress->view, width, progress->screen->is_utf8);

        fprintf(file, "\r%s\033[K", line);
        progress->is_visible = TRUE;
    } else {
        g_autofree char *line = progress_format_plain(&progress->view);

        fprintf(file, "%s\n", line);
    }
    fflush(file);
    progress->shown_usec = now;
}

void progress_update(Progress *progress, const char *phase, guint64 done, guint64 total)
{
    if (!progress)
        return;
    gint64 now = progress->get_usec();
    gboolean is_new = !progress->view.phase || strcmp(progress->view.phase, phase) != 0 || done < progress->view.done;

    if (is_new)
        begin_phase(progress, phase, done, now);
    progress->view.phase = phase;
    progress->view.done = done;
    progress->view.total = total;
    update_rate(progress, now);
    if (now - progress->shown_usec >= (progress->draws_bar ? REDRAW_USEC : PLAIN_USEC))
        show(progress, now);
}

void progress_wait(Progress *progress, const char *phase)
{
    if (!progress || !progress->draws_bar)
        return;
    gint64 now = progress->get_usec();
    begin_phase(progress, phase, 0, now);
    show(progress, now);
}

void progress_free(Progress *progress)
{
    if (!progress)
        return;
    if (progress->is_visible) {
        fputs("\r\033[K", progress->screen->file);
        fflush(progress->screen->file);
    }
    g_free(progress);
}
