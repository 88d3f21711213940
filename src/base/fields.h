// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Structures of settings, described by a table of their members: made empty, freed, copied, and written and read as JSON by one
 * piece of code.
 *
 *   static const Field fields[] = {FIELD(TEXT, Settings, name), FIELD(VECTOR, Settings, ports), FIELD_END};
 */

#include "json.h"

#define FIELD_UNSET (-1) /* of a FIELD_NUMBER that says nothing */

typedef enum {
    FIELD_TEXT,   /* char *, owned; NULL says nothing, as zero does below */
    FIELD_VECTOR, /* char **, owned */
    FIELD_FLAG,   /* gboolean */
    FIELD_CHOICE, /* int: one of words */
    FIELD_NUMBER, /* gint64 from 0, or FIELD_UNSET */
    FIELD_SIZE,   /* guint64; JSON has 63 bits of it, which are enough for bytes */
} FieldKind;

typedef struct {
    const char *name; /* its key in JSON; NULL ends the table */
    FieldKind kind;
    gsize offset;
    const char *const *words; /* of FIELD_CHOICE; ends with NULL */
} Field;

#define FIELD(KIND, STRUCT, NAME)                                \
    {                                                            \
#NAME, FIELD_##KIND, G_STRUCT_OFFSET(STRUCT, NAME), NULL \
    }
#define FIELD_OF_WORDS(STRUCT, NAME, WORDS)                       \
    {                                                             \
#NAME, FIELD_CHOICE, G_STRUCT_OFFSET(STRUCT, NAME), WORDS \
    }
#define FIELD_END                 \
    {                             \
        NULL, FIELD_TEXT, 0, NULL \
    }

/* All say nothing. What was there is not freed. */
void fields_init(const Field *fields, void *settings);
/* Frees, and then all say nothing. */
void fields_clear(const Field *fields, void *settings);
void fields_copy(const Field *fields, const void *settings, void *ret_copy);

/* Whether something is written: a text, or an element of a vector; NULL for all else, and for an empty vector. */
typedef gboolean (*FieldFilter)(const Field *field, const char *text);

/* An object of those that say something and that the filter, if there is one, lets through; texts that are not UTF-8 are
 * {"base64": …}. The caller owns it. */
Json *fields_to_json(const Field *fields, const void *settings, FieldFilter filter);
/* Sets those that the object has, and adds to vectors. `what` is what messages call one ("option"). INPUT: a value of the wrong type;
 * UNSUPPORTED: a key or a word that is not known. What was set before an error stays: clear it. */
gboolean fields_from_json(const Field *fields, const char *what, const Json *object, void *settings, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
