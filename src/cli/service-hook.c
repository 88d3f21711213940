// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service-hook.h"

#include "run/run.h"

#include <string.h>

#define LINES_MAX 20 /* that are shown of what it said: the last ones */

static gboolean find_process(Host *host, const StoreHook *hook, pid_t *ret_pid, GError **error)
{
    HostUnit state;

    if (!host_get_unit(host, hook->unit, &state, error))
        return FALSE;
    *ret_pid = (pid_t)state.main_pid;
    host_unit_clear(&state);
    if (*ret_pid > 0)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_FAILED, "%s does not run any more", hook->service);
    return gourd_error_hint(error, "gourd why %s", hook->service);
}

/* The last lines, escaped. */
static GPtrArray *split_lines(const char *said)
{
    g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
    GPtrArray *last = g_ptr_array_new_with_free_func(g_free);

    for (char **line = lines; *line; line++) {
        if (!**line)
            continue;
        if (last->len == LINES_MAX)
            g_ptr_array_remove_index(last, 0);
        g_ptr_array_add(last, line_escape(*line, strlen(*line)));
    }
    return last;
}

static gboolean fail_status(const StoreHook *hook, int status, const GPtrArray *lines, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "the command '%s' of %s ended with status %d", hook->what, hook->service, status);
    if (lines->len > 0)
        g_string_append(text, "\nwhat it said:");
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(text, "\n    %s", (const char *)g_ptr_array_index(lines, i));
    return gourd_error_set(error, GOURD_ERROR_FAILED, "%s", text->str);
}

gboolean service_hook_run(Host *host, const StoreHook *hook, Notes *notes, GError **error)
{
    const PipedRun run = {
        .argv = hook->argv,
        .in = hook->in,
        .take = hook->take,
        .data = hook->data,
        .timeout_usec = hook->timeout_usec,
    };
    g_autofree char *said = NULL;
    GError *problem = NULL;
    int status = 0;
    pid_t pid;

    if (!find_process(host, hook, &pid, error))
        return FALSE;
    if (!piped_run(pid, hook->service, &run, &status, &said, &problem)) {
        if (g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_LIMIT)) {
            problem->code = GOURD_ERROR_FAILED;
            gourd_error_hint(&problem,
                             "'timeout' of x-gourd.backup, or --backup-timeout, says how long; 0 is no limit");
        }
        g_propagate_error(error, problem);
        return gourd_error_prefix(error, "the command '%s' of %s", hook->what, hook->service);
    }
    g_autoptr(GPtrArray) lines = split_lines(said);
    if (status != 0)
        return fail_status(hook, status, lines, error);
    for (guint i = 0; hook->take && i < lines->len; i++)
        notes_add(notes, "backup-said", "a command for backups had something to say", g_ptr_array_index(lines, i));
    return TRUE;
}
