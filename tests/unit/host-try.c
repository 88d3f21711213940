// SPDX-License-Identifier: LGPL-2.1-or-later

/* Calls functions of host/host.h by name, for tests/system/host.test, which has a systemd to call them on:
 *
 *   host-try [--root FOLDER] version | live | find-unit UNIT | user NAME | unit UNIT | journal UNIT SINCE LINES |
 *            act VERB [ARGUMENT] | security FILE | rows FILE
 *
 * Prints the result; an error goes to standard error as "CODE: MESSAGE", and the exit status is 1. */

#include "host/host.h"

#include <stdio.h>
#include <stdlib.h>

static gboolean do_version(Host *host, char **args, GError **error)
{
    guint version;

    if (!host_systemd_version(host, &version, error))
        return FALSE;
    printf("%u\n", version);
    return TRUE;
}

static gboolean do_live(Host *host, char **args, GError **error)
{
    printf("%s\n", host_is_live(host) ? "yes" : "no");
    return TRUE;
}

static gboolean do_find_unit(Host *host, char **args, GError **error)
{
    g_autofree char *path = host_find_unit(host, args[0]);

    printf("%s\n", path ? path : "none");
    return TRUE;
}

static gboolean do_user(Host *host, char **args, GError **error)
{
    guint32 uid, gid;

    if (host_find_user(host, args[0], &uid, &gid))
        printf("%u %u\n", uid, gid);
    else
        printf("none\n");
    return TRUE;
}

static gboolean do_unit(Host *host, char **args, GError **error)
{
    HostUnit unit;

    if (!host_get_unit(host, args[0], &unit, error))
        return FALSE;
    printf("LoadState=%s\nActiveState=%s\nSubState=%s\nResult=%s\nStatusText=%s\nUnitFileState=%s\n", unit.load_state,
           unit.active_state, unit.sub_state, unit.result, unit.status_text, unit.unit_file_state);
    printf("NRestarts=%u\nMainPID=%u\nExecMainCode=%d\nExecMainStatus=%d\n", unit.n_restarts, unit.main_pid,
           unit.exec_main_code, unit.exec_main_status);
    printf("active-since=%" G_GUINT64_FORMAT "\nmemory=%" G_GUINT64_FORMAT "\ncpu=%" G_GUINT64_FORMAT
           "\ntasks=%" G_GUINT64_FORMAT "\n",
           unit.active_since_usec, unit.memory_current, unit.cpu_usage_nsec, unit.tasks_current);
    host_unit_clear(&unit);
    return TRUE;
}

static gboolean do_journal(Host *host, char **args, GError **error)
{
    g_autoptr(GPtrArray) lines = NULL;

    if (!host_read_journal(host, args[0], g_ascii_strtoull(args[1], NULL, 10),
                           (guint)g_ascii_strtoull(args[2], NULL, 10), &lines, error))
        return FALSE;
    for (guint i = 0; i < lines->len; i++)
        printf("%s\n", (char *)g_ptr_array_index(lines, i));
    return TRUE;
}

static gboolean do_act(Host *host, char **args, GError **error)
{
    return host_act(args[0], args[1], host, error);
}

static gboolean analyze(const char *path, guint *ret_exposure, Json **ret_rows, GError **error)
{
    g_autofree char *name = g_path_get_basename(path), *text = NULL;

    return g_file_get_contents(path, &text, NULL, error) &&
           host_analyze_security(name, text, ret_exposure, ret_rows, error);
}

static gboolean do_security(Host *host, char **args, GError **error)
{
    guint exposure;

    if (!analyze(args[0], &exposure, NULL, error))
        return FALSE;
    printf("%u\n", exposure);
    return TRUE;
}

static gboolean do_rows(Host *host, char **args, GError **error)
{
    guint exposure;
    g_autoptr(Json) rows = NULL;

    if (!analyze(args[0], &exposure, &rows, error))
        return FALSE;
    g_autofree char *text = json_dumps(rows, 0);
    printf("%s\n", text);
    return TRUE;
}

static const struct {
    const char *name;
    int n_args; /* at least */
    gboolean (*run)(Host *host, char **args, GError **error);
} calls[] = {
    {"version", 0, do_version}, {"live", 0, do_live},         {"find-unit", 1, do_find_unit},
    {"user", 1, do_user},       {"unit", 1, do_unit},         {"journal", 3, do_journal},
    {"act", 1, do_act},         {"security", 1, do_security}, {"rows", 1, do_rows},
};

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    const char *root = NULL;

    if (argc > 2 && g_str_equal(argv[1], "--root")) {
        root = argv[2];
        argv += 2;
        argc -= 2;
    }
    g_autoptr(Host) host = host_open(root, &error);
    for (guint i = 0; host && argc > 1 && i < G_N_ELEMENTS(calls); i++)
        if (g_str_equal(calls[i].name, argv[1]) && argc - 2 >= calls[i].n_args && calls[i].run(host, argv + 2, &error))
            return EXIT_SUCCESS;
    fprintf(stderr, "%d: %s\n", error ? error->code : -1, error ? error->message : "no such call");
    return EXIT_FAILURE;
}
