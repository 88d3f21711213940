// SPDX-License-Identifier: LGPL-2.1-or-later
#include "node.h"

#include <string.h>

/* A folder that no layer mentions, as unpackers make it: mkdir with mode 0755 by root. Its time is 1970, for want of one
 * that does not depend on the clock. */
static const Entry implied_folder = {.type = ENTRY_DIRECTORY, .path = (char *)"", .mode = 0755};

static Inode *inode_new(EntryType type, const Entry *entry)
{
    Inode *inode = g_new0(Inode, 1);

    inode->type = type;
    inode->entry = entry;
    if (type == ENTRY_DIRECTORY)
        inode->names = g_hash_table_new(g_str_hash, g_str_equal);
    return inode;
}

static void inode_free(Inode *inode)
{
    if (inode->names)
        g_hash_table_unref(inode->names);
    if (inode->children)
        g_ptr_array_unref(inode->children);
    g_free(inode);
}

Tree *tree_new(void)
{
    Tree *tree = g_new0(Tree, 1);

    tree->names = g_string_chunk_new(64 * 1024);
    tree->root.name = "";
    tree->root.parent = &tree->root;
    tree->root.inode = inode_new(ENTRY_DIRECTORY, &implied_folder);
    tree->root.inode->implied = TRUE;
    tree->root.inode->links = 1;
    return tree;
}

static void free_node(TreeNode *node)
{
    if (--node->inode->links == 0)
        inode_free(node->inode);
    g_free(node);
}

/* Frees all below a folder, from the leaves up; no recursion into what is deep, but by a list. */
static void free_children(Inode *folder)
{
    g_autoptr(GPtrArray) pending = g_ptr_array_new();

    node_append_children(folder, pending);
    for (guint i = 0; i < pending->len; i++) {
        TreeNode *node = g_ptr_array_index(pending, i);

        if (node->inode->type == ENTRY_DIRECTORY)
            node_append_children(node->inode, pending);
    }
    for (guint i = pending->len; i > 0; i--)
        free_node(g_ptr_array_index(pending, i - 1));
}

void tree_free(Tree *tree)
{
    if (!tree)
        return;
    free_children(tree->root.inode);
    inode_free(tree->root.inode);
    g_string_chunk_free(tree->names);
    g_free(tree);
}

TreeNode *tree_root(Tree *tree)
{
    return &tree->root;
}

void node_append_children(const Inode *folder, GPtrArray *list)
{
    GHashTableIter iter;
    gpointer node;

    if (folder->children) {
        g_ptr_array_extend(list, folder->children, NULL, NULL);
        return;
    }
    g_hash_table_iter_init(&iter, folder->names);
    while (g_hash_table_iter_next(&iter, NULL, &node))
        g_ptr_array_add(list, node);
}

TreeNode *node_child(const TreeNode *folder, const char *name)
{
    return g_hash_table_lookup(folder->inode->names, name);
}

TreeNode *node_add(Tree *tree, TreeNode *folder, const char *name, Inode *inode)
{
    TreeNode *node = g_new0(TreeNode, 1);

    node->name = g_string_chunk_insert(tree->names, name);
    node->parent = folder;
    node->inode = inode;
    inode->links++;
    g_hash_table_insert(folder->inode->names, (char *)node->name, node);
    node_touch(tree, node);
    return node;
}

void node_touch(Tree *tree, TreeNode *node)
{
    /* What has been touched has touched parents, so the way up ends there. */
    for (; node->layer != tree->layer; node = node->parent)
        node->layer = tree->layer;
}

TreeNode *node_add_new(Tree *tree, TreeNode *folder, const char *name, EntryType type, const Entry *entry)
{
    Inode *inode = inode_new(type, entry ? entry : &implied_folder);

    inode->implied = entry == NULL;
    inode->layer = tree->layer;
    return node_add(tree, folder, name, inode);
}

guint node_depth(const TreeNode *node)
{
    guint depth = 0;

    for (; node->parent != node; node = node->parent)
        depth++;
    return depth;
}

void tree_remove(Tree *tree, TreeNode *node)
{
    g_assert(node != &tree->root);
    if (node->inode->type == ENTRY_DIRECTORY)
        free_children(node->inode);
    g_hash_table_remove(node->parent->inode->names, node->name);
    free_node(node);
}

/* Lists what is in a folder, unless the current layer has cleared it: then nothing lower can have come back, and a layer
 * of many marks costs no more than one of as many files. */
static void append_uncleared(const Tree *tree, Inode *folder, GPtrArray *list)
{
    if (folder->cleared == tree->layer)
        return;
    folder->cleared = tree->layer;
    node_append_children(folder, list);
}

/* Removes what is below a folder and no entry of the current layer has touched. */
void node_remove_lower(Tree *tree, TreeNode *folder)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();

    append_uncleared(tree, folder->inode, list);
    for (guint i = 0; i < list->len; i++) {
        TreeNode *node = g_ptr_array_index(list, i);

        if (node->layer != tree->layer)
            tree_remove(tree, node);
        else if (node->inode->type == ENTRY_DIRECTORY)
            append_uncleared(tree, node->inode, list);
    }
}

char *tree_node_path(const TreeNode *node)
{
    gsize length = 0;

    for (const TreeNode *at = node; at->parent != at; at = at->parent)
        length += strlen(at->name) + 1;
    if (length == 0)
        return g_strdup("");
    char *path = g_malloc(length);
    char *begin = path + length - 1;
    *begin = '\0';
    for (const TreeNode *at = node; at->parent != at; at = at->parent) {
        gsize name_length = strlen(at->name);

        begin -= name_length;
        memcpy(begin, at->name, name_length);
        if (begin > path)
            *--begin = '/';
    }
    return path;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    const TreeNode *const *node_a = a, *const *node_b = b;

    return strcmp((*node_a)->name, (*node_b)->name);
}

static GPtrArray *sorted_children(const Inode *folder)
{
    if (folder->children)
        return g_ptr_array_ref(folder->children);
    GPtrArray *children = g_ptr_array_sized_new(g_hash_table_size(folder->names));
    node_append_children(folder, children);
    g_ptr_array_sort(children, compare_names);
    return children;
}

void tree_finish(Tree *tree)
{
    g_autoptr(GPtrArray) folders = g_ptr_array_new();

    g_ptr_array_add(folders, &tree->root);
    for (guint i = 0; i < folders->len; i++) {
        Inode *folder = ((TreeNode *)g_ptr_array_index(folders, i))->inode;

        folder->children = sorted_children(folder);
        g_clear_pointer(&folder->names, g_hash_table_unref);
        for (guint k = 0; k < folder->children->len; k++) {
            TreeNode *node = g_ptr_array_index(folder->children, k);

            if (node->inode->type == ENTRY_DIRECTORY)
                g_ptr_array_add(folders, node);
        }
    }
}

gboolean tree_walk(TreeNode *node, TreeVisitFunc visit, gpointer user_data, GError **error)
{
    if (!visit(node, user_data, error))
        return FALSE;
    if (node->inode->type != ENTRY_DIRECTORY)
        return TRUE;
    g_autoptr(GPtrArray) children = sorted_children(node->inode);
    for (guint folders = 0; folders < 2; folders++)
        for (guint i = 0; i < children->len; i++) {
            TreeNode *child = g_ptr_array_index(children, i);

            if ((child->inode->type == ENTRY_DIRECTORY) == (folders == 1) &&
                !tree_walk(child, visit, user_data, error)) /* no deeper than TREE_DEPTH_MAX */
                return FALSE;
        }
    return TRUE;
}
