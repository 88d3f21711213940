// SPDX-License-Identifier: LGPL-2.1-or-later
#include "yaml.h"

#include <string.h>

/* Texts of scalars, from the bytes of the file (YAML 1.2, chapters 5.7, 7.3 and 8.1). libfyaml has checked them, so that what is not
 * expected here cannot be. */

static gboolean is_break(const char *at, const char *stop)
{
    return at < stop && (*at == '\n' || *at == '\r');
}

static gboolean is_blank(const char *at, const char *stop)
{
    return at < stop && (*at == ' ' || *at == '\t');
}

static const char *skip_break(const char *at, const char *stop)
{
    return at + (*at == '\r' && at + 1 < stop && at[1] == '\n' ? 2 : 1);
}

static const char *skip_blanks(const char *at, const char *stop)
{
    while (is_blank(at, stop))
        at++;
    return at;
}

/* --- in quotes ----------------------------------------------------------------------------------------------------- */

/* From a line break to what follows in a later line; empty lines between are line breaks. */
static const char *skip_empty_lines(const char *at, const char *stop, GString *text)
{
    at = skip_blanks(skip_break(at, stop), stop);
    while (is_break(at, stop)) {
        g_string_append_c(text, '\n');
        at = skip_blanks(skip_break(at, stop), stop);
    }
    return at;
}

/* Blanks stand for themselves within a line; a line break, with the blanks around it, is a blank. */
static const char *fold(const char *at, const char *stop, GString *text)
{
    const char *end = skip_blanks(at, stop);
    gsize length = text->len;

    if (!is_break(end, stop)) {
        g_string_append_len(text, at, end - at);
        return end;
    }
    at = skip_empty_lines(end, stop, text);
    if (text->len == length)
        g_string_append_c(text, ' ');
    return at;
}

static gunichar read_hex(const char *at, const char *stop, guint digits)
{
    gunichar value = 0;

    for (; digits && at < stop && g_ascii_isxdigit(*at); digits--)
        value = value << 4 | (gunichar)g_ascii_xdigit_value(*at++);
    return value;
}

/* What follows a backslash. */
static const char *append_escape(const char *at, const char *stop, GString *text)
{
    static const struct {
        char name;
        guint digits; /* of the number that follows, if it is one */
        gunichar value;
    } escapes[] = {{'0', 0, 0},      {'a', 0, 7},  {'b', 0, 8},  {'t', 0, 9},    {'n', 0, 10},   {'v', 0, 11},
                   {'f', 0, 12},     {'r', 0, 13}, {'e', 0, 27}, {'N', 0, 0x85}, {'_', 0, 0xa0}, {'L', 0, 0x2028},
                   {'P', 0, 0x2029}, {'x', 2, 0},  {'u', 4, 0},  {'U', 8, 0}};

    if (at == stop || is_break(at, stop))
        return at == stop ? at : skip_empty_lines(at, stop, text);
    for (guint i = 0; i < G_N_ELEMENTS(escapes); i++)
        if (escapes[i].name == *at) {
            const guint digits = escapes[i].digits;

            g_string_append_unichar(text, digits ? read_hex(at + 1, stop, digits) : escapes[i].value);
            return MIN(at + 1 + digits, stop);
        }
    g_string_append_c(text, *at); /* itself: \" \\ \/, and blanks */
    return at + 1;
}

GString *yaml_text_quoted(const char *at, const char *stop)
{
    GString *text = g_string_new(NULL);
    const char quote = *at++;

    while (at < stop && (*at != quote || (quote == '\'' && at + 1 < stop && at[1] == quote))) {
        if (is_blank(at, stop) || is_break(at, stop)) {
            at = fold(at, stop, text);
        } else if (*at == '\\' && quote == '"') {
            at = append_escape(at + 1, stop, text);
        } else {
            g_string_append_c(text, *at);
            at += *at == '\'' && quote == '\'' ? 2 : 1;
        }
    }
    return text;
}

/* --- blocks -------------------------------------------------------------------------------------------------------- */

