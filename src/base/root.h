// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Paths below a folder that stands for "/": a host's root, which may be another than that of the process. */

#include <glib.h>
#include <sys/types.h>

/* open(2) of a path as it were if the folder `root` were "/": absolute links and ".." stay inside (openat2(2),
 * RESOLVE_IN_ROOT). The path may begin with a slash or not. O_CLOEXEC is added. Returns a descriptor, or -1 and errno.
 *
 * Where a kernel or a sandbox has no openat2, links are followed only if root is the process's own "/"; else they are
 * refused (ELOOP). */
int root_open(int root, const char *path, int flags, mode_t mode);
