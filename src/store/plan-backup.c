// SPDX-License-Identifier: LGPL-2.1-or-later
#include "change.h"
#include "stops.h"
#include "volume-hook.h"

/* What is to be backed up, and how. */
typedef struct {
    Store *store;
    const GPtrArray *volumes; /* StoreVolume */
    StoreBackupHow how;
    VolumeTask *task;
    Notes *notes;
    GPtrArray *halted;  /* char *: services that are asked nothing, since others stop them */
    GPtrArray *copies;  /* char *: services whose files are copied while they run */
    GPtrArray *around;  /* char *: those that want to know when */
    GPtrArray *stopped; /* StoreVolume: what uses them stops */
} Backup;

static void backup_clear(Backup *backup)
{
    g_ptr_array_unref(backup->halted);
    g_ptr_array_unref(backup->copies);
    g_ptr_array_unref(backup->around);
    g_ptr_array_unref(backup->stopped);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Backup, backup_clear)

static gboolean has_text(GPtrArray *texts, const char *text)
{
    return g_ptr_array_find_with_equal_func(texts, text, g_str_equal, NULL);
}

/* Says so of one that has such commands and does not run. */
static gboolean find_hooks(const Backup *backup, const StoreVolume *volume, HookKind kind, GPtrArray **ret_services,
                           GError **error)
{
    char *idle = NULL;

    if (!volume_find_hooks(backup->store, volume, kind, ret_services, &idle, error))
        return FALSE;
    if (idle)
        notes_add(backup->notes, "backup-at-rest",
                  "its volumes are backed up as files: it does not run, so its commands for backups do not either",
                  idle);
    g_free(idle);
    return TRUE;
}

/* *ret_done: a service dumps it. */
static gboolean add_dump(const Backup *backup, const StoreVolume *volume, gboolean *ret_done, GError **error)
{
    g_autoptr(GPtrArray) services = NULL;

    if (!find_hooks(backup, volume, HOOK_DUMP, &services, error))
        return FALSE;
    *ret_done = services->len > 0;
    if (services->len == 0)
        return TRUE;
    if (!volume_dump_check(volume->id, error))
        return FALSE;
    VolumeDump *dump = g_new0(VolumeDump, 1);
    dump->id = g_strdup(volume->id);
    dump->service = g_strdup(g_ptr_array_index(services, 0));
    g_ptr_array_add(backup->task->dumps, dump);
    return TRUE;
}

static void add_once(GPtrArray *texts, const char *text)
{
    if (!has_text(texts, text))
        g_ptr_array_add(texts, g_strdup(text));
}

/* *ret_done: it is copied while everything runs, since a service that has commands uses it. */
static gboolean add_copies(const Backup *backup, const StoreVolume *volume, gboolean *ret_done, GError **error)
{
    g_autoptr(GPtrArray) services = NULL, around = NULL;

    if (!volume_find_hooks(backup->store, volume, HOOK_COPY, &services, NULL, error) ||
        !find_hooks(backup, volume, HOOK_AROUND, &around, error))
        return FALSE;
    for (guint i = 0; i < services->len; i++) {
        const char *service = g_ptr_array_index(services, i);

        if (has_text(backup->halted, service))
            continue;
        *ret_done = TRUE;
        add_once(backup->copies, service);
        if (has_text(around, service))
            add_once(backup->around, service);
    }
    return TRUE;
}

static gboolean add_files(const Backup *backup, const StoreVolume *volume, GError **error)
{
    VolumeTask *task = backup->task;
    gboolean copied = FALSE;

    if (volume->is_mount && backup->volumes->len == 1) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "a unit mounts a file system on the volume '%s'", volume->id);
        return gourd_error_hint(error, "back it up where that is kept");
    }
    if (volume->is_mount) {
        notes_add(backup->notes, "volume-mounted", "a file system that is mounted there is not in the backup",
                  volume->id);
        return TRUE;
    }
    g_ptr_array_add(task->ids, g_strdup(volume->id));
    task->size_estimate += store_measure_volume(backup->store, volume);
    if (backup->how != STORE_BACKUP_COLD && !add_copies(backup, volume, &copied, error))
        return FALSE;
    if (!copied && backup->how != STORE_BACKUP_LIVE)
        g_ptr_array_add(backup->stopped, (gpointer)volume);
    return TRUE;
}

