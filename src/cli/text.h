// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Text on a terminal: columns, wrapping, and the backquotes of the tables. */

#include <glib.h>

/* Columns that valid UTF-8 takes; wide and combining characters count as 2 and 0. */
guint text_get_width(const char *text);

/* The longest beginning of text that fits into so many columns. Caller frees. */
char *text_truncate(const char *text, guint columns);

/* Appends marked text, which begins at column, breaking lines at spaces before width; further lines are indented. What
 * stands in `backquotes` is bold if colored, else plain. No newline at the end. */
void text_append_wrapped(GString *out, const char *marked, guint column, guint indent, guint width, gboolean colored);

/* Marked text without the marks. Caller frees. */
char *text_strip_marks(const char *marked);
