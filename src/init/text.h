// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Text in a buffer of fixed size: what does not fit is cut, and the end is marked with "…". Instead of printf, which would be
 * half of this program. */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *bytes; /* always ends with a zero */
    size_t size; /* of the buffer, at least 4: the mark and the zero */
    size_t length;
    bool cut;
} Text;

/* Of an array; begins empty. */
#define TEXT(array) text_make(array, sizeof(array))
Text text_make(char *buffer, size_t size);

/* Understands %s, %u, %d, %% and nothing else. */
void text_add(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_list(Text *text, const char *format, va_list list) __attribute__((format(printf, 2, 0)));
/* Bytes from anywhere: what systemd takes for UTF-8 and a terminal can show stays; all else becomes \xNN. */
void text_add_escaped(Text *text, const char *bytes, size_t size);
