// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <signal.h>
#include <string.h>

#define PRE_UPGRADE_LABEL "gourd.pre-upgrade" /* of an image: a command for its shell */
#define STEADY_DEFAULT_SEC 5
#define RESTARTS_MAX 1000000
#define RESTART_WINDOW_DEFAULT (10 * (guint64)G_USEC_PER_SEC) /* as Docker: who ran so long begins to count anew */

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

/* It has started when it has ended well: systemd knows by itself, and does not start one again that did. */
static gboolean add_oneshot(SpecSource *source, GError **error)
{
    ServiceSpec *spec = source->spec;

    spec->oneshot = source->options->oneshot;
    if (!spec->oneshot)
        return TRUE;
    if (spec->notify || spec->health.kind != SERVICE_HEALTH_NONE) {
        gourd_error_set(error, GOURD_ERROR_USAGE,
                        "a service that runs once is ready when it has ended: it has neither "
                        "a health check nor --notify");
        return gourd_error_hint(error, "--no-healthcheck");
    }
    if (spec->restart == SERVICE_RESTART_ALWAYS)
        spec->restart = SERVICE_RESTART_NO;
    spec->steady_sec = 0;
    return TRUE;
}

gboolean spec_add_lifecycle(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    ServiceSpec *spec = source->spec;

    spec->restart = options->restart;
    if (options->restart_max > RESTARTS_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "more than %d restarts", RESTARTS_MAX);
    spec->restart_max = (guint)MAX(options->restart_max, 0);
    spec->restart_window_usec = options->restart_window_usec == SERVICE_UNSET ? RESTART_WINDOW_DEFAULT
                                                                              : (guint64)options->restart_window_usec;
    spec->restart_delay_usec = options->restart_delay_usec;
    spec->stop_timeout_usec = options->stop_timeout_usec;
    spec->notify = options->notify;
    spec->init = options->init && !spec->process1; /* which reaps itself */
    spec->steady_sec = options->steady_sec == SERVICE_UNSET ? STEADY_DEFAULT_SEC : options->steady_sec;
    return add_oneshot(source, error) && add_stop_signal(source, error) && add_pre_upgrade(source, error);
}
