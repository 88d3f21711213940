// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text.h"

#include "screen.h"

#include <string.h>

static guint count_columns(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

guint text_get_width(const char *text)
{
    guint columns = 0;

    for (const char *at = text; *at; at = g_utf8_next_char(at))
        columns += count_columns(g_utf8_get_char(at));
    return columns;
}

char *text_truncate(const char *text, guint columns)
{
    const char *at = text;

    for (guint used = 0; *at; at = g_utf8_next_char(at)) {
        used += count_columns(g_utf8_get_char(at));
        if (used > columns)
            break;
    }
    return g_strndup(text, (gsize)(at - text));
}

char *text_strip_marks(const char *marked)
{
    GString *text = g_string_new(NULL);

    for (const char *at = marked; *at; at++) {
        if (*at != '`')
            g_string_append_c(text, *at);
    }
    return g_string_free(text, FALSE);
}

/* Appends a word with its marks turned into style; *is_bold lives on from word to word. */
static void append_word(GString *out, const char *word, gboolean colored, gboolean *is_bold)
{
    if (*is_bold)
        g_string_append(out, style_begin(STYLE_BOLD, colored));
    for (const char *at = word; *at; at++) {
        if (*at != '`') {
            g_string_append_c(out, *at);
            continue;
        }
        *is_bold = !*is_bold;
        g_string_append(out, *is_bold ? style_begin(STYLE_BOLD, colored) : style_end(STYLE_BOLD, colored));
    }
    if (*is_bold)
        g_string_append(out, style_end(STYLE_BOLD, colored));
}

void text_append_wrapped(GString *out, const char *marked, guint column, guint indent, guint width, gboolean colored)
{
    g_auto(GStrv) words = g_strsplit(marked, " ", -1);
    gboolean is_first = TRUE, is_bold = FALSE;

    for (char **word = words; *word; word++) {
        g_autofree char *plain = text_strip_marks(*word);
        guint columns = text_get_width(plain);

        if (!is_first && column + 1 + columns > width) {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!is_first) {
            g_string_append_c(out, ' ');
            column++;
        }
        append_word(out, *word, colored, &is_bold);
        column += columns;
        is_first = FALSE;
    }
}
