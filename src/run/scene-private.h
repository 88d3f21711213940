// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Shared by the files that mount. */

#include "scene.h"

/* --- mount-point.c ------------------------------------------------------------------------------------------------ */

/* Opens (O_PATH) what is at a path beneath root, links followed inside; makes it, as a folder or an empty file, if it is
 * missing. -1 with an error if it cannot. */
int mount_point_open(int root, const char *path, gboolean folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Mounts a new file system on an open point. Returns 0 or errno. */
int mount_point_cover(int point, const char *type, unsigned long flags, const char *options);
/* A file system of a device, read-only, without device nodes and set-user-id programs, attached nowhere. -1 and errno. */
int mount_make(const char *type, const char *source);
/* A copy of the mounts at a path of the host, attached nowhere; read_only: all of them. -1 and errno. */
int mount_copy(int folder, const char *path, gboolean read_only);
/* Attaches it. Returns 0 or errno. */
int mount_attach(int tree, int point);

/* --- scene-files.c ------------------------------------------------------------------------------------------------ */

/* /dev. */
gboolean scene_add_devices(Scene *scene, const ServiceSpec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* /etc/hosts and /etc/resolv.conf. */
gboolean scene_add_names(Scene *scene, const ServiceSpec *spec, const char *hostname, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
