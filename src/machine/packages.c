// SPDX-License-Identifier: LGPL-2.1-or-later
#include "packages-private.h"

#include "store/store.h"

#include <string.h>
#include <unistd.h>

#define PATH_LENGTH_MAX 4095 /* PATH_MAX, less the zero */
#define HEX_DIGITS "0123456789abcdef"

gboolean package_path_is_plain(const char *text)
{
    gsize length = strlen(text);

    if (*text != '/' || length > PATH_LENGTH_MAX || strchr(text, '\n'))
        return FALSE;
    if (strstr(text, "//") || strstr(text, "/../") || strstr(text, "/./") || (length > 1 && text[length - 1] == '/'))
        return FALSE;
    return !g_str_has_suffix(text, "/..") && !g_str_has_suffix(text, "/.");
}

/* By the number of their digits. */
static const GChecksumType digest_types[] = {G_CHECKSUM_MD5, G_CHECKSUM_SHA256, G_CHECKSUM_SHA512};

gboolean package_digest_is_known(const char *text)
{
    const gsize length = strlen(text);

    for (guint i = 0; i < G_N_ELEMENTS(digest_types); i++) {
        if ((gsize)g_checksum_type_get_length(digest_types[i]) * 2 == length)
            return strspn(text, HEX_DIGITS) == length;
    }
    return FALSE;
}

GChecksumType conffile_digest_type(const char *digest)
{
    const gsize length = strlen(digest);

    for (guint i = 0; i < G_N_ELEMENTS(digest_types); i++) {
        if ((gsize)g_checksum_type_get_length(digest_types[i]) * 2 == length)
            return digest_types[i];
    }
    return G_CHECKSUM_MD5;
}

MachineConffile *machine_conffile_new(const char *path, const char *digest, const char *package,
                                      const ConffileRule *rule)
{
    MachineConffile *conffile = g_new0(MachineConffile, 1);

    conffile->path = g_strdup(path);
    conffile->digest = g_strdup(digest);
    conffile->package = g_strdup(package);
    conffile->rule = rule;
    return conffile;
}

void machine_conffile_free(MachineConffile *conffile)
{
    g_free(conffile->path);
    g_free(conffile->digest);
    g_free(conffile->package);
    g_free(conffile);
}

HostPackage *host_package_new(const char *name, const char *version, const char *architecture)
{
    HostPackage *package = g_new0(HostPackage, 1);

    package->name = g_strdup(name);
    package->version = g_strdup(version);
    package->architecture = g_strdup(architecture);
    package->depends = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    package->conffiles = g_ptr_array_new_with_free_func((GDestroyNotify)machine_conffile_free);
    return package;
}

void host_package_free(HostPackage *package)
{
    g_free(package->name);
    g_free(package->version);
    g_free(package->architecture);
    g_strfreev(package->provides);
    g_ptr_array_unref(package->depends);
    g_ptr_array_unref(package->conffiles);
    g_free(package);
}

MachineAlternative *machine_alternative_new(const char *name, const char *target)
{
    MachineAlternative *alternative = g_new0(MachineAlternative, 1);

    alternative->name = g_strdup(name);
    alternative->target = g_strdup(target);
    return alternative;
}

void machine_alternative_free(MachineAlternative *alternative)
{
    g_free(alternative->name);
    g_free(alternative->target);
    g_free(alternative);
}

/* --- the database ------------------------------------------------------------------------------------------------- */

static int compare_packages(gconstpointer a, gconstpointer b, gpointer data)
{
    const HostPackage *one = *(const HostPackage *const *)a, *other = *(const HostPackage *const *)b;
    const MachinePackages *packages = data;
    int order = strcmp(one->name, other->name);

    /* Of several architectures of a package the host's own is the one that is meant. */
    if (order == 0 && packages->architecture)
        order = (strcmp(one->architecture, packages->architecture) != 0) -
                (strcmp(other->architecture, packages->architecture) != 0);
    return order ? order : strcmp(one->architecture, other->architecture);
}

static void index_packages(MachinePackages *packages)
{
    g_ptr_array_sort_with_data(packages->list, compare_packages, packages);
    for (guint i = 0; i < packages->list->len; i++) {
        HostPackage *package = g_ptr_array_index(packages->list, i);

        if (!g_hash_table_contains(packages->by_name, package->name))
            g_hash_table_insert(packages->by_name, package->name, package);
        for (char **name = package->provides; name && *name; name++) {
            if (!g_hash_table_contains(packages->providers, *name))
                g_hash_table_insert(packages->providers, *name, package);
        }
    }
}

