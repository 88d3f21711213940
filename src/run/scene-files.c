// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scene-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOSTS_PATH "/etc/hosts"
#define RESOLV_PATH "/etc/resolv.conf"
#define HOSTS_OF_NOBODY "127.0.0.1 localhost\n::1 localhost\n"

/* --- /dev ----------------------------------------------------------------------------------------------------------------- */

/* A file of the host at the same or another path. */
static gboolean show_file(const Scene *scene, const char *source, const char *path, gboolean read_only, GError **error)
{
    autofd tree = mount_copy(AT_FDCWD, source, read_only);

    if (tree < 0)
        return gourd_error_set_errno(error, errno, "cannot use '%s'", source);
    autofd point = mount_point_open(scene->root, path, FALSE, error);
    if (point < 0)
        return FALSE;
    int problem = mount_attach(tree, point);
    return problem == 0 || gourd_error_set_errno(error, problem, "cannot mount on '%s'", path);
}

static gboolean add_links(const Scene *scene, GError **error)
{
    static const struct {
        const char *name, *target;
    } links[] = {
        {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
        {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},
    };
    autofd folder = root_open(scene->root, "/dev", O_PATH | O_DIRECTORY, 0);

    for (gsize i = 0; i < G_N_ELEMENTS(links); i++)
        if (symlinkat(links[i].target, folder, links[i].name) < 0)
            return gourd_error_set_errno(error, errno, "cannot make '/dev/%s'", links[i].name);
    return TRUE;
}

static gboolean cover_folder(const Scene *scene, const char *path, const char *type, const char *options,
                             const char *fallback, GError **error)
{
    autofd point = mount_point_open(scene->root, path, TRUE, error);

    if (point < 0)
        return FALSE;
    unsigned long flags = MS_NOSUID | (strcmp(type, "tmpfs") == 0 ? 0 : MS_NOEXEC);
    int problem = mount_point_cover(point, type, flags, options);
    /* A user namespace may not have the group. */
    if (problem == EINVAL && fallback)
        problem = mount_point_cover(point, type, flags, fallback);
    return problem == 0 || gourd_error_set_errno(error, problem, "cannot mount %s on '%s'", type, path);
}

gboolean scene_add_devices(Scene *scene, const ServiceSpec *spec, GError **error)
{
    static const char *const nodes[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                        "/dev/random", "/dev/urandom", "/dev/tty"};
    static const char terminals[] = "newinstance,ptmxmode=0666,mode=0620", of_tty[] = ",gid=5";
    g_autofree char *grouped = g_strconcat(terminals, of_tty, NULL);

    if (!cover_folder(scene, "/dev", "tmpfs", "mode=0755,size=1m", NULL, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(nodes); i++)
        if (!show_file(scene, nodes[i], nodes[i], FALSE, error))
            return FALSE;
    for (guint i = 0; i < spec->devices->len; i++) {
        const ServiceDevice *device = g_ptr_array_index(spec->devices, i);

        if (!show_file(scene, device->path, device->path, !strchr(device->access, 'w'), error))
            return gourd_error_prefix(error, "--device");
    }
    return cover_folder(scene, "/dev/pts", "devpts", grouped, terminals, error) && add_links(scene, error);
}

gboolean scene_add_console(Scene *scene, const char *path, GError **error)
{
    autofd terminal = root_open(scene->root, path, O_PATH, 0);
    autofd tree = terminal < 0 ? -1 : mount_copy(terminal, "", FALSE);
    autofd point = mount_point_open(scene->root, "/dev/console", FALSE, error);

    if (point < 0)
        return FALSE;
    if (tree < 0 || mount_attach(tree, point))
        return gourd_error_set_errno(error, errno, "cannot mount on '/dev/console'");
    return TRUE;
}

/* --- names ------------------------------------------------------------------------------------------------------------------ */

/* The host's, and a line for a name that only this process has. */
static gboolean write_hosts(const char *path, gboolean network, const char *hostname, GError **error)
{
    g_autofree char *hosts = NULL;
    g_autoptr(GError) problem = NULL;

    if (!network || !g_file_get_contents(HOSTS_PATH, &hosts, NULL, NULL))
        hosts = g_strdup(HOSTS_OF_NOBODY);
    g_autofree char *text = hostname ? g_strdup_printf("%s\n127.0.1.1 %s\n", hosts, hostname) : g_strdup(hosts);
    if (!g_file_set_contents(path, text, -1, &problem))
        return gourd_error_set(error, GOURD_ERROR_FAILED, "%s", problem->message);
    return TRUE;
}

gboolean scene_add_names(Scene *scene, const ServiceSpec *spec, const char *hostname, GError **error)
{
    gboolean network = spec->network == SERVICE_NETWORK_HOST;

    if (spec->hosts_file) {
        g_autofree char *path = g_build_filename(scene->base, "hosts", NULL);

        if (!write_hosts(path, network, hostname, error) || !show_file(scene, path, HOSTS_PATH, TRUE, error))
            return FALSE;
    }
    return !spec->resolv_file || !network || access(RESOLV_PATH, R_OK) < 0 ||
           show_file(scene, RESOLV_PATH, RESOLV_PATH, TRUE, error);
}
