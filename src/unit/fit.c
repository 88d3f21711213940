// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "directive.h"
#include "unit-file-private.h"
#include "value.h"

/* What one assignment becomes. */
typedef struct {
    const char *section;
    guint version;
    Notes *notes;
    GPtrArray *entries; /* UnitEntry *, of the new section */
} Fit;

#define SPECIFIER_SHARED_DATA 'D'       /* the only specifier that came after UNIT_TARGET_MIN */
#define SPECIFIER_SHARED_DATA_SINCE 257 /* the first of Debian's versions that has it: 252 has not */

static gboolean is_extension(const char *name)
{
    return g_str_has_prefix(name, "X-");
}

/* Whether a word of the value is the new one: the whole word, or it up to ":"; of one character, the first prefixes. */
static gboolean has_value(const char *text, const char *wanted)
{
    gsize length = strlen(wanted);

    if (length == 1)
        return memchr(text, *wanted, strspn(text, "-@:+!|")) != NULL;
    for (const char *at = text; *at;) {
        at += strspn(at, UNIT_BLANKS "~");
        gsize word = strcspn(at, UNIT_BLANKS ":");

        if (word == length && memcmp(at, wanted, length) == 0)
            return TRUE;
        at += strcspn(at, UNIT_BLANKS);
    }
    return FALSE;
}

static const UnitNewValue *find_new_value(const char *key, const char *value, guint version)
{
    guint n = 0;
    const UnitNewValue *values = unit_new_values(&n);

    for (guint i = 0; i < n; i++)
        if (values[i].since > version && *values[i].key == *key && strcmp(values[i].key, key) == 0 &&
            has_value(value, values[i].value))
            return &values[i];
    return NULL;
}

static gboolean has_new_specifier(const char *value, guint version)
{
    if (version >= SPECIFIER_SHARED_DATA_SINCE)
        return FALSE;
    for (const char *at = strchr(value, '%'); at && at[1]; at = strchr(at + 2, '%'))
        if (at[1] == SPECIFIER_SHARED_DATA)
            return TRUE;
    return FALSE;
}

gboolean unit_target_knows(guint version, const char *section, const char *key, const char *value)
{
    const UnitDirective *directive = unit_directive_find(section, key);

    return directive && directive->since <= version &&
           (!value || (!find_new_value(key, value, version) && !has_new_specifier(value, version)));
}

static gboolean refuse(const Fit *fit, const char *key, const char *value, guint since, const char *why, GError **error)
{
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "%s=%s needs systemd %u, and the target has %u: %s", key, value,
                    since, fit->version, why);
    return gourd_error_hint(error, "leave out the option that asks for it, or choose a newer --target");
}

static void add_note(const Fit *fit, gboolean replaced, const char *key, const char *value, guint since,
                     const char *text)
{
    g_autofree char *subject = g_strdup_printf("%s=%s (systemd %u): %s%s", key, value, since, replaced ? "now " : "",
                                               text);

    if (replaced)
        notes_add(fit->notes, "directive-replaced", "the target's systemd does not know these; written differently",
                  subject);
    else
        notes_add(fit->notes, "directive-dropped", "the target's systemd does not know these; left out", subject);
}

static void keep(const Fit *fit, const UnitEntry *entry, const char *key, const char *value)
{
    g_ptr_array_add(fit->entries, unit_entry_new(key, value, entry->line));
}

/* A directive's replacement: another directive with the same value, or KEY=VALUE in the place of a true boolean. */
static void replace_directive(const Fit *fit, const UnitEntry *entry, const UnitDirective *directive)
{
    const char *equals = strchr(directive->text, '=');
    gboolean on = FALSE;
    g_autofree char *key = equals ? g_strndup(directive->text, (gsize)(equals - directive->text))
                                  : g_strdup(directive->text);
    const char *value = equals ? equals + 1 : entry->value;
    g_autofree char *shown = g_strdup_printf("%s=%s", key, value);

    if (equals && !(unit_parse_boolean(entry->value, &on) && on)) {
        add_note(fit, FALSE, entry->key, entry->value, directive->since, "it is as if it were not there");
        return;
    }
    keep(fit, entry, key, value);
    add_note(fit, TRUE, entry->key, entry->value, directive->since, shown);
}

