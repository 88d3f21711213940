// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <errno.h>
#include <string.h>

#define JOB_LOOK_USEC (5 * G_USEC_PER_SEC)        /* without a signal, look whether the job is still there */
#define POLL_USEC (200 * G_TIME_SPAN_MILLISECOND) /* between two looks at a unit */

/* systemd.service(5) and org.freedesktop.systemd1(5): results of units, where the word alone does not say it. */
static const struct {
    const char *result, *text;
} results[] = {
    {"timeout", "it was not ready in time"},
    {"watchdog", "it gave no sign of life any more"},
    {"start-limit-hit", "it was started too often"},
    {"protocol", "it ended before it said that it is ready"},
    {"oom-kill", "its memory was not enough"},
    {"resources", "systemd could not set it up"},
    {"condition", "a condition of the unit is not met"},
    {"exec-condition", "its ExecCondition= is not met"},
};

/* What gourd-init says as long as it has a service restarted: "unhealthy 3/3: exit 7: no answer" (src/init/watch.c). How the
 * program was ended then is of no interest. */
static gboolean append_unhealthy(GString *text, const HostUnit *unit)
{
    if (!g_str_equal(unit->result, "watchdog") || !g_str_has_prefix(unit->status_text, "unhealthy "))
        return FALSE;
    const char *colon = strstr(unit->status_text, ": ");
    g_autofree char *said = colon ? line_escape(colon, strlen(colon)) : g_strdup("");

    g_string_append_printf(text, ": its health check failed%s", said);
    return TRUE;
}

/* Appends why a unit is not up: its result, how its process ended. */
static void append_reason(GString *text, const HostUnit *unit)
{
    if (append_unhealthy(text, unit))
        return;
    g_autofree char *ended = exit_status_describe(unit->exec_main_code, unit->exec_main_status);

    if (*unit->result && !g_str_equal(unit->result, "success")) {
        g_string_append_printf(text, ": Result=%s", unit->result);
        for (guint i = 0; i < G_N_ELEMENTS(results); i++)
            if (g_str_equal(results[i].result, unit->result))
                g_string_append_printf(text, " (%s)", results[i].text);
    }
    if (ended)
        g_string_append_printf(text, "%s %s", *unit->result ? "," : ":", ended);
    if (*unit->status_text) {
        g_autofree char *said = line_escape(unit->status_text, strlen(unit->status_text));

        g_string_append_printf(text, "; its status: %s", said);
    }
}

static gboolean fail_unit(Host *host, const char *unit, const char *what, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    HostUnit state;

    g_free(host->failed_unit);
    host->failed_unit = g_strdup(unit);
    g_string_printf(text, "'%s' %s", unit, what);
    if (host_get_unit(host, unit, &state, NULL)) {
        append_reason(text, &state);
        host_unit_clear(&state);
    }
    gourd_error_set(error, GOURD_ERROR_FAILED, "%s", text->str);
    return gourd_error_hint(error, "its log: journalctl -u %s", unit);
}

/* Whether a job is still there; errors count as yes. */
static gboolean job_exists(Host *host, const char *job)
{
    sd_bus_error failure = SD_BUS_ERROR_NULL;
    char *state = NULL;
    int r = sd_bus_get_property_string(host->bus, MANAGER_NAME, job, MANAGER_NAME ".Job", "State", &failure, &state);
    gboolean is_gone = r < 0 && sd_bus_error_has_name(&failure, SD_BUS_ERROR_UNKNOWN_OBJECT);

    free(state); /* NOLINT: from malloc, not from GLib */
    sd_bus_error_free(&failure);
    return !is_gone;
}

static char *take_result(Host *host, const char *job)
{
    gpointer key, result = NULL;

    if (g_hash_table_steal_extended(host->jobs, job, &key, &result))
        g_free(key);
    return result;
}

/* Waits until a job has ended, and gives its result, or "" if nobody knows. FALSE: the connection broke. */
static gboolean wait_for_result(Host *host, const char *job, char **ret_result)
{
    char *result;
    gboolean is_gone = FALSE;

    while (!(result = take_result(host, job))) {
        int r = sd_bus_process(host->bus, NULL);

        if (r == 0 && is_gone)
            result = g_strdup("");
        if (r == 0 && !result)
            r = sd_bus_wait(host->bus, JOB_LOOK_USEC);
        if (r == 0 && !result)
            is_gone = !job_exists(host, job);
        if (r < 0 && r != -EINTR)
            return FALSE;
        if (result)
            break;
    }
    *ret_result = result;
    return TRUE;
}

