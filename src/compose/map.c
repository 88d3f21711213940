// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"
#include "keys.h"
#include "load.h"

#include "unit/unit.h"

#include <string.h>

static const struct {
    const char *key;
    MapKey read;
} rows[] = {
#define KEY(name, shapes, lengthen, members, item, words, map, does, permille, text) {#name, map},
#include "keys.def"
#undef KEY
};

/* --- for all rows -------------------------------------------------------------------------------------------------- */

void map_appendf(char ***vector, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    vector_append(vector, text);
}

char **map_texts(const ComposeNode *value)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();

    if (value->kind != COMPOSE_LIST && value->text)
        g_strv_builder_add(texts, value->text);
    for (const ComposeNode *item = value->kind == COMPOSE_LIST ? value->first : NULL; item; item = item->next)
        if (item->text)
            g_strv_builder_add(texts, item->text);
    return g_strv_builder_end(texts);
}

void map_note(Map *map, const char *key, const char *text)
{
    g_autofree char *kind = g_strconcat("compose-", key, NULL), *whole = g_strconcat(key, ": ", text, NULL);

    notes_add(map->notes, g_strdelimit(kind, "_.", '-'), whole, map->definition ? map->definition->key : NULL);
}

gboolean map_set_unsupported(const ComposeNode *value, const char *message, const char *hint, GError **error)
{
    compose_error(error, GOURD_ERROR_UNSUPPORTED, value, "%s", message);
    return gourd_error_hint(error, "%s", hint);
}

gboolean map_elsewhere(Map *map, const ComposeNode *value, GError **error)
{
    return TRUE;
}

gboolean map_nothing(Map *map, const ComposeNode *value, GError **error)
{
    map_note(map, value->key, compose_find_key(value->key)->text);
    return TRUE;
}

gboolean map_refuse(Map *map, const ComposeNode *value, GError **error)
{
    return map_set_unsupported(value, "systemd services have nothing like it", compose_find_key(value->key)->text,
                               error);
}

/* --- a service ----------------------------------------------------------------------------------------------------- */

static MapKey find_function(const char *key)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].key, key) == 0)
            return rows[i].read;
    return NULL;
}

/* What is refused is told at once: who moves a file here mends it once. FALSE: it is an error of another kind. */
static gboolean keep_refusal(Map *map, const ComposeNode *member, GError *problem)
{
    if (!g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED))
        return FALSE;
    if (!map->refusal) {
        map->refusal = problem;
        map->refused = g_string_new(NULL);
        return TRUE;
    }
    if (map->replica < 2)
        g_string_append_printf(map->refused, "%s%s.%s (line %u)", map->refused->len ? ", " : "", map->definition->key,
                               member->key, member->line);
    g_error_free(problem);
    return TRUE;
}

static gboolean fail_refused(Map *map, GError **error)
{
    g_autofree char *message = NULL, *hint = NULL;

    gourd_error_split(map->refusal, &message, &hint);
    if (map->refused->len > 0)
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "%s; refused too: %s", message, map->refused->str);
    else
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "%s", message);
    return hint ? gourd_error_hint(error, "%s", hint) : FALSE;
}

static gboolean map_members(Map *map, GError **error)
{
    for (const ComposeNode *member = map->definition->first; member; member = member->next) {
        MapKey read = strcmp(member->key, "x-gourd") == 0 ? map_gourd : find_function(member->key);
        GError *problem = NULL;

        if (!read || member->kind == COMPOSE_NULL || read(map, member, &problem) || keep_refusal(map, member, problem))
            continue;
        g_propagate_error(error, problem);
        return FALSE;
    }
    return TRUE;
}

char **map_list_replicas(const ComposeNode *service)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    gboolean said;
    guint count = compose_count_replicas(service, &said);

    if (!said)
        g_strv_builder_add(names, service->key);
    for (guint number = 1; said && number <= count; number++) {
        g_autofree char *name = g_strdup_printf("%s-%u", service->key, number);

        g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}

