// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define LEFTOVER "all is done, but something is left over"

/* A plan in progress: root, journal and who acts. */
typedef struct {
    Stepper stepper;
    Journal *journal; /* borrowed */
    const char *journal_path;
} Run;

/* Keeps the first of several errors. Returns FALSE if there was one. */
static gboolean keep_first(GError **kept, gboolean ok, GError **error)
{
    if (ok)
        return TRUE;
    if (*kept)
        g_clear_error(error);
    else
        *kept = g_steal_pointer(error);
    return FALSE;
}

static gboolean undo_files(const Run *run, GError **error)
{
    const Plan *plan = run->journal->plan;
    GError *first = NULL, *failure = NULL;

    for (guint i = plan_length(plan); i-- > 0;)
        keep_first(&first, step_undo(&run->stepper, i, plan_change(plan, i), &failure), &failure);
    if (first)
        g_propagate_error(error, first);
    return !first;
}

/* In the order in which they were done: what was reloaded first is to be reloaded first again. */
static gboolean undo_actions(const Run *run, GError **error)
{
    const Plan *plan = run->journal->plan;
    GError *first = NULL, *failure = NULL;

    for (guint i = 0; i < run->journal->acted; i++) {
        const Change *change = plan_change(plan, i);

        if (change->kind == CHANGE_ACT && change->undo_verb)
            keep_first(&first,
                       step_act(&run->stepper, change->undo_verb, change->undo_argument, &failure) ||
                           gourd_error_prefix(&failure, "cannot %s '%s'", change->undo_verb,
                                              change->undo_argument ? change->undo_argument : ""),
                       &failure);
    }
    if (first)
        g_propagate_error(error, first);
    return !first;
}

static gboolean undo_folders(const Run *run, GError **error)
{
    const GPtrArray *folders = run->journal->folders;
    GError *first = NULL, *failure = NULL;

    for (guint i = folders->len; i-- > 0;)
        keep_first(&first, step_undo_folder(&run->stepper, g_ptr_array_index(folders, i), &failure), &failure);
    if (first)
        g_propagate_error(error, first);
    return !first;
}

/* The journal goes when all files are as before. An action that cannot be undone (the old release, too, does not start) is an
 * error, but no reason to try it again and again. */
static gboolean undo_all(const Run *run, GError **error)
{
    GError *first = NULL, *failure = NULL;
    gboolean restored = keep_first(&first, undo_files(run, &failure), &failure);

    keep_first(&first, undo_actions(run, &failure), &failure);
    restored = keep_first(&first, undo_folders(run, &failure), &failure) && restored;
    if (restored)
        keep_first(&first, journal_remove(run->stepper.root, run->journal_path, &failure), &failure);
    else
        gourd_error_hint(&first, "the next run of gourd tries again");
    if (first)
        g_propagate_error(error, first);
    return !first;
}

/* After the moment of success there is no way back. What cannot be removed now is tried once more by the next run, which then
 * lets it be, so that it does not stand in the way for ever. */
static gboolean finish(const Run *run, gboolean is_last_try, GError **error)
{
    const Plan *plan = run->journal->plan;
    GError *first = NULL, *failure = NULL;

    for (guint i = 0; i < plan_length(plan); i++)
        keep_first(&first, step_finish(&run->stepper, i, plan_change(plan, i), &failure), &failure);
    if (!first || is_last_try)
        keep_first(&first, journal_remove(run->stepper.root, run->journal_path, &failure), &failure);
    if (!first)
        return TRUE;
    g_propagate_error(error, first);
    return gourd_error_prefix(error, "%s", LEFTOVER);
}

gboolean plan_error_is_leftover(const GError *error)
{
    return error->domain == GOURD_ERROR && g_str_has_prefix(error->message, LEFTOVER);
}

