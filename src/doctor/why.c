// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <string.h>

#define LINES_MAX 12 /* of the journal: what fits on a screen */
#define RECENT_USEC \
    (3600 * (guint64)G_USEC_PER_SEC) /* a failure of a service that runs again: older ones are history */
#define STATUS_STEPS 200             /* from here on exit statuses may be systemd's own */

/* --- values ------------------------------------------------------------------------------------------------------------ */

static void finding_free(gpointer data)
{
    WhyFinding *finding = data;

    g_free(finding->text);
    g_free(finding->remedy);
    g_free(finding->place);
    g_free(finding);
}

static gboolean is_cause(const char *name)
{
    for (const WhyCause *cause = why_causes(); cause->name; cause++)
        if (strcmp(cause->name, name) == 0)
            return TRUE;
    return FALSE;
}

void why_add(GPtrArray *findings, const char *cause, const WhySetting *setting, char *text, char *remedy)
{
    WhyFinding *finding = g_new0(WhyFinding, 1);

    g_assert(is_cause(cause));
    finding->cause = cause;
    finding->text = text;
    finding->remedy = remedy;
    finding->place = setting ? why_place(setting) : NULL;
    g_ptr_array_add(findings, finding);
}

GPtrArray *why_findings_new(void)
{
    return g_ptr_array_new_with_free_func(finding_free);
}

void why_free(Why *why)
{
    if (!why)
        return;
    g_free(why->unit);
    g_free(why->state);
    g_free(why->ended);
    g_clear_pointer(&why->findings, g_ptr_array_unref);
    g_clear_pointer(&why->lines, g_ptr_array_unref);
    g_free(why);
}

/* --- how it ended -------------------------------------------------------------------------------------------------- */

/* Whether the exit status is of a step of systemd's: a program that has been started chooses its own. With Type=simple systemd
 * does not wait to see whether it can be. */
static gboolean is_step(const WhyFacts *facts)
{
    const WhyFailure *failure = &facts->failure;
    WhySetting type;
    gboolean simple = !why_setting(facts, "Type", &type) || strcmp(type.value, "simple") == 0 ||
                      strcmp(type.value, "idle") == 0;

    return g_strcmp0(failure->code, "exited") == 0 && failure->status >= STATUS_STEPS &&
           why_step_name(failure->status) && (!failure->started || simple);
}

static char *describe_end(const WhyFacts *facts)
{
    const WhyFailure *failure = &facts->failure;
    const char *name = sigabbrev_np(failure->status);

    if (!failure->code)
        return failure->result ? g_strdup(failure->result) : NULL;
    if (strcmp(failure->code, "exited") != 0)
        return name ? g_strdup_printf("killed by SIG%s", name)
                    : g_strdup_printf("killed by signal %d", failure->status);
    if (is_step(facts))
        return g_strdup_printf("exit status %d/%s", failure->status, why_step_name(failure->status));
    return g_strdup_printf("exit status %d", failure->status);
}

static void add_lines(const WhyFacts *facts, GPtrArray *lines)
{
    const GPtrArray *entries = facts->failure.found ? facts->failure.entries : facts->entries;

    for (guint i = entries->len > LINES_MAX ? entries->len - LINES_MAX : 0; i < entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(entries, i);

        g_ptr_array_add(lines, g_strdup_printf("%s: %s", entry->identifier ? entry->identifier : "?", entry->message));
    }
}

/* --- explaining ---------------------------------------------------------------------------------------------------- */

/* The last line that the program itself said. */
static const char *last_words(const WhyFacts *facts)
{
    const GPtrArray *entries = facts->failure.entries;

    for (guint i = entries->len; i-- > 0;) {
        const HostEntry *entry = g_ptr_array_index(entries, i);

        if (!entry->is_manager && *entry->message)
            return entry->message;
    }
    return NULL;
}

static void explain_ended(const WhyFacts *facts, GPtrArray *findings)
{
    const char *said = NULL;

    for (guint i = 0; i < facts->entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(facts->entries, i);

        if (!entry->is_manager && *entry->message && g_strcmp0(entry->invocation, facts->quiet_end) == 0)
            said = entry->message;
    }
    why_add(
        findings, "program-ended", NULL,
        said ? g_strdup_printf("the program ended by itself, without an error; the last that it said: %s", said)
             : g_strdup("the program ended by itself, without an error, and said nothing"),
        g_strdup(
            "a service's program must stay in the foreground: see whether an option keeps it there; what does its work and ends is "
            "Type=oneshot"));
}

