// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Errors: made where the cause is known, prefixed with one phrase by each layer above, shown by cli only.
 *
 * A message has no capital and no full stop; values stand in single quotes; bytes from images go through
 * bytes_escape(). A hint (what to do next) follows the message after GOURD_HINT_SEPARATOR. */

#include <glib.h>

#define GOURD_ERROR (gourd_error_quark())
#define GOURD_HINT_SEPARATOR "\nhint: "

/* The kinds of failure. Each has an exit code, in src/cli/exit-codes.c. */
typedef enum {
    GOURD_ERROR_FAILED,      /* the environment failed: input/output, memory, a tool */
    GOURD_ERROR_USAGE,       /* the caller asked for something that makes no sense */
    GOURD_ERROR_INPUT,       /* the input is broken, hostile or contradicts its digest */
    GOURD_ERROR_LIMIT,       /* a named limit was exceeded */
    GOURD_ERROR_EXISTS,      /* the output is there already */
    GOURD_ERROR_NOT_FOUND,   /* something named does not exist */
    GOURD_ERROR_UNSUPPORTED, /* well formed, but not known to this version */
    GOURD_ERROR_DIFFERS,     /* a comparison or a verification found differences */
    GOURD_ERROR_NO_PROGRAM,  /* the program that is to be run is not there */
    GOURD_ERROR_NO_EXECUTE,  /* it is there, but cannot be executed */
} GourdError;

GQuark gourd_error_quark(void);

/* Sets *error, if error is not NULL. Always returns FALSE, so that a caller can write "return gourd_error_set(…)". */
gboolean gourd_error_set(GError **error, GourdError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Like gourd_error_set() with ": " and the text of errno_value appended; the code follows from errno_value (ENOENT is
 * NOT_FOUND, EEXIST is EXISTS, the rest FAILED). A full disk gets a hint. */
gboolean gourd_error_set_errno(GError **error, int errno_value, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Appends a hint to *error, which must be set unless error is NULL. A second hint is dropped: the innermost knows
 * best. Always returns FALSE. */
gboolean gourd_error_hint(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Puts a phrase and ": " in front of the message. Always returns FALSE. */
gboolean gourd_error_prefix(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Splits the message of an error: the text without the hint, and the hint or NULL. The caller frees both. */
void gourd_error_split(const GError *error, char **ret_message, char **ret_hint);

/* Bytes from an image as printable text: valid printable UTF-8 stays, quotes, backslashes, control characters and all
 * other bytes become \n, \\, \' or \xNN; longer than ESCAPE_LENGTH_MAX is cut with "…". Never fails; caller frees. */
char *bytes_escape(const void *bytes, gsize length);
char *text_escape(const char *text);
/* A line of a file or a log as a terminal may show it: what is printable stays, quotes, backslashes and tabs too; all other
 * bytes become \xNN. Nothing is cut. The caller frees. */
char *line_escape(const void *bytes, gsize length);

/* Compilers and analysers cannot see through the calls that the result is always FALSE, and would take what comes after a
 * failed call for reachable: so they are told. */
static inline gboolean gourd_error_false(gboolean result)
{
    g_assert(!result);
    return FALSE;
}
#define gourd_error_set(...) gourd_error_false(gourd_error_set(__VA_ARGS__))
#define gourd_error_set_errno(...) gourd_error_false(gourd_error_set_errno(__VA_ARGS__))
#define gourd_error_hint(...) gourd_error_false(gourd_error_hint(__VA_ARGS__))
#define gourd_error_prefix(...) gourd_error_false(gourd_error_prefix(__VA_ARGS__))

#define ESCAPE_LENGTH_MAX 512 /* bytes shown of one name: enough for any sane path, short enough for a message */
