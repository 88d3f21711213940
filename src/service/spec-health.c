// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <string.h>

/* What Docker takes where an image says nothing (dockerfile reference, HEALTHCHECK). */
#define INTERVAL_DEFAULT (30 * G_USEC_PER_SEC)
#define TIMEOUT_DEFAULT (30 * G_USEC_PER_SEC)
#define START_INTERVAL_DEFAULT (5 * G_USEC_PER_SEC)
#define RETRIES_DEFAULT 3
#define RETRIES_MAX 1000
#define NSEC_PER_USEC 1000
#define TIME_MAX (G_GUINT64_CONSTANT(7) * 24 * 3600 * G_USEC_PER_SEC) /* of each, so that sums of them stay sane */

/* A time: what was asked for, else the image's, else Docker's. */
static guint64 choose_time(gint64 asked_usec, gint64 image_nsec, guint64 fallback)
{
    if (asked_usec != SERVICE_UNSET)
        return (guint64)asked_usec;
    return image_nsec > 0 ? (guint64)image_nsec / NSEC_PER_USEC : fallback;
}

static gboolean add_times(const SpecSource *source, ServiceHealth *health, GError **error)
{
    const ServiceOptions *options = source->options;
    const ImageConfig *config = source->config;
    gint64 retries = options->health_retries != SERVICE_UNSET ? options->health_retries : config->healthcheck.retries;

    health->interval_usec = choose_time(options->health_interval_usec, config->healthcheck.interval_nsec,
                                        INTERVAL_DEFAULT);
    health->timeout_usec = choose_time(options->health_timeout_usec, config->healthcheck.timeout_nsec, TIMEOUT_DEFAULT);
    health->start_period_usec = choose_time(options->health_start_period_usec, config->healthcheck.start_period_nsec,
                                            0);
    health->start_interval_usec = choose_time(options->health_start_interval_usec,
                                              config->healthcheck.start_interval_nsec, START_INTERVAL_DEFAULT);
    if (health->interval_usec == 0 || health->timeout_usec == 0 || health->start_interval_usec == 0)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "a health check's interval and timeout cannot be 0");
    if (MAX(health->interval_usec, health->timeout_usec) > TIME_MAX ||
        MAX(health->start_period_usec, health->start_interval_usec) > TIME_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "a health check's times are at most a week");
    if (retries > RETRIES_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "a health check with more than %d retries", RETRIES_MAX);
    health->retries = retries > 0 ? (guint)retries : RETRIES_DEFAULT;
    return TRUE;
}

/* The probe's program must be there: a service whose check can never succeed would never be started. */
static gboolean check_argv(const SpecSource *source, char **argv, GError **error)
{
    g_autofree char *path = NULL;

    if (!spec_find_program(source, "the health check's program", argv[0], &path, error))
        return gourd_error_hint(error, "--health-http and --health-tcp need nothing in the image; --no-healthcheck "
                                       "does without");
    g_free(argv[0]);
    argv[0] = g_steal_pointer(&path);
    return TRUE;
}

static char **shell_argv(const SpecSource *source, const char *command)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    g_strv_builder_addv(builder, (const char **)source->spec->shell);
    g_strv_builder_add(builder, command);
    return g_strv_builder_end(builder);
}

static gboolean add_exec(const SpecSource *source, char **argv, GError **error)
{
    ServiceHealth *health = &source->spec->health;

    health->kind = SERVICE_HEALTH_EXEC;
    health->argv = argv;
    return check_argv(source, argv, error);
}

/* An image's HEALTHCHECK, or that of a Compose file: ["NONE"], ["CMD", ARG…], ["CMD-SHELL", COMMAND]. */
static gboolean add_test(const SpecSource *source, char **test, GError **error)
{
    if (!test[0] || strcmp(test[0], "NONE") == 0 || (strcmp(test[0], "CMD") == 0 && !test[1]))
        return TRUE;
    if (strcmp(test[0], "CMD") == 0)
        return add_exec(source, g_strdupv(test + 1), error);
    if (strcmp(test[0], "CMD-SHELL") == 0 && test[1])
        return add_exec(source, shell_argv(source, test[1]), error);

    g_autofree char *shown = text_escape(test[0]);

    return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "a health check of the unknown form '%s'", shown);
}

/* "8080", "8080/health", "host:8080/", "http://…" as a whole URL. */
static char *complete_url(const char *text)
{
    gsize digits = strspn(text, "0123456789");
    gboolean bare_port = digits > 0 && (text[digits] == '\0' || text[digits] == '/');
    g_autofree char *url = strstr(text, "://") ? g_strdup(text)
                                               : g_strconcat("http://", bare_port ? "127.0.0.1:" : "", text, NULL);

    return strchr(strstr(url, "://") + 3, '/') ? g_steal_pointer(&url) : g_strconcat(url, "/", NULL);
}

static gboolean check_url(const char *url, GError **error)
{
    if (g_str_has_prefix(url, "http://") && !strpbrk(url, " \t\r\n") && url[strlen("http://")] != '/')
        return TRUE;
    g_autofree char *shown = text_escape(url);

    gourd_error_set(error, GOURD_ERROR_USAGE, "--health-http cannot ask '%s'", shown);
    return gourd_error_hint(error, "it takes http://HOST:PORT/PATH, HOST:PORT/PATH or PORT/PATH");
}

static gboolean check_tcp(const char *target, GError **error)
{
    const char *colon = strrchr(target, ':');
    guint64 port;

    if (colon && colon > target && g_ascii_string_to_unsigned(colon + 1, 10, 1, G_MAXUINT16, &port, NULL))
        return TRUE;
    g_autofree char *shown = text_escape(target);

    return gourd_error_set(error, GOURD_ERROR_USAGE, "--health-tcp takes [HOST:]PORT, not '%s'", shown);
}

/* What was asked for on the command line. */
static gboolean add_asked(const SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    ServiceHealth *health = &source->spec->health;

    if (options->health_test)
        return add_test(source, options->health_test, error);
    if (options->health_command)
        return add_exec(source, shell_argv(source, options->health_command), error);
    if (options->health_http) {
        health->kind = SERVICE_HEALTH_HTTP;
        health->target = complete_url(options->health_http);
        return check_url(health->target, error);
    }
    if (options->health_tcp) {
        health->kind = SERVICE_HEALTH_TCP;
        health->target = g_strconcat(strchr(options->health_tcp, ':') ? "" : "127.0.0.1:", options->health_tcp, NULL);
        return check_tcp(health->target, error);
    }
    health->kind = SERVICE_HEALTH_UNIX;
    health->target = g_strdup(options->health_unix);
    return *health->target == '/' ||
           gourd_error_set(error, GOURD_ERROR_USAGE, "--health-unix takes the absolute path of a socket");
}

gboolean spec_add_health(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    ServiceSpec *spec = source->spec;
    guint asked = (options->health_test != NULL) + (options->health_command != NULL) + (options->health_http != NULL) +
                  (options->health_tcp != NULL) + (options->health_unix != NULL);

    if (asked + (options->no_healthcheck ? 1u : 0u) > 1)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "a service has one health check, or --no-healthcheck");
    if (options->no_healthcheck)
        return TRUE;
    if (asked ? !add_asked(source, error) : !add_test(source, source->config->healthcheck.test, error))
        return FALSE;
    if (spec->health.kind == SERVICE_HEALTH_NONE)
        return TRUE;
    if (options->notify) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "--notify and a health check: both would say when it is ready");
        return gourd_error_hint(error, "--no-healthcheck");
    }
    return add_times(source, &spec->health, error);
}
