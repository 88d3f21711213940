// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* How a skeleton is put together: each part adds its entries. */

#include "skeleton.h"

#include "store/store.h"
#include "unit/unit.h"

#define SKELETON_FILE_SIZE_MAX (16 * 1024 * 1024) /* bytes of one file of /etc or /usr that is looked at */

/* A package that is in the machine. */
typedef struct {
    const HostPackage *package; /* borrowed */
    gboolean asked;             /* by name, and not as a dependency */
    char **files;
    char *script; /* that is run after it is installed, or NULL */
} SkeletonPackage;

typedef struct {
    const MachineOrigin *origin;
    int root;                  /* of the host */
    MachinePackages *packages; /* borrowed */
    MachinePackages *opened;   /* the same, if it was not open before */
    GPtrArray *chosen;         /* SkeletonPackage, by name */
    GHashTable *owners;        /* path → SkeletonPackage, of all their files; shared paths as they are below /usr */
    GHashTable *uids, *gids;   /* of entries, as GUINT_TO_POINTER */
    MachineSkeleton *skeleton;
    Notes *notes;
} SkeletonBuild;

/* --- skeleton.c --------------------------------------------------------------------------------------------------- */

/* Adds an entry, in place of one that is there; the rest of its fields is the caller's to fill in. Borrowed. */
MachineEntry *skeleton_add(MachineSkeleton *skeleton, const char *path, mode_t mode);
void skeleton_add_folder(MachineSkeleton *skeleton, const char *path, mode_t mode);
void skeleton_add_link(MachineSkeleton *skeleton, const char *path, const char *target);
void skeleton_add_text(MachineSkeleton *skeleton, const char *path, mode_t mode, const char *text);
/* Adds the folders that are missing above entries, and puts all into order. */
void skeleton_complete(MachineSkeleton *skeleton);

/* The text of a file of the host; NULL without error if it is not there, or is none (a masked unit). The caller frees. */
gboolean skeleton_read(const SkeletonBuild *build, const char *path, char **ret_text, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- write.c, pour.c ---------------------------------------------------------------------------------------------- */

/* Owner, mode and time of what was just made there. */
gboolean skeleton_set_attributes(const MachineEntry *entry, int parent, const char *name, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Reads the source again: writes the files whose content is there, and the attributes of all that it has. */
gboolean skeleton_pour(const MachineSkeleton *skeleton, int folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- choose.c ----------------------------------------------------------------------------------------------------- */

/* Fills in chosen and owners: what was asked for and what a booted system needs, with what these depend on. NOT_FOUND, with the nearest name. */
gboolean skeleton_choose(SkeletonBuild *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a path lies in what the host shares: /usr, and /bin, /lib … */
gboolean skeleton_is_shared(const char *path);
/* The path below /usr of what a package has in /bin, /lib …, where these are links; else the path itself. The caller frees. */
char *skeleton_merged_path(const SkeletonBuild *build, const char *path);

/* --- files.c, users.c, units.c, made.c, pam.c, ghosts.c ---------------------------------------------------------------------- */

/* Conffiles as packaged, folders and other files of packages outside of what is shared. */
gboolean skeleton_add_files(SkeletonBuild *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* passwd(5) and its like. After all that adds entries with owners. */
gboolean skeleton_add_users(SkeletonBuild *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Links of enabled units, and masks. */
gboolean skeleton_add_units(SkeletonBuild *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts what origin.like or origin.from has over the rest. After all others. */
gboolean skeleton_overlay(SkeletonBuild *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a file like passwd(5) has a line for the name. */
gboolean skeleton_has_account(const char *text, const char *name);
/* A text like passwd(5): all lines of one's own, and of another those of accounts that it lacks. The caller frees. */
char *skeleton_merge_accounts(const char *own, const char *more);
/* What maintainer scripts make of what is in /usr. */
gboolean skeleton_add_made(SkeletonBuild *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean skeleton_add_pam(SkeletonBuild *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean skeleton_add_ghosts(SkeletonBuild *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A file of a profile of authselect's (authselect-profiles(5)) as it is without any feature. The caller frees. */
char *authselect_fill_template(const char *text);

/* One type's ("auth", "session-noninteractive" …) common file: a template with the modules of profiles (pam-auth-update(8)). profiles: their
 * texts. The caller frees. */
char *pam_fill_template(const char *template_text, const char *type, char **profiles);
