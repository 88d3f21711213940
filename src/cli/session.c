// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session.h"

#include "interrupt.h"
#include "listing.h"
#include "progress.h"
#include "report.h"
#include "service-hook.h"
#include "why-print.h"

#include "machine/machine.h"

#include <string.h>
#include <unistd.h>

/* --- opening ------------------------------------------------------------------------------------------------------ */

void session_close(Session *session)
{
    store_free(session->store);
    host_free(session->host);
    notes_free(session->notes);
}

/* "up" of a gourd that runs; NULL: that process is none. Its other words may be long, and have secrets in them. The caller frees. */
static char *find_verb(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid), *bytes = NULL;
    gsize size = 0;

    if (pid <= 0 || !g_file_get_contents(path, &bytes, &size, NULL) || size == 0 || bytes[size - 1] != '\0')
        return NULL;
    const char *verb = bytes + strlen(bytes) + 1;
    g_autofree char *name = g_path_get_basename(bytes);
    return verb < bytes + size && strcmp(name, "gourd") == 0 ? text_escape(verb) : NULL;
}

static void say_waiting(pid_t holder, gpointer data)
{
    const Call *call = data;
    g_autofree char *verb = find_verb(holder);

    if (call->common->quiet)
        return;
    if (verb)
        fprintf(call->err.file, "another gourd is changing something: waiting for it (gourd %s, process %d)\n", verb,
                (int)holder);
    else
        fputs("another gourd is changing something: waiting for it\n", call->err.file);
}

void session_print_notes(const Session *session)
{
    if (!session->call->common->quiet)
        report_notes(&session->call->err, notes_list(session->notes), session->call->common->verbose);
}

static gboolean open_store(Session *session, const Call *call, const char *root, GError **error)
{
    session->call = call;
    session->notes = notes_new();
    session->host = host_open(root, error);
    session->store = session->host ? store_new(session->host, error) : NULL;
    if (!session->store)
        return FALSE;
    store_set_other_act(session->store, machine_act);
    store_set_hook_run(session->store, service_hook_run);
    return TRUE;
}

gboolean session_lock(Session *session, GError **error)
{
    const Call *call = session->call;
    g_autoptr(Notes) recovery = notes_new();
    gboolean locked = store_lock(session->store, say_waiting, (gpointer)call, recovery, error);

    if (!call->common->quiet)
        report_notes(&call->err, notes_list(recovery), call->common->verbose);
    return locked;
}

gboolean session_open_before_lock(Session *session, const Call *call, const char *root, GError **error)
{
    return open_store(session, call, root, error) && store_check_lock(session->store, error);
}

gboolean session_open(Session *session, const Call *call, const char *root, gboolean for_change, GError **error)
{
    if (!open_store(session, call, root, error))
        return FALSE;
    if (for_change)
        return session_lock(session, error);
    if (store_is_unfinished(session->store))
        notes_add(session->notes, "unfinished",
                  "a gourd was killed before it was done; the next one that changes something undoes what it did",
                  NULL);
    return TRUE;
}

char *find_init_program(void)
{
    static const char *const places[] = {"init/gourd-init", "gourd-init", "../lib/gourd/gourd-init", NULL};
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program) : NULL;

    for (const char *const *place = places; folder && *place; place++) {
        g_autofree char *path = g_build_filename(folder, *place, NULL);

        if (access(path, X_OK) == 0)
            return g_canonicalize_filename(path, "/");
    }
    return NULL;
}

/* --- units -------------------------------------------------------------------------------------------------------- */

char *host_unit_describe(const HostUnit *status)
{
    const char *state = status->active_state ? status->active_state : "unknown";

    if (strcmp(state, "active") == 0 && g_strcmp0(status->sub_state, "exited") == 0)
        return g_strdup("done");
    if (strcmp(state, "active") == 0)
        return g_strdup(status->status_text && g_str_has_prefix(status->status_text, "unhealthy") ? "unhealthy"
                                                                                                  : "running");
    if (strcmp(state, "inactive") == 0)
        return g_strdup("stopped");
    if (strcmp(state, "activating") == 0)
        return g_strdup(g_strcmp0(status->sub_state, "auto-restart") == 0 ? "restarting" : "starting");
    return g_strdup(strcmp(state, "deactivating") == 0 ? "stopping" : state);
}

