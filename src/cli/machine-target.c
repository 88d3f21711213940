// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine-target.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

MachineRecord *machine_target_find(const Session *session, const char *text)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(StoreService) service = store_find(session->store, text, &problem);

    return service || !g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)
               ? NULL
               : machine_find(session->host, text, NULL);
}

gboolean machine_target_refuse(const Session *session, const char *name, const char *instead, GError **error)
{
    g_autoptr(MachineRecord) record = machine_target_find(session, name);

    if (!record || !g_error_matches(*error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND))
        return FALSE;
    g_clear_error(error);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "'%s' is a machine, and no service", record->name);
    return instead ? gourd_error_hint(error, "%s %s", instead, record->name) : FALSE;
}

static gboolean execute(GPtrArray *words, GError **error)
{
    g_ptr_array_add(words, NULL);
    execvp(g_ptr_array_index(words, 0), (char *const *)words->pdata);
    return gourd_error_set_errno(error, errno, "cannot run %s", (const char *)g_ptr_array_index(words, 0));
}

static void add_words(GPtrArray *words, const char *const *list)
{
    for (; *list; list++)
        g_ptr_array_add(words, (gpointer)*list);
}

static gboolean fail_stopped(const MachineRecord *record, GError **error)
{
    gourd_error_set(error, GOURD_ERROR_FAILED, "the machine %s is not running", record->name);
    return gourd_error_hint(error, "machinectl start %s", record->name);
}

/* The first process of a machine without systemd inside: there is nobody to be asked for a shell. */
static char *find_leader(const MachineRecord *record)
{
    const char *const words[] = {"machinectl", "show", "--value", "--property=Leader", record->name, NULL};
    char *text = NULL;

    if (!g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &text,
                      NULL, NULL, NULL))
        return NULL;
    g_strchomp(text);
    if (*text != '\0' && text[strspn(text, G_CSET_DIGITS)] == '\0')
        return text;
    g_free(text);
    return NULL;
}

gboolean machine_target_execute(const Session *session, const MachineRecord *record, char *const *command,
                                GError **error)
{
    static const char *const shell[] = {"/bin/sh", NULL};
    gboolean has_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    g_autofree char *machine = g_strconcat("--machine=", record->name, NULL);
    g_autofree char *state = session_describe_unit(session, record->unit), *leader = NULL, *target = NULL;
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    const char *const *program = command ? (const char *const *)command : shell;

    if (strcmp(state, "running") != 0)
        return fail_stopped(record, error);
    if (record->spec.command) {
        leader = find_leader(record);
        if (!leader)
            return fail_stopped(record, error);
        target = g_strconcat("--target=", leader, NULL);
        const char *const enter[] = {"nsenter", target, "--all", "--root", "--wd", "--", NULL};
        add_words(words, enter);
        add_words(words, program);
    } else if (has_terminal && !command) {
        const char *const ask[] = {"machinectl", "--quiet", "shell", record->name, NULL};
        add_words(words, ask);
    } else {
        const char *const ask[] = {"systemd-run", "--quiet", "--wait", "--collect", has_terminal ? "--pty" : "--pipe",
                                   machine,       "--",      NULL};
        add_words(words, ask);
        add_words(words, program);
    }
    return execute(words, error);
}

gboolean machine_target_show_journal(const Session *session, const MachineRecord *record, const GPtrArray *arguments,
                                     GError **error)
{
    g_autofree char *tree = machine_tree_path(record->name), *folder = g_strconcat(tree, "/var/log/journal", NULL);
    g_autofree char *state = session_describe_unit(session, record->unit);
    const gboolean runs = strcmp(state, "running") == 0;
    g_autofree char *which = runs ? g_strconcat("--machine=", record->name, NULL)
                                  : g_strconcat("--directory=", folder, NULL);
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    if (!runs && !g_file_test(folder, G_FILE_TEST_IS_DIR))
        return fail_stopped(record, error);
    g_ptr_array_add(words, (gpointer) "journalctl");
    g_ptr_array_add(words, which);
    for (guint i = 0; i < arguments->len; i++)
        g_ptr_array_add(words, g_ptr_array_index(arguments, i));
    return execute(words, error);
}
