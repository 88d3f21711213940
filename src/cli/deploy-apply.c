// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy-options.h"

#include <string.h>

#define CPUS_PER_MILLE_MAX (G_GINT64_CONSTANT(1000) * 8192) /* more processors than Linux knows */

/* What of DeployOptions becomes what of ServiceOptions. */
typedef enum {
    TAKE_TEXT,
    TAKE_WORDS, /* a text, split as by a shell */
    TAKE_LIST,
    TAKE_FILES,   /* a list of files with lines */
    TAKE_SECCOMP, /* the path of a profile, in system calls */
    TAKE_FLAG,
    TAKE_CHOICE,
    TAKE_NUMBER,
    TAKE_SIZE,
    TAKE_BYTES,    /* a text, in bytes; 0 is a size too */
    TAKE_DURATION, /* a text, in microseconds */
    TAKE_CPUS,     /* a text, in thousandths */
} Take;

typedef struct {
    const char *option;
    Take take;
    size_t from, to;
} Row;

#define ROW(option, take, from, to)                                               \
    {                                                                             \
        option, take, offsetof(DeployOptions, from), offsetof(ServiceOptions, to) \
    }

static const Row rows[] = {
    ROW("entrypoint", TAKE_WORDS, entrypoint, entrypoint),
    ROW("env", TAKE_LIST, environment, environment),
    ROW("env-file", TAKE_FILES, env_files, secret_environment),
    ROW("secure-env", TAKE_FLAG, secure_env, secure_env),
    ROW("secret", TAKE_LIST, secrets, secrets),
    ROW("secret-file", TAKE_LIST, secret_files, secret_files),
    ROW("credential", TAKE_LIST, credentials, credentials),
    ROW("workdir", TAKE_TEXT, working_dir, working_dir),
    ROW("user", TAKE_TEXT, user, user),
    ROW("description", TAKE_TEXT, description, description),
    ROW("volume", TAKE_LIST, volumes, volumes),
    ROW("bind", TAKE_LIST, binds, binds),
    ROW("tmpfs", TAKE_LIST, tmpfs, tmpfs),
    ROW("writable", TAKE_LIST, writable, writable),
    ROW("volatile", TAKE_FLAG, writable_volatile, writable_volatile),
    ROW("publish", TAKE_LIST, publish, publish),
    ROW("network", TAKE_CHOICE, network, network),
    ROW("profile", TAKE_CHOICE, profile, profile),
    ROW("allow", TAKE_LIST, allow, allow),
    ROW("capability", TAKE_LIST, capabilities, capabilities),
    ROW("device", TAKE_LIST, devices, devices),
    ROW("group-add", TAKE_LIST, groups, groups),
    ROW("cap-drop", TAKE_LIST, cap_drop, cap_drop),
    ROW("seccomp", TAKE_SECCOMP, seccomp, syscalls),
    ROW("apparmor", TAKE_TEXT, apparmor, apparmor),
    ROW("memory", TAKE_SIZE, memory, memory),
    ROW("memory-low", TAKE_SIZE, memory_low, memory_low),
    ROW("swap", TAKE_BYTES, swap, swap),
    ROW("shm-size", TAKE_SIZE, shm_size, shm_size),
    ROW("cpus", TAKE_CPUS, cpus, cpus_per_mille),
    ROW("cpu-shares", TAKE_NUMBER, cpu_shares, cpu_shares),
    ROW("cpuset", TAKE_TEXT, cpuset, cpuset),
    ROW("pids", TAKE_NUMBER, pids, pids),
    ROW("ulimit", TAKE_LIST, ulimits, ulimits),
    ROW("oom-score-adj", TAKE_TEXT, oom_score_adj, oom_score_adj),
    ROW("restart", TAKE_CHOICE, restart, restart),
    ROW("restart-max", TAKE_NUMBER, restart_max, restart_max),
    ROW("restart-delay", TAKE_DURATION, restart_delay, restart_delay_usec),
    ROW("stop-signal", TAKE_TEXT, stop_signal, stop_signal),
    ROW("stop-timeout", TAKE_DURATION, stop_timeout, stop_timeout_usec),
    ROW("after", TAKE_LIST, after, after),
    ROW("requires", TAKE_LIST, requires, requires),
    ROW("wants", TAKE_LIST, wants, wants),
    ROW("alias", TAKE_LIST, aliases, aliases),
    ROW("label", TAKE_LIST, labels, labels),
    ROW("init", TAKE_FLAG, init, init),
    ROW("oneshot", TAKE_FLAG, oneshot, oneshot),
    ROW("notify", TAKE_FLAG, notify, notify),
    ROW("pre-upgrade", TAKE_TEXT, pre_upgrade, pre_upgrade),
    ROW("post-start", TAKE_LIST, post_start, post_start),
    ROW("pre-stop", TAKE_LIST, pre_stop, pre_stop),
    ROW("log-max", TAKE_SIZE, log_max, log_max),
    ROW("steady", TAKE_NUMBER, steady, steady_sec),
    ROW("health-cmd", TAKE_TEXT, health_command, health_command),
    ROW("health-http", TAKE_TEXT, health_http, health_http),
    ROW("health-tcp", TAKE_TEXT, health_tcp, health_tcp),
    ROW("health-unix", TAKE_TEXT, health_unix, health_unix),
    ROW("health-interval", TAKE_DURATION, health_interval, health_interval_usec),
    ROW("health-timeout", TAKE_DURATION, health_timeout, health_timeout_usec),
    ROW("health-start-period", TAKE_DURATION, health_start_period, health_start_period_usec),
    ROW("health-start-interval", TAKE_DURATION, health_start_interval, health_start_interval_usec),
    ROW("health-retries", TAKE_NUMBER, health_retries, health_retries),
    ROW("no-healthcheck", TAKE_FLAG, no_healthcheck, no_healthcheck),
    ROW("backup-dump", TAKE_TEXT, backup_dump, backup_dump),
    ROW("backup-restore", TAKE_TEXT, backup_restore, backup_restore),
    ROW("backup-before", TAKE_TEXT, backup_before, backup_before),
    ROW("backup-after", TAKE_TEXT, backup_after, backup_after),
    ROW("backup-volume", TAKE_TEXT, backup_volume, backup_volume),
    ROW("backup-timeout", TAKE_DURATION, backup_timeout, backup_timeout_usec),
};