static void explain_own_end(const WhyFacts *facts, GPtrArray *findings)
{
    const char *said = last_words(facts), *command = facts->failure.command;
    int status = facts->failure.status;
    WhySetting setting;
    gboolean other = command && strcmp(command, "ExecStart") != 0 && why_setting(facts, command, &setting);

    if (g_strcmp0(facts->failure.code, "exited") == 0 && status != 0)
        why_add(findings, "program-failed", other ? &setting : NULL,
                said ? g_strdup_printf("the program ended with exit status %d; the last that it said: %s", status, said)
                     : g_strdup_printf("the program ended with exit status %d and said nothing", status),
                g_strdup_printf("its whole log: journalctl -u %s", facts->unit));
    else
        explain_ended(facts, findings);
}

static void explain_words(const WhyFacts *facts, GPtrArray *findings)
{
    if (why_explain_words(facts, findings) || findings->len == 0)
        return;
    explain_own_end(facts, findings);
    g_ptr_array_insert(findings, 0, g_ptr_array_steal_index(findings, findings->len - 1));
}

static void explain_failure(const WhyFacts *facts, GPtrArray *findings)
{
    gboolean memory = why_find_message(facts, "killed by the OOM killer") != NULL;

    why_explain_machine(facts, findings);
    if (findings->len > 0)
        return;
    if (is_step(facts) && !memory) {
        why_explain_step(facts, facts->failure.status, findings);
        return;
    }
    if (g_strcmp0(facts->failure.code, "exited") == 0 && facts->failure.status != 0 && !memory)
        explain_words(facts, findings);
    if (findings->len == 0)
        why_explain_result(facts, findings);
    if (findings->len == 0)
        explain_own_end(facts, findings);
    if (g_strcmp0(facts->failure.code, "exited") == 0 && !memory)
        why_explain_privileges(facts, findings);
}

static void add_restarts(const WhyFacts *facts, GPtrArray *findings)
{
    g_autofree char *start = why_start_command(facts);

    for (guint i = 0; i < facts->entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(facts->entries, i);

        if (entry->usec < facts->failure.usec || !strstr(entry->message, "repeated too quickly"))
            continue;
        why_add(findings, "restarts", NULL,
                g_strdup("systemd gave up starting it, after it failed too often in a short time"),
                g_strdup_printf("when the cause is gone: systemctl reset-failed %s && %s", facts->unit, start));
        return;
    }
}

/* "… was skipped because of an unmet condition check (ConditionPathExists=/x).", or "… skipped, unmet condition check ConditionPathExists=/x". */
static void explain_condition(const WhyFacts *facts, GPtrArray *findings)
{
    static const char before[] = " unmet condition check ";
    const HostEntry *last = facts->entries->len ? g_ptr_array_index(facts->entries, facts->entries->len - 1) : NULL;
    const char *start = last && last->is_manager ? strstr(last->message, before) : NULL;
    WhySetting setting;

    if (!start)
        return;
    start += strlen(before);
    start += *start == '(';
    g_autofree char *key = g_strndup(start, strcspn(start, "=)"));
    g_autofree char *condition = g_strndup(start, strcspn(start, ")"));
    gboolean has = why_setting(facts, key, &setting);
    why_add(findings, "condition-unmet", has ? &setting : NULL,
            g_strdup_printf("its condition %s is not met, so systemd left it out", condition),
            g_strdup("that may be as it should be; else do what it asks for, or take it out"));
}

/* How many Assert…= the unit's files have; the last in *ret_setting. */
static guint count_assertions(const WhyFacts *facts, WhySetting *ret_setting)
{
    guint count = 0;

    for (guint i = 0; i < facts->sources->len; i++) {
        const WhySource *source = g_ptr_array_index(facts->sources, i);
        const GPtrArray *entries = unit_file_entries(source->file, "Unit");

        for (guint j = 0; entries && j < entries->len; j++) {
            const UnitEntry *entry = g_ptr_array_index(entries, j);

            if (!entry->key || !g_str_has_prefix(entry->key, "Assert"))
                continue;
            *ret_setting = (WhySetting){entry->key, entry->value, source->path, entry->line};
            count++;
        }
    }
    return count;
}

/* "Assertion failed for web.service - web 1.0.": of several, only `systemctl status` says which. */
static void explain_assertion(const WhyFacts *facts, GPtrArray *findings)
{
    const HostEntry *last = facts->entries->len ? g_ptr_array_index(facts->entries, facts->entries->len - 1) : NULL;
    WhySetting setting;

    if (!last || !last->is_manager || !g_str_has_prefix(last->message, "Assertion failed for "))
        return;
    gboolean alone = count_assertions(facts, &setting) == 1;
    why_add(findings, "condition-unmet", alone ? &setting : NULL,
            alone ? g_strdup_printf("its assertion %s=%s is not met, so systemd does not start it", setting.key,
                                    setting.value)
                  : g_strdup("one of its assertions is not met, so systemd does not start it"),
            alone ? g_strdup("do what it asks for, or take it out")
                  : g_strdup_printf("'systemctl status %s' says which; do what it asks for, or take it out",
                                    facts->unit));
}

