// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <string.h>
#include <sys/stat.h>

/* The unit's files: what systemd refuses in them, or leaves out. */

/* --- refused ------------------------------------------------------------------------------------------------------------ */

/* systemd's last word about a file of the unit, with the place that it gives: "/etc/systemd/system/web.service:3: …". */
static const HostEntry *find_complaint(const WhyFacts *facts)
{
    for (guint i = facts->entries->len; i-- > 0;) {
        const HostEntry *entry = g_ptr_array_index(facts->entries, i);

        if (!entry->is_manager || g_str_has_suffix(entry->message, "will not be started.") ||
            strstr(entry->message, ", ignoring"))
            continue;
        if (g_str_has_prefix(entry->message, "/") || strstr(entry->message, "Refusing"))
            return entry;
    }
    return NULL;
}

static void explain_bad(const WhyFacts *facts, GPtrArray *findings)
{
    const HostEntry *entry = find_complaint(facts);

    why_add(findings, "unit-invalid", NULL,
            g_strdup_printf("systemd cannot use the unit%s%s", entry ? ": " : "", entry ? entry->message : ""),
            g_strdup_printf("correct it, then systemctl daemon-reload; 'systemd-analyze verify %s' checks it",
                            facts->unit));
}

static void explain_load_state(const WhyFacts *facts, GPtrArray *findings)
{
    const char *state = facts->state.load_state;

    if (strcmp(state, "masked") == 0)
        why_add(findings, "unit-masked", NULL, g_strdup("the unit is masked: somebody forbade it to start"),
                g_strdup_printf("systemctl unmask %s", facts->unit));
    else if (strcmp(state, "bad-setting") == 0 || strcmp(state, "error") == 0)
        explain_bad(facts, findings);
}

/* --- left out ----------------------------------------------------------------------------------------------------------- */

/* One that knows a key; NULL: none of a service does. */
static const char *find_section_of(const char *key)
{
    static const char *const sections[] = {"Service", "Unit", "Install"};

    for (gsize i = 0; i < G_N_ELEMENTS(sections); i++)
        if (unit_directive_find(sections[i], key))
            return sections[i];
    return NULL;
}

/* A key that systemd said it leaves out, and that is in none of gourd's tables: a slip of the hand. */
static void check_unknown(const WhyFacts *facts, const char *section, const WhySetting *setting, GPtrArray *findings)
{
    g_autofree char *part = g_strdup_printf("%s:%u: Unknown ", setting->path, setting->line);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    gboolean said = FALSE;
    guint count;

    for (guint i = 0; i < facts->entries->len && !said; i++)
        said = g_str_has_prefix(((const HostEntry *)g_ptr_array_index(facts->entries, i))->message, part);
    if (!said)
        return;
    const UnitDirective *directives = unit_directives(&count);
    for (guint i = 0; i < count; i++)
        if (directives[i].sections & unit_section_from_name(section))
            g_ptr_array_add(names, (gpointer)directives[i].name);
    const char *nearest = nearest_name(setting->key, names), *other = find_section_of(setting->key);
    why_add(findings, "setting-unknown", setting,
            g_strdup_printf("systemd does not know %s= in [%s], and leaves it out", setting->key, section),
            other     ? g_strdup_printf("write it below [%s]", other)
            : nearest ? g_strdup_printf("is %s= meant?", nearest)
                      : g_strdup("take it out; systemd.directives(7) has all that there are"));
}

/* What this systemd does not know, it leaves out with a line in the journal that nobody reads. */
static void check_entry(const WhyFacts *facts, const WhySource *source, const char *section, const UnitEntry *entry,
                        GPtrArray *findings)
{
    const UnitDirective *directive = entry->key ? unit_directive_find(section, entry->key) : NULL;
    WhySetting setting = {entry->key, entry->value, source->path, entry->line};

    if (entry->key && !directive && unit_section_from_name(section) != 0)
        check_unknown(facts, section, &setting, findings);
    if (!directive || unit_target_knows(facts->version, section, entry->key, NULL))
        return;
    why_add(
        findings, "systemd-too-old", &setting,
        g_strdup_printf("%s= came with systemd %u; this one is %u and leaves it out", entry->key, directive->since,
                        facts->version),
        facts->ours && source == g_ptr_array_index(facts->sources, 0)
            ? g_strdup(
                  "the unit was written for another system: 'gourd upgrade', or 'gourd up' of a stack, writes it for this one")
            : g_strdup("do without it, or update systemd; what it was to do does not happen"));
}

static void check_versions(const WhyFacts *facts, GPtrArray *findings)
{
    for (guint i = 0; i < facts->sources->len && facts->version > 0; i++) {
        const WhySource *source = g_ptr_array_index(facts->sources, i);

        for (guint j = 0; j < unit_file_n_sections(source->file); j++) {
            const char *section = unit_file_section(source->file, j);
            const GPtrArray *entries = section ? unit_file_entries(source->file, section) : NULL;

            for (guint k = 0; entries && k < entries->len; k++)
                check_entry(facts, source, section, g_ptr_array_index(entries, k), findings);
        }
    }
}

