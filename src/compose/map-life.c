// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

/* When it starts, when it counts as started, and how it ends. */

static gboolean map_depends_on(Map *map, const ComposeNode *value, GError **error)
{
    static const struct {
        const char *word;
        StackCondition condition;
    } conditions[] = {
        {"service_started", STACK_STARTED},
        {"service_healthy", STACK_HEALTHY},
        {"service_completed_successfully", STACK_COMPLETED},
    };

    for (const ComposeNode *item = value->first; item; item = item->next) {
        const char *word = compose_node_get_text(item, "condition");
        guint i = 0;

        while (word && i < G_N_ELEMENTS(conditions) && !g_str_equal(conditions[i].word, word))
            i++;
        if (i >= G_N_ELEMENTS(conditions))
            return compose_error(error, GOURD_ERROR_INPUT, item, "there is no condition '%s'", word);
        stack_service_add_dependency(map->service, item->key, word ? conditions[i].condition : STACK_STARTED,
                                     compose_node_get_bool(item, "required", TRUE),
                                     compose_node_get_bool(item, "restart", FALSE));
    }
    return TRUE;
}

static gboolean map_restart(Map *map, const ComposeNode *value, GError **error)
{
    ServiceOptions *options = &map->service->options;

    if (g_str_equal(value->text, "always") || g_str_equal(value->text, "unless-stopped"))
        options->restart = SERVICE_RESTART_ALWAYS;
    else if (g_str_has_prefix(value->text, "on-failure"))
        options->restart = SERVICE_RESTART_ON_FAILURE;
    else if (!g_str_equal(value->text, "no"))
        return compose_error(error, GOURD_ERROR_INPUT, value, "'%s' is no restart policy", value->text);
    return TRUE;
}

static gboolean map_stop_signal(Map *map, const ComposeNode *value, GError **error)
{
    map->service->options.stop_signal = g_strdup(value->text);
    return TRUE;
}

static gboolean map_stop_grace_period(Map *map, const ComposeNode *value, GError **error)
{
    return compose_node_duration(value, &map->service->options.stop_timeout_usec, error);
}

static gboolean map_healthcheck(Map *map, const ComposeNode *value, GError **error)
{
    ServiceOptions *options = &map->service->options;
    const struct {
        const char *key;
        gint64 *usec;
    } times[] = {
        {"interval", &options->health_interval_usec},
        {"timeout", &options->health_timeout_usec},
        {"start_period", &options->health_start_period_usec},
        {"start_interval", &options->health_start_interval_usec},
    };
    const ComposeNode *test = compose_node_get(value, "test");

    if (compose_node_get_bool(value, "disable", FALSE)) {
        options->no_healthcheck = TRUE;
        return TRUE;
    }
    if (test && test->kind != COMPOSE_NULL) {
        options->health_test = map_texts(test);
        options->no_healthcheck = g_strcmp0(options->health_test[0], "NONE") == 0;
        if (options->no_healthcheck)
            g_clear_pointer(&options->health_test, g_strfreev);
    }
    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        const ComposeNode *time = compose_node_get(value, times[i].key);

        if (time && time->kind != COMPOSE_NULL && !compose_node_duration(time, times[i].usec, error))
            return FALSE;
    }
    options->health_retries = compose_node_get_int(value, "retries", SERVICE_UNSET);
    return TRUE;
}

const MapRow map_life_rows[] = {
    {"depends_on", map_depends_on},   {"restart", map_restart},
    {"stop_signal", map_stop_signal}, {"stop_grace_period", map_stop_grace_period},
    {"healthcheck", map_healthcheck}, {NULL, NULL},
};
