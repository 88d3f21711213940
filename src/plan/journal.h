// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What undoing needs, on disk before the first change.
 *
 * It holds no contents: what a change replaces stays in its folder under a hidden name until all is done (see step.h), so that
 * undoing needs no space and gives back the very file, with owner, times and attributes. In JSON:
 *
 *   {"format": 1, "title": "…", "token": "0123456789abcdef", "state": "applying" or "done", "acted": 3,
 *    "folders": ["/a", "/a/b"], "changes": [{"kind": "write", "path": "/a/b/c"},
 *    {"kind": "act", "verb": "restart", "argument": "x.service", "undo_verb": "restart", "undo_argument": "x.service"}]}
 *
 * A journal that is read back is not believed: paths are checked as those of any plan are. */

#include "plan-private.h"

#define TOKEN_LENGTH 16
#define JOURNAL_FORMAT 1

typedef struct {
    const Plan *plan; /* read back: without contents, targets and sources */
    char token[TOKEN_LENGTH + 1];
    GPtrArray *folders; /* char *: were missing before, each after its parents */
    guint acted;        /* actions below this number may have begun */
    gboolean done;
    Plan *own_plan;
} Journal;

/* The journal of a plan that is about to be applied; the plan stays the caller's. */
Journal *journal_new(const Plan *plan, int root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads one. INPUT: broken; UNSUPPORTED: of a later version. */
Journal *journal_parse(const void *bytes, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *journal_to_text(const Journal *journal);
void journal_free(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_free)

/* Writes it to path below root, mode 0600, atomically and synced. On failure *ret_visible says whether it is there
 * nevertheless, only not synced. */
gboolean journal_save(const Journal *journal, int root, const char *path, gboolean *ret_visible, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Reads it; none is NULL. INPUT: it is not this user's own or others may write to it. */
gboolean journal_load(int root, const char *path, Journal **ret_journal, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes it, and what an interrupted journal_save() left. */
gboolean journal_remove(int root, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
