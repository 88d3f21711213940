// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Changes the tree of a machine that may run. Its root may be hostile: nothing is opened but beneath the tree, whatever links are in it.
 *
 *   STAGE/log     a line "NUMBER r PATH" before a file is replaced, "NUMBER n PATH" before one is made, "NUMBER a PATH" before something is
 *                 put aside, "NUMBER f PATH" before a folder is made that goes with all that is in it
 *   STAGE/NUMBER  what was replaced: another name of the same file, so that putting it back takes no space; or what was put aside
 *
 * The stage goes with the end of the plan. It is machine_stage_path(); or a folder in the tree itself (trim-act.c). */

#define LOG "log"
#define LOG_SIZE_MAX (16 * 1024 * 1024) /* bytes: a path each of some hundred changes */
#define NEW ".gourd-new"

void graft_clear(Graft *graft)
{
    fd_close(&graft->tree);
    fd_close(&graft->stage);
    fd_close(&graft->log);
}

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;
    g_autofree char *shown = text_escape(path);

    return gourd_error_set_errno(error, saved, "cannot %s '%s'", what, shown);
}

static int open_parent(int tree, const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);

    return root_open(tree, parent, O_RDONLY | O_DIRECTORY, 0);
}

static gboolean open_folders(Host *host, const char *name, gboolean make, Graft *graft, GError **error)
{
    g_autofree char *tree = machine_tree_path(name), *stage = machine_stage_path(name);
    autofd root = open(host_root(host), O_PATH | O_DIRECTORY | O_CLOEXEC);
    g_autofree char *base = g_path_get_basename(stage);
    autofd folder = root < 0 ? -1 : root_open(root, MACHINE_PATH_TREES, O_RDONLY | O_DIRECTORY, 0);
    struct stat status;

    if (folder < 0)
        return fail(error, "open", MACHINE_PATH_TREES);
    if (make && mkdirat(folder, base, 0700) < 0)
        return fail(error, "make", stage);
    graft->stage = openat(folder, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (graft->stage < 0)
        return (!make && errno == ENOENT) || fail(error, "open", stage);
    graft->tree = root_open(root, tree, O_RDONLY | O_DIRECTORY, 0);
    if (graft->tree < 0 || fstat(graft->tree, &status) < 0)
        return fail(error, "open", tree);
    graft->shift = MACHINE_OWNER_SHIFT(status.st_uid);
    return TRUE;
}

/* --- doing -------------------------------------------------------------------------------------------------------- */

gboolean graft_open_log(Graft *graft, GError **error)
{
    graft->log = openat(graft->stage, LOG, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    return graft->log >= 0 || fail(error, "make", LOG);
}

static gboolean write_log(const Graft *graft, const char *number, char kind, const char *path, GError **error)
{
    g_autofree char *line = g_strdup_printf("%s %c %s\n", number, kind, path);

    if (write(graft->log, line, strlen(line)) != (gssize)strlen(line))
        return fail(error, "write", LOG);
    return (fsync(graft->log) == 0 && fsync(graft->stage) == 0) || fail(error, "write", LOG);
}

gboolean graft_put_aside(Graft *graft, const char *path, char **ret_number, GError **error)
{
    g_autofree char *number = g_strdup_printf("%u", graft->number++), *base = g_path_get_basename(path);
    autofd parent = open_parent(graft->tree, path);

    if (parent < 0)
        return fail(error, "open the folder of", path);
    if (!write_log(graft, number, 'a', path, error))
        return FALSE;
    if (renameat2(parent, base, graft->stage, number, RENAME_NOREPLACE) < 0) {
        const gboolean is_mount = errno == EBUSY || errno == EXDEV;

        fail(error, "take away", path);
        return is_mount ? gourd_error_hint(error, "it is a file system of its own: unmount it first") : FALSE;
    }
    *ret_number = g_steal_pointer(&number);
    return fsync(parent) == 0 || fail(error, "write", path);
}

gboolean graft_make_own_folder(Graft *graft, const char *path, int *ret_fd, GError **error)
{
    g_autofree char *number = g_strdup_printf("%u", graft->number++), *base = g_path_get_basename(path);
    autofd parent = open_parent(graft->tree, path);
    struct stat status;

    /* Undoing removes it with all that is in it. */
    if (parent >= 0 && fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return gourd_error_set(error, GOURD_ERROR_EXISTS, "there is '%s' already", path);
    if (parent < 0 || errno != ENOENT)
        return fail(error, "make", path);
    if (!write_log(graft, number, 'f', path, error))
        return FALSE;
    if (mkdirat(parent, base, 0755) < 0)
        return fail(error, "make", path);
    *ret_fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*ret_fd < 0 || fchown(*ret_fd, graft->shift, graft->shift) < 0 || fchmod(*ret_fd, 0755) < 0)
        return fail(error, "make", path);
    return TRUE;
}

/* Remembers what is there, or that nothing is. */
static gboolean keep(Graft *graft, int parent, const char *base, const char *path, GError **error)
{
    g_autofree char *number = g_strdup_printf("%u", graft->number++);
    const gboolean is_there = linkat(parent, base, graft->stage, number, 0) == 0;

    if (!is_there && errno != ENOENT)
        return fail(error, "keep", path);
    return write_log(graft, number, is_there ? 'r' : 'n', path, error);
}

static gboolean make_file(const Graft *graft, int parent, const MachineEntry *entry, GError **error)
{
    autofd fd = openat(parent, NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    gsize size;
    const void *bytes = g_bytes_get_data(entry->content, &size);

    if (fd < 0)
        return fail(error, "make", entry->path);
    if (!fd_pwrite(fd, entry->path, bytes, size, 0, error))
        return FALSE;
    if (fchown(fd, graft->shift + entry->uid, graft->shift + entry->gid) < 0 || fchmod(fd, entry->mode & 07777) < 0 ||
        fsync(fd) < 0)
        return fail(error, "write", entry->path);
    return TRUE;
}

static gboolean make_folder(const Graft *graft, int parent, const char *base, const MachineEntry *entry, GError **error)
{
    if (mkdirat(parent, base, 0700) < 0)
        return fail(error, "make", entry->path);
    autofd fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchown(fd, graft->shift + entry->uid, graft->shift + entry->gid) < 0 ||
        fchmod(fd, entry->mode & 07777) < 0)
        return fail(error, "make", entry->path);
    return TRUE;
}

static gboolean make_link(const Graft *graft, int parent, const MachineEntry *entry, GError **error)
{
    if (symlinkat(entry->target, parent, NEW) < 0 ||
        fchownat(parent, NEW, graft->shift + entry->uid, graft->shift + entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(error, "make", entry->path);
    return TRUE;
}

gboolean graft_entry(Graft *graft, const MachineEntry *entry, GError **error)
{
    g_autofree char *base = g_path_get_basename(entry->path);
    autofd parent = open_parent(graft->tree, entry->path);

    if (parent < 0)
        return fail(error, "open the folder of", entry->path);
    if (!keep(graft, parent, base, entry->path, error))
        return FALSE;
    if (!entry->mode)
        return (unlinkat(parent, base, 0) == 0 && fsync(parent) == 0) || fail(error, "remove", entry->path);
    if (S_ISDIR(entry->mode))
        return make_folder(graft, parent, base, entry, error);
    if (!folder_sweep(parent, NEW, entry->path, error))
        return FALSE;
    if (S_ISLNK(entry->mode) ? !make_link(graft, parent, entry, error) : !make_file(graft, parent, entry, error))
        return FALSE;
    return (renameat(parent, NEW, parent, base) == 0 && fsync(parent) == 0) || fail(error, "replace", entry->path);
}

gboolean machine_graft(Host *host, const char *name, const MachineDrift *drift, GError **error)
{
    g_auto(Graft) graft = {.tree = -1, .stage = -1, .log = -1};

    if (!open_folders(host, name, TRUE, &graft, error))
        return FALSE;
    if (!graft_open_log(&graft, error))
        return FALSE;
    for (guint i = 0; i < drift->changes->len; i++) {
        if (!graft_entry(&graft, g_ptr_array_index(drift->changes, i), error))
            return FALSE;
    }
    return TRUE;
}

/* --- undoing ------------------------------------------------------------------------------------------------------ */

/* Where the stage is in the tree, the machine's root may have written the log: what leads out of it was never in it. */
static gboolean is_sound(char **words)
{
    if (g_strv_length(words) != 3 || !*words[0] || words[0][strspn(words[0], G_CSET_DIGITS)] != '\0' ||
        *words[2] != '/')
        return FALSE;
    g_auto(GStrv) parts = g_strsplit(words[2] + 1, "/", -1);
    for (char **part = parts; *part; part++) {
        if (!**part || strcmp(*part, ".") == 0 || strcmp(*part, "..") == 0)
            return FALSE;
    }
    return parts[0] != NULL;
}

/* What came into its place meanwhile is replaced (a file by a file), or goes with the stage. */
static gboolean put_back(const Graft *graft, const char *number, int parent, const char *base, guint flags)
{
    if (renameat2(graft->stage, number, parent, base, flags) == 0 || errno == ENOENT)
        return TRUE;
    return (errno == EEXIST || errno == EISDIR) && renameat2(graft->stage, number, parent, base, RENAME_EXCHANGE) == 0;
}

/* One line of the log. A line that was cut off is of a change that was not made. */
static gboolean undo_line(const Graft *graft, const char *line, GError **error)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);

    if (!is_sound(words))
        return TRUE;
    g_autofree char *base = g_path_get_basename(words[2]);
    autofd parent = open_parent(graft->tree, words[2]);
    if (parent < 0) /* the machine took it away, or made a link of it that leads nowhere */
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || fail(error, "open the folder of", words[2]);
    if (!folder_sweep(parent, NEW, words[2], error))
        return FALSE;
    if (*words[1] == 'f')
        return folder_sweep(parent, base, words[2], error);
    if (*words[1] == 'a' || *words[1] == 'r')
        return put_back(graft, words[0], parent, base, *words[1] == 'a' ? RENAME_NOREPLACE : 0) ||
               fail(error, "put back", words[2]);
    if (unlinkat(parent, base, 0) == 0 || errno == ENOENT)
        return TRUE;
    return (errno == EISDIR && unlinkat(parent, base, AT_REMOVEDIR) == 0) || errno == ENOTEMPTY ||
           fail(error, "remove", words[2]);
}

gboolean graft_undo(const Graft *graft, GError **error)
{
    g_autoptr(GBytes) content = NULL;

    if (!root_load(graft->stage, LOG, LOG_SIZE_MAX, &content, NULL, error))
        return FALSE;
    g_autofree char *text = content ? g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content))
                                    : g_strdup("");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = g_strv_length(lines); i > 1; i--) { /* behind the last line end there is nothing, or half a line */
        if (!undo_line(graft, lines[i - 2], error))
            return FALSE;
    }
    return TRUE;
}

gboolean machine_ungraft(Host *host, const char *name, GError **error)
{
    g_auto(Graft) graft = {.tree = -1, .stage = -1, .log = -1};
    g_autofree char *path = machine_stage_path(name), *base = g_path_get_basename(path);

    if (!open_folders(host, name, FALSE, &graft, error))
        return FALSE;
    if (graft.stage < 0)
        return TRUE;
    if (!graft_undo(&graft, error))
        return FALSE;
    autofd folder = openat(graft.stage, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return folder_sweep(folder, base, path, error);
}
