// SPDX-License-Identifier: LGPL-2.1-or-later
#include "volume-hook.h"

#include "image/image.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* --- whose -------------------------------------------------------------------------------------------------------- */

static gboolean has_hook(const ServiceBackup *backup, const char *path, HookKind kind)
{
    gboolean dumps = g_strcmp0(backup->volume, path) == 0;

    switch (kind) {
    case HOOK_DUMP:
        return dumps && backup->dump;
    case HOOK_RESTORE:
        return dumps && backup->restore;
    case HOOK_COPY:
        return !dumps && (backup->dump || backup->before || backup->after);
    case HOOK_AROUND:
        return !dumps && (backup->before || backup->after);
    }
    return FALSE;
}

/* Of a service that starts, or is about to start again, nothing can be asked. */
static gboolean runs(Store *store, const char *unit)
{
    HostUnit status;

    if (!host_is_live(store->host) || !host_get_unit(store->host, unit, &status, NULL))
        return FALSE;
    gboolean active = status.main_pid > 0 && (g_strcmp0(status.active_state, "active") == 0 ||
                                              g_strcmp0(status.active_state, "reloading") == 0);
    host_unit_clear(&status);
    return active;
}

static Record *read_active(Store *store, const char *name, GError **error)
{
    g_autoptr(StoreService) service = store_find(store, name, error);

    return service ? record_read(store, name, service->active, error) : NULL;
}

gboolean volume_find_hooks(Store *store, const StoreVolume *volume, HookKind kind, GPtrArray **ret_services,
                           char **ret_idle, GError **error)
{
    g_autoptr(GPtrArray) services = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *idle = NULL;

    for (guint i = 0; i < volume->users->len; i++) {
        const char *name = g_ptr_array_index(volume->users, i);
        g_autoptr(Record) record = read_active(store, name, error);

        if (!record)
            return FALSE;
        if (!has_hook(&record->files->backup, volume->path, kind))
            continue;
        if (runs(store, record->files->unit))
            g_ptr_array_add(services, g_strdup(name));
        else if (!idle)
            idle = g_strdup(name);
    }
    *ret_services = g_steal_pointer(&services);
    if (ret_idle)
        *ret_idle = g_steal_pointer(&idle);
    return TRUE;
}

/* --- running one -------------------------------------------------------------------------------------------------- */

/* `hook` has what is not of the service. */
static gboolean run(Store *store, const Record *record, const char *service, char *const *argv, StoreHook *hook,
                    GError **error)
{
    Notes *notes = store->change ? store->change->pending->notes : NULL;

    hook->service = service;
    hook->unit = record->files->unit;
    hook->argv = argv;
    hook->timeout_usec = record->files->backup.timeout_usec;
    if (!store->hook_run)
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "no command can be run in %s here", service);
    return store->hook_run(store->host, hook, notes, error);
}

gboolean volume_before(Store *store, const char *service, GError **error)
{
    g_autoptr(Record) record = read_active(store, service, error);
    StoreHook hook = {.what = "before", .in = -1};

    if (!record)
        return FALSE;
    char *const *argv = record->files->backup.before;
    return !argv || run(store, record, service, argv, &hook, error);
}

/* Of a service that has ended meanwhile, with the host perhaps, nothing waits for it. */
gboolean volume_after(Store *store, const char *service, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(Record) record = read_active(store, service, &problem);
    StoreHook hook = {.what = "after", .in = -1};

    if (g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND))
        return TRUE;
    if (!record) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    char *const *argv = record->files->backup.after;
    return !argv || !runs(store, record->files->unit) || run(store, record, service, argv, &hook, error);
}

/* --- dumping ------------------------------------------------------------------------------------------------------ */

static const VolumeDump *find_dump(const VolumeTask *task, const char *id)
{
    for (guint i = 0; i < task->dumps->len; i++) {
        const VolumeDump *dump = g_ptr_array_index(task->dumps, i);

        if (strcmp(dump->id, id) == 0)
            return dump;
    }
    g_assert_not_reached();
}

static gboolean take_dump(const guint8 *bytes, gsize size, gpointer data, GError **error)
{
    VolumeTask *task = data;

    task->dumped += size;
    return stream_encoder_write(task->encoder, bytes, size, error);
}

static gboolean format_header(const char *id, guint64 size, guint8 ret_header[TAR_HEADER_SIZE], GError **error)
{
    g_autofree char *member = g_strconcat(id, DUMP_SUFFIX, NULL);

    return tar_header_format(member, 0600, size, g_get_real_time() / G_USEC_PER_SEC, ret_header, error);
}

gboolean volume_dump_check(const char *id, GError **error)
{
    guint8 header[TAR_HEADER_SIZE];

    return format_header(id, 0, header, error) ||
           gourd_error_hint(error, "--cold has its files in the backup instead; or give the volume a shorter name");
}

static gboolean dump_member(Store *store, VolumeTask *task, const VolumeDump *dump, GError **error)
{
    g_autoptr(Record) record = read_active(store, dump->service, error);
    StoreHook hook = {.what = "dump", .in = -1, .take = take_dump, .data = task};
    static const guint8 zeros[TAR_HEADER_SIZE];
    guint8 header[TAR_HEADER_SIZE];
    guint64 place;

    if (!record || !stream_encoder_reserve(task->encoder, &place, error))
        return FALSE;
    task->dumped = 0;
    if (!run(store, record, dump->service, record->files->backup.dump, &hook, error))
        return FALSE;
    if (task->dumped == 0) {
        gourd_error_set(error, GOURD_ERROR_FAILED, "the command 'dump' of %s wrote nothing", dump->service);
        return gourd_error_hint(error, "what it writes to its standard output is the backup");
    }
    gsize over = task->dumped % TAR_HEADER_SIZE;
    return format_header(dump->id, task->dumped, header, error) &&
           (over == 0 || stream_encoder_write(task->encoder, zeros, TAR_HEADER_SIZE - over, error)) &&
           stream_encoder_fill(task->encoder, place, header, error);
}

gboolean volume_dump(Store *store, const char *id, GError **error)
{
    VolumeTask *task = store->change->pending->task;

    G_STATIC_ASSERT(STREAM_RESERVED_SIZE == TAR_HEADER_SIZE);
    return dump_member(store, task, find_dump(task, id), error);
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

gboolean volume_load(Store *store, const char *id, GError **error)
{
    const VolumeMove *move = volume_task_find_move(store->change->pending->task, id);
    g_autoptr(Record) record = read_active(store, move->service, error);
    StoreHook hook = {.what = "restore", .in = move->fd};

    if (!record)
        return FALSE;
    if (!record->files->backup.restore)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s has no command 'restore' any more", move->service);
    if (lseek(move->fd, 0, SEEK_SET) < 0)
        return gourd_error_set_errno(error, errno, "cannot read the dump of '%s'", id);
    return run(store, record, move->service, record->files->backup.restore, &hook, error);
}
