// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transient.h"

#include "host/host.h"
#include "service/service.h"
#include "supervise.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_OF_SIGNAL 128

/* What belongs to a service that is kept running, or to the one whose name it is, and not to a process beside it. */
static const char *const left_out[] = {
    "Type",
    "ExecStart",
    "ExecStartPre",
    "ExecStartPost",
    "ExecStop",
    "ExecStopPost",
    "ExecReload",
    "ExecCondition",
    "Restart",
    "RestartSec",
    "RestartSteps",
    "RestartMaxDelaySec",
    "RestartMode",
    "WatchdogSec",
    "WatchdogSignal",
    "NotifyAccess",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "TimeoutSec",
    "SuccessExitStatus",
    "KillMode",
    "KillSignal",
    "Sockets",
    "PIDFile",
    "BusName",
    "RemainAfterExit",
    "GuessMainPID",
    "FileDescriptorStoreMax",
    "StandardInput",
    "StandardOutput",
    "StandardError",
    "TTYPath",
    "PIDFile",
    "RestartPreventExitStatus",
    "RestartForceExitStatus",
    "OOMPolicy", /* what is killed for its memory ends, and says so */
    "RemoveIPC", /* it is of the user, whom the service has too */
    "RuntimeMaxSec",
};

static gboolean is_left_out(const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS(left_out); i++)
        if (strcmp(left_out[i], key) == 0)
            return TRUE;
    return FALSE;
}

/* --- words ------------------------------------------------------------------------------------------------------------------ */

