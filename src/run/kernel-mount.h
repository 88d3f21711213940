// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A SquashFS file mounted by the kernel, through a loop device. That takes a while, and so does the first look at a program in it, of
 * which each block is still to be read and expanded: a thread does both, beside what else a process needs. */

#include "base/base.h"

typedef struct KernelMount KernelMount;

/* Begins to mount what is open as fd, which must outlive the mount, in no place yet. Before namespaces are entered: no thread can be
 * made afterwards. */
KernelMount *kernel_mount_begin(int fd);
/* Once: says what will be executed, a path in it. What that needs to start is read ahead. */
void kernel_mount_read_ahead(KernelMount *mount, const char *program);
/* Waits until it is mounted, and puts it on a folder of this mount namespace; `scratch` is another folder, for a device node.
 * FALSE and errno: the kernel does not do it. */
gboolean kernel_mount_attach(KernelMount *mount, const char *folder, const char *scratch);
/* Waits for the thread. What is attached ends with the mount namespace. */
void kernel_mount_free(KernelMount *mount);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KernelMount, kernel_mount_free)
