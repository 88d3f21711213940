// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine-check.h"

#include "listing.h"
#include "machine-options.h"

#include <string.h>

#define SHOWN_MAX 8 /* of packages and files in a line */

/* --- showing ------------------------------------------------------------------------------------------------------ */

static void print_line(const Session *session, const char *what, const GPtrArray *items, const char *more)
{
    if (items->len == 0)
        return;
    fprintf(session->call->out.file, "  %-10s", what);
    for (guint i = 0; i < items->len && i < SHOWN_MAX; i++)
        fprintf(session->call->out.file, "%s%s", i ? ", " : "", (const char *)g_ptr_array_index(items, i));
    if (items->len > SHOWN_MAX)
        fprintf(session->call->out.file, " and %u more", items->len - SHOWN_MAX);
    fprintf(session->call->out.file, "%s%s\n", *more ? ": " : "", more);
}

static void print_vector(const Session *session, const char *what, char **vector, const char *more)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);

    for (; vector && *vector; vector++)
        g_ptr_array_add(items, text_escape(*vector));
    print_line(session, what, items, more);
}

static void print_upgrades(const Session *session, const GPtrArray *upgrades)
{
    g_autoptr(GPtrArray) changed = g_ptr_array_new_with_free_func(g_free), gone = g_ptr_array_new(),
                         came = g_ptr_array_new();

    for (guint i = 0; i < upgrades->len; i++) {
        const MachineUpgrade *upgrade = g_ptr_array_index(upgrades, i);

        if (!upgrade->now)
            g_ptr_array_add(gone, upgrade->name);
        else if (!upgrade->then)
            g_ptr_array_add(came, upgrade->name);
        else
            g_ptr_array_add(changed, g_strdup_printf("%s %s -> %s", upgrade->name, upgrade->then, upgrade->now));
    }
    print_line(session, "upgraded", changed, "");
    print_line(session, "new", came, "");
    print_line(session, "gone", gone, "");
}

static void print_changes(const Session *session, const GPtrArray *changes)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < changes->len; i++)
        g_ptr_array_add(paths, text_escape(((const MachineEntry *)g_ptr_array_index(changes, i))->path));
    print_line(session, "files", paths, "");
}

static void print_drift(const Session *session, const MachineRecord *record, const MachineDrift *drift)
{
    if (machine_drift_is_none(drift)) {
        fprintf(session->call->out.file, "%s is as it should be\n", record->name);
        return;
    }
    fprintf(session->call->out.file, "%s\n", record->name);
    print_vector(session, "missing", drift->missing, "no longer installed on this host");
    print_upgrades(session, drift->upgrades);
    print_changes(session, drift->changes);
    print_vector(session, "kept", drift->kept, "changed inside too, and so the package's is put beside it");
    print_vector(session, "saved", drift->saved, "changed inside too, and replaced by the package's");
    print_vector(session, "users", drift->users, "");
    print_vector(session, "old code", drift->old_code, "runs what was replaced, until it is restarted");
}

static Json *vector_to_json(char **vector)
{
    Json *array = json_array();

    for (; vector && *vector; vector++)
        json_array_append_new(array, json_text_lossless(*vector));
    return array;
}

static Json *drift_to_json(const MachineRecord *record, const MachineDrift *drift)
{
    Json *upgrades = json_array(), *files = json_array();

    for (guint i = 0; i < drift->upgrades->len; i++) {
        const MachineUpgrade *upgrade = g_ptr_array_index(drift->upgrades, i);

        json_array_append_new(upgrades,
                              json_pack("{s:s, s:o, s:o}", "package", upgrade->name, "then",
                                        json_text_or_null(upgrade->then), "now", json_text_or_null(upgrade->now)));
    }
    for (guint i = 0; i < drift->changes->len; i++)
        json_array_append_new(files,
                              json_text_lossless(((const MachineEntry *)g_ptr_array_index(drift->changes, i))->path));
    return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "machine", record->name, "current",
                     (int)machine_drift_is_none(drift), "missing", vector_to_json(drift->missing), "upgrades", upgrades,
                     "files", files, "kept", vector_to_json(drift->kept), "saved", vector_to_json(drift->saved),
                     "users", vector_to_json(drift->users), "old_code", vector_to_json(drift->old_code));
}

/* Takes both. */
static GError *join_failures(GError *one, GError *other)
{
    g_autofree char *first = NULL, *hint = NULL, *next = NULL, *next_hint = NULL;
    GError *all = NULL;

    gourd_error_split(one, &first, &hint);
    gourd_error_split(other, &next, &next_hint);
    gourd_error_set(&all, one->code, "%s\n    %s", first, next);
    if (hint)
        gourd_error_hint(&all, "%s", hint);
    g_error_free(one);
    g_error_free(other);
    return all;
}

/* What one machine's root did to it holds up no others. Takes failure. */
static void add_failure(GError **failures, GError *failure)
{
    *failures = *failures ? join_failures(*failures, failure) : failure;
}

/* --- check -------------------------------------------------------------------------------------------------------- */

static gboolean fail_drifted(const GPtrArray *drifted, GError **error)
{
    g_autofree char *names = g_strjoinv(", ", (char **)drifted->pdata);
    const guint count = drifted->len - 1; /* ends with NULL */

    gourd_error_set(error, GOURD_ERROR_DIFFERS, "%s %s not as this host is now", names, count == 1 ? "is" : "are");
    return gourd_error_hint(error, "gourd machine refresh%s%s --restart", count == 1 ? " " : "",
                            count == 1 ? names : "");
}

