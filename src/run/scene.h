// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a process in a bundle sees: the image, and what is mounted in it. In the mount namespace of this process, and by
 * descriptors beneath the new root, so that no link in the image leads out of it. */

#include "service/service.h"

typedef struct {
    char *base;      /* a folder of the host, covered by a tmpfs in this namespace */
    char *root_path; /* BASE/root */
    int root;        /* the image, mounted */
    gboolean users;  /* in a user namespace */
    int *trees;      /* what --bind shows, by the number of the mount; -1: that is another one */
    guint n_trees;
} Scene;

/* Covers a folder of the host and makes root_path, for the image to be mounted on. What is to be bound is looked up before. */
gboolean scene_open(Scene *scene, const ServiceSpec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens what is mounted there as root, with an overlay over it if all of it is to be writable. */
gboolean scene_open_root(Scene *scene, const ServiceSpec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All but /proc. hostname may be NULL. The host's files are found by their paths. */
gboolean scene_fill(Scene *scene, const ServiceSpec *spec, const char *hostname, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* /dev/console becomes the terminal whose path inside is given. */
gboolean scene_add_console(Scene *scene, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In the new PID namespace: /proc, what is hidden; then the host's files are gone. */
gboolean scene_enter(Scene *scene, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void scene_clear(Scene *scene);