/* systemd-run takes values as they are in units, but for specifiers, which it takes literally. */
static char *expand_specifiers(const TransientRun *run, const char *name, const UnitEntry *entry, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (const char *at = entry->value; *at; at++) {
        if (*at != '%') {
            g_string_append_c(text, *at);
            continue;
        }
        at++;
        if (*at == '%')
            g_string_append_c(text, '%');
        else if (*at == 'n')
            g_string_append(text, run->unit);
        else if (*at == 'd')
            g_string_append_printf(text, "/run/credentials/%s", name);
        else if (*at == 'N' || *at == 'p')
            g_string_append_len(text, run->unit, (gssize)strcspn(run->unit, "@."));
        else {
            gourd_error_set(error, GOURD_ERROR_UNSUPPORTED,
                            "%s has %s=%s: what '%%%c' means outside of it, only systemd knows", run->unit, entry->key,
                            entry->value, *at);
            return NULL;
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void add_property(GStrvBuilder *words, const char *key, const char *value)
{
    g_autofree char *assignment = g_strconcat(key, "=", value, NULL);

    g_strv_builder_add_many(words, "-p", assignment, NULL);
}

static void add_number(GStrvBuilder *words, const char *key, guint64 number, const char *suffix)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT "%s", number, suffix);

    add_property(words, key, text);
}

static void add_limits(GStrvBuilder *words, guint64 memory, gint64 swap, gint64 cpus_per_mille, gint64 pids)
{
    g_autofree char *quota = g_strdup_printf("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT "%%", cpus_per_mille / 10,
                                             cpus_per_mille % 10);

    if (memory)
        add_number(words, "MemoryMax", memory, "");
    if (swap >= 0)
        add_number(words, "MemorySwapMax", (guint64)swap, "");
    if (cpus_per_mille > 0)
        add_property(words, "CPUQuota", quota);
    if (pids > 0)
        add_number(words, "TasksMax", (guint64)pids, "");
}

static gboolean add_settings(const TransientRun *run, const UnitFile *unit, const char *name, GStrvBuilder *words,
                             GError **error)
{
    const GPtrArray *entries = unit_file_entries(unit, "Service");

    for (guint i = 0; entries && i < entries->len; i++) {
        const UnitEntry *entry = g_ptr_array_index(entries, i);

        if (!entry->key || is_left_out(entry->key) || g_str_has_prefix(entry->key, "X-"))
            continue;
        g_autofree char *value = expand_specifiers(run, name, entry, error);
        if (!value)
            return FALSE;
        add_property(words, entry->key, value);
    }
    return TRUE;
}

/* Files that others see to, and mounts on the host. */
static void add_needs(const UnitFile *unit, GStrvBuilder *words)
{
    g_autoptr(GPtrArray) wants = unit_file_list(unit, "Unit", "Wants");
    g_autoptr(GPtrArray) mounts = unit_file_list(unit, "Unit", "RequiresMountsFor");

    for (guint i = 0; i < wants->len; i++)
        if (strstr(g_ptr_array_index(wants, i), "gourd-names.service")) {
            add_property(words, "Wants", "gourd-names.service");
            add_property(words, "After", "gourd-names.service");
        }
    for (guint i = 0; i < mounts->len; i++)
        add_property(words, "RequiresMountsFor", g_ptr_array_index(mounts, i));
}

static gboolean add_changes(const TransientRun *run, GStrvBuilder *words, GError **error)
{
    for (char *const *at = run->environment; at && *at; at++) {
        const char *equals = strchr(*at, '=');

        if (equals) {
            g_autofree char *option = g_strconcat("--setenv=", *at, NULL);

            g_strv_builder_add(words, option);
        } else
            add_property(words, "UnsetEnvironment", *at);
    }
    for (char *const *at = run->binds; at && *at; at++) {
        g_auto(GStrv) parts = g_strsplit(*at, ":", -1);
        guint n = g_strv_length(parts);

        if (n < 2 || n > 3 || *parts[0] != '/' || *parts[1] != '/')
            return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not SOURCE:PATH[:ro]", *at);
        g_autofree char *both = g_strdup_printf("%s:%s", parts[0], parts[1]);
        add_property(words, n == 3 && strcmp(parts[2], "ro") == 0 ? "BindReadOnlyPaths" : "BindPaths", both);
    }
    if (run->working_dir)
        add_property(words, "WorkingDirectory", run->working_dir);
    if (run->no_network)
        add_property(words, "PrivateNetwork", "yes");
    add_limits(words, run->memory, run->swap, run->cpus_per_mille, run->pids);
    return TRUE;
}

/* A "$" would begin a variable. */
static void add_word(GStrvBuilder *words, const char *word)
{
    g_autoptr(GString) text = g_string_new(word);

    g_string_replace(text, "$", "$$", 0);
    g_strv_builder_add(words, text->str);
}

/* Of gourd-init's options those stay that make the environment. Its program is behind "--". */
static void add_init(char *const *argv, char *const *command, GStrvBuilder *words)
{
    g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
    gboolean any = FALSE;

    for (argv++; *argv && strcmp(*argv, "--") != 0; argv++)
        if ((strcmp(*argv, "--setenv") == 0 || strcmp(*argv, "--secret") == 0) && argv[1]) {
            g_strv_builder_add_many(kept, argv[0], argv[1], NULL);
            any = TRUE;
            argv++;
        }
    g_auto(GStrv) options = g_strv_builder_end(kept);
    if (any)
        g_strv_builder_add(words, PATH_INIT_INSIDE);
    for (char **option = options; *option; option++)
        add_word(words, *option);
    if (any)
        g_strv_builder_add(words, "--");
    if (!command)
        command = *argv ? argv + 1 : argv;
    for (; *command; command++)
        add_word(words, *command);
}

static void add_program(const TransientRun *run, const char *program, char *const *argv, GStrvBuilder *words)
{
    g_strv_builder_add(words, "--");
    if (strcmp(program, PATH_INIT_INSIDE) == 0) {
        add_init(argv, run->command, words);
        return;
    }
    if (!run->command)
        add_word(words, program);
    for (char *const *word = run->command ? run->command : argv + 1; *word; word++)
        add_word(words, *word);
}

static gboolean add_command(const TransientRun *run, const UnitFile *unit, GStrvBuilder *words, GError **error)
{
    const char *value = unit_file_get(unit, "Service", "ExecStart");
    char *program = NULL, **argv = NULL;
    UnitExecFlags flags;

    if (!value)
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "%s starts no program", run->unit);
    if (!unit_unquote_exec(value, &program, &argv, &flags, error))
        return gourd_error_prefix(error, "%s: ExecStart", run->unit);
    add_program(run, program, argv, words);
    g_free(program);
    g_strfreev(argv);
    return TRUE;
}

char **transient_words(const TransientRun *run, const UnitFile *unit, const char *name, gboolean terminal,
                       GError **error)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autofree char *unit_option = g_strconcat("--unit=", name, NULL);
    g_autofree char *description = g_strdup_printf("--description=gourd run %s", run->service);

    g_strv_builder_add_many(words, "systemd-run", "--quiet", "--wait", "--service-type=exec", unit_option, description,
                            terminal ? "--pty" : "--pipe", NULL);
    /* What the service has there stays when this process ends. */
    add_property(words, "RuntimeDirectoryPreserve", "yes");
    add_needs(unit, words);
    if (!add_settings(run, unit, name, words, error) || !add_changes(run, words, error) ||
        !add_command(run, unit, words, error))
        return NULL;
    return g_strv_builder_end(words);
}

