// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* NULL-terminated vectors of strings that grow; NULL is an empty one, as in options. */

#include <glib.h>

/* Appends a copy. */
void vector_append(char ***vector, const char *text);
/* The same, unless it is there already. */
void vector_append_once(char ***vector, const char *text);
