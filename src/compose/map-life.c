// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

/* --- start and order ----------------------------------------------------------------------------------------------- */

gboolean map_depends_on(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next) {
        const char *word = compose_node_get_text(item, "condition");
        StackCondition condition = g_strcmp0(word, "service_healthy") == 0                  ? STACK_HEALTHY
                                   : g_strcmp0(word, "service_completed_successfully") == 0 ? STACK_COMPLETED
                                                                                            : STACK_STARTED;

        const ComposeNode *other = compose_node_get(map->definition->parent, item->key);
        g_auto(GStrv) names = other ? map_list_replicas(other) : g_new0(char *, 1);

        for (char **name = names; *name; name++)
            stack_service_add_dependency(map->service, *name, condition, compose_node_get_bool(item, "required", TRUE),
                                         compose_node_get_bool(item, "restart", FALSE));
    }
    return TRUE;
}

gboolean map_init(Map *map, const ComposeNode *value, GError **error)
{
    map->options->init = value->boolean;
    return TRUE;
}

/* Words as for a shell, variables in front. */
static char *format_hook(const ComposeNode *hook)
{
    const ComposeNode *command = compose_node_get(hook, "command"),
                      *environment = compose_node_get(hook, "environment");
    g_autoptr(GString) text = g_string_new(compose_node_get_bool(hook, "privileged", FALSE) ? "!" : "");

    for (const ComposeNode *item = environment ? environment->first : NULL; item; item = item->next) {
        g_autofree char *word = g_strconcat(item->key, "=", item->text ? item->text : "", NULL);
        g_autofree char *quoted = g_shell_quote(word);

        g_string_append_printf(text, "%s ", quoted);
    }
    for (const ComposeNode *item = command ? command->first : NULL; item; item = item->next) {
        g_autofree char *quoted = g_shell_quote(item->text ? item->text : "");

        g_string_append_printf(text, "%s%s", quoted, item->next ? " " : "");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean map_hook(Map *map, const ComposeNode *hook, char ***vector, GError **error)
{
    const ComposeNode *user = compose_node_get(hook, "user"), *folder = compose_node_get(hook, "working_dir");
    const char *own = compose_node_get_text(map->definition, "user");

    if (folder)
        return map_set_unsupported(folder, "a hook runs where the service does", "cd in a shell: [sh, -c, \"cd …\"]",
                                   error);
    if (user && g_strcmp0(user->text, own) != 0 && !compose_node_get_bool(hook, "privileged", FALSE))
        return map_set_unsupported(user, "a hook runs as the service's user", "privileged: true runs it as root",
                                   error);
    if (!compose_node_get(hook, "command") || compose_node_get(hook, "command")->n_items == 0)
        return compose_error(error, GOURD_ERROR_INPUT, hook, "it has no command");
    g_autofree char *text = format_hook(hook);
    vector_append(vector, text);
    return TRUE;
}

gboolean map_hooks(Map *map, const ComposeNode *value, GError **error)
{
    char ***vector = strcmp(value->key, "post_start") == 0 ? &map->options->post_start : &map->options->pre_stop;

    for (const ComposeNode *hook = value->first; hook; hook = hook->next)
        if (!map_hook(map, hook, vector, error))
            return FALSE;
    return TRUE;
}

/* --- restarts and the end ------------------------------------------------------------------------------------------ */

gboolean map_restart(Map *map, const ComposeNode *value, GError **error)
{
    ServiceOptions *options = map->options;
    const char *word = value->text;

    if (strcmp(word, "always") == 0 || strcmp(word, "unless-stopped") == 0) {
        options->restart = SERVICE_RESTART_ALWAYS;
    } else if (strcmp(word, "on-failure") == 0) {
        options->restart = SERVICE_RESTART_ON_FAILURE;
    } else if (g_str_has_prefix(word, "on-failure:")) {
        options->restart = SERVICE_RESTART_ON_FAILURE;
        if (!g_ascii_string_to_signed(word + strlen("on-failure:"), 10, 0, G_MAXINT32, &options->restart_max, NULL))
            return compose_error(error, GOURD_ERROR_INPUT, value, "'%s' has no number", word);
    } else if (strcmp(word, "no") == 0) {
        options->restart = SERVICE_RESTART_NO;
    } else {
        compose_error(error, GOURD_ERROR_INPUT, value, "there is no restart policy '%s'", word);
        return gourd_error_hint(error, "it may be: no, always, unless-stopped, on-failure, on-failure:NUMBER");
    }
    return TRUE;
}

gboolean map_stop_signal(Map *map, const ComposeNode *value, GError **error)
{
    map->options->stop_signal = g_strdup(value->text);
    return TRUE;
}

gboolean map_stop_grace_period(Map *map, const ComposeNode *value, GError **error)
{
    return compose_node_duration(value, &map->options->stop_timeout_usec, error);
}

/* --- health -------------------------------------------------------------------------------------------------------- */

static gboolean read_times(Map *map, const ComposeNode *value, GError **error)
{
    ServiceOptions *options = map->options;
    const struct {
        const char *key;
        gint64 *usec;
    } times[] = {
        {"interval", &options->health_interval_usec},
        {"timeout", &options->health_timeout_usec},
        {"start_period", &options->health_start_period_usec},
        {"start_interval", &options->health_start_interval_usec},
    };

    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        const ComposeNode *time = compose_node_get(value, times[i].key);
        gint64 usec;

        if (time && !compose_node_duration(time, &usec, error))
            return FALSE;
        if (time && usec > 0) /* 0 is the default, for Docker too */
            *times[i].usec = usec;
    }
    return TRUE;
}

gboolean map_healthcheck(Map *map, const ComposeNode *value, GError **error)
{
    ServiceOptions *options = map->options;
    const ComposeNode *test = compose_node_get(value, "test");

    if (compose_node_get_bool(value, "disable", FALSE) ||
        (test && test->first && g_strcmp0(test->first->text, "NONE") == 0)) {
        options->no_healthcheck = TRUE;
        return TRUE;
    }
    const ComposeNode *program = test && test->first ? test->first->next : NULL;
    if (test && (!program || !program->text || !*program->text)) {
        compose_error(error, GOURD_ERROR_INPUT, test, "the health check runs nothing");
        return gourd_error_hint(error,
                                "test: [\"CMD\", \"program\", \"argument\"]; disable: true takes the image's away");
    }
    if (test)
        options->health_test = map_texts(test);
    gint64 retries = compose_node_get_int(value, "retries", 0);
    if (retries > 0)
        options->health_retries = retries;
    return read_times(map, value, error);
}

/* --- deploy -------------------------------------------------------------------------------------------------------- */

static gboolean map_restart_policy(Map *map, const ComposeNode *policy, GError **error)
{
    ServiceOptions *options = map->options;
    const char *condition = compose_node_get_text(policy, "condition");
    const ComposeNode *delay = compose_node_get(policy, "delay"), *window = compose_node_get(policy, "window");

    if (compose_node_get(map->definition, "restart"))
        return TRUE; /* as docker compose: the service's own key is what counts */
    options->restart = g_strcmp0(condition, "none") == 0         ? SERVICE_RESTART_NO
                       : g_strcmp0(condition, "on-failure") == 0 ? SERVICE_RESTART_ON_FAILURE
                                                                 : SERVICE_RESTART_ALWAYS;
    options->restart_max = compose_node_get_int(policy, "max_attempts", SERVICE_UNSET);
    return (!delay || compose_node_duration(delay, &options->restart_delay_usec, error)) &&
           (!window || compose_node_duration(window, &options->restart_window_usec, error));
}

gboolean map_deploy(Map *map, const ComposeNode *value, GError **error)
{
    const ComposeNode *resources = compose_node_get(value, "resources");
    const ComposeNode *policy = compose_node_get(value, "restart_policy"), *labels = compose_node_get(value, "labels");
    const ComposeNode *mode = compose_node_get(value, "mode");
    if (mode && g_str_has_suffix(mode->text, "-job"))
        return map_set_unsupported(mode, "jobs are for many hosts",
                                   "a service that others wait for by service_completed_successfully runs once", error);
    return (!resources || map_resources(map, resources, error)) &&
           (!policy || map_restart_policy(map, policy, error)) && (!labels || map_labels(map, labels, error));
}
