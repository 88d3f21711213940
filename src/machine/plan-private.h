// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Shared by the files of src/machine that plan and act. */

#include "machine.h"

/* Whether a folder can be shown with other owners (mount_setattr(2), MOUNT_ATTR_IDMAP): a kernel or a file system may not be able to. As root. */
gboolean mapping_is_possible(const char *path);

/* Where a tree is made, beside its place: MACHINE_PATH_TREES/STAGE_PREFIX.NAME. machinectl does not see hidden names. */
#define STAGE_PREFIX ".gourd-"
char *machine_stage_path(const char *name);
#define MACHINE_ID_PATH "/etc/machine-id"
#define MACHINE_ID_LENGTH 32 /* hexadecimal digits */

gboolean machine_is_active(Host *host, const char *unit);

gboolean machine_graft(Host *host, const char *name, const MachineDrift *drift, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean machine_ungraft(Host *host, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- graft.c: changes of a tree, with a log of how each is undone --------------------------------------------------- */

typedef struct {
    int tree, stage, log;
    guint32 shift; /* of owners: what root inside is on disk */
    guint number;
} Graft;

void graft_clear(Graft *graft);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Graft, graft_clear)
/* In the stage; before any change. */
gboolean graft_open_log(Graft *graft, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes what an entry says, or replaces a file or link by it; with mode 0 removes that. */
gboolean graft_entry(Graft *graft, const MachineEntry *entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Moves what has that path into the stage; ret_number: under which name. The caller frees. */
gboolean graft_put_aside(Graft *graft, const char *path, char **ret_number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes a folder of root's; EXISTS: something has that name. What is put into it need not be told. The caller closes. */
gboolean graft_make_own_folder(Graft *graft, const char *path, int *ret_fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* May be cut off and called again. */
gboolean graft_undo(const Graft *graft, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- trim.c: an operating system that becomes a machine in its place ------------------------------------------------ */

/* The folder in the tree in which waits what is taken away; and what of it is kept. */
#define TRIM_STAGE ".gourd-trim"
#define TRIM_KEPT "/usr.own"

typedef struct {
    MachineSkeleton *skeleton;
    char **asides;      /* paths that are taken away */
    GPtrArray *entries; /* MachineEntry of the skeleton that are made, or replace what is there; borrowed */
    GPtrArray *kept;    /* char *: paths below asides of what is no folder, and the host has not or otherwise */
    guint32 shift;      /* of owners: what root inside is on disk */
} MachineTrim;

void machine_trim_free(MachineTrim *trim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MachineTrim, machine_trim_free)
/* What the machine has of its own is compared with the host's and with what a machine needs. Takes skeleton. */
MachineTrim *machine_trim_new(Host *host, const char *name, MachineSkeleton *skeleton, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean machine_trim(Host *host, const char *name, const MachineTrim *trim, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean machine_untrim(Host *host, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where its /etc/resolv.conf comes from. */
void machine_choose_resolver(Host *host, MachineSpec *spec);
/* Addresses for host0 where systemd-networkd, which would give it some, does not run. */
gboolean machine_choose_address(Host *host, MachineSpec *spec, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Another address for host0 where that is taken. */
gboolean machine_move_address(Host *host, MachineSpec *spec, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Sysctls that this kernel has not. */
void machine_note_sysctls(Host *host, const MachineSpec *spec, Notes *notes);
/* What of the host another machine has too, or a program of it: ports, links, addresses. */
void machine_note_claims(Host *host, const char *machine, const MachineSpec *spec, Notes *notes);

/* Programs of a unit that run files below /usr that were replaced, with how many processes do; NULL: none. The caller frees the vector. */
char **machine_list_old_code(Host *host, const char *unit);
