// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What gourd makes of each key of a service: a table, which is docs/compose.md too. */

#include "schema.h"

typedef enum {
    KEY_EXACT = 1, /* what Docker does */
    KEY_DIFFERENT, /* done in another way: the note's text */
    KEY_REFUSED,   /* an error: what to do instead */
} ComposeDoes;

typedef struct {
    const char *name;
    ComposeDoes does;
    guint permille;   /* of services in public Compose files that have the key; 0: fewer than one */
    const char *text; /* what becomes of it */
} ComposeKey;

/* A member of a map below the keys: what is done with it, or why nothing is. */
typedef struct {
    const char *path; /* "services.*.ports[].name"; with ".**" at the end all that is below too */
    const char *note; /* NULL: it is done */
} ComposeMember;

/* Ends with a NULL path. */
extern const ComposeMember compose_members[];
/* NULL: there is no row for it. */
const ComposeMember *compose_find_member(const char *path);

/* In the order of the Compose Specification's schema; ends with a NULL name. */
extern const ComposeKey compose_service_keys[];
const ComposeKey *compose_find_key(const char *name);
