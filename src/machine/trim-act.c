// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing is copied: what is taken away is moved into a folder of the tree itself (which may be a file system of its own), and what of it is kept
 * gets another name. Undone, it is moved back; at the end of the plan that folder is deleted. */

static gboolean fail(GError **error, const char *what, const char *path)
{
    int saved = errno;
    g_autofree char *shown = text_escape(path);

    return gourd_error_set_errno(error, saved, "cannot %s '%s'", what, shown);
}

static gboolean open_folders(Host *host, const char *name, gboolean make, Graft *graft, GError **error)
{
    g_autofree char *tree = machine_tree_path(name);
    autofd root = open(host_root(host), O_PATH | O_DIRECTORY | O_CLOEXEC);

    graft->tree = root < 0 ? -1 : root_open(root, tree, O_RDONLY | O_DIRECTORY, 0);
    if (graft->tree < 0)
        return (!make && errno == ENOENT) || fail(error, "open", tree);
    if (make && mkdirat(graft->tree, TRIM_STAGE, 0700) < 0)
        return fail(error, "make " TRIM_STAGE " in", tree);
    graft->stage = openat(graft->tree, TRIM_STAGE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return graft->stage >= 0 || (!make && errno == ENOENT) || fail(error, "open " TRIM_STAGE " in", tree);
}

/* --- doing -------------------------------------------------------------------------------------------------------- */

typedef struct {
    const MachineTrim *trim;
    int stage, kept;
    char **numbers; /* of asides: their names in the stage */
} Keeping;

static gboolean copy_folder(int from, int to, const char *name, GError **error)
{
    struct stat status;

    if (mkdirat(to, name, 0700) < 0)
        return errno == EEXIST || fail(error, "make", name);
    autofd made = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (made < 0 || fstat(from, &status) < 0 || fchown(made, status.st_uid, status.st_gid) < 0 ||
        fchmod(made, status.st_mode & ALLPERMS) < 0)
        return fail(error, "make", name);
    return TRUE;
}

/* Another name for one path below one that was put aside, in folders as they were. */
static gboolean keep(const Keeping *keeping, guint aside, const char *path, GError **error)
{
    const char *const top = keeping->trim->asides[aside];
    g_autofree char *whole = g_strconcat(top + 1, path + strlen(top), NULL);
    g_auto(GStrv) parts = g_strsplit(whole, "/", -1);
    autofd from = fcntl(keeping->stage, F_DUPFD_CLOEXEC, 0), to = fcntl(keeping->kept, F_DUPFD_CLOEXEC, 0);
    const guint last = g_strv_length(parts) - 1;

    for (guint i = 0; i < last; i++) {
        autofd next = openat(from, i ? parts[i] : keeping->numbers[aside],
                             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (next < 0)
            return fail(error, "keep", path);
        if (!copy_folder(next, to, parts[i], error))
            return FALSE;
        autofd below = openat(to, parts[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0)
            return fail(error, "keep", path);
        fd_close(&from);
        fd_close(&to);
        from = fd_steal(&next);
        to = fd_steal(&below);
    }
    return linkat(from, parts[last], to, parts[last], 0) == 0 || fail(error, "keep", path);
}

/* Paths are kept only of folders that were put aside. */
static gboolean keep_all(const Keeping *keeping, GError **error)
{
    const MachineTrim *trim = keeping->trim;

    for (guint i = 0; i < trim->kept->len; i++) {
        const char *path = g_ptr_array_index(trim->kept, i);

        for (guint j = 0; trim->asides[j]; j++) {
            const gsize length = strlen(trim->asides[j]);

            if (strncmp(path, trim->asides[j], length) == 0 && path[length] == '/' && !keep(keeping, j, path, error))
                return FALSE;
        }
    }
    return TRUE;
}

gboolean machine_trim(Host *host, const char *name, const MachineTrim *trim, GError **error)
{
    g_auto(Graft) graft = {.tree = -1, .stage = -1, .log = -1, .shift = trim->shift};
    g_auto(GStrv) numbers = NULL;

    if (!open_folders(host, name, TRUE, &graft, error) || !graft_open_log(&graft, error))
        return FALSE;
    for (char **aside = trim->asides; aside && *aside; aside++) {
        g_autofree char *number = NULL;

        if (!graft_put_aside(&graft, *aside, &number, error))
            return FALSE;
        vector_append(&numbers, number);
    }
    if (numbers && trim->kept->len > 0) {
        autofd kept = -1;

        if (!graft_make_own_folder(&graft, TRIM_KEPT, &kept, error))
            return FALSE;
        const Keeping keeping = {.trim = trim, .stage = graft.stage, .kept = kept, .numbers = numbers};
        if (!keep_all(&keeping, error))
            return FALSE;
    }
    for (guint i = 0; i < trim->entries->len; i++) {
        if (!graft_entry(&graft, g_ptr_array_index(trim->entries, i), error))
            return FALSE;
    }
    return syncfs(graft.tree) == 0 || fail(error, "write the tree of", name);
}

/* --- undoing ------------------------------------------------------------------------------------------------------ */

gboolean machine_untrim(Host *host, const char *name, GError **error)
{
    g_auto(Graft) graft = {.tree = -1, .stage = -1, .log = -1};
    g_autofree char *unit = machine_unit_name(name), *tree = machine_tree_path(name);
    g_autofree char *path = g_strconcat(tree, "/" TRIM_STAGE, NULL);

    if (!open_folders(host, name, FALSE, &graft, error))
        return FALSE;
    if (graft.stage < 0)
        return TRUE;
    return host_act("stop", unit, host, error) && graft_undo(&graft, error) &&
           folder_sweep(graft.tree, TRIM_STAGE, path, error);
}
