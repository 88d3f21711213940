// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A bundle as a mounted file system: by the kernel and a loop device, or by squashfuse(1). */

#include "kernel-mount.h"

typedef struct {
    pid_t fuse; /* squashfuse, which ends with this process; 0: the kernel does it */
} ImageMount;

/* Mounts the SquashFS that is open as fd on a folder, in this mount namespace. kernel: begun for that fd, or NULL: not by
 * the kernel, as in a user namespace. all_users: others than this process's user look at it. `scratch` is a folder for a device
 * node. */
gboolean image_mount(int fd, const char *name, const char *folder, const char *scratch, KernelMount *kernel,
                     gboolean all_users, ImageMount *ret_mount, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends squashfuse; what the kernel has mounted ends with the mount namespace. */
void image_mount_end(ImageMount *mount);
