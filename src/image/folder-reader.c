// SPDX-License-Identifier: LGPL-2.1-or-later
#include "folder-xattrs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The walk goes from descriptor to descriptor, each name opened in its folder without following links, so that nothing
 * outside of the folder is ever looked at, whatever others do to it meanwhile. */

#define DEPTH_MAX 512 /* each level holds a descriptor, of which a process has 1024; paths are 4096 bytes long */
#define BUFFER_SIZE (256 * 1024) /* of file content */
#define STAT_MASK (STATX_BASIC_STATS | STATX_MNT_ID)

typedef struct {
    int fd;
    GPtrArray *names; /* sorted by bytes */
    guint next;
    gsize path_length; /* of the folder's own path in FolderReader.path */
} Level;

/* Where a file with several names was first met. */
typedef struct {
    guint64 device, inode;
    char *path;
} FirstName;

typedef struct {
    EntryReader reader;
    char *root; /* for messages, escaped */
    OwnerMap owners;
    ImageLimits limits;
    Notes *notes;
    GArray *levels;    /* Level, the current folder last */
    GString *path;     /* of the current entry, relative to the root */
    GHashTable *links; /* FirstName */
    struct statx root_status;
    Entry entry;
    guint64 entries; /* names met so far */
    guint64 bytes;   /* of content given so far */
    gboolean started;

    int fd; /* of the current file, or -1 */
    struct statx status;
    guint64 offset;
    guint64 data_end; /* up to here there is no hole */
    guint8 *buffer;
} FolderReader;

/* --- first names --------------------------------------------------------------------------------------------------- */

static guint first_name_hash(gconstpointer key)
{
    const FirstName *name = key;
    guint64 mixed = name->inode * 31 + name->device;

    return g_int64_hash(&mixed);
}

static gboolean first_name_equal(gconstpointer a, gconstpointer b)
{
    const FirstName *x = a, *y = b;

    return x->device == y->device && x->inode == y->inode;
}

static void first_name_free(gpointer data)
{
    g_free(((FirstName *)data)->path);
    g_free(data);
}

/* The path under which the file was met before; else NULL, and this is remembered. */
static const char *find_first_name(FolderReader *self, const struct statx *status)
{
    FirstName key = {makedev(status->stx_dev_major, status->stx_dev_minor), status->stx_ino, NULL};
    const FirstName *found;

    if (status->stx_nlink < 2 || S_ISDIR(status->stx_mode))
        return NULL;
    found = g_hash_table_lookup(self->links, &key);
    if (found)
        return found->path;
    key.path = g_strdup(self->path->str);
    g_hash_table_add(self->links, g_memdup2(&key, sizeof key));
    return NULL;
}

/* --- folders ------------------------------------------------------------------------------------------------------- */

