// SPDX-License-Identifier: LGPL-2.1-or-later
#include "volume-tar.h"
#include "volume-task.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define TAR_END_SIZE 1024 /* two blocks of zeros end a tar */

static void move_free(gpointer data)
{
    VolumeMove *move = data;

    g_free(move->from);
    g_free(move->to);
    g_free(move->user);
    g_free(move->service);
    fd_close(&move->fd);
    g_free(move);
}

static void dump_free(gpointer data)
{
    VolumeDump *dump = data;

    g_free(dump->id);
    g_free(dump->service);
    g_free(dump);
}

VolumeTask *volume_task_new(void)
{
    VolumeTask *task = g_new0(VolumeTask, 1);

    task->fd = -1;
    task->ids = g_ptr_array_new_with_free_func(g_free);
    task->dumps = g_ptr_array_new_with_free_func(dump_free);
    task->moves = g_ptr_array_new_with_free_func(move_free);
    return task;
}

void volume_task_free(VolumeTask *task)
{
    if (!task)
        return;
    stream_encoder_free(task->encoder);
    output_file_free(task->output);
    fd_close(&task->fd);
    g_ptr_array_unref(task->ids);
    g_ptr_array_unref(task->dumps);
    g_ptr_array_unref(task->moves);
    g_free(task->file);
    g_free(task);
}

void volume_show_progress(const Store *store, guint64 done, guint64 total)
{
    if (store->actor && store->actor->copied)
        store->actor->copied(MIN(done, total), total, store->actor->data);
}

/* --- archiving ---------------------------------------------------------------------------------------------------- */

typedef struct {
    const Store *store;
    StreamEncoder *encoder; /* borrowed */
    guint64 done, total;
} Archive;

static gboolean take_piece(const guint8 *bytes, gsize size, gpointer data, GError **error)
{
    Archive *archive = data;

    archive->done += size;
    volume_show_progress(archive->store, archive->done, archive->total);
    return stream_encoder_write(archive->encoder, bytes, size, error);
}

static gboolean archive_files(Store *store, const VolumeTask *task, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    Archive archive = {.store = store, .encoder = task->encoder, .total = task->size_estimate};
    static const char *const first[] = {"-c",
                                        "-f",
                                        "-",
                                        "--format=posix",
                                        "--pax-option=delete=atime,delete=ctime",
                                        "--numeric-owner",
                                        "--xattrs",
                                        "--xattrs-include=*",
                                        "--acls",
                                        "--sparse",
                                        "-C",
                                        "/proc/self/fd/3",
                                        "--"};

    autofd folder = root_open(store->root, PATH_VOLUMES, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", PATH_VOLUMES);
    for (guint i = 0; i < G_N_ELEMENTS(first); i++)
        g_ptr_array_add(words, (gpointer)first[i]);
    for (guint i = 0; i < task->ids->len; i++)
        g_ptr_array_add(words, g_ptr_array_index(task->ids, i));
    g_ptr_array_add(words, NULL);
    const VolumeTar tar = {.words = (const char *const *)words->pdata,
                           .folder = folder,
                           .take = take_piece,
                           .data = &archive,
                           .forgives_change = task->live};
    return volume_tar_run(store, &tar, store->change->pending->notes, error);
}

gboolean volume_archive(Store *store, GError **error)
{
    const VolumeTask *task = store->change->pending->task;
    static const guint8 end[TAR_END_SIZE];
    guint64 size;

    return (task->ids->len > 0 ? archive_files(store, task, error)
                               : stream_encoder_write(task->encoder, end, sizeof end, error)) &&
           stream_encoder_finish(task->encoder, &size, error);
}

gboolean volume_keep(Store *store, GError **error)
{
    return output_file_commit(store->change->pending->task->output, 0600, error);
}
