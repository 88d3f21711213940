// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

static const MapRow *const groups[] = {map_program_rows, map_life_rows, map_storage_rows, map_limit_rows};

void map_append(char ***vector, const char *text)
{
    guint length = *vector ? g_strv_length(*vector) : 0;

    *vector = g_renew(char *, *vector, length + 2);
    (*vector)[length] = g_strdup(text);
    (*vector)[length + 1] = NULL;
}

void map_appendf(char ***vector, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    map_append(vector, text);
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

static const MapRow *find_row(const char *key)
{
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++)
        for (const MapRow *row = groups[i]; row->key; row++)
            if (strcmp(row->key, key) == 0)
                return row;
    return NULL;
}

static gboolean map_service(Map *map, const ComposeNode *definition, GError **error)
{
    map->definition = definition;
    map->service = stack_add_service(map->stack, definition->key, error);
    if (!map->service)
        return FALSE;
    map->service->place = g_strdup_printf("%s:%u:%u", definition->file, definition->line, definition->column);
    /* What Compose does where nothing is said. */
    map->service->options.restart = SERVICE_RESTART_NO;
    for (const ComposeNode *member = definition->first; member; member = member->next) {
        const MapRow *row = find_row(member->key);

        if (row && member->kind != COMPOSE_NULL && !row->read(map, member, error))
            return FALSE;
    }
    return TRUE;
}

Stack *compose_to_stack(const ComposeProject *project, Notes *notes, GError **error)
{
    g_autoptr(Stack) stack = stack_new(project->name);
    g_autoptr(GStrvBuilder) files = g_strv_builder_new();
    const ComposeNode *services = compose_node_get(project->root, "services");
    Map map = {.project = project, .notes = notes, .stack = stack};

    stack->folder = g_strdup(project->folder);
    for (guint i = 0; i < project->files->len; i++)
        g_strv_builder_add(files, g_ptr_array_index(project->files, i));
    stack->files = g_strv_builder_end(files);
    for (const ComposeNode *service = services ? services->first : NULL; service; service = service->next)
        if (!map_service(&map, service, error))
            return NULL;
    return stack_finish(stack, error) ? g_steal_pointer(&stack) : NULL;
}