static void level_clear(gpointer data)
{
    Level *level = data;

    fd_close(&level->fd);
    g_ptr_array_unref(level->names);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean fail_entry(const FolderReader *self, const char *verb, GError **error)
{
    int saved = errno;
    g_autofree char *shown = text_escape(self->path->str);

    gourd_error_set_errno(error, saved, "cannot %s '%s/%s'", verb, self->root, shown);
    if (saved == EACCES || saved == EPERM)
        return gourd_error_hint(error, "run gourd as root, or as the owner of the files inside of `buildah unshare`");
    if (saved == ENOENT)
        return gourd_error_hint(error, "the folder was changed while it was read; stop what writes to it");
    return FALSE;
}

static gboolean read_names(FolderReader *self, DIR *folder, GPtrArray *names, GError **error)
{
    for (;;) {
        errno = 0;
        const struct dirent *item = readdir(folder);

        if (!item)
            return errno == 0 ? TRUE : fail_entry(self, "list", error);
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        if (++self->entries > self->limits.entries) {
            gourd_error_set(error, GOURD_ERROR_LIMIT, "'%s' has more entries than the limit of %" G_GUINT64_FORMAT,
                            self->root, self->limits.entries);
            return gourd_error_hint(error, "allow more with --limit entries=NUMBER");
        }
        g_ptr_array_add(names, g_strdup(item->d_name));
    }
}

/* Makes the folder behind fd, which is at self->path, the current one. Takes fd. */
static gboolean enter(FolderReader *self, int fd, GError **error)
{
    Level level = {.fd = fd, .names = g_ptr_array_new_with_free_func(g_free), .path_length = self->path->len};

    g_array_append_val(self->levels, level);
    if (self->levels->len > DEPTH_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "'%s' has folders more than %d deep", self->root, DEPTH_MAX);
    int listed = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = listed < 0 ? NULL : fdopendir(listed);
    if (!folder) {
        fail_entry(self, "list", error);
        fd_close(&listed);
        return FALSE;
    }
    gboolean read = read_names(self, folder, level.names, error);
    closedir(folder);
    g_ptr_array_sort(level.names, compare_names);
    return read;
}

/* --- entries ------------------------------------------------------------------------------------------------------- */

static gboolean is_other_mount(const FolderReader *self, const struct statx *status)
{
    /* FIXME(Linux < 5.8): without mount ids a btrfs subvolume looks like a mount. */
    if (status->stx_mask & self->root_status.stx_mask & STATX_MNT_ID)
        return status->stx_mnt_id != self->root_status.stx_mnt_id;
    return status->stx_dev_major != self->root_status.stx_dev_major ||
           status->stx_dev_minor != self->root_status.stx_dev_minor;
}

static gboolean read_link(FolderReader *self, int fd, GError **error)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(fd, "", target, sizeof target);

    if (length < 0)
        return fail_entry(self, "read", error);
    self->entry.target = g_strndup(target, (gsize)length);
    return TRUE;
}

/* Fills the entry from the open file. */
static gboolean fill_entry(FolderReader *self, int fd, const struct statx *status, GError **error)
{
    Entry *entry = &self->entry;
    gboolean only_path = !S_ISREG(status->stx_mode) && !S_ISDIR(status->stx_mode);

    entry->type = entry_type_of_mode(status->stx_mode);
    entry->mode = status->stx_mode & 07777;
    entry->uid = self->owners.replace_owner ? self->owners.uid : status->stx_uid;
    entry->gid = self->owners.replace_owner ? self->owners.gid : status->stx_gid;
    entry->mtime = status->stx_mtime.tv_sec;
    entry->mtime_nsec = status->stx_mtime.tv_nsec;
    entry->size = S_ISREG(status->stx_mode) ? status->stx_size : 0;
    if (S_ISCHR(status->stx_mode) || S_ISBLK(status->stx_mode)) {
        entry->device_major = status->stx_rdev_major;
        entry->device_minor = status->stx_rdev_minor;
    }
    if (entry->type == ENTRY_SYMLINK && !read_link(self, fd, error))
        return FALSE;
    if (!folder_xattrs_read(fd, only_path, self->limits.xattr_size, &entry->xattrs, error)) {
        g_autofree char *shown = text_escape(self->path->str);

        return gourd_error_prefix(error, "'%s/%s'", self->root, shown);
    }
    return TRUE;
}

/* Opens what fits the kind of file, and makes sure that it is still the one that was looked at. */
static gboolean open_entry(FolderReader *self, int folder, const char *name, const struct statx *before, int *ret_fd,
                           struct statx *ret_status, GError **error)
{
    int flags = S_ISREG(before->stx_mode) ? O_RDONLY : S_ISDIR(before->stx_mode) ? O_RDONLY | O_DIRECTORY : O_PATH;
    autofd fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return fail_entry(self, "open", error);
    if (statx(fd, "", AT_EMPTY_PATH, STAT_MASK, ret_status) < 0)
        return fail_entry(self, "read", error);
    if ((ret_status->stx_mode & S_IFMT) != (before->stx_mode & S_IFMT) || ret_status->stx_ino != before->stx_ino) {
        errno = ENOENT;
        return fail_entry(self, "open", error);
    }
    *ret_fd = fd_steal(&fd);
    return TRUE;
}

