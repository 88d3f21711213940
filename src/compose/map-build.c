// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

/* `build`: each member as an option of the programs that build images. */

#define DOCKER STACK_BUILDER_DOCKER
#define ALL STACK_BUILDER_ALL

typedef struct BuildRow BuildRow;

struct BuildRow {
    const char *key;
    gboolean (*take)(Map *map, const ComposeNode *value, const BuildRow *row, GError **error);
    const char *option;
    guint builders; /* that know the option */
};

static void add(Map *map, const BuildRow *row, const char *value)
{
    stack_build_add(map->service->build, row->key, row->builders, row->option, value);
}

static gboolean take_text(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    add(map, row, value->text);
    return TRUE;
}

static gboolean take_texts(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    g_auto(GStrv) texts = map_texts(value);

    for (char **text = texts; *text; text++)
        add(map, row, *text);
    return TRUE;
}

static gboolean take_flag(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    if (value->boolean)
        add(map, row, NULL);
    return TRUE;
}

static void add_pair(Map *map, const BuildRow *row, const char *name, const char *value)
{
    g_autofree char *pair = value ? g_strconcat(name, "=", value, NULL) : g_strdup(name);

    add(map, row, pair);
}

static gboolean take_pairs(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    if (value->kind == COMPOSE_LIST)
        return take_texts(map, value, row, error);
    for (const ComposeNode *item = value->first; item; item = item->next)
        add_pair(map, row, item->key, item->text);
    return TRUE;
}

/* One without a value has that of the variable, if there is one. */
static gboolean take_arguments(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next) {
        const char *text = item->text ? item->text : g_hash_table_lookup(map->project->environment, item->key);

        if (text)
            add_pair(map, row, item->key, text);
    }
    return TRUE;
}

static gboolean take_contexts(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next)
        if (g_str_has_prefix(item->text, "service:"))
            return map_set_unsupported(item, "images of other services are not known to the builder by that name",
                                       "docker-image://NAME is an image that the builder has", error);
    return take_pairs(map, value, row, error);
}

/* "NAME=ADDRESS" of the canonical tree. */
static gboolean take_hosts(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next) {
        g_auto(GStrv) parts = g_strsplit(item->text, "=", 2);
        g_autofree char *host = parts[0] && parts[1] ? g_strjoin(":", parts[0], parts[1], NULL) : g_strdup(item->text);

        add(map, row, host);
    }
    return TRUE;
}

static gboolean take_limits(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next) {
        gboolean one = item->kind == COMPOSE_INT;
        gint64 soft = one ? item->integer : compose_node_get_int(item, "soft", -1);
        gint64 hard = one ? item->integer : compose_node_get_int(item, "hard", -1);
        g_autofree char *limit = g_strdup_printf("%s=%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, item->key, soft, hard);

        add(map, row, limit);
    }
    return TRUE;
}

/* Its id is the last part of where a service would see it. */
static gboolean take_secrets(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    const ComposeNode *definitions = compose_node_get(map->project->root, "secrets");

    for (const ComposeNode *grant = value->first; grant; grant = grant->next) {
        const ComposeNode *definition = compose_node_get(definitions, compose_node_get_text(grant, "source"));
        const char *file = compose_node_get_text(definition, "file");
        const char *variable = compose_node_get_text(definition, "environment");
        const char *known = variable ? g_hash_table_lookup(map->project->environment, variable) : NULL;
        g_autofree char *id = g_path_get_basename(compose_node_get_text(grant, "target"));

        if (!file && !known)
            return map_set_unsupported(grant, "a build has secrets from files, and from variables that are set",
                                       "file: or environment: of the secret", error);
        if (known)
            map_appendf(&map->service->build->environment, "%s=%s", variable, known);
        g_autofree char *text = file ? g_strdup_printf("id=%s,src=%s", id, file)
                                     : g_strdup_printf("id=%s,env=%s", id, variable);
        add(map, row, text);
    }
    return TRUE;
}

/* A bundle is for one platform: this machine's if it is among them, which builders take where nothing is said. */
static gboolean take_platforms(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    if (value->n_items == 1 && !compose_node_get(map->definition, "platform"))
        add(map, row, value->first->text);
    else if (value->n_items > 1)
        map_note(map, "build.platforms", "a bundle is for one platform: `platform` of the service, or this machine's");
    return TRUE;
}

static gboolean is_address(const char *context)
{
    return strstr(context, "://") || g_str_has_prefix(context, "git@") || g_str_has_prefix(context, "github.com/");
}

static gboolean take_context(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    StackBuild *build = map->service->build;
    const char *file = compose_node_get_text(value->parent, "dockerfile");

    build->context = g_strdup(value->text);
    if (file)
        build->dockerfile = is_address(value->text) ? g_strdup(file) : g_canonicalize_filename(file, value->text);
    build->dockerfile_inline = g_strdup(compose_node_get_text(value->parent, "dockerfile_inline"));
    return TRUE;
}

/* With the context. */
static gboolean take_nothing(Map *map, const ComposeNode *value, const BuildRow *row, GError **error)
{
    return TRUE;
}

static const BuildRow rows[] = {
    {"context", take_context, NULL, ALL},
    {"dockerfile", take_nothing, NULL, ALL},
    {"dockerfile_inline", take_nothing, NULL, ALL},
    {"entitlements", take_texts, "--allow", DOCKER},
    {"args", take_arguments, "--build-arg", ALL},
    {"ssh", take_pairs, "--ssh", ALL},
    {"labels", take_pairs, "--label", ALL},
    {"no_cache", take_flag, "--no-cache", ALL},
    {"additional_contexts", take_contexts, "--build-context", ALL},
    {"network", take_text, "--network", ALL},
    {"pull", take_flag, "--pull", ALL},
    {"target", take_text, "--target", ALL},
    {"shm_size", take_text, "--shm-size", ALL},
    {"extra_hosts", take_hosts, "--add-host", ALL},
    {"isolation", take_text, "--isolation", ALL},
    {"privileged", take_flag, "--allow=security.insecure", DOCKER},
    {"secrets", take_secrets, "--secret", ALL},
    {"tags", take_texts, "--tag", ALL},
    {"ulimits", take_limits, "--ulimit", ALL},
    {"platforms", take_platforms, "--platform", ALL},
};

gboolean map_build(Map *map, const ComposeNode *value, GError **error)
{
    static const BuildRow platform = {"platform", take_text, "--platform", ALL};
    const ComposeNode *wanted = compose_node_get(map->definition, "platform");

    map->service->build = stack_build_new();
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const ComposeNode *member = compose_node_get(value, rows[i].key);

        if (member && member->kind != COMPOSE_NULL && !rows[i].take(map, member, &rows[i], error))
            return FALSE;
    }
    return !wanted || platform.take(map, wanted, &platform, error);
}
