// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <signal.h>
#include <string.h>

#define PRE_UPGRADE_LABEL "gourd.pre-upgrade" /* of an image: a command for its shell */
#define STEADY_DEFAULT_SEC 5

static const struct {
    const char *name; /* as systemd writes it */
    int number;
} signals[] = {
    {"SIGHUP", SIGHUP},   {"SIGINT", SIGINT},   {"SIGQUIT", SIGQUIT}, {"SIGILL", SIGILL},   {"SIGTRAP", SIGTRAP},
    {"SIGABRT", SIGABRT}, {"SIGBUS", SIGBUS},   {"SIGFPE", SIGFPE},   {"SIGKILL", SIGKILL}, {"SIGUSR1", SIGUSR1},
    {"SIGSEGV", SIGSEGV}, {"SIGUSR2", SIGUSR2}, {"SIGPIPE", SIGPIPE}, {"SIGALRM", SIGALRM}, {"SIGTERM", SIGTERM},
    {"SIGCHLD", SIGCHLD}, {"SIGCONT", SIGCONT}, {"SIGSTOP", SIGSTOP}, {"SIGTSTP", SIGTSTP}, {"SIGWINCH", SIGWINCH},
    {"SIGIO", SIGIO},     {"SIGPWR", SIGPWR},   {"SIGSYS", SIGSYS},   {"SIGURG", SIGURG},   {"SIGVTALRM", SIGVTALRM},
};

/* "RTMIN+3" and "RTMAX-2" with a number that exists; as systemd, which counts SIGRTMIN+n up to SIGRTMAX. */
static gboolean is_realtime(const char *name)
{
    static const char *const starts[] = {"RTMIN", "RTMAX"};
    guint64 offset;

    for (gsize i = 0; i < G_N_ELEMENTS(starts); i++) {
        gsize length = strlen(starts[i]);
        char sign = i == 0 ? '+' : '-';

        if (!g_str_has_prefix(name, starts[i]))
            continue;
        return name[length] == '\0' ||
               (name[length] == sign && g_ascii_string_to_unsigned(name + length + 1, 10, 0, 30, &offset, NULL));
    }
    return FALSE;
}

/* "SIGQUIT", "quit", "3", "SIGRTMIN+3" as systemd writes it; NULL if there is no such signal. */
static char *signal_name(const char *text)
{
    g_autofree char *upper = g_ascii_strup(text, -1);
    const char *bare = g_str_has_prefix(upper, "SIG") ? upper + strlen("SIG") : upper;
    guint64 number = 0;

    g_ascii_string_to_unsigned(text, 10, 1, 64, &number, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        if ((guint64)signals[i].number == number || strcmp(signals[i].name + strlen("SIG"), bare) == 0)
            return g_strdup(signals[i].name);
    if (number >= (guint64)SIGRTMIN)
        return g_strdup_printf("SIGRTMIN+%d", (int)number - SIGRTMIN);
    return is_realtime(bare) ? g_strconcat("SIG", bare, NULL) : NULL;
}

static gboolean add_stop_signal(SpecSource *source, GError **error)
{
    const char *asked = source->options->stop_signal;
    const char *text = asked ? asked : source->config->stop_signal;

    if (!*text)
        return TRUE;
    source->spec->stop_signal = signal_name(text);
    if (source->spec->stop_signal)
        return TRUE;
    g_autofree char *shown = text_escape(text);

    return gourd_error_set(error, asked ? GOURD_ERROR_USAGE : GOURD_ERROR_INPUT, "there is no signal '%s'", shown);
}

static gboolean check_units(char *const *units, const char *option, GError **error)
{
    for (gsize i = 0; units && units[i]; i++)
        if (!unit_name_is_valid(units[i], UNIT_NAME_PLAIN | UNIT_NAME_INSTANCE)) {
            g_autofree char *shown = text_escape(units[i]);

            gourd_error_set(error, GOURD_ERROR_USAGE, "%s '%s' is not the name of a unit", option, shown);
            return gourd_error_hint(error, "with its suffix: postgresql.service");
        }
    return TRUE;
}

static const char *find_pre_upgrade(const SpecSource *source)
{
    if (source->options->pre_upgrade)
        return source->options->pre_upgrade;
    for (char **label = source->config->labels; *label; label += 2)
        if (strcmp(label[0], PRE_UPGRADE_LABEL) == 0)
            return label[1];
    return "";
}

/* Run by the image's shell, which must be there. An empty command is none: so an option can take away the image's. */
static gboolean add_pre_upgrade(SpecSource *source, GError **error)
{
    const char *command = find_pre_upgrade(source);
    g_autofree char *shell = NULL;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (!*command)
        return TRUE;
    if (!spec_find_program(source, "shell", source->spec->shell[0], &shell, error))
        return gourd_error_prefix(error, "the command to run before an upgrade");
    g_strv_builder_add(builder, shell);
    g_strv_builder_addv(builder, (const char **)source->spec->shell + 1);
    g_strv_builder_add(builder, command);
    source->spec->pre_upgrade = g_strv_builder_end(builder);
    return TRUE;
}

gboolean spec_add_lifecycle(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    ServiceSpec *spec = source->spec;

    if (options->cpus_per_mille == 0 || options->pids == 0)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "a limit of nothing: no service can run with it");
    if (options->swap && !options->memory)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "a limit of swap needs one of memory");
    spec->memory = options->memory;
    spec->swap = options->swap;
    spec->cpus_per_mille = options->cpus_per_mille;
    spec->pids = options->pids;
    spec->restart = options->restart;
    spec->stop_timeout_usec = options->stop_timeout_usec;
    spec->notify = options->notify;
    spec->after = g_strdupv(options->after);
    spec->requires = g_strdupv(options->requires);
    spec->steady_sec = options->steady_sec == SERVICE_UNSET ? STEADY_DEFAULT_SEC : options->steady_sec;
    return check_units(spec->after, "--after", error) && check_units(spec->requires, "--requires", error) &&
           add_stop_signal(source, error) && add_pre_upgrade(source, error);
}