gboolean machine_check(Session *session, GError **error)
{
    const MachineOptions *options = session->call->options;
    g_autoptr(GPtrArray) records = NULL, drifted = g_ptr_array_new();
    g_autoptr(Json) json = json_array();
    GError *failures = NULL;

    if (!machine_find_records(session, &records, error))
        return FALSE;
    for (guint i = 0; i < records->len; i++) {
        const MachineRecord *record = g_ptr_array_index(records, i);
        GError *failure = NULL;
        g_autoptr(MachineDrift) drift = machine_drift_new(session->host, record, session->notes, &failure);

        if (!drift) {
            gourd_error_prefix(&failure, "machine '%s'", record->name);
            add_failure(&failures, failure);
            continue;
        }
        if (options->json)
            json_array_append_new(json, drift_to_json(record, drift));
        else
            print_drift(session, record, drift);
        if (!machine_drift_is_none(drift))
            g_ptr_array_add(drifted, record->name);
    }
    if (options->json)
        json_print(json, &session->call->out);
    session_print_notes(session);
    if (failures) {
        g_propagate_error(error, failures);
        return FALSE;
    }
    g_ptr_array_add(drifted, NULL);
    return drifted->len == 1 || fail_drifted(drifted, error);
}

/* --- refresh ------------------------------------------------------------------------------------------------------ */

static gboolean refresh_one(Session *session, const MachineRecord *record, GError **error)
{
    const MachineOptions *options = session->call->options;
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};
    g_autoptr(StoreChange)
        change = machine_plan_refresh(session->host, record->name, options->restart, session->notes, error);
    gboolean done;

    if (!change)
        return FALSE;
    const MachineDrift *drift = change->subject;
    if (!options->json)
        print_drift(session, record, drift);
    if (plan_length(change->plan) == 0)
        return TRUE;
    if (!session_run(session, change, &mode, &done, error))
        return FALSE;
    if (!done)
        return TRUE;
    fprintf(session->call->out.file, "%s is refreshed", record->name);
    if (options->restart && drift->missing)
        fprintf(session->call->out.file, ", and not restarted, since a package is missing\n");
    else if (options->restart)
        fprintf(session->call->out.file, " and restarted\n");
    else
        fprintf(session->call->out.file, "; what runs in it is as before until it is restarted\n");
    return TRUE;
}

static gboolean refresh_all(Session *session, GError **error)
{
    g_autoptr(GPtrArray) records = NULL;
    GError *failures = NULL;

    if (!machine_find_records(session, &records, error))
        return FALSE;
    for (guint i = 0; i < records->len; i++) {
        const MachineRecord *record = g_ptr_array_index(records, i);
        GError *failure = NULL;

        if (!refresh_one(session, record, &failure)) {
            gourd_error_prefix(&failure, "cannot refresh '%s'", record->name);
            add_failure(&failures, failure);
        }
    }
    if (failures)
        g_propagate_error(error, failures);
    return !failures;
}

/* Once more if packages changed meanwhile: who called may not have noticed that. */
static gboolean refresh_settled(Session *session, GError **error)
{
    for (;;) {
        g_autofree char *before = NULL, *after = NULL;
        g_autoptr(GError) failure = NULL;

        if (!machine_settle(session->host, &before, error))
            return FALSE;
        const gboolean good = refresh_all(session, &failure);
        if (!machine_settle(session->host, &after, error))
            return FALSE;
        if (strcmp(before, after) != 0)
            continue;
        if (!good)
            g_propagate_error(error, g_steal_pointer(&failure));
        return good;
    }
}

gboolean machine_refresh(Session *session, GError **error)
{
    const MachineOptions *options = session->call->options;

    return options->wait ? refresh_settled(session, error) : refresh_all(session, error);
}

/* --- hook --------------------------------------------------------------------------------------------------------- */

static void print_hook(const Session *session, gboolean on)
{
    fprintf(session->call->out.file, on ? "machines are refreshed after each upgrade\n"
                                        : "machines are refreshed by hand: gourd machine refresh\n");
}

static gboolean show_hook(Session *session, GError **error)
{
    const MachineOptions *options = session->call->options;
    gboolean on;

    if (!machine_hook_find(session->host, &on, error))
        return FALSE;
    if (options->json) {
        g_autoptr(Json) json = json_pack("{s:b}", "hook", on);

        json_print(json, &session->call->out);
    } else
        print_hook(session, on);
    return TRUE;
}

gboolean machine_hook(Session *session, GError **error)
{
    const MachineOptions *options = session->call->options;
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};
    const char *word = session->call->operands[1];
    const gboolean on = g_strcmp0(word, "on") == 0;
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL), *shown = word ? text_escape(word) : NULL;
    gboolean done;

    if (!word)
        return show_hook(session, error);
    if (!on && strcmp(word, "off") != 0)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "the hook is 'on' or 'off', not '%s'", shown);
    g_autoptr(StoreChange) change = machine_plan_hook(session->host, on, program ? program : "", error);
    if (!change || !session_run(session, change, &mode, &done, error))
        return FALSE;
    if (done)
        print_hook(session, on);
    return TRUE;
}
