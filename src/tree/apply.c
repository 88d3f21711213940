// SPDX-License-Identifier: LGPL-2.1-or-later
#include "node.h"

#include "whiteout.h"

#include <string.h>

#define SYMLINKS_MAX 255 /* followed in one path; the unpackers' own limit (filepath-securejoin) */

typedef enum {
    RESOLVE_FIND,   /* NULL where something is missing */
    RESOLVE_CREATE, /* folders that are missing are implied */
} ResolveMode;

static gboolean fail_path(GError **error, const char *path, const char *why)
{
    g_autofree char *shown = text_escape(path);

    return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s': %s", shown, why);
}

static gboolean prefix_path(GError **error, const char *path, const char *what)
{
    g_autofree char *shown = text_escape(path);

    return gourd_error_prefix(error, "'%s': %s", shown, what);
}

static gboolean check_name(const char *path, const char *name, GError **error)
{
    if (strlen(name) <= TREE_NAME_MAX)
        return TRUE;
    return fail_path(error, path, "one of its names is over 255 bytes, which no Linux file system can hold");
}

/* Walks the components of path from the root, resolving symbolic links inside it. With follow, the last component is
 * resolved too. *ret_node is NULL if the path does not exist (RESOLVE_FIND). Messages name `subject`. */
static gboolean resolve(Tree *tree, const char *path, const char *subject, ResolveMode mode, gboolean follow,
                        TreeNode **ret_node, GError **error)
{
    g_autofree char *rest = g_strdup(path);
    const char *at = rest;
    TreeNode *node = &tree->root;
    guint symlinks = 0;

    *ret_node = NULL;
    for (;;) {
        at += strspn(at, "/");
        gsize length = strcspn(at, "/");
        if (length == 0)
            break;
        if (node->inode->type != ENTRY_DIRECTORY)
            return mode == RESOLVE_FIND || fail_path(error, subject, "one of its parents is not a folder");
        g_autofree char *name = g_strndup(at, length);
        at += length;
        if (strcmp(name, ".") == 0)
            continue;
        if (strcmp(name, "..") == 0) {
            node = node->parent; /* the root's is itself: links cannot leave it */
            continue;
        }
        TreeNode *child = node_child(node, name);
        if (!child && mode == RESOLVE_FIND)
            return TRUE;
        if (!child) {
            if (!check_name(subject, name, error))
                return FALSE;
            if (node_depth(node) >= TREE_DEPTH_MAX)
                return fail_path(error, subject, "folders are nested too deeply");
            child = node_add_new(tree, node, name, ENTRY_DIRECTORY, NULL);
        }
        if (child->inode->type == ENTRY_SYMLINK && (follow || at[strspn(at, "/")] != '\0')) {
            if (++symlinks > SYMLINKS_MAX)
                return mode == RESOLVE_FIND || fail_path(error, subject, "too many symbolic links in its parents");
            const char *target = child->inode->entry->target;
            char *joined = g_strconcat(target, "/", at, NULL);

            if (*target == '/')
                node = &tree->root;
            g_free(rest);
            at = rest = joined;
            continue;
        }
        node = child;
    }
    *ret_node = node;
    return TRUE;
}

/* Splits a clean path ("" is the root's) and resolves the part before the last name. */
static gboolean resolve_parent(Tree *tree, const char *clean, ResolveMode mode, TreeNode **ret_parent,
                               const char **ret_name, GError **error)
{
    const char *slash = strrchr(clean, '/');
    g_autofree char *parent_path = slash ? g_strndup(clean, (gsize)(slash - clean)) : g_strdup("");

    *ret_name = slash ? slash + 1 : clean;
    if (!resolve(tree, parent_path, clean, mode, TRUE, ret_parent, error))
        return FALSE;
    if (*ret_parent && (*ret_parent)->inode->type != ENTRY_DIRECTORY) {
        if (mode == RESOLVE_CREATE)
            return fail_path(error, clean, "its parent is not a folder");
        *ret_parent = NULL;
    }
    return TRUE;
}

void tree_begin_layer(Tree *tree, gboolean whiteouts)
{
    tree->layer++;
    tree->whiteouts = whiteouts;
}

TreeNode *tree_find(Tree *tree, const char *path, gboolean follow)
{
    TreeNode *node;

    return resolve(tree, path, path, RESOLVE_FIND, follow, &node, NULL) ? node : NULL;
}

static void remove_name(Tree *tree, TreeNode *parent, const char *name)
{
    TreeNode *node = node_child(parent, name);

    if (!node)
        return;
    if (node->layer != tree->layer)
        tree_remove(tree, node);
    else if (node->inode->type == ENTRY_DIRECTORY)
        node_remove_lower(tree, node);
}