/* What is mounted there is not part of the folder; what it is mounted on cannot be seen. */
static void leave_out_mount(FolderReader *self)
{
    self->entry.size = 0;
    g_clear_pointer(&self->entry.xattrs, xattrs_unref);
    notes_add(self->notes, "mount-skipped", "another file system is mounted there; only the mount point is kept",
              self->path->str);
}

static gboolean make_entry(FolderReader *self, int folder, const char *name, GError **error)
{
    struct statx before, status = {0};
    autofd fd = -1;

    if (statx(folder, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STAT_MASK, &before) < 0)
        return fail_entry(self, "read", error);
    self->entry.path = g_strdup(self->path->str);
    const char *first = find_first_name(self, &before);
    if (first) {
        self->entry.type = ENTRY_HARD_LINK;
        self->entry.target = g_strdup(first);
        return TRUE;
    }
    if (!open_entry(self, folder, name, &before, &fd, &status, error) || !fill_entry(self, fd, &status, error))
        return FALSE;
    if (is_other_mount(self, &status)) {
        leave_out_mount(self);
        return TRUE;
    }
    if (S_ISDIR(status.stx_mode))
        return enter(self, fd_steal(&fd), error);
    if (S_ISREG(status.stx_mode)) {
        self->fd = fd_steal(&fd);
        self->status = status;
        self->offset = self->data_end = 0;
    }
    return TRUE;
}

static gboolean make_root_entry(FolderReader *self, GError **error)
{
    Level *level = &g_array_index(self->levels, Level, 0);

    self->entry.path = g_strdup(".");
    return fill_entry(self, level->fd, &self->root_status, error);
}

static gboolean make_next_entry(FolderReader *self, gboolean *ret_more, GError **error)
{
    *ret_more = TRUE;
    if (!self->started) {
        self->started = TRUE;
        return make_root_entry(self, error);
    }
    while (self->levels->len > 0) {
        Level *level = &g_array_index(self->levels, Level, self->levels->len - 1);

        g_string_truncate(self->path, level->path_length);
        if (level->next == level->names->len) {
            g_array_set_size(self->levels, self->levels->len - 1);
            continue;
        }
        const char *name = g_ptr_array_index(level->names, level->next++);
        g_string_append_printf(self->path, "%s%s", self->path->len > 0 ? "/" : "", name);
        if (self->path->len > self->limits.path_length) {
            g_autofree char *shown = text_escape(self->path->str);

            gourd_error_set(error, GOURD_ERROR_LIMIT,
                            "path '%s' is longer than the limit of %" G_GUINT64_FORMAT " bytes", shown,
                            self->limits.path_length);
            return gourd_error_hint(error, "allow more with --limit path-length=BYTES");
        }
        return make_entry(self, level->fd, name, error);
    }
    *ret_more = FALSE;
    return TRUE;
}

static gboolean folder_next(EntryReader *reader, const Entry **ret_entry, GError **error)
{
    FolderReader *self = (FolderReader *)reader;
    gboolean more;

    fd_close(&self->fd);
    entry_clear(&self->entry);
    entry_init(&self->entry);
    if (!make_next_entry(self, &more, error))
        return FALSE;
    *ret_entry = more ? &self->entry : NULL;
    return TRUE;
}

/* --- content ------------------------------------------------------------------------------------------------------- */

static gboolean fail_changed(const FolderReader *self, GError **error)
{
    g_autofree char *shown = text_escape(self->path->str);

    gourd_error_set(error, GOURD_ERROR_INPUT, "'%s/%s' was changed while it was read", self->root, shown);
    return gourd_error_hint(error, "stop what writes to it, or build from a snapshot");
}

