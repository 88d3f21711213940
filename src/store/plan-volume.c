// SPDX-License-Identifier: LGPL-2.1-or-later
#include "change.h"
#include "transition.h"
#include "volume-task.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* --- who must stop ------------------------------------------------------------------------------------------------ */

/* Units (char *) in the order in which they stop. */
typedef struct {
    Store *store;
    GPtrArray *sockets, *services, *mounts;
} Stops;

static Stops stops_new(Store *store)
{
    return (Stops){
        .store = store,
        .sockets = g_ptr_array_new_with_free_func(g_free),
        .services = g_ptr_array_new_with_free_func(g_free),
        .mounts = g_ptr_array_new_with_free_func(g_free),
    };
}

static void stops_clear(Stops *stops)
{
    g_ptr_array_unref(stops->sockets);
    g_ptr_array_unref(stops->services);
    g_ptr_array_unref(stops->mounts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stops, stops_clear)

static void add_unit(Stops *stops, const char *unit)
{
    GPtrArray *units = g_str_has_suffix(unit, ".socket")  ? stops->sockets
                       : g_str_has_suffix(unit, ".mount") ? stops->mounts
                                                          : stops->services;

    if (!file_is_shared(unit) && !g_ptr_array_find_with_equal_func(units, unit, g_str_equal, NULL) &&
        unit_is_active(stops->store, unit))
        g_ptr_array_add(units, g_strdup(unit));
}

/* What systemd stops with a unit (systemd.unit(5), Requires=, BindsTo=, PartOf=): it has to be started again too. */
static void add_dependents(Stops *stops)
{
    static const char *const relations[] = {"RequiredBy", "BoundBy", "RequisiteOf", "ConsistsOf"};

    for (guint i = 0; i < stops->services->len; i++)
        for (guint j = 0; j < G_N_ELEMENTS(relations); j++) {
            g_autofree char *text = host_get_property(stops->store->host, g_ptr_array_index(stops->services, i),
                                                      relations[j]);
            g_auto(GStrv) units = g_strsplit(text ? text : "", "\n", -1);

            for (char **unit = units; *unit; unit++)
                if (unit_name_is_valid(*unit, UNIT_NAME_ANY))
                    add_unit(stops, *unit);
        }
}

static gboolean add_service(Stops *stops, const char *name, GError **error)
{
    g_autoptr(StoreService) service = store_find(stops->store, name, error);
    g_autoptr(Record) record = service ? record_read(stops->store, name, service->active, error) : NULL;

    for (guint i = 0; record && i < record->files->units->len; i++)
        add_unit(stops, g_ptr_array_index(record->files->units, i));
    return record != NULL;
}

static gboolean find_stops(Stops *stops, const GPtrArray *volumes, GError **error)
{
    if (!host_is_live(stops->store->host))
        return TRUE;
    for (guint i = 0; i < volumes->len; i++) {
        const GPtrArray *users = ((const StoreVolume *)g_ptr_array_index(volumes, i))->users;

        for (guint j = 0; j < users->len; j++)
            if (!add_service(stops, g_ptr_array_index(users, j), error))
                return FALSE;
    }
    add_dependents(stops);
    return TRUE;
}

/* In the order in which they stop; what stops last starts first. */
static GPtrArray *list_stops(const Stops *stops)
{
    GPtrArray *all = g_ptr_array_new();

    g_ptr_array_extend(all, stops->sockets, NULL, NULL);
    g_ptr_array_extend(all, stops->services, NULL, NULL);
    g_ptr_array_extend(all, stops->mounts, NULL, NULL);
    return all;
}

static char *join(const GPtrArray *units, gboolean backwards)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < units->len; i++)
        g_string_append_printf(text, "%s%s", i ? " " : "",
                               (const char *)g_ptr_array_index(units, backwards ? units->len - 1 - i : i));
    return g_string_free(text, FALSE);
}

/* --- backup ------------------------------------------------------------------------------------------------------- */

static gboolean add_to_backup(Store *store, const StoreVolume *volume, gboolean only, VolumeTask *task, Notes *notes,
                              GError **error)
{
    if (volume->is_mount && only) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "a unit mounts a file system on the volume '%s'", volume->id);
        return gourd_error_hint(error, "back it up where that is kept");
    }
    if (volume->is_mount) {
        notes_add(notes, "volume-mounted", "a file system that is mounted there is not in the backup", volume->id);
        return TRUE;
    }
    g_ptr_array_add(task->ids, g_strdup(volume->id));
    task->size_estimate += store_measure_volume(store, volume);
    return TRUE;
}

