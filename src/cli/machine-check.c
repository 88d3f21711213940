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
    print_vector(session, "kept", drift->kept, "changed inside, the package's goes beside it as .dpkg-dist");
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
    return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "machine", record->name, "current",
                     (int)machine_drift_is_none(drift), "missing", vector_to_json(drift->missing), "upgrades", upgrades,
                     "files", files, "kept", vector_to_json(drift->kept), "users", vector_to_json(drift->users),
                     "old_code", vector_to_json(drift->old_code));
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

    if (!machine_find_records(session, &records, error))
        return FALSE;
    for (guint i = 0; i < records->len; i++) {
        const MachineRecord *record = g_ptr_array_index(records, i);
        g_autoptr(MachineDrift) drift = machine_drift_new(session->host, record, session->notes, error);

        if (!drift)
            return gourd_error_prefix(error, "machine '%s'", record->name);
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
    if (options->restart)
        fprintf(session->call->out.file, " and restarted\n");
    else
        fprintf(session->call->out.file, "; what runs in it is as before until it is restarted\n");
    return TRUE;
}

gboolean machine_refresh(Session *session, GError **error)
{
    g_autoptr(GPtrArray) records = NULL;

    if (!machine_find_records(session, &records, error))
        return FALSE;
    for (guint i = 0; i < records->len; i++) {
        const MachineRecord *record = g_ptr_array_index(records, i);

        if (!refresh_one(session, record, error))
            return gourd_error_prefix(error, "cannot refresh '%s'", record->name);
    }
    return TRUE;
}

/* --- hook --------------------------------------------------------------------------------------------------------- */

gboolean machine_hook(Session *session, GError **error)
{
    const MachineOptions *options = session->call->options;
    const SessionMode mode = {.dry_run = options->dry_run, .json = options->json};
    const char *word = session->call->operands[1];
    const gboolean on = strcmp(word, "on") == 0;
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL), *shown = text_escape(word);
    gboolean done;

    if (!on && strcmp(word, "off") != 0)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "the hook is 'on' or 'off', not '%s'", shown);
    g_autoptr(StoreChange) change = machine_plan_hook(session->host, on, program ? program : "", error);
    if (!change || !session_run(session, change, &mode, &done, error))
        return FALSE;
    if (done)
        fprintf(session->call->out.file,
                on ? "machines are refreshed after each upgrade by apt\n" : "machines are refreshed by hand\n");
    return TRUE;
}
