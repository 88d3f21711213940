// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Options as const tables: parsing, --help, man pages and the completions of bash, zsh and fish all walk the same rows.
 *
 * A row names the member of the verb's own options struct that it fills, by offset; no table points at a variable. Texts
 * may use `backquotes` around what is typed literally: bold where the output can show it, nothing elsewhere. */

#include "base/base.h"

/* What a row fills, and how its argument is read. */
typedef enum {
    OPTION_FLAG = 1, /* gboolean; no argument */
    OPTION_STRING,   /* char *, or NULL if not given */
    OPTION_STRINGS,  /* GPtrArray * of char *, NULL-terminated, never NULL; may be given several times */
    OPTION_INT,      /* gint64 from min to max, or OPTION_INT_UNSET if not given and without fallback */
    OPTION_SIZE,     /* guint64 bytes from min to max; suffixes K, M, G, T are powers of 1024; 0 if not given */
    OPTION_CHOICE,   /* int: the value of the chosen row of choices */
} OptionKind;

#define OPTION_INT_UNSET (-1)

/* What the shell offers for an argument. */
typedef enum {
    COMPLETE_NOTHING,
    COMPLETE_FILE,
    COMPLETE_FOLDER,
    COMPLETE_BUNDLE, /* files named *.raw */
    COMPLETE_SOURCE, /* docker-archive:FILE and its relatives, or a file or folder */
    COMPLETE_VERB,
    COMPLETE_ACTION,  /* of the verb */
    COMPLETE_VALUES,  /* the row's suggestions */
    COMPLETE_SERVICE, /* installed ones */
    COMPLETE_STACK,   /* those that are up */
    COMPLETE_OF_FILE, /* services of the Compose file here */
    COMPLETE_SERVICE_OR_STACK,
    COMPLETE_SERVICE_OR_MACHINE,
    COMPLETE_RUNNING, /* services, stacks and machines */
    COMPLETE_SERVICE_OR_BUNDLE,
    COMPLETE_VOLUME_OR_FILE, /* those that are there */
    COMPLETE_MACHINE,        /* those that gourd made */
} Completion;

typedef struct {
    const char *name;
    int value;
    const char *help; /* a few words, or NULL */
} OptionChoice;

typedef struct {
    const char *name;
    char short_name; /* or 0 */
    OptionKind kind;
    size_t offset;               /* of the member, in the verb's options struct */
    const char *argument;        /* how the argument is called, in capitals; NULL for flags, "WHEN" or so for choices */
    const char *help;            /* a phrase without full stop, for --help and as first sentence of the man page */
    const char *details;         /* more sentences for the man page, or NULL */
    const char *fallback;        /* the default, as one would type it; or NULL */
    const char *shown_default;   /* what to show as the default when it is computed, or NULL for fallback */
    const OptionChoice *choices; /* OPTION_CHOICE: ends with a NULL name */
    const char *const *suggestions; /* COMPLETE_VALUES: ends with NULL */
    gint64 min, max;                /* OPTION_INT, OPTION_SIZE; max 0 means no upper bound */
    Completion completion;
    gboolean negatable; /* OPTION_FLAG: --no-NAME and --NAME=yes|no are known too */
    const char
        *optional; /* the argument that is meant by --NAME alone; a given one is always --NAME=ARGUMENT; or NULL */
    gboolean (*check)(const char *argument, GError **error); /* refuses what min and max cannot say; or NULL */
} Option;

/* Rows that are the same in many verbs; `at` is the offset of their member: .offset = … */
#define OPTION_ROOT(at, what)                                                                                        \
    {                                                                                                                \
        "root", 0, OPTION_STRING, at, "FOLDER", what " the system in FOLDER, at rest", .completion = COMPLETE_FOLDER \
    }
#define OPTION_ROOT_WORK(at) OPTION_ROOT(at, "Work on")
#define OPTION_ROOT_LOOK(at) OPTION_ROOT(at, "Look at")
#define OPTION_DRY_RUN(at)                                                                    \
    {                                                                                         \
        "dry-run", 'n', OPTION_FLAG, at, .help = "Show what would change, and change nothing" \
    }
#define OPTION_JSON_CHANGE(at)                                                                        \
    {                                                                                                 \
        "json", 0, OPTION_FLAG, at, .help = "Print the result, or with `--dry-run` the plan, as JSON" \
    }
#define OPTION_JSON_LIST(at)                                                            \
    {                                                                                   \
        "json", 0, OPTION_FLAG, at, .help = "Print a JSON array with all that is known" \
    }

/* Rows under one heading. */
typedef struct {
    const char *title;
    const Option *options; /* ends with a NULL name */
} OptionGroup;

/* What every verb understands. The first member of each verb's options struct. */
typedef struct {
    gboolean help, version, quiet, verbose, no_color;
    int color; /* ColorMode */
} CommonOptions;

extern const OptionGroup common_options;

/* Sets all members that rows of the group fill to their defaults. */
void options_init(void *options, const OptionGroup *group);

/* Frees what rows of the group have put into options. */
void options_release(void *options, const OptionGroup *group);

/* Reads one argument into the row's member. argument is NULL for a flag without "=…". USAGE errors name the option. */
gboolean option_store(const Option *option, const char *argument, void *options, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Whether the row's member is no longer as options_init() leaves it. Not for one with a default. */
gboolean option_is_given(const Option *option, const void *options);

/* Whether the option has an argument, if only an optional one. */
gboolean option_has_argument(const Option *option);
/* Whether the word after the option's name belongs to it. */
gboolean option_takes_next(const Option *option);

/* A size as people type it: 4096, 128K, 1M, 2G; K, M, G, T are powers of 1024. */
gboolean size_parse(const char *text, guint64 *ret_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
