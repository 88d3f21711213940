// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Notes: things kept differently, each with its reason. Code below cli adds to a list, cli shows it.
 *
 * Notes of one kind are counted, and the first few subjects kept as examples, so that an image with a million odd files
 * costs a line and not a gigabyte. Safe to use from several threads. */

#include <glib.h>

#define NOTE_EXAMPLES_MAX 8 /* subjects kept of one kind */

typedef struct {
    char *kind;          /* stable short name: "acl-dropped", for --json */
    char *text;          /* a sentence without full stop, the same for all of the kind */
    guint64 count;       /* how many subjects */
    GPtrArray *subjects; /* char *, escaped; the first by byte order, at most NOTE_EXAMPLES_MAX, may be empty */
} Note;

typedef struct Notes Notes;

Notes *notes_new(void);
void notes_free(Notes *notes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Notes, notes_free)

/* Adds one subject (bytes of an image, escaped here; NULL for none) to the note of that kind. notes may be NULL. */
void notes_add(Notes *notes, const char *kind, const char *text, const char *subject);

/* The same, unless it has been added so before: for a name that is met many times. Remembers each. */
void notes_add_once(Notes *notes, const char *kind, const char *text, const char *subject);

/* Adds all that `from` has. */
void notes_merge(Notes *notes, Notes *from);

/* Removes each note that `known` has with the same number of subjects and the same examples. */
void notes_subtract(Notes *notes, const Notes *known);

/* The notes in order of kind. Owned by notes; call when no other thread adds. */
const GPtrArray *notes_list(Notes *notes);
