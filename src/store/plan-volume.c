// SPDX-License-Identifier: LGPL-2.1-or-later
#include "change.h"
#include "stops.h"
#include "volume-hook.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* --- restore ------------------------------------------------------------------------------------------------------ */

static gboolean name_is_valid(const char *name)
{
    if (!g_ascii_isalnum(*name) && *name != '_')
        return FALSE;
    for (const char *at = name; *at; at++)
        if (!g_ascii_isalnum(*at) && !strchr("._-+@", *at))
            return FALSE;
    return TRUE;
}

static gboolean check_id(const char *id, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(id, "/", -1);
    g_autofree char *shown = text_escape(id);

    if (g_strv_length(parts) == 2 && name_is_valid(parts[0]) && name_is_valid(parts[1]))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' cannot be the name of a volume", shown);
    return gourd_error_hint(error, "one is called OWNER/VOLUME");
}

static gboolean add_move(const char *from, const char *to, gboolean is_dump, VolumeTask *task, GError **error)
{
    if (!check_id(from, error) || !check_id(to, error))
        return FALSE;
    for (guint i = 0; i < task->moves->len; i++)
        if (strcmp(((const VolumeMove *)g_ptr_array_index(task->moves, i))->to, to) == 0)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "the backup '%s' has '%s' twice", task->file, from);
    VolumeMove *move = g_new0(VolumeMove, 1);
    move->from = g_strdup(from);
    move->to = g_strdup(to);
    move->is_dump = is_dump;
    move->fd = -1;
    g_ptr_array_add(task->moves, move);
    return TRUE;
}

static gboolean fail_target(const VolumeTask *task, const GPtrArray *ids, const char *target, GError **error)
{
    g_autofree char *shown = text_escape(target);
    g_autoptr(GString) all = g_string_new(NULL);

    for (guint i = 0; i < ids->len; i++)
        g_string_append_printf(all, "%s%s", i ? ", " : "", (const char *)g_ptr_array_index(ids, i));
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "the backup '%s' does not say what belongs into '%s'", task->file,
                    shown);
    return gourd_error_hint(error, "it has %s", all->str);
}

/* OWNER/NAME: that one of the backup, or its only one. OWNER: all of that owner, or all if they have one. */
static gboolean choose_moves(const GPtrArray *ids, GPtrArray *dumps, const char *target, VolumeTask *task,
                             GError **error)
{
    gboolean one = target && strchr(target, '/');
    g_autofree char *owner = g_strconcat(target ? target : "", "/", NULL);
    g_autofree char *first = g_path_get_dirname(g_ptr_array_index(ids, 0));
    gboolean has_target = FALSE, is_of_one = TRUE;

    for (guint i = 0; i < ids->len; i++) {
        const char *id = g_ptr_array_index(ids, i);
        g_autofree char *of = g_path_get_dirname(id);

        has_target |= target && (one ? strcmp(id, target) == 0 : g_str_has_prefix(id, owner));
        is_of_one &= strcmp(of, first) == 0;
    }
    if (target && !has_target && (one ? ids->len > 1 : !is_of_one))
        return fail_target(task, ids, target, error);
    for (guint i = 0; i < ids->len; i++) {
        const char *id = g_ptr_array_index(ids, i);
        g_autofree char *name = g_path_get_basename(id);
        g_autofree char *to = !target ? g_strdup(id) : one ? g_strdup(target) : g_build_filename(target, name, NULL);

        if (has_target && strcmp(id, to) != 0)
            continue;
        if (!add_move(id, to, g_ptr_array_find_with_equal_func(dumps, id, g_str_equal, NULL), task, error))
            return FALSE;
    }
    return TRUE;
}

/* Whose files a volume has: those of the first service that uses it. */
static gboolean find_owner(Store *store, const StoreVolume *volume, VolumeMove *move, GError **error)
{
    for (guint i = 0; i < volume->users->len; i++) {
        const char *name = g_ptr_array_index(volume->users, i);
        g_autoptr(StoreService) service = store_find(store, name, error);
        g_autoptr(Record) record = service ? record_read(store, name, service->active, error) : NULL;

        if (!record)
            return FALSE;
        for (guint j = 0; j < record->files->volumes->len; j++) {
            const ServiceVolume *own = g_ptr_array_index(record->files->volumes, j);

            if (strcmp(own->path, volume->path) != 0)
                continue;
            move->maps = !record->files->keep_owners;
            move->user = g_strdup(record->files->user);
            move->uid = record->files->uid;
            move->gid = record->files->gid;
            return TRUE;
        }
    }
    return TRUE;
}

static gboolean check_room(Store *store, const StoreVolume *volume, gboolean is_dump, gboolean force, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;

    if (volume->is_mount && !is_dump) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "a unit mounts a file system on the volume '%s'", volume->id);
        return gourd_error_hint(error, "unpack the backup into it: tar -x");
    }
    if (!root_list(store->root, volume->path, &names, error))
        return FALSE;
    if (names->len == 0 || force)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_EXISTS, "the volume '%s' has data", volume->id);
    return gourd_error_hint(error, "--force replaces them; 'gourd volume backup %s' keeps them before", volume->id);
}

/* A link, which leads to a larger disk perhaps, is not to be taken for nothing. */
static gboolean check_absent(Store *store, const VolumeMove *move, GError **error)
{
    g_autofree char *path = g_build_filename(PATH_VOLUMES, move->to, NULL);
    struct stat status;
    gboolean found;

    if (!root_look(store->root, path, &status, &found, error))
        return FALSE;
    if (!found)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' is no folder", path);
    return gourd_error_hint(error, "another file system is mounted there rather than linked to; or unpack it: tar -x");
}

