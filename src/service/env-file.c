// SPDX-License-Identifier: LGPL-2.1-or-later
#include "env-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define ENV_FILE_SIZE_MAX (4 * 1024 * 1024) /* bytes: no program could be started with more in its environment */

static gboolean parse_line(const char *line, guint number, GPtrArray *lines, GError **error)
{
    gsize length = strcspn(line, "=");
    g_autofree char *name = g_strndup(line, length);

    if (!g_utf8_validate(line, -1, NULL))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "line %u is not UTF-8", number);
    if (length == 0 || strpbrk(name, " \t")) {
        g_autofree char *shown = text_escape(name); /* not the value: it may be secret */

        gourd_error_set(error, GOURD_ERROR_INPUT, "line %u: '%s' is no name of a variable", number, shown);
        return gourd_error_hint(error, "each line is NAME=VALUE, without 'export' and without blanks around the name");
    }
    if (line[length])
        g_ptr_array_add(lines, g_strdup(line));
    else if (g_getenv(name))
        g_ptr_array_add(lines, g_strconcat(name, "=", g_getenv(name), NULL));
    return TRUE;
}

gboolean env_file_parse(const char *bytes, gsize size, GPtrArray *lines, GError **error)
{
    const char *end = bytes + size;
    guint number = 1;

    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        bytes += 3; /* a byte order mark */
    if (size > 0 && memchr(bytes, '\0', (gsize)(end - bytes)))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "it has zero bytes");
    for (const char *at = bytes; at < end; number++) {
        const char *newline = memchr(at, '\n', (gsize)(end - at));
        const char *stop = newline ? newline : end;

        while (at < stop && (*at == ' ' || *at == '\t'))
            at++;
        gsize length = (gsize)(stop - at);
        if (length > 0 && at[length - 1] == '\r')
            length--;
        g_autofree char *line = g_strndup(at, length);
        if (*line && *line != '#' && !parse_line(line, number, lines, error))
            return FALSE;
        at = newline ? newline + 1 : end;
    }
    return TRUE;
}

gboolean env_file_read(const char *path, GPtrArray *lines, GError **error)
{
    g_autofree char *shown = text_escape(path), *bytes = g_malloc(ENV_FILE_SIZE_MAX + 1);
    autofd fd = open(path, O_RDONLY | O_CLOEXEC);
    gsize size = 0;

    if (fd < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", shown);
    /* By read(2), for it may be a pipe: --env-file <(decrypt …). */
    for (;;) {
        ssize_t n = read(fd, bytes + size, ENV_FILE_SIZE_MAX + 1 - size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gourd_error_set_errno(error, errno, "cannot read '%s'", shown);
        if (n == 0)
            break;
        size += (gsize)n;
        if (size > ENV_FILE_SIZE_MAX)
            return gourd_error_set(error, GOURD_ERROR_LIMIT, "'%s' is over the limit of %d bytes", shown,
                                   ENV_FILE_SIZE_MAX);
    }
    return env_file_parse(bytes, size, lines, error) || gourd_error_prefix(error, "'%s'", shown);
}

void env_take_own(char **assignments)
{
    for (; *assignments; assignments++) {
        const char *value = strchr(*assignments, '=') ? NULL : g_getenv(*assignments);
        char *whole = value ? g_strconcat(*assignments, "=", value, NULL) : NULL;

        if (!whole)
            continue;
        g_free(*assignments);
        *assignments = whole;
    }
}
