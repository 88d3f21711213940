// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dpkg.h"
#include "alternatives.h"
#include "deb.h"
#include "packages-private.h"

#include "store/store.h"

#include <string.h>

#define STATUS_SIZE_MAX (128 * 1024 * 1024) /* bytes: that of a system with all of Debian would have some 60 MiB */
#define INFO_SIZE_MAX (64 * 1024 * 1024)    /* bytes of one file of a package: the longest lists have some 2 MiB */
#define SMALL_SIZE_MAX (4 * 1024 * 1024)    /* bytes of a script, or of the list of diversions */

typedef gboolean (*Parse)(const char *bytes, gsize size, gpointer into, GError **error);

/* Reads a file and has it parsed; none is fine. */
static gboolean read_parsed(int root, const char *path, gsize size_max, Parse parse, gpointer into, GError **error)
{
    g_autoptr(GBytes) content = NULL;

    if (!root_load(root, path, size_max, &content, NULL, error))
        return FALSE;
    if (!content)
        return TRUE;
    gsize size;
    const char *bytes = g_bytes_get_data(content, &size);
    return parse(size ? bytes : "", size, into, error) || gourd_error_prefix(error, "'%s'", path);
}

static gboolean parse_status(const char *bytes, gsize size, gpointer into, GError **error)
{
    return dpkg_status_parse(bytes, size, into, error);
}

static gboolean parse_diversions(const char *bytes, gsize size, gpointer into, GError **error)
{
    return dpkg_diversions_parse(bytes, size, into, error);
}

static gboolean parse_list(const char *bytes, gsize size, gpointer into, GError **error)
{
    return dpkg_list_parse(bytes, size, into, error);
}

static gboolean parse_md5sums(const char *bytes, gsize size, gpointer into, GError **error)
{
    return dpkg_md5sums_parse(bytes, size, into, error);
}

/* dpkg itself is of the host's own architecture. */
static char *find_architecture(const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const HostPackage *package = g_ptr_array_index(list, i);

        if (strcmp(package->name, "dpkg") == 0)
            return g_strdup(package->architecture);
    }
    return NULL;
}

static gboolean load(MachinePackages *packages, GError **error)
{
    packages->data = g_ptr_array_new_with_free_func((GDestroyNotify)dpkg_diversion_free);
    if (!read_parsed(packages->root, DPKG_STATUS, STATUS_SIZE_MAX, parse_status, packages->list, error) ||
        !read_parsed(packages->root, DPKG_FOLDER "/diversions", SMALL_SIZE_MAX, parse_diversions, packages->data,
                     error))
        return FALSE;
    packages->architecture = find_architecture(packages->list);
    return TRUE;
}

/* A file of the database about a package. Those that can be installed for several architectures have it in the name. */
static gboolean find_info(const MachinePackages *packages, const HostPackage *package, const char *kind,
                          char **ret_path, GError **error)
{
    g_autofree char *qualified = g_strdup_printf(DPKG_FOLDER "/info/%s:%s.%s", package->name, package->architecture,
                                                 kind);
    struct stat status;
    gboolean found;

    if (!root_look(packages->root, qualified, &status, &found, error))
        return FALSE;
    *ret_path = found ? g_steal_pointer(&qualified) : g_strdup_printf(DPKG_FOLDER "/info/%s.%s", package->name, kind);
    return TRUE;
}

static const char *divert(const MachinePackages *packages, const HostPackage *package, const char *path)
{
    const GPtrArray *diversions = packages->data;

    for (guint i = 0; i < diversions->len; i++) {
        const DpkgDiversion *diversion = g_ptr_array_index(diversions, i);

        if (strcmp(diversion->path, path) == 0 && strcmp(diversion->by, package->name) != 0)
            return diversion->diverted;
    }
    return path;
}

static gboolean list_files(MachinePackages *packages, const HostPackage *package, GPtrArray *paths, GError **error)
{
    g_autofree char *list = NULL;

    if (!find_info(packages, package, "list", &list, error) ||
        !read_parsed(packages->root, list, INFO_SIZE_MAX, parse_list, paths, error))
        return FALSE;
    for (guint i = 0; i < paths->len; i++) {
        const char *diverted = divert(packages, package, paths->pdata[i]);

        if (diverted != paths->pdata[i]) {
            g_free(paths->pdata[i]);
            paths->pdata[i] = g_strdup(diverted);
        }
    }
    return TRUE;
}

static gboolean list_digests(MachinePackages *packages, const HostPackage *package, GHashTable *digests, GError **error)
{
    g_autofree char *sums = NULL;

    return find_info(packages, package, "md5sums", &sums, error) &&
           read_parsed(packages->root, sums, INFO_SIZE_MAX, parse_md5sums, digests, error);
}

static gboolean read_script(MachinePackages *packages, const HostPackage *package, char **ret_text, GError **error)
{
    g_autofree char *path = NULL;
    g_autoptr(GBytes) content = NULL;

    if (!find_info(packages, package, "postinst", &path, error) ||
        !root_load(packages->root, path, SMALL_SIZE_MAX, &content, NULL, error))
        return FALSE;
    *ret_text = content ? g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content)) : NULL;
    return TRUE;
}

static gboolean list_alternatives(MachinePackages *packages, GPtrArray *alternatives, GError **error)
{
    return alternatives_load(packages->root, DPKG_FOLDER "/alternatives", alternatives, error);
}

static gboolean read_packaged(MachinePackages *packages, const HostPackage *package, char **paths, GHashTable *contents,
                              GError **error)
{
    autofd deb = -1;

    return deb_open(packages->root_path, packages->root, package, &deb, error) &&
           deb_read_files(deb, package->name, paths, contents, error);
}

static void close_diversions(gpointer data)
{
    g_ptr_array_unref(data);
}

static gboolean locate(int root G_GNUC_UNUSED, char **ret_file, char **ret_lock, GError **error G_GNUC_UNUSED)
{
    *ret_file = g_strdup(DPKG_STATUS);
    *ret_lock = g_strdup(DPKG_FOLDER "/lock");
    return TRUE;
}

const PackageDatabase dpkg_database = {
    .hint = "make apt-get download work (apt-get update, a network), put its .deb into /var/cache/apt/archives",
    .load = load,
    .list_files = list_files,
    .list_digests = list_digests,
    .read_script = read_script,
    .list_alternatives = list_alternatives,
    .read_packaged = read_packaged,
    .close = close_diversions,
    .locate = locate,
};
