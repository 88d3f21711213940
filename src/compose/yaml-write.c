// SPDX-License-Identifier: LGPL-2.1-or-later
#include "compose.h"
#include "yaml.h"

#include <string.h>

#define INDENT 2
#define SIMPLE_KEY_MAX \
    1000 /* a longer one is marked by "?": YAML 1.2.2, 7.4.2, looks for the colon in 1024 characters */

typedef struct {
    GString *text;
    gboolean escape_dollars;
} YamlWriter;

static void write_node(YamlWriter *writer, const ComposeNode *node, guint indent);

static char *escape(const char *text, gboolean dollars)
{
    GString *escaped = g_string_new(text);

    if (dollars)
        g_string_replace(escaped, "$", "$$", 0);
    return g_string_free(escaped, FALSE);
}

/* --- strings ------------------------------------------------------------------------------------------------------- */

/* What YAML 1.1 takes for something else than a string, so that other readers see one too. */
static gboolean looks_like_other(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", "", NULL};
    g_autofree char *lower = g_ascii_strdown(text, -1);

    return g_strv_contains(words, lower) ||
           (strchr("0123456789.+-", *text) && strspn(text, "0123456789.:_+-eExobTZabcdfABCDF") == strlen(text));
}

/* Bytes of the character, or 0 if it cannot stand for itself, or ends a line (YAML 1.2.2, 5.1 and 5.4, and what YAML 1.1 takes for an
 * end). A byte that is no UTF-8 stands: of a file or a variable that has it, nothing better can be said. */
static gsize measure_standing(const char *at)
{
    const gunichar c = g_utf8_get_char_validated(at, -1);

    if (c > 0x10ffff)
        return 1;
    if (c < ' ' || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff)
        return 0;
    return (gsize)(g_utf8_next_char(at) - at);
}

static gboolean all_stand(const char *text, char besides)
{
    for (gsize size; *text; text += size) {
        size = *text == besides ? 1 : measure_standing(text);
        if (size == 0)
            return FALSE;
    }
    return TRUE;
}

/* Whether a string can stand as it is. */
static gboolean is_plain(const char *text)
{
    gsize length = strlen(text);

    if (looks_like_other(text) || (!g_ascii_isalnum(*text) && !strchr("/._$", *text)) || text[length - 1] == ' ')
        return FALSE;
    return !strstr(text, ": ") && text[length - 1] != ':' && !strstr(text, " #") && all_stand(text, 0);
}

/* Whether it can stand as lines below "|". */
static gboolean is_block(const char *text)
{
    return strchr(text, '\n') && !strchr(" \n\t", *text) && !strstr(text, " \n") && all_stand(text, '\n');
}

static void write_block(YamlWriter *writer, const char *text, guint indent)
{
    g_autofree char *body = g_strdup(text);
    gsize length = strlen(body), kept = length;

    while (kept > 0 && body[kept - 1] == '\n')
        kept--;
    body[kept] = 0;
    g_string_append(writer->text, length == kept ? "|-\n" : length == kept + 1 ? "|\n" : "|+\n");
    g_auto(GStrv) lines = g_strsplit(body, "\n", -1);
    for (char **line = lines; *line; line++)
        g_string_append_printf(writer->text, "%*s%s\n", **line ? (int)indent : 0, "", *line);
    for (gsize i = kept + 1; i < length; i++)
        g_string_append_c(writer->text, '\n');
}

static void write_quoted(YamlWriter *writer, const char *text)
{
    static const char letters[] = "\"\\\n\r\t", names[] = "\"\\nrt";

    g_string_append_c(writer->text, '"');
    while (*text) {
        const char *letter = strchr(letters, *text);
        const gsize size = measure_standing(text);

        if (letter)
            g_string_append_printf(writer->text, "\\%c", names[letter - letters]);
        else if (size > 0)
            g_string_append_len(writer->text, text, (gssize)size);
        else
            g_string_append_printf(writer->text, "\\u%04x", g_utf8_get_char(text));
        text += size > 0 ? size : (gsize)(g_utf8_next_char(text) - text);
    }
    g_string_append_c(writer->text, '"');
}