static gboolean is_stopping(const WhyFacts *facts)
{
    return strcmp(facts->state.active_state, "deactivating") == 0;
}

static void explain_stopped(const WhyFacts *facts, Why *why)
{
    gboolean enabled = g_str_has_prefix(facts->state.unit_file_state, "enabled");

    if (is_stopping(facts)) {
        why_add(why->findings, "stopped", NULL,
                g_strdup("it is being stopped: it can be started again when it is down"),
                g_strdup_printf("'systemctl stop %s' waits for that", facts->unit));
        return;
    }
    explain_condition(facts, why->findings);
    explain_assertion(facts, why->findings);
    if (why->findings->len == 0 && g_strcmp0(facts->failure.result, "exec-condition") == 0)
        explain_failure(facts, why->findings);
    why_explain_socket(facts, why->findings);
    why_explain_dependency(facts, why->findings);
    why_explain_absence(facts, why->findings);
    if (why->findings->len > 0) {
        why->is_wrong = TRUE;
        return;
    }
    if (facts->quiet_end) {
        explain_ended(facts, why->findings);
        why->is_wrong = enabled;
        return;
    }
    const char *how = why_is_program(facts) ? "its program ended by itself, or it was stopped"
                      : enabled             ? "it was stopped, or not started since it was installed"
                                            : "it was stopped, or nobody has started it, and it is not started at boot";
    why_add(why->findings, "stopped", NULL, g_strdup_printf("it does not run, and did not fail: %s", how),
            why_start_command(facts));
}

/* Its probes fail now, though it has not been stopped for it yet. */
static gboolean is_unhealthy(const WhyFacts *facts)
{
    const HostUnit *state = &facts->state;
    gboolean is_up = strcmp(state->active_state, "active") == 0 || strcmp(state->sub_state, "start") == 0;

    return is_up &&
           (g_str_has_prefix(state->status_text, "unhealthy") || g_str_has_prefix(state->status_text, "starting:"));
}

static gboolean was_recent(const WhyFacts *facts)
{
    return facts->failure.found && facts->state.n_restarts > 0 &&
           facts->failure.usec + RECENT_USEC > (guint64)g_get_real_time();
}

/* It does not run, and its last run failed: between two starts of systemd 252, or stopped meanwhile. */
static gboolean is_down_failing(const WhyFacts *facts)
{
    const HostUnit *state = &facts->state;

    return strcmp(state->active_state, "inactive") == 0 && facts->failure.found && *state->result &&
           strcmp(state->result, "success") != 0 && strcmp(state->result, "exec-condition") != 0;
}

static void explain_live(const WhyFacts *facts, Why *why)
{
    const HostUnit *state = &facts->state;
    gboolean active = strcmp(state->active_state, "active") == 0 || strcmp(state->active_state, "reloading") == 0;
    gboolean failed = strcmp(state->active_state, "failed") == 0;
    gboolean starting = strcmp(state->active_state, "activating") == 0;
    gboolean restarting = strcmp(state->sub_state, "auto-restart") == 0 || (starting && state->n_restarts > 0);

    if (is_unhealthy(facts)) {
        why_add(why->findings, "unhealthy", NULL, g_strdup_printf("its health check fails now: %s", state->status_text),
                g_strdup_printf("see why it does not answer: journalctl -u %s", facts->unit));
        why->is_wrong = TRUE;
    }
    if (failed || restarting || is_down_failing(facts) || (active && was_recent(facts))) {
        why->is_wrong = TRUE;
        if (restarting && facts->quiet_end)
            explain_ended(facts, why->findings);
        else if (facts->failure.found) {
            why->ended = describe_end(facts);
            why->failed_usec = facts->failure.usec;
            explain_failure(facts, why->findings);
        }
        if (failed)
            add_restarts(facts, why->findings);
        if (why->findings->len == 0)
            why_explain_dependency(facts, why->findings);
    } else if (!active && !starting && why->findings->len == 0)
        explain_stopped(facts, why);
    if (active) {
        why_explain_inside(facts, why->findings);
        why->is_wrong = why->is_wrong || why->findings->len > 0;
    }
}