static gboolean check_unchanged(FolderReader *self, GError **error)
{
    struct statx now;

    if (statx(self->fd, "", AT_EMPTY_PATH, STAT_MASK, &now) < 0)
        return fail_entry(self, "read", error);
    if (now.stx_size != self->status.stx_size || now.stx_mtime.tv_sec != self->status.stx_mtime.tv_sec ||
        now.stx_mtime.tv_nsec != self->status.stx_mtime.tv_nsec)
        return fail_changed(self, error);
    return TRUE;
}

/* Finds where the data at self->offset end; *ret_hole is the size of a hole that begins there instead. */
static void find_data(FolderReader *self, guint64 *ret_hole)
{
    guint64 size = self->entry.size;

    *ret_hole = 0;
    if (self->status.stx_blocks * 512 >= size) {
        self->data_end = size;
        return;
    }
    off_t data = lseek(self->fd, (off_t)self->offset, SEEK_DATA);
    if (data < 0 && errno == ENXIO)
        data = (off_t)size;
    if (data > (off_t)self->offset) {
        *ret_hole = MIN((guint64)data, size) - self->offset;
        return;
    }
    off_t hole = data < 0 ? -1 : lseek(self->fd, (off_t)self->offset, SEEK_HOLE);
    self->data_end = hole > (off_t)self->offset ? MIN((guint64)hole, size) : size;
}

static gboolean folder_data(EntryReader *reader, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    FolderReader *self = (FolderReader *)reader;
    guint64 hole = 0;
    gsize got;

    *ret_bytes = NULL;
    *ret_size = 0;
    if (self->fd < 0)
        return TRUE;
    if (self->offset == self->entry.size)
        return check_unchanged(self, error);
    if (self->offset == self->data_end)
        find_data(self, &hole);
    if (hole > 0) {
        self->offset = self->data_end = self->offset + hole;
        *ret_size = hole;
        return TRUE;
    }
    gsize wanted = (gsize)MIN(self->data_end - self->offset, BUFFER_SIZE);
    if (!fd_pread(self->fd, self->path->str, self->buffer, wanted, self->offset, &got, error))
        return FALSE;
    if (got < wanted)
        return fail_changed(self, error);
    self->offset += got;
    self->bytes += got;
    *ret_bytes = self->buffer;
    *ret_size = got;
    return TRUE;
}

static guint64 folder_position(const EntryReader *reader)
{
    return ((const FolderReader *)reader)->bytes;
}

static void folder_free(EntryReader *reader)
{
    FolderReader *self = (FolderReader *)reader;

    fd_close(&self->fd);
    entry_clear(&self->entry);
    g_array_unref(self->levels);
    g_string_free(self->path, TRUE);
    g_hash_table_unref(self->links);
    g_free(self->buffer);
    g_free(self->root);
    g_free(self);
}

EntryReader *folder_reader_new(const char *path, const OwnerMap *owners, const ImageLimits *limits, Notes *notes,
                               GError **error)
{
    FolderReader *self = g_new0(FolderReader, 1);
    g_autoptr(EntryReader) reader = &self->reader;

    self->reader.next = folder_next;
    self->reader.data = folder_data;
    self->reader.position = folder_position;
    self->reader.free = folder_free;
    self->root = text_escape(path);
    self->owners = *owners;
    self->limits = *limits;
    self->notes = notes;
    self->levels = g_array_new(FALSE, FALSE, sizeof(Level));
    g_array_set_clear_func(self->levels, level_clear);
    self->path = g_string_new(NULL);
    self->links = g_hash_table_new_full(first_name_hash, first_name_equal, first_name_free, NULL);
    self->buffer = g_malloc(BUFFER_SIZE);
    self->fd = -1;
    entry_init(&self->entry);
    autofd fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STAT_MASK, &self->root_status) < 0) {
        gourd_error_set_errno(error, errno, "cannot open folder '%s'", self->root);
        return NULL;
    }
    return enter(self, fd_steal(&fd), error) ? g_steal_pointer(&reader) : NULL;
}
