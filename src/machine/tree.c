// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The tree of a new machine is made in a folder beside its place, its stage, and then moved:
 *
 *   .gourd-NAME/tree   what is being made
 *   .gourd-NAME/made   "DEVICE INODE": which folder it was, written before it is moved; so undoing knows whether NAME is that one
 *
 * The stage goes with the end of the plan. */

#define TREE "tree"
#define MADE "made"
#define MADE_SIZE_MAX 64 /* bytes: two numbers */

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;

    return gourd_error_set_errno(error, saved, "cannot %s '%s'", what, path);
}

static int open_root(Host *host, GError **error)
{
    int root = open(host_root(host), O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (root < 0)
        fail(error, "open the root", host_root(host));
    return root;
}

char *machine_stage_path(const char *name)
{
    return g_strconcat(MACHINE_PATH_TREES "/" STAGE_PREFIX, name, NULL);
}

/* --- doing -------------------------------------------------------------------------------------------------------- */

static gboolean write_made(int stage, int tree, GError **error)
{
    struct stat status;
    autofd fd = openat(stage, MADE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0 || fstat(tree, &status) < 0)
        return fail(error, "make", MADE);
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n", (guint64)status.st_dev,
                                            (guint64)status.st_ino);
    if (!fd_pwrite(fd, MADE, text, strlen(text), 0, error))
        return FALSE;
    return (fsync(fd) == 0 && fsync(stage) == 0) || fail(error, "write", MADE);
}

static gboolean make_tree(int stage, const MachineSkeleton *skeleton, GError **error)
{
    autofd tree = mkdirat(stage, TREE, 0755) < 0 ? -1 : openat(stage, TREE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (tree < 0)
        return fail(error, "make", TREE);
    /* Not left to the umask. */
    if (fchmod(tree, 0755) < 0)
        return fail(error, "set the mode of", TREE);
    return machine_skeleton_write(skeleton, tree, error) && write_made(stage, tree, error);
}

static gboolean plant(Host *host, const char *name, const MachineSkeleton *skeleton, GError **error)
{
    g_autofree char *stage_path = machine_stage_path(name), *stage_name = g_strconcat(STAGE_PREFIX, name, NULL);
    autofd root = open_root(host, error);

    if (root < 0)
        return FALSE;
    autofd folder = root_open(root, MACHINE_PATH_TREES, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return fail(error, "open", MACHINE_PATH_TREES);
    autofd stage = mkdirat(folder, stage_name, 0700) < 0
                       ? -1
                       : openat(folder, stage_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (stage < 0)
        return fail(error, "make", stage_path);
    if (!make_tree(stage, skeleton, error))
        return FALSE;
    if (renameat2(stage, TREE, folder, name, RENAME_NOREPLACE) < 0)
        return fail(error, "make the tree of", name);
    return (fsync(stage) == 0 && fsync(folder) == 0) || fail(error, "write", MACHINE_PATH_TREES);
}

/* --- undoing ------------------------------------------------------------------------------------------------------ */

/* Whether what has that name is what was made in the stage. */
static gboolean is_made(int folder, const char *name, int stage)
{
    g_autofree char *text = g_malloc0(MADE_SIZE_MAX + 1);
    autofd fd = openat(stage, MADE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    gsize got;

    if (fd < 0 || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
        !fd_pread(fd, MADE, text, MADE_SIZE_MAX, 0, &got, NULL))
        return FALSE;
    g_auto(GStrv) words = g_strsplit(g_strchomp(text), " ", 2);
    return g_strv_length(words) == 2 && g_ascii_strtoull(words[0], NULL, 10) == (guint64)status.st_dev &&
           g_ascii_strtoull(words[1], NULL, 10) == (guint64)status.st_ino;
}

static gboolean uproot(Host *host, const char *name, GError **error)
{
    g_autofree char *stage_path = machine_stage_path(name), *stage_name = g_strconcat(STAGE_PREFIX, name, NULL);
    g_autofree char *path = machine_tree_path(name), *unit = machine_unit_name(name);
    autofd root = open_root(host, error);

    if (root < 0)
        return FALSE;
    autofd folder = root_open(root, MACHINE_PATH_TREES, O_RDONLY | O_DIRECTORY, 0);
    autofd stage = folder < 0 ? -1 : openat(folder, stage_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (stage < 0)
        return errno == ENOENT || fail(error, "open", stage_path);
    if (is_made(folder, name, stage) &&
        (!host_act("stop", unit, host, error) || !folder_sweep(folder, name, path, error)))
        return FALSE;
    return folder_sweep(folder, stage_name, stage_path, error);
}

gboolean machine_act(Host *host, const char *verb, const char *argument, gpointer subject, GError **error)
{
    const char *name = argument ? argument : "";

    if (!machine_name_check(name, error))
        return FALSE;
    if (strcmp(verb, MACHINE_VERB_PLANT) == 0)
        return plant(host, name, subject, error);
    if (strcmp(verb, MACHINE_VERB_UPROOT) == 0)
        return uproot(host, name, error);
    if (strcmp(verb, MACHINE_VERB_TRIM) == 0)
        return machine_trim(host, name, subject, error);
    if (strcmp(verb, MACHINE_VERB_UNTRIM) == 0)
        return machine_untrim(host, name, error);
    if (strcmp(verb, MACHINE_VERB_GRAFT) == 0)
        return machine_graft(host, name, subject, error);
    if (strcmp(verb, MACHINE_VERB_UNGRAFT) == 0)
        return machine_ungraft(host, name, error);
    g_autofree char *shown = text_escape(verb);

    return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "there is no action '%s'", shown);
}