static gboolean apply_whiteout(Tree *tree, const char *clean, Notes *notes, GError **error)
{
    g_autofree char *parent_path = NULL;
    const char *name;
    TreeNode *parent;

    Whiteout whiteout = whiteout_parse(clean, &parent_path, &name);
    if (whiteout == WHITEOUT_INVALID)
        return fail_path(error, clean, "a whiteout that names nothing");
    if (whiteout == WHITEOUT_OTHER) {
        notes_add(notes, "aufs-mark-ignored", "marks of the AUFS file system were left out", clean);
        return TRUE;
    }
    if (!resolve(tree, parent_path, clean, RESOLVE_FIND, TRUE, &parent, error))
        return FALSE;
    if (!parent || parent->inode->type != ENTRY_DIRECTORY)
        return TRUE;
    if (whiteout == WHITEOUT_OPAQUE)
        node_remove_lower(tree, parent);
    else
        remove_name(tree, parent, name);
    return TRUE;
}

static void describe(Tree *tree, Inode *inode, const Entry *entry)
{
    inode->entry = entry;
    inode->implied = FALSE;
    inode->layer = tree->layer;
}

/* A hard link gives its target another name. What the link's header says of owner and mode is not applied: the inode has
 * been described where its content is, and many writers leave these fields empty in links. */
static gboolean apply_hard_link(Tree *tree, TreeNode *parent, const char *name, const char *clean, const Entry *entry,
                                GError **error)
{
    g_autofree char *target_path = NULL;
    const char *target_name;
    TreeNode *target_parent, *target = NULL;

    if (!path_clean(entry->target, &target_path, error) ||
        !resolve_parent(tree, target_path, RESOLVE_FIND, &target_parent, &target_name, error))
        return prefix_path(error, clean, "hard link");
    if (target_parent)
        target = *target_name ? node_child(target_parent, target_name) : target_parent;
    if (!target) {
        g_autofree char *shown = text_escape(entry->target);
        g_autofree char *why = g_strdup_printf("it is a hard link to '%s', which does not exist", shown);

        return fail_path(error, clean, why);
    }
    if (target->inode->type == ENTRY_DIRECTORY)
        return fail_path(error, clean, "it is a hard link to a folder");
    TreeNode *existing = node_child(parent, name);
    if (existing && existing->inode == target->inode) {
        node_touch(tree, existing);
        return TRUE;
    }
    Inode *inode = target->inode;
    inode->links++; /* the target may be what is replaced: "a/b" linked as "a" */
    if (existing)
        tree_remove(tree, existing);
    node_add(tree, parent, name, inode);
    inode->links--;
    return TRUE;
}

static gboolean apply_at(Tree *tree, TreeNode *parent, const char *name, const char *clean, const Entry *entry,
                         gpointer content, GError **error)
{
    if (!check_name(clean, name, error))
        return FALSE;
    if (node_depth(parent) >= TREE_DEPTH_MAX)
        return fail_path(error, clean, "folders are nested too deeply");
    if (entry->type == ENTRY_SYMLINK && strlen(entry->target) > TREE_TARGET_MAX)
        return fail_path(error, clean, "the text of the symbolic link is over 4095 bytes, more than Linux can hold");
    if (entry->type == ENTRY_HARD_LINK)
        return apply_hard_link(tree, parent, name, clean, entry, error);
    TreeNode *node = node_child(parent, name);
    if (node && node->inode->type == ENTRY_DIRECTORY && entry->type == ENTRY_DIRECTORY) {
        describe(tree, node->inode, entry);
        node_touch(tree, node);
        return TRUE;
    }
    if (node)
        tree_remove(tree, node);
    node = node_add_new(tree, parent, name, entry->type, entry);
    node->inode->content = content;
    return TRUE;
}

gboolean tree_apply(Tree *tree, const Entry *entry, gpointer content, Notes *notes, GError **error)
{
    g_autofree char *clean = NULL;
    const char *name;
    TreeNode *parent;

    if (!path_clean(entry->path, &clean, error))
        return FALSE;
    if (tree->whiteouts && whiteout_is(clean))
        return apply_whiteout(tree, clean, notes, error);
    if (!resolve_parent(tree, clean, RESOLVE_CREATE, &parent, &name, error))
        return FALSE;
    if (*name != '\0')
        return apply_at(tree, parent, name, clean, entry, content, error);
    if (entry->type != ENTRY_DIRECTORY)
        return fail_path(error, entry->path, "the root is not a folder");
    describe(tree, tree->root.inode, entry);
    return TRUE;
}
