// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bundles.h"
#include "volume-hook.h"
#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FAILURE_LINES_MAX 20 /* of the journal: what fits on a screen with the message below */
#define FULLY " fully"

/* --- bundles ------------------------------------------------------------------------------------------------------ */

static gboolean is_about_bundle(const StoreChange *change, const char *file)
{
    return change->pending->source && strcmp(change->pending->source->file, file) == 0;
}

/* Looks at the copy and not at the original: these are the bytes that will run, whatever happened while copying. */
static gboolean act_verify(Store *store, const char *argument, GError **error)
{
    gboolean fully = g_str_has_suffix(argument, FULLY);
    g_autofree char *file = g_strndup(argument, strlen(argument) - (fully ? strlen(FULLY) : 0));
    g_autoptr(BundleSource) source = bundle_source_open_stored(store, file, error);

    const struct StorePending *pending = find_pending(store, is_about_bundle, file);

    if (!source)
        return FALSE;
    g_assert(pending);
    if (!digest_equal(&source->digest, &pending->digest)) {
        gourd_error_set(error, GOURD_ERROR_DIFFERS, "the bundle changed while it was copied");
        return gourd_error_hint(error, "is it still being written? Wait for its end and try again");
    }
    return bundle_check(source->bundle, fully, error);
}

/* --- identity ----------------------------------------------------------------------------------------------------- */

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;

    return gourd_error_set_errno(error, saved, "cannot %s '%s'", what, path);
}

void pending_take_user(struct StorePending *pending, const ServiceFiles *files)
{
    pending->user = g_strdup(files->user);
    pending->uid = files->uid;
    pending->gid = files->gid;
    pending->keep_owners = files->keep_owners;
}

const struct StorePending *find_pending(const Store *store,
                                        gboolean (*match)(const StoreChange *change, const char *argument),
                                        const char *argument)
{
    const GPtrArray *members = store->change->members;

    if (match(store->change, argument))
        return store->change->pending;
    for (guint i = 0; members && i < members->len; i++) {
        const StoreChange *member = g_ptr_array_index(members, i);

        if (match(member, argument))
            return member->pending;
    }
    return NULL;
}

gboolean find_service_user(const Store *store, const struct StorePending *pending, guint32 *ret_uid, guint32 *ret_gid,
                           GError **error)
{
    *ret_uid = pending->uid;
    *ret_gid = pending->gid;
    if (!pending->user || host_find_user(store->host, pending->user, ret_uid, ret_gid))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "the user '%s' does not exist", pending->user);
    return gourd_error_hint(error, "systemd-sysusers makes it: is that program installed here?");
}

static gboolean write_new_file(Store *store, const ServiceFile *file, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(file->path), *name = g_path_get_basename(file->path);
    autofd folder = root_open(store->root, parent, O_RDONLY | O_DIRECTORY, 0);
    gsize size;
    const void *bytes = g_bytes_get_data(file->content, &size);

    if (folder < 0)
        return fail(error, "open", parent);
    autofd fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(error, "make", file->path);
    if (!fd_pwrite(fd, file->path, bytes, size, 0, error))
        return FALSE;
    if (fchmod(fd, file->mode) < 0 || fsync(fd) < 0 || fsync(folder) < 0)
        return fail(error, "write", file->path);
    return TRUE;
}

static gboolean is_about_release(const StoreChange *change, const char *argument)
{
    g_autofree char *id = g_strdup_printf("%s/%u", change->name, change->pending->context.revision);

    return strcmp(id, argument) == 0;
}

/* Not atomic: nothing reads a folder of a release that is not there yet, and undoing removes it. */
static gboolean act_identity(Store *store, const char *argument, GError **error)
{
    const struct StorePending *pending = find_pending(store, is_about_release, argument);
    guint32 uid, gid;

    g_assert(pending);
    if (!find_service_user(store, pending, &uid, &gid, error))
        return FALSE;
    g_autoptr(GPtrArray) files = service_identity(pending->spec, &pending->context, uid, gid);
    for (guint i = 0; i < files->len; i++) {
        if (!write_new_file(store, g_ptr_array_index(files, i), error))
            return FALSE;
    }
    return TRUE;
}