/* On a system of one the other may be installed as a mere program, with a database of nothing. */
static const PackageDatabase *find_database(const char *root_path, int root, GError **error)
{
    g_autofree char *rpm = NULL;
    struct stat status;
    gboolean is_dpkg;

    if (!root_look(root, DPKG_STATUS, &status, &is_dpkg, error) || !rpm_find_database(root, &rpm, error))
        return NULL;
    if (is_dpkg && (status.st_size > 0 || !rpm))
        return &dpkg_database;
    if (rpm)
        return &rpm_database;
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "there is no package database of dpkg or rpm in '%s'", root_path);
    gourd_error_hint(error, "a machine can be made from a folder too: --like DIR");
    return NULL;
}

MachinePackages *machine_packages_open(const char *root_path, int root, GError **error)
{
    g_autoptr(MachinePackages) packages = g_new0(MachinePackages, 1);

    packages->root_path = g_strdup(root_path);
    packages->root = root;
    packages->list = g_ptr_array_new_with_free_func((GDestroyNotify)host_package_free);
    packages->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    packages->providers = g_hash_table_new(g_str_hash, g_str_equal);
    packages->database = find_database(root_path, root, error);
    if (!packages->database || !packages->database->load(packages, error))
        return NULL;
    index_packages(packages);
    return g_steal_pointer(&packages);
}

gboolean machine_packages_locate(const char *root_path, int root, char **ret_file, char **ret_lock, GError **error)
{
    const PackageDatabase *database = find_database(root_path, root, error);

    return database && database->locate(root, ret_file, ret_lock, error);
}

void machine_packages_free(MachinePackages *packages)
{
    if (!packages)
        return;
    g_free(packages->root_path);
    g_clear_pointer(&packages->by_name, g_hash_table_unref);
    g_clear_pointer(&packages->providers, g_hash_table_unref);
    g_clear_pointer(&packages->list, g_ptr_array_unref);
    if (packages->data)
        packages->database->close(packages->data);
    g_free(packages->architecture);
    g_free(packages);
}

const GPtrArray *machine_packages_list(const MachinePackages *packages)
{
    return packages->list;
}

const HostPackage *machine_packages_find(const MachinePackages *packages, const char *name)
{
    const HostPackage *package = g_hash_table_lookup(packages->by_name, name);

    return package ? package : g_hash_table_lookup(packages->providers, name);
}

/* --- of one package ----------------------------------------------------------------------------------------------- */

gboolean machine_packages_list_files(MachinePackages *packages, const HostPackage *package, char ***ret_paths,
                                     GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    if (!packages->database->list_files(packages, package, paths, error))
        return gourd_error_prefix(error, "the files of package '%s'", package->name);
    g_ptr_array_add(paths, NULL);
    *ret_paths = (char **)g_ptr_array_steal(paths, NULL);
    return TRUE;
}

gboolean machine_packages_list_digests(MachinePackages *packages, const HostPackage *package, GHashTable **ret_digests,
                                       GError **error)
{
    g_autoptr(GHashTable) digests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    if (!packages->database->list_digests(packages, package, digests, error))
        return gourd_error_prefix(error, "the digests of package '%s'", package->name);
    *ret_digests = g_steal_pointer(&digests);
    return TRUE;
}

gboolean machine_packages_read_script(MachinePackages *packages, const HostPackage *package, char **ret_text,
                                      GError **error)
{
    return packages->database->read_script(packages, package, ret_text, error) ||
           gourd_error_prefix(error, "the script of package '%s'", package->name);
}

gboolean machine_packages_list_alternatives(MachinePackages *packages, GPtrArray **ret_alternatives, GError **error)
{
    g_autoptr(GPtrArray) alternatives = g_ptr_array_new_with_free_func((GDestroyNotify)machine_alternative_free);

    if (!packages->database->list_alternatives(packages, alternatives, error))
        return FALSE;
    *ret_alternatives = g_steal_pointer(&alternatives);
    return TRUE;
}

gboolean machine_packages_read_packaged(MachinePackages *packages, const HostPackage *package, char **paths,
                                        GHashTable **ret_contents, GError **error)
{
    g_autoptr(GHashTable)
        contents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);

    if (!packages->database->read_packaged(packages, package, paths, contents, error))
        return FALSE;
    *ret_contents = g_steal_pointer(&contents);
    return TRUE;
}

const char *machine_packages_hint(const MachinePackages *packages)
{
    return packages->database->hint;
}
