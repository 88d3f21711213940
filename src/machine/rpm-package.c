// SPDX-License-Identifier: LGPL-2.1-or-later
#include "packaged.h"
#include "program.h"
#include "rpm.h"

#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FOLDERS_MAX 10000 /* of a cache that are looked into */

/* Each has folders of repositories, and these "packages" or folders of architectures, or the packages themselves. */
static const char *const caches[] = {"/var/cache/dnf", "/var/cache/libdnf5", "/var/cache/zypp/packages"};
#define CACHE_DEPTH_MAX 3

/* NAME-VERSION-RELEASE.ARCHITECTURE: the epoch is in no file's name. */
static char *rpm_stem(const HostPackage *package)
{
    const char *colon = strchr(package->version, ':');

    return g_strdup_printf("%s-%s.%s", package->name, colon ? colon + 1 : package->version, package->architecture);
}

typedef struct {
    int root;
    const char *name;
    guint left; /* folders that may be looked into */
} Search;

static gboolean search_folder(Search *search, const char *folder, guint depth, int *ret_fd, GError **error)
{
    g_autofree char *path = g_build_filename(folder, search->name, NULL);
    g_autoptr(GPtrArray) names = NULL;
    struct stat status;
    gboolean found;

    *ret_fd = root_open(search->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (*ret_fd >= 0 || depth == CACHE_DEPTH_MAX || search->left == 0)
        return TRUE;
    search->left--;
    if (!root_list(search->root, folder, &names, error))
        return FALSE;
    for (guint i = 0; i < names->len && *ret_fd < 0; i++) {
        g_autofree char *below = g_build_filename(folder, g_ptr_array_index(names, i), NULL);

        if (!root_look(search->root, below, &status, &found, error) ||
            (found && S_ISDIR(status.st_mode) && !search_folder(search, below, depth + 1, ret_fd, error)))
            return FALSE;
    }
    return TRUE;
}

/* dnf download writes into the folder that it is started in. */
static gboolean download(const char *stem, const char *name, int *ret_fd, GError **error)
{
    const char *const argv[] = {"dnf", "--quiet", "download", stem, NULL};

    return packaged_download(argv, name, ret_fd, error);
}

gboolean rpm_open(const char *root_path, int root, const HostPackage *package, int *ret_fd, GError **error)
{
    g_autofree char *stem = rpm_stem(package), *name = g_strconcat(stem, ".rpm", NULL);
    Search search = {.root = root, .name = name, .left = FOLDERS_MAX};

    *ret_fd = -1;
    for (guint i = 0; i < G_N_ELEMENTS(caches) && *ret_fd < 0; i++) {
        if (!search_folder(&search, caches[i], 0, ret_fd, error))
            return FALSE;
    }
    if (*ret_fd >= 0)
        return TRUE;
    if (strcmp(root_path, "/") != 0)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no '%s' in the caches below '%s'", name,
                               root_path);
    return download(stem, name, ret_fd, error);
}

/* rpm2archive makes a tar of it. */
gboolean rpm_read_files(int fd, const char *name, char **paths, GHashTable *contents, GError **error)
{
    g_autofree char *what = g_strdup_printf("package '%s'", name);
    const char *const argv[] = {"rpm2archive", "-", NULL};
    autofd tar = -1;

    if (!scratch_open(g_get_tmp_dir(), &tar, error))
        return FALSE;
    const Program program = {.argv = argv, .in = fd, .out = tar};
    if (!program_run(&program, error))
        return gourd_error_prefix(error, "%s", what);
    if (lseek(tar, 0, SEEK_SET) < 0)
        return gourd_error_set_errno(error, errno, "cannot read what rpm2archive wrote");
    return packaged_read(byte_stream_new_pipe(tar, what), what, paths, contents, error);
}
