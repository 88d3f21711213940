// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOTED "/run/systemd/system/" /* is there where systemd is the init system: sd_booted(3) */

#define PASSWD_SIZE_MAX (16 * 1024 * 1024) /* bytes of /etc/passwd of another root */
#define NSS_BUFFER_SIZE (64 * 1024)        /* one passwd entry */

/* systemd.unit(5), "UNIT FILE LOAD PATH", for the system manager; the strongest first. */
static const char *const unit_folders[] = {
    "/etc/systemd/system.control", "/run/systemd/system.control",
    "/run/systemd/transient",      "/run/systemd/generator.early",
    "/etc/systemd/system",         "/etc/systemd/system.attached",
    "/run/systemd/system",         "/run/systemd/system.attached",
    "/run/systemd/generator",      "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",     "/lib/systemd/system", /* where /lib is no link to /usr/lib */
    "/run/systemd/generator.late",
};

Host *host_open(const char *root, GError **error)
{
    g_autoptr(Host) host = g_new0(Host, 1);

    host->jobs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    host->root_fd = -1;
    char *real = realpath(root ? root : "/", NULL);
    if (real) {
        host->root = g_strdup(real);
        free(real); /* NOLINT: from malloc, not from GLib */
        host->root_fd = open(host->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (host->root_fd < 0) {
        g_autofree char *shown = text_escape(root ? root : "/");

        gourd_error_set_errno(error, errno, "cannot open the root '%s'", shown);
        return NULL;
    }
    host->is_live = g_str_equal(host->root, "/") && access(BOOTED, F_OK) == 0;
    return g_steal_pointer(&host);
}

void host_free(Host *host)
{
    if (!host)
        return;
    bus_close(host);
    g_hash_table_unref(host->jobs);
    fd_close(&host->root_fd);
    g_free(host->failed_unit);
    g_free(host->root);
    g_free(host);
}

const char *host_root(const Host *host)
{
    return host->root;
}

gboolean host_is_live(const Host *host)
{
    return host->is_live;
}

char *host_path(const Host *host, const char *path)
{
    return g_str_equal(host->root, "/") ? g_strdup(path) : g_strconcat(host->root, path, NULL);
}

char *host_find_unit(const Host *host, const char *unit)
{
    if (!*unit || strchr(unit, '/'))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(unit_folders); i++) {
        g_autofree char *path = g_build_filename(unit_folders[i], unit, NULL);
        autofd fd = root_open(host->root_fd, path, O_PATH | O_NOFOLLOW, 0);

        if (fd >= 0)
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* name:password:uid:gid:… (passwd(5)) */
static gboolean parse_passwd_line(const char *line, const char *name, guint32 *ret_uid, guint32 *ret_gid)
{
    g_auto(GStrv) fields = g_strsplit(line, ":", 5);
    guint64 uid, gid;

    if (g_strv_length(fields) < 4 || !g_str_equal(fields[0], name) ||
        !g_ascii_string_to_unsigned(fields[2], 10, 0, G_MAXUINT32 - 1, &uid, NULL) ||
        !g_ascii_string_to_unsigned(fields[3], 10, 0, G_MAXUINT32 - 1, &gid, NULL))
        return FALSE;
    *ret_uid = (guint32)uid;
    *ret_gid = (guint32)gid;
    return TRUE;
}

static gboolean find_user_in_file(const Host *host, const char *name, guint32 *ret_uid, guint32 *ret_gid)
{
    autofd fd = root_open(host->root_fd, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat status;
    gsize got;

    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > PASSWD_SIZE_MAX)
        return FALSE;
    g_autofree char *text = g_malloc0((gsize)status.st_size + 1);
    if (!fd_pread(fd, "/etc/passwd", text, (gsize)status.st_size, 0, &got, NULL))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++)
        if (parse_passwd_line(lines[i], name, ret_uid, ret_gid))
            return TRUE;
    return FALSE;
}

gboolean host_find_user(const Host *host, const char *name, guint32 *ret_uid, guint32 *ret_gid)
{
    g_autofree char *buffer = g_malloc(NSS_BUFFER_SIZE);
    struct passwd entry, *found = NULL;

    if (!g_str_equal(host->root, "/"))
        return find_user_in_file(host, name, ret_uid, ret_gid);
    if (getpwnam_r(name, &entry, buffer, NSS_BUFFER_SIZE, &found) != 0 || !found)
        return FALSE;
    *ret_uid = found->pw_uid;
    *ret_gid = found->pw_gid;
    return TRUE;
}
