// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Shared by the files of src/machine that plan and act. */

#include "machine.h"

/* Whether a folder can be shown with other owners (mount_setattr(2), MOUNT_ATTR_IDMAP): a kernel or a file system may not be able to. As root. */
gboolean mapping_is_possible(const char *path);

/* Where a tree is made, beside its place: MACHINE_PATH_TREES/STAGE_PREFIX.NAME. machinectl does not see hidden names. */
#define STAGE_PREFIX ".gourd-"
char *machine_stage_path(const char *name);
/* Where the tree that is replaced waits until all is done. */
char *machine_former_path(const char *name);

gboolean machine_is_active(Host *host, const char *unit);

gboolean machine_graft(Host *host, const char *name, const MachineDrift *drift, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean machine_ungraft(Host *host, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Programs of a unit that run files below /usr that were replaced, with how many processes do; NULL: none. The caller frees the vector. */
char **machine_list_old_code(Host *host, const char *unit);
