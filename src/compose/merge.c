// SPDX-License-Identifier: LGPL-2.1-or-later
#include "merge.h"

#include <string.h>

/* What makes two items of a list the same, for lists of maps. `where` has "*" for the names of services and so on. */
typedef struct {
    const char *where;
    const char *keys[5]; /* whose texts are compared */
} UniqueItems;

static const UniqueItems unique_items[] = {
    {"services.*.ports", {"host_ip", "published", "target", "protocol", NULL}},
    {"services.*.volumes", {"target", NULL}},
    {"services.*.secrets", {"target", NULL}},
    {"services.*.configs", {"target", NULL}},
    {"services.*.devices", {"target", NULL}},
    {"services.*.env_file", {"path", NULL}},
};

static const char *const replaced[] = {
    "services.*.command",
    "services.*.entrypoint",
    "services.*.healthcheck.test",
    NULL,
};

static void merge_nodes(ComposeNode *base, ComposeNode *over, const char *where);

/* --- lists --------------------------------------------------------------------------------------------------------- */

static const UniqueItems *find_unique(const char *where)
{
    for (guint i = 0; i < G_N_ELEMENTS(unique_items); i++) {
        if (strcmp(unique_items[i].where, where) == 0)
            return &unique_items[i];
    }
    return NULL;
}

static gboolean is_same_item(const ComposeNode *a, const ComposeNode *b, const UniqueItems *unique)
{
    if (a->text && b->text)
        return strcmp(a->text, b->text) == 0;
    if (!unique || a->kind != COMPOSE_MAP || b->kind != COMPOSE_MAP)
        return FALSE;
    for (const char *const *key = unique->keys; *key; key++) {
        if (g_strcmp0(compose_node_get_text(a, *key), compose_node_get_text(b, *key)) != 0)
            return FALSE;
    }
    return TRUE;
}

static ComposeNode *find_same_item(ComposeNode *list, const ComposeNode *item, const UniqueItems *unique)
{
    for (ComposeNode *other = list->first; other; other = other->next) {
        if (is_same_item(other, item, unique))
            return other;
    }
    return NULL;
}

static void merge_lists(ComposeNode *base, ComposeNode *over, const char *where)
{
    const UniqueItems *unique = find_unique(where);

    for (ComposeNode *item = over->first, *next; item; item = next) {
        ComposeNode *same = find_same_item(base, item, unique);

        next = item->next;
        compose_node_unlink(item);
        if (same && item->tag == COMPOSE_TAG_RESET)
            compose_node_unlink(same);
        else if (same)
            compose_node_replace(same, item);
        else
            compose_node_append(base, item);
    }
}

/* --- maps ---------------------------------------------------------------------------------------------------------- */

/* "services" and "web" → "services.*". */
static char *extend_path(const char *where, const char *key)
{
    gboolean is_name = *where && !strchr(where, '.');

    if (!*where)
        return g_strdup(key);
    return g_strconcat(where, ".", is_name ? "*" : key, NULL);
}

/* Options of another driver are no options of this one. */
static gboolean is_other_driver(const ComposeNode *base, const ComposeNode *over, const char *where)
{
    const char *a = compose_node_get_text(base, "driver"), *b = compose_node_get_text(over, "driver");

    return strcmp(where, "services.*.logging") == 0 && a && b && strcmp(a, b) != 0;
}

static void merge_maps(ComposeNode *base, ComposeNode *over, const char *where)
{
    for (ComposeNode *item = over->first, *next; item; item = next) {
        g_autofree char *inner = extend_path(where, item->key);
        const char *key = item->key;
        ComposeNode *old = compose_node_get(base, key);

        next = item->next;
        compose_node_unlink(item);
        if (!old)
            compose_node_set(base, key, item);
        else if (item->tag == COMPOSE_TAG_RESET)
            compose_node_unlink(old);
        else if (item->tag == COMPOSE_TAG_OVERRIDE || old->kind != item->kind || g_str_has_prefix(key, "x-") ||
                 g_strv_contains(replaced, inner) || is_other_driver(old, item, inner))
            compose_node_replace(old, item);
        else
            merge_nodes(old, item, inner);
    }
}

static void merge_nodes(ComposeNode *base, ComposeNode *over, const char *where)
{
    if (base->kind == COMPOSE_MAP)
        merge_maps(base, over, where);
    else if (base->kind == COMPOSE_LIST)
        merge_lists(base, over, where);
    else
        compose_node_replace(base, over);
}

void compose_merge(ComposeNode *base, ComposeNode *over)
{
    merge_maps(base, over, "");
}

void compose_merge_service(ComposeNode *base, ComposeNode *over)
{
    merge_maps(base, over, "services.*");
}

void compose_drop_reset(ComposeNode *node)
{
    for (ComposeNode *item = node->first, *next; item; item = next) {
        next = item->next;
        if (item->tag == COMPOSE_TAG_RESET)
            compose_node_unlink(item);
        else
            compose_drop_reset(item);
    }
    node->tag = COMPOSE_TAG_NONE;
}