char *session_describe_unit(const Session *session, const char *unit)
{
    HostUnit status;

    if (!host_is_live(session->host) || !host_get_unit(session->host, unit, &status, NULL))
        return g_strdup("-");
    char *text = host_unit_describe(&status);
    host_unit_clear(&status);
    return text;
}

/* --- dry runs ----------------------------------------------------------------------------------------------------- */

static Style style_of_line(const char *line)
{
    static const struct {
        const char *prefix;
        Style style;
    } styles[] = {
        {"+++", STYLE_BOLD}, {"---", STYLE_BOLD}, {"@@", STYLE_CYAN}, {"+", STYLE_GREEN}, {"-", STYLE_RED},
    };

    for (guint i = 0; i < G_N_ELEMENTS(styles); i++) {
        if (g_str_has_prefix(line, styles[i].prefix))
            return styles[i].style;
    }
    return STYLE_NONE;
}

static gboolean print_plan(const Session *session, const StoreChange *change, GError **error)
{
    const Screen *out = &session->call->out;
    g_autofree char *text = NULL;

    if (!plan_to_text(change->plan, host_root(session->host), &text, error))
        return FALSE;
    if (!*text)
        fputs("nothing would change\n", out->file);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] && (lines[i + 1] || *lines[i]); i++) {
        Style style = style_of_line(lines[i]);

        fprintf(out->file, "%s%s%s\n", screen_begin(out, style), lines[i], screen_end(out, style));
    }
    return TRUE;
}

static Json *release_to_json(guint revision, const char *version)
{
    return revision ? json_pack("{s:i, s:s}", "revision", (int)revision, "version", version) : json_null();
}

static Json *members_to_json(const StoreChange *change)
{
    Json *list = json_array();

    for (guint i = 0; i < change->members->len; i++) {
        const StoreChange *member = g_ptr_array_index(change->members, i);
        const char *what = member->to == 0              ? "removed"
                           : member->from == 0          ? "new"
                           : member->from == member->to ? "none"
                                                        : "changed";

        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o, s:o, s:b}", "name", member->name, "change", what, "from",
                                        release_to_json(member->from, member->from_version), "to",
                                        release_to_json(member->to, member->to_version), "started", member->started));
    }
    return list;
}

static gboolean print_plan_json(const Session *session, const StoreChange *change, GError **error)
{
    Json *plan;

    if (!plan_to_json(change->plan, host_root(session->host), &plan, error))
        return FALSE;
    g_autoptr(Json) json = json_pack("{s:o, s:o}", "plan", plan, "notes", notes_to_json(notes_list(session->notes)));
    if (change->members)
        json_object_set_new(json, "services", members_to_json(change));
    json_print(json, &session->call->out);
    return TRUE;
}

/* --- doing -------------------------------------------------------------------------------------------------------- */

typedef struct {
    const Call *call;
    Progress *progress;
    char *what; /* the change that is being made */
} Watch;

static void show_change(guint number, guint total, const char *what, gpointer data)
{
    Watch *watch = data;
    char *before = watch->what;

    watch->what = g_strdup(what);
    if (watch->call->common->verbose)
        fprintf(watch->call->err.file, "%u/%u %s\n", number + 1, total, what);
    else
        progress_wait(watch->progress, watch->what);
    g_free(before);
}

static void show_copied(guint64 done, guint64 total, gpointer data)
{
    Watch *watch = data;

    progress_update(watch->progress, "copying", done, total);
}

static gboolean apply(Session *session, const StoreChange *change, GError **error)
{
    const Call *call = session->call;
    gboolean shows = !call->common->quiet && !call->common->verbose;
    Watch watch = {.call = call, .progress = shows ? progress_new(&call->err, NULL) : NULL};
    PlanActor actor = {.before = show_change, .copied = show_copied, .data = &watch};

    interrupt_undoes(host_root(session->host), plan_title(change->plan));
    gboolean applied = store_apply(session->store, change, &actor, session->notes, error);
    interrupt_kills();
    progress_free(watch.progress);
    g_free(watch.what);
    return applied;
}

