// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct WhyTree {
    char *path;
    int fd;              /* of the folder or the image */
    SquashReader *image; /* NULL: a folder */
};

void why_tree_free(WhyTree *tree)
{
    if (!tree)
        return;
    squash_reader_free(tree->image);
    fd_close(&tree->fd);
    g_free(tree->path);
    g_free(tree);
}

WhyTree *why_tree_open(const char *path, gboolean is_image, GError **error)
{
    g_autoptr(WhyTree) tree = g_new0(WhyTree, 1);

    tree->path = realpath(path, NULL); /* freed by g_free(), which is free() */
    tree->fd = open(path, (is_image ? O_RDONLY : O_PATH | O_DIRECTORY) | O_CLOEXEC | O_NONBLOCK);
    if (!tree->path || tree->fd < 0) {
        g_autofree char *shown = text_escape(path);

        gourd_error_set_errno(error, errno, "cannot open '%s'", shown);
        return NULL;
    }
    if (is_image) {
        tree->image = squash_reader_new(tree->fd, path, error);
        if (!tree->image)
            return NULL;
    }
    return g_steal_pointer(&tree);
}

/* The path that a descriptor has below the folder. */
static char *path_of_fd(const WhyTree *tree, int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *target = g_file_read_link(link, NULL);
    gsize length = strcmp(tree->path, "/") == 0 ? 0 : strlen(tree->path);

    if (!target || strncmp(target, tree->path, length) != 0)
        return NULL;
    return g_strdup(target[length] ? target + length : "/");
}

static gboolean find_in_folder(const WhyTree *tree, const char *path, InsideNode *ret_node)
{
    autofd fd = root_open(tree->fd, path, O_PATH, 0);
    struct stat status;

    *ret_node = (InsideNode){0};
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        ret_node->path = g_strdup(path);
        return TRUE;
    }
    if (fd < 0 || fstat(fd, &status) < 0)
        return FALSE;
    *ret_node = (InsideNode){
        .found = TRUE,
        .path = path_of_fd(tree, fd),
        .type = entry_type_of_mode(status.st_mode),
        .mode = status.st_mode & 07777,
        .uid = status.st_uid,
        .gid = status.st_gid,
        .size = (guint64)status.st_size,
    };
    if (!ret_node->path)
        ret_node->path = g_strdup(path);
    return TRUE;
}

gboolean why_tree_find(const WhyTree *tree, const char *path, InsideNode *ret_node)
{
    return tree->image ? inside_find(tree->image, path, ret_node, NULL) : find_in_folder(tree, path, ret_node);
}

GBytes *why_tree_load(const WhyTree *tree, const char *path, gsize size_max)
{
    g_autofree guint8 *bytes = NULL;
    gsize got;

    if (tree->image)
        return inside_load_start(tree->image, path, size_max);
    autofd fd = root_open(tree->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    bytes = g_malloc(size_max);
    if (fd < 0 || !fd_pread(fd, path, bytes, size_max, 0, &got, NULL))
        return NULL;
    return g_bytes_new(bytes, got);
}
