// SPDX-License-Identifier: LGPL-2.1-or-later
#include "volume-tar.h"
#include "volume-task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TREE "tree" /* in the stage: what was unpacked */
#define MARKER_SUFFIX ".inode"
#define MARKER_SIZE_MAX 64
#define CAPABILITY "security.capability"
#define CAPABILITY_SIZE_MAX 64 /* vfs_ns_cap_data has 24 */

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;

    return gourd_error_set_errno(error, saved, "cannot %s '%s'", what, path);
}

static void move_free(gpointer data)
{
    VolumeMove *move = data;

    g_free(move->from);
    g_free(move->to);
    g_free(move->user);
    g_free(move);
}

VolumeTask *volume_task_new(void)
{
    VolumeTask *task = g_new0(VolumeTask, 1);

    task->fd = -1;
    task->ids = g_ptr_array_new_with_free_func(g_free);
    task->moves = g_ptr_array_new_with_free_func(move_free);
    return task;
}

void volume_task_free(VolumeTask *task)
{
    if (!task)
        return;
    output_file_free(task->output);
    fd_close(&task->fd);
    g_ptr_array_unref(task->ids);
    g_ptr_array_unref(task->moves);
    g_free(task->file);
    g_free(task);
}

/* --- archiving ---------------------------------------------------------------------------------------------------- */

typedef struct {
    const Store *store;
    StreamEncoder *encoder;
    guint64 done, total;
} Archive;

static void show(const Store *store, guint64 done, guint64 total)
{
    if (store->actor && store->actor->copied)
        store->actor->copied(MIN(done, total), total, store->actor->data);
}

static gboolean take_piece(const guint8 *bytes, gsize size, gpointer data, GError **error)
{
    Archive *archive = data;

    archive->done += size;
    show(archive->store, archive->done, archive->total);
    return stream_encoder_write(archive->encoder, bytes, size, error);
}