/* Whether a unit has a job; for when systemd executed itself anew, which cuts all connections, but keeps jobs. */
static gboolean has_job(Host *host, const char *unit, gboolean *ret_has, GError **error)
{
    sd_bus_error failure = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    guint32 id = 0;
    g_autofree char *path = bus_find_unit(host, unit, error);

    if (!path)
        return FALSE;
    int r = sd_bus_get_property(host->bus, MANAGER_NAME, path, MANAGER_NAME ".Unit", "Job", &failure, &reply, "(uo)");
    if (r >= 0)
        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_STRUCT, "uo");
    if (r >= 0)
        r = sd_bus_message_read_basic(reply, 'u', &id);
    if (r < 0)
        bus_fail(error, &failure, -r, "cannot ask for a job");
    sd_bus_message_unref(reply);
    sd_bus_error_free(&failure);
    *ret_has = id != 0;
    return r >= 0;
}

static gboolean wait_by_looking(Host *host, const char *unit, GError **error)
{
    gboolean busy = TRUE;

    while (busy) {
        g_usleep(POLL_USEC);
        if (!has_job(host, unit, &busy, error))
            return FALSE;
    }
    return TRUE;
}

/* Without the result of a job the state of the unit has to tell. */
static gboolean is_failed(Host *host, const char *unit)
{
    HostUnit state;

    if (!host_get_unit(host, unit, &state, NULL))
        return TRUE;
    gboolean failed = g_str_equal(state.active_state, "failed") ||
                      (*state.result && !g_str_equal(state.result, "success"));
    host_unit_clear(&state);
    return failed;
}

/* Results of jobs: org.freedesktop.systemd1(5), JobRemoved. */
static gboolean judge(Host *host, const char *method, const char *unit, const char *result, GError **error)
{
    gboolean is_stop = g_str_equal(method, "StopUnit");
    const char *what = is_stop ? "did not stop" : "did not start";

    if (g_str_equal(result, "done") || (is_stop && g_str_equal(result, "skipped")))
        return TRUE;
    if (!*result && (is_stop || !is_failed(host, unit)))
        return TRUE;
    if (g_str_equal(result, "dependency"))
        what = "did not start: a unit that it needs failed";
    else if (g_str_equal(result, "canceled"))
        what = is_stop ? "did not stop: another job replaced this one" : "did not start: another job replaced this one";
    else if (g_str_equal(result, "skipped"))
        what = "did not start: a condition of the unit is not met";
    else if (g_str_equal(result, "assert"))
        what = "did not start: an assertion of the unit is not met";
    else if (g_str_equal(result, "timeout"))
        what = is_stop ? "did not stop in time" : "did not start in time";
    return fail_unit(host, unit, what, error);
}

static char *request_job(Host *host, const char *method, const char *unit, GError **error)
{
    sd_bus_message *reply = NULL;
    const char *path = NULL;

    if (!bus_call(host, method, BUS_TIMEOUT_USEC, &reply, error, "ss", unit, "replace"))
        return NULL;
    int r = sd_bus_message_read(reply, "o", &path);
    char *job = r < 0 ? NULL : g_strdup(path);
    sd_bus_message_unref(reply);
    if (!job)
        gourd_error_set_errno(error, -r, "cannot read the answer of systemd");
    return job;
}

gboolean job_run(Host *host, const char *method, const char *unit, GError **error)
{
    char *result = NULL;

    g_hash_table_remove_all(host->jobs);
    g_autofree char *job = request_job(host, method, unit, error);
    if (!job)
        return FALSE;
    if (!wait_for_result(host, job, &result)) {
        bus_close(host);
        if (!wait_by_looking(host, unit, error))
            return FALSE;
    }
    gboolean ok = judge(host, method, unit, result ? result : "", error);
    g_free(result);
    return ok;
}

/* --- several at once ---------------------------------------------------------------------------------------------- */

/* The next of the jobs that ended; *ret_index is its place. FALSE: the connection broke. */
static gboolean wait_for_any(Host *host, char **jobs, guint n_jobs, guint *ret_index, char **ret_result)
{
    for (;;) {
        for (guint i = 0; i < n_jobs; i++) {
            char *result = jobs[i] ? take_result(host, jobs[i]) : NULL;

            if (result) {
                *ret_index = i;
                *ret_result = result;
                return TRUE;
            }
        }
        int r = sd_bus_process(host->bus, NULL);
        if (r != 0 && (r > 0 || r == -EINTR))
            continue;
        if (r == 0)
            r = sd_bus_wait(host->bus, JOB_LOOK_USEC);
        if (r < 0 && r != -EINTR)
            return FALSE;
        for (guint i = 0; r == 0 && i < n_jobs; i++)
            if (jobs[i] && !job_exists(host, jobs[i]))
                g_hash_table_replace(host->jobs, g_strdup(jobs[i]), g_strdup("")); /* nobody told */
    }
}

typedef struct {
    Host *host;
    char *const *units;
    char **jobs; /* NULL: it has ended */
    guint n_units;
    GError *failure; /* the first; one that is not only due to another unit's is preferred */
    gboolean is_dependency;
    char *failed_unit;
} JobSet;

