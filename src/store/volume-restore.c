// SPDX-License-Identifier: LGPL-2.1-or-later
#include "volume-hook.h"
#include "volume-tar.h"
#include "volume-task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TREE "tree" /* in the stage: what was unpacked */
#define DUMP "dump" /* for a moment: the name of a dump */
#define MARKER_SUFFIX ".inode"
#define MARKER_SIZE_MAX 2048 /* bytes: a number and four names */
#define CAPABILITY "security.capability"
#define CAPABILITY_SIZE_MAX 64 /* vfs_ns_cap_data has 24 */

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;

    return gourd_error_set_errno(error, saved, "cannot %s '%s'", what, path);
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

/* A folder is one of a volume, a file perhaps a dump. */
static void add_id(const char *line, GPtrArray *ids, GPtrArray *dumps)
{
    g_auto(GStrv) parts = g_strsplit(line, "/", -1);
    guint n = g_strv_length(parts);

    if ((n != 2 && (n != 3 || *parts[2])) || *parts[0] == '.' || *parts[1] == '.' || !*parts[0] || !*parts[1])
        return;
    if (n == 2 && !g_str_has_suffix(parts[1], DUMP_SUFFIX))
        return;
    if (n == 2) {
        parts[1][strlen(parts[1]) - strlen(DUMP_SUFFIX)] = '\0';
        g_ptr_array_add(dumps, g_strjoin("/", parts[0], parts[1], NULL));
    }
    g_ptr_array_add(ids, g_strjoin("/", parts[0], parts[1], NULL));
}

gboolean volume_task_list(Store *store, const VolumeTask *task, GPtrArray **ret_ids, GPtrArray **ret_dumps,
                          GError **error)
{
    static const char *const words[] = {"-t", "-f", "-", "--quoting-style=literal", "--exclude=*/*/?*", NULL};
    g_autoptr(ByteStream) stream = open_backup(task, error);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) dumps = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;
    VolumeTar tar = {.words = words, .folder = -1, .in = stream, .ret_text = &text};

    if (!stream || !volume_tar_run(store, &tar, NULL, error) || !byte_stream_drain(stream, error))
        return gourd_error_prefix(error, "cannot read the backup '%s'", task->file);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        add_id(*line, ids, dumps);
    if (ids->len == 0) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no backup of volumes", task->file);
        return gourd_error_hint(error, "one has a folder OWNER/VOLUME for each, or a file OWNER/VOLUME.dump");
    }
    *ret_dumps = g_steal_pointer(&dumps);
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

