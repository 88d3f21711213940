// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What concerns several verbs: a section of gourd(1) and a text of `gourd help TOPIC` each. */

#include "screen.h"

typedef struct {
    const char *label;
    const char *text;
} TopicRow;

typedef struct {
    const char *name;              /* as typed after `gourd help` */
    const char *title;             /* section heading of the man page, in capitals */
    const char *summary;           /* a phrase without full stop */
    const char *const *paragraphs; /* ends with NULL */
    const TopicRow *rows;          /* a tagged list after the paragraphs; ends with a NULL label; or NULL */
    gboolean lists_exit_codes;     /* the table of exit codes comes after the paragraphs */
    gboolean lists_causes;         /* the causes of `gourd why` do */
} Topic;

/* In order; ends with a NULL name. */
extern const Topic topics[];

/* What gourd is, in a sentence. */
extern const char gourd_summary[];

const Topic *topic_find(const char *name);

/* The text of one topic, in lines of at most width columns. Caller frees. */
char *topic_format(const Topic *topic, guint width, gboolean colored);
