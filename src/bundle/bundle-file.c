// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bundle-file.h"

#include "index-format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

G_STATIC_ASSERT(BUNDLE_FOOTER_BYTES == INDEX_FOOTER_SIZE);

struct Bundle {
    int own_fd, fd;
    char *name;
    SquashReader *image;
    BundleIndex *index;
    GError *index_problem;
};

static gboolean read_bytes(const Bundle *bundle, guint64 offset, guint64 size, GBytes **ret_bytes, GError **error)
{
    g_autofree guint8 *bytes = g_try_malloc(MAX(size, 1));

    if (!bytes)
        return gourd_error_set(error, GOURD_ERROR_FAILED, "no memory for an index of %" G_GUINT64_FORMAT " bytes",
                               size);
    if (!fd_pread_exactly(bundle->fd, bundle->name, bytes, size, offset, error))
        return FALSE;
    *ret_bytes = g_bytes_new_take(g_steal_pointer(&bytes), size);
    return TRUE;
}

/* Finds the footer. *ret_found FALSE without an error: this is just a SquashFS file. */
static gboolean find_footer(const Bundle *bundle, BundleFooter *ret_footer, gboolean *ret_found, GError **error)
{
    const SquashFacts *facts = squash_reader_facts(bundle->image);
    guint8 bytes[BUNDLE_FOOTER_BYTES];

    *ret_found = FALSE; /* no file is shorter than a superblock, which is longer than a footer */
    if (!fd_pread_exactly(bundle->fd, bundle->name, bytes, sizeof bytes, facts->file_size - sizeof bytes, error))
        return FALSE;
    if (bundle_footer_detect(bytes)) {
        *ret_found = TRUE;
        return bundle_footer_parse(bytes, facts->file_size, ret_footer, error);
    }
    if (facts->file_size < bundle_align(facts->bytes_used) + INDEX_MAGIC_SIZE)
        return TRUE;
    /* The index begins right behind the image, so its magic shows a bundle whose end is missing. */
    if (!fd_pread_exactly(bundle->fd, bundle->name, bytes, INDEX_MAGIC_SIZE, bundle_align(facts->bytes_used), error))
        return FALSE;
    if (memcmp(bytes, INDEX_MAGIC, INDEX_MAGIC_SIZE) == 0)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the file is truncated: its index has no end");
    return TRUE;
}

static gboolean read_index(Bundle *bundle, GError **error)
{
    const SquashFacts *facts = squash_reader_facts(bundle->image);
    g_autoptr(GBytes) bytes = NULL;
    BundleFooter footer;
    gboolean found;

    if (!find_footer(bundle, &footer, &found, error))
        return FALSE;
    if (!found)
        return TRUE;
    if (!read_bytes(bundle, footer.index_offset, footer.index_size, &bytes, error))
        return FALSE;
    g_autoptr(BundleIndex) index = bundle_index_parse(bytes, &footer, error);
    if (!index)
        return FALSE;
    const IndexFacts *said = bundle_index_facts(index);
    if (said->squashfs_size != facts->bytes_used || said->block_size != facts->block_size ||
        said->data_start < facts->data_start || said->data_end > facts->inode_table)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the index is not of this SquashFS image");
    bundle->index = g_steal_pointer(&index);
    return TRUE;
}

static Bundle *open_bundle(int fd, gboolean own, gboolean with_index, const char *name, GError **error)
{
    g_autoptr(Bundle) bundle = g_new0(Bundle, 1);

    bundle->fd = fd;
    bundle->own_fd = own ? fd : -1;
    bundle->name = g_strdup(name);
    bundle->image = squash_reader_new(fd, name, error);
    if (!bundle->image)
        return NULL;
    if (with_index && !read_index(bundle, &bundle->index_problem))
        gourd_error_prefix(&bundle->index_problem, "cannot use the index");
    return g_steal_pointer(&bundle);
}

static Bundle *open_path(const char *path, gboolean with_index, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        g_autofree char *shown = text_escape(path);

        gourd_error_set_errno(error, errno, "cannot open '%s'", shown);
        return NULL;
    }
    return open_bundle(fd, TRUE, with_index, path, error);
}

Bundle *bundle_open(const char *path, GError **error)
{
    return open_path(path, TRUE, error);
}

Bundle *bundle_open_image(const char *path, GError **error)
{
    return open_path(path, FALSE, error);
}

Bundle *bundle_open_fd(int fd, const char *name, GError **error)
{
    return open_bundle(fd, FALSE, TRUE, name, error);
}

void bundle_free(Bundle *bundle)
{
    if (!bundle)
        return;
    squash_reader_free(bundle->image);
    bundle_index_free(bundle->index);
    g_clear_error(&bundle->index_problem);
    fd_close(&bundle->own_fd);
    g_free(bundle->name);
    g_free(bundle);
}

int bundle_fd(const Bundle *bundle)
{
    return bundle->fd;
}

const char *bundle_name(const Bundle *bundle)
{
    return bundle->name;
}

guint64 bundle_size(const Bundle *bundle)
{
    return squash_reader_facts(bundle->image)->file_size;
}

SquashReader *bundle_image(const Bundle *bundle)
{
    return bundle->image;
}

const BundleIndex *bundle_index(const Bundle *bundle)
{
    return bundle->index;
}

const GError *bundle_index_problem(const Bundle *bundle)
{
    return bundle->index_problem;
}
