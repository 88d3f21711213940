// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "unit-file.h"

#define UNIT_BLANKS " \t\n\r" /* systemd's WHITESPACE */

typedef struct {
    char *name;         /* NULL for the head of the file, which has comments only */
    GPtrArray *entries; /* UnitEntry * */
} UnitSection;

struct UnitFile {
    GPtrArray *sections; /* UnitSection *; the head is always the first */
};

UnitSection *unit_file_find_section(const UnitFile *file, const char *name);
UnitSection *unit_file_make_section(UnitFile *file, const char *name);
/* Appends an entry; all texts are copied. */
void unit_section_add(UnitSection *section, const char *key, const char *value, guint line);
/* An array that frees its entries, and an entry of copies. */
GPtrArray *unit_entries_new(void);
UnitEntry *unit_entry_new(const char *key, const char *value, guint line);
/* Whether systemd takes the bytes for UTF-8: as GLib does, but without the code points that are no characters. */
gboolean unit_text_is_utf8(const char *text);
