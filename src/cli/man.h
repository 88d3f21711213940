// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Man pages made from the tables, in the man macros of groff and mandoc (man(7)). Callers free the results. */

#include "verb.h"

/* gourd-VERB(1). */
char *man_format_verb(const Verb *verb);

/* gourd(1). */
char *man_format_overview(void);