/* In the order of the rows; "command" is for the words behind "--". A test compares. */
const char *const deploy_reset_names[] = {
    "all",
    "command",
    "entrypoint",
    "env",
    "env-file",
    "secure-env",
    "secret",
    "secret-file",
    "credential",
    "workdir",
    "user",
    "description",
    "volume",
    "bind",
    "tmpfs",
    "writable",
    "volatile",
    "publish",
    "network",
    "profile",
    "allow",
    "capability",
    "device",
    "group-add",
    "cap-drop",
    "seccomp",
    "apparmor",
    "memory",
    "memory-low",
    "swap",
    "shm-size",
    "cpus",
    "cpu-shares",
    "cpuset",
    "pids",
    "ulimit",
    "oom-score-adj",
    "restart",
    "restart-max",
    "restart-delay",
    "stop-signal",
    "stop-timeout",
    "after",
    "requires",
    "wants",
    "alias",
    "label",
    "init",
    "oneshot",
    "notify",
    "pre-upgrade",
    "post-start",
    "pre-stop",
    "log-max",
    "steady",
    "health-cmd",
    "health-http",
    "health-tcp",
    "health-unix",
    "health-interval",
    "health-timeout",
    "health-start-period",
    "health-start-interval",
    "health-retries",
    "no-healthcheck",
    "backup-dump",
    "backup-restore",
    "backup-before",
    "backup-after",
    "backup-volume",
    "backup-timeout",
    NULL,
};