/* Who reads a dump. */
static gboolean find_reader(Store *store, const StoreVolume *volume, VolumeMove *move, GError **error)
{
    g_autoptr(GPtrArray) services = NULL;
    g_autofree char *idle = NULL;

    if (volume && !volume_find_hooks(store, volume, HOOK_RESTORE, &services, &idle, error))
        return FALSE;
    if (services && services->len > 0) {
        move->service = g_strdup(g_ptr_array_index(services, 0));
        return TRUE;
    }
    if (idle) {
        gourd_error_set(error, GOURD_ERROR_FAILED, "%s does not run, so it cannot read the dump of '%s'", idle,
                        move->from);
        return gourd_error_hint(error, "systemctl start %s", idle);
    }
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "no service says how the dump of '%s' becomes the volume '%s'",
                    move->from, move->to);
    return gourd_error_hint(error,
                            "'x-gourd: {backup: {restore: …}}' of one that is up does; or tar -xO %s" DUMP_SUFFIX,
                            move->from);
}

/* The volumes (StoreVolume, borrowed) that are there already, and whose files are replaced. */
static gboolean prepare_moves(Store *store, const GPtrArray *volumes, gboolean force, VolumeTask *task, Notes *notes,
                              GPtrArray *there, GError **error)
{
    for (guint i = 0; i < task->moves->len; i++) {
        VolumeMove *move = g_ptr_array_index(task->moves, i);
        g_autoptr(GPtrArray) found = store_choose_volumes(volumes, move->to, NULL);

        if (move->is_dump && !find_reader(store, found ? g_ptr_array_index(found, 0) : NULL, move, error))
            return FALSE;
        if (!found) {
            if (!check_absent(store, move, error))
                return FALSE;
            notes_add(notes, "volume-new", "nothing uses it yet: files keep the numbers of their owners", move->to);
            continue;
        }
        StoreVolume *volume = g_ptr_array_index(found, 0);
        if (!check_room(store, volume, move->is_dump, force, error) || !find_owner(store, volume, move, error))
            return FALSE;
        if (!move->is_dump)
            g_ptr_array_add(there, volume);
    }
    return TRUE;
}

/* Dumps first: when one cannot be read, nothing was stopped and no files were replaced. */
static void plan_switches(const VolumeTask *task, const Stops *stops, StoreChange *change)
{
    g_autoptr(GPtrArray) units = stops_list(stops);
    g_autofree char *stopping = stops_join(units, FALSE), *starting = stops_join(units, TRUE);
    Plan *plan = change->plan;

    plan_act(plan, "unpack", task->file, "unrestore", stopping);
    for (guint i = 0; i < task->moves->len; i++) {
        const VolumeMove *move = g_ptr_array_index(task->moves, i);

        if (!move->is_dump)
            continue;
        plan_act(plan, "load", move->to, NULL, NULL);
        change->lasting = "all files are as before; what commands did to read dumps stays as they left it";
    }
    if (units->len > 0)
        plan_act(plan, "halt", stopping, "resume", starting);
    for (guint i = 0; i < task->moves->len; i++) {
        const VolumeMove *move = g_ptr_array_index(task->moves, i);

        if (!move->is_dump)
            plan_act(plan, "switch", move->to, NULL, NULL);
    }
    for (guint i = units->len; i-- > 0;)
        plan_act(plan, "start", g_ptr_array_index(units, i), NULL, NULL);
    plan_purge(plan, VOLUME_STAGE);
}

static gboolean open_file(VolumeTask *task, const char *file, GError **error)
{
    struct stat status;

    task->fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (task->fd < 0 || fstat(task->fd, &status) < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", task->file);
    task->size_estimate = (guint64)status.st_size;
    return TRUE;
}

StoreChange *store_plan_volume_restore(Store *store, const char *file, const char *target, gboolean force, Notes *notes,
                                       GError **error)
{
    VolumeTask *task = volume_task_new();
    g_autofree char *shown = text_escape(file), *title = g_strdup_printf("restore from %s", shown);
    g_autoptr(StoreChange) change = store_change_new("", title);
    g_autoptr(GPtrArray) ids = NULL, dumps = NULL, volumes = NULL, there = g_ptr_array_new();
    g_auto(Stops) stops = stops_new(store);

    change->pending->task = task;
    task->file = g_steal_pointer(&shown);
    if (!open_file(task, file, error) || !volume_task_list(store, task, &ids, &dumps, error) ||
        !choose_moves(ids, dumps, target, task, error) || !store_list_volumes(store, &volumes, error) ||
        !prepare_moves(store, volumes, force, task, notes, there, error) || !stops_find(&stops, there, error))
        return NULL;
    plan_switches(task, &stops, change);
    return g_steal_pointer(&change);
}

/* --- removal ------------------------------------------------------------------------------------------------------ */

StoreChange *store_plan_volume_remove(Store *store, const StoreVolume *volume, GError **error)
{
    g_autofree char *title = g_strdup_printf("remove the volume %s", volume->id);
    g_autoptr(StoreChange) change = store_change_new("", title);

    if (volume->users->len > 0) {
        const char *user = g_ptr_array_index(volume->users, 0);

        gourd_error_set(error, GOURD_ERROR_EXISTS, "%s uses the volume '%s'", user, volume->id);
        gourd_error_hint(error, "remove that first: gourd remove %s, or gourd down", user);
        return NULL;
    }
    return change_purge(store, change, volume->path, error) ? g_steal_pointer(&change) : NULL;
}
