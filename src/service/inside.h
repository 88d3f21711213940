// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Looking at paths as a program in the image sees them: symbolic links are followed, and never out of the image. */

#include "bundle/bundle.h"

#define INSIDE_LINKS_MAX 40            /* followed for one path, as Linux does (path_resolution(7)) */
#define INSIDE_SCRIPT_MAX (256 * 1024) /* bytes looked at of a script */

typedef struct {
    gboolean found;
    char *path; /* with links resolved, as far as it exists; absolute, without "." and ".." */
    EntryType type;
    guint16 mode;
    guint32 uid, gid;
    guint64 size;
} InsideNode;

/* What is at a path. Nothing there is no error: `found` says so. */
gboolean inside_find(SquashReader *image, const char *path, InsideNode *ret_node, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void inside_node_clear(InsideNode *node);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InsideNode, inside_node_clear)

/* The content of a file, NULL if there is none at the path or it is larger. */
GBytes *inside_load(SquashReader *image, const char *path, guint64 size_max);

/* The first bytes of a file, at most size_max; NULL if there is none at the path. */
GBytes *inside_load_start(SquashReader *image, const char *path, gsize size_max);

/* Whether `path` is `folder` or below it; both absolute and plain. */
gboolean inside_is_below(const char *path, const char *folder);
/* An absolute path without "." steps, double slashes and one at the end; ".." goes up. `base` is in front of a relative
 * one. The caller frees. */
char *inside_plain_path(const char *base, const char *path);