static char *describe_state(const WhyFacts *facts)
{
    const HostUnit *state = &facts->state;

    if (!facts->is_live)
        return g_strdup("at rest");
    if (strcmp(state->load_state, "loaded") != 0)
        return g_strdup(strcmp(state->load_state, "masked") == 0 ? "masked" : "invalid");
    if (strcmp(state->active_state, "active") == 0)
        return g_strdup(is_unhealthy(facts) ? "unhealthy" : "running");
    if (strcmp(state->active_state, "inactive") == 0)
        return g_strdup("stopped");
    if (is_stopping(facts))
        return g_strdup("stopping");
    if (strcmp(state->active_state, "activating") == 0)
        return g_strdup(strcmp(state->sub_state, "auto-restart") == 0 ? "restarting" : "starting");
    return g_strdup(state->active_state);
}

static gboolean is_loaded(const WhyFacts *facts)
{
    return !facts->is_live || strcmp(facts->state.load_state, "loaded") == 0;
}

/* "STACK-SERVICE.service" with PartOf=STACK.target: its options are keys of a Compose file, which the next `gourd up` reads. */
static gboolean is_in_stack(const WhyFacts *facts)
{
    g_autoptr(GArray) settings = why_settings(facts, "PartOf");

    for (guint i = 0; facts->ours && i < settings->len; i++) {
        const char *target = g_array_index(settings, WhySetting, i).value;
        gsize length = strcspn(target, ".");

        if (g_str_has_suffix(target, ".target") && strncmp(facts->unit, target, length) == 0 &&
            facts->unit[length] == '-')
            return TRUE;
    }
    return FALSE;
}

static void say_keys(const WhyFacts *facts, GPtrArray *findings)
{
    if (!is_in_stack(facts))
        return;
    for (guint i = 0; i < findings->len; i++) {
        WhyFinding *finding = g_ptr_array_index(findings, i);
        char *remedy = finding->remedy ? stack_remedy(finding->remedy) : NULL;

        g_free(finding->remedy);
        finding->remedy = remedy;
    }
}

Why *why_unit(Host *host, const char *unit, GError **error)
{
    g_auto(WhyFacts) facts = {0};
    g_autoptr(Why) why = g_new0(Why, 1);

    why->findings = why_findings_new();
    why->lines = g_ptr_array_new_with_free_func(g_free);
    why->unit = g_strdup(unit);
    if (!why_facts_gather(host, unit, &facts, error))
        return NULL;
    if (facts.sources->len == 0 && (!facts.is_live || strcmp(facts.state.load_state, "not-found") == 0)) {
        g_autofree char *shown = text_escape(unit);

        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no unit '%s'", shown);
        return NULL;
    }
    why->state = describe_state(&facts);
    if (facts.is_live && is_loaded(&facts))
        explain_live(&facts, why);
    why_explain_unit(&facts, why->findings);
    /* What runs without its root does so until it is stopped. */
    if (!is_loaded(&facts) || (!facts.is_live && why->findings->len > 0) ||
        g_error_matches(facts.root_problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND))
        why->is_wrong = TRUE;
    add_lines(&facts, why->lines);
    say_keys(&facts, why->findings);
    return g_steal_pointer(&why);
}

void why_add_replaced(Why *why, const char *path, const char *name)
{
    g_autofree char *shown = text_escape(path);

    why_add(
        why->findings, "image-replaced", NULL,
        g_strdup_printf(
            "its image '%s' is not the bundle that was installed: who replaces a file that is in use spoils what runs",
            shown),
        g_strdup_printf("put the right one there and systemctl restart %s, or use it as it is: gourd upgrade %s",
                        why->unit, name));
    why->is_wrong = TRUE;
}

/* --- JSON ---------------------------------------------------------------------------------------------------------- */

Json *why_findings_to_json(const GPtrArray *findings)
{
    Json *list = json_array();

    for (guint i = 0; i < findings->len; i++) {
        const WhyFinding *finding = g_ptr_array_index(findings, i);

        json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o}", "cause", finding->cause, "text",
                                              json_text(finding->text), "remedy", json_text_or_null(finding->remedy),
                                              "place", json_text_or_null(finding->place)));
    }
    return list;
}

Json *why_to_json(const Why *why)
{
    Json *lines = json_array();

    for (guint i = 0; i < why->lines->len; i++)
        json_array_append_new(lines, json_text(g_ptr_array_index(why->lines, i)));
    return json_pack("{s:o, s:s, s:b, s:o, s:o, s:o, s:o}", "unit", json_text(why->unit), "state", why->state, "wrong",
                     why->is_wrong, "ended", json_text_or_null(why->ended), "failed_at",
                     why->failed_usec ? json_integer((json_int_t)(why->failed_usec / G_USEC_PER_SEC)) : json_null(),
                     "findings", why_findings_to_json(why->findings), "lines", lines);
}
