// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Releases on a host: bundles under versioned names, and for each service which one is active and what came before.
 *
 * State is one small JSON file a service, rewritten atomically as the last change of a plan. One lock serialises those who
 * change something; readers take none. Verbs make plans; store_apply() carries one out, and first undoes what a killed run left. */

#include "host/host.h"
#include "service/service.h"

typedef struct Store Store;

/* Reads nothing yet. host stays the caller's. */
Store *store_new(Host *host);
void store_free(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* Takes the lock and undoes or finishes what a killed run left (a note "recovered" says what). Before anything is changed; held
 * until store_free(). Waits for another gourd; on_wait (may be NULL) is called once if it must. */
gboolean store_lock(Store *store, void (*on_wait)(gpointer data), gpointer data, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- state ------------------------------------------------------------------------------------------------------- */

/* A release: a bundle with options, and the files it was. */
typedef struct {
    guint revision; /* from 1 */
    char *version;
    char *bundle;        /* file name in the store */
    Digest digest;       /* SHA-256 of the bundle's index head (or of the file, without an index) */
    gint64 installed_at; /* seconds since 1970 */
    ServiceOptions options;
} StoreRelease;

typedef struct {
    char *name;
    guint active; /* revision; 0: none */
    gboolean enabled;
    GPtrArray *releases; /* StoreRelease, the oldest first */
} StoreService;

/* All services (StoreService), by name; or one, NOT_FOUND with the nearest name as hint. */
gboolean store_list(Store *store, GPtrArray **ret_services, GError **error) G_GNUC_WARN_UNUSED_RESULT;
StoreService *store_find(Store *store, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void store_service_free(StoreService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreService, store_service_free)
const StoreRelease *store_service_release(const StoreService *service, guint revision);

/* --- plans ------------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *
        bundle; /* a file, or NAME_VERSION or NAME of a bundle in the store; for upgrade NULL: the active one, with other options */
    const char *name; /* NULL: the bundle's */
    const ServiceOptions *options;
    guint target; /* version of systemd; 0: the host's */
    gboolean full_verify;
    gboolean no_start, no_enable;
    const char *init_path; /* gourd-init of this gourd, as the process sees it; NULL: none was found */
} StoreRequest;

/* Each returns a plan and changes nothing. EXISTS: installed already, or a unit of that name that gourd did not write. */
Plan *store_plan_install(Store *store, const StoreRequest *request, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
Plan *store_plan_upgrade(Store *store, const StoreRequest *request, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* version NULL: the release that was active before. */
Plan *store_plan_rollback(Store *store, const char *name, const char *version, gboolean no_start, Notes *notes,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* purge: volumes and bundles too. */
Plan *store_plan_remove(Store *store, const char *name, gboolean purge, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Drops releases but the active and the `keep` newest others of each service, and bundles that no release names. */
Plan *store_plan_gc(Store *store, guint keep, guint64 *ret_bytes, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Carries a plan out under the lock. On failure everything is as before; actor's callbacks but act are used. */
gboolean store_apply(Store *store, const Plan *plan, const PlanActor *actor, GError **error) G_GNUC_WARN_UNUSED_RESULT;
