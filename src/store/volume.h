// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Volumes: made and filled the first time, as a step of a plan that can be undone.
 *
 * A volume grows as PATH_VOLUMES/NAME/.gourd-fill/VOLUME and is renamed when it is complete, so that no service ever sees half
 * of it. Beside it a file VOLUME.inode says which folder that was: undoing removes only what was made by this plan, whatever
 * somebody else has put there. The folder .gourd-fill is the plan's to purge. */

#include "store-private.h"

/* The folder .gourd-fill of the volume at path. The caller frees. */
char *volume_fill_folder(const char *path);

/* The actions fill and unfill. */
gboolean volume_fill(Store *store, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean volume_unfill(Store *store, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
