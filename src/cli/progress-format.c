// SPDX-License-Identifier: LGPL-2.1-or-later
#include "human.h"
#include "progress.h"
#include "text.h"

#include <string.h>

#define BAR_WIDTH_MIN 8
#define BAR_WIDTH_MAX 40
#define GAP 2
#define ETA_SECONDS_MAX (99 * 3600) /* beyond that nobody waits and the rate says nothing */

/* The parts of a line, in order of showing. */
typedef enum {
    PART_PHASE,
    PART_PERCENT,
    PART_BYTES,
    PART_RATE,
    PART_LEFT,
    N_PARTS,
} Part;

/* What goes first when the line is too long. */
static const Part parts_to_drop[] = {PART_RATE, PART_BYTES, PART_PHASE, PART_LEFT};

static char *format_left(const ProgressView *view)
{
    if (view->rate == 0 || view->done > view->total)
        return NULL;
    guint64 seconds = (view->total - view->done) / view->rate;
    if (seconds > ETA_SECONDS_MAX)
        return NULL;
    /* Whole seconds: a tenth would only flicker. */
    g_autofree char *time = seconds < 10 ? g_strdup_printf("%" G_GUINT64_FORMAT " s", seconds)
                                         : duration_format(seconds * G_USEC_PER_SEC);
    return g_strdup_printf("%s left", time);
}

static void format_parts(const ProgressView *view, char *ret_parts[N_PARTS])
{
    g_autofree char *done = size_format(view->done), *total = size_format(view->total);

    ret_parts[PART_PHASE] = g_strdup(view->phase);
    if (view->total) {
        guint64 percent = (guint64)((double)MIN(view->done, view->total) * 100.0 / (double)view->total);

        ret_parts[PART_PERCENT] = g_strdup_printf("%" G_GUINT64_FORMAT " %%", percent);
        ret_parts[PART_BYTES] = g_strdup_printf("%s of %s", done, total);
        ret_parts[PART_LEFT] = format_left(view);
    } else if (view->done) {
        ret_parts[PART_BYTES] = g_strdup(done);
    }
    if (view->rate) {
        g_autofree char *rate = size_format(view->rate);

        ret_parts[PART_RATE] = g_strdup_printf("%s/s", rate);
    }
}

static void free_parts(char *parts[N_PARTS])
{
    for (guint i = 0; i < N_PARTS; i++)
        g_free(parts[i]);
}

static guint count_columns(char *const parts[N_PARTS])
{
    guint columns = 0;

    for (guint i = 0; i < N_PARTS; i++) {
        if (parts[i])
            columns += text_get_width(parts[i]) + (columns ? GAP : 0);
    }
    return columns;
}

/* Full, half and empty cells: even the Linux console's font has these. */
static void append_bar(GString *line, const ProgressView *view, guint width, gboolean is_utf8)
{
    guint halves = (guint)((double)MIN(view->done, view->total) * 2.0 * width / (double)view->total);

    if (!is_utf8)
        g_string_append_c(line, '[');
    for (guint i = 0; i < width - (is_utf8 ? 0 : 2); i++) {
        if (is_utf8)
            g_string_append(line, 2 * i + 1 < halves ? "█" : 2 * i < halves ? "▌" : "░");
        else
            g_string_append_c(line, (2 * i + 1) * width < halves * (width - 2) ? '#' : '-');
    }
    if (!is_utf8)
        g_string_append_c(line, ']');
}

char *progress_format_bar(const ProgressView *view, guint width, gboolean is_utf8)
{
    GString *line = g_string_new(NULL);
    char *parts[N_PARTS] = {NULL};

    format_parts(view, parts);
    for (guint i = 0; i < G_N_ELEMENTS(parts_to_drop) && count_columns(parts) > width; i++)
        g_clear_pointer(&parts[parts_to_drop[i]], g_free);
    guint used = count_columns(parts);
    for (guint i = 0; i < N_PARTS; i++) {
        if (parts[i])
            g_string_append_printf(line, "%s%s", line->len ? "  " : "", parts[i]);
        if (i == PART_PHASE && view->total && used + GAP + BAR_WIDTH_MIN <= width) {
            g_string_append(line, line->len ? "  " : "");
            append_bar(line, view, MIN(width - used - GAP, BAR_WIDTH_MAX), is_utf8);
        }
    }
    free_parts(parts);
    g_autofree char *whole = g_string_free(line, FALSE);
    return text_truncate(whole, width);
}

char *progress_format_plain(const ProgressView *view)
{
    GString *line = g_string_new(NULL);
    char *parts[N_PARTS] = {NULL};

    format_parts(view, parts);
    for (guint i = 0; i < N_PARTS; i++) {
        if (parts[i])
            g_string_append_printf(line, "%s%s",
                                   i == PART_PHASE                   ? ""
                                   : line->str[line->len - 1] == ':' ? " "
                                                                     : ", ",
                                   parts[i]);
        if (i == PART_PHASE)
            g_string_append_c(line, ':');
    }
    free_parts(parts);
    return g_string_free(line, FALSE);
}
