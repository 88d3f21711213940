// SPDX-License-Identifier: LGPL-2.1-or-later
#include "node.h"

#include <string.h>

#define INDEX_MIN 24    /* members of a map from which on looking at each takes longer than a table */
#define CHUNK_SIZE 8192 /* bytes of strings allocated at once */
#define BLOCK_NODES 128 /* nodes allocated at once */

struct ComposeArena {
    GStringChunk *texts;
    GPtrArray *blocks;  /* of BLOCK_NODES nodes each */
    GPtrArray *indexes; /* GHashTable, of large maps */
    guint used;         /* nodes of the last block */
};

ComposeArena *compose_arena_new(void)
{
    ComposeArena *arena = g_new0(ComposeArena, 1);

    arena->texts = g_string_chunk_new(CHUNK_SIZE);
    arena->blocks = g_ptr_array_new_with_free_func(g_free);
    arena->indexes = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);
    arena->used = BLOCK_NODES;
    return arena;
}

void compose_arena_free(ComposeArena *arena)
{
    if (!arena)
        return;
    g_string_chunk_free(arena->texts);
    g_ptr_array_unref(arena->indexes);
    g_ptr_array_unref(arena->blocks);
    g_free(arena);
}

const char *compose_arena_text(ComposeArena *arena, const char *text)
{
    return text ? g_string_chunk_insert(arena->texts, text) : NULL;
}

/* --- making -------------------------------------------------------------------------------------------------------- */

ComposeNode *compose_node_new(ComposeArena *arena, ComposeKind kind, const ComposeNode *place)
{
    if (arena->used == BLOCK_NODES) {
        g_ptr_array_add(arena->blocks, g_new0(ComposeNode, BLOCK_NODES));
        arena->used = 0;
    }
    ComposeNode *block = g_ptr_array_index(arena->blocks, arena->blocks->len - 1);
    ComposeNode *node = &block[arena->used++];

    node->arena = arena;
    node->kind = kind;
    if (place) {
        node->file = place->file;
        node->line = place->line;
        node->column = place->column;
    }
    return node;
}

ComposeNode *compose_node_new_text(ComposeArena *arena, const char *text, const ComposeNode *place)
{
    ComposeNode *node = compose_node_new(arena, COMPOSE_STRING, place);

    node->text = compose_arena_text(arena, text);
    return node;
}

void compose_node_set_int(ComposeNode *node, gint64 value)
{
    char text[24]; /* a sign, 19 digits */

    g_snprintf(text, sizeof(text), "%" G_GINT64_FORMAT, value);
    node->kind = COMPOSE_INT;
    node->integer = value;
    node->text = compose_arena_text(node->arena, text);
}

ComposeNode *compose_node_new_int(ComposeArena *arena, gint64 value, const ComposeNode *place)
{
    ComposeNode *node = compose_node_new(arena, COMPOSE_INT, place);

    compose_node_set_int(node, value);
    return node;
}

ComposeNode *compose_node_new_bool(ComposeArena *arena, gboolean value, const ComposeNode *place)
{
    ComposeNode *node = compose_node_new(arena, COMPOSE_BOOL, place);

    node->boolean = value;
    node->text = value ? "true" : "false";
    return node;
}

ComposeNode *compose_node_copy(ComposeArena *arena, const ComposeNode *node)
{
    ComposeNode *copy = compose_node_new(arena, node->kind, node);

    copy->tag = node->tag;
    copy->boolean = node->boolean;
    copy->integer = node->integer;
    copy->number = node->number;
    copy->text = arena == node->arena ? node->text : compose_arena_text(arena, node->text);
    copy->from_env_file = node->from_env_file;
    for (const ComposeNode *item = node->first; item; item = item->next) {
        ComposeNode *child = compose_node_copy(arena, item);

        if (node->kind == COMPOSE_MAP)
            compose_node_set(copy, item->key, child);
        else
            compose_node_append(copy, child);
    }
    return copy;
}

/* --- the order of items -------------------------------------------------------------------------------------------- */

