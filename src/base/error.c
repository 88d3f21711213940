// SPDX-License-Identifier: LGPL-2.1-or-later
#include "error.h"

#include <errno.h>
#include <string.h>

G_DEFINE_QUARK(gourd_error, gourd_error)

static void set_va(GError **error, GourdError code, const char *format, va_list args) G_GNUC_PRINTF(3, 0);

static void set_va(GError **error, GourdError code, const char *format, va_list args)
{
    if (error)
        *error = g_error_new_valist(GOURD_ERROR, (int)code, format, args);
}

gboolean(gourd_error_set)(GError **error, GourdError code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_va(error, code, format, args);
    va_end(args);
    return FALSE;
}

static GourdError code_from_errno(int errno_value)
{
    switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
        return GOURD_ERROR_NOT_FOUND;
    case EEXIST:
        return GOURD_ERROR_EXISTS;
    default:
        return GOURD_ERROR_FAILED;
    }
}

gboolean(gourd_error_set_errno)(GError **error, int errno_value, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    gourd_error_set(error, code_from_errno(errno_value), "%s: %s", what, g_strerror(errno_value));
    if (errno_value == ENOSPC || errno_value == EDQUOT)
        gourd_error_hint(error, "free some space there, or choose another folder for the output with -o");
    return FALSE;
}

gboolean(gourd_error_hint)(GError **error, const char *format, ...)
{
    va_list args;

    if (!error || !*error || strstr((*error)->message, GOURD_HINT_SEPARATOR))
        return FALSE;
    va_start(args, format);
    g_autofree char *hint = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *message = (*error)->message;
    (*error)->message = g_strconcat(message, GOURD_HINT_SEPARATOR, hint, NULL);
    return FALSE;
}

gboolean(gourd_error_prefix)(GError **error, const char *format, ...)
{
    va_list args;

    if (!error || !*error)
        return FALSE;
    va_start(args, format);
    g_autofree char *prefix = g_strdup_vprintf(format, args);
    va_end(args);
    g_prefix_error(error, "%s: ", prefix);
    return FALSE;
}

void gourd_error_split(const GError *error, char **ret_message, char **ret_hint)
{
    const char *separator = strstr(error->message, GOURD_HINT_SEPARATOR);

    if (separator) {
        *ret_message = g_strndup(error->message, (gsize)(separator - error->message));
        *ret_hint = g_strdup(separator + strlen(GOURD_HINT_SEPARATOR));
    } else {
        *ret_message = g_strdup(error->message);
        *ret_hint = NULL;
    }
}

char *bytes_escape(const void *bytes, gsize length)
{
    const char *at = bytes;
    gsize shown = MIN(length, ESCAPE_LENGTH_MAX);
    const char *end = at + shown;
    GString *text = g_string_sized_new(shown + 8);

    while (at < end) {
        const char *plain = at;

        while (at < end && g_ascii_isprint(*at) && *at != '\\' && *at != '\'')
            at++;
        g_string_append_len(text, plain, at - plain);
        if (at == end)
            break;

        gunichar c = g_utf8_get_char_validated(at, end - at);

        if (c == '\\' || c == '\'') {
            g_string_append_printf(text, "\\%c", (char)c);
            at++;
        } else if (c == '\n') {
            g_string_append(text, "\\n");
            at++;
        } else if (c != (gunichar)-1 && c != (gunichar)-2 && c != 0 && g_unichar_isprint(c)) {
            g_string_append_unichar(text, c);
            at = g_utf8_next_char(at);
        } else {
            g_string_append_printf(text, "\\x%02x", (guint)(guint8)*at);
            at++;
        }
    }
    if (shown < length)
        g_string_append(text, "…");
    return g_string_free(text, FALSE);
}

char *text_escape(const char *text)
{
    return bytes_escape(text, strlen(text));
}

char *line_escape(const void *bytes, gsize length)
{
    const char *at = bytes;
    const char *end = at + length;
    GString *text = g_string_sized_new(length + 8);

    while (at < end) {
        gunichar c = g_utf8_get_char_validated(at, end - at);

        if (c == '\t' || (c != (gunichar)-1 && c != (gunichar)-2 && c != 0 && g_unichar_isprint(c))) {
            g_string_append_unichar(text, c);
            at = g_utf8_next_char(at);
        } else {
            g_string_append_printf(text, "\\x%02x", (guint)(guint8)*at);
            at++;
        }
    }
    return g_string_free(text, FALSE);
}
