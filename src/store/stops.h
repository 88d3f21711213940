// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What stops while volumes are at rest. */

#include "store-private.h"

/* Units (char *) in the order in which they stop. */
typedef struct {
    Store *store;
    GPtrArray *sockets, *services, *mounts;
} Stops;

Stops stops_new(Store *store);
void stops_clear(Stops *stops);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stops, stops_clear)

/* Adds what runs and uses one of the volumes (StoreVolume), and what systemd stops with that. */
gboolean stops_find(Stops *stops, const GPtrArray *volumes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In the order in which they stop; what stops last starts first. Borrowed names; the caller unrefs. */
GPtrArray *stops_list(const Stops *stops);
/* "A B C". The caller frees. */
char *stops_join(const GPtrArray *units, gboolean backwards);
