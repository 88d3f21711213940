// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What --help prints, made from the tables. Pure functions; callers free the result. */

#include "verb.h"

/* Help of one verb, in lines of at most width columns. */
char *help_format_verb(const Verb *verb, guint width, gboolean colored);

/* What `gourd` and `gourd help` print: the verbs by topic. */
char *help_format_overview(guint width, gboolean colored);

/* "-o, --output FILE", "--[no-]verify". */
char *option_format_label(const Option *option);

/* The help phrase and, in parentheses, values and default; as marked text. */
char *option_format_help(const Option *option);
