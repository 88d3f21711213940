// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Changes the tree of a machine that may run. Its root may be hostile: nothing is opened but beneath the tree, whatever links are in it.
 *
 *   .gourd-NAME/log     a line "NUMBER r PATH" before a file is replaced, "NUMBER n PATH" before one is made
 *   .gourd-NAME/NUMBER  what was replaced: another name of the same file, so that putting it back takes no space
 *
 * The folder goes with the end of the plan. */

#define LOG "log"
#define LOG_SIZE_MAX (16 * 1024 * 1024) /* bytes: a path each of some hundred changes */
#define NEW ".gourd-new"

typedef struct {
    int tree, stage, log;
    guint32 shift; /* of owners: what root inside is on disk */
    guint number;
} Graft;

static void graft_clear(Graft *graft)
{
    fd_close(&graft->tree);
    fd_close(&graft->stage);
    fd_close(&graft->log);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Graft, graft_clear)

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
    graft->shift = status.st_uid;
    return TRUE;
}

/* --- doing -------------------------------------------------------------------------------------------------------- */

/* Remembers what is there, or that nothing is. */
static gboolean keep(Graft *graft, int parent, const char *base, const char *path, GError **error)
{
    g_autofree char *number = g_strdup_printf("%u", graft->number++);
    const gboolean is_there = linkat(parent, base, graft->stage, number, 0) == 0;

    if (!is_there && errno != ENOENT)
        return fail(error, "keep", path);
    g_autofree char *line = g_strdup_printf("%s %c %s\n", number, is_there ? 'r' : 'n', path);
    if (write(graft->log, line, strlen(line)) != (gssize)strlen(line))
        return fail(error, "write", LOG);
    return (fsync(graft->log) == 0 && fsync(graft->stage) == 0) || fail(error, "write", LOG);
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

static gboolean make_entry(Graft *graft, const MachineEntry *entry, GError **error)
{
    g_autofree char *base = g_path_get_basename(entry->path);
    autofd parent = open_parent(graft->tree, entry->path);

    if (parent < 0)
        return fail(error, "open the folder of", entry->path);
    if (!keep(graft, parent, base, entry->path, error))
        return FALSE;
    if (S_ISDIR(entry->mode))
        return make_folder(graft, parent, base, entry, error);
    if (unlinkat(parent, NEW, 0) < 0 && errno != ENOENT)
        return fail(error, "make", entry->path);
    if (S_ISLNK(entry->mode) ? !make_link(graft, parent, entry, error) : !make_file(graft, parent, entry, error))
        return FALSE;
    return (renameat(parent, NEW, parent, base) == 0 && fsync(parent) == 0) || fail(error, "replace", entry->path);
}

gboolean machine_graft(Host *host, const char *name, const MachineDrift *drift, GError **error)
{
    g_auto(Graft) graft = {.tree = -1, .stage = -1, .log = -1};

    if (!open_folders(host, name, TRUE, &graft, error))
        return FALSE;
    graft.log = openat(graft.stage, LOG, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (graft.log < 0)
        return fail(error, "make", LOG);
    for (guint i = 0; i < drift->changes->len; i++) {
        if (!make_entry(&graft, g_ptr_array_index(drift->changes, i), error))
            return FALSE;
    }
    return TRUE;
}

/* --- undoing ------------------------------------------------------------------------------------------------------ */

/* One line of the log. A line that was cut off is of a change that was not made. */
static gboolean undo_line(const Graft *graft, const char *line, GError **error)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);

    if (g_strv_length(words) != 3)
        return TRUE;
    g_autofree char *base = g_path_get_basename(words[2]);
    autofd parent = open_parent(graft->tree, words[2]);
    if (parent < 0)
        return errno == ENOENT || fail(error, "open the folder of", words[2]);
    if (*words[1] == 'r')
        return renameat(graft->stage, words[0], parent, base) == 0 || errno == ENOENT ||
               fail(error, "put back", words[2]);
    if (unlinkat(parent, base, 0) == 0 || errno == ENOENT)
        return TRUE;
    return (errno == EISDIR && unlinkat(parent, base, AT_REMOVEDIR) == 0) || errno == ENOTEMPTY ||
           fail(error, "remove", words[2]);
}

gboolean machine_ungraft(Host *host, const char *name, GError **error)
{
    g_auto(Graft) graft = {.tree = -1, .stage = -1, .log = -1};
    g_autofree char *path = machine_stage_path(name), *base = g_path_get_basename(path);
    g_autoptr(GBytes) content = NULL;

    if (!open_folders(host, name, FALSE, &graft, error))
        return FALSE;
    if (graft.stage < 0)
        return TRUE;
    if (!root_load(graft.stage, LOG, LOG_SIZE_MAX, &content, NULL, error))
        return FALSE;
    g_autofree char *text = content ? g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content))
                                    : g_strdup("");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = g_strv_length(lines); i > 1; i--) { /* behind the last line end there is nothing, or half a line */
        if (!undo_line(&graft, lines[i - 2], error))
            return FALSE;
    }
    autofd folder = openat(graft.stage, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return folder_sweep(folder, base, path, error);
}
