// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The name somebody probably meant. */

#include <glib.h>

/* The candidate with the fewest slips (letters missing, added, wrong or swapped) from name, or NULL if none is near
 * enough for its length. The first of equals. Borrowed from candidates, which hold char * and may be empty. */
const char *nearest_name(const char *name, const GPtrArray *candidates);
