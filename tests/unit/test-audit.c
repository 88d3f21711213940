// SPDX-License-Identifier: LGPL-2.1-or-later
/* What systemd-analyze says of units, in gourd's words. */
#include "doctor/audit-private.h"
#include "doctor/doctor.h"

#include <string.h>

#define OURS "# Written by gourd 0.1.0 from web_1.0.raw (release 1).\n\n"

static gboolean has_analyze(void)
{
    g_autofree char *path = g_find_program_in_path("systemd-analyze");

    if (!path)
        g_test_skip("systemd-analyze is not installed");
    return path != NULL;
}

static Audit *audit(const char *text)
{
    g_autoptr(GError) error = NULL;
    Audit *result = audit_unit("web.service", text, &error);

    g_assert_no_error(error);
    return result;
}

static const AuditFinding *find_if(const Audit *of, const char *setting)
{
    for (guint i = 0; i < of->findings->len; i++) {
        const AuditFinding *finding = g_ptr_array_index(of->findings, i);

        if (strcmp(finding->setting, setting) == 0)
            return finding;
    }
    return NULL;
}

static const AuditFinding *find(const Audit *of, const char *setting)
{
    const AuditFinding *finding = find_if(of, setting);

    if (!finding)
        g_error("'%s' is not among what is open", setting);
    return finding;
}

/* A rule for what systemd does not say is a mistake in writing. */
static void every_rule_is_of_a_row_that_systemd_has(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) rows = NULL;
    guint exposure, n_rules;
    const AuditRule *rules = audit_rules(&n_rules);
    g_autofree gboolean *seen = g_new0(gboolean, n_rules);

    if (!has_analyze())
        return;
    g_assert_true(host_analyze_security("a.service", "[Service]\nExecStart=/bin/true\n", &exposure, &rows, &error));
    g_assert_no_error(error);
    for (gsize i = 0; i < json_array_size(rows); i++) {
        const char *field = json_string_value(json_object_get(json_array_get(rows, i), "json_field"));

        /* With each beginning that a rule asks for, so that those behind it are tried too. */
        for (guint k = 0; k < n_rules; k++) {
            const AuditRule *rule = audit_rule_find(field, rules[k].description ? rules[k].description : "");

            if (rule)
                seen[rule - rules] = TRUE;
        }
    }
    for (guint k = 0; k < n_rules; k++)
        if (!seen[k])
            g_error("no row is for the rule '%s'", rules[k].field);
}

static void the_worst_comes_first(void)
{
    if (!has_analyze())
        return;
    g_autoptr(Audit) open = audit(OURS "[Service]\nExecStart=/bin/true\n");

    g_assert_cmpuint(open->findings->len, >, 20);
    for (guint i = 1; i < open->findings->len; i++) {
        const AuditFinding *before = g_ptr_array_index(open->findings, i - 1);
        const AuditFinding *finding = g_ptr_array_index(open->findings, i);

        g_assert_cmpuint(before->exposure, >=, finding->exposure);
        g_assert_cmpuint(finding->exposure, >, 0);
    }
}

static void rows_that_mean_one_thing_are_one(void)
{
    if (!has_analyze())
        return;
    g_autoptr(Audit) open = audit(OURS "[Service]\nExecStart=/bin/true\n");
    const AuditFinding *calls = find(open, "SystemCallFilter=");

    g_assert_cmpstr(calls->text, ==, "can use all system calls");
    g_assert_cmpuint(calls->exposure, >=, 15);
    g_assert_null(find_if(open, "SystemCallFilter=~@clock"));
}

static void what_is_closed_is_not_listed(void)
{
    if (!has_analyze())
        return;
    g_autoptr(Audit) open = audit(OURS "[Service]\nExecStart=/bin/true\n");
    g_autoptr(Audit) closed = audit(OURS "[Service]\nExecStart=/bin/true\nUser=web\nPrivateNetwork=yes\n");

    g_assert_cmpuint(find(open, "PrivateNetwork=")->exposure, ==, 5);
    g_assert_null(find_if(closed, "PrivateNetwork="));
    g_assert_cmpstr(find(open, "User=/DynamicUser=")->text, ==, "runs as root");
    g_assert_cmpstr(find(open, "User=/DynamicUser=")->remedy, ==, "without --user root");
    g_assert_cmpuint(closed->exposure, <, open->exposure);
}

/* Remedies are options of gourd, and texts suppose a bundle: neither is for units of others. */
static void units_of_others_are_told_of_in_systemd_s_words(void)
{
    if (!has_analyze())
        return;
    g_autoptr(Audit) theirs = audit("[Service]\nExecStart=/bin/true\n");
    const AuditFinding *finding = find(theirs, "ProtectHome=");

    g_assert_false(theirs->ours);
    g_assert_cmpstr(finding->text, ==, "has full access to home directories");
    g_assert_null(finding->remedy);
}

static void words_are_those_of_systemd(void)
{
    static const struct {
        guint exposure;
        const char *word;
    } cases[] = {{0, "perfect"}, {1, "safe"},     {9, "safe"},    {10, "ok"},     {49, "ok"},
                 {50, "medium"}, {75, "exposed"}, {90, "unsafe"}, {99, "unsafe"}, {100, "dangerous"}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(audit_word(cases[i].exposure), ==, cases[i].word);
}

static void json_has_what_the_screen_has(void)
{
    if (!has_analyze())
        return;
    g_autoptr(Audit) open = audit(OURS "[Service]\nExecStart=/bin/true\n");
    audit_add_cost(open, "--allow a", "text", 3);
    audit_add_cost(open, "--allow b", "text", -2);
    audit_add_cost(open, "--allow c", "text", 7);
    g_autoptr(Json) json = audit_to_json(open);
    const Json *costs = json_object_get(json, "costs");

    g_assert_cmpstr(json_string_value(json_object_get(json, "unit")), ==, "web.service");
    g_assert_cmpfloat_with_epsilon(json_real_value(json_object_get(json, "exposure")), open->exposure / 10.0, 0.01);
    g_assert_cmpuint(json_array_size(json_object_get(json, "open")), ==, open->findings->len);
    g_assert_cmpuint(json_array_size(costs), ==, 3);
    g_assert_cmpstr(json_string_value(json_object_get(json_array_get(costs, 0), "option")), ==, "--allow c");
    g_assert_cmpfloat_with_epsilon(json_real_value(json_object_get(json_array_get(costs, 2), "exposure")), -0.2, 0.01);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name) g_test_add_func("/audit/" #name, name)
    ADD(every_rule_is_of_a_row_that_systemd_has);
    ADD(the_worst_comes_first);
    ADD(rows_that_mean_one_thing_are_one);
    ADD(what_is_closed_is_not_listed);
    ADD(units_of_others_are_told_of_in_systemd_s_words);
    ADD(words_are_those_of_systemd);
    ADD(json_has_what_the_screen_has);
    return g_test_run();
}
