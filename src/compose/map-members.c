// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keys.h"
#include "map.h"

#include <string.h>

/* Notes for what nothing is done with, wherever in the tree it stands: a walk over the canonical tree beside its schema. */

#define ALL_BELOW ".**"

const ComposeMember compose_members[] = {
#define MEMBER(path, note) {path, note},
#include "members.def"
#undef MEMBER
    {NULL, NULL},
};

static gboolean has_all_below(const ComposeMember *member)
{
    return g_str_has_suffix(member->path, ALL_BELOW);
}

/* The rows by their paths, without ALL_BELOW. */
static GHashTable *members_by_path(void)
{
    static GHashTable *table;

    if (g_once_init_enter(&table)) {
        GHashTable *made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        for (const ComposeMember *member = compose_members; member->path; member++) {
            gsize length = strlen(member->path) - (has_all_below(member) ? strlen(ALL_BELOW) : 0);

            g_hash_table_insert(made, g_strndup(member->path, length), (gpointer)member);
        }
        g_once_init_leave(&table, made);
    }
    return table;
}

const ComposeMember *compose_find_member(const char *path)
{
    GHashTable *members = members_by_path();
    const ComposeMember *member = g_hash_table_lookup(members, path);
    g_autofree char *above = g_strdup(path);

    for (gsize length = strlen(above); !member && length > 0; length--) {
        if (above[length] != '.' && above[length] != '[')
            continue;
        above[length] = '\0';
        member = g_hash_table_lookup(members, above);
        if (member && !has_all_below(member))
            member = NULL;
    }
    return member;
}

/* Whether it says anything: "attachable: false" does not. */
static gboolean says_something(const ComposeNode *node)
{
    if (node->kind == COMPOSE_LIST || node->kind == COMPOSE_MAP)
        return node->n_items > 0;
    return node->kind != COMPOSE_NULL && (node->kind != COMPOSE_BOOL || node->boolean);
}

/* "ports.name" of "services.*.ports[].name", "networks.labels" of "networks.*.labels". */
static char *shorten(const char *path)
{
    g_autofree char *without = g_strdup(g_str_has_prefix(path, "services.*.") ? path + strlen("services.*.") : path);
    g_auto(GStrv) stars = g_strsplit(without, ".*", -1);
    g_autofree char *joined = g_strjoinv("", stars);
    g_auto(GStrv) items = g_strsplit(joined, "[]", -1);

    return g_strjoinv("", items);
}

/* The name of what it is of: the service, the network, … */
static const char *find_owner(const ComposeNode *node)
{
    while (node->parent && node->parent->parent && node->parent->parent->parent)
        node = node->parent;
    return node->key;
}

static void note(Notes *notes, const ComposeNode *node, const char *path, const char *text)
{
    g_autofree char *key = shorten(path), *kind = g_strconcat("compose-", key, NULL);
    g_autofree char *whole = g_strconcat(key, ": ", text, NULL);

    notes_add(notes, g_strdelimit(kind, "_.", '-'), whole, find_owner(node));
}

static void walk(Notes *notes, const ComposeNode *node, const ComposeField *field, GString *path);

static void walk_below(Notes *notes, const ComposeNode *node, const ComposeField *field, GString *path)
{
    gsize length = path->len;

    for (const ComposeNode *item = node->first; item; item = item->next) {
        const ComposeField *of = node->kind == COMPOSE_MAP && field->members
                                     ? compose_find_field(field->members, item->key)
                                     : NULL;

        if (node->kind == COMPOSE_LIST && field->item) {
            g_string_append(path, "[]");
            walk(notes, item, field->item, path);
        } else if (of && !(g_str_has_prefix(item->key, "x-") && strcmp(of->name, "*") == 0)) {
            if (length > 0)
                g_string_append_c(path, '.');
            g_string_append(path, of->name);
            walk(notes, item, of, path);
        }
        g_string_truncate(path, length);
    }
}

/* As deep as the schema is, and never below a member that stands for all below it. */
static void walk(Notes *notes, const ComposeNode *node, const ComposeField *field,
                 GString *path) /* NOLINT(misc-no-recursion) */
{
    const ComposeMember *member = g_hash_table_lookup(members_by_path(), path->str);

    if (member && member->note && says_something(node))
        note(notes, node, path->str, member->note);
    if (!member || (!member->note && !g_str_has_suffix(member->path, ALL_BELOW)))
        walk_below(notes, node, field, path);
}

void map_note_members(const ComposeNode *root, Notes *notes)
{
    g_autoptr(GString) path = g_string_new(NULL);

    if (notes)
        walk(notes, root, &compose_file_field, path);
}
