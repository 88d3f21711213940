// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "quote-private.h"

#include "unit-file-private.h"

#define CREDENTIAL_NAME_LENGTH_MAX 255 /* bytes: it is a file name */

/* Characters that mean themselves in every word of every setting. "~" and "#" do too, but look as if they did not. */
static gboolean is_harmless(char c)
{
    return g_ascii_isalnum(c) || (c && strchr("_@%+=:,./-$!", c));
}

/* Whether a character may stand as it is: printable, assigned in this GLib's Unicode or not, and none of those that
 * systemd does not take for UTF-8. */
static gboolean is_plain(gunichar c)
{
    if (c == (gunichar)-1 || c == (gunichar)-2)
        return FALSE;
    if ((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
        return FALSE;
    return g_unichar_isprint(c);
}

void escape_append(GString *out, const char *bytes, gsize size, const char *special)
{
    const char *end = bytes + size;

    while (bytes < end) {
        gsize plain = 0;

        while (bytes + plain < end && g_ascii_isprint(bytes[plain]) && !strchr(special, bytes[plain]))
            plain++;
        g_string_append_len(out, bytes, (gssize)plain);
        bytes += plain;
        if (bytes == end)
            break;
        /* g_utf8_get_char_validated() takes a zero for the end of the text. */
        gunichar c = *bytes ? g_utf8_get_char_validated(bytes, end - bytes) : 0;

        if (c == '\n')
            g_string_append(out, "\\n");
        else if (c == '\t')
            g_string_append(out, "\\t");
        else if (c > 0 && c < 128 && strchr(special, (char)c))
            g_string_append_printf(out, "\\%c", (char)c);
        else if (is_plain(c)) {
            g_string_append_unichar(out, c);
            bytes = g_utf8_next_char(bytes);
            continue;
        } else
            g_string_append_printf(out, "\\x%02x", (guint)(guint8)*bytes);
        bytes++;
    }
}

/* Copies text with "%" and "$" doubled as the flags want. */
static char *double_specials(const char *text, WordFlags flags)
{
    GString *out = g_string_sized_new(strlen(text) + 8);

    for (; *text; text++) {
        if ((*text == '%' && (flags & WORD_PERCENT)) || (*text == '$' && (flags & WORD_DOLLAR)))
            g_string_append_c(out, *text);
        g_string_append_c(out, *text);
    }
    return g_string_free(out, FALSE);
}

void word_append(GString *out, const char *text, WordFlags flags)
{
    g_autofree char *doubled = double_specials(text, flags);
    const char *at = doubled;

    while (is_harmless(*at))
        at++;
    if (*doubled && !*at) {
        g_string_append(out, doubled);
        return;
    }
    g_string_append_c(out, '"');
    escape_append(out, doubled, strlen(doubled), "\"\\");
    g_string_append_c(out, '"');
}

char *unit_quote_word(const char *text)
{
    GString *out = g_string_new(NULL);

    word_append(out, text, WORD_PERCENT);
    return g_string_free(out, FALSE);
}

char *unit_quote_percent(const char *text)
{
    return double_specials(text, WORD_PERCENT);
}

static gboolean is_environment_name(const char *name)
{
    if (!*name || g_ascii_isdigit(*name))
        return FALSE;
    while (g_ascii_isalnum(*name) || *name == '_')
        name++;
    return !*name;
}

gboolean unit_environment_is_valid(const char *name, const char *value)
{
    return is_environment_name(name) && unit_text_is_utf8(value);
}

char *unit_quote_environment(const char *name, const char *value, GError **error)
{
    if (!is_environment_name(name)) {
        g_autofree char *shown = text_escape(name);

        gourd_error_set(error, GOURD_ERROR_INPUT,
                        "environment variable '%s': systemd takes only letters, digits and '_' in the name", shown);
        return NULL;
    }
    if (!unit_text_is_utf8(value)) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "environment variable '%s': systemd takes only UTF-8 in the value",
                        name);
        return NULL;
    }

    g_autofree char *assignment = g_strdup_printf("%s=%s", name, value);

    return unit_quote_word(assignment);
}

char *unit_quote_text(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);

    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (c == '%')
            g_string_append(out, "%%");
        else if (c < 128 && !g_ascii_isprint((char)c))
            g_string_append_c(out, ' ');
        else
            g_string_append_unichar(out, is_plain(c) ? c : 0xfffd);
    }
    return g_strstrip(g_string_free(out, FALSE));
}

char *unit_quote_credential(const char *name, const void *data, gsize size, GError **error)
{
    /* A file name; systemd reads it as a word that ends at ":", in which a backslash would be lost. */
    if (!*name || strlen(name) > CREDENTIAL_NAME_LENGTH_MAX || strpbrk(name, "/:\\ \t\n\r\"'") ||
        !unit_text_is_utf8(name) || g_str_equal(name, ".") || g_str_equal(name, "..")) {
        g_autofree char *shown = text_escape(name);

        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' cannot be the name of a credential", shown);
        return NULL;
    }

    GString *out = g_string_new(NULL);
    g_autofree char *quoted_name = unit_quote_percent(name);
    const char *bytes = data;

    g_string_append_printf(out, "%s:", quoted_name);
    for (gsize i = 0; i < size; i++)
        if (g_ascii_isgraph(bytes[i]) && bytes[i] != '\\')
            g_string_append_c(out, bytes[i]);
        else
            g_string_append_printf(out, "\\x%02x", (guint)(guint8)bytes[i]);
    return g_string_free(out, FALSE);
}
