// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A SquashFS file mounted by the kernel, through a loop device. That takes a while, and so does the first look at a program in it, of
 * which each block is still to be read and expanded: a thread does both, beside what else a process needs. */

#include "base/base.h"

typedef struct KernelMount KernelMount;

/* Begins to mount what is open as fd, in no place yet, and then to read what `program`, a path in it, needs to start. Both must
 * outlive the mount. Before namespaces are entered: no thread can be made afterwards. */
KernelMount *kernel_mount_begin(int fd, const char *program);
/* Waits until it is mounted, and puts it on a folder of this mount namespace; `scratch` is another folder, for a device node.
 * FALSE and errno: the kernel does not do it. */
gboolean kernel_mount_attach(KernelMount *mount, const char *folder, const char *scratch);
/* Waits for the thread. What is attached ends with the mount namespace. */
void kernel_mount_free(KernelMount *mount);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KernelMount, kernel_mount_free)
