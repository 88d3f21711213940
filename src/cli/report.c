// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report.h"

#include "text.h"

void report_error(const Screen *screen, const GError *error)
{
    g_autofree char *message = NULL, *hint = NULL;

    gourd_error_split(error, &message, &hint);
    fprintf(screen->file, "%sgourd:%s %s\n", screen_begin(screen, STYLE_RED), screen_end(screen, STYLE_RED), message);
    if (hint)
        fprintf(screen->file, "%shint:%s %s\n", screen_begin(screen, STYLE_CYAN), screen_end(screen, STYLE_CYAN), hint);
}

static void print_note(const Screen *screen, const Note *note, gboolean verbose)
{
    fprintf(screen->file, "%snote:%s %s", screen_begin(screen, STYLE_YELLOW), screen_end(screen, STYLE_YELLOW),
            note->text);
    if (note->subjects->len == 0) {
        fputc('\n', screen->file);
        return;
    }
    guint shown = verbose ? note->subjects->len : 1;
    fputs(": ", screen->file);
    for (guint i = 0; i < shown; i++)
        fprintf(screen->file, "%s'%s'", i ? ", " : "", (const char *)g_ptr_array_index(note->subjects, i));
    if (note->count > shown)
        fprintf(screen->file, " and %" G_GUINT64_FORMAT " more", note->count - shown);
    fputc('\n', screen->file);
}

void report_notes(const Screen *screen, const GPtrArray *notes, gboolean verbose)
{
    guint shown = verbose ? notes->len : MIN(notes->len, REPORT_NOTES_MAX);

    fflush(stdout); /* not in the midst of what was printed before, where both go to one place */
    for (guint i = 0; i < shown; i++)
        print_note(screen, g_ptr_array_index(notes, i), verbose);
    if (shown < notes->len)
        fprintf(screen->file, "note: %u more kinds of notes: --verbose shows them\n", notes->len - shown);
}

Json *notes_to_json(const GPtrArray *notes)
{
    Json *list = json_array();

    for (guint i = 0; i < notes->len; i++) {
        const Note *note = g_ptr_array_index(notes, i);
        Json *subjects = json_array();

        for (guint j = 0; j < note->subjects->len; j++)
            json_array_append_new(subjects, json_text(g_ptr_array_index(note->subjects, j)));
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:I, s:o}", "kind", json_text(note->kind), "text",
                                        json_text(note->text), "count", (json_int_t)note->count, "subjects", subjects));
    }
    return list;
}
