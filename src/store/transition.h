// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* From one release of a service to another, as changes of a plan: what install, upgrade and rollback have in common. */

#include "store-private.h"

typedef struct {
    Store *store;
    StoreChange *change; /* its plan grows */
    Notes *notes;
    const StoreService *before; /* NULL: it is not installed */
    const Record *old;          /* of the active release; NULL: there is none */
    const Record *new;
    gboolean is_rollback; /* files of `new` are put back; else they are made */
    gboolean start, enable;
    gboolean no_state; /* no record of the release is kept */
    gboolean in_stack; /* its services are started together, and brought back together */
} Transition;

/* EXISTS: a unit or a file that is not this service's is where one of the new release shall be. */
gboolean transition_check(const Transition *transition, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- the changes, in this order ----------------------------------------------------------------------------------- */

/* Users, folders, volumes, and the files that are of the new release alone: nothing that runs sees a difference. */
gboolean transition_prepare(const Transition *transition, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Units, with the one of the service last; the pre-upgrade unit is run before that. */
gboolean transition_switch(const Transition *transition, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Copies of what was edited by hand (recorded in old, different on the host) and would be replaced or removed: FILE.gourd-save.
 * new NULL: all goes. */
gboolean transition_save_edited(Store *store, Plan *plan, const Record *old, const Record *new, Notes *notes,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether gourd wrote it: service_file_is_ours(). */
gboolean content_is_ours(GBytes *content);
/* Whether all files of a record are on the host as they were written. */
gboolean record_is_in_place(Store *store, const Record *record, gboolean *ret_in_place, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* At the very end of the plan: what volumes grew in goes. */
void transition_sweep(const Transition *transition);

/* --- units -------------------------------------------------------------------------------------------------------- */

/* Whether it runs or is about to; FALSE of a host that is not live. */
gboolean unit_is_active(Store *store, const char *unit);
/* Before units are changed: stops those that go or become different, to be revived if the plan is undone. TRUE if the service
 * itself is among them. */
gboolean plan_stops(const Transition *transition);
/* First of all: so that what is started, and did not run before, is stopped when the plan is undone, before all else. */
void plan_abandons(const Transition *transition);
/* After units were changed. pre_stopped: what undoing needs for the service has been planned before. */
void plan_starts(const Transition *transition, gboolean pre_stopped);