/* "version 1.0 runs again", or what else is so now. */
static char *describe_aftermath(const Session *session, const StoreChange *change)
{
    const GPtrArray *not_revived = store_not_revived(session->store);

    for (guint i = 0; i < not_revived->len; i++) {
        const char *unit = g_ptr_array_index(not_revived, i);

        return g_strdup_printf("all files are as before, but %s could not be brought back", unit);
    }
    if (change->lasting)
        return g_strdup(change->lasting);
    if (change->from && host_is_live(session->host) && change->to != 0 && change->started) {
        g_autofree char *state = session_describe_unit(session, change->unit);

        return g_strdup_printf("version %s is active again, and %s", change->from_version, state);
    }
    return g_strdup("everything is as before");
}

/* What to do about the first thing that was found, or NULL. What was to be new is not there now to be upgraded. The caller frees. */
static char *find_remedy(const Why *why, const StoreChange *change)
{
    const WhyFinding *finding = why && why->findings->len > 0 ? g_ptr_array_index(why->findings, 0) : NULL;
    GString *remedy = finding && finding->remedy ? g_string_new(finding->remedy) : NULL;

    if (!remedy)
        return NULL;
    if (change->from == 0)
        g_string_replace(remedy, "gourd upgrade … --", "gourd install … --", 0);
    return g_string_free(remedy, FALSE);
}

/* Puts what the journal says, and why that is, between the message and its hint. */
static void explain_failure(const Session *session, const StoreChange *change, GError **error)
{
    g_autofree char *message = NULL, *hint = NULL, *aftermath = describe_aftermath(session, change);
    g_autoptr(GString) text = g_string_new(NULL);
    const char *unit = NULL;
    const GPtrArray *lines = store_failure_lines(session->store, &unit);
    const Why *why = store_failure_why(session->store);
    g_autofree char *remedy = find_remedy(why, change);
    GourdError code = (GourdError)(*error)->code;

    gourd_error_split(*error, &message, &hint);
    g_clear_error(error);
    g_string_printf(text, "cannot %s: %s", plan_title(change->plan), message);
    if (lines && lines->len > 0)
        g_string_append_printf(text, "\nwhat the journal has of %s:", unit);
    for (guint i = 0; lines && i < lines->len; i++)
        g_string_append_printf(text, "\n    %s", (const char *)g_ptr_array_index(lines, i));
    if (why)
        why_append(text, why);
    g_string_append_printf(text, "\n%s", aftermath);
    gourd_error_set(error, code, "%s", text->str);
    if (remedy)
        gourd_error_hint(error, "%s", remedy);
    else if (hint)
        gourd_error_hint(error, "%s", hint);
}

static void print_json(const Session *session, const StoreChange *change)
{
    g_autoptr(Json) json = json_object();

    if (*change->name)
        json_object_set_new(json, "service", json_string(change->name));
    json_object_set_new(json, "changed", json_boolean(plan_length(change->plan) > 0));
    if (change->unit) {
        g_autofree char *state = session_describe_unit(session, change->unit);

        json_object_set_new(json, "unit", json_string(change->unit));
        json_object_set_new(json, "from", release_to_json(change->from, change->from_version));
        json_object_set_new(json, "to", release_to_json(change->to, change->to_version));
        json_object_set_new(json, "state", json_string(state));
    }
    if (change->members)
        json_object_set_new(json, "services", members_to_json(change));
    json_object_set_new(json, "bytes_freed", json_integer((json_int_t)change->bytes));
    json_object_set_new(json, "notes", notes_to_json(notes_list(session->notes)));
    json_print(json, &session->call->out);
}

gboolean session_run(Session *session, const StoreChange *change, const SessionMode *mode, gboolean *ret_done,
                     GError **error)
{
    *ret_done = FALSE;
    if (mode->dry_run && mode->json)
        return print_plan_json(session, change, error);
    if (mode->dry_run) {
        session_print_notes(session);
        return print_plan(session, change, error);
    }
    GError *failure = NULL;
    if (!apply(session, change, &failure)) {
        explain_failure(session, change, &failure);
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (mode->json)
        print_json(session, change);
    else
        session_print_notes(session);
    *ret_done = !mode->json && !session->call->common->quiet;
    return TRUE;
}
