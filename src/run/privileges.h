// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a process may do: its user, groups and capabilities. */

#include "base/base.h"

typedef struct {
    guint32 uid, gid;
    const guint32 *groups; /* supplementary */
    guint n_groups;
    gboolean set_groups;       /* FALSE: the namespace has only one user, and groups stay as they are */
    guint64 bounding, ambient; /* capabilities, bits by number; what root has are those of bounding */
    gboolean set_inheritable;  /* inheritable has a meaning of its own; else it is as ambient */
    guint64 inheritable;
    gboolean no_new_privileges;
} Privileges;

/* This process takes them on, for the program that it executes next. */
gboolean privileges_take(const Privileges *privileges, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Lets the next program have these capabilities, whoever it runs as. */
gboolean privileges_keep(guint64 capabilities, GError **error) G_GNUC_WARN_UNUSED_RESULT;