/* "|" or ">" of a block in the line before its text; a comment may follow. */
static const char *find_header(const char *line, const char *end)
{
    for (const char *at = line; at < end; at++) {
        const char *rest = at + 1;

        if (!strchr("|>", *at) || (at > line && !is_blank(at - 1, end)))
            continue;
        while (rest < end && (g_ascii_isdigit(*rest) || strchr("+-", *rest)))
            rest++;
        const char *comment = skip_blanks(rest, end);
        if (comment == end || is_break(comment, end) || (*comment == '#' && comment > rest))
            return at;
    }
    return NULL;
}

/* Columns that lead to what the block belongs to: its key, or the "-" before it. */
static gssize indent_of_parent(const char *line, const char *header)
{
    const char *at = skip_blanks(line, header), *dash = NULL;

    while (at < header && *at == '-' && is_blank(at + 1, header)) {
        dash = at;
        at = skip_blanks(at + 1, header);
    }
    if (dash && (at == header || strchr("&!", *at)))
        return dash - line;
    return at == header ? -1 : at - line;
}

/* Blanks at the beginning of the first line that has more than them, or -1. */
static gssize indent_of_text(const char *at, const char *stop)
{
    while (at < stop) {
        const char *line = at;

        while (at < stop && *at == ' ')
            at++;
        if (at == stop)
            break;
        if (!is_break(at, stop))
            return at - line;
        at = skip_break(at, stop);
    }
    return -1;
}

/* The lines between two that are folded: `empty` of them. Deeper ones are kept as they are. */
static void append_between(GString *text, gsize empty, gboolean keeps)
{
    if (empty == 0 && !keeps)
        g_string_append_c(text, ' ');
    for (gsize i = keeps ? 0 : 1; i < empty + 1; i++)
        g_string_append_c(text, '\n');
}

static GString *read_lines(const char *at, const char *stop, gsize indent, gboolean is_folded, char chomp)
{
    GString *text = g_string_new(NULL);
    gboolean is_first = TRUE, was_deeper = FALSE, ends = FALSE;
    gsize empty = 0;

    while (at < stop) {
        const char *line = at;

        while (at < stop && *at == ' ' && (gsize)(at - line) < indent)
            at++;
        if (at == stop || (!is_break(at, stop) && (gsize)(at - line) < indent))
            break;
        if (is_break(at, stop)) {
            empty++;
            at = skip_break(at, stop);
            continue;
        }
        const gboolean is_deeper = is_blank(at, stop);
        const char *begin = at;

        if (is_first)
            for (gsize i = 0; i < empty; i++)
                g_string_append_c(text, '\n');
        else
            append_between(text, empty, !is_folded || is_deeper || was_deeper);
        while (at < stop && !is_break(at, stop))
            at++;
        g_string_append_len(text, begin, at - begin);
        ends = at < stop;
        at = ends ? skip_break(at, stop) : at;
        is_first = FALSE;
        was_deeper = is_deeper;
        empty = 0;
    }
    for (gsize i = 0; chomp != '-' && i < (ends ? 1U : 0U) + (chomp == '+' ? empty : 0); i++)
        g_string_append_c(text, '\n');
    return text;
}

gboolean yaml_text_block(const char *file, const char *at, const char *stop, GString **ret_text)
{
    const char *end = at > file && is_break(at - 1, at) ? at - 1 : at, *line = end;

    end -= end > file && *end == '\n' && end[-1] == '\r';
    while (line > file && !is_break(line - 1, end))
        line--;
    const char *header = find_header(line, end);
    const gssize indent = indent_of_text(at, stop);

    *ret_text = NULL;
    if (!header || (header + 1 < end && g_ascii_isdigit(header[1])) || (header + 2 < end && g_ascii_isdigit(header[2])))
        return TRUE;
    if (indent >= 0 && indent <= indent_of_parent(line, header))
        return FALSE;
    const char *chomp = header + 1 < end && strchr("+-", header[1]) ? header + 1 : "";
    *ret_text = read_lines(at, stop, indent < 0 ? G_MAXSIZE : (gsize)indent, *header == '>', *chomp);
    return TRUE;
}
