// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audit-private.h"

#include <string.h>

/* The unit that is rated has this name, so that systemd-analyze does not add drop-ins of the machine it runs on. */
#define RATED_UNIT "audited.service"

static void finding_free(AuditFinding *finding)
{
    g_free(finding->setting);
    g_free(finding->text);
    g_free(finding->remedy);
    g_free(finding);
}

static void cost_free(AuditCost *cost)
{
    g_free(cost->option);
    g_free(cost->text);
    g_free(cost);
}

void audit_free(Audit *audit)
{
    if (!audit)
        return;
    g_free(audit->unit);
    g_ptr_array_unref(audit->findings);
    g_ptr_array_unref(audit->costs);
    g_free(audit);
}

/* --- rows --------------------------------------------------------------------------------------------------------------- */

/* "0.3" as 3; 0 for null, which closed rows have. */
static guint parse_tenths(const char *text)
{
    return text ? (guint)(g_ascii_strtod(text, NULL) * 10 + 0.5) : 0;
}

/* "Service processes may change the clock" without its subject, which is the heading of the list. */
static char *describe(const char *description)
{
    static const char *const subjects[] = {"Service processes ", "Service process ", "Service "};

    for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++)
        if (g_str_has_prefix(description, subjects[i]))
            return g_utf8_make_valid(description + strlen(subjects[i]), -1);
    return g_utf8_make_valid(description, -1);
}

static AuditFinding *find_setting(const GPtrArray *findings, const char *setting)
{
    for (guint i = 0; i < findings->len; i++) {
        AuditFinding *finding = g_ptr_array_index(findings, i);

        if (strcmp(finding->setting, setting) == 0)
            return finding;
    }
    return NULL;
}

static gboolean add_row(const Json *row, GPtrArray *findings, gboolean ours, GError **error)
{
    const char *name, *field, *description, *exposure;

    if (!json_get_string(row, "row", "name", &name, error) ||
        !json_get_string(row, "row", "json_field", &field, error) ||
        !json_get_string(row, "row", "description", &description, error) ||
        !json_get_string(row, "row", "exposure", &exposure, error))
        return FALSE;
    guint tenths = parse_tenths(exposure);
    if (tenths == 0 || !name)
        return TRUE;
    const AuditRule *rule = audit_rule_find(field ? field : "", description ? description : "");
    AuditFinding *finding = rule && rule->setting ? find_setting(findings, rule->setting) : NULL;
    if (!finding) {
        finding = g_new0(AuditFinding, 1);
        finding->setting = rule && rule->setting ? g_strdup(rule->setting) : g_utf8_make_valid(name, -1);
        finding->text = ours && rule && rule->text ? g_strdup(rule->text) : describe(description ? description : "");
        finding->remedy = ours && rule ? g_strdup(rule->remedy) : NULL;
        g_ptr_array_add(findings, finding);
    }
    finding->exposure += tenths;
    return TRUE;
}

static gint compare_findings(gconstpointer a, gconstpointer b)
{
    const AuditFinding *left = *(AuditFinding *const *)a, *right = *(AuditFinding *const *)b;

    if (left->exposure != right->exposure)
        return left->exposure < right->exposure ? 1 : -1;
    return strcmp(left->setting, right->setting);
}

gboolean audit_rate(const char *text, guint *ret_exposure, GPtrArray *findings, gboolean ours, GError **error)
{
    g_autoptr(Json) rows = NULL;

    if (!host_analyze_security(RATED_UNIT, text, ret_exposure, findings ? &rows : NULL, error))
        return FALSE;
    for (gsize i = 0; findings && i < json_array_size(rows); i++)
        if (!add_row(json_array_get(rows, i), findings, ours, error))
            return gourd_error_prefix(error, "cannot read what systemd-analyze says");
    if (findings)
        g_ptr_array_sort(findings, compare_findings);
    return TRUE;
}

/* --- a unit -------------------------------------------------------------------------------------------------------------- */

static gint compare_costs(gconstpointer a, gconstpointer b)
{
    const AuditCost *left = *(AuditCost *const *)a, *right = *(AuditCost *const *)b;

    if (left->exposure != right->exposure)
        return left->exposure < right->exposure ? 1 : -1;
    return strcmp(left->option, right->option);
}

void audit_add_cost(Audit *audit, const char *option, const char *text, gint exposure)
{
    AuditCost *cost = g_new0(AuditCost, 1);

    cost->option = g_strdup(option);
    cost->text = g_strdup(text);
    cost->exposure = exposure;
    g_ptr_array_add(audit->costs, cost);
    g_ptr_array_sort(audit->costs, compare_costs);
}

Audit *audit_unit(const char *unit, const char *text, GError **error)
{
    g_autoptr(Audit) audit = g_new0(Audit, 1);

    audit->unit = g_strdup(unit);
    audit->ours = service_file_is_ours(text);
    audit->findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    audit->costs = g_ptr_array_new_with_free_func((GDestroyNotify)cost_free);
    if (!audit_rate(text, &audit->exposure, audit->findings, audit->ours, error))
        return NULL;
    return g_steal_pointer(&audit);
}

/* --- showing ------------------------------------------------------------------------------------------------------------- */

/* systemd's analyze-security.c, badness_table. */
const char *audit_word(guint exposure)
{
    static const struct {
        guint least;
        const char *word;
    } words[] = {{100, "dangerous"}, {90, "unsafe"}, {75, "exposed"}, {50, "medium"}, {10, "ok"}, {1, "safe"}};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (exposure >= words[i].least)
            return words[i].word;
    return "perfect";
}

Json *audit_to_json(const Audit *audit)
{
    Json *findings = json_array();
    Json *costs = json_array();

    for (guint i = 0; i < audit->findings->len; i++) {
        const AuditFinding *finding = g_ptr_array_index(audit->findings, i);

        json_array_append_new(findings,
                              json_pack("{s:s, s:f, s:s, s:s*}", "setting", finding->setting, "exposure",
                                        finding->exposure / 10.0, "text", finding->text, "remedy", finding->remedy));
    }
    for (guint i = 0; i < audit->costs->len; i++) {
        const AuditCost *cost = g_ptr_array_index(audit->costs, i);

        json_array_append_new(costs, json_pack("{s:s, s:s, s:f}", "option", cost->option, "text", cost->text,
                                               "exposure", cost->exposure / 10.0));
    }
    return json_pack("{s:s, s:f, s:s, s:o, s:o}", "unit", audit->unit, "exposure", audit->exposure / 10.0, "rating",
                     audit_word(audit->exposure), "open", findings, "costs", costs);
}