static const void *find_given(const Row *row, const DeployOptions *given)
{
    return (const char *)given + row->from;
}

static void *find_member(const Row *row, ServiceOptions *options)
{
    return (char *)options + row->to;
}

/* --- reset -------------------------------------------------------------------------------------------------------- */

gboolean deploy_check_reset(const char *argument, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *shown = text_escape(argument);

    for (const char *const *name = deploy_reset_names; *name; name++) {
        if (strcmp(*name, argument) == 0)
            return TRUE;
        g_ptr_array_add(names, (char *)*name);
    }
    const char *nearest = nearest_name(argument, names);
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no option of a service", shown);
    return nearest ? gourd_error_hint(error, "did you mean '%s'?", nearest)
                   : gourd_error_hint(error, "it is the name of an option without dashes, 'command', or 'all'");
}

static void reset_member(const Row *row, ServiceOptions *options)
{
    void *member = find_member(row, options);

    switch (row->take) {
    case TAKE_TEXT:
        g_clear_pointer((char **)member, g_free);
        break;
    case TAKE_WORDS:
    case TAKE_LIST:
    case TAKE_FILES:
    case TAKE_SECCOMP:
        g_clear_pointer((char ***)member, g_strfreev);
        break;
    case TAKE_FLAG:
        *(gboolean *)member = FALSE;
        break;
    case TAKE_CHOICE:
        *(int *)member = 0;
        break;
    case TAKE_SIZE:
        *(guint64 *)member = 0;
        break;
    case TAKE_NUMBER:
    case TAKE_BYTES:
    case TAKE_DURATION:
    case TAKE_CPUS:
        *(gint64 *)member = SERVICE_UNSET;
        break;
    }
}

static void reset(const char *name, ServiceOptions *options)
{
    if (strcmp(name, "all") == 0) {
        service_options_clear(options);
        return;
    }
    if (strcmp(name, "command") == 0)
        g_clear_pointer(&options->command, g_strfreev);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].option, name) == 0)
            reset_member(&rows[i], options);
    }
}

/* --- what was given ----------------------------------------------------------------------------------------------- */

gboolean deploy_parse_cpus(const char *text, gint64 *ret_per_mille, GError **error)
{
    char *end = NULL;
    double cpus = g_ascii_strtod(text, &end);
    g_autofree char *shown = text_escape(text);

    if (!g_ascii_isdigit(*text) || *end || !(cpus >= 0.001) || cpus * 1000 > (double)CPUS_PER_MILLE_MAX)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no number of processors", shown);
    *ret_per_mille = (gint64)(cpus * 1000 + 0.5);
    return TRUE;
}

gboolean deploy_parse_bytes(const char *text, gint64 *ret_bytes, GError **error)
{
    guint64 bytes;

    if (!unit_parse_size(text, &bytes, error)) {
        if (error)
            (*error)->code = GOURD_ERROR_USAGE;
        return gourd_error_hint(error, "a size is a number and a suffix, as in 512M");
    }
    if (bytes > G_MAXINT64)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is too large", text);
    *ret_bytes = (gint64)bytes;
    return TRUE;
}

static gboolean duration_parse(const char *text, gint64 *ret_usec, GError **error)
{
    guint64 usec;

    if (!unit_parse_duration(text, &usec, error)) {
        if (error)
            (*error)->code = GOURD_ERROR_USAGE;
        return gourd_error_hint(error, "a time is a number and a unit, as in 500ms, 90s or 5min");
    }
    if (usec > G_MAXINT64)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is too long", text);
    *ret_usec = (gint64)usec;
    return TRUE;
}

