// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The inside of a tree, shared by tree.c and apply.c. */

#include "tree.h"

struct Tree {
    TreeNode root;
    GStringChunk *names;
    guint layer; /* the current one; 0 before the first */
    gboolean whiteouts;
};

/* Adds all children of a folder to a list, in no order. */
void node_append_children(const Inode *folder, GPtrArray *list);
TreeNode *node_child(const TreeNode *folder, const char *name);
/* Adds a name for an inode. The name must be free. */
TreeNode *node_add(Tree *tree, TreeNode *folder, const char *name, Inode *inode);
/* The same with a new inode; entry NULL makes an implied folder. */
TreeNode *node_add_new(Tree *tree, TreeNode *folder, const char *name, EntryType type, const Entry *entry);
/* Removes what lies below a folder, but for what the current layer has touched. */
void node_remove_lower(Tree *tree, TreeNode *folder);
guint node_depth(const TreeNode *node);
/* A node and all above it now belong to the current layer: its whiteouts spare them. */
void node_touch(Tree *tree, TreeNode *node);
