// SPDX-License-Identifier: LGPL-2.1-or-later
#include <limits.h>
#include <string.h>

#include "quote-private.h"

#include "unit-file-private.h"

/* How systemd reads a command (systemd.service(5), "COMMAND LINES"), and what follows for writing one:
 *
 *   1. words, with quotes and C escapes          quotes around all but harmless words
 *   2. a bare ";" separates commands             so it is always quoted
 *   3. the first word: prefixes, then the path   a bare name that begins like a prefix cannot be said
 *   4. specifiers, in the path too               "%%"
 *   5. argv at start: "$NAME", "${NAME}", "$$"   "$$"; the path is not expanded, but argv[0] is: so a path with "$" needs "@"
 */

#define PREFIXES "-@:+!|" /* "|" since systemd 258: not a name to begin with anywhere */

/* What systemd wants of a program: see config_parse_exec(), string_is_safe(), path_is_valid(). */
static gboolean check_program(const char *program, GError **error)
{
    gboolean absolute = program[0] == '/';
    const char *why = NULL;

    if (!*program)
        why = "is empty";
    else if (!unit_text_is_utf8(program) || strpbrk(program, "\"'\\\x7f"))
        why = "has quotes, backslashes or bytes that are not UTF-8";
    else if (strlen(program) >= PATH_MAX)
        why = "is too long";
    else if (g_str_has_suffix(program, "/") || g_str_has_suffix(program, "/.") || g_str_has_suffix(program, "/.."))
        why = "is a folder";
    else if (!absolute && (strchr(program, '/') || strchr(PREFIXES, *program) || *program == '.'))
        why = "is neither an absolute path nor a plain file name";
    else
        for (const char *at = program; *at && !why; at++)
            if (*at > 0 && *at < ' ')
                why = "has control characters";
    if (!why)
        return TRUE;

    g_autofree char *shown = text_escape(program);

    gourd_error_set(error, GOURD_ERROR_INPUT, "program '%s' %s, which systemd does not start", shown, why);
    return gourd_error_hint(error, "start it by another name, for example by a link in the image");
}

static gboolean check_flags(UnitExecFlags flags, GError **error)
{
    guint privileges = flags & (UNIT_EXEC_FULL_PRIVILEGES | UNIT_EXEC_NO_SETUID | UNIT_EXEC_AMBIENT);

    return (privileges & (privileges - 1)) == 0 ||
           gourd_error_set(error, GOURD_ERROR_INPUT, "a command can have only one of the prefixes '+', '!' and '!!'");
}

char *unit_quote_exec(const char *program, const char *const *argv, UnitExecFlags flags, GError **error)
{
    WordFlags word = WORD_PERCENT | (flags & UNIT_EXEC_NO_ENVIRONMENT ? 0 : WORD_DOLLAR);

    if (!check_program(program, error) || !check_flags(flags, error))
        return NULL;
    if (!argv[0] || !*argv[0]) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "a command without a name for its program (argv[0])");
        return NULL;
    }

    gboolean separate = strcmp(argv[0], program) != 0 || ((word & WORD_DOLLAR) && strchr(program, '$'));
    g_autofree char *first = g_strdup_printf("%s%s%s%s%s%s%s", flags & UNIT_EXEC_IGNORE_FAILURE ? "-" : "",
                                             separate ? "@" : "", flags & UNIT_EXEC_NO_ENVIRONMENT ? ":" : "",
                                             flags & UNIT_EXEC_FULL_PRIVILEGES ? "+" : "",
                                             flags & UNIT_EXEC_NO_SETUID ? "!" : "",
                                             flags & UNIT_EXEC_AMBIENT ? "!!" : "", program);
    GString *out = g_string_new(NULL);

    word_append(out, first, WORD_PERCENT);
    for (guint i = separate ? 0 : 1; argv[i]; i++) {
        g_string_append_c(out, ' ');
        word_append(out, argv[i], word);
    }
    return g_string_free(out, FALSE);
}
