// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What keys there are, of which shape their values may be, and how short forms become long ones: one table, walked by one
 * function. */

#include "node.h"

/* Shapes that a value may have; several together. */
enum {
    SHAPE_BOOL = 1 << 1,
    SHAPE_INT = 1 << 2,
    SHAPE_NUMBER = 1 << 3, /* with or without a fraction */
    SHAPE_STRING = 1 << 4,
    SHAPE_LIST = 1 << 5,
    SHAPE_MAP = 1 << 6,
    SHAPE_NULL =
        1 << 7, /* it says something by being there; any other key without a value is as if it were not there */
    SHAPE_SCALAR = SHAPE_BOOL | SHAPE_INT | SHAPE_NUMBER | SHAPE_STRING,
    SHAPE_ANY = SHAPE_SCALAR | SHAPE_LIST | SHAPE_MAP | SHAPE_NULL,
};

/* What a file is read with. */
typedef struct {
    const char *folder; /* absolute: what relative paths in it are relative to */
    const char *home;   /* what "~" is; may be NULL */
    gboolean raw;       /* variables are not replaced: values that have some stay as they are */
} ComposeReading;

typedef struct ComposeField ComposeField;

/* Brings a value into its long form before its shape is looked at: changes it, or returns another one in its place. NULL and
 * an error for what makes no sense. */
typedef ComposeNode *(*ComposeLengthen)(ComposeNode *node, const ComposeReading *reading, GError **error);

struct ComposeField {
    const char *name; /* of the key; "*" is any */
    guint shapes;     /* of the long form */
    ComposeLengthen lengthen;
    const ComposeField *members; /* of a map: ends with a NULL name; NULL: anything */
    const ComposeField *item;    /* of a list; NULL: anything */
    const char *const *words;    /* that the string may be; ends with NULL; NULL: any */
};

/* Checks a value and all below, with short forms made long and strings made what they stand for ("8" of a variable → 8). INPUT
 * errors: an unknown key (the nearest one is the hint), a wrong shape. *node may be replaced. */
gboolean compose_check(ComposeNode **node, const ComposeField *field, const ComposeReading *reading, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The row of a key, "*" for want of a better; or NULL. */
const ComposeField *compose_find_field(const ComposeField *members, const char *key);

/* The top of a Compose file, and one of its services. */
extern const ComposeField compose_file_field;
extern const ComposeField compose_service_fields[];