/* Of all in a folder; those in it are added to folders (char *). */
static gboolean change_folder(int tree, const char *path, const OwnerChange *map, GPtrArray *folders, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;
    autofd folder = root_open(tree, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    struct stat status;

    if (folder < 0)
        return fail(error, "open", path);
    if (!root_list(folder, ".", &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);

        if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            return fail(error, "look at", name);
        if (!change_owner(folder, name, &status, map, error))
            return FALSE;
        if (S_ISDIR(status.st_mode))
            g_ptr_array_add(folders, g_build_filename(path, name, NULL));
    }
    return TRUE;
}

/* Of a folder and all below it, however deep that is: no descriptor stays open for a level. */
static gboolean change_owners(int tree, const char *path, const OwnerChange *map, GError **error)
{
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
    struct stat status;

    if (fstatat(tree, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, "look at", path);
    if (!change_owner(tree, path, &status, map, error))
        return FALSE;
    if (S_ISDIR(status.st_mode))
        g_ptr_array_add(folders, g_strdup(path));
    while (folders->len > 0) {
        g_autofree char *folder = g_ptr_array_steal_index(folders, folders->len - 1);

        if (!change_folder(tree, folder, map, folders, error))
            return FALSE;
    }
    return TRUE;
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

    volume_show_progress(unpacking->store, bytes, unpacking->total);
}

/* tar says of each path that it is too long, with the path. Of those that are longest nothing needs to be said: each is below one that is not much
 * longer than what can be made. */
static char *exclude_longest(void)
{
    static const char option[] = "--exclude=";
    const gsize length = strlen(option) + PATH_MAX + NAME_MAX + 1;
    char *word = g_malloc(length + 2);

    memset(word, '?', length);
    memcpy(word, option, strlen(option));
    word[length] = '*';
    word[length + 1] = '\0';
    return word;
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
    Unpacking unpacking = {.store = store, .total = task->size_estimate};

    g_autofree char *excluded = exclude_longest();

    g_ptr_array_add(words, (gpointer) "--anchored");
    g_ptr_array_add(words, excluded);
    for (guint i = 0; i < G_N_ELEMENTS(first); i++)
        g_ptr_array_add(words, (gpointer)first[i]);
    for (guint i = 0; i < task->moves->len; i++) {
        const VolumeMove *move = g_ptr_array_index(task->moves, i);

        if (!move->is_dump)
            g_ptr_array_add(words, move->from);
    }
    if (words->len == G_N_ELEMENTS(first) + 2)
        return TRUE;
    g_ptr_array_add(words, NULL);
    g_autoptr(ByteStream) stream = open_backup(task, error);
    const VolumeTar tar = {.words = (const char *const *)words->pdata,
                           .folder = tree,
                           .in = stream,
                           .fed = show_unpacked,
                           .data = &unpacking,
                           .forgives_length = TRUE};
    return stream && volume_tar_run(store, &tar, store->change->pending->notes, error);
}

/* Into a file without a name: the command that reads it meets its end at its end, and not where a killed gourd stopped writing. Who runs that
 * command is not known here: everybody may read, and only who is given the descriptor can. */
static gboolean unpack_dump(Store *store, const VolumeTask *task, int stage, VolumeMove *move, GError **error)
{
    g_autofree char *member = g_strconcat(move->from, DUMP_SUFFIX, NULL);
    const char *const words[] = {"-x", "-O", "--occurrence=1", "-f", "-", "--", member, NULL};
    Unpacking unpacking = {.store = store, .total = task->size_estimate};
    struct stat status;

    move->fd = openat(stage, DUMP, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
    if (move->fd < 0 || unlinkat(stage, DUMP, 0) < 0)
        return fail(error, "make a file in", VOLUME_STAGE);
    g_autoptr(ByteStream) stream = open_backup(task, error);
    const VolumeTar tar = {
        .words = words, .folder = -1, .in = stream, .into = move->fd, .fed = show_unpacked, .data = &unpacking};
    if (!stream || !volume_tar_run(store, &tar, store->change->pending->notes, error))
        return FALSE;
    if (fstat(move->fd, &status) == 0 && status.st_size > 0)
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' in it is empty, or no file", member);
}

static gboolean unpack_dumps(Store *store, const VolumeTask *task, int stage, GError **error)
{
    for (guint i = 0; i < task->moves->len; i++) {
        VolumeMove *move = g_ptr_array_index(task->moves, i);

        if (move->is_dump && !unpack_dump(store, task, stage, move, error))
            return FALSE;
    }
    return TRUE;
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
    if (!run_unpack(store, task, tree, error) || !unpack_dumps(store, task, stage, error))
        return gourd_error_prefix(error, "cannot unpack '%s'", task->file);
    for (guint i = 0; i < task->moves->len; i++) {
        const VolumeMove *move = g_ptr_array_index(task->moves, i);

        if (!move->is_dump && !map_owners(store, tree, move, error))
            return FALSE;
    }
    return syncfs(tree) == 0 ? TRUE : fail(error, "write", VOLUME_STAGE);
}

/* --- switching ---------------------------------------------------------------------------------------------------- */

/* NUMBER.inode has a line "INODE TO FROM": the folder that will be the volume TO, and where in the tree it was. */
static gboolean write_marker(int stage, int tree, guint number, const VolumeMove *move, GError **error)
{
    g_autofree char *name = g_strdup_printf("%u" MARKER_SUFFIX, number), *text = NULL;
    struct stat status;

    if (fstatat(tree, move->from, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, "find in the backup", move->from);
    if (!S_ISDIR(status.st_mode))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' of the backup is no folder", move->from);
    text = g_strdup_printf("%" G_GUINT64_FORMAT " %s %s\n", (guint64)status.st_ino, move->to, move->from);
    autofd fd = openat(stage, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(error, "mark", move->to);
    if (!fd_pwrite(fd, name, text, strlen(text), 0, error))
        return FALSE;
    return fsync(fd) == 0 && fsync(stage) == 0 ? TRUE : fail(error, "mark", move->to);
}

/* The three words; NULL: it was cut off, so nothing was switched. */
static char **split_marker(const char *text)
{
    const char *end = strchr(text, '\n');
    g_autofree char *line = g_strndup(text, end ? (gsize)(end - text) : 0);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);

    return g_strv_length(words) == 3 ? g_steal_pointer(&words) : NULL;
}

/* Lets the two change places, or moves the first where there is no second. */
static gboolean swap(int from_folder, const char *from, int to_folder, const char *to, GError **error)
{
    if (renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0 ||
        (errno == EEXIST && renameat2(from_folder, from, to_folder, to, RENAME_EXCHANGE) == 0))
        return TRUE;
    return fail(error, "replace", to);
}

const VolumeMove *volume_task_find_move(const VolumeTask *task, const char *to)
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
    const VolumeTask *task = store->change->pending->task;
    const VolumeMove *move = volume_task_find_move(task, id);
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
    guint number = 0;
    g_ptr_array_find(task->moves, move, &number);
    if (!write_marker(stage, tree, number, move, error) || !swap(tree, move->from, volumes, id, error))
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
    char text[MARKER_SIZE_MAX] = "";
    struct stat status;
    gsize got;

    autofd fd = openat(stage, marker, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || !fd_pread(fd, marker, text, sizeof text - 1, 0, &got, error))
        return fd < 0 ? fail(error, "read", marker) : FALSE;
    g_auto(GStrv) words = split_marker(text);
    if (!words)
        return TRUE;
    if (fstatat(volumes, words[1], &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? TRUE : fail(error, "look at", words[1]);
    if (g_ascii_strtoull(words[0], NULL, 10) != status.st_ino)
        return TRUE;
    g_autofree char *staged = g_build_filename(TREE, words[2], NULL);
    return swap(volumes, words[1], stage, staged, error);
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
