// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "quote-private.h"

#include "unit-file-private.h"

/* How a word is read (systemd.syntax(7), "QUOTING"; systemd.service(5) for the escapes):
 *
 *   '…' and "…"      anywhere in a word; escapes work in both
 *   C escapes        \a \b \f \n \r \t \v \\ \" \' \s (a blank), \xNN and \NNN (a byte, not zero), \uNNNN and \UNNNNNNNN
 *   without them     a backslash takes the next byte as it is
 */

typedef struct {
    const char *at;
    gboolean c_escapes;
    const char *separators;
} Reader;

static int read_digits(const char *at, guint n, guint base, guint32 *ret_value)
{
    guint32 value = 0;

    for (guint i = 0; i < n; i++) {
        int digit = g_ascii_xdigit_value(at[i]);

        if (digit < 0 || (guint)digit >= base)
            return -1;
        value = value * base + (guint32)digit;
    }
    *ret_value = value;
    return (int)n;
}

static gboolean append_code_point(GString *out, guint32 value)
{
    if (value == 0 || !g_unichar_validate(value))
        return FALSE;
    g_string_append_unichar(out, value);
    return TRUE;
}

/* Reads what follows a backslash; gives the number of bytes, or -1. */
static int read_escape(const char *at, GString *out)
{
    static const char letters[] = "abfnrtvs\\\"'";
    static const char meanings[] = "\a\b\f\n\r\t\v \\\"'";
    const char *letter = *at ? strchr(letters, *at) : NULL;
    guint32 value = 0;
    int n;

    if (letter) {
        g_string_append_c(out, meanings[letter - letters]);
        return 1;
    }
    switch (*at) {
    case 'x':
        n = read_digits(at + 1, 2, 16, &value);
        break;
    case 'u':
        n = read_digits(at + 1, 4, 16, &value);
        return n > 0 && append_code_point(out, value) ? n + 1 : -1;
    case 'U':
        n = read_digits(at + 1, 8, 16, &value);
        return n > 0 && append_code_point(out, value) ? n + 1 : -1;
    default:
        n = read_digits(at, 3, 8, &value) - 1;
        break;
    }
    if (n < 1 || value == 0 || value > 255)
        return -1;
    g_string_append_c(out, (char)value);
    return n + 1;
}

static gboolean read_backslash(Reader *reader, GString *out, GError **error)
{
    int n = 1;

    reader->at++;
    if (!*reader->at)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a backslash at the end of the value");
    if (reader->c_escapes)
        n = read_escape(reader->at, out);
    else
        g_string_append_c(out, *reader->at);
    if (n < 0) {
        g_autofree char *shown = text_escape(reader->at - 1);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "an unknown escape: '%s'", shown);
    }
    reader->at += n;
    return TRUE;
}

/* Reads one word up to a separator, which stays. */
static gboolean read_word(Reader *reader, char **ret_word, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    char quote = 0;

    while (*reader->at && (quote || !strchr(reader->separators, *reader->at))) {
        char c = *reader->at;

        if (c == '\\') {
            if (!read_backslash(reader, out, error))
                return FALSE;
            continue;
        }
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? 0 : c;
        else
            g_string_append_c(out, c);
        reader->at++;
    }
    if (quote)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a quote that is not closed: %c", quote);
    *ret_word = g_string_free(g_steal_pointer(&out), FALSE);
    return TRUE;
}

static void skip_blanks(Reader *reader)
{
    reader->at += strspn(reader->at, UNIT_BLANKS);
}

/* Replaces "%%" by "%"; with dollar also "$$" by "$". */
static gboolean undouble(char *text, gboolean dollar, GError **error)
{
    char *to = text;

    for (const char *at = text; *at; at++) {
        if (*at == '%' || (dollar && *at == '$')) {
            /* A "$" that begins no variable means itself. */
            gboolean special = *at == '%' || at == text || at[1] == '{';

            if (at[1] == *at)
                at++;
            else if (special) {
                g_autofree char *shown = text_escape(at);

                return gourd_error_set(error, GOURD_ERROR_INPUT,
                                       "a %s, whose value only the running systemd knows: '%s'",
                                       *at == '%' ? "specifier" : "variable", shown);
            }
        }
        *to++ = *at;
    }
    *to = 0;
    return TRUE;
}

static gboolean read_words(const char *value, gboolean c_escapes, char ***ret_words, GError **error)
{
    Reader reader = {.at = value, .c_escapes = c_escapes, .separators = UNIT_BLANKS};
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    for (skip_blanks(&reader); *reader.at; skip_blanks(&reader)) {
        g_autofree char *word = NULL;

        if (!read_word(&reader, &word, error) || !undouble(word, FALSE, error))
            return FALSE;
        g_strv_builder_add(words, word);
    }
    *ret_words = g_strv_builder_end(words);
    return TRUE;
}

