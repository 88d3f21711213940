// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "unit-file-private.h"

UnitEntry *unit_entry_new(const char *key, const char *value, guint line)
{
    UnitEntry *entry = g_new0(UnitEntry, 1);

    entry->key = g_strdup(key);
    entry->value = g_strdup(value);
    entry->line = line;
    return entry;
}

static void free_entry(gpointer data)
{
    UnitEntry *entry = data;

    g_free(entry->key);
    g_free(entry->value);
    g_free(entry);
}

GPtrArray *unit_entries_new(void)
{
    return g_ptr_array_new_with_free_func(free_entry);
}

static void free_section(gpointer data)
{
    UnitSection *section = data;

    g_free(section->name);
    g_ptr_array_unref(section->entries);
    g_free(section);
}

static UnitSection *append_section(UnitFile *file, const char *name)
{
    UnitSection *section = g_new0(UnitSection, 1);

    section->name = g_strdup(name);
    section->entries = unit_entries_new();
    g_ptr_array_add(file->sections, section);
    return section;
}

UnitFile *unit_file_new(void)
{
    UnitFile *file = g_new0(UnitFile, 1);

    file->sections = g_ptr_array_new_with_free_func(free_section);
    append_section(file, NULL);
    return file;
}

void unit_file_free(UnitFile *file)
{
    if (!file)
        return;
    g_ptr_array_unref(file->sections);
    g_free(file);
}

UnitSection *unit_file_find_section(const UnitFile *file, const char *name)
{
    for (guint i = 0; i < file->sections->len; i++) {
        UnitSection *section = g_ptr_array_index(file->sections, i);

        if (g_strcmp0(section->name, name) == 0)
            return section;
    }
    return NULL;
}

UnitSection *unit_file_make_section(UnitFile *file, const char *name)
{
    UnitSection *section = unit_file_find_section(file, name);

    return section ? section : append_section(file, name);
}

void unit_section_add(UnitSection *section, const char *key, const char *value, guint line)
{
    g_ptr_array_add(section->entries, unit_entry_new(key, value, line));
}

void unit_file_add(UnitFile *file, const char *section, const char *key, const char *value)
{
    unit_section_add(unit_file_make_section(file, section), key, value, 0);
}

void unit_file_addf(UnitFile *file, const char *section, const char *key, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *value = g_strdup_vprintf(format, args);
    va_end(args);
    unit_file_add(file, section, key, value);
}

static gboolean entry_is(const UnitEntry *entry, const char *key)
{
    return entry->key && strcmp(entry->key, key) == 0;
}

/* Removes the key's assignments from index on. */
static guint remove_from(UnitSection *section, guint from, const char *key)
{
    guint removed = 0;

    for (guint i = section->entries->len; i > from; i--)
        if (entry_is(g_ptr_array_index(section->entries, i - 1), key)) {
            g_ptr_array_remove_index(section->entries, i - 1);
            removed++;
        }
    return removed;
}

void unit_file_set(UnitFile *file, const char *section_name, const char *key, const char *value)
{
    UnitSection *section = unit_file_make_section(file, section_name);

    for (guint i = 0; i < section->entries->len; i++) {
        UnitEntry *entry = g_ptr_array_index(section->entries, i);

        if (!entry_is(entry, key))
            continue;
        char *copy = g_strdup(value); /* value may be the entry's own */
        g_free(entry->value);
        entry->value = copy;
        remove_from(section, i + 1, key);
        return;
    }
    unit_section_add(section, key, value, 0);
}

guint unit_file_remove(UnitFile *file, const char *section_name, const char *key)
{
    UnitSection *section = unit_file_find_section(file, section_name);

    return section ? remove_from(section, 0, key) : 0;
}

void unit_file_comment(UnitFile *file, const char *section_name, const char *text)
{
    UnitSection *section = unit_file_make_section(file, section_name);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    if (!*text) /* of which g_strsplit() makes no line */
        unit_section_add(section, NULL, "", 0);
    for (guint i = 0; lines[i]; i++)
        unit_section_add(section, NULL, g_strstrip(lines[i]), 0);
}

void unit_file_merge(UnitFile *file, const UnitFile *dropin)
{
    for (guint i = 1; i < dropin->sections->len; i++) {
        const UnitSection *from = g_ptr_array_index(dropin->sections, i);
        UnitSection *to = unit_file_make_section(file, from->name);

        for (guint k = 0; k < from->entries->len; k++) {
            const UnitEntry *entry = g_ptr_array_index(from->entries, k);

            if (entry->key)
                unit_section_add(to, entry->key, entry->value, entry->line);
        }
    }
}