char **scope_words(const char *name, guint64 memory, gint64 swap, gint64 cpus_per_mille, gint64 pids)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autofree char *unit = g_strdup_printf("--unit=%s", name);

    g_strv_builder_add_many(words, "systemd-run", "--quiet", "--scope", "--collect", unit, NULL);
    if (geteuid() != 0)
        g_strv_builder_add(words, "--user");
    add_limits(words, memory, swap, cpus_per_mille, pids);
    g_strv_builder_add(words, "--");
    return g_strv_builder_end(words);
}

/* --- running ---------------------------------------------------------------------------------------------------------------- */

UnitFile *transient_read_unit(const char *unit, GError **error)
{
    const char *const argv[] = {"systemctl", "cat", "--no-pager", "--", unit, NULL};
    g_autofree char *text = NULL, *said = NULL;
    g_autoptr(GError) problem = NULL;
    int status = 0;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &text, &said, &status, &problem)) {
        gourd_error_set(error, GOURD_ERROR_FAILED, "cannot run systemctl: %s", problem->message);
        return NULL;
    }
    if (!g_spawn_check_wait_status(status, NULL)) {
        g_autofree char *shown = line_escape(g_strchomp(said), strlen(said));

        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "cannot read the unit '%s': %s", unit, shown);
        return NULL;
    }
    return unit_file_parse(text, strlen(text), NULL, error);
}

/* systemd-run itself ends by a signal, and would leave the unit running. */
static void pass_signal(int number, gpointer data)
{
    g_autofree char *signal_word = g_strdup_printf("--signal=%d", number);
    const char *const argv[] = {"systemctl", "kill", "--kill-who=main", signal_word, "--", data, NULL};

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                 NULL, NULL);
}

/* systemd-run has one exit status for all that is no exit status of the program: the unit, which stays where it failed, has more. */
static gboolean explain(const char *name, int *status, Notes *notes, GError **error)
{
    g_autoptr(Host) host = host_open(NULL, error);
    HostUnit unit;

    if (!host)
        return FALSE;
    if (!host_get_unit(host, name, &unit, NULL))
        return TRUE;
    gboolean setup = unit.exec_main_code == CLD_EXITED && unit.exec_main_status >= 200 && unit.exec_main_status < 250;
    if (unit.exec_main_code == CLD_KILLED || unit.exec_main_code == CLD_DUMPED)
        *status = STATUS_OF_SIGNAL + unit.exec_main_status;
    gboolean killed_by_memory = g_strcmp0(unit.result, "oom-kill") == 0;
    host_unit_clear(&unit);
    if (!host_act("reset-failed", name, host, NULL))
        setup = FALSE;
    if (killed_by_memory) {
        *status = STATUS_OF_SIGNAL + SIGKILL;
        notes_add(notes, "memory-not-enough", "it was killed because its memory was not enough; --memory gives it more",
                  NULL);
        return TRUE;
    }
    if (!setup)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_FAILED, "systemd could not set the process up (status %d)", *status);
    return gourd_error_hint(error, "its log: journalctl -u %s", name);
}

gboolean transient_run(const TransientRun *run, Notes *notes, int *ret_status, GError **error)
{
    gboolean terminal = terminal_is_wanted();
    g_autofree char *name = g_strdup_printf("gourd-run-%s-%d.service", run->service, (int)getpid());
    g_autoptr(UnitFile) unit = transient_read_unit(run->unit, error);
    g_auto(GStrv) words = unit ? transient_words(run, unit, name, terminal, error) : NULL;
    g_auto(GStrv) environment = g_get_environ();
    Supervision supervision = {
        .program = "systemd-run",
        .program_fd = -1,
        .argv = words,
        .environment = environment,
        .pass = pass_signal,
        .data = name,
    };
    int status = 0;

    if (!words || !supervise(&supervision, &status, error))
        return FALSE;
    if (status != 0 && !explain(name, &status, notes, error))
        return FALSE;
    *ret_status = status;
    return TRUE;
}
