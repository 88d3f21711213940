// SPDX-License-Identifier: LGPL-2.1-or-later
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_SIZE 65536 /* bytes read at once */

static gboolean read_descriptor(int fd, const char *shown, gsize size_max, GByteArray *bytes, GError **error)
{
    for (;;) {
        guint old = bytes->len;

        g_byte_array_set_size(bytes, old + CHUNK_SIZE);
        ssize_t n = read(fd, bytes->data + old, CHUNK_SIZE);
        int failure = errno;
        g_byte_array_set_size(bytes, old + (guint)MAX(n, 0));
        if (n < 0 && failure == EINTR)
            continue;
        if (n < 0)
            return gourd_error_set_errno(error, failure, "cannot read '%s'", shown);
        if (n == 0)
            return TRUE;
        if (bytes->len > size_max)
            return gourd_error_set(error, GOURD_ERROR_LIMIT, "'%s' is over the limit of %" G_GSIZE_FORMAT " bytes",
                                   shown, size_max);
    }
}

gboolean file_read(const char *path, gsize size_max, char **ret_bytes, gsize *ret_size, GError **error)
{
    g_autofree char *shown = text_escape(path);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    autofd fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", shown);
    if (!read_descriptor(fd, shown, size_max, bytes, error))
        return FALSE;
    *ret_size = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    *ret_bytes = (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
    return TRUE;
}
