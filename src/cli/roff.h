// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Text as roff: escaped, with bold for what is typed literally and italics for placeholders. */

#include "verb.h"

/* The words in capitals that are placeholders in a page: FILE, SOURCE and so on. */
typedef struct RoffWords RoffWords;

RoffWords *roff_words_new(void);
void roff_words_free(RoffWords *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RoffWords, roff_words_free)

/* Adds each run of capitals in text ("OS/ARCH[/VARIANT]": three of them). */
void roff_words_add(RoffWords *words, const char *text);

/* Adds the verb's operands and the arguments of its options. */
void roff_words_add_verb(RoffWords *words, const Verb *verb);

/* Plain text. */
void roff_append_text(GString *out, const char *text);

/* A line of its own, which roff must not read as a request. */
void roff_append_line(GString *out, const char *text);

/* Marked text: backquotes are bold, placeholders italic, also between backquotes. */
void roff_append_marked(GString *out, const char *marked, const RoffWords *words);

/* Part of a usage line: all capitals are placeholders. */
void roff_append_usage(GString *out, const char *usage);
