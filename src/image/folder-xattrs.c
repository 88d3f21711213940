// SPDX-License-Identifier: LGPL-2.1-or-later
#include "folder-xattrs.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#define ATTEMPTS_MAX 8 /* as often as attributes may grow between asking for their size and reading them */

typedef struct {
    int fd;
    const char *proc_path; /* or NULL */
} Target;

static ssize_t list_names(const Target *target, char *names, gsize size)
{
    return target->proc_path ? listxattr(target->proc_path, names, size) : flistxattr(target->fd, names, size);
}

static ssize_t get_value(const Target *target, const char *name, void *value, gsize size)
{
    return target->proc_path ? getxattr(target->proc_path, name, value, size)
                             : fgetxattr(target->fd, name, value, size);
}

/* Calls with a growing buffer until the answer fits: name NULL asks for the names. NULL with errno on failure. */
static char *read_answer(const Target *target, const char *name, gsize size_max, gsize *ret_size)
{
    for (guint attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        ssize_t needed = name ? get_value(target, name, NULL, 0) : list_names(target, NULL, 0);

        if (needed < 0)
            return NULL;
        if ((gsize)needed > size_max) {
            errno = E2BIG;
            return NULL;
        }
        g_autofree char *bytes = g_malloc((gsize)needed + 1);
        ssize_t got = name ? get_value(target, name, bytes, (gsize)needed) : list_names(target, bytes, (gsize)needed);
        if (got >= 0 && got <= needed) {
            bytes[got] = '\0';
            *ret_size = (gsize)got;
            return g_steal_pointer(&bytes);
        }
        if (errno != ERANGE)
            return NULL;
    }
    return NULL;
}

static gboolean fail_read(const char *name, gsize size_max, GError **error)
{
    int saved = errno;
    g_autofree char *shown = text_escape(name ? name : "");

    if (saved != E2BIG)
        return gourd_error_set_errno(error, saved, "cannot read extended attribute%s%s%s", name ? " '" : "s", shown,
                                     name ? "'" : "");
    gourd_error_set(error, GOURD_ERROR_LIMIT, "its extended attributes are over the limit of %" G_GSIZE_FORMAT " bytes",
                    size_max);
    return gourd_error_hint(error, "allow more with --limit xattr-size=BYTES");
}

gboolean folder_xattrs_read(int fd, gboolean only_path, gsize size_max, Xattrs **ret_xattrs, GError **error)
{
    g_autofree char *proc_path = only_path ? g_strdup_printf("/proc/self/fd/%d", fd) : NULL;
    Target target = {fd, proc_path};
    gsize names_size, used;
    g_autofree char *names = read_answer(&target, NULL, size_max, &names_size);

    if (!names && (errno == ENOTSUP || errno == ENOSYS)) {
        *ret_xattrs = NULL;
        return TRUE;
    }
    if (!names)
        return fail_read(NULL, size_max, error);
    g_autoptr(Xattrs) xattrs = names_size > 0 ? xattrs_new() : NULL;
    used = names_size;
    for (const char *name = names; name < names + names_size; name += strlen(name) + 1) {
        gsize size;
        g_autofree char *value = read_answer(&target, name, size_max - used, &size);

        if (!value && (errno == ENODATA || errno == ENOTSUP)) /* removed meanwhile, or listed but not to be had */
            continue;
        if (!value)
            return fail_read(name, size_max, error);
        xattrs_set(xattrs, name, value, size);
        used += size;
    }
    *ret_xattrs = g_steal_pointer(&xattrs);
    return TRUE;
}
