// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <string.h>

/* --- gourd-init -------------------------------------------------------------------------------------------------------- */

/* Whether Environment= cannot say it: names with dots and dashes, values of any bytes. */
static gboolean is_odd(const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    g_autofree char *name = g_strndup(assignment, (gsize)(equals - assignment));

    return !unit_environment_is_valid(name, equals + 1);
}

static gboolean any_is_odd(char *const *environment)
{
    for (; environment && *environment; environment++)
        if (is_odd(*environment))
            return TRUE;
    return FALSE;
}

gboolean render_needs_init(const ServiceSpec *spec, gboolean main)
{
    return (spec->secrets && spec->secrets[0]) || spec->secured->len > 0 || any_is_odd(spec->environment) ||
           (main && (spec->pipes || spec->init || spec->health.kind != SERVICE_HEALTH_NONE));
}

static void add_time(GStrvBuilder *argv, const char *option, guint64 usec)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, usec);

    g_strv_builder_add_many(argv, option, text, NULL);
}

static void add_health(const ServiceHealth *health, GStrvBuilder *argv)
{
    static const char *const options[] = {NULL, NULL, "--health-http", "--health-tcp", "--health-unix"};

    if (health->kind == SERVICE_HEALTH_NONE)
        return;
    for (char **arg = health->argv; arg && *arg; arg++)
        g_strv_builder_add_many(argv, "--health-exec", *arg, NULL);
    if (health->kind != SERVICE_HEALTH_EXEC)
        g_strv_builder_add_many(argv, options[health->kind], health->target, NULL);
    add_time(argv, "--interval", health->interval_usec);
    add_time(argv, "--timeout", health->timeout_usec);
    add_time(argv, "--start-period", health->start_period_usec);
    add_time(argv, "--start-interval", health->start_interval_usec);
    add_time(argv, "--retries", health->retries);
}

/* /run/gourd/init [OPTION]… -- PROGRAM [ARG]…; more: variables beyond those of the service, or NULL. */
static char **init_argv(const ServiceSpec *spec, const char *program, char *const *argv, char *const *more,
                        gboolean main)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    g_strv_builder_add(builder, PATH_INIT_INSIDE);
    if (strcmp(argv[0], program) != 0)
        g_strv_builder_add_many(builder, "--argv0", argv[0], NULL);
    if (spec->process1 && !more)
        g_strv_builder_add(builder, "--beside");
    if (main && spec->pipes)
        g_strv_builder_add(builder, "--pipe");
    if (main && spec->stop_signal && strcmp(spec->stop_signal, "SIGTERM") != 0)
        g_strv_builder_add_many(builder, "--stop-signal", spec->stop_signal, NULL);
    if (main && spec->health.kind == SERVICE_HEALTH_NONE && !spec->notify && !spec->oneshot)
        g_strv_builder_add(builder, "--ready-on-exec");
    for (char **assignment = spec->environment; assignment && *assignment; assignment++)
        if (is_odd(*assignment))
            g_strv_builder_add_many(builder, "--setenv", *assignment, NULL);
    for (; more && *more; more++)
        g_strv_builder_add_many(builder, "--setenv", *more, NULL);
    for (char **secret = spec->secrets; secret && *secret; secret++) {
        g_autofree char *name = g_strndup(*secret, strcspn(*secret, "="));
        g_autofree char *both = g_strdup_printf("%s=%s", name, name);

        g_strv_builder_add_many(builder, "--secret", both, NULL);
    }
    for (guint i = 0; i < spec->secured->len; i++) {
        const ServiceSecret *secret = g_ptr_array_index(spec->secured, i);
        g_autofree char *both = g_strdup_printf("%s=%s", secret->name, secret->credential);

        g_strv_builder_add_many(builder, "--secret", both, NULL);
    }
    if (main)
        add_health(&spec->health, builder);
    g_strv_builder_add_many(builder, "--", program, NULL);
    g_strv_builder_addv(builder, (const char **)argv + 1);
    return g_strv_builder_end(builder);
}

/* The command goes by gourd-init, which is shown once to all of them. */
static gboolean add_init_command(const Render *render, const char *key, UnitExecFlags flags, char *const *argv,
                                 UnitFile *unit, GError **error)
{
    g_autofree char *bind = NULL;
    g_autoptr(GPtrArray) binds = unit_file_list(unit, "Service", "BindReadOnlyPaths");

    if (!render->context->init_path) {
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "this service needs gourd-init, which was not found");
        return gourd_error_hint(error, "it is installed with gourd; health checks, secrets in the environment and "
                                       "output by the name /dev/stdout go through it");
    }
    bind = unit_quote_bind("", render->context->init_path, PATH_INIT_INSIDE, NULL, error);
    if (!bind)
        return FALSE;
    if (!binds || !g_ptr_array_find_with_equal_func(binds, bind, g_str_equal, NULL))
        unit_file_add(unit, "Service", "BindReadOnlyPaths", bind);
    return render_take(unit, key, unit_quote_exec(PATH_INIT_INSIDE, (const char *const *)argv, flags, error));
}

gboolean render_exec(const Render *render, const char *program, char *const *argv, gboolean main, UnitFile *unit,
                     GError **error)
{
    if (!render_needs_init(render->spec, main))
        return render_take(unit, "ExecStart", unit_quote_exec(program, (const char *const *)argv, 0, error));
    g_auto(GStrv) whole = init_argv(render->spec, program, argv, NULL, main);

    return add_init_command(render, "ExecStart", 0, whole, unit, error);
}