static gboolean sort_volumes(const Backup *backup, GError **error)
{
    VolumeTask *task = backup->task;

    g_ptr_array_set_size(task->ids, 0);
    g_ptr_array_set_size(task->dumps, 0);
    g_ptr_array_set_size(backup->copies, 0);
    g_ptr_array_set_size(backup->around, 0);
    g_ptr_array_set_size(backup->stopped, 0);
    task->size_estimate = 0;
    for (guint i = 0; i < backup->volumes->len; i++) {
        const StoreVolume *volume = g_ptr_array_index(backup->volumes, i);
        gboolean dumped = FALSE;

        if (backup->how != STORE_BACKUP_COLD && !add_dump(backup, volume, &dumped, error))
            return FALSE;
        if (!dumped && !add_files(backup, volume, error))
            return FALSE;
    }
    return TRUE;
}

/* Whether one that was to run is stopped for others' files; then all of it is sorted anew. */
static gboolean is_halted(const Backup *backup, const Stops *stops)
{
    gboolean found = FALSE;

    for (guint i = 0; i < backup->copies->len; i++) {
        const char *service = g_ptr_array_index(backup->copies, i);
        g_autofree char *unit = g_strconcat(service, ".service", NULL);

        if (has_text(stops->services, unit)) {
            g_ptr_array_add(backup->halted, g_strdup(service));
            found = TRUE;
        }
    }
    return found;
}

static gboolean sort_backup(const Backup *backup, Stops *stops, GError **error)
{
    do {
        stops_clear(stops);
        *stops = stops_new(backup->store);
        if (!sort_volumes(backup, error) || !stops_find(stops, backup->stopped, error))
            return FALSE;
    } while (is_halted(backup, stops));
    backup->task->live = backup->how == STORE_BACKUP_LIVE || backup->copies->len > 0;
    return TRUE;
}

/* Dumps first, while all runs; then, as short as can be, what has to be at rest is. */
static void plan_backup(const Backup *backup, const Stops *stops, Plan *plan)
{
    const VolumeTask *task = backup->task;
    g_autoptr(GPtrArray) units = stops_list(stops);
    g_autofree char *stopping = stops_join(units, FALSE), *starting = stops_join(units, TRUE);

    for (guint i = 0; i < task->dumps->len; i++)
        plan_act(plan, "dump", ((const VolumeDump *)g_ptr_array_index(task->dumps, i))->id, NULL, NULL);
    if (units->len > 0)
        plan_act(plan, "halt", stopping, "resume", starting);
    for (guint i = 0; i < backup->around->len; i++)
        plan_act(plan, "before", g_ptr_array_index(backup->around, i), "after", g_ptr_array_index(backup->around, i));
    plan_act(plan, "archive", task->file, NULL, NULL);
    for (guint i = 0; i < backup->around->len; i++)
        plan_act(plan, "after", g_ptr_array_index(backup->around, i), NULL, NULL);
    plan_act(plan, "keep", task->file, NULL, NULL);
    if (units->len > 0)
        plan_act(plan, "resume", starting, NULL, NULL);
}

StoreChange *store_plan_volume_backup(Store *store, const GPtrArray *volumes, StoreBackupHow how, const char *file,
                                      OutputFile *output, Notes *notes, GError **error)
{
    VolumeTask *task = volume_task_new();
    g_autofree char *shown = text_escape(file), *title = g_strdup_printf("back up to %s", shown);
    g_autoptr(StoreChange) change = store_change_new("", title);
    g_auto(Stops) stops = stops_new(store);
    g_auto(Backup) backup = {
        .store = store,
        .volumes = volumes,
        .how = how,
        .task = task,
        .notes = notes,
        .halted = g_ptr_array_new_with_free_func(g_free),
        .copies = g_ptr_array_new_with_free_func(g_free),
        .around = g_ptr_array_new_with_free_func(g_free),
        .stopped = g_ptr_array_new(),
    };

    change->pending->task = task;
    task->output = output;
    task->file = g_steal_pointer(&shown);
    if (!sort_backup(&backup, &stops, error))
        return NULL;
    task->encoder = stream_encoder_new(output_file_fd(output), file);
    plan_backup(&backup, &stops, change->plan);
    return g_steal_pointer(&change);
}
