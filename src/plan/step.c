// SPDX-License-Identifier: LGPL-2.1-or-later
#include "step.h"

#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static char *hidden_name(const Stepper *stepper, guint number, const char *suffix)
{
    return g_strdup_printf(".gourd-%s-%u.%s", stepper->token, number, suffix);
}

/* The new file gets its name. What it replaces is kept: the folder is synced between, so that after a power cut, too, there
 * is never a time without either. */
static gboolean publish(const Stepper *stepper, guint number, const Place *place, Target target, GError **error)
{
    g_autofree char *fresh = hidden_name(stepper, number, "new");
    g_autofree char *old = hidden_name(stepper, number, "old");

    if (target == TARGET_NEW) {
        if (linkat(place->folder, fresh, place->folder, place->name, 0) < 0)
            return fail_path(error, errno, "write", place->path);
        return place_sync(place, error);
    }
    if (linkat(place->folder, place->name, place->folder, old, 0) < 0)
        return fail_path(error, errno, "keep the old", place->path);
    if (!place_sync(place, error))
        return FALSE;
    if (renameat(place->folder, fresh, place->folder, place->name) < 0)
        return fail_path(error, errno, "write", place->path);
    return place_sync(place, error);
}

static gboolean make_file(const Stepper *stepper, const Place *place, const char *fresh, const Change *change,
                          GError **error)
{
    autofd fd = openat(place->folder, fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail_path(error, errno, "write", change->path);
    if (change->kind == CHANGE_COPY) {
        if (!copy_source(fd, change, stepper->actor, error))
            return FALSE;
    } else {
        gsize size;
        const void *bytes = g_bytes_get_data(change->content, &size);

        if (!write_bytes(fd, change->path, bytes, size, error))
            return FALSE;
    }
    if ((geteuid() == 0 && fchown(fd, 0, 0) < 0) || fchmod(fd, change->mode) < 0 || fsync(fd) < 0)
        return fail_path(error, errno, "write", change->path);
    return TRUE;
}

static gboolean apply_new(const Stepper *stepper, guint number, const Change *change, GError **error)
{
    g_auto(Place) place = PLACE_INIT;
    g_autofree char *fresh = hidden_name(stepper, number, "new");
    Target target;

    if (!place_make(stepper->root, change->path, &place, error) || !target_look(&place, change, &target, error))
        return FALSE;
    if (target == TARGET_SAME)
        return TRUE;
    if (change->kind == CHANGE_LINK) {
        if (symlinkat(change->target, place.folder, fresh) < 0)
            return fail_path(error, errno, "make the link", change->path);
    } else if (!make_file(stepper, &place, fresh, change, error)) {
        return FALSE;
    }
    return publish(stepper, number, &place, target, error);
}

static gboolean apply_removal(const Stepper *stepper, guint number, const Change *change, GError **error)
{
    g_auto(Place) place = PLACE_INIT;
    g_autofree char *old = hidden_name(stepper, number, "old");
    Target target;

    if (!place_find(stepper->root, change->path, &place, error) || !target_look(&place, change, &target, error))
        return FALSE;
    if (target == TARGET_SAME)
        return TRUE;
    if (renameat(place.folder, place.name, place.folder, old) < 0) {
        gboolean is_mount = errno == EBUSY && change->kind == CHANGE_PURGE;

        fail_path(error, errno, "remove", change->path);
        return is_mount ? gourd_error_hint(error, "it is a mount point: unmount it first") : FALSE;
    }
    return place_sync(&place, error);
}

gboolean step_act(const Stepper *stepper, const char *verb, const char *argument, GError **error)
{
    if (stepper->actor && stepper->actor->act)
        return stepper->actor->act(verb, argument, stepper->actor->data, error);
    return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "nobody is here who can do '%s'", verb);
}

gboolean step_apply(const Stepper *stepper, guint number, const Change *change, GError **error)
{
    switch (change->kind) {
    case CHANGE_WRITE:
    case CHANGE_LINK:
    case CHANGE_COPY:
        return apply_new(stepper, number, change, error);
    case CHANGE_REMOVE:
    case CHANGE_PURGE:
        return apply_removal(stepper, number, change, error);
    case CHANGE_FOLDER:
        return folder_make(stepper->root, change->path, change->mode, error);
    case CHANGE_ACT:
        return step_act(stepper, change->verb, change->argument, error);
    default:
        g_assert_not_reached();
    }
}

static gboolean remove_hidden(const Place *place, const char *name, GError **error)
{
    return unlinkat(place->folder, name, 0) == 0 || errno == ENOENT || fail_path(error, errno, "remove", place->path);
}

static gboolean is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

gboolean step_undo(const Stepper *stepper, guint number, const Change *change, GError **error)
{
    g_auto(Place) place = PLACE_INIT;
    g_autofree char *fresh = hidden_name(stepper, number, "new");
    g_autofree char *old = hidden_name(stepper, number, "old");
    struct stat fresh_status, old_status, status;
    gboolean has_fresh, has_old, has_file;

    if (change->kind == CHANGE_ACT || change->kind == CHANGE_FOLDER)
        return TRUE;
    if (!place_find(stepper->root, change->path, &place, error) ||
        !place_look(&place, fresh, &fresh_status, &has_fresh, error) ||
        !place_look(&place, old, &old_status, &has_old, error) ||
        !place_look(&place, place.name, &status, &has_file, error))
        return FALSE;
    if (has_old) {
        if (renameat(place.folder, old, place.folder, place.name) < 0)
            return fail_path(error, errno, "put back", change->path);
        /* rename(2) of two links to one file does nothing; for a folder there is nothing left to remove. */
        if (!remove_hidden(&place, old, error))
            return FALSE;
    } else if (has_fresh && has_file && is_same_file(&fresh_status, &status)) {
        if (!remove_hidden(&place, place.name, error))
            return FALSE;
    }
    if (has_fresh && !remove_hidden(&place, fresh, error))
        return FALSE;
    return !(has_old || has_fresh) || place_sync(&place, error);
}

gboolean step_finish(const Stepper *stepper, guint number, const Change *change, GError **error)
{
    g_auto(Place) place = PLACE_INIT;
    g_autofree char *fresh = hidden_name(stepper, number, "new");
    g_autofree char *old = hidden_name(stepper, number, "old");
    struct stat status;
    gboolean has_fresh, has_old;

    if (change->kind == CHANGE_ACT || change->kind == CHANGE_FOLDER)
        return TRUE;
    if (!place_find(stepper->root, change->path, &place, error) ||
        !place_look(&place, fresh, &status, &has_fresh, error) || !place_look(&place, old, &status, &has_old, error))
        return FALSE;
    if (has_fresh && !remove_hidden(&place, fresh, error))
        return FALSE;
    if (has_old && !folder_sweep(place.folder, old, change->path, error))
        return FALSE;
    return !(has_old || has_fresh) || place_sync(&place, error);
}

gboolean step_undo_folder(const Stepper *stepper, const char *path, GError **error)
{
    g_auto(Place) place = PLACE_INIT;

    if (!place_find(stepper->root, path, &place, error))
        return FALSE;
    if (place.folder < 0)
        return TRUE;
    if (unlinkat(place.folder, place.name, AT_REMOVEDIR) == 0)
        return place_sync(&place, error);
    return errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR || errno == EBUSY ||
           fail_path(error, errno, "remove the folder", path);
}