static void job_set_clear(JobSet *set)
{
    for (guint i = 0; i < set->n_units; i++)
        g_free(set->jobs[i]);
    g_free(set->jobs);
    g_clear_error(&set->failure);
    g_free(set->failed_unit);
}

static void job_set_keep(JobSet *set, const char *unit, gboolean is_dependency, GError *failure)
{
    if (set->failure && (!set->is_dependency || is_dependency)) {
        g_error_free(failure);
        return;
    }
    g_clear_error(&set->failure);
    set->failure = failure;
    set->is_dependency = is_dependency;
    g_free(set->failed_unit);
    set->failed_unit = g_strdup(unit);
}

static void job_set_end(JobSet *set, guint index, const char *result)
{
    const char *unit = set->units[index];
    GError *failure = NULL;
    gboolean ok = judge(set->host, "StartUnit", unit, result, &failure);

    if (set->host->unit_ended)
        set->host->unit_ended(unit, ok, set->host->unit_ended_data);
    if (!ok)
        job_set_keep(set, unit, g_str_equal(result, "dependency"), failure);
    g_clear_pointer(&set->jobs[index], g_free);
}

static gboolean job_set_wait(JobSet *set, guint n_jobs, GError **error)
{
    for (guint left = n_jobs; left > 0; left--) {
        g_autofree char *result = NULL;
        guint index;

        if (!wait_for_any(set->host, set->jobs, set->n_units, &index, &result)) {
            bus_close(set->host);
            break;
        }
        job_set_end(set, index, result);
    }
    for (guint i = 0; i < set->n_units; i++)
        if (set->jobs[i]) {
            if (!wait_by_looking(set->host, set->units[i], error))
                return FALSE;
            job_set_end(set, i, "");
        }
    return TRUE;
}

static gboolean job_set_run(JobSet *set, GError **error)
{
    guint n_jobs = 0;

    g_hash_table_remove_all(set->host->jobs);
    /* One that systemd has no job for, since it needs a unit that is not there, keeps no other from starting. */
    for (guint i = 0; i < set->n_units; i++) {
        GError *failure = NULL;

        set->jobs[i] = request_job(set->host, "RestartUnit", set->units[i], &failure);
        if (set->jobs[i])
            n_jobs++;
        else
            job_set_keep(set, set->units[i], FALSE, failure);
    }
    if (!job_set_wait(set, n_jobs, error))
        return FALSE;
    if (!set->failure)
        return TRUE;
    g_free(set->host->failed_unit);
    set->host->failed_unit = g_steal_pointer(&set->failed_unit);
    g_propagate_error(error, g_steal_pointer(&set->failure));
    return FALSE;
}

gboolean job_restart_all(Host *host, char *const *units, GError **error)
{
    JobSet set = {.host = host, .units = units, .n_units = g_strv_length((char **)units)};

    set.jobs = g_new0(char *, set.n_units + 1);
    gboolean ok = job_set_run(&set, error);
    job_set_clear(&set);
    return ok;
}

/* --- staying up --------------------------------------------------------------------------------------------------- */

static gboolean is_up(const HostUnit *unit)
{
    return g_str_equal(unit->active_state, "active") || g_str_equal(unit->active_state, "reloading") ||
           g_str_equal(unit->active_state, "refreshing");
}

/* Whether a unit is still up and was not restarted since the first look, when *n_restarts is negative. */
static gboolean look_steady(Host *host, const char *unit, gint64 *n_restarts, gint64 begin, GError **error)
{
    HostUnit state;

    if (!host_get_unit(host, unit, &state, error))
        return FALSE;
    if (*n_restarts < 0)
        *n_restarts = state.n_restarts;
    gboolean steady = is_up(&state) && state.n_restarts == *n_restarts;
    host_unit_clear(&state);
    if (steady)
        return TRUE;
    g_autofree char *what = g_strdup_printf("did not stay up: it ended within %u s",
                                            (guint)((g_get_monotonic_time() - begin) / G_USEC_PER_SEC) + 1);

    return fail_unit(host, unit, what, error);
}

gboolean job_watch_steady(Host *host, char *const *units, guint64 seconds, GError **error)
{
    const gint64 begin = g_get_monotonic_time(), span = (gint64)seconds * G_USEC_PER_SEC;
    guint n_units = g_strv_length((char **)units);
    g_autofree gint64 *n_restarts = g_new(gint64, n_units + 1);

    for (guint i = 0; i < n_units; i++)
        n_restarts[i] = -1;
    for (;;) {
        for (guint i = 0; i < n_units; i++)
            if (!look_steady(host, units[i], &n_restarts[i], begin, error))
                return FALSE;
        const gint64 passed = g_get_monotonic_time() - begin;
        if (passed >= span)
            return TRUE;
        g_usleep((gulong)MIN(POLL_USEC, span - passed));
    }
}
