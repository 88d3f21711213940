// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The merged tree: what layers say, applied in order exactly as an OCI unpacker would (OCI image-spec 1.1, layer.md), but
 * in memory and without any file system. */

#include "base/base.h"

/* --- entries ----------------------------------------------------------------------------------------------------- */

typedef enum {
    ENTRY_FILE,
    ENTRY_DIRECTORY,
    ENTRY_SYMLINK,
    ENTRY_CHAR_DEVICE,
    ENTRY_BLOCK_DEVICE,
    ENTRY_FIFO,
    ENTRY_SOCKET,
    ENTRY_HARD_LINK, /* another name of an earlier path, `target` */
} EntryType;

/* Extended attributes, sorted by name, immutable, counted. */
typedef struct {
    char *name; /* "security.capability" */
    guint8 *value;
    gsize size;
} Xattr;

typedef struct Xattrs Xattrs;

Xattrs *xattrs_new(void);
Xattrs *xattrs_ref(Xattrs *xattrs);
void xattrs_unref(Xattrs *xattrs); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Xattrs, xattrs_unref)
/* Adds or replaces; only while the caller is the only holder. */
void xattrs_set(Xattrs *xattrs, const char *name, const void *value, gsize size);
gsize xattrs_count(const Xattrs *xattrs); /* 0 for NULL */
const Xattr *xattrs_get(const Xattrs *xattrs, gsize index);

/* What a layer says of one path: one tar entry, or one inode of a folder. Paths are bytes without NUL. */
typedef struct {
    EntryType type;
    char *path;   /* as it stands in the layer, not normalised: "./usr//bin/../sh" */
    char *target; /* symbolic link: its text; hard link: the path it names; else NULL */
    guint16 mode; /* the permission bits, 07777 */
    guint32 uid, gid;
    guint32 device_major, device_minor; /* devices only */
    gint64 mtime;                       /* seconds since 1970, may be negative */
    guint32 mtime_nsec;
    guint64 size;   /* files: bytes of content, holes included */
    Xattrs *xattrs; /* or NULL */
} Entry;

/* Of what stat(2) says in st_mode. */
EntryType entry_type_of_mode(mode_t mode);

void entry_init(Entry *entry); /* all zero */
void entry_clear(Entry *entry);
void entry_copy(const Entry *entry, Entry *ret_entry);

/* --- paths ------------------------------------------------------------------------------------------------------- */

#define TREE_NAME_MAX 255    /* bytes of one name: what Linux and SquashFS can hold */
#define TREE_TARGET_MAX 4095 /* bytes of a symbolic link's text: Linux's PATH_MAX with its NUL */
#define TREE_DEPTH_MAX \
    2048 /* folders within each other: PATH_MAX / 2, so that no path a program could use is refused */

/* "./usr//bin/../sh/" becomes "usr/sh", "/" becomes "". A path that leaves the root ("a/../../b") is an INPUT error. */
gboolean path_clean(const char *path, char **ret_clean, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- the tree ---------------------------------------------------------------------------------------------------- */

typedef struct Inode Inode;
typedef struct TreeNode TreeNode;
typedef struct Tree Tree;

/* One name in a folder. */
struct TreeNode {
    const char *name; /* "" for the root; owned by the tree */
    TreeNode *parent; /* the root's is itself */
    Inode *inode;
    guint layer; /* the newest layer that spoke of it or of something below it */
};

/* What names refer to. Borrows the entry that described it last. */
struct Inode {
    EntryType type;   /* never ENTRY_HARD_LINK */
    gboolean implied; /* a folder that no layer mentioned, only something below it */
    guint links;      /* how many names it has; 1 for folders */
    guint layer;      /* the layer of `entry` */
    guint cleared;    /* folders: the layer that removed all that lower ones had below it; 0: none */
    const Entry *entry;
    gpointer content;    /* files: the caller's, from tree_apply() */
    GHashTable *names;   /* folders, while layers are applied: name → TreeNode */
    GPtrArray *children; /* folders, after tree_finish(): TreeNode *, by bytes of the name */
    guint32 number;      /* the caller's: 0 at first */
    guint mark;          /* the caller's: 0 at first */
};

/* An empty tree: a root that no layer has mentioned yet. */
Tree *tree_new(void);
void tree_free(Tree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tree, tree_free)

TreeNode *tree_root(Tree *tree);

/* Layers are applied from the lowest up; entries in the order in which the layer has them. With whiteouts, names that
 * begin with ".wh." remove what lower layers have (never what the same layer has, whatever the order). */
void tree_begin_layer(Tree *tree, gboolean whiteouts);

/* Applies an entry as an unpacker would, with symbolic links in its parents resolved inside the root. The entry must
 * outlive the tree. content is kept with a new file. Errors (a path or link that leaves the root, a parent that is a file,
 * a link to nothing or to a folder, too many symbolic links, a name too long) name the path. */
gboolean tree_apply(Tree *tree, const Entry *entry, gpointer content, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The node at a path, symbolic links in its parents resolved inside the root, and in its last name too if follow is
 * set. NULL if there is none. */
TreeNode *tree_find(Tree *tree, const char *path, gboolean follow);

/* Removes a node with all below it; not the root. */
void tree_remove(Tree *tree, TreeNode *node);

/* Sorts all folders; after it nothing may be applied or removed, and tree_find() does no longer work. */
void tree_finish(Tree *tree);

/* The path of a node without a leading slash; the root's is "". The caller frees. */
char *tree_node_path(const TreeNode *node);

/* Calls visit for all nodes below and with node in canonical path order: in each folder what is no folder comes first,
 * then the folders, each by bytes of the name; a folder before what is in it. Ends early with FALSE when visit returns
 * FALSE. */
typedef gboolean (*TreeVisitFunc)(TreeNode *node, gpointer user_data, GError **error);
gboolean tree_walk(TreeNode *node, TreeVisitFunc visit, gpointer user_data, GError **error);

/* --- shadows ----------------------------------------------------------------------------------------------------- */

/* What newer layers hide, collected while layers are read from the newest down: so the content of most files that end up
 * nowhere need not be looked at. It judges by the text of paths, so it can be wrong where symbolic links lead elsewhere:
 * a caller that passed over content which turns out to be needed must read it again. */
typedef struct Shadow Shadow;

Shadow *shadow_new(void);
void shadow_free(Shadow *shadow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Shadow, shadow_free)

/* TRUE if the layers added so far hide the content of the file at path (clean) in a lower layer. */
gboolean shadow_hides(const Shadow *shadow, const char *path);
/* Adds a whole layer: count entries. Those whose paths are not clean are passed over. */
void shadow_add_layer(Shadow *shadow, const Entry *const *entries, gsize count);
