// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inside.h"

#include <string.h>

/* A path on its way: what is resolved, and the steps still to go, the next one last. */
typedef struct {
    SquashReader *image;
    GString *path;
    GPtrArray *steps;
    guint n_links;
} Resolution;

static gboolean copy_node(const SquashNode *node, gpointer data, GError **error)
{
    InsideNode *copy = data;

    copy->found = TRUE;
    copy->type = node->type;
    copy->mode = node->mode;
    copy->uid = node->uid;
    copy->gid = node->gid;
    copy->size = node->size;
    if (node->type == ENTRY_SYMLINK)
        copy->path = g_strdup(node->target);
    return TRUE;
}

/* What is at a path, no link followed; ret_node->path is the target of a link. */
static gboolean look(SquashReader *image, const char *path, InsideNode *ret_node, GError **error)
{
    SquashWalk walk = {.visit = copy_node, .data = ret_node};
    GError *problem = NULL;

    *ret_node = (InsideNode){0};
    if (squash_reader_walk(image, path, &walk, &problem))
        return TRUE;
    if (g_error_matches(problem, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) {
        g_error_free(problem);
        return TRUE;
    }
    g_propagate_error(error, problem);
    return FALSE;
}

static void push_steps(GPtrArray *steps, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    for (guint i = g_strv_length(parts); i > 0; i--)
        g_ptr_array_add(steps, g_strdup(parts[i - 1]));
}

static void go_up(GString *path)
{
    const char *slash = strrchr(path->str, '/');

    g_string_truncate(path, slash ? (gsize)(slash - path->str) : 0);
}

/* Takes one step. A step from something that is missing, or no folder, leads to what is missing. */
static gboolean take_step(Resolution *resolution, const char *step, InsideNode *node, GError **error)
{
    if (*step == '\0' || strcmp(step, ".") == 0)
        return TRUE;
    if (strcmp(step, "..") == 0) {
        go_up(resolution->path);
        inside_node_clear(node);
        return look(resolution->image, resolution->path->str, node, error);
    }

    gsize before = resolution->path->len;

    g_string_append_printf(resolution->path, "/%s", step);
    if (!node->found)
        return TRUE;
    inside_node_clear(node);
    if (!look(resolution->image, resolution->path->str, node, error))
        return FALSE;
    if (node->type != ENTRY_SYMLINK || !node->found)
        return TRUE;
    if (++resolution->n_links > INSIDE_LINKS_MAX) {
        node->found = FALSE;
        return TRUE;
    }
    g_string_truncate(resolution->path, *node->path == '/' ? 0 : before);
    push_steps(resolution->steps, node->path);
    inside_node_clear(node);
    return look(resolution->image, resolution->path->str, node, error);
}

gboolean inside_find(SquashReader *image, const char *path, InsideNode *ret_node, GError **error)
{
    g_autoptr(GString) resolved = g_string_new(NULL);
    g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(g_free);
    Resolution resolution = {.image = image, .path = resolved, .steps = steps};
    g_auto(InsideNode) node = {0};

    if (!look(image, "", &node, error))
        return FALSE;
    push_steps(steps, path);
    while (steps->len > 0) {
        g_autofree char *step = g_ptr_array_steal_index(steps, steps->len - 1);

        if (!take_step(&resolution, step, &node, error)) {
            g_autofree char *shown = text_escape(path);

            return gourd_error_prefix(error, "cannot look up '%s' in the image", shown);
        }
    }
    g_free(node.path);
    node.path = resolved->len > 0 ? g_strdup(resolved->str) : g_strdup("/");
    *ret_node = node;
    node = (InsideNode){0};
    return TRUE;
}

void inside_node_clear(InsideNode *node)
{
    g_free(node->path);
    *node = (InsideNode){0};
}

GBytes *inside_load(SquashReader *image, const char *path, guint64 size_max)
{
    g_auto(InsideNode) node = {0};

    if (!inside_find(image, path, &node, NULL) || !node.found || node.type != ENTRY_FILE)
        return NULL;
    return squash_reader_load(image, node.path, size_max, NULL);
}

typedef struct {
    SquashReader *image;
    GBytes *bytes;
    gsize size_max;
} StartOfFile;

static gboolean read_start(const SquashNode *node, gpointer data, GError **error)
{
    StartOfFile *start = data;
    SquashExpander *expander = squash_reader_expander(start->image, error);

    start->bytes = expander ? squash_file_load_start(expander, node, start->size_max, error) : NULL;
    return start->bytes != NULL;
}

GBytes *inside_load_start(SquashReader *image, const char *path, gsize size_max)
{
    g_auto(InsideNode) node = {0};
    StartOfFile start = {.image = image, .size_max = size_max};
    SquashWalk walk = {.visit = read_start, .data = &start};

    if (!inside_find(image, path, &node, NULL) || !node.found || node.type != ENTRY_FILE ||
        !squash_reader_walk(image, node.path, &walk, NULL))
        return NULL;
    return start.bytes;
}

gboolean inside_is_below(const char *path, const char *folder)
{
    gsize length = strlen(folder);

    if (strcmp(folder, "/") == 0)
        return *path == '/';
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

char *inside_plain_path(const char *base, const char *path)
{
    g_autofree char *whole = *path == '/' ? g_strdup(path) : g_strconcat(base, "/", path, NULL);
    g_auto(GStrv) steps = g_strsplit(whole, "/", -1);
    GString *plain = g_string_new(NULL);

    for (char **step = steps; *step; step++)
        if (strcmp(*step, "..") == 0)
            go_up(plain);
        else if (**step && strcmp(*step, ".") != 0)
            g_string_append_printf(plain, "/%s", *step);
    if (plain->len == 0)
        g_string_append_c(plain, '/');
    return g_string_free(plain, FALSE);
}
