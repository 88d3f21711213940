// SPDX-License-Identifier: LGPL-2.1-or-later
#include "diff.h"

#include <string.h>

#define TEXT_SIZE_MAX (1024 * 1024) /* bytes shown of one file; units have a few thousand */
#define CELLS_MAX \
    (4 * 1024 * 1024)   /* of the table of common lines: 16 MiB, two files of 2000 lines without a common one */
#define CONTEXT_LINES 3 /* as diff -u has */

typedef struct {
    const char *bytes;
    gsize length;
    gboolean is_last; /* without a line break */
} Line;

typedef struct {
    char sign; /* ' ', '-' or '+' */
    const Line *line;
} Edit;

typedef struct {
    GArray *old_lines, *new_lines; /* Line */
    GArray *edits;                 /* Edit */
} Diff;

gboolean diff_is_text(GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    return size <= TEXT_SIZE_MAX && (size == 0 || !memchr(data, 0, size));
}

static GArray *split_lines(GBytes *text)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
    gsize size = 0;
    const char *at = text ? g_bytes_get_data(text, &size) : NULL;
    const char *end = size > 0 ? at + size : at;

    while (at < end) {
        const char *next = memchr(at, '\n', (gsize)(end - at));
        Line line = {at, (gsize)((next ? next : end) - at), next == NULL};

        g_array_append_val(lines, line);
        at = next ? next + 1 : end;
    }
    return lines;
}

static const Line *line_at(const GArray *lines, guint i)
{
    return &g_array_index(lines, Line, i);
}

static gboolean is_same_line(const Line *a, const Line *b)
{
    return a->length == b->length && a->is_last == b->is_last && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void add_edits(Diff *diff, char sign, const GArray *lines, guint from, guint to)
{
    for (guint i = from; i < to; i++) {
        Edit edit = {sign, line_at(lines, i)};

        g_array_append_val(diff->edits, edit);
    }
}

/* The longest common subsequence of the lines from `skip` on, by the table of its lengths, filled from the end. */
static void add_middle(Diff *diff, guint skip, guint n_old, guint n_new)
{
    const gsize width = (gsize)n_new + 1;
    g_autofree guint32 *common = g_new0(guint32, ((gsize)n_old + 1) * width);
    guint i = 0, j = 0;

    for (guint a = n_old; a-- > 0;)
        for (guint b = n_new; b-- > 0;)
            common[a * width + b] = is_same_line(line_at(diff->old_lines, skip + a), line_at(diff->new_lines, skip + b))
                                        ? common[(a + 1) * width + b + 1] + 1
                                        : MAX(common[(a + 1) * width + b], common[a * width + b + 1]);
    while (i < n_old && j < n_new) {
        guint a = skip + i, b = skip + j;

        if (is_same_line(line_at(diff->old_lines, a), line_at(diff->new_lines, b))) {
            add_edits(diff, ' ', diff->new_lines, b, b + 1);
            i++;
            j++;
        } else if (common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            add_edits(diff, '-', diff->old_lines, a, a + 1);
            i++;
        } else {
            add_edits(diff, '+', diff->new_lines, b, b + 1);
            j++;
        }
    }
    add_edits(diff, '-', diff->old_lines, skip + i, skip + n_old);
    add_edits(diff, '+', diff->new_lines, skip + j, skip + n_new);
}

/* What is the same at both ends stays out of the table, which leaves little of most changes. */
static void find_edits(Diff *diff)
{
    guint n_old = diff->old_lines->len, n_new = diff->new_lines->len, head = 0, tail = 0;

    while (head < MIN(n_old, n_new) && is_same_line(line_at(diff->old_lines, head), line_at(diff->new_lines, head)))
        head++;
    while (tail < MIN(n_old, n_new) - head &&
           is_same_line(line_at(diff->old_lines, n_old - tail - 1), line_at(diff->new_lines, n_new - tail - 1)))
        tail++;
    guint old_middle = n_old - head - tail, new_middle = n_new - head - tail;
    add_edits(diff, ' ', diff->new_lines, 0, head);
    if (((guint64)old_middle + 1) * ((guint64)new_middle + 1) <= CELLS_MAX) {
        add_middle(diff, head, old_middle, new_middle);
    } else {
        add_edits(diff, '-', diff->old_lines, head, head + old_middle);
        add_edits(diff, '+', diff->new_lines, head, head + new_middle);
    }
    add_edits(diff, ' ', diff->new_lines, n_new - tail, n_new);
}

/* Where the hunk that begins with the change at `first` ends: changes closer than two contexts share one. */
static guint find_hunk_end(const GArray *edits, guint first)
{
    guint last = first;

    for (guint i = first; i < edits->len && i <= last + 2 * CONTEXT_LINES + 1; i++)
        if (g_array_index(edits, Edit, i).sign != ' ')
            last = i;
    return MIN(last + CONTEXT_LINES + 1, edits->len);
}

/* "3,7", "3" for one line; an empty range names the line before it. */
static void append_range(GString *out, char sign, guint before, guint count)
{
    g_string_append_printf(out, " %c%u", sign, count == 0 ? before : before + 1);
    if (count != 1)
        g_string_append_printf(out, ",%u", count);
}

static void append_line(GString *out, const Edit *edit)
{
    g_autofree char *text = line_escape(edit->line->bytes, edit->line->length);

    g_string_append_c(out, edit->sign);
    g_string_append(out, text);
    g_string_append(out, edit->line->is_last ? "\n\\ No newline at end of file\n" : "\n");
}

static void append_hunks(GString *out, const GArray *edits)
{
    guint old_before = 0, new_before = 0, at = 0;

    for (guint i = 0; i < edits->len; i++) {
        if (g_array_index(edits, Edit, i).sign == ' ')
            continue;
        guint begin = MAX(at, i > CONTEXT_LINES ? i - CONTEXT_LINES : 0);
        guint end = find_hunk_end(edits, i), n_old = 0, n_new = 0;

        /* All between hunks is common. */
        old_before += begin - at;
        new_before += begin - at;
        for (guint k = begin; k < end; k++) {
            n_old += g_array_index(edits, Edit, k).sign != '+';
            n_new += g_array_index(edits, Edit, k).sign != '-';
        }
        g_string_append(out, "@@");
        append_range(out, '-', old_before, n_old);
        append_range(out, '+', new_before, n_new);
        g_string_append(out, " @@\n");
        for (guint k = begin; k < end; k++)
            append_line(out, &g_array_index(edits, Edit, k));
        old_before += n_old;
        new_before += n_new;
        at = end;
        i = end - 1;
    }
}

void diff_append(GString *out, const char *path, GBytes *old_text, GBytes *new_text)
{
    if (old_text && new_text && g_bytes_equal(old_text, new_text))
        return;
    g_autoptr(GArray) old_lines = split_lines(old_text);
    g_autoptr(GArray) new_lines = split_lines(new_text);
    g_autoptr(GArray) edits = g_array_new(FALSE, FALSE, sizeof(Edit));
    Diff diff = {old_lines, new_lines, edits};
    g_autofree char *shown = line_escape(path, strlen(path));

    find_edits(&diff);
    g_string_append_printf(out, "--- %s\n+++ %s\n", old_text ? shown : "/dev/null", new_text ? shown : "/dev/null");
    append_hunks(out, edits);
}
