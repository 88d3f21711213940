// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A release on its way: what install, upgrade and the services of a stack have in common. */

#include "change.h"
#include "transition.h"

typedef struct {
    Store *store;
    const StoreRequest *request;
    Notes *notes;
    StoreChange *change;  /* borrowed */
    StoreService *before; /* NULL: it is not installed */
    Record *old;          /* of the active release, or NULL */
    Record *new;
    gboolean runs_on; /* `new` is another release, but what runs is the same: only backups differ */
} Deploy;

void deploy_clear(Deploy *deploy);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Deploy, deploy_clear)

/* After change->pending->source is there: what rendering depends on, with the number of a new release. */
gboolean deploy_read_context(Deploy *deploy, guint *ret_revision, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads the active release into `old`. *ret_same: the bundle is the same, and with the number of the active release so would be the
 * files: nothing would change. Else `runs_on` is set. */
gboolean deploy_compare(Deploy *deploy, gboolean *ret_same, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes `new`. Of a service that is installed already only those notes are added that whoever installed it has not read. */
gboolean deploy_render(Deploy *deploy, guint revision, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where gourd-init will be on the host: change->pending->init_path. */
gboolean deploy_find_init(Deploy *deploy, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Brings it there; path NULL: it is not needed. */
gboolean deploy_plan_init(const Deploy *deploy, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a text stands in one of the files (ServiceFile). */
gboolean files_mention(const GPtrArray *files, const char *text);

/* The changes: first all that nothing running sees, then the units, last the state. */
Transition deploy_transition(Deploy *deploy);
gboolean deploy_prepare(Deploy *deploy, const Transition *transition, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean deploy_write_state(const Deploy *deploy, GError **error) G_GNUC_WARN_UNUSED_RESULT;
