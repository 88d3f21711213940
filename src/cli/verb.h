// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A verb of the command line as one const table: its operands, options, texts, and the function that does it.
 *
 * To add a verb: a file verb-NAME.c that defines `const Verb verb_NAME`, and a line in verbs.def. Help, man page and
 * completions follow. */

#include "exit-code.h"
#include "option.h"
#include "screen.h"

#define OPERANDS_ANY G_MAXUINT

typedef struct {
    const char *name; /* in capitals */
    guint min, max;   /* behind one with min != max there are only such ones */
    Completion completion;
} Operand;

/* What the first operand of some verbs says to do. */
typedef struct {
    const char *name;
    const char *operands; /* behind it, as in usage: " NAME [FILE]" */
    guint min, max;       /* how many of those */
    const char *summary;  /* a phrase without full stop */
    const char *options;  /* of the verb's own, those that it takes alone: " root json "; or NULL */
    const char *without;  /* those that it does not take; or NULL */
} VerbAction;

typedef struct {
    const char *command;
    const char *text; /* a phrase without full stop: what it does */
} Example;

typedef struct Verb Verb;

/* One run of a verb: what the user asked for and where the answer goes. */
typedef struct {
    const Verb *verb;
    const void *options; /* the verb's own struct; begins with CommonOptions */
    const CommonOptions *common;
    const char *const *operands; /* NULL-terminated; as many as the verb's table allows */
    guint n_operands;
    const char *const *words; /* behind "--", of verbs that take them apart; NULL-terminated; NULL: there was no "--" */
    Screen out, err;
} Call;

struct Verb {
    const char *name;
    const char *topic;         /* the heading it stands below in `gourd help` */
    const char *summary;       /* a phrase without full stop */
    const Operand *operands;   /* ends with a NULL name */
    const VerbAction *actions; /* what its first operand may be; ends with a NULL name; or NULL */
    const char *words;         /* what may follow "--", in capitals: words that are no operands; NULL: operands do */
    gboolean words_follow;     /* no "--" is needed: what comes behind the operands are the words, dashes or not */
    gboolean runs_program;     /* its exit code is a program's: failures have the codes of exit_code_of_run() */
    const OptionGroup *groups; /* ends with a NULL title; the common options come after them */
    const char *const *description; /* paragraphs for the man page, the first also for --help; ends with NULL */
    const Example *examples;        /* ends with a NULL command */
    const ExitCode *exit_codes;     /* that it can end with, 0, 1 and 2 apart; ends with EXIT_CODE_OK; or NULL */
    size_t options_size;
    gboolean hidden; /* for gourd's own build: in no list */

    /* Does it. Returns the exit code of an answer that is no failure (EXIT_CODE_OK, EXIT_CODE_DIFFERS); on failure sets
     * error and returns anything, the code then follows from the error. */
    ExitCode (*run)(const Call *call, GError **error);
};

/* All verbs in the order of verbs.def; ends with NULL. */
extern const Verb *const all_verbs[];

/* The verb of that name, or NULL. */
const Verb *verb_find(const char *name);

/* The verb as a USAGE error sees it missing: with what to do instead, or the nearest name, as hint. Always returns FALSE. */
gboolean verb_set_unknown(const char *name, GError **error);

/* What to do here instead, by what docker(1) and systemctl(1) call it, or NULL. */
const char *elsewhere_find_verb(const char *name);
const char *elsewhere_find_machine_action(const char *name);

/* The same for an option: name, or letter if that is NULL. */
const char *elsewhere_find_option(const Verb *verb, const char *name, char letter);

/* The rows a verb knows, in order: its groups, then the common rows that it does not define itself. */
typedef struct {
    const Verb *verb;
    guint group, row;
    const OptionGroup *in; /* the group of the row last returned */
} OptionIterator;

void option_iterator_init(OptionIterator *iterator, const Verb *verb);
const Option *option_iterator_next(OptionIterator *iterator);

/* The row of that long name (or of that letter), or NULL. With "no-" in front of a negatable row's name the row, and
 * *ret_negated is TRUE. */
const Option *verb_find_option(const Verb *verb, const char *name, gboolean *ret_negated);
const Option *verb_find_short_option(const Verb *verb, char letter);

/* The place among the verb's actions of the call's first operand. USAGE errors with the nearest name, or with what has to follow; or an option is
 * given that the action does not take. */
gboolean verb_find_action(const Call *call, guint *ret_action, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Their names: "ls, backup and rm" with ", " and " and ". Caller frees. */
char *verb_format_actions(const VerbAction *actions, const char *separator, const char *last_separator);

/* "gourd build [OPTION]... SOURCE": for usage lines, man page and errors alike. Caller frees. */
char *verb_format_usage(const Verb *verb);
