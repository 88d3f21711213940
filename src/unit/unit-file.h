// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A unit file as a value: sections, assignments in order (keys may repeat), comments.
 *
 * Values are the text after "=", already quoted as the setting wants it (quote.h). Nothing is checked while a file is put
 * together; unit_file_to_text() refuses whatever systemd would not read back as it is here, so that no value, wherever it
 * came from, can add a line. */

#include "base/base.h"

#define UNIT_FILE_SIZE_MAX (4 * 1024 * 1024)   /* bytes: the largest hand-written unit files have some ten KiB */
#define UNIT_LINE_LENGTH_MAX (1024 * 1024 - 1) /* bytes of one logical line: systemd's LONG_LINE_MAX, less the zero */

typedef struct UnitFile UnitFile;

typedef struct {
    char *key;   /* NULL for a comment */
    char *value; /* of a comment: its text, without "# " */
    guint line;  /* where it was read, counted from 1; 0 if it was not read */
} UnitEntry;

UnitFile *unit_file_new(void);
void unit_file_free(UnitFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UnitFile, unit_file_free)

/* Appends an assignment to a section, which is made if it is not there. */
void unit_file_add(UnitFile *file, const char *section, const char *key, const char *value);
void unit_file_addf(UnitFile *file, const char *section, const char *key, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* Puts one assignment in the place of all that the key has: where the first stood, else at the end. */
void unit_file_set(UnitFile *file, const char *section, const char *key, const char *value);
/* Removes all assignments of the key; says how many there were. */
guint unit_file_remove(UnitFile *file, const char *section, const char *key);
/* Appends a comment (several lines become several) to a section, or with section NULL to the head of the file. */
void unit_file_comment(UnitFile *file, const char *section, const char *text);
/* Appends all of a drop-in's assignments, as systemd reads them after those of the file. */
void unit_file_merge(UnitFile *file, const UnitFile *dropin);

/* The last value of a key, NULL if it has none. Borrowed. */
const char *unit_file_get(const UnitFile *file, const char *section, const char *key);
/* All values of a list setting in order, of which an empty one forgets those before it. The caller frees the array; the
 * values (const char *) are borrowed. */
GPtrArray *unit_file_list(const UnitFile *file, const char *section, const char *key);
/* The sections in order of appearance, and the entries (UnitEntry *) of one, NULL if there is none. Borrowed. */
guint unit_file_n_sections(const UnitFile *file);
const char *unit_file_section(const UnitFile *file, guint index);
const GPtrArray *unit_file_entries(const UnitFile *file, const char *section);

/* The canonical text: comments as "# …", one blank line before each section, KEY=VALUE without blanks. INPUT errors for
 * what cannot be written: line breaks, blanks at the ends, bytes that are not UTF-8, names that are none; LIMIT for a line
 * that systemd would refuse. The caller frees. */
char *unit_file_to_text(const UnitFile *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads a unit file or drop-in as systemd does: continuation lines are joined by a blank, comments may stand between
 * them, sections of one name are one. Lines that systemd ignores (no "=", outside of a section, not UTF-8) are left out
 * with a note "unit-line-ignored". INPUT errors, with the line: a section header without "]", a zero byte; LIMIT: a line or
 * a file that is too long. */
UnitFile *unit_file_parse(const void *bytes, gsize size, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