/* "PATH:LINE: Invalid CPU quota '50', ignoring." of a file as it is now: what systemd says behind the place, or NULL. Borrowed from the entry. */
static const char *find_ignored(const WhyFacts *facts, const WhySource *source, const HostEntry *entry, guint *ret_line)
{
    gsize length = strlen(source->path);
    g_autofree char *real = host_path(facts->host, source->path);
    struct stat status;
    char *end;

    if (!entry->is_manager || !g_str_has_prefix(entry->message, source->path) || entry->message[length] != ':' ||
        !strcasestr(entry->message, "ignoring") || stat(real, &status) < 0 ||
        entry->usec < (guint64)status.st_mtim.tv_sec * G_USEC_PER_SEC + (guint64)status.st_mtim.tv_nsec / 1000)
        return NULL;
    *ret_line = (guint)g_ascii_strtoull(entry->message + length + 1, &end, 10);
    return g_str_has_prefix(end, ": ") && !g_str_has_prefix(end, ": Unknown key") &&
                   !g_str_has_prefix(end, ": Unknown lvalue")
               ? end + 2
               : NULL;
}

static gboolean find_line(const WhySource *source, guint line, WhySetting *ret_setting)
{
    for (guint i = 0; i < unit_file_n_sections(source->file); i++) {
        const char *section = unit_file_section(source->file, i);
        const GPtrArray *entries = section ? unit_file_entries(source->file, section) : NULL;

        for (guint j = 0; entries && j < entries->len; j++) {
            const UnitEntry *entry = g_ptr_array_index(entries, j);

            *ret_setting = (WhySetting){entry->key, entry->value, source->path, entry->line};
            if (entry->key && entry->line == line)
                return TRUE;
        }
    }
    return FALSE;
}

static void check_values_of(const WhyFacts *facts, const WhySource *source, GPtrArray *findings)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < facts->entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(facts->entries, i);
        WhySetting setting;
        guint line;
        const char *said = find_ignored(facts, source, entry, &line);

        if (!said || !g_hash_table_add(seen, GUINT_TO_POINTER(line)))
            continue;
        gboolean found = find_line(source, line, &setting);
        why_add(findings, "setting-ignored", found ? &setting : NULL,
                g_strdup_printf("systemd cannot read %s, and leaves it out: %s", found ? "a setting" : "a line",
                                found ? said : entry->message),
                g_strdup_printf("correct it, then systemctl daemon-reload && systemctl restart %s", facts->unit));
    }
}

/* What this systemd cannot make sense of goes the same way. */
static void check_values(const WhyFacts *facts, GPtrArray *findings)
{
    for (guint i = 0; i < facts->sources->len; i++)
        check_values_of(facts, g_ptr_array_index(facts->sources, i), findings);
}

static void check_reload(const WhyFacts *facts, GPtrArray *findings)
{
    g_autofree char *needed = facts->is_live ? host_get_property(facts->host, facts->unit, "NeedDaemonReload") : NULL;

    if (g_strcmp0(needed, "yes") == 0)
        why_add(findings, "reload-needed", NULL, g_strdup("a file of the unit was changed since systemd read it"),
                g_strdup_printf("systemctl daemon-reload, then systemctl restart %s", facts->unit));
}

static void check_root(const WhyFacts *facts, GPtrArray *findings)
{
    const WhyFinding *first = findings->len > 0 ? g_ptr_array_index(findings, 0) : NULL;

    if ((!first || strcmp(first->cause, "stopped") == 0) && facts->root_kind != WHY_ROOT_HOST &&
        g_error_matches(facts->root_problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND))
        why_explain_image(facts, findings);
}

void why_explain_unit(const WhyFacts *facts, GPtrArray *findings)
{
    if (facts->is_live)
        explain_load_state(facts, findings);
    check_root(facts, findings);
    check_versions(facts, findings);
    check_values(facts, findings);
    check_reload(facts, findings);
}

/* --- others --------------------------------------------------------------------------------------------------------- */

/* A unit that this one wants and that failed, or is not there. */
static char *find_failed_dependency(const WhyFacts *facts, gboolean *ret_missing)
{
    static const char *const properties[] = {"Requires", "BindsTo", "Requisite"};

    for (guint i = 0; i < G_N_ELEMENTS(properties); i++) {
        g_autofree char *text = host_get_property(facts->host, facts->unit, properties[i]);
        g_auto(GStrv) units = g_strsplit(text ? text : "", "\n", -1);

        for (char **unit = units; *unit; unit++) {
            HostUnit state;

            if (!**unit || !host_get_unit(facts->host, *unit, &state, NULL))
                continue;
            gboolean failed = strcmp(state.active_state, "failed") == 0 || strcmp(state.sub_state, "auto-restart") == 0;
            *ret_missing = strcmp(state.load_state, "not-found") == 0;
            host_unit_clear(&state);
            if (failed || *ret_missing)
                return g_strdup(*unit);
        }
    }
    return NULL;
}

/* The job was not even begun: the journal has nothing of the unit but that. */
void why_explain_dependency(const WhyFacts *facts, GPtrArray *findings)
{
    gboolean missing = FALSE;
    g_autofree char *unit = facts->is_live ? find_failed_dependency(facts, &missing) : NULL;

    if (!unit)
        return;
    if (missing)
        why_add(findings, "dependency-missing", NULL, g_strdup_printf("it needs %s, which does not exist here", unit),
                g_strdup("install that, or take it out of Requires= or BindsTo="));
    else
        why_add(findings, "dependency-failed", NULL, g_strdup_printf("it needs %s, which failed", unit),
                g_strdup_printf("'gourd why %s' says why; when that runs, start this one", unit));
}