static gboolean fit_value(const Fit *fit, const UnitEntry *entry, const UnitNewValue *value, GError **error)
{
    if (value->policy == UNIT_POLICY_REFUSE)
        return refuse(fit, entry->key, entry->value, value->since, value->text, error);
    if (value->policy == UNIT_POLICY_REPLACE) {
        keep(fit, entry, entry->key, value->text);
        add_note(fit, TRUE, entry->key, entry->value, value->since, value->text);
    } else
        add_note(fit, FALSE, entry->key, entry->value, value->since, value->text);
    return TRUE;
}

static gboolean fit_entry(const Fit *fit, const UnitEntry *entry, GError **error)
{
    if (!entry->key || is_extension(fit->section) || is_extension(entry->key)) {
        keep(fit, entry, entry->key, entry->value);
        return TRUE;
    }

    const UnitDirective *directive = unit_directive_find(fit->section, entry->key);
    const UnitNewValue *value = find_new_value(entry->key, entry->value, fit->version);

    if (!directive) {
        g_autofree char *key = text_escape(entry->key);

        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "[%s] %s= is not a directive that gourd knows", fit->section,
                        key);
        return gourd_error_hint(error, "an admin's drop-in can have it: systemctl edit NAME");
    }
    if (directive->since > fit->version) {
        if (directive->policy == UNIT_POLICY_REFUSE)
            return refuse(fit, entry->key, entry->value, directive->since, directive->text, error);
        if (directive->policy == UNIT_POLICY_REPLACE)
            replace_directive(fit, entry, directive);
        else
            add_note(fit, FALSE, entry->key, entry->value, directive->since, directive->text);
        return TRUE;
    }
    if (value)
        return fit_value(fit, entry, value, error);
    if (has_new_specifier(entry->value, fit->version))
        return refuse(fit, entry->key, entry->value, SPECIFIER_SHARED_DATA_SINCE, "'%D' would not be replaced", error);
    keep(fit, entry, entry->key, entry->value);
    return TRUE;
}

/* The entries that a section will have, NULL with an error. */
static GPtrArray *fit_section(const UnitSection *section, guint version, Notes *notes, GError **error)
{
    g_autoptr(GPtrArray) entries = unit_entries_new();
    Fit fit = {.section = section->name, .version = version, .notes = notes, .entries = entries};

    if (section->name && !is_extension(section->name) && !unit_section_from_name(section->name)) {
        g_autofree char *name = text_escape(section->name);

        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "[%s] is not a section that gourd knows", name);
        gourd_error_hint(error, "systemd leaves alone what begins with 'X-'");
        return NULL;
    }
    for (guint i = 0; i < section->entries->len; i++)
        if (!fit_entry(&fit, g_ptr_array_index(section->entries, i), error))
            return NULL;
    return g_steal_pointer(&entries);
}

static gboolean section_fits(const UnitSection *section, guint version)
{
    for (guint i = 0; i < section->entries->len; i++) {
        const UnitEntry *entry = g_ptr_array_index(section->entries, i);

        if (entry->key && !unit_target_knows(version, section->name, entry->key, entry->value))
            return FALSE;
    }
    return TRUE;
}

gboolean unit_file_fit(UnitFile *file, guint version, Notes *notes, GError **error)
{
    g_autoptr(GPtrArray) fitted = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_autoptr(Notes) found = notes_new();

    for (guint i = 0; i < file->sections->len; i++) {
        const UnitSection *section = g_ptr_array_index(file->sections, i);
        GPtrArray *entries = section_fits(section, version) ? g_ptr_array_ref(section->entries)
                                                            : fit_section(section, version, found, error);

        if (!entries)
            return FALSE;
        g_ptr_array_add(fitted, entries);
    }
    for (guint i = 0; i < file->sections->len; i++) {
        UnitSection *section = g_ptr_array_index(file->sections, i);

        g_ptr_array_unref(section->entries);
        section->entries = g_ptr_array_ref(g_ptr_array_index(fitted, i));
    }
    if (notes)
        notes_merge(notes, found);
    return TRUE;
}
