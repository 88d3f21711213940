// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Copying a folder out of a bundle: what Docker does for a volume that is used the first time. */

#include "bundle/bundle.h"

/* Whose the copies are. */
typedef struct {
    gboolean keep; /* the owners that the image has, numbers as they are */
    guint32 uid, gid;
} CopyOwner;

/* Makes `name` in an open folder, which must not have it: the image's folder at image_path with all that is in it, as
 * modes, times, attributes, links and devices; or with image_path NULL, or one that the image does not have, an empty folder.
 * Synced. Attributes that the file system cannot hold are dropped with a note "xattr-dropped". */
gboolean copy_up(Bundle *bundle, const char *image_path, int folder, const char *name, const CopyOwner *owner,
                 Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