StoreChange *store_plan_volume_backup(Store *store, const GPtrArray *volumes, gboolean live, const char *file,
                                      OutputFile *output, Notes *notes, GError **error)
{
    VolumeTask *task = volume_task_new();
    g_autofree char *title = g_strdup_printf("back up to %s", file);
    g_autoptr(StoreChange) change = store_change_new("", title);
    g_auto(Stops) stops = stops_new(store);

    change->pending->task = task;
    task->output = output;
    task->live = live;
    task->file = g_strdup(file);
    if (!find_stops(&stops, volumes, error))
        return NULL;
    for (guint i = 0; i < volumes->len; i++)
        if (!add_to_backup(store, g_ptr_array_index(volumes, i), volumes->len == 1, task, notes, error))
            return NULL;
    g_autoptr(GPtrArray) units = list_stops(&stops);
    g_autofree char *stopping = join(units, FALSE), *starting = join(units, TRUE);
    gboolean stop = !live && units->len > 0;
    if (stop)
        plan_act(change->plan, "halt", stopping, "resume", starting);
    plan_act(change->plan, "archive", file, NULL, NULL);
    if (stop)
        plan_act(change->plan, "resume", starting, NULL, NULL);
    return g_steal_pointer(&change);
}

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

static gboolean add_move(const char *from, const char *to, VolumeTask *task, GError **error)
{
    if (!check_id(from, error) || !check_id(to, error))
        return FALSE;
    for (guint i = 0; i < task->moves->len; i++)
        if (strcmp(((const VolumeMove *)g_ptr_array_index(task->moves, i))->to, to) == 0)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "the backup '%s' has '%s' twice", task->file, from);
    VolumeMove *move = g_new0(VolumeMove, 1);
    move->from = g_strdup(from);
    move->to = g_strdup(to);
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
static gboolean choose_moves(const GPtrArray *ids, const char *target, VolumeTask *task, GError **error)
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
        if (!add_move(id, to, task, error))
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

static gboolean check_room(Store *store, const StoreVolume *volume, gboolean force, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;

    if (volume->is_mount) {
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

/* The volumes (StoreVolume, borrowed) that are there already. */
static gboolean prepare_moves(Store *store, const GPtrArray *volumes, gboolean force, VolumeTask *task, Notes *notes,
                              GPtrArray *there, GError **error)
{
    for (guint i = 0; i < task->moves->len; i++) {
        VolumeMove *move = g_ptr_array_index(task->moves, i);
        g_autoptr(GPtrArray) found = store_choose_volumes(volumes, move->to, NULL);

        if (!found) {
            notes_add(notes, "volume-new", "nothing uses it yet: files keep the numbers of their owners", move->to);
            continue;
        }
        StoreVolume *volume = g_ptr_array_index(found, 0);
        if (!check_room(store, volume, force, error) || !find_owner(store, volume, move, error))
            return FALSE;
        g_ptr_array_add(there, volume);
    }
    return TRUE;
}

static void plan_switches(const VolumeTask *task, const Stops *stops, Plan *plan)
{
    g_autoptr(GPtrArray) units = list_stops(stops);
    g_autofree char *stopping = join(units, FALSE), *starting = join(units, TRUE);

    plan_act(plan, "unpack", task->file, "unrestore", stopping);
    if (units->len > 0)
        plan_act(plan, "halt", stopping, "resume", starting);
    for (guint i = 0; i < task->moves->len; i++)
        plan_act(plan, "switch", ((const VolumeMove *)g_ptr_array_index(task->moves, i))->to, NULL, NULL);
    for (guint i = units->len; i-- > 0;)
        plan_act(plan, "start", g_ptr_array_index(units, i), NULL, NULL);
    plan_purge(plan, VOLUME_STAGE);
}

static gboolean open_file(VolumeTask *task, GError **error)
{
    struct stat status;

    task->fd = open(task->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (task->fd < 0 || fstat(task->fd, &status) < 0) {
        g_autofree char *shown = text_escape(task->file);

        return gourd_error_set_errno(error, errno, "cannot open '%s'", shown);
    }
    task->size_estimate = (guint64)status.st_size;
    return TRUE;
}

StoreChange *store_plan_volume_restore(Store *store, const char *file, const char *target, gboolean force, Notes *notes,
                                       GError **error)
{
    VolumeTask *task = volume_task_new();
    g_autofree char *title = g_strdup_printf("restore from %s", file);
    g_autoptr(StoreChange) change = store_change_new("", title);
    g_autoptr(GPtrArray) ids = NULL, volumes = NULL, there = g_ptr_array_new();
    g_auto(Stops) stops = stops_new(store);

    change->pending->task = task;
    task->file = g_strdup(file);
    if (!open_file(task, error) || !volume_task_list(store, task, &ids, error) ||
        !choose_moves(ids, target, task, error) || !store_list_volumes(store, &volumes, error) ||
        !prepare_moves(store, volumes, force, task, notes, there, error) || !find_stops(&stops, there, error))
        return NULL;
    plan_switches(task, &stops, change->plan);
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