gboolean deploy_parse_words(const char *text, char ***ret_words, GError **error)
{
    g_autoptr(GError) problem = NULL;
    char **words = NULL;

    /* GLib calls an empty text an error; here it is a list without words. */
    if (!g_shell_parse_argv(text, NULL, &words, &problem) &&
        !g_error_matches(problem, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "cannot split into words: %s", problem->message);
    *ret_words = words ? words : g_new0(char *, 1);
    return TRUE;
}

static void set_list(char ***member, const GPtrArray *given)
{
    g_strfreev(*member);
    *member = g_strdupv((char **)given->pdata);
}

static gboolean set_files(char ***member, const GPtrArray *files, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < files->len; i++) {
        if (!env_file_read(g_ptr_array_index(files, i), lines, error))
            return FALSE;
    }
    g_strfreev(*member);
    g_ptr_array_add(lines, NULL);
    *member = g_strdupv((char **)lines->pdata);
    return TRUE;
}

static gboolean set_seccomp(char ***member, const char *path, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *text = NULL;
    char **names = NULL;
    gsize size;

    if (!g_file_get_contents(path, &text, &size, &problem))
        return gourd_error_set(error, GOURD_ERROR_FAILED, "%s", problem->message);
    if (!seccomp_profile_parse(text, size, NULL, NULL, NULL, &names, error))
        return gourd_error_prefix(error, "'%s'", path);
    g_strfreev(*member);
    *member = names;
    return TRUE;
}

static gboolean set_from_text(const Row *row, const char *text, void *member, GError **error)
{
    char **words;

    switch (row->take) {
    case TAKE_BYTES:
        return deploy_parse_bytes(text, member, error);
    case TAKE_SECCOMP:
        return set_seccomp(member, text, error);
    case TAKE_DURATION:
        return duration_parse(text, member, error);
    case TAKE_CPUS:
        return deploy_parse_cpus(text, member, error);
    case TAKE_WORDS:
        if (!deploy_parse_words(text, &words, error))
            return FALSE;
        g_strfreev(*(char ***)member);
        *(char ***)member = words;
        return TRUE;
    default:
        g_free(*(char **)member);
        *(char **)member = g_strdup(text);
        return TRUE;
    }
}

static gboolean apply_row(const Row *row, const DeployOptions *given, ServiceOptions *options, GError **error)
{
    const void *from = find_given(row, given);
    void *member = find_member(row, options);

    switch (row->take) {
    case TAKE_LIST:
        if (*(GPtrArray *const *)from && (*(GPtrArray *const *)from)->len > 0)
            set_list(member, *(GPtrArray *const *)from);
        return TRUE;
    case TAKE_FILES:
        return !*(GPtrArray *const *)from || (*(GPtrArray *const *)from)->len == 0 ||
               set_files(member, *(GPtrArray *const *)from, error);
    case TAKE_FLAG:
        if (*(const gboolean *)from)
            *(gboolean *)member = TRUE;
        return TRUE;
    case TAKE_CHOICE:
        if (*(const int *)from)
            *(int *)member = *(const int *)from - 1;
        return TRUE;
    case TAKE_NUMBER:
        if (*(const gint64 *)from != OPTION_INT_UNSET)
            *(gint64 *)member = *(const gint64 *)from;
        return TRUE;
    case TAKE_SIZE:
        if (*(const guint64 *)from)
            *(guint64 *)member = *(const guint64 *)from;
        return TRUE;
    default:
        return !*(char *const *)from || set_from_text(row, *(char *const *)from, member, error);
    }
}

gboolean deploy_apply(const DeployOptions *given, const char *const *words, ServiceOptions *options, GError **error)
{
    for (guint i = 0; given->reset && i < given->reset->len; i++)
        reset(g_ptr_array_index(given->reset, i), options);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!apply_row(&rows[i], given, options, error))
            return gourd_error_prefix(error, "option '--%s'", rows[i].option);
    }
    if (words) {
        g_strfreev(options->command);
        options->command = g_strdupv((char **)words);
    }
    return TRUE;
}
