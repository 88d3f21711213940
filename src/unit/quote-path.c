// SPDX-License-Identifier: LGPL-2.1-or-later
#include <limits.h>
#include <string.h>

#include "quote-private.h"

#include "unit-file-private.h"

/* Lists of paths are read without C escapes: a backslash takes the next byte as it is, so that no escape can stand for a
 * line break or a byte that is not UTF-8. Specifiers are expanded after that. */

static gboolean has_parent_step(const char *path)
{
    for (const char *at = path; (at = strstr(at, "..")); at++)
        if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
            return TRUE;
    return FALSE;
}

static gboolean check_path(const char *path, GError **error)
{
    const char *why = NULL;

    if (*path != '/')
        why = "is not absolute";
    else if (strlen(path) >= PATH_MAX)
        why = "is too long";
    else if (!unit_text_is_utf8(path) || strpbrk(path, "\n\r"))
        why = "has a line break or bytes that are not UTF-8";
    else if (has_parent_step(path))
        why = "has a step '..'";
    if (!why)
        return TRUE;

    g_autofree char *shown = text_escape(path);

    return gourd_error_set(error, GOURD_ERROR_INPUT, "path '%s' %s, which systemd does not take", shown, why);
}

/* Appends a word, with a backslash before each of `special` besides its own quoting. A quote is written in quotes of the
 * other kind and never with a backslash, which systemd 262 keeps in BindPaths=. */
static void append_path_word(GString *out, const char *text, const char *special)
{
    static const char harmless[] = "_@%+=,./-";
    const char *at = text;
    char quote = '"';

    while (g_ascii_isalnum(*at) || (*at && strchr(harmless, *at)))
        at++;
    if (*text && !*at) {
        g_string_append(out, text);
        return;
    }
    g_string_append_c(out, quote);
    for (at = text; *at; at++) {
        if (*at == quote) {
            char other = quote == '"' ? '\'' : '"';

            g_string_append_printf(out, "%c%c", quote, other);
            quote = other;
        }
        if (*at == '\\' || strchr(special, *at))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
    g_string_append_c(out, quote);
}

static void append_path(GString *out, const char *prefix, const char *path, const char *special)
{
    g_autofree char *doubled = unit_quote_percent(path);
    g_autofree char *word = g_strconcat(prefix, doubled, NULL);

    append_path_word(out, word, special);
}

char *unit_quote_path(const char *prefix, const char *path, GError **error)
{
    if (!check_path(path, error))
        return NULL;

    GString *out = g_string_new(NULL);

    append_path(out, prefix, path, "");
    return g_string_free(out, FALSE);
}

/* Options are gourd's own ("norbind", "mode=0755,size=64M"), but may carry what a user typed. */
static gboolean check_options(const char *options, GError **error)
{
    if (!options || (*options && !strpbrk(options, " \t\n\r:\"'\\%") && unit_text_is_utf8(options)))
        return TRUE;

    g_autofree char *shown = text_escape(options);

    return gourd_error_set(error, GOURD_ERROR_INPUT, "mount options '%s' cannot be written in a unit file", shown);
}

char *unit_quote_bind(const char *prefix, const char *source, const char *destination, const char *options,
                      GError **error)
{
    if (!check_path(source, error) || !check_path(destination, error) || !check_options(options, error))
        return NULL;

    /* A colon in quotes is enough for systemd 252 to 257, a backslash before it for all. */
    GString *out = g_string_new(NULL);

    append_path(out, prefix, source, ":");
    g_string_append_c(out, ':');
    append_path(out, "", destination, ":");
    if (options)
        g_string_append_printf(out, ":%s", options);
    return g_string_free(out, FALSE);
}

/* The word is split again at ":", with backslashes once more: so those and colons get one of their own first. */
char *unit_quote_tmpfs(const char *path, const char *options, GError **error)
{
    if (!check_path(path, error) || !check_options(options, error))
        return NULL;

    g_autoptr(GString) inner = g_string_new(NULL);
    g_autofree char *doubled = unit_quote_percent(path);
    GString *out = g_string_new(NULL);

    for (const char *at = doubled; *at; at++) {
        if (*at == ':' || *at == '\\')
            g_string_append_c(inner, '\\');
        g_string_append_c(inner, *at);
    }
    if (options)
        g_string_append_printf(inner, ":%s", options);
    append_path_word(out, inner->str, "");
    return g_string_free(out, FALSE);
}

char *unit_quote_single_path(const char *prefix, const char *path, GError **error)
{
    if (!check_path(path, error))
        return NULL;
    if (strchr(UNIT_BLANKS, path[strlen(path) - 1])) {
        g_autofree char *shown = text_escape(path);

        gourd_error_set(error, GOURD_ERROR_INPUT, "path '%s' ends in a blank, which systemd drops", shown);
        return NULL;
    }

    g_autofree char *doubled = unit_quote_percent(path);

    return g_strconcat(prefix, doubled, NULL);
}