/* NAME/REVISION. */
static gboolean drop_identity(Store *store, const char *argument, GError **error)
{
    g_autofree char *name = g_path_get_dirname(argument), *revision = g_path_get_basename(argument);
    g_autofree char *path = g_strconcat(PATH_SERVICES "/", name, NULL);
    autofd folder = root_open(store->root, path, O_RDONLY | O_DIRECTORY, 0);

    if (folder < 0)
        return errno == ENOENT ? TRUE : fail(error, "open", path);
    return folder_sweep(folder, revision, path, error);
}

/* --- units -------------------------------------------------------------------------------------------------------- */

/* Before anything is undone: then the journal tells of the release that failed, and not yet of the one before. */
static void keep_failure(Store *store, const char *failed, guint64 since_usec)
{
    g_autofree char *unit = g_strdup(failed);
    g_autoptr(GPtrArray) lines = NULL;
    guint64 start;

    /* Not how what ran before was stopped. */
    if (!host_journal_first_start(store->host, unit, since_usec, &start, NULL) || start == 0)
        start = since_usec;
    if (!host_read_journal(store->host, unit, start, FAILURE_LINES_MAX, &lines, NULL))
        lines = g_ptr_array_new_with_free_func(g_free);
    g_clear_pointer(&store->failure_lines, g_ptr_array_unref);
    store->failure_lines = g_steal_pointer(&lines);
    why_free(store->failure_why);
    store->failure_why = why_unit(store->host, unit, NULL);
    g_free(store->failed_unit);
    store->failed_unit = g_steal_pointer(&unit);
}

static gboolean act_on_host(Store *store, const char *verb, const char *argument, GError **error)
{
    static const char *const starting[] = {"start", "restart", "restart-all", "steady", NULL};
    gboolean starts = g_strv_contains(starting, verb);

    /* What "steady" waits for may have failed before that began. */
    if (starts && store->started_usec == 0)
        store->started_usec = (guint64)g_get_real_time();
    if (store->other_act && !host_has_act(verb))
        return store->other_act(store->host, verb, argument, store->change ? store->change->subject : NULL, error);
    if (host_act(verb, argument, store->host, error))
        return TRUE;
    const char *failed = host_failed_unit(store->host);
    if (starts && (failed || !strchr(argument, ' ')))
        keep_failure(store, failed ? failed : argument, store->started_usec);
    return FALSE;
}