gboolean volume_archive(Store *store, GError **error)
{
    const struct StorePending *pending = store->change->pending;
    VolumeTask *task = pending->task;
    g_autoptr(StreamEncoder) encoder = stream_encoder_new(output_file_fd(task->output), task->file);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    Archive archive = {.store = store, .encoder = encoder, .total = task->size_estimate};
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
    guint64 size;

    autofd folder = root_open(store->root, PATH_VOLUMES, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return fail(error, "open", PATH_VOLUMES);
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
    return volume_tar_run(store, &tar, pending->notes, error) && stream_encoder_finish(encoder, &size, error) &&
           output_file_commit(task->output, 0600, error);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static ByteStream *open_backup(const VolumeTask *task, GError **error)
{
    struct stat status;
    const guint8 *bytes;
    gsize size;

    if (fstat(task->fd, &status) < 0) {
        fail(error, "look at", task->file);
        return NULL;
    }
    g_autoptr(ByteStream) file = byte_stream_new_file(task->fd, task->file, 0, (guint64)status.st_size);
    if (!byte_stream_peek(file, 6, &bytes, &size, error))
        return NULL;
    Codec codec = codec_detect(bytes, size);
    return byte_stream_new_inflated(g_steal_pointer(&file), codec, G_MAXUINT64, task->file, error);
}

static gboolean add_id(const char *line, GPtrArray *ids)
{
    g_auto(GStrv) parts = g_strsplit(g_str_has_prefix(line, "./") ? line + 2 : line, "/", -1);

    if (g_strv_length(parts) != 3 || *parts[2] || *parts[0] == '.' || *parts[1] == '.' || !*parts[0] || !*parts[1])
        return FALSE;
    g_ptr_array_add(ids, g_strjoin("/", parts[0], parts[1], NULL));
    return TRUE;
}

gboolean volume_task_list(Store *store, const VolumeTask *task, GPtrArray **ret_ids, GError **error)
{
    static const char *const words[] = {"-t", "-f", "-", "--quoting-style=literal", "--exclude=*/*/?*", NULL};
    g_autoptr(ByteStream) stream = open_backup(task, error);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;
    VolumeTar tar = {.words = words, .folder = -1, .in = stream, .ret_text = &text};

    if (!stream || !volume_tar_run(store, &tar, NULL, error) || !byte_stream_drain(stream, error))
        return gourd_error_prefix(error, "cannot read the backup '%s'", task->file);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        add_id(*line, ids);
    if (ids->len == 0) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no backup of volumes", task->file);
        return gourd_error_hint(error, "one has a folder OWNER/VOLUME for each");
    }
    *ret_ids = g_steal_pointer(&ids);
    return TRUE;
}

/* --- owners ------------------------------------------------------------------------------------------------------- */

typedef struct {
    guint32 from_uid, from_gid, to_uid, to_gid;
} OwnerChange;

/* A new owner takes set-user-ID and capabilities away: they are put back. */
static gboolean change_owner(int parent, const char *name, const struct stat *status, const OwnerChange *map,
                             GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s", parent, name);
    guint32 uid = status->st_uid == map->from_uid ? map->to_uid : status->st_uid;
    guint32 gid = status->st_gid == map->from_gid ? map->to_gid : status->st_gid;
    guint8 capability[CAPABILITY_SIZE_MAX];
    gssize size = -1;

    if (uid == status->st_uid && gid == status->st_gid)
        return TRUE;
    if (S_ISREG(status->st_mode))
        size = lgetxattr(path, CAPABILITY, capability, sizeof capability);
    if (fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 ||
        (!S_ISLNK(status->st_mode) && (status->st_mode & (S_ISUID | S_ISGID)) &&
         fchmodat(parent, name, status->st_mode & ALLPERMS, 0) < 0) ||
        (size > 0 && lsetxattr(path, CAPABILITY, capability, (gsize)size, 0) < 0))
        return fail(error, "set the owner of", name);
    return TRUE;
}

static gboolean change_owners(int parent, const char *name, const OwnerChange *map, GError **error)
{
    struct stat status;
    struct dirent *entry;
    gboolean done = TRUE;

    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, "look at", name);
    if (!change_owner(parent, name, &status, map, error))
        return FALSE;
    if (!S_ISDIR(status.st_mode))
        return TRUE;
    autofd fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder)
        return fail(error, "open", name);
    int below = fd_steal(&fd);
    while (done && (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            done = change_owners(below, entry->d_name, map, error);
    closedir(folder);
    return done;
}

static gboolean map_owners(Store *store, int tree, const VolumeMove *move, GError **error)
{
    OwnerChange map = {.to_uid = move->uid, .to_gid = move->gid};
    struct stat status;

    if (!move->maps || (move->user && !host_find_user(store->host, move->user, &map.to_uid, &map.to_gid)))
        return TRUE;
    if (fstatat(tree, move->from, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, "look at", move->from);
    map.from_uid = status.st_uid;
    map.from_gid = status.st_gid;
    if (map.from_uid == map.to_uid && map.from_gid == map.to_gid)
        return TRUE;
    notes_add(store->change->pending->notes, "owners-mapped",
              "its user has another number here than in the backup, and gets its files", move->to);
    return change_owners(tree, move->from, &map, error);
}

/* --- unpacking ---------------------------------------------------------------------------------------------------- */

static gboolean open_stage(Store *store, gboolean make, int *ret_stage, GError **error)
{
    autofd volumes = root_open(store->root, PATH_VOLUMES, O_RDONLY | O_DIRECTORY, 0);

    if (volumes < 0 && errno == ENOENT && make) {
        autofd parent = root_open(store->root, PATH_GOURD, O_PATH | O_DIRECTORY, 0);

        if (parent < 0 || mkdirat(parent, "volumes", 0755) < 0)
            return fail(error, "make", PATH_VOLUMES);
        volumes = root_open(store->root, PATH_VOLUMES, O_RDONLY | O_DIRECTORY, 0);
    }
    *ret_stage = -1;
    if (volumes < 0)
        return errno == ENOENT && !make ? TRUE : fail(error, "open", PATH_VOLUMES);
    g_autofree char *name = g_path_get_basename(VOLUME_STAGE);
    if (make && mkdirat(volumes, name, 0700) < 0)
        return fail(error, "make", VOLUME_STAGE);
    *ret_stage = openat(volumes, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*ret_stage < 0 && (errno != ENOENT || make))
        return fail(error, "open", VOLUME_STAGE);
    return TRUE;
}

typedef struct {
    const Store *store;
    guint64 total;
} Unpacking;

static void show_unpacked(guint64 bytes, gpointer data)
{
    const Unpacking *unpacking = data;

    show(unpacking->store, bytes, unpacking->total);
}

static gboolean run_unpack(Store *store, const VolumeTask *task, int tree, GError **error)
{
    static const char *const first[] = {"-x",
                                        "-f",
                                        "-",
                                        "-p",
                                        "--same-owner",
                                        "--numeric-owner",
                                        "--xattrs",
                                        "--xattrs-include=*",
                                        "--acls",
                                        "--delay-directory-restore",
                                        "-C",
                                        "/proc/self/fd/3",
                                        "--"};
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(ByteStream) stream = open_backup(task, error);
    Unpacking unpacking = {.store = store, .total = task->size_estimate};

    for (guint i = 0; i < G_N_ELEMENTS(first); i++)
        g_ptr_array_add(words, (gpointer)first[i]);
    for (guint i = 0; i < task->moves->len; i++)
        g_ptr_array_add(words, ((const VolumeMove *)g_ptr_array_index(task->moves, i))->from);
    g_ptr_array_add(words, NULL);
    const VolumeTar tar = {.words = (const char *const *)words->pdata,
                           .folder = tree,
                           .in = stream,
                           .fed = show_unpacked,
                           .data = &unpacking};
    return stream && volume_tar_run(store, &tar, store->change->pending->notes, error);
}

gboolean volume_unpack(Store *store, GError **error)
{
    const VolumeTask *task = store->change->pending->task;
    autofd stage = -1;

    /* What a gourd that could not undo everything has left. */
    if (!volume_unrestore(store, "", error) || !open_stage(store, TRUE, &stage, error))
        return FALSE;
    if (mkdirat(stage, TREE, 0700) < 0)
        return fail(error, "make a folder in", VOLUME_STAGE);
    autofd tree = openat(stage, TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (tree < 0)
        return fail(error, "open a folder in", VOLUME_STAGE);
    if (!run_unpack(store, task, tree, error))
        return gourd_error_prefix(error, "cannot unpack '%s'", task->file);
    for (guint i = 0; i < task->moves->len; i++)
        if (!map_owners(store, tree, g_ptr_array_index(task->moves, i), error))
            return FALSE;
    return syncfs(tree) == 0 ? TRUE : fail(error, "write", VOLUME_STAGE);
}

/* --- switching ---------------------------------------------------------------------------------------------------- */

/* "OWNER NAME OWNER NAME.inode": where to, where from. */
static char *marker_name(const VolumeMove *move)
{
    g_autofree char *to = g_strdelimit(g_strdup(move->to), "/", ' ');
    g_autofree char *from = g_strdelimit(g_strdup(move->from), "/", ' ');

    return g_strconcat(to, " ", from, MARKER_SUFFIX, NULL);
}

/* The ids of a marker's name; FALSE if it is none. */
static gboolean split_marker(const char *name, char **ret_to, char **ret_from)
{
    if (!g_str_has_suffix(name, MARKER_SUFFIX))
        return FALSE;
    g_autofree char *text = g_strndup(name, strlen(name) - strlen(MARKER_SUFFIX));
    g_auto(GStrv) parts = g_strsplit(text, " ", -1);
    if (g_strv_length(parts) != 4)
        return FALSE;
    *ret_to = g_strjoin("/", parts[0], parts[1], NULL);
    *ret_from = g_strjoin("/", parts[2], parts[3], NULL);
    return TRUE;
}

static gboolean write_marker(int stage, int tree, const VolumeMove *move, GError **error)
{
    g_autofree char *name = marker_name(move), *text = NULL;
    struct stat status;

    if (fstatat(tree, move->from, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, "find in the backup", move->from);
    if (!S_ISDIR(status.st_mode))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' of the backup is no folder", move->from);
    text = g_strdup_printf("%" G_GUINT64_FORMAT "\n", (guint64)status.st_ino);
    autofd fd = openat(stage, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(error, "mark", move->to);
    if (!fd_pwrite(fd, name, text, strlen(text), 0, error))
        return FALSE;
    return fsync(fd) == 0 && fsync(stage) == 0 ? TRUE : fail(error, "mark", move->to);
}

/* Lets the two change places, or moves the first where there is no second. */
static gboolean swap(int from_folder, const char *from, int to_folder, const char *to, GError **error)
{
    if (renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0 ||
        (errno == EEXIST && renameat2(from_folder, from, to_folder, to, RENAME_EXCHANGE) == 0))
        return TRUE;
    return fail(error, "replace", to);
}

static const VolumeMove *find_move(const VolumeTask *task, const char *to)
{
    for (guint i = 0; i < task->moves->len; i++) {
        const VolumeMove *move = g_ptr_array_index(task->moves, i);

        if (strcmp(move->to, to) == 0)
            return move;
    }
    g_assert_not_reached();
}

gboolean volume_switch(Store *store, const char *id, GError **error)
{
    const VolumeMove *move = find_move(store->change->pending->task, id);
    g_autofree char *owner = g_path_get_dirname(id);
    autofd volumes = root_open(store->root, PATH_VOLUMES, O_RDONLY | O_DIRECTORY, 0), stage = -1;

    if (volumes < 0)
        return fail(error, "open", PATH_VOLUMES);
    if (!open_stage(store, FALSE, &stage, error))
        return FALSE;
    autofd tree = openat(stage, TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (tree < 0)
        return fail(error, "open a folder in", VOLUME_STAGE);
    if (mkdirat(volumes, owner, 0700) < 0 && errno != EEXIST)
        return fail(error, "make", owner);
    if (!write_marker(stage, tree, move, error) || !swap(tree, move->from, volumes, id, error))
        return FALSE;
    return syncfs(volumes) == 0 ? TRUE : fail(error, "write", id);
}

/* --- undoing ------------------------------------------------------------------------------------------------------ */

static GPtrArray *read_markers(int stage, GError **error)
{
    autofd fd = openat(stage, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (!folder) {
        fail(error, "look into", VOLUME_STAGE);
        return NULL;
    }
    fd_steal(&fd);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    while ((entry = readdir(folder)))
        if (g_str_has_suffix(entry->d_name, MARKER_SUFFIX))
            g_ptr_array_add(names, g_strdup(entry->d_name));
    closedir(folder);
    return names;
}

/* Changes one back, if it was changed. */
static gboolean switch_back(int volumes, int stage, const char *marker, GError **error)
{
    g_autofree char *to = NULL, *from = NULL, *staged = NULL;
    char text[MARKER_SIZE_MAX] = "";
    struct stat status;
    gsize got;

    if (!split_marker(marker, &to, &from))
        return TRUE;
    autofd fd = openat(stage, marker, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || !fd_pread(fd, marker, text, sizeof text - 1, 0, &got, error))
        return fd < 0 ? fail(error, "read", marker) : FALSE;
    if (fstatat(volumes, to, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? TRUE : fail(error, "look at", to);
    if (g_ascii_strtoull(text, NULL, 10) != status.st_ino)
        return TRUE;
    staged = g_build_filename(TREE, from, NULL);
    return swap(volumes, to, stage, staged, error);
}

/* One that will not stop goes on with the data of the backup, which it then loses. */
static void stop_units(Store *store, const char *units)
{
    g_auto(GStrv) names = g_strsplit(units, " ", -1);

    for (guint i = 0; names[i]; i++)
        if (*names[i] && !host_act("stop", names[i], store->host, NULL))
            g_ptr_array_add(store->not_revived, g_strdup(names[i]));
}

static gboolean switch_all_back(Store *store, int stage, const char *units, GError **error)
{
    g_autoptr(GPtrArray) markers = read_markers(stage, error);

    if (!markers)
        return FALSE;
    autofd volumes = root_open(store->root, PATH_VOLUMES, O_RDONLY | O_DIRECTORY, 0);
    if (volumes < 0)
        return fail(error, "open", PATH_VOLUMES);
    if (markers->len > 0)
        stop_units(store, units);
    for (guint i = 0; i < markers->len; i++)
        if (!switch_back(volumes, stage, g_ptr_array_index(markers, i), error))
            return FALSE;
    return syncfs(volumes) == 0 ? TRUE : fail(error, "write", PATH_VOLUMES);
}

gboolean volume_unrestore(Store *store, const char *units, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(VOLUME_STAGE), *name = g_path_get_basename(VOLUME_STAGE);
    autofd stage = -1;

    if (!open_stage(store, FALSE, &stage, error))
        return FALSE;
    if (stage < 0)
        return TRUE;
    if (!switch_all_back(store, stage, units ? units : "", error))
        return gourd_error_prefix(error, "cannot put volumes back");
    autofd volumes = root_open(store->root, folder, O_RDONLY | O_DIRECTORY, 0);
    return volumes >= 0 ? folder_sweep(volumes, name, VOLUME_STAGE, error) : fail(error, "open", folder);
}
