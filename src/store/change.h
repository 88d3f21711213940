// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a plan of the store leads to, while it is made. */

#include "bundles.h"

#define STATE_MODE 0644

StoreChange *store_change_new(const char *name, const char *title);
/* The change of one service, as a part of that of a stack, which owns it. */
StoreChange *change_add_member(StoreChange *stack, const char *name);
/* Another member of its stack, or a member of this one, for which `match` is TRUE; NULL if there is none. Borrowed. */
const StoreChange *change_find_sibling(const StoreChange *change,
                                       gboolean (*match)(const StoreChange *sibling, const char *argument),
                                       const char *argument);
/* Says from which release to which; service NULL: from none. */
void change_name_releases(StoreChange *change, const StoreService *service, guint to, const char *to_version);
/* The last change of a plan. */
void change_write_state(StoreChange *change, const StoreService *service);
/* All that removing a service changes. others: the StoreService that remain. */
gboolean change_remove(Store *store, StoreChange *change, const StoreService *service, gboolean purge,
                       const GPtrArray *others, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Purges what is there, and adds its size to change->bytes. */
gboolean change_purge(Store *store, StoreChange *change, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
