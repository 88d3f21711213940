// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* One change: doing, undoing, and cleaning up after it. Each part is one rename or link, and what the folder shows tells how
 * far it came; so undoing needs no record of it, and may be cut off and repeated at any point.
 *
 *   hidden name               what it is                          until
 *   .gourd-TOKEN-NUMBER.new   the new file, complete and synced   it is renamed over the old one, or (where there was
 *                                                                 none) linked; then it stays as proof that the
 *                                                                 file is ours
 *   .gourd-TOKEN-NUMBER.old   the old file (a second link), or    the end
 *                             what was removed (renamed)
 *
 * Undoing: an .old is renamed back; without one, a file that is the same as .new is removed; then .new is. systemd ignores
 * hidden files in all of its folders. */

#include "plan-private.h"

typedef struct {
    int root;
    const char *token;
    const PlanActor *actor; /* may be NULL */
} Stepper;

gboolean step_apply(const Stepper *stepper, guint number, const Change *change, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Of files; folders and actions have their own order. */
gboolean step_undo(const Stepper *stepper, guint number, const Change *change, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* After the moment of success: what was kept for undoing goes, and with it what is purged. */
gboolean step_finish(const Stepper *stepper, guint number, const Change *change, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean step_act(const Stepper *stepper, const char *verb, const char *argument, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Removes a folder that a plan made, if it is there and empty. */
gboolean step_undo_folder(const Stepper *stepper, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- copy.c: into an empty open file ----------------------------------------------------------------------------- */

gboolean write_bytes(int fd, const char *path, const void *bytes, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* DIFFERS: the source has not the digest of the change. */
gboolean copy_source(int fd, const Change *change, const PlanActor *actor, GError **error) G_GNUC_WARN_UNUSED_RESULT;