static gboolean apply_changes(const Run *run, GError **error)
{
    const Plan *plan = run->journal->plan;
    const PlanActor *actor = run->stepper.actor;
    gboolean visible;

    for (guint i = 0; i < plan_length(plan); i++) {
        const Change *change = plan_change(plan, i);

        if (actor && actor->before) {
            g_autofree char *what = change_describe(change);

            actor->before(i, plan_length(plan), what, actor->data);
        }
        if (change->kind == CHANGE_ACT && change->undo_verb) {
            run->journal->acted = i + 1;
            if (!journal_save(run->journal, run->stepper.root, run->journal_path, &visible, error)) {
                run->journal->acted = i;
                return FALSE;
            }
        }
        if (!step_apply(&run->stepper, i, change, error))
            return FALSE;
    }
    run->journal->done = TRUE;
    /* Once "done" is on disk it is done; that it may not be synced means that a power cut would undo the whole plan. */
    if (journal_save(run->journal, run->stepper.root, run->journal_path, &visible, error))
        return TRUE;
    if (visible) {
        g_clear_error(error);
        return TRUE;
    }
    run->journal->done = FALSE;
    return FALSE;
}

static gboolean begin(const Run *run, GError **error)
{
    g_autoptr(Journal) existing = NULL;
    gboolean visible;

    if (!journal_load(run->stepper.root, run->journal_path, &existing, error))
        return FALSE;
    if (existing)
        return gourd_error_set(error, GOURD_ERROR_EXISTS, "an earlier run ('%s') was interrupted and not undone yet",
                               existing->plan->title);
    if (journal_save(run->journal, run->stepper.root, run->journal_path, &visible, error))
        return TRUE;
    if (visible && !journal_remove(run->stepper.root, run->journal_path, NULL))
        gourd_error_hint(error, "remove '%s'", run->journal_path);
    return FALSE;
}

static int open_root(const char *root, GError **error)
{
    int fd = open(*root ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        fail_path(error, errno, "open the folder", root);
    return fd;
}

static gboolean fail_and_undo(const Run *run, GError *failure, GError **error)
{
    g_autoptr(GError) undoing = NULL;

    if (undo_all(run, &undoing)) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_autofree char *message = NULL, *hint = NULL, *undo_message = NULL, *undo_hint = NULL;
    gourd_error_split(failure, &message, &hint);
    gourd_error_split(undoing, &undo_message, &undo_hint);
    gourd_error_set(error, (GourdError)failure->code, "%s; and while undoing: %s", message, undo_message);
    g_error_free(failure);
    if (undo_hint || hint)
        gourd_error_hint(error, "%s", undo_hint ? undo_hint : hint);
    return FALSE;
}

gboolean plan_apply(const Plan *plan, const char *root, const char *journal, const PlanActor *actor, GError **error)
{
    GError *failure = NULL;

    if (!plan_check(plan, error) || !path_check(journal, error))
        return FALSE;
    autofd fd = open_root(root, error);
    if (fd < 0)
        return FALSE;
    g_autoptr(Journal) record = journal_new(plan, fd, error);
    if (!record)
        return FALSE;
    const Run run = {{fd, record->token, actor}, record, journal};
    if (!begin(&run, error))
        return FALSE;
    if (!apply_changes(&run, &failure))
        return fail_and_undo(&run, failure, error);
    return finish(&run, FALSE, error);
}

gboolean plan_recover(const char *root, const char *journal, const PlanActor *actor, PlanRecovery *ret_recovery,
                      char **ret_title, GError **error)
{
    g_autoptr(Journal) record = NULL;
    autofd fd = open_root(root, error);

    if (fd < 0 || !journal_load(fd, journal, &record, error))
        return FALSE;
    if (!record) {
        if (!journal_remove(fd, journal, error))
            return FALSE;
        *ret_recovery = PLAN_NOTHING_TO_RECOVER;
        if (ret_title)
            *ret_title = NULL;
        return TRUE;
    }
    const Run run = {{fd, record->token, actor}, record, journal};
    if (record->done ? !finish(&run, TRUE, error) : !undo_all(&run, error))
        return gourd_error_prefix(error, "'%s' was interrupted", record->plan->title);
    *ret_recovery = record->done ? PLAN_FINISHED : PLAN_UNDONE;
    if (ret_title)
        *ret_title = g_strdup(record->plan->title);
    return TRUE;
}
