// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "quote.h"

/* What else than the bytes themselves a word must say. */
typedef enum {
    WORD_DOLLAR = 1 << 1,  /* "$" doubled: a command, where "$" begins a variable */
    WORD_PERCENT = 1 << 2, /* "%" doubled: wherever specifiers are expanded */
} WordFlags;

/* Appends text as a word with C escapes: bare if it has only harmless characters, else in double quotes. */
void word_append(GString *out, const char *text, WordFlags flags);
/* Appends size bytes with everything that is not printable UTF-8, and of the rest what is in `special`, escaped. */
void escape_append(GString *out, const char *bytes, gsize size, const char *special);
