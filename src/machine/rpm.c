// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rpm.h"
#include "alternatives.h"
#include "packages-private.h"
#include "program.h"

#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INVENTORY_SIZE_MAX (1024 * 1024 * 1024) /* bytes: those of a full desktop are some 100 MiB */

/* Where the database is, and what it is called by the kinds that there are: SQLite, NDB, Berkeley's. */
static const char *const folders[] = {"/usr/lib/sysimage/rpm", "/var/lib/rpm"};
static const char *const files[] = {"rpmdb.sqlite", "Packages.db", "Packages"};

/* Of chkconfig's alternatives(8), and of update-alternatives(1) as SUSE has it. */
static const char *const alternative_folders[] = {"/var/lib/alternatives", "/var/lib/rpm/alternatives"};

gboolean rpm_find_database(int root, char **ret_path, GError **error)
{
    *ret_path = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(folders) && !*ret_path; i++) {
        for (guint k = 0; k < G_N_ELEMENTS(files) && !*ret_path; k++) {
            g_autofree char *path = g_build_filename(folders[i], files[k], NULL);
            autofd fd = root_open(root, path, O_PATH, 0);

            if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
                return gourd_error_set_errno(error, errno, "cannot look at '%s'", path);
            if (fd >= 0)
                *ret_path = g_steal_pointer(&path);
        }
    }
    return TRUE;
}

/* rpm follows links itself, and these may be those of a container. */
static gboolean check_files(int folder, const char *path, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;
    struct stat status;

    if (!root_list(folder, ".", &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *shown = text_escape(name);

        if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode) &&
            !S_ISDIR(status.st_mode))
            return gourd_error_set(error, GOURD_ERROR_INPUT,
                                   "'%s' in '%s' is no file, as all of a package database are", shown, path);
    }
    return TRUE;
}

/* rpm is told the folder by a descriptor, so that no link leads it out of the root. It is not to look at keys: rpm 6.0 would take the lock of
 * transactions for that. */
static gboolean load(MachinePackages *packages, GError **error)
{
    g_autofree char *database = NULL;

    if (!rpm_find_database(packages->root, &database, error))
        return FALSE;
    g_autofree char *folder = database ? g_path_get_dirname(database) : g_strdup(folders[0]);
    autofd fd = root_open(packages->root, folder, O_RDONLY | O_DIRECTORY, 0);
    g_autofree char *path = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), fd), *text = NULL;
    const char *const argv[] = {"rpm",           "--dbpath",       path, "--nosignature", "--query", "--all",
                                "--queryformat", rpm_query_format, NULL};
    gsize size;

    if (fd < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", folder);
    if (!check_files(fd, folder, error))
        return FALSE;
    if (!program_read(argv, INVENTORY_SIZE_MAX, &text, &size, error))
        return gourd_error_prefix(error, "cannot read the package database in '%s'", folder);
    packages->data = rpm_inventory_parse(g_steal_pointer(&text), size, packages->list, error);
    return packages->data || gourd_error_prefix(error, "what rpm says about the database in '%s'", folder);
}

/* %_rpmlock_path is beside the database, whatever its kind. */
static gboolean locate(int root, char **ret_file, char **ret_lock, GError **error)
{
    g_autofree char *file = NULL;

    if (!rpm_find_database(root, &file, error))
        return FALSE;
    g_autofree char *folder = file ? g_path_get_dirname(file) : g_strdup(folders[0]);
    *ret_lock = g_build_filename(folder, ".rpm.lock", NULL);
    *ret_file = g_steal_pointer(&file);
    return TRUE;
}

static gboolean list_files(MachinePackages *packages, const HostPackage *package, GPtrArray *paths,
                           GError **error G_GNUC_UNUSED)
{
    guint count;
    const RpmFile *list = rpm_inventory_files(packages->data, package, &count);

    for (guint i = 0; i < count; i++)
        g_ptr_array_add(paths, g_strdup(list[i].path));
    return TRUE;
}

static gboolean list_digests(MachinePackages *packages, const HostPackage *package, GHashTable *digests,
                             GError **error G_GNUC_UNUSED)
{
    guint count;
    const RpmFile *list = rpm_inventory_files(packages->data, package, &count);

    for (guint i = 0; i < count; i++) {
        if (*list[i].digest && !list[i].is_config)
            g_hash_table_replace(digests, g_strdup(list[i].path), g_strdup(list[i].digest));
    }
    return TRUE;
}

static gboolean read_script(MachinePackages *packages, const HostPackage *package, char **ret_text,
                            GError **error G_GNUC_UNUSED)
{
    *ret_text = g_strdup(rpm_inventory_script(packages->data, package));
    return TRUE;
}

static gboolean list_alternatives(MachinePackages *packages, GPtrArray *alternatives, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(alternative_folders); i++) {
        if (!alternatives_load(packages->root, alternative_folders[i], alternatives, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_packaged(MachinePackages *packages, const HostPackage *package, char **paths, GHashTable *contents,
                              GError **error)
{
    autofd fd = -1;

    return rpm_open(packages->root_path, packages->root, package, &fd, error) &&
           rpm_read_files(fd, package->name, paths, contents, error);
}

static void close_inventory(gpointer data)
{
    rpm_inventory_free(data);
}

const PackageDatabase rpm_database = {
    .hint = "make dnf download or zypper download work, put its .rpm into /var/cache/dnf",
    .load = load,
    .list_files = list_files,
    .list_digests = list_digests,
    .read_script = read_script,
    .list_alternatives = list_alternatives,
    .read_packaged = read_packaged,
    .close = close_inventory,
    .locate = locate,
};
