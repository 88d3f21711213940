// SPDX-License-Identifier: LGPL-2.1-or-later
#include "alternatives.h"
#include "packages-private.h"

#include "store/store.h"

#include <string.h>

#define FILE_SIZE_MAX (4 * 1024 * 1024) /* bytes of a file */
#define LINES_MAX 10000                 /* of a file */
#define NAME_LENGTH_MAX 200             /* of a link */
#define PRIORITY_LENGTH_MAX 11          /* of a 32-bit number */

/* Of the best choice so far. */
typedef struct {
    gint64 priority;
    char **targets; /* of the master and its slaves; "": a slave that this choice does not have */
} Choice;

/* A file's name, as a link in /etc/alternatives has it. */
static gboolean is_link_name(const char *text)
{
    return *text && !strchr(text, '/') && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
           strlen(text) <= NAME_LENGTH_MAX;
}

/* The names that a choice has targets for: the master's, then those of its slaves. Two lines each, the second a path; ended by an empty
 * one. */
static gboolean parse_names(char ***line, const char *name, char ***ret_names)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    g_strv_builder_add(names, name);
    while (**line && ***line) {
        if (!is_link_name(**line) || !(*line)[1] || !package_path_is_plain((*line)[1]))
            return FALSE;
        g_strv_builder_add(names, **line);
        *line += 2;
    }
    if (!**line)
        return FALSE;
    (*line)++;
    *ret_names = g_strv_builder_end(names);
    return TRUE;
}

/* "PRIORITY"; of chkconfig's "[@FAMILY@]PRIORITY[ SERVICE]". */
static gboolean parse_priority(const char *line, gint64 *ret_priority)
{
    const char *family_end = *line == '@' ? strchr(line + 1, '@') : NULL;
    const char *start = family_end ? family_end + 1 : line;
    g_autofree char *digits = g_strndup(start, strcspn(start, " "));

    return strlen(digits) <= PRIORITY_LENGTH_MAX &&
           g_ascii_string_to_signed(digits, 10, G_MININT32, G_MAXINT32, ret_priority, NULL);
}

/* A choice: its path, its priority, a line for each slave. */
static gboolean parse_choice(char ***line, guint n_names, Choice *best)
{
    gint64 priority;
    char **at = *line;

    if (!package_path_is_plain(at[0]) || !at[1] || !parse_priority(at[1], &priority))
        return FALSE;
    for (guint i = 1; i < n_names; i++) {
        if (!at[1 + i] || (*at[1 + i] && !package_path_is_plain(at[1 + i])))
            return FALSE;
    }
    *line += 1 + n_names;
    if (best->targets && priority <= best->priority)
        return TRUE;
    g_strfreev(best->targets);
    best->priority = priority;
    best->targets = g_new0(char *, n_names + 1);
    for (guint i = 0; i < n_names; i++)
        best->targets[i] = g_strdup(at[i == 0 ? 0 : i + 1]);
    return TRUE;
}

static gboolean parse_alternatives(char **lines, const char *name, GPtrArray *alternatives)
{
    g_auto(GStrv) names = NULL;
    Choice best = {0};
    gboolean good = TRUE;

    /* "auto" or "manual", then the path of the link itself. */
    if (g_strv_length(lines) < 3 || !package_path_is_plain(lines[1]))
        return FALSE;
    lines += 2;
    if (!parse_names(&lines, name, &names))
        return FALSE;
    while (good && *lines && **lines)
        good = parse_choice(&lines, g_strv_length(names), &best);
    for (guint i = 0; good && best.targets && names[i] && best.targets[i]; i++) {
        if (!*best.targets[i])
            continue;
        g_ptr_array_add(alternatives, machine_alternative_new(names[i], best.targets[i]));
    }
    g_strfreev(best.targets);
    return good;
}

gboolean alternatives_parse(const char *name, const char *bytes, gsize size, GPtrArray *alternatives, GError **error)
{
    g_autofree char *text = g_strndup(bytes, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", LINES_MAX);

    if (strlen(text) == size && is_link_name(name) && parse_alternatives(lines, name, alternatives))
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_INPUT, "this is no file of alternatives");
}

gboolean alternatives_load(int root, const char *folder, GPtrArray *alternatives, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;

    if (!root_list(root, folder, &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autoptr(GBytes) content = NULL;

        if (!root_load(root, path, FILE_SIZE_MAX, &content, NULL, error))
            return FALSE;
        if (content &&
            !alternatives_parse(name, g_bytes_get_data(content, NULL), g_bytes_get_size(content), alternatives, error))
            return gourd_error_prefix(error, "'%s'", path);
    }
    return TRUE;
}