static void link_last(ComposeNode *parent, ComposeNode *item)
{
    g_assert(!item->parent);
    item->parent = parent;
    item->previous = parent->last;
    item->next = NULL;
    if (parent->last)
        parent->last->next = item;
    else
        parent->first = item;
    parent->last = item;
    parent->n_items++;
}

ComposeNode *compose_node_append(ComposeNode *list, ComposeNode *item)
{
    g_assert(list->kind == COMPOSE_LIST);
    link_last(list, item);
    return item;
}

void compose_node_unlink(ComposeNode *node)
{
    ComposeNode *parent = node->parent;

    if (!parent)
        return;
    if (parent->index)
        g_hash_table_remove(parent->index, node->key);
    if (node->previous)
        node->previous->next = node->next;
    else
        parent->first = node->next;
    if (node->next)
        node->next->previous = node->previous;
    else
        parent->last = node->previous;
    parent->n_items--;
    node->parent = node->next = node->previous = NULL;
    node->key = NULL;
}

ComposeNode *compose_node_replace(ComposeNode *node, ComposeNode *with)
{
    ComposeNode *parent = node->parent;

    g_assert(parent && !with->parent);
    with->parent = parent;
    with->key = node->key;
    with->next = node->next;
    with->previous = node->previous;
    if (with->previous)
        with->previous->next = with;
    else
        parent->first = with;
    if (with->next)
        with->next->previous = with;
    else
        parent->last = with;
    if (parent->index)
        g_hash_table_replace(parent->index, (char *)with->key, with);
    node->parent = node->next = node->previous = NULL;
    node->key = NULL;
    return with;
}

ComposeNode *compose_node_set(ComposeNode *map, const char *key, ComposeNode *value)
{
    ComposeNode *old = compose_node_get(map, key);

    g_assert(map->kind == COMPOSE_MAP);
    if (old)
        return compose_node_replace(old, value);
    value->key = compose_arena_text(map->arena, key);
    link_last(map, value);
    if (map->index)
        g_hash_table_insert(map->index, (char *)value->key, value);
    return value;
}

ComposeNode *compose_node_set_text(ComposeNode *map, const char *key, const char *text)
{
    return compose_node_set(map, key, compose_node_new_text(map->arena, text, map));
}

ComposeNode *compose_node_ensure_map(ComposeNode *map, const char *key)
{
    ComposeNode *member = compose_node_get(map, key);

    if (member && member->kind == COMPOSE_MAP)
        return member;
    return compose_node_set(map, key, compose_node_new(map->arena, COMPOSE_MAP, member ? member : map));
}

static gint compare_keys(gconstpointer a, gconstpointer b)
{
    return strcmp((*(ComposeNode *const *)a)->key, (*(ComposeNode *const *)b)->key);
}

void compose_node_sort(ComposeNode *map)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();

    for (ComposeNode *item = map->first; item; item = item->next)
        g_ptr_array_add(items, item);
    g_ptr_array_sort(items, compare_keys);
    map->first = map->last = NULL;
    map->n_items = 0;
    for (guint i = 0; i < items->len; i++) {
        ComposeNode *item = g_ptr_array_index(items, i);

        item->parent = NULL;
        link_last(map, item);
    }
}

/* --- reading ------------------------------------------------------------------------------------------------------- */

static void make_index(ComposeNode *map)
{
    map->index = g_hash_table_new(g_str_hash, g_str_equal);
    g_ptr_array_add(map->arena->indexes, map->index);
    for (ComposeNode *item = map->first; item; item = item->next)
        g_hash_table_insert(map->index, (char *)item->key, item);
}

ComposeNode *compose_node_get(const ComposeNode *map, const char *key)
{
    if (!map || map->kind != COMPOSE_MAP)
        return NULL;
    if (!map->index && map->n_items >= INDEX_MIN)
        make_index((ComposeNode *)map);
    if (map->index)
        return g_hash_table_lookup(map->index, key);
    for (ComposeNode *item = map->first; item; item = item->next) {
        if (strcmp(item->key, key) == 0)
            return item;
    }
    return NULL;
}

const char *compose_node_get_text(const ComposeNode *map, const char *key)
{
    const ComposeNode *member = compose_node_get(map, key);

    return member ? member->text : NULL;
}

