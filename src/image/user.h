// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Whom an image's program runs as: Docker's USER ("name", "uid", "user:group"…) as numbers, by the image's own passwd(5) and
 * group(5). */

#include "base/base.h"

typedef struct {
    gboolean known; /* FALSE: the image does not know the name */
    guint32 uid, gid;
    GArray *groups; /* guint32: supplementary groups, ascending, without gid; those of a named group are not added */
    char *name;     /* from passwd, or NULL */
    char *home;     /* likewise */
    char *group;    /* gid's name, from group, or NULL */
} ImageUser;

/* passwd and group are the files' bytes, or NULL. spec "" is root. */
void image_user_resolve(const char *spec, GBytes *passwd, GBytes *group, ImageUser *ret_user);
void image_user_clear(ImageUser *user);
