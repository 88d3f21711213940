// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <string.h>
#include <unistd.h>

typedef gboolean (*Act)(Host *host, const char *argument, GError **error);

/* Runs a tool on a snippet. On another root, the tools look for a bare name in the root's folders, and take a path for one of
 * this machine (seen in 252 and 257). A root without the tool has it done at its next boot. */
static gboolean run_on_snippet(Host *host, const char *const *command, const char *path, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) failure = NULL;
    gboolean is_own = g_str_equal(host->root, "/");

    for (guint i = 0; command[i]; i++)
        g_ptr_array_add(argv, g_strdup(command[i]));
    if (!is_own)
        g_ptr_array_add(argv, g_strconcat("--root=", host->root, NULL));
    g_ptr_array_add(argv, is_own ? g_strdup(path) : g_path_get_basename(path));
    g_ptr_array_add(argv, NULL);
    if (tool_run((const char *const *)argv->pdata, TOOL_TIMEOUT_USEC, NULL, &failure))
        return TRUE;
    if (!host->is_live && g_error_matches(failure, GOURD_ERROR, GOURD_ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return gourd_error_prefix(error, "'%s'", path);
}

static gboolean act_sysusers(Host *host, const char *argument, GError **error)
{
    static const char *const command[] = {"systemd-sysusers", NULL};

    return run_on_snippet(host, command, argument, error);
}

static gboolean act_tmpfiles(Host *host, const char *argument, GError **error)
{
    static const char *const command[] = {"systemd-tmpfiles", "--create", NULL};

    return run_on_snippet(host, command, argument, error);
}

static gboolean act_reload(Host *host, const char *argument, GError **error)
{
    return bus_call(host, "Reload", RELOAD_TIMEOUT_USEC, NULL, error, "");
}

static gboolean act_start(Host *host, const char *argument, GError **error)
{
    return job_run(host, "StartUnit", argument, error);
}

static gboolean act_restart(Host *host, const char *argument, GError **error)
{
    return job_run(host, "RestartUnit", argument, error);
}

/* What does not exist is as it should be. */
static gboolean forgive_missing(gboolean ok, GError **failure, GError **error)
{
    if (ok || g_error_matches(*failure, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) {
        g_clear_error(failure);
        return TRUE;
    }
    g_propagate_error(error, *failure);
    return FALSE;
}

static gboolean act_stop(Host *host, const char *argument, GError **error)
{
    GError *failure = NULL;

    return forgive_missing(job_run(host, "StopUnit", argument, &failure), &failure, error);
}

static gboolean act_reset_failed(Host *host, const char *argument, GError **error)
{
    GError *failure = NULL;

    return forgive_missing(bus_call(host, "ResetFailedUnit", BUS_TIMEOUT_USEC, NULL, &failure, "s", argument), &failure,
                           error);
}

static gboolean act_restart_all(Host *host, const char *argument, GError **error)
{
    g_auto(GStrv) units = g_strsplit(argument, " ", -1);

    return job_restart_all(host, units, error);
}

#define STEADY_MAX 86400 /* seconds */

static gboolean act_steady(Host *host, const char *argument, GError **error)
{
    g_auto(GStrv) words = g_strsplit(argument, " ", -1);
    guint n_units = g_strv_length(words) - 1;
    guint64 seconds;

    if (n_units == 0 || !g_ascii_string_to_unsigned(words[n_units], 10, 0, STEADY_MAX, &seconds, NULL)) {
        g_autofree char *shown = text_escape(argument);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not units and a number of seconds", shown);
    }
    g_clear_pointer(&words[n_units], g_free);
    return job_watch_steady(host, words, seconds, error);
}

static const struct {
    const char *verb;
    gboolean has_argument;
    gboolean needs_live;
    Act act;
} verbs[] = {
    {"sysusers", TRUE, FALSE, act_sysusers},
    {"tmpfiles", TRUE, FALSE, act_tmpfiles},
    {"reload", FALSE, TRUE, act_reload},
    {"start", TRUE, TRUE, act_start},
    {"stop", TRUE, TRUE, act_stop},
    {"restart", TRUE, TRUE, act_restart},
    {"steady", TRUE, TRUE, act_steady},
    {"reset-failed", TRUE, TRUE, act_reset_failed},
    {"restart-all", TRUE, TRUE, act_restart_all},
};

const char *host_failed_unit(const Host *host)
{
    return host->failed_unit;
}

void host_on_unit_ended(Host *host, HostUnitEnded ended, gpointer data)
{
    host->unit_ended = ended;
    host->unit_ended_data = data;
}

gboolean host_has_act(const char *verb)
{
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (g_str_equal(verbs[i].verb, verb))
            return TRUE;
    return FALSE;
}

gboolean host_act(const char *verb, const char *argument, Host *host, GError **error)
{
    g_clear_pointer(&host->failed_unit, g_free);
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (!g_str_equal(verbs[i].verb, verb))
            continue;
        if (verbs[i].has_argument && !argument)
            return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' of nothing", verb);
        return (verbs[i].needs_live && !host->is_live) || verbs[i].act(host, argument, error);
    }
    g_autofree char *shown = text_escape(verb);
    return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "there is no action '%s'", shown);
}