gboolean unit_unquote_words(const char *value, char ***ret_words, GError **error)
{
    return read_words(value, TRUE, ret_words, error);
}

gboolean unit_unquote_paths(const char *value, char ***ret_paths, GError **error)
{
    return read_words(value, FALSE, ret_paths, error);
}

gboolean unit_unquote_bind(const char *value, char ***ret_parts, GError **error)
{
    Reader reader = {.at = value, .separators = ":" UNIT_BLANKS};
    g_autoptr(GStrvBuilder) parts = g_strv_builder_new();
    g_autofree char *source = NULL;
    guint n = 0;

    for (;; reader.at++) {
        g_autofree char *part = NULL;

        if (!read_word(&reader, &part, error) || !undouble(part, FALSE, error))
            return FALSE;
        g_strv_builder_add(parts, part);
        if (n++ == 0)
            source = g_steal_pointer(&part);
        if (*reader.at != ':' || n == 3)
            break;
    }
    if (*reader.at)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "more than SOURCE:DESTINATION:OPTIONS");
    if (n == 1)
        g_strv_builder_add(parts, *source == '-' ? source + 1 : source);
    *ret_parts = g_strv_builder_end(parts);
    return TRUE;
}

/* Reads the prefixes as systemd does: each once, "!!" as its own, "+" and "!" exclude each other. */
static const char *read_prefixes(const char *word, UnitExecFlags *ret_flags, gboolean *ret_separate)
{
    UnitExecFlags flags = 0;
    const UnitExecFlags privileges = UNIT_EXEC_FULL_PRIVILEGES | UNIT_EXEC_NO_SETUID | UNIT_EXEC_AMBIENT;

    *ret_separate = FALSE;
    for (;; word++) {
        if (*word == '-' && !(flags & UNIT_EXEC_IGNORE_FAILURE))
            flags |= UNIT_EXEC_IGNORE_FAILURE;
        else if (*word == '@' && !*ret_separate)
            *ret_separate = TRUE;
        else if (*word == ':' && !(flags & UNIT_EXEC_NO_ENVIRONMENT))
            flags |= UNIT_EXEC_NO_ENVIRONMENT;
        else if (*word == '+' && !(flags & privileges))
            flags |= UNIT_EXEC_FULL_PRIVILEGES;
        else if (*word == '!' && !(flags & privileges))
            flags |= UNIT_EXEC_NO_SETUID;
        else if (*word == '!' && !(flags & (UNIT_EXEC_FULL_PRIVILEGES | UNIT_EXEC_AMBIENT)))
            flags = (flags & ~UNIT_EXEC_NO_SETUID) | UNIT_EXEC_AMBIENT;
        else
            break;
    }
    *ret_flags = flags;
    return word;
}

/* A word that is only ";" separates commands, and only "\;" is an argument ";". Gives -1 for the former. */
static int read_semicolon(Reader *reader)
{
    gsize n = *reader->at == '\\' ? 1 : 0;

    if (reader->at[n] != ';' || (reader->at[n + 1] && !strchr(UNIT_BLANKS, reader->at[n + 1])))
        return 0;
    if (n == 0)
        return -1;
    reader->at += 2;
    return 1;
}

static gboolean read_arguments(Reader *reader, GStrvBuilder *argv, gboolean dollar, guint *n, GError **error)
{
    for (skip_blanks(reader); *reader->at; skip_blanks(reader)) {
        g_autofree char *word = NULL;
        int semicolon = read_semicolon(reader);

        if (semicolon < 0)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "more than one command in a value");
        if (semicolon > 0)
            word = g_strdup(";");
        else if (!read_word(reader, &word, error) || !undouble(word, dollar, error))
            return FALSE;
        g_strv_builder_add(argv, word);
        (*n)++;
    }
    return TRUE;
}

gboolean unit_unquote_exec(const char *value, char **ret_program, char ***ret_argv, UnitExecFlags *ret_flags,
                           GError **error)
{
    Reader reader = {.at = value, .c_escapes = TRUE, .separators = UNIT_BLANKS};
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    g_autofree char *first = NULL;
    gboolean separate = FALSE;
    UnitExecFlags flags = 0;
    guint n = 0;

    skip_blanks(&reader);
    if (!read_word(&reader, &first, error))
        return FALSE;

    g_autofree char *program = g_strdup(read_prefixes(first, &flags, &separate));

    if (!undouble(program, FALSE, error))
        return FALSE;
    if (!*program)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a command without a program");
    if (!separate) {
        g_strv_builder_add(argv, program);
        n++;
    }
    if (!read_arguments(&reader, argv, !(flags & UNIT_EXEC_NO_ENVIRONMENT), &n, error))
        return FALSE;
    if (n == 0)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a command with '@', but without a name for its program");
    *ret_program = g_steal_pointer(&program);
    *ret_argv = g_strv_builder_end(argv);
    *ret_flags = flags;
    return TRUE;
}
