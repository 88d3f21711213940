// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIBRARY_PREFIX "libsystemd-shared-"
#define STATUS_SIZE_MAX (64 * 1024 * 1024) /* bytes of dpkg's status file: real ones have some MiB */

guint version_parse(const char *text)
{
    char *end;
    guint64 number = g_ascii_strtoull(*text == 'v' ? text + 1 : text, &end, 10);

    return end == text || number > G_MAXINT ? 0 : (guint)number;
}

static DIR *open_folder(int root_fd, const char *path)
{
    int fd = root_open(root_fd, path, O_RDONLY | O_DIRECTORY, 0);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);

    if (!folder)
        fd_close(&fd);
    return folder;
}

/* libsystemd-shared-252.so, libsystemd-shared-257.7-1.fc42.so; after an upgrade two may be there, and the newer runs. */
static guint find_library(int root_fd, const char *path)
{
    DIR *folder = open_folder(root_fd, path);
    const struct dirent *entry;
    guint found = 0;

    if (!folder)
        return 0;
    while ((entry = readdir(folder)))
        if (g_str_has_prefix(entry->d_name, LIBRARY_PREFIX))
            found = MAX(found, version_parse(entry->d_name + strlen(LIBRARY_PREFIX)));
    closedir(folder);
    return found;
}

/* Debian: /usr/lib/x86_64-linux-gnu/systemd. */
static guint find_multiarch_library(int root_fd)
{
    DIR *folder = open_folder(root_fd, "/usr/lib");
    const struct dirent *entry;
    guint found = 0;

    if (!folder)
        return 0;
    while ((entry = readdir(folder)))
        if (strstr(entry->d_name, "-linux-")) {
            g_autofree char *path = g_build_filename("/usr/lib", entry->d_name, "systemd", NULL);

            found = MAX(found, find_library(root_fd, path));
        }
    closedir(folder);
    return found;
}

/* The version of the package systemd, for a systemd that is linked otherwise: "Package: systemd" … "Version: 252.39-1". */
static guint find_package(int root_fd)
{
    autofd fd = root_open(root_fd, "/var/lib/dpkg/status", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat status;
    gsize got;
    gboolean is_systemd = FALSE;

    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > STATUS_SIZE_MAX)
        return 0;
    g_autofree char *text = g_malloc0((gsize)status.st_size + 1);
    if (!fd_pread(fd, "/var/lib/dpkg/status", text, (gsize)status.st_size, 0, &got, NULL))
        return 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (g_str_has_prefix(line, "Package: "))
            is_systemd = g_str_equal(line, "Package: systemd");
        else if (is_systemd && g_str_has_prefix(line, "Version: "))
            return version_parse(line + strlen("Version: "));
    }
    return 0;
}

guint version_of_files(int root_fd)
{
    static const char *const folders[] = {"/usr/lib/systemd", "/lib/systemd", "/usr/lib64/systemd"};
    guint found = find_multiarch_library(root_fd);

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        found = MAX(found, find_library(root_fd, folders[i]));
    return found > 0 ? found : find_package(root_fd);
}

static guint ask_manager(Host *host)
{
    g_autofree char *text = NULL;
    char *version = NULL;

    if (!host->is_live || !bus_open(host, NULL) ||
        sd_bus_get_property_string(host->bus, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE, "Version", NULL,
                                   &version) < 0)
        return 0;
    text = g_strdup(version);
    free(version); /* NOLINT: from malloc, not from GLib */
    return version_parse(text);
}

gboolean host_systemd_version(Host *host, guint *ret_version, GError **error)
{
    if (host->version == 0)
        host->version = ask_manager(host);
    if (host->version == 0)
        host->version = version_of_files(host->root_fd);
    if (host->version == 0) {
        g_autofree char *shown = text_escape(host->root);

        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "no systemd was found below '%s'", shown);
        return gourd_error_hint(error, "say for which one to write, for example --target debian12");
    }
    *ret_version = host->version;
    return TRUE;
}
