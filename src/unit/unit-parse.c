// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "unit-file-private.h"

/* systemd.syntax(7), and where it is silent, what systemd does:
 *
 *   line end      \n, \r, or both in either order
 *   comment       first character that is not blank is "#" or ";"; such a line is dropped before anything else, so also
 *                 between the lines of a continuation, and it is never continued itself
 *   continuation  an odd backslash ends the line: it becomes a blank, the next line (comments apart) is appended
 *   section       "[" … "]", everything between is the name
 *   assignment    up to the first "=", blanks around both sides dropped
 */

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

typedef struct {
    UnitFile *file;
    UnitSection *section; /* NULL before the first header */
    GString *pending;     /* the lines continued so far */
    gboolean continued;
    gboolean mark_seen;
    guint line; /* of the line being read, from 1 */
    Notes *notes;
} Parser;

static void ignore_line(Parser *parser, const char *why, const char *text)
{
    g_autofree char *subject = g_strdup_printf("line %u, %s: %s", parser->line, why, text);

    notes_add(parser->notes, "unit-line-ignored", "systemd ignores these lines", subject);
}

static void strip_end(char *text)
{
    for (gsize length = strlen(text); length > 0 && strchr(UNIT_BLANKS, text[length - 1]); length--)
        text[length - 1] = 0;
}

/* One logical line, comments gone, continuations joined. */
static gboolean parse_logical(Parser *parser, char *text, GError **error)
{
    text += strspn(text, UNIT_BLANKS);
    strip_end(text);
    if (!*text)
        return TRUE;
    if (!unit_text_is_utf8(text)) {
        ignore_line(parser, "not UTF-8", text);
        return TRUE;
    }
    if (*text == '[') {
        gsize length = strlen(text);

        if (length < 2 || text[length - 1] != ']') {
            g_autofree char *shown = text_escape(text);

            return gourd_error_set(error, GOURD_ERROR_INPUT, "line %u: a section header without ']': '%s'",
                                   parser->line, shown);
        }
        text[length - 1] = 0;
        parser->section = unit_file_make_section(parser->file, text + 1);
        return TRUE;
    }

    char *equals = strchr(text, '=');

    if (!parser->section)
        ignore_line(parser, "before the first section", text);
    else if (!equals || equals == text)
        ignore_line(parser, "not KEY=VALUE", text);
    else {
        *equals = 0;
        strip_end(text);
        if (strchr("#;", *text)) /* only behind a byte order mark */
            ignore_line(parser, "not KEY=VALUE", text);
        else
            unit_section_add(parser->section, text, equals + 1 + strspn(equals + 1, UNIT_BLANKS), parser->line);
    }
    return TRUE;
}

static gboolean ends_in_backslash(const GString *text)
{
    gsize n = 0;

    while (n < text->len && text->str[text->len - n - 1] == '\\')
        n++;
    return n % 2 == 1;
}

static gboolean parse_physical(Parser *parser, const char *bytes, gsize length, GError **error)
{
    gsize at = 0;

    while (at < length && strchr(" \t", bytes[at]))
        at++;
    if (at < length && (bytes[at] == '#' || bytes[at] == ';')) {
        UnitSection *section = parser->section ? parser->section : g_ptr_array_index(parser->file->sections, 0);
        g_autofree char *comment = g_strndup(bytes + at + 1, length - at - 1);

        unit_section_add(section, NULL, g_strstrip(comment), parser->line);
        return TRUE;
    }
    if (!parser->mark_seen && length >= 3 && memcmp(bytes, BYTE_ORDER_MARK, 3) == 0) {
        parser->mark_seen = TRUE;
        bytes += 3;
        length -= 3;
    }
    if (length + parser->pending->len > UNIT_LINE_LENGTH_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "line %u: longer than %d bytes", parser->line,
                               UNIT_LINE_LENGTH_MAX);
    g_string_append_len(parser->pending, bytes, (gssize)length);
    parser->continued = ends_in_backslash(parser->pending);
    if (parser->continued) {
        parser->pending->str[parser->pending->len - 1] = ' ';
        return TRUE;
    }
    if (!parse_logical(parser, parser->pending->str, error))
        return FALSE;
    g_string_truncate(parser->pending, 0);
    return TRUE;
}

static gboolean parse_lines(Parser *parser, const char *text, gsize size, GError **error)
{
    gsize at = 0;

    while (at < size) {
        gsize end = at;

        while (end < size && text[end] != '\n' && text[end] != '\r')
            end++;
        parser->line++;
        if (!parse_physical(parser, text + at, end - at, error))
            return FALSE;
        at = end + 1;
        /* "\r\n" and "\n\r" are one line end. */
        if (at < size && (text[at] == '\n' || text[at] == '\r') && text[at] != text[end])
            at++;
    }
    return !parser->continued || parse_logical(parser, parser->pending->str, error);
}

UnitFile *unit_file_parse(const void *bytes, gsize size, Notes *notes, GError **error)
{
    g_autoptr(UnitFile) file = unit_file_new();
    g_autoptr(GString) pending = g_string_new(NULL);
    Parser parser = {.file = file, .pending = pending, .notes = notes};

    if (size > UNIT_FILE_SIZE_MAX) {
        gourd_error_set(error, GOURD_ERROR_LIMIT, "a unit file of %" G_GSIZE_FORMAT " bytes; the limit is %d", size,
                        UNIT_FILE_SIZE_MAX);
        return NULL;
    }
    if (size > 0 && memchr(bytes, 0, size)) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "a unit file with a zero byte in it");
        return NULL;
    }
    return size == 0 || parse_lines(&parser, bytes, size, error) ? g_steal_pointer(&file) : NULL;
}
