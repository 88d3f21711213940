// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What is going to change on a host, as data: shown before it happens, applied whole or not at all, undone in reverse.
 *
 * A plan is a list of changes: files, links, folders, copies, and actions that somebody else carries out ("reload",
 * "restart web.service"). plan_apply() writes a journal first, then makes the changes in order, each atomic and synced, and
 * keeps what they replace under hidden names (.gourd-…) in the same folders. Then it writes "done" into the journal: that is
 * the moment of success. Last, what was kept goes, and the journal.
 *
 * When a change fails, all files are put back in reverse order (the very same ones; it takes no space) and then, in order, the
 * undo of each action that had begun is run. After a SIGKILL or a power cut the journal is still there, and plan_recover()
 * does the same. Paths are those of the host, below the root that plan_apply() is given; they are opened beneath it and never
 * outside (openat2). Nothing here knows systemd. */

#include "base/base.h"

typedef struct Plan Plan;

/* title: what the plan does, "upgrade web to 1.1"; it is kept in the journal. */
Plan *plan_new(const char *title);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)
const char *plan_title(const Plan *plan);
/* How many changes; those that would change nothing on the host count too. */
guint plan_length(const Plan *plan);

/* --- changes, in the order in which they will happen ------------------------------------------------------------- */

/* A file with that content, owned by root; replaces a file atomically. Mode without group and others' bits (0600) marks a
 * secret, whose content is not shown. Parent folders are made. */
void plan_write(Plan *plan, const char *path, mode_t mode, GBytes *content);
/* A symbolic link; replaces a link, not a file. */
void plan_link(Plan *plan, const char *path, const char *target);
/* A file or link that goes; none is fine. */
void plan_remove(Plan *plan, const char *path);
/* A folder, with its parents, if it is missing. On undo it goes if this made it and it is empty. */
void plan_folder(Plan *plan, const char *path, mode_t mode);
/* A large file copied in from `source` (a path outside of the root, as the process sees it): its first time only, an existing
 * path is an error when applied. Reflinked where the file system can. digest, if not NULL, is SHA-256 of the content, which
 * is verified while copying (then not by reflink). */
void plan_copy(Plan *plan, const char *source, const char *path, mode_t mode, const Digest *digest);
/* A folder with all that is in it that goes, or a link to one; none is fine. It is put aside when it is its turn, and deleted
 * after the moment of success, from when on it cannot come back; a kill between is finished by plan_recover(). File systems
 * mounted in it are left alone, and make an error. */
void plan_purge(Plan *plan, const char *path);
/* Something done by the actor: verb "restart", argument "web.service" (may be NULL). undo_verb (may be NULL) is run when the
 * plan is undone and this action had begun, after all files are as before. */
void plan_act(Plan *plan, const char *verb, const char *argument, const char *undo_verb, const char *undo_argument);

/* --- showing ----------------------------------------------------------------------------------------------------- */

/* Files below that folder are shown by a line each: nobody but a program reads them. */
void plan_set_brief(Plan *plan, const char *folder);
/* What would change on the host below root, for people: unified diffs of files, one line for each other change; what is so
 * already is left out. Styles are not used; the caller may colour lines by their first character. The caller frees. */
gboolean plan_to_text(const Plan *plan, const char *root, char **ret_text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* {"title", "changes": [{"kind", "path", "state": "new"|"changed"|"removed"|"same", …}, {"kind": "act", "verb", …}]}; secrets
 * without content. Both fail where applying would, as far as that can be seen: what exists and must not be replaced. */
gboolean plan_to_json(const Plan *plan, const char *root, Json **ret_json, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A file that a plan makes. */
typedef struct {
    const char *path;
    mode_t mode;
    GBytes *content;    /* NULL: it is a link or a copy */
    const char *target; /* of a link */
    const char *source; /* of a copy */
} PlanFile;

/* All files, links and copies (PlanFile) in the order of the plan; what they name belongs to the plan. The caller unrefs. */
GArray *plan_list_files(const Plan *plan);

/* --- applying ---------------------------------------------------------------------------------------------------- */

typedef struct {
    /* Does an action. For undoing too. */
    gboolean (*act)(const char *verb, const char *argument, gpointer data, GError **error);
    /* Called before each change; `what` is a line for people. For progress; may be NULL. */
    void (*before)(guint number, guint total, const char *what, gpointer data);
    /* How much of a copy is done. May be NULL. */
    void (*copied)(guint64 done, guint64 total, gpointer data);
    gpointer data;
} PlanActor;

/* Applies. journal is a path below root; there must be none (EXISTS), and its folder is made if it is missing. On failure
 * everything is as it was, and the error says what failed; if undoing failed as well, the error says that too. The journal
 * stays then if files could not be put back; an action that could not be undone is only said. One failure is different: that
 * something could not be cleaned up or purged after the moment of success. It says so ("all is done, but …"), and plan_recover()
 * tries once more. */
gboolean plan_apply(const Plan *plan, const char *root, const char *journal, const PlanActor *actor, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Whether it is that other failure. */
gboolean plan_error_is_leftover(const GError *error);

typedef enum {
    PLAN_NOTHING_TO_RECOVER,
    PLAN_UNDONE,
    PLAN_FINISHED, /* it had succeeded but for the purge */
} PlanRecovery;

/* Undoes (or finishes) what a killed plan_apply() left. ret_title (may be NULL) gets the plan's title; the caller frees. */
gboolean plan_recover(const char *root, const char *journal, const PlanActor *actor, PlanRecovery *ret_recovery,
                      char **ret_title, GError **error) G_GNUC_WARN_UNUSED_RESULT;