/* A replica is a service as any other, so that nothing else need know of them but what they share: a name, a user. */
static void name_replica(Map *map)
{
    map->service->replica_of = g_strdup(map->definition->key);
    map->options->replica_of = g_strndup(map->service->full_name,
                                         strrchr(map->service->full_name, '-') - map->service->full_name);
    map->member->replica_of = g_strdup(map->definition->key);
}

static char *format_place(const ComposeNode *definition)
{
    return g_strdup_printf("%s:%u:%u", definition->file, definition->line, definition->column);
}

static gboolean map_one(Map *map, const char *name, GError **error)
{
    const ComposeNode *definition = map->definition;

    map->service = stack_add_service(map->stack, name, error);
    if (!map->service)
        return FALSE;
    map->options = &map->service->options;
    g_autofree char *unit = unit_name_for_service(NULL, map->service->full_name, ".service", error);
    if (!unit)
        return FALSE;
    map->member = stack_network_add_member(map->stack->network, name, unit);
    if (map->replica > 0)
        name_replica(map);
    map->service->place = format_place(definition);
    /* What Compose does where nothing is said. */
    map->options->restart = SERVICE_RESTART_NO;
    return map_members(map, error);
}

/* Its image may be that of others. */
static gboolean map_absent(Map *map, GError **error)
{
    static const char *const keys[] = {"image", "build", "pull_policy", NULL};
    const ComposeNode *own = compose_node_get(map->definition, "x-gourd");

    map->service = stack_add_service(map->stack, map->definition->key, error);
    if (!map->service)
        return FALSE;
    map->options = &map->service->options;
    map->service->place = format_place(map->definition);
    for (const char *const *key = keys; *key; key++) {
        const ComposeNode *value = compose_node_get(map->definition, *key);

        if (value && value->kind != COMPOSE_NULL && !find_function(*key)(map, value, error))
            return FALSE;
    }
    if (own && !map_gourd(map, own, error))
        return FALSE;
    stack_make_absent(map->stack, map->service);
    return TRUE;
}

static gboolean map_service(Map *map, const ComposeNode *definition, GError **error)
{
    g_auto(GStrv) names = map_list_replicas(definition);
    gboolean said;

    map->definition = definition;
    map->n_replicas = compose_count_replicas(definition, &said);
    for (guint i = 0; names[i]; i++) {
        map->replica = said ? i + 1 : 0;
        if (!map_one(map, names[i], error))
            return FALSE;
    }
    return names[0] || map_absent(map, error);
}

Stack *compose_to_stack(const ComposeProject *project, Notes *notes, GError **error)
{
    g_autoptr(Stack) stack = stack_new(project->name);
    g_autoptr(GStrvBuilder) files = g_strv_builder_new();
    const ComposeNode *services = compose_node_get(project->root, "services");
    Map map = {.project = project, .notes = notes, .stack = stack};

    /* As docker compose; and what stands in its place now is not taken for something to be removed. */
    if (!services || services->n_items == 0) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "no service is in the Compose file");
        gourd_error_hint(error, "--profile activates those of a profile; 'gourd down' removes a stack");
        return NULL;
    }
    map_note_members(project->root, notes);
    stack->network = stack_network_new(project->name);
    stack->folder = g_strdup(project->folder);
    for (guint i = 0; i < project->files->len; i++)
        g_strv_builder_add(files, g_ptr_array_index(project->files, i));
    stack->files = g_strv_builder_end(files);
    if (!map_stack_gourd(&map, compose_node_get(project->root, "x-gourd"), error) ||
        !map_nets(&map, compose_node_get(project->root, "networks"), error))
        return NULL;
    gboolean mapped = TRUE;
    for (const ComposeNode *service = services ? services->first : NULL; service && mapped; service = service->next)
        mapped = map_service(&map, service, error);
    if (mapped && map.refusal)
        mapped = fail_refused(&map, error);
    if (map.refusal) {
        g_error_free(map.refusal);
        g_string_free(map.refused, TRUE);
    }
    if (!mapped)
        return NULL;
    return stack_finish(stack, error) ? g_steal_pointer(&stack) : NULL;
}