/* With the end of the line. */
static void write_string(YamlWriter *writer, const char *string, guint indent)
{
    g_autofree char *text = escape(string, writer->escape_dollars);

    if (is_block(text)) {
        write_block(writer, text, indent);
        return;
    }
    if (is_plain(text))
        g_string_append(writer->text, text);
    else
        write_quoted(writer, text);
    g_string_append_c(writer->text, '\n');
}

/* --- lists and maps ------------------------------------------------------------------------------------------------ */

static gboolean is_collection(const ComposeNode *node)
{
    return (node->kind == COMPOSE_LIST || node->kind == COMPOSE_MAP) && node->n_items > 0;
}

static void write_key(YamlWriter *writer, const char *key, guint indent)
{
    const gsize before = writer->text->len;

    if (is_plain(key))
        g_string_append(writer->text, key);
    else
        write_quoted(writer, key);
    if (writer->text->len - before > SIMPLE_KEY_MAX) {
        g_string_insert(writer->text, (gssize)before, "? ");
        g_string_append_printf(writer->text, "\n%*s", (int)indent, "");
    }
    g_string_append_c(writer->text, ':');
}

static void write_map(YamlWriter *writer, const ComposeNode *map, guint indent, gboolean indented)
{
    for (const ComposeNode *item = map->first; item; item = item->next) {
        if (item != map->first || !indented)
            g_string_append_printf(writer->text, "%*s", (int)indent, "");
        write_key(writer, item->key, indent);
        g_string_append_c(writer->text, is_collection(item) ? '\n' : ' ');
        write_node(writer, item, indent + INDENT);
    }
}

static void write_list(YamlWriter *writer, const ComposeNode *list, guint indent)
{
    for (const ComposeNode *item = list->first; item; item = item->next) {
        g_string_append_printf(writer->text, "%*s- ", (int)indent, "");
        if (item->kind == COMPOSE_MAP && item->n_items > 0) {
            write_map(writer, item, indent + INDENT, TRUE);
        } else if (is_collection(item)) {
            g_string_append_c(writer->text, '\n');
            write_list(writer, item, indent + INDENT);
        } else {
            write_node(writer, item, indent + INDENT);
        }
    }
}

static void write_node(YamlWriter *writer, const ComposeNode *node, guint indent)
{
    switch (node->kind) {
    case COMPOSE_NULL:
        g_string_append(writer->text, "null\n");
        break;
    case COMPOSE_BOOL:
    case COMPOSE_INT:
    case COMPOSE_FLOAT:
        g_string_append_printf(writer->text, "%s\n", node->text);
        break;
    case COMPOSE_STRING:
        write_string(writer, node->text, indent);
        break;
    case COMPOSE_LIST:
        if (node->n_items > 0)
            write_list(writer, node, indent);
        else
            g_string_append(writer->text, "[]\n");
        break;
    case COMPOSE_MAP:
        if (node->n_items > 0)
            write_map(writer, node, indent, FALSE);
        else
            g_string_append(writer->text, "{}\n");
        break;
    }
}

char *compose_to_yaml(const ComposeNode *node, gboolean escape_dollars)
{
    YamlWriter writer = {.text = g_string_new(NULL), .escape_dollars = escape_dollars};

    write_node(&writer, node, 0);
    return g_string_free(writer.text, FALSE);
}

/* --- JSON ---------------------------------------------------------------------------------------------------------- */

Json *compose_to_json(const ComposeNode *node, gboolean escape_dollars)
{
    Json *json = NULL;

    switch (node->kind) {
    case COMPOSE_NULL:
        return json_null();
    case COMPOSE_BOOL:
        return json_boolean(node->boolean);
    case COMPOSE_INT:
        return json_integer(node->integer);
    case COMPOSE_FLOAT:
        return json_real(node->number);
    case COMPOSE_STRING: {
        g_autofree char *text = escape(node->text, escape_dollars);

        return json_text(text);
    }
    case COMPOSE_LIST:
        json = json_array();
        for (const ComposeNode *item = node->first; item; item = item->next)
            json_array_append_new(json, compose_to_json(item, escape_dollars));
        break;
    case COMPOSE_MAP:
        json = json_object();
        for (const ComposeNode *item = node->first; item; item = item->next)
            json_object_set_new(json, item->key, compose_to_json(item, escape_dollars));
        break;
    }
    return json;
}
