// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Releases on a host: bundles under versioned names, and for each service which one is active and what came before.
 *
 * State is one small JSON file a service (docs/state.md), rewritten atomically as the last change of a plan. One lock
 * serialises those who change something; readers take none. Verbs make plans; store_apply() carries one out, and
 * store_lock() first undoes what a killed run left. */

#include "doctor/doctor.h"
#include "host/host.h"
#include "service/service.h"

typedef struct Store Store;

/* Reads nothing yet. host stays the caller's. */
Store *store_new(Host *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void store_free(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* Called once if there is somebody to be waited for; holder is that process, 0 if it is not known. */
typedef void (*StoreWait)(pid_t holder, gpointer data);

/* Takes the lock and undoes or finishes what a killed run left (a note "recovered" says what). Before anything is planned that
 * will be applied; held until store_free(). Waits for another gourd; on_wait may be NULL. */
gboolean store_lock(Store *store, StoreWait on_wait, gpointer data, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Whether the lock could be taken, were nobody holding it: for who has something long to do before. */
gboolean store_check_lock(Store *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a killed run left something, which the next store_lock() undoes. For those who only look; FALSE while somebody changes something, and for those
 * who may not open the lock. */
gboolean store_is_unfinished(const Store *store);

/* Does actions of plans that neither the store nor host_act() knows, for folders above that plan with the store's means: its lock, journal and
 * undo. subject is that of the change; NULL when what a killed run left is undone. UNSUPPORTED: an unknown verb. */
typedef gboolean (*StoreOtherAct)(Host *host, const char *verb, const char *argument, gpointer subject, GError **error);
/* Before store_lock(). */
void store_set_other_act(Store *store, StoreOtherAct act);

/* A command of a service that backs up a volume, or puts it back, to be run where the service runs, as whom it runs. */
typedef struct {
    const char *service, *unit;
    const char *what;  /* "dump", for messages */
    char *const *argv; /* a program as the service sees it, with its words */
    int in;            /* its standard input; -1: nothing */
    /* Gets its standard output, piece by piece; NULL: that is part of what it says. */
    gboolean (*take)(const guint8 *bytes, gsize size, gpointer data, GError **error);
    gpointer data;
    guint64 timeout_usec; /* 0: none */
} StoreHook;

/* Runs one to its end; FAILED with what it said unless its exit status is 0. What it says and succeeds becomes a note. */
typedef gboolean (*StoreHookRun)(Host *host, const StoreHook *hook, Notes *notes, GError **error);
/* Before store_lock(). */
void store_set_hook_run(Store *store, StoreHookRun run);

/* --- state ------------------------------------------------------------------------------------------------------- */

/* A release: a bundle with options. */
typedef struct {
    guint revision; /* from 1 */
    char *version;
    char *bundle;           /* file name in the store */
    Digest digest;          /* SHA-256 of the bundle's index head (of the whole file, without an index) */
    gint64 installed_at;    /* seconds since 1970 */
    ServiceOptions options; /* without what is secret: store_read_options() has all */
} StoreRelease;

typedef struct {
    char *name;
    char *unit;          /* NAME.service */
    guint active;        /* revision */
    guint previous;      /* the one that was active before; 0: none */
    char **links;        /* paths of the links that start the service at boot; or NULL */
    gboolean enabled;    /* whether one of them is there now */
    GPtrArray *releases; /* StoreRelease, the oldest first */
} StoreService;

/* All services (StoreService), by name; or one, NOT_FOUND with the nearest name as hint. */
gboolean store_list(Store *store, GPtrArray **ret_services, GError **error) G_GNUC_WARN_UNUSED_RESULT;
StoreService *store_find(Store *store, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void store_service_free(StoreService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreService, store_service_free)
/* NULL if there is no such revision. */
const StoreRelease *store_service_release(const StoreService *service, guint revision);

/* The options of a release with its secrets; needs root. ret_options need not be initialised. */
gboolean store_read_options(Store *store, const StoreService *service, guint revision, ServiceOptions *ret_options,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- stacks ------------------------------------------------------------------------------------------------------- */

/* A stack that is up. */
typedef struct {
    char *name;
    char **files, *folder; /* that it was made from, absolute */
    char **services;       /* names in the stack, in the order of their start */
    char **full_names;     /* of the services on this host, in the same order */
    GPtrArray *units;      /* ServiceFile: what is the stack's own */
    int network;           /* StackNetworkMode */
    GPtrArray *ports;      /* StackNetworkPort: where its services can be reached */
    Json *network_state;   /* private: addresses that it keeps; or NULL */
} StoreStack;

void store_stack_free(StoreStack *stack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreStack, store_stack_free)
/* All (StoreStack), by name; or one, NOT_FOUND with the nearest name as hint. */
gboolean store_list_stacks(Store *store, GPtrArray **ret_stacks, GError **error) G_GNUC_WARN_UNUSED_RESULT;
StoreStack *store_find_stack(Store *store, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- bundles ------------------------------------------------------------------------------------------------------ */

/* A bundle in the store. */
typedef struct {
    char *file; /* NAME_VERSION.raw */
    char *name, *version;
    guint64 size;
    gint64 mtime;
} StoreBundle;

/* All (StoreBundle) by name, then by version as people count: 1.9 before 1.10. */
gboolean store_list_bundles(Store *store, GPtrArray **ret_bundles, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the store has another bundle of the name and version that the file `path` has; if so, the file's digest. */
gboolean store_has_other_bundle(Store *store, const char *path, Digest *ret_digest);
/* Whether the bundle in the file `path` has nothing at one of these places, "PATH" or "PATH:file". */
gboolean store_bundle_lacks(const char *path, const char *const *points);
/* The bundle called NAME_VERSION, with or without ".raw", or of NAME the highest version; NULL if there is none. Borrowed. */
const StoreBundle *store_bundle_find(const GPtrArray *bundles, const char *text);
/* NAME and VERSION of NAME_VERSION[.raw]; FALSE if text is not of that form. The caller frees both. */
gboolean store_bundle_split(const char *text, char **ret_name, char **ret_version);

/* Whether the file of a release is another bundle now than it was, as far as its index tells: FALSE where there is none. */
gboolean store_bundle_is_other(Store *store, const StoreRelease *release);

/* --- volumes ------------------------------------------------------------------------------------------------------ */

/* A folder that keeps the data of services: PATH_VOLUMES/OWNER/NAME. */
typedef struct {
    char *owner;       /* a service, or a stack */
    char *name;        /* in what owns it */
    char *id;          /* OWNER/NAME: what users call it */
    char *path;        /* on the host */
    gboolean is_mount; /* a unit mounts a file system there: what is in it lives elsewhere */
    GPtrArray *users;  /* char *: services that a release of is installed whose units name it */
} StoreVolume;

/* All (StoreVolume) by id. Needs root, since nobody else may look at them. */
gboolean store_list_volumes(Store *store, GPtrArray **ret_volumes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Those meant by OWNER/NAME, or all of an OWNER; NOT_FOUND with the nearest id as hint. Borrowed from volumes; the caller unrefs. */
GPtrArray *store_choose_volumes(const GPtrArray *volumes, const char *text, GError **error);
/* Bytes on disk. */
guint64 store_measure_volume(const Store *store, const StoreVolume *volume);

/* --- plans ------------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *bundle; /* a file, or NAME_VERSION or NAME of a bundle in the store; for upgrade NULL: the active one */
    const char *name;   /* of the service; NULL: the bundle's */
    const ServiceOptions *options; /* all of them: for an upgrade those of the active release with the changes made */
    guint target;                  /* version of systemd; 0: the host's */
    gboolean full_verify;
    gboolean no_start, no_enable;
    gboolean no_state;     /* no state is written: for a stack as files */
    const char *init_path; /* gourd-init of this gourd, as the process sees it; NULL: none was found */
} StoreRequest;

/* With secure_env: encrypts for this host what is secret in the environment of the service `name` (NULL: a new one); where that cannot be, a note says so, and
 * it stays clear. What the active release has is kept if it means the same. */
void store_secure_options(Store *store, const char *name, ServiceOptions *options, Notes *notes);

/* What a plan leads to. */
typedef struct StoreChange {
    Plan *plan; /* empty if everything is as it should be */
    char *name, *unit;
    guint from, to; /* revisions; 0: none */
    char *from_version, *to_version;
    gboolean has_health;             /* of `to`: its start waits for the health check */
    gboolean started;                /* the plan starts it, or restarts it */
    int network;                     /* StackNetworkMode of a stack */
    char *network_reason;            /* why it is that one; or NULL */
    guint64 bytes;                   /* gc and remove: what the store will be smaller by */
    struct StorePending *pending;    /* private */
    GPtrArray *members;              /* StoreChange of each service of a stack, which have its plan; else NULL */
    const struct StoreChange *stack; /* private, of a member: what has its plan */
    const char *lasting;             /* what is so if it fails, where that is not "as before"; static, or NULL */
    gpointer subject;                /* of others' changes, for StoreOtherAct; or NULL */
    GDestroyNotify free_subject;
} StoreChange;

/* An empty change of something that is no service, for others to fill. The change takes subject (may be NULL). */
StoreChange *store_change_new_other(const char *title, gpointer subject, GDestroyNotify free_subject);

void store_change_free(StoreChange *change);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreChange, store_change_free)

/* Each plans and changes nothing. EXISTS: installed already, a unit of that name that gourd did not write, another bundle
 * of the same name and version; NOT_FOUND: no such service or bundle; DIFFERS: the bundle is damaged. */
StoreChange *store_plan_install(Store *store, const StoreRequest *request, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
StoreChange *store_plan_upgrade(Store *store, const StoreRequest *request, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* version NULL: the release that was active before; else the newest other release of that version. */
StoreChange *store_plan_rollback(Store *store, const char *name, const char *version, gboolean no_start, Notes *notes,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* purge: volumes, and bundles that no other service has releases of, too. */
StoreChange *store_plan_remove(Store *store, const char *name, gboolean purge, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Drops releases but the active one and `keep` others of each service (the one before first, then the newest), bundles that
 * no release is left of, and helpers that no unit names. */
StoreChange *store_plan_gc(Store *store, guint keep, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum {
    STORE_BACKUP_ASKED, /* by commands of running services that have some; the others stop */
    STORE_BACKUP_LIVE,  /* the same, but nothing stops */
    STORE_BACKUP_COLD,  /* all that uses them stops */
} StoreBackupHow;

/* Plans a backup of volumes (StoreVolume), which must outlive the change: a tar, compressed, with a folder OWNER/NAME for each, or OWNER/NAME.dump
 * where a running service dumps it. What has to stop is started again whatever happens; if it does not start, store_not_revived() has it. The change
 * takes output. */
StoreChange *store_plan_volume_backup(Store *store, const GPtrArray *volumes, StoreBackupHow how, const char *file,
                                      OutputFile *output, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Plans to put back what a backup has: target NULL: each volume where it was; OWNER/NAME: one; OWNER: all of one owner. A volume that has
 * something already is EXISTS, or with `force` replaced: what it has had comes back if what uses it does not start with the other. A dump is
 * read by the running service that says how; FAILED if it does not run, UNSUPPORTED if none does. */
StoreChange *store_plan_volume_restore(Store *store, const char *file, const char *target, gboolean force, Notes *notes,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Plans the end of a volume; EXISTS while an installed service uses it. */
StoreChange *store_plan_volume_remove(Store *store, const StoreVolume *volume, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* A stack as it shall be. */
typedef struct {
    const Stack *stack; /* after stack_finish(); each service has its bundle */
    guint target;       /* version of systemd; 0: the host's */
    gboolean full_verify;
    gboolean no_start, no_enable;
    gboolean
        no_state; /* only what systemd reads is wanted, to be written elsewhere: gourd's own records are left out */
    const char *init_path;
} StoreStackRequest;

/* Plans what brings a stack up: services that are new, different or not running are started together, those that it does not have any
 * more are removed, their volumes stay. Empty if everything is as it should be. */
StoreChange *store_plan_up(Store *store, const StoreStackRequest *request, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Removes all services of a stack, and what is its own. purge: volumes and bundles too. */
StoreChange *store_plan_down(Store *store, const char *name, gboolean purge, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Carries a plan out; the lock must be held. On failure everything is as before. actor has callbacks for progress (may be NULL;
 * its `act` is not used). */
gboolean store_apply(Store *store, const StoreChange *change, const PlanActor *actor, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Why the last store_apply() failed, as the journal tells: lines (char *) of the unit that failed, from before anything was
 * undone; NULL if no unit did. Borrowed. */
const GPtrArray *store_failure_lines(const Store *store, const char **ret_unit);
/* What was wrong with that unit, found before anything was undone; NULL if no unit failed, or nothing was found. Borrowed. */
const Why *store_failure_why(const Store *store);
/* Units (char *) that could not be brought back to what they did before when a change was undone. Borrowed; may be empty. */
const GPtrArray *store_not_revived(const Store *store);
