// SPDX-License-Identifier: LGPL-2.1-or-later
#include "merge.h"

#include <string.h>

/* Lists in which nothing is twice, also in one file: the later one stands where the first stood. Items are the same if their texts
 * are, or, of maps, those of the keys. `where` has "*" for the names of services and so on. */
typedef struct {
    const char *where;
    const char *keys[5];
} UniqueItems;

static const UniqueItems unique_items[] = {
    {"services.*.ports", {"host_ip", "published", "target", "protocol", NULL}},
    {"services.*.volumes", {"target", NULL}},
    {"services.*.secrets", {"target", NULL}},
    {"services.*.configs", {"target", NULL}},
    {"services.*.devices", {"target", NULL}},
    {"services.*.env_file", {"path", NULL}},
    {"services.*.build.tags", {NULL}},
    {"services.*.build.platforms", {NULL}},
    {"services.*.cap_add", {NULL}},
    {"services.*.cap_drop", {NULL}},
    {"services.*.dns", {NULL}},
    {"services.*.dns_opt", {NULL}},
    {"services.*.dns_search", {NULL}},
    {"services.*.expose", {NULL}},
    {"services.*.links", {NULL}},
    {"services.*.networks.*.aliases", {NULL}},
    {"services.*.profiles", {NULL}},
    {"services.*.tmpfs", {NULL}},
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

/* What an item must not share with another of its list; NULL: it may be there as often as one likes. The caller frees. */
static char *item_identity(const ComposeNode *item, const UniqueItems *unique)
{
    GString *identity;

    if (item->text)
        return g_strconcat("=", item->text, NULL);
    if (!unique || !*unique->keys || item->kind != COMPOSE_MAP)
        return NULL;
    identity = g_string_new(NULL);
    for (const char *const *key = unique->keys; *key; key++) {
        const char *text = compose_node_get_text(item, *key);

        if (text)
            g_string_append_printf(identity, "%zu:%s", strlen(text), text);
        g_string_append_c(identity, ';');
    }
    return g_string_free(identity, FALSE);
}

/* `seen` has the items of the list by what they are. */
static void add_item(ComposeNode *list, ComposeNode *item, const UniqueItems *unique, GHashTable *seen)
{
    g_autofree char *identity = item_identity(item, unique);
    ComposeNode *same = identity ? g_hash_table_lookup(seen, identity) : NULL;

    if (same && item->tag == COMPOSE_TAG_RESET) {
        compose_node_unlink(same);
        g_hash_table_remove(seen, identity);
        return;
    }
    if (same)
        compose_node_replace(same, item);
    else
        compose_node_append(list, item);
    if (identity)
        g_hash_table_insert(seen, g_steal_pointer(&identity), item);
}

static void add_items(ComposeNode *list, ComposeNode *first, const UniqueItems *unique, GHashTable *seen)
{
    for (ComposeNode *item = first, *next; item; item = next) {
        next = item->next;
        compose_node_unlink(item);
        add_item(list, item, unique, seen);
    }
}

static void merge_lists(ComposeNode *base, ComposeNode *over, const char *where)
{
    const UniqueItems *unique = find_unique(where);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (ComposeNode *item = base->first; item; item = item->next) {
        char *identity = item_identity(item, unique);

        if (identity)
            g_hash_table_insert(seen, identity, item);
    }
    add_items(base, over->first, unique, seen);
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

static void drop_repeated_items(ComposeNode *list, const UniqueItems *unique)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (ComposeNode *item = list->first, *next; item; item = next) {
        g_autofree char *identity = item_identity(item, unique);

        next = item->next;
        if (!identity || !g_hash_table_contains(seen, identity)) {
            if (identity)
                g_hash_table_insert(seen, g_steal_pointer(&identity), item);
        } else {
            compose_node_unlink(item);
            add_item(list, item, unique, seen);
        }
    }
}

static void drop_repeated(ComposeNode *node, const char *where)
{
    const UniqueItems *unique = node->kind == COMPOSE_LIST ? find_unique(where) : NULL;

    if (unique)
        drop_repeated_items(node, unique);
    for (ComposeNode *item = node->kind == COMPOSE_MAP ? node->first : NULL; item; item = item->next) {
        g_autofree char *inner = extend_path(where, item->key);

        if (item->kind == COMPOSE_MAP || item->kind == COMPOSE_LIST)
            drop_repeated(item, inner);
    }
}

void compose_drop_repeated(ComposeNode *root)
{
    ComposeNode *services = compose_node_get(root, "services");

    if (services)
        drop_repeated(services, "services");
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