const char *unit_file_get(const UnitFile *file, const char *section_name, const char *key)
{
    const UnitSection *section = unit_file_find_section(file, section_name);

    for (guint i = section ? section->entries->len : 0; i > 0; i--) {
        const UnitEntry *entry = g_ptr_array_index(section->entries, i - 1);

        if (entry_is(entry, key))
            return entry->value;
    }
    return NULL;
}

GPtrArray *unit_file_list(const UnitFile *file, const char *section_name, const char *key)
{
    const UnitSection *section = unit_file_find_section(file, section_name);
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; section && i < section->entries->len; i++) {
        const UnitEntry *entry = g_ptr_array_index(section->entries, i);

        if (!entry_is(entry, key))
            continue;
        if (*entry->value)
            g_ptr_array_add(list, entry->value);
        else
            g_ptr_array_set_size(list, 0);
    }
    return list;
}

guint unit_file_n_sections(const UnitFile *file)
{
    return file->sections->len - 1;
}

const char *unit_file_section(const UnitFile *file, guint index)
{
    const UnitSection *section = g_ptr_array_index(file->sections, index + 1);

    return section->name;
}

const GPtrArray *unit_file_entries(const UnitFile *file, const char *section_name)
{
    const UnitSection *section = unit_file_find_section(file, section_name);

    return section ? section->entries : NULL;
}

static gboolean is_ascii(char c)
{
    return c && !(c & 0x80);
}

gboolean unit_text_is_utf8(const char *text)
{
    while (is_ascii(*text)) /* most is, to its end */
        text++;
    if (!g_utf8_validate(text, -1, NULL))
        return FALSE;
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if ((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
            return FALSE;
    }
    return TRUE;
}

/* Whether a text comes back from a line as it is: no line breaks, no blanks at its ends. */
static gboolean is_writable(const char *text)
{
    const char *end = text;

    while (is_ascii(*end) && *end != '\n' && *end != '\r')
        end++;
    if (*end) {
        if (!unit_text_is_utf8(end) || strpbrk(end, "\n\r"))
            return FALSE;
        end += strlen(end);
    }
    return end == text || (!strchr(UNIT_BLANKS, text[0]) && !strchr(UNIT_BLANKS, end[-1]));
}

static gboolean is_key(const char *key)
{
    return *key && !strchr("[#;", *key) && !strchr(key, '=') && is_writable(key) &&
           !g_str_has_prefix(key, "\xef\xbb\xbf");
}

/* Whether the line ends in a backslash, which would continue it; a blank after it keeps it, and is stripped from the value. */
static gboolean needs_guard(const GString *line)
{
    gsize n = 0;

    while (n < line->len && line->str[line->len - n - 1] == '\\')
        n++;
    return n % 2;
}

static gboolean write_entry(GString *text, const char *section, const UnitEntry *entry, GError **error)
{
    gsize before = text->len;

    if (!entry->key) {
        if (strpbrk(entry->value, "\n\r"))
            return gourd_error_set(error, GOURD_ERROR_INPUT, "a comment has a line break");
        g_string_append_printf(text, "#%s%s\n", *entry->value ? " " : "", entry->value);
    } else {
        if (!is_key(entry->key) || !is_writable(entry->value)) {
            g_autofree char *key = text_escape(entry->key);
            g_autofree char *value = text_escape(entry->value);

            return gourd_error_set(error, GOURD_ERROR_INPUT, "[%s] %s=: cannot be written in a unit file: '%s'",
                                   section, key, value);
        }
        g_string_append(text, entry->key);
        g_string_append_c(text, '=');
        g_string_append(text, entry->value);
        if (needs_guard(text))
            g_string_append_c(text, ' ');
        g_string_append_c(text, '\n');
    }
    if (text->len - before > UNIT_LINE_LENGTH_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "[%s] %s=: longer than %d bytes, which systemd refuses",
                               section ? section : "", entry->key ? entry->key : "#", UNIT_LINE_LENGTH_MAX);
    return TRUE;
}

char *unit_file_to_text(const UnitFile *file, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < file->sections->len; i++) {
        const UnitSection *section = g_ptr_array_index(file->sections, i);

        if (section->name) {
            if (!unit_text_is_utf8(section->name) || strpbrk(section->name, "\n\r")) {
                g_autofree char *name = text_escape(section->name);

                gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' cannot be the name of a section", name);
                return NULL;
            }
            g_string_append_printf(text, "%s[%s]\n", text->len ? "\n" : "", section->name);
        }
        for (guint k = 0; k < section->entries->len; k++)
            if (!write_entry(text, section->name, g_ptr_array_index(section->entries, k), error))
                return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
