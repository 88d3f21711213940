// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

/* --- what runs ----------------------------------------------------------------------------------------------------- */

gboolean map_image(Map *map, const ComposeNode *value, GError **error)
{
    map->service->image = g_strdup(value->text);
    return TRUE;
}

static gboolean is_pull_policy(const char *text)
{
    static const char *const known[] = {"always",  "never", "build",  "missing", "if_not_present",
                                        "refresh", "daily", "weekly", NULL};

    return g_strv_contains(known, text) || g_str_has_prefix(text, "every_");
}

gboolean map_pull_policy(Map *map, const ComposeNode *value, GError **error)
{
    if (!is_pull_policy(value->text)) {
        compose_error(error, GOURD_ERROR_INPUT, value, "there is no policy '%s'", value->text);
        return gourd_error_hint(error, "it may be: always, never, missing, build, daily, weekly");
    }
    map->service->always_build = strcmp(value->text, "build") == 0;
    return map->service->always_build || map_nothing(map, value, error);
}

gboolean map_command(Map *map, const ComposeNode *value, GError **error)
{
    map->options->command = map_texts(value);
    return TRUE;
}

gboolean map_entrypoint(Map *map, const ComposeNode *value, GError **error)
{
    map->options->entrypoint = map_texts(value);
    return TRUE;
}

gboolean map_environment(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next)
        if (item->text) /* else the environment of gourd has it not */
            map_appendf(item->from_env_file ? &map->options->secret_environment : &map->options->environment, "%s=%s",
                        item->key, item->text);
    return TRUE;
}

gboolean map_working_dir(Map *map, const ComposeNode *value, GError **error)
{
    map->options->working_dir = g_strdup(value->text);
    return TRUE;
}

gboolean map_user(Map *map, const ComposeNode *value, GError **error)
{
    map->options->user = g_strdup(value->text);
    return TRUE;
}

gboolean map_group_add(Map *map, const ComposeNode *value, GError **error)
{
    map->options->groups = map_texts(value);
    return TRUE;
}

gboolean map_platform(Map *map, const ComposeNode *value, GError **error)
{
    if (!g_str_has_prefix(value->text, "linux/") && strcmp(value->text, "linux") != 0)
        return map_set_unsupported(value, "images for other systems than Linux do not run here",
                                   "leave platform out, or take an image for Linux", error);
    if (!compose_node_get(map->definition, "build"))
        map_note(map, value->key,
                 "what kind of image it is was decided when its bundle was built: gourd build --platform");
    return TRUE;
}

/* --- what it is called --------------------------------------------------------------------------------------------- */

gboolean map_container_name(Map *map, const ComposeNode *value, GError **error)
{
    map->member->container_name = g_strdup(value->text);
    if (g_strcmp0(value->text, map->service->full_name) != 0)
        vector_append(&map->options->aliases, value->text);
    return TRUE;
}

/* Programs that look at the labels of containers find none here. */
static gboolean is_for_program(const char *label)
{
    static const char *const programs[] = {"traefik.", "com.centurylinklabs.watchtower.", "caddy", "ofelia.", "diun."};

    for (guint i = 0; i < G_N_ELEMENTS(programs); i++)
        if (g_str_has_prefix(label, programs[i]))
            return TRUE;
    return FALSE;
}

gboolean map_labels(Map *map, const ComposeNode *value, GError **error)
{
    gboolean noted = FALSE;

    for (const ComposeNode *item = value->first; item; item = item->next) {
        map_appendf(&map->options->labels, "%s=%s", item->key, item->text ? item->text : "");
        if (!noted && is_for_program(item->key))
            map_note(map, "labels", "programs that ask Docker for labels (Traefik, Watchtower) find nothing to ask");
        noted |= is_for_program(item->key);
    }
    return TRUE;
}

/* --- what it writes ------------------------------------------------------------------------------------------------ */

/* Docker keeps max-file files of max-size each. */
static gboolean map_log_size(Map *map, const ComposeNode *options, GError **error)
{
    const ComposeNode *size = compose_node_get(options, "max-size");
    const char *files = compose_node_get_text(options, "max-file");
    guint64 count = 1;
    gint64 bytes;

    if (!size || strcmp(size->text, "-1") == 0)
        return TRUE;
    if (!compose_node_size(size, &bytes, error))
        return FALSE;
    if (files && !g_ascii_string_to_unsigned(files, 10, 1, 1000, &count, NULL))
        return compose_error(error, GOURD_ERROR_INPUT, options, "max-file is a number of files");
    map->options->log_max = (guint64)bytes * count;
    return TRUE;
}

/* Templates of Docker's have nothing to be filled from. */
static void map_log_tag(Map *map, const ComposeNode *options)
{
    const char *tag = compose_node_get_text(options, "tag");

    if (tag && strstr(tag, "{{"))
        map_note(map, "logging.tag", "templates are not filled: lines are called as the service");
    else if (tag && *tag)
        map->options->log_tag = g_strdup(tag);
}

gboolean map_logging(Map *map, const ComposeNode *value, GError **error)
{
    static const char *const own[] = {"json-file", "local", "journald", "none", NULL};
    static const char *const known[] = {"max-size", "max-file", "tag", "compress", NULL};
    const ComposeNode *options = compose_node_get(value, "options");
    const char *driver = compose_node_get_text(value, "driver");

    map->options->no_log = g_strcmp0(driver, "none") == 0;
    if (driver && !g_strv_contains(own, driver))
        map_note(map, "logging.driver",
                 "output goes to the journal, whichever the driver; journald passes it on (syslog)");
    for (const ComposeNode *option = options ? options->first : NULL; option; option = option->next) {
        if (!g_strv_contains(known, option->key)) {
            map_note(map, "logging.options", "max-size, max-file and tag are looked at, no others");
            break;
        }
    }
    map_log_tag(map, options);
    return map_log_size(map, options, error);
}

gboolean map_terminal(Map *map, const ComposeNode *value, GError **error)
{
    if (value->boolean)
        map_note(map, value->key, "a service has no terminal: 'gourd exec' and 'gourd run' give one");
    return TRUE;
}

gboolean map_attach(Map *map, const ComposeNode *value, GError **error)
{
    return TRUE; /* it is about what `docker compose up` prints */
}
