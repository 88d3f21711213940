// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What the files of src/store share. */

#include "store.h"

#include <sys/utsname.h>

#define STATE_FILE_SIZE_MAX (16 * 1024 * 1024) /* bytes: as JSON_SIZE_MAX; with 100 releases some 100 KiB */
#define LOCK_PATH PATH_STATE "/lock"
#define JOURNAL_PATH PATH_STATE "/journal.json"

struct Store {
    Host *host;
    int root; /* of the host, opened with O_PATH */
    int lock; /* or -1 */

    StoreOtherAct other_act; /* or NULL */
    StoreHookRun hook_run;   /* or NULL */

    /* Of the store_apply() in progress, or the last. */
    const StoreChange *change;
    const PlanActor *actor; /* of the caller; may be NULL */
    GPtrArray *failure_lines;
    Why *failure_why;
    char *failed_unit;
    guint64 started_usec;   /* when the plan began to start units: what the journal has since then is of it; 0 before */
    GPtrArray *not_revived; /* char * */
};

/* What the actions of a plan need beyond their names. */
struct StorePending {
    Digest digest;               /* of the bundle that the plan copies */
    struct BundleSource *source; /* what is installed: spec looks into it; or NULL */
    ServiceSpec *spec;
    gboolean brings_bundle, brings_init; /* the plan copies it for this service: members of a stack need it once */
    struct utsname kernel;               /* of a live host */
    ServiceContext context;              /* its strings are owned by what is here */
    char *bundle_path, *init_path;
    Digest init_digest; /* of what is at init_path */
    char *user; /* of ServiceFiles: whose numbers are asked for when they are needed, for the plan may make it */
    guint32 uid, gid;
    gboolean keep_owners;
    GHashTable *volumes;     /* path on the host → path in the image ("" for none): those that are to be made */
    struct VolumeTask *task; /* of a backup or restore; or NULL */
    Notes *notes;            /* of store_apply() */
};

/* PlanActor.act; data is the Store. Verbs of its own, beside those of host_act():
 *
 *   verify FILE [fully]  whether the store's bundle is the one that was to be copied, and sound
 *   identity NAME/REV    passwd and group as the service sees them     undone by drop-identity
 *   fill PATH            a volume, filled from the bundle              undone by unfill
 *   dump OWNER/NAME      what a service writes, to a backup
 *   before SERVICE       its command before files are copied           undone by after SERVICE
 *   archive FILE         files of volumes, to a backup
 *   after SERVICE        its command after that
 *   keep FILE            the backup is complete
 *   unpack FILE          a backup, beside the volumes                  undone by unrestore UNIT…
 *   load OWNER/NAME      a dump is read by its service; there is no way back
 *   switch OWNER/NAME    what was unpacked becomes the volume
 *   halt UNIT…           all are stopped, one after the other
 *   revive UNIT…         for undoing: all are stopped, the manager reads all units again, the first is started
 *   revive-all UNIT…     for undoing: all are stopped, the last first, the manager reads all units again, all are started
 *   resume UNIT…         all are started; for undoing too
 *   abandon UNIT         for undoing: the unit is stopped
 *
 * The last four never fail: what cannot be revived is remembered, since files are as before anyway. */
gboolean store_act(const char *verb, const char *argument, gpointer data, GError **error);

/* What a service has to do with users, for the actions. */
void pending_take_user(struct StorePending *pending, const ServiceFiles *files);
/* The numbers of the service's user now. */
gboolean find_service_user(const Store *store, const struct StorePending *pending, guint32 *ret_uid, guint32 *ret_gid,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What an action is about: that of the service's change which is applied for which `match` is TRUE, or NULL. Borrowed. */
const struct StorePending *find_pending(const Store *store,
                                        gboolean (*match)(const StoreChange *change, const char *argument),
                                        const char *argument);

/* --- records ------------------------------------------------------------------------------------------------------ */

/* All of a release, in a file that only root may read: what rollback puts back. */
typedef struct {
    guint revision;
    ServiceFiles *files;
    char *init;    /* path of the gourd-init that units name, or NULL */
    Json *secrets; /* of its options, or NULL */
} Record;

void record_free(Record *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Record, record_free)
char *record_path(const char *name, guint revision);
GBytes *record_format(const Record *record);
/* Fuzzed. Paths that gourd would not write are INPUT errors. */
Record *record_parse(const void *bytes, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
Record *record_read(Store *store, const char *name, guint revision, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Files and links (ServiceFile) as JSON; those read are appended. */
Json *files_to_json(const GPtrArray *files);
gboolean files_from_json(const Json *list, GPtrArray *files, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The file of that path, or NULL. */
const ServiceFile *record_find(const Record *record, const char *path);
/* The lines of a unit file that mean something, since the first one differs with each release; with or without the commands of backups, which
 * mean nothing to systemd. The caller frees. */
char *record_unit_lines(GBytes *content, gboolean with_backup);

/* --- state -------------------------------------------------------------------------------------------------------- */

char *state_path(const char *name);
GBytes *state_format(const StoreService *service);
/* Fuzzed. */
StoreService *state_parse(const char *name, const void *bytes, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL without error if it is not installed. */
gboolean state_read(Store *store, const char *name, StoreService **ret_service, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* What is before the suffix in the names of files of the state, sorted, as far as it is a name. */
gboolean state_list_names(Store *store, const char *suffix, gboolean (*is_name)(const char *name),
                          GPtrArray **ret_names, GError **error) G_GNUC_WARN_UNUSED_RESULT;
StoreRelease *release_copy(const StoreRelease *release);
void release_free(StoreRelease *release);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreRelease, release_free)
StoreService *service_new(const char *name);
StoreService *service_copy(const StoreService *service);
/* Whether text can be the name of a service. */
gboolean service_name_check(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether all services have a file: those of gourd itself, gourd-names.* . */
gboolean file_is_shared(const char *path);

/* --- links -------------------------------------------------------------------------------------------------------- */

/* The links (ServiceFile) that enabling a unit makes, as its [Install] says; what systemctl enable would do. */
gboolean links_of_unit(const char *unit, GBytes *content, GPtrArray *links, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Those of all units that a release starts. */
GPtrArray *links_of_release(const ServiceFiles *files, GError **error) G_GNUC_WARN_UNUSED_RESULT;
