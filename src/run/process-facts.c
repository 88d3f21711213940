// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process-facts.h"

#include <string.h>

/* The value of a line, or NULL. The caller frees. */
static char *find_line(const char *text, const char *key)
{
    gsize length = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, key, length) == 0 && line[length] == ':')
            return g_strstrip(g_strndup(line + length + 1, strcspn(line + length + 1, "\n")));
    return NULL;
}

static gboolean read_number(const char *text, const char *key, guint column, guint base, guint64 *ret_number,
                            GError **error)
{
    g_autofree char *line = find_line(text, key);
    g_auto(GStrv) words = g_strsplit_set(line ? line : "", " \t", -1);

    if (g_strv_length(words) > column &&
        g_ascii_string_to_unsigned(words[column], base, 0, G_MAXUINT64, ret_number, NULL))
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_INPUT, "the status of a process has no '%s'", key);
}

gboolean process_status_parse(const char *text, ProcessStatus *ret_status, GError **error)
{
    enum { EFFECTIVE = 1 }; /* the columns are real, effective, saved, of files */
    guint64 uid = 0, gid = 0, privileges = 0, umask = 0;
    ProcessStatus status = {0};
    g_autofree char *groups = find_line(text, "Groups");
    g_auto(GStrv) words = g_strsplit(groups ? groups : "", " ", -1);

    if (!read_number(text, "Uid", EFFECTIVE, 10, &uid, error) ||
        !read_number(text, "Gid", EFFECTIVE, 10, &gid, error) ||
        !read_number(text, "CapInh", 0, 16, &status.inheritable, error) ||
        !read_number(text, "CapBnd", 0, 16, &status.bounding, error) ||
        !read_number(text, "CapAmb", 0, 16, &status.ambient, error) ||
        !read_number(text, "NoNewPrivs", 0, 10, &privileges, error) || !read_number(text, "Umask", 0, 8, &umask, error))
        return FALSE;
    status.uid = (guint32)uid;
    status.gid = (guint32)gid;
    status.no_new_privileges = privileges != 0;
    status.umask = (guint)umask;
    status.groups = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (char **word = words; *word; word++) {
        guint64 group;

        if (g_ascii_string_to_unsigned(*word, 10, 0, G_MAXUINT32, &group, NULL)) {
            guint32 id = (guint32)group;

            g_array_append_val(status.groups, id);
        }
    }
    *ret_status = status;
    return TRUE;
}

void process_status_clear(ProcessStatus *status)
{
    g_clear_pointer(&status->groups, g_array_unref);
}

/* Columns of fixed width, rows by number (fs/proc/base.c of Linux, proc_pid_limits()). */
#define LIMIT_SOFT 26
#define LIMIT_HARD 47
#define LIMIT_WIDTH 20

static gboolean parse_limit(const char *line, guint column, rlim_t *ret_limit)
{
    g_autofree char *word = strlen(line) > column ? g_strstrip(g_strndup(line + column, LIMIT_WIDTH)) : g_strdup("");
    guint64 number = RLIM_INFINITY;

    if (strcmp(word, "unlimited") != 0 && !g_ascii_string_to_unsigned(word, 10, 0, G_MAXUINT64, &number, NULL))
        return FALSE;
    *ret_limit = number;
    return TRUE;
}

gboolean process_limits_parse(const char *text, struct rlimit ret_limits[RLIM_NLIMITS], GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    struct rlimit limits[RLIM_NLIMITS] = {0};

    for (guint i = 0; i < RLIM_NLIMITS; i++)
        if (g_strv_length(lines) <= i + 1 || !parse_limit(lines[i + 1], LIMIT_SOFT, &limits[i].rlim_cur) ||
            !parse_limit(lines[i + 1], LIMIT_HARD, &limits[i].rlim_max))
            return gourd_error_set(error, GOURD_ERROR_INPUT, "the limits of a process are not as expected");
    memcpy(ret_limits, limits, sizeof limits);
    return TRUE;
}

gboolean id_map_find(const char *map, guint32 outside, guint32 *ret_inside)
{
    g_auto(GStrv) lines = g_strsplit(map, "\n", -1);

    for (char **line = lines; *line; line++) {
        guint64 numbers[3];
        guint n = 0;
        g_auto(GStrv) words = g_strsplit_set(*line, " \t", -1);

        for (char **word = words; *word && n < G_N_ELEMENTS(numbers); word++)
            if (**word && !g_ascii_string_to_unsigned(*word, 10, 0, G_MAXUINT32, &numbers[n++], NULL))
                n = G_N_ELEMENTS(numbers) + 1;
        if (n == G_N_ELEMENTS(numbers) && outside >= numbers[1] && outside - numbers[1] < numbers[2]) {
            *ret_inside = (guint32)(numbers[0] + (outside - numbers[1]));
            return TRUE;
        }
    }
    return FALSE;
}

char **environment_split(const char *bytes, gsize size)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (gsize at = 0; at < size;) {
        gsize length = strnlen(bytes + at, size - at);
        g_autofree char *assignment = g_strndup(bytes + at, length);

        if (strcspn(assignment, "=") > 0 && strchr(assignment, '='))
            g_strv_builder_add(builder, assignment);
        at += length + 1;
    }
    return g_strv_builder_end(builder);
}
