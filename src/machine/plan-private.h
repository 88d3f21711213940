// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Shared by the files of src/machine that plan and act. */

#include "machine.h"

/* Whether a folder can be shown with other owners (mount_setattr(2), MOUNT_ATTR_IDMAP): a kernel or a file system may not be able to. As root. */
gboolean mapping_is_possible(const char *path);

/* Where a tree is made, beside its place: MACHINE_PATH_TREES/STAGE_PREFIX.NAME. machinectl does not see hidden names. */
#define STAGE_PREFIX ".gourd-"
char *machine_stage_path(const char *name);