static gboolean halt(Store *store, const char *argument, GError **error)
{
    g_auto(GStrv) units = g_strsplit(argument, " ", -1);

    for (guint i = 0; units[i]; i++) {
        if (!host_act("stop", units[i], store->host, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean revive(Store *store, const char *argument)
{
    g_autofree char *unit = g_strndup(argument, strcspn(argument, " "));

    /* A unit that will not stop is one more reason to look at it, and none to leave it at that. */
    gboolean halted = halt(store, argument, NULL);
    if (!host_act("reload", NULL, store->host, NULL) || !host_act("reset-failed", unit, store->host, NULL) ||
        !host_act("start", unit, store->host, NULL) || !halted)
        g_ptr_array_add(store->not_revived, g_steal_pointer(&unit));
    return TRUE;
}

static gboolean revive_all(Store *store, const char *argument)
{
    g_auto(GStrv) units = g_strsplit(argument, " ", -1);
    gboolean halted = TRUE;

    for (guint i = g_strv_length(units); i-- > 0;)
        halted = host_act("stop", units[i], store->host, NULL) && halted;
    gboolean revived = host_act("reload", NULL, store->host, NULL) && halted;
    for (guint i = 0; units[i]; i++)
        revived = host_act("reset-failed", units[i], store->host, NULL) && revived;
    if (!host_act("restart-all", argument, store->host, NULL) || !revived)
        g_ptr_array_add(store->not_revived, g_strdup(argument));
    return TRUE;
}

/* Those that run already are left alone. */
static gboolean resume(Store *store, const char *argument)
{
    g_auto(GStrv) units = g_strsplit(argument, " ", -1);

    for (guint i = 0; units[i]; i++) {
        if (!host_act("reset-failed", units[i], store->host, NULL) || !host_act("start", units[i], store->host, NULL))
            g_ptr_array_add(store->not_revived, g_strdup(units[i]));
    }
    return TRUE;
}

static gboolean abandon(Store *store, const char *unit)
{
    if (!host_act("stop", unit, store->host, NULL) || !host_act("reset-failed", unit, store->host, NULL))
        g_ptr_array_add(store->not_revived, g_strdup(unit));
    return TRUE;
}

gboolean store_act(const char *verb, const char *argument, gpointer data, GError **error)
{
    Store *store = data;

    if (strcmp(verb, "verify") == 0)
        return act_verify(store, argument, error);
    if (strcmp(verb, "identity") == 0)
        return act_identity(store, argument, error);
    if (strcmp(verb, "drop-identity") == 0)
        return drop_identity(store, argument, error);
    if (strcmp(verb, "fill") == 0)
        return volume_fill(store, argument, error);
    if (strcmp(verb, "unfill") == 0)
        return volume_unfill(store, argument, error);
    if (strcmp(verb, "dump") == 0)
        return volume_dump(store, argument, error);
    if (strcmp(verb, "before") == 0)
        return volume_before(store, argument, error);
    if (strcmp(verb, "after") == 0)
        return volume_after(store, argument, error);
    if (strcmp(verb, "archive") == 0)
        return volume_archive(store, error);
    if (strcmp(verb, "keep") == 0)
        return volume_keep(store, error);
    if (strcmp(verb, "load") == 0)
        return volume_load(store, argument, error);
    if (strcmp(verb, "unpack") == 0)
        return volume_unpack(store, error);
    if (strcmp(verb, "switch") == 0)
        return volume_switch(store, argument, error);
    if (strcmp(verb, "unrestore") == 0)
        return volume_unrestore(store, argument, error);
    if (strcmp(verb, "resume") == 0)
        return resume(store, argument);
    if (strcmp(verb, "halt") == 0)
        return halt(store, argument, error);
    if (strcmp(verb, "revive") == 0)
        return revive(store, argument);
    if (strcmp(verb, "revive-all") == 0)
        return revive_all(store, argument);
    if (strcmp(verb, "abandon") == 0)
        return abandon(store, argument);
    return act_on_host(store, verb, argument, error);
}

/* --- applying ----------------------------------------------------------------------------------------------------- */

static void pass_before(guint number, guint total, const char *what, gpointer data)
{
    const PlanActor *actor = ((Store *)data)->actor;

    if (actor && actor->before)
        actor->before(number, total, what, actor->data);
}

static void pass_copied(guint64 done, guint64 total, gpointer data)
{
    const PlanActor *actor = ((Store *)data)->actor;

    if (actor && actor->copied)
        actor->copied(done, total, actor->data);
}

gboolean store_apply(Store *store, const StoreChange *change, const PlanActor *actor, Notes *notes, GError **error)
{
    PlanActor own = {.act = store_act, .before = pass_before, .copied = pass_copied, .data = store};

    g_assert(store->lock >= 0);
    if (plan_length(change->plan) == 0)
        return TRUE;
    change->pending->notes = notes;
    for (guint i = 0; change->members && i < change->members->len; i++)
        ((const StoreChange *)g_ptr_array_index(change->members, i))->pending->notes = notes;
    store->change = change;
    store->actor = actor;
    g_clear_pointer(&store->failure_lines, g_ptr_array_unref);
    g_clear_pointer(&store->failure_why, why_free);
    g_ptr_array_set_size(store->not_revived, 0);
    store->started_usec = 0;
    g_autoptr(GError) failure = NULL;
    gboolean applied = plan_apply(change->plan, host_root(store->host), JOURNAL_PATH, &own, &failure);
    store->change = NULL;
    store->actor = NULL;
    if (applied)
        return TRUE;
    if (plan_error_is_leftover(failure)) {
        notes_add(notes, "leftover", "it is done, but something could not be tidied up; the next gourd tries again",
                  failure->message);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

const GPtrArray *store_failure_lines(const Store *store, const char **ret_unit)
{
    if (store->failure_lines && ret_unit)
        *ret_unit = store->failed_unit;
    return store->failure_lines;
}

const Why *store_failure_why(const Store *store)
{
    return store->failure_why;
}

const GPtrArray *store_not_revived(const Store *store)
{
    return store->not_revived;
}