static gboolean add_hook(const Render *render, const char *key, UnitExecFlags flags, const ServiceHook *hook,
                         UnitFile *unit, GError **error)
{
    flags |= hook->as_root && render->spec->user.kind != SERVICE_USER_ROOT ? UNIT_EXEC_NO_SETUID : 0;
    if (!*hook->environment && !render_needs_init(render->spec, FALSE))
        return render_take(unit, key, unit_quote_exec(hook->program, (const char *const *)hook->argv, flags, error));
    g_auto(GStrv) whole = init_argv(render->spec, hook->program, hook->argv, hook->environment, FALSE);

    return add_init_command(render, key, flags, whole, unit, error);
}

gboolean render_hooks(const Render *render, UnitFile *unit, GError **error)
{
    const ServiceSpec *spec = render->spec;

    for (guint i = 0; i < spec->post_start->len; i++)
        if (!add_hook(render, "ExecStartPost", 0, g_ptr_array_index(spec->post_start, i), unit, error))
            return FALSE;
    /* A service that does not stop as it should has stopped all the same. */
    for (guint i = 0; i < spec->pre_stop->len; i++)
        if (!add_hook(render, "ExecStop", UNIT_EXEC_IGNORE_FAILURE, g_ptr_array_index(spec->pre_stop, i), unit, error))
            return FALSE;
    return TRUE;
}

/* --- environment ------------------------------------------------------------------------------------------------------- */

/* What systemd would add by itself: of the host's user, and of the host's language, which the image may not know. */
static const char *const foreign[] = {
    "USER",       "LOGNAME",    "SHELL",        "LANG",           "LANGUAGE",          "LC_CTYPE",
    "LC_NUMERIC", "LC_TIME",    "LC_COLLATE",   "LC_MONETARY",    "LC_MESSAGES",       "LC_PAPER",
    "LC_NAME",    "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION",
};

static void add_unset(const ServiceSpec *spec, UnitFile *unit)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(foreign); i++)
        if (!spec_get_environment(spec, foreign[i]))
            g_string_append_printf(names, "%s%s", names->len > 0 ? " " : "", foreign[i]);
    if (names->len > 0)
        unit_file_add(unit, "Service", "UnsetEnvironment", names->str);
}

/* NAME=FILE for LoadCredential=. */
static gboolean add_credentials(char *const *credentials, UnitFile *unit, GError **error)
{
    for (; credentials && *credentials; credentials++) {
        const char *equals = strchr(*credentials, '=');
        g_autofree char *name = g_strndup(*credentials, (gsize)(equals - *credentials));
        g_autofree char *path = unit_quote_single_path("", equals + 1, error);

        if (!path)
            return FALSE;
        if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != strlen(name)) {
            g_autofree char *shown = text_escape(name);

            return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no name for a credential", shown);
        }
        unit_file_addf(unit, "Service", "LoadCredential", "%s:%s", name, path);
    }
    return TRUE;
}

/* Of variables; their files are the release's. */
static gboolean add_secured(const Render *render, UnitFile *unit, GError **error)
{
    for (guint i = 0; i < render->spec->secured->len; i++) {
        const ServiceSecret *secret = g_ptr_array_index(render->spec->secured, i);
        g_autofree char *path = render_credential_path(render->context, secret->credential);
        g_autofree char *file = unit_quote_single_path("", path, error);

        if (!file)
            return FALSE;
        unit_file_addf(unit, "Service", secret->is_encrypted ? "LoadCredentialEncrypted" : "LoadCredential", "%s:%s",
                       secret->credential, file);
    }
    return TRUE;
}

gboolean render_environment(const Render *render, UnitFile *unit, GError **error)
{
    const ServiceSpec *spec = render->spec;

    for (char **assignment = spec->environment; *assignment; assignment++) {
        const char *equals = strchr(*assignment, '=');
        g_autofree char *name = g_strndup(*assignment, (gsize)(equals - *assignment));

        if (!is_odd(*assignment) && !render_take(unit, "Environment", unit_quote_environment(name, equals + 1, error)))
            return FALSE;
    }
    if (spec->secret_environment[0]) {
        g_autofree char *path = render_generated_path(render->context, "environment");

        if (!render_take(unit, "EnvironmentFile", unit_quote_single_path("", path, error)))
            return FALSE;
    }
    add_unset(spec, unit);
    return add_credentials(spec->secrets, unit, error) && add_credentials(spec->credentials, unit, error) &&
           add_secured(render, unit, error);
}

/* A value as EnvironmentFile= reads it: in double quotes a backslash takes the next of these as it is, and line breaks stay
 * (systemd.exec(5), EnvironmentFile=; systemd's src/basic/env-file.c). */
static void append_value(GString *out, const char *value)
{
    g_string_append_c(out, '"');
    for (; *value; value++) {
        if (strchr("\"\\`$", *value))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *value);
    }
    g_string_append(out, "\"\n");
}

gboolean render_environment_file(const Render *render, GError **error)
{
    char *const *environment = render->spec->secret_environment;
    g_autofree char *path = render_generated_path(render->context, "environment");
    g_autoptr(GString) text = g_string_new(NULL);

    if (!environment[0])
        return TRUE;
    for (; *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        g_autofree char *name = g_strndup(*environment, (gsize)(equals - *environment));

        if (is_odd(*environment)) {
            g_autofree char *shown = text_escape(name);

            gourd_error_set(error, GOURD_ERROR_UNSUPPORTED,
                            "the secret variable '%s' has a name or a value that systemd does not take", shown);
            return gourd_error_hint(error, "names are letters, digits and '_', values UTF-8; --secret takes any value");
        }
        g_string_append_printf(text, "%s=", name);
        append_value(text, equals + 1);
    }
    render_add_file(render, path, 0600, "Values that are secret. 'gourd upgrade' writes a new file.", text->str);
    return TRUE;
}
