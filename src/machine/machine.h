// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Machines: systemd-nspawn containers that share the host's /usr.
 *
 * origin ─→ MachineSkeleton: what a machine has of its own (/etc, /var, links), as data ┐
 * spec (network, limits, …) ─→ .nspawn, drop-in, network files ─────────────────────────┴─→ plan ─→ create, remove
 *
 * A machine called NAME is the tree MACHINE_PATH_TREES/NAME, run by systemd-nspawn@NAME.service, and the record
 * MACHINE_PATH_RECORDS/NAME.json. */

#include "drift.h"
#include "skeleton.h"
#include "spec.h"

#include "store/store.h"

#define MACHINE_PATH_TREES "/var/lib/machines"
#define MACHINE_PATH_SETTINGS "/etc/systemd/nspawn"
#define MACHINE_PATH_RECORDS PATH_GOURD "/machines"

/* What owners in a tree have more on disk than inside, from the owner of its top: as systemd-nspawn(1) takes it, ranges of 65536, to whomever
 * inside the top may have been given. */
#define MACHINE_OWNER_SHIFT(uid) ((uid)&0xffff0000u)

/* --- records ------------------------------------------------------------------------------------------------------ */

/* A machine that gourd made. */
typedef struct {
    char *name, *unit;
    gint64 created_at; /* seconds since 1970 */
    MachineSpec spec;
    Json *skeleton; /* machine_skeleton_to_json() of when it was made or last refreshed */
} MachineRecord;

void machine_record_free(MachineRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MachineRecord, machine_record_free)
GBytes *machine_record_format(const MachineRecord *record);
/* Fuzzed. */
MachineRecord *machine_record_parse(const char *name, const void *bytes, gsize size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The caller frees each. */
char *machine_record_path(const char *name);
char *machine_tree_path(const char *name);
char *machine_unit_name(const char *name);  /* "systemd-nspawn@NAME.service" */
char *machine_wants_path(const char *name); /* the link that starts it at boot */
/* USAGE: it cannot be called so (machinectl(1): as a host can). */
gboolean machine_name_check(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All (MachineRecord) by name; or one, NOT_FOUND with the nearest name as hint. */
gboolean machine_list(Host *host, GPtrArray **ret_records, GError **error) G_GNUC_WARN_UNUSED_RESULT;
MachineRecord *machine_find(Host *host, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A machine as those see it who look at what services do: with one release, of the version of its first package. */
StoreService *machine_as_service(const Host *host, const MachineRecord *record);
/* About how many bytes its tree takes on disk; 0: it cannot be looked at. */
guint64 machine_measure(Host *host, const MachineRecord *record);

/* --- files -------------------------------------------------------------------------------------------------------- */

/* What settings become on a host: ServiceFile, by path. Pure. binds: folders of the host, as MachineSkeleton has them. */
gboolean machine_render(const char *name, const MachineSpec *spec, const char *const *binds, guint systemd_version,
                        Notes *notes, GPtrArray **ret_files, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Files (ServiceFile) of the machine's own tree: its links, for systemd-networkd inside, and sysctls. */
gboolean machine_render_inside(const char *name, const MachineSpec *spec, GPtrArray **ret_files, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- plans -------------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    const MachineSpec *spec;
    MachineOrigin origin;
    guint target;           /* version of systemd; 0: the host's */
    gboolean moves_address; /* spec's address is another machine's, and may become another where it is taken */
    gboolean no_start, no_enable;
} MachineRequest;

/* Each plans and changes nothing; store_apply() carries it out. EXISTS: a tree, settings or a record of that name are there; UNSUPPORTED: the host
 * cannot run machines. */
StoreChange *machine_plan_create(Host *host, const MachineRequest *request, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* All that is the machine's goes, its tree too. */
StoreChange *machine_plan_remove(Host *host, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The configuration that packages gave it: path → digest. The caller unrefs. */
GHashTable *machine_record_conffiles(const MachineRecord *record, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What changed since the machine was made or refreshed: the host's packages against its record, and its files against theirs. */
MachineDrift *machine_drift_new(Host *host, const MachineRecord *record, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Brings the tree after the host's packages, as their package manager would; the change's subject is the MachineDrift. With restart, a machine that runs is
 * started again, unless a package is missing. Empty if there is nothing to be done. */
StoreChange *machine_plan_refresh(Host *host, const char *name, gboolean restart, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Writes a machine that does not run into a file, a new one unless replace: a compressed tar of its record and tree, which MachineOrigin.from takes. */
gboolean machine_export(Host *host, const char *name, const char *file, gboolean replace, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The record in such a file, for the machine that is called name here. */
MachineRecord *machine_import_record(const char *file, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Has the host call `program machine refresh` after each upgrade, or no longer: a hook of apt's, or else a path unit that looks at the package database.
 * UNSUPPORTED: there is none. */
StoreChange *machine_plan_hook(Host *host, gboolean on, const char *program, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether it does. */
gboolean machine_hook_find(Host *host, gboolean *ret_on, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Waits until no package manager changes the database, and says which state it is in: a text that is another after each change. The caller frees. */
gboolean machine_settle(Host *host, char **ret_state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The actions of these plans, which are about a machine's name: makes its tree from the subject, a MachineSkeleton; and undoes that. */
#define MACHINE_VERB_PLANT "plant"
#define MACHINE_VERB_UPROOT "uproot"
/* Takes a tree's own /usr away and gives it what a machine has, as the subject, a MachineTrim, says; and undoes that. */
#define MACHINE_VERB_TRIM "trim"
#define MACHINE_VERB_UNTRIM "untrim"
/* Changes its tree as the subject, a MachineDrift, says; and undoes that. */
#define MACHINE_VERB_GRAFT "graft"
#define MACHINE_VERB_UNGRAFT "ungraft"
/* StoreOtherAct of a store whose plans are machines'. */
gboolean machine_act(Host *host, const char *verb, const char *argument, gpointer subject, GError **error);
