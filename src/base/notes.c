// SPDX-License-Identifier: LGPL-2.1-or-later
#include "notes.h"

#include "error.h"

struct Notes {
    GMutex lock;
    GPtrArray *list;  /* Note *, sorted by kind */
    GHashTable *once; /* "KIND SUBJECT" of notes_add_once() */
};

static void note_free(gpointer data)
{
    Note *note = data;

    g_free(note->kind);
    g_free(note->text);
    g_ptr_array_unref(note->subjects);
    g_free(note);
}

Notes *notes_new(void)
{
    Notes *notes = g_new0(Notes, 1);

    g_mutex_init(&notes->lock);
    notes->list = g_ptr_array_new_with_free_func(note_free);
    notes->once = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return notes;
}

void notes_free(Notes *notes)
{
    if (!notes)
        return;
    g_ptr_array_unref(notes->list);
    g_hash_table_unref(notes->once);
    g_mutex_clear(&notes->lock);
    g_free(notes);
}

static Note *find_or_insert(Notes *notes, const char *kind, const char *text)
{
    guint at = 0;

    for (; at < notes->list->len; at++) {
        Note *note = g_ptr_array_index(notes->list, at);
        int order = g_strcmp0(note->kind, kind);

        if (order == 0)
            return note;
        if (order > 0)
            break;
    }
    Note *note = g_new0(Note, 1);
    note->kind = g_strdup(kind);
    note->text = g_strdup(text);
    note->subjects = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_insert(notes->list, (int)at, note);
    return note;
}

/* Keeps the smallest subjects, so that the examples do not depend on which thread came first. */
static void insert_subject(Note *note, const char *escaped)
{
    guint at = 0;

    while (at < note->subjects->len && g_strcmp0(g_ptr_array_index(note->subjects, at), escaped) < 0)
        at++;
    if (at >= NOTE_EXAMPLES_MAX)
        return;
    g_ptr_array_insert(note->subjects, (int)at, g_strdup(escaped));
    if (note->subjects->len > NOTE_EXAMPLES_MAX)
        g_ptr_array_set_size(note->subjects, NOTE_EXAMPLES_MAX);
}

void notes_add(Notes *notes, const char *kind, const char *text, const char *subject)
{
    if (!notes)
        return;
    g_mutex_lock(&notes->lock);
    Note *note = find_or_insert(notes, kind, text);
    note->count++;
    if (subject) {
        g_autofree char *escaped = text_escape(subject);

        insert_subject(note, escaped);
    }
    g_mutex_unlock(&notes->lock);
}

void notes_add_once(Notes *notes, const char *kind, const char *text, const char *subject)
{
    if (!notes)
        return;
    g_mutex_lock(&notes->lock);
    const gboolean is_new = g_hash_table_add(notes->once, g_strconcat(kind, " ", subject, NULL));
    g_mutex_unlock(&notes->lock);
    if (is_new)
        notes_add(notes, kind, text, subject);
}

void notes_merge(Notes *notes, Notes *from)
{
    for (guint i = 0; i < from->list->len; i++) {
        const Note *other = g_ptr_array_index(from->list, i);

        g_mutex_lock(&notes->lock);
        Note *note = find_or_insert(notes, other->kind, other->text);
        note->count += other->count;
        for (guint k = 0; k < other->subjects->len; k++)
            insert_subject(note, g_ptr_array_index(other->subjects, k));
        g_mutex_unlock(&notes->lock);
    }
}

static gboolean is_equal(const Note *a, const Note *b)
{
    gboolean equal = g_strcmp0(a->kind, b->kind) == 0 && a->count == b->count && a->subjects->len == b->subjects->len;

    for (guint i = 0; equal && i < a->subjects->len; i++)
        equal = g_strcmp0(g_ptr_array_index(a->subjects, i), g_ptr_array_index(b->subjects, i)) == 0;
    return equal;
}

void notes_subtract(Notes *notes, const Notes *known)
{
    g_mutex_lock(&notes->lock);
    for (guint i = notes->list->len; i-- > 0;)
        for (guint k = 0; k < known->list->len; k++)
            if (is_equal(g_ptr_array_index(notes->list, i), g_ptr_array_index(known->list, k))) {
                g_ptr_array_remove_index(notes->list, i);
                break;
            }
    g_mutex_unlock(&notes->lock);
}

const GPtrArray *notes_list(Notes *notes)
{
    return notes->list;
}