gboolean compose_node_get_bool(const ComposeNode *map, const char *key, gboolean fallback)
{
    const ComposeNode *member = compose_node_get(map, key);

    return member && member->kind == COMPOSE_BOOL ? member->boolean : fallback;
}

gint64 compose_node_get_int(const ComposeNode *map, const char *key, gint64 fallback)
{
    const ComposeNode *member = compose_node_get(map, key);

    return member && member->kind == COMPOSE_INT ? member->integer : fallback;
}

char **compose_node_get_strv(const ComposeNode *map, const char *key)
{
    const ComposeNode *list = compose_node_get(map, key);

    if (!list || list->kind != COMPOSE_LIST)
        return NULL;
    GPtrArray *texts = g_ptr_array_sized_new(list->n_items + 1);
    for (const ComposeNode *item = list->first; item; item = item->next)
        g_ptr_array_add(texts, g_strdup(item->text ? item->text : ""));
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_free(texts, FALSE);
}

static gboolean items_equal(const ComposeNode *a, const ComposeNode *b)
{
    const ComposeNode *other = b->first;

    if (a->n_items != b->n_items)
        return FALSE;
    for (const ComposeNode *item = a->first; item; item = item->next) {
        if (a->kind == COMPOSE_MAP)
            other = compose_node_get(b, item->key);
        if (!other || !compose_node_equal(item, other))
            return FALSE;
        other = other->next;
    }
    return TRUE;
}

gboolean compose_node_equal(const ComposeNode *a, const ComposeNode *b)
{
    if (a->kind != b->kind)
        return FALSE;
    switch (a->kind) {
    case COMPOSE_NULL:
        return TRUE;
    case COMPOSE_BOOL:
        return a->boolean == b->boolean;
    case COMPOSE_INT:
        return a->integer == b->integer;
    case COMPOSE_FLOAT:
    case COMPOSE_STRING:
        return strcmp(a->text, b->text) == 0;
    case COMPOSE_LIST:
    case COMPOSE_MAP:
        return items_equal(a, b);
    }
    return FALSE;
}

/* --- errors -------------------------------------------------------------------------------------------------------- */

static guint find_place(const ComposeNode *node)
{
    guint place = 0;

    for (const ComposeNode *other = node->previous; other; other = other->previous)
        place++;
    return place;
}

char *compose_node_path(const ComposeNode *node)
{
    GString *path = g_string_new(NULL);

    for (; node && node->parent; node = node->parent) {
        g_autofree char *step = NULL;

        if (node->parent->kind == COMPOSE_LIST) {
            step = g_strdup_printf("[%u]", find_place(node));
        } else {
            g_autofree char *shown = text_escape(node->key);

            step = g_strconcat(node->parent->parent ? "." : "", shown, NULL);
        }
        g_string_prepend(path, step);
    }
    return g_string_free(path, FALSE);
}

/* The file of a node that gourd made is that of the next one above that has a place. */
static const ComposeNode *find_with_place(const ComposeNode *node)
{
    while (node && !node->file)
        node = node->parent;
    return node;
}

gboolean compose_error_at(GError **error, const ComposeNode *node, const GError *problem)
{
    if (!problem)
        return compose_error(error, GOURD_ERROR_FAILED, node, "it cannot be read");
    return compose_error(error, (GourdError)problem->code, node, "%s", problem->message);
}

#undef compose_error
gboolean compose_error(GError **error, GourdError code, const ComposeNode *node, const char *format, ...)
{
    g_autofree char *path = compose_node_path(node);
    const ComposeNode *place = find_with_place(node);
    GString *front = g_string_new(NULL);
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (place) {
        g_autofree char *file = text_escape(place->file);

        g_string_append(front, file);
        if (place->line)
            g_string_append_printf(front, ":%u:%u", place->line, place->column);
        g_string_append(front, ": ");
    }
    if (*path)
        g_string_append_printf(front, "%s: ", path);
    g_autofree char *text = g_string_free(front, FALSE);
    (gourd_error_set)(error, code, "%s%s", text, message);
    return FALSE;
}
