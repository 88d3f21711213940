// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What gourd puts into a tree besides the image: mount points for what a service needs, os-release if there is none, and
 * /usr/lib/gourd/. Each only where missing, and reported. */

#include "image/image.h"
#include "ingest.h"
#include "tree/tree.h"

typedef struct {
    char *path; /* with its slash */
    gboolean file;
} MountPoint;

typedef struct Additions Additions;

/* Begins a layer of gourd's own on top of the tree. time is what the new files get. All is borrowed. */
Additions *additions_new(Tree *tree, BlockStore *store, Codec codec, gint64 time, Notes *notes);
/* The entries and contents that the tree has got live until then. */
void additions_free(Additions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Additions, additions_free)

/* Adds those that every service needs, those of the image's volumes, and those asked for ("PATH" or "PATH:file"). config
 * may be NULL. */
gboolean additions_add_mount_points(Additions *self, const ImageConfig *config, const char *const *wanted,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Those that were missing, in order of path: MountPoint *. */
const GPtrArray *additions_mount_points(const Additions *self);

/* /usr/lib/os-release, if the image has none: some of systemd refuses a system without (os-release(5)). */
gboolean additions_add_os_release(Additions *self, const char *name, const char *version, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Adds or replaces a file with mode 0644. */
gboolean additions_add_file(Additions *self, const char *path, const void *bytes, gsize size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Whether the tree has a path, symbolic links followed. */
gboolean additions_exists(const char *path, gpointer additions);

/* The content of a small file of the tree, symbolic links followed; NULL if there is none, or it is too large. The store
 * must be settled. */
GBytes *additions_read(Additions *self, const char *path);

#define ADDITIONS_READ_MAX (1024 * 1024) /* a passwd file of ten thousand users is smaller */
