// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dotenv.h"

#include "file.h"

#include <string.h>

typedef struct {
    const char *at;
    guint line;
    Variables lookup; /* outer, then what is read */
    const Variables *outer;
    GHashTable *values;
} DotenvReader;

static const char *look_up(const char *name, gpointer data)
{
    const DotenvReader *reader = data;
    const char *value = reader->outer->get(name, reader->outer->data);

    return value ? value : g_hash_table_lookup(reader->values, name);
}

static gboolean set_error(const DotenvReader *reader, const char *message, GError **error)
{
    return gourd_error_set(error, GOURD_ERROR_INPUT, "line %u: %s", reader->line, message);
}

static gboolean is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

static void skip_blanks(DotenvReader *reader)
{
    while (is_blank(*reader->at))
        reader->at++;
}

static void skip_line(DotenvReader *reader)
{
    reader->at += strcspn(reader->at, "\n");
}

/* --- names --------------------------------------------------------------------------------------------------------- */

static gboolean is_name_byte(char byte)
{
    return g_ascii_isalnum(byte) || (byte && strchr("_.-[]", byte)) || (guchar)byte >= 0x80;
}

/* *ret_has_value: "=" or ":" followed. */
static gboolean read_name(DotenvReader *reader, char **ret_name, gboolean *ret_has_value, GError **error)
{
    if (g_str_has_prefix(reader->at, "export") && is_blank(reader->at[strlen("export")])) {
        reader->at += strlen("export");
        skip_blanks(reader);
    }
    const char *start = reader->at;
    while (is_name_byte(*reader->at))
        reader->at++;
    gsize length = (gsize)(reader->at - start);
    skip_blanks(reader);
    if (length == 0 || (*reader->at && !strchr("=:\n", *reader->at))) {
        set_error(reader, "a name and '=' are wanted", error);
        return gourd_error_hint(error, "names have letters, digits and '_'; a value of several lines stands in quotes");
    }
    *ret_has_value = *reader->at == '=' || *reader->at == ':';
    reader->at += *ret_has_value;
    *ret_name = g_strndup(start, length);
    return TRUE;
}

/* --- values -------------------------------------------------------------------------------------------------------- */

static gboolean expand(DotenvReader *reader, const char *text, char **ret_value, GError **error)
{
    *ret_value = interpolate(text, &reader->lookup, error);
    return *ret_value || gourd_error_prefix(error, "line %u", reader->line);
}

static gboolean read_single_quoted(DotenvReader *reader, char **ret_value, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint lines = 0;

    for (reader->at++; *reader->at != '\''; reader->at++) {
        if (!*reader->at)
            return set_error(reader, "a quote is not closed", error);
        if (*reader->at == '\\' && reader->at[1] == '\'')
            reader->at++;
        lines += *reader->at == '\n';
        g_string_append_c(text, *reader->at);
    }
    reader->at++;
    reader->line += lines;
    *ret_value = g_string_free(g_steal_pointer(&text), FALSE);
    return TRUE;
}

static void append_escaped(GString *text, char byte)
{
    static const char letters[] = "nrtabfv", meanings[] = "\n\r\t\a\b\f\v";
    const char *letter = byte ? strchr(letters, byte) : NULL;

    if (letter)
        g_string_append_c(text, meanings[letter - letters]);
    else if (byte == '$')
        g_string_append(text, "$$"); /* no variable begins here */
    else
        g_string_append_c(text, byte);
}

static gboolean read_double_quoted(DotenvReader *reader, char **ret_value, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint lines = 0;

    for (reader->at++; *reader->at != '"'; reader->at++) {
        if (!*reader->at || (*reader->at == '\\' && !reader->at[1]))
            return set_error(reader, "a quote is not closed", error);
        lines += *reader->at == '\n';
        if (*reader->at == '\\')
            append_escaped(text, *++reader->at);
        else
            g_string_append_c(text, *reader->at);
    }
    reader->at++;
    gboolean is_expanded = expand(reader, text->str, ret_value, error);
    reader->line += lines;
    return is_expanded;
}

static gboolean read_plain(DotenvReader *reader, char **ret_value, GError **error)
{
    gsize length = strcspn(reader->at, "\n");
    g_autofree char *text = g_strndup(reader->at, length);

    for (char *at = text; *at; at++) {
        if (*at == '#' && (at == text || is_blank(at[-1]))) {
            *at = 0;
            break;
        }
    }
    g_strchomp(text);
    reader->at += length;
    return expand(reader, text, ret_value, error);
}

static gboolean read_value(DotenvReader *reader, char **ret_value, GError **error)
{
    skip_blanks(reader);
    if (*reader->at != '\'' && *reader->at != '"')
        return read_plain(reader, ret_value, error);
    if (*reader->at == '\'' ? !read_single_quoted(reader, ret_value, error)
                            : !read_double_quoted(reader, ret_value, error))
        return FALSE;
    skip_blanks(reader);
    if (*reader->at && *reader->at != '\n' && *reader->at != '#') {
        g_clear_pointer(ret_value, g_free);
        return set_error(reader, "something follows the closing quote", error);
    }
    skip_line(reader);
    return TRUE;
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static gboolean read_statement(DotenvReader *reader, GError **error)
{
    g_autofree char *name = NULL;
    char *value = NULL;
    gboolean has_value;

    if (!read_name(reader, &name, &has_value, error) || (has_value && !read_value(reader, &value, error)))
        return FALSE;
    if (!has_value)
        value = g_strdup(reader->outer->get(name, reader->outer->data));
    if (value)
        g_hash_table_replace(reader->values, g_steal_pointer(&name), value);
    return TRUE;
}

gboolean dotenv_parse(const char *bytes, gsize size, const Variables *outer, GHashTable *values, GError **error)
{
    g_autofree char *text = g_strndup(bytes, size);
    DotenvReader reader = {.at = text, .line = 1, .outer = outer, .values = values};

    reader.lookup = (Variables){.get = look_up, .data = &reader, .notes = outer->notes, .hides = TRUE};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        reader.at += 3; /* a byte order mark */
    if (strlen(text) < size)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "it has zero bytes");
    if (!g_utf8_validate(text, -1, NULL))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "it is not UTF-8");
    for (;;) {
        skip_blanks(&reader);
        if (*reader.at == '#')
            skip_line(&reader);
        if (!*reader.at)
            return TRUE;
        if (*reader.at == '\n') {
            reader.at++;
            reader.line++;
        } else if (!read_statement(&reader, error)) {
            return FALSE;
        }
    }
}

gboolean dotenv_read(const char *path, const Variables *outer, GHashTable *values, GError **error)
{
    g_autofree char *bytes = NULL, *shown = text_escape(path);
    gsize size;

    return file_read(path, DOTENV_SIZE_MAX, &bytes, &size, error) &&
           (dotenv_parse(bytes, size, outer, values, error) || gourd_error_prefix(error, "'%s'", shown));
}
