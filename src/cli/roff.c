// SPDX-License-Identifier: LGPL-2.1-or-later
#include "roff.h"

#include <string.h>

struct RoffWords {
    GHashTable *set;
};

RoffWords *roff_words_new(void)
{
    RoffWords *words = g_new0(RoffWords, 1);

    words->set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return words;
}

void roff_words_free(RoffWords *words)
{
    if (!words)
        return;
    g_hash_table_unref(words->set);
    g_free(words);
}

static gsize count_capitals(const char *text)
{
    gsize length = 0;

    while (g_ascii_isupper(text[length]))
        length++;
    return length;
}

void roff_words_add(RoffWords *words, const char *text)
{
    while (*text) {
        gsize length = count_capitals(text);

        if (length)
            g_hash_table_add(words->set, g_strndup(text, length));
        text += MAX(length, 1);
    }
}

void roff_words_add_verb(RoffWords *words, const Verb *verb)
{
    OptionIterator iterator;

    for (const Operand *operand = verb->operands; operand && operand->name; operand++)
        roff_words_add(words, operand->name);
    option_iterator_init(&iterator, verb);
    for (const Option *option; (option = option_iterator_next(&iterator));) {
        if (option_has_argument(option))
            roff_words_add(words, option->argument);
    }
}

/* groff_char(7): what is typed on a keyboard must come out as typed, so that examples can be copied. */
static void append_char(GString *out, char c)
{
    switch (c) {
    case '\\':
        g_string_append(out, "\\e");
        break;
    case '-':
        g_string_append(out, "\\-");
        break;
    case '\'':
        g_string_append(out, "\\(aq");
        break;
    case '"':
        g_string_append(out, "\\(dq");
        break;
    case '^':
        g_string_append(out, "\\(ha");
        break;
    case '~':
        g_string_append(out, "\\(ti");
        break;
    case '`':
        g_string_append(out, "\\(ga");
        break;
    default:
        g_string_append_c(out, c);
    }
}

static void append_bytes(GString *out, const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++)
        append_char(out, text[i]);
}

void roff_append_text(GString *out, const char *text)
{
    append_bytes(out, text, strlen(text));
}

void roff_append_line(GString *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        g_string_append(out, "\\&");
    roff_append_text(out, text);
}

static gboolean has_word(const RoffWords *words, const char *text, gsize length)
{
    g_autofree char *word = g_strndup(text, length);

    return g_hash_table_contains(words->set, word);
}

/* NAME_VERSION is two placeholders, SOURCE_DATE_EPOCH none: all parts must be. */
static gboolean is_placeholder(const RoffWords *words, const char *text, gsize length)
{
    g_autofree char *token = g_strndup(text, length);
    g_auto(GStrv) parts = g_strsplit(token, "_", -1);

    if (!words)
        return TRUE;
    for (char **part = parts; *part; part++) {
        if (!has_word(words, *part, strlen(*part)))
            return FALSE;
    }
    return TRUE;
}

static gsize count_token(const char *text)
{
    gsize length = 0;

    while (g_ascii_isalnum(text[length]) || text[length] == '_')
        length++;
    return length;
}

static void append_token(GString *out, const char *token, gsize length, gboolean is_italic, const char *font)
{
    if (is_italic)
        g_string_append(out, "\\fI");
    append_bytes(out, token, length);
    if (is_italic)
        g_string_append_printf(out, "\\f%s", font);
}

static void append_fonts(GString *out, const char *text, const RoffWords *words)
{
    const char *font = "R";

    if (*text == '.' || *text == '\'')
        g_string_append(out, "\\&");
    while (*text) {
        gsize length = count_token(text);

        if (*text == '`') {
            font = *font == 'R' ? "B" : "R";
            g_string_append_printf(out, "\\f%s", font);
            text++;
        } else if (length) {
            gboolean is_name = count_capitals(text) > 0 && is_placeholder(words, text, length);

            append_token(out, text, length, is_name, font);
            text += length;
        } else {
            append_char(out, *text++);
        }
    }
}

void roff_append_marked(GString *out, const char *marked, const RoffWords *words)
{
    append_fonts(out, marked, words);
}

void roff_append_usage(GString *out, const char *usage)
{
    append_fonts(out, usage, NULL);
}
