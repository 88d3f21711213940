// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A command line, read by a verb's tables.
 *
 * Options may stand after operands, until "--", behind which all are operands, or the words of a verb that takes such; with
 * words_follow the words begin right behind the operands. Long names are never abbreviated; `--name=value`, `--name value`, `-n value`,
 * `-nvalue` and `-abc` for flags are understood; a later one wins. */

#include "verb.h"

typedef struct {
    void *options;       /* of verb->options_size bytes, all members set */
    GPtrArray *operands; /* borrowed from the arguments; NULL-terminated */
    GPtrArray *words;    /* behind "--", if the verb takes words; NULL: there was no "--" */
    const Verb *verb;
} Parsed;

/* Reads arguments (without "gourd" and the verb). With --help or --version among them what follows is not read and
 * missing operands are no error. common, if not NULL, holds what stood before the verb. USAGE errors carry a hint. */
Parsed *parse_arguments(const Verb *verb, const CommonOptions *common, const char *const *arguments, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Reads the common options in front of the verb; *ret_used is how many arguments they took. */
gboolean parse_leading_options(const char *const *arguments, CommonOptions *ret_common, guint *ret_used, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The words behind "--" as a vector; NULL if there was no "--". Borrowed. */
const char *const *parsed_words(const Parsed *parsed);

void parsed_free(Parsed *parsed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parsed, parsed_free)
