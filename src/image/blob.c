// SPDX-License-Identifier: LGPL-2.1-or-later
#include "blob.h"

#include "beneath.h"

#include <string.h>

#define BLOB_FOLDER "blobs/sha256/"

void blob_init_bytes(Blob *ret_blob, GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    ret_blob->stream = byte_stream_new_memory(data, size);
    ret_blob->size = size;
    ret_blob->fd = -1;
    ret_blob->bytes = g_bytes_ref(bytes);
}

void blob_clear(Blob *blob)
{
    g_clear_pointer(&blob->stream, byte_stream_free);
    g_clear_pointer(&blob->bytes, g_bytes_unref);
    fd_close(&blob->fd);
}

gboolean blob_store_open(BlobStore *store, const char *path, Blob *ret_blob, GError **error)
{
    return store->open(store, path, ret_blob, error);
}

void blob_store_free(BlobStore *store)
{
    if (store)
        store->free(store);
}

/* --- a folder ------------------------------------------------------------------------------------------------------ */

typedef struct {
    BlobStore store;
    int folder;
} FolderStore;

static gboolean open_in_folder(BlobStore *store, const char *path, Blob *ret_blob, GError **error)
{
    autofd fd = -1;
    guint64 size;

    if (!beneath_open_file(((FolderStore *)store)->folder, path, &fd, &size, error))
        return FALSE;
    ret_blob->stream = byte_stream_new_file(fd, path, 0, size);
    ret_blob->size = size;
    ret_blob->fd = fd_steal(&fd);
    ret_blob->bytes = NULL;
    return TRUE;
}

static void free_store(BlobStore *store)
{
    g_free(store);
}

BlobStore *blob_store_new_folder(int folder)
{
    FolderStore *result = g_new0(FolderStore, 1);

    result->store.open = open_in_folder;
    result->store.free = free_store;
    result->folder = folder;
    return &result->store;
}

/* --- an archive ---------------------------------------------------------------------------------------------------- */

typedef struct {
    BlobStore store;
    const Input *input;
} ArchiveStore;

static gboolean open_in_archive(BlobStore *store, const char *path, Blob *ret_blob, GError **error)
{
    const Input *input = ((ArchiveStore *)store)->input;
    guint64 offset, size;

    if (!archive_find(input->archive, path, &offset, &size, error))
        return FALSE;
    ret_blob->stream = byte_stream_new_file(input->fd, input->name, offset, size);
    ret_blob->size = size;
    ret_blob->fd = -1;
    ret_blob->bytes = NULL;
    return TRUE;
}

BlobStore *blob_store_new_archive(const Input *input)
{
    ArchiveStore *result = g_new0(ArchiveStore, 1);

    result->store.open = open_in_archive;
    result->store.free = free_store;
    result->input = input;
    return &result->store;
}

/* --- whole blobs --------------------------------------------------------------------------------------------------- */

GBytes *blob_read(Blob *blob, const char *what, gsize size_max, GError **error)
{
    g_auto(Blob) owned = *blob;
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    *blob = (Blob){.fd = -1};
    for (;;) {
        const guint8 *shown;
        gsize size;

        if (!byte_stream_peek(owned.stream, 1, &shown, &size, error))
            return NULL;
        if (size == 0)
            return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
        if (size > size_max - bytes->len) {
            gourd_error_set(error, GOURD_ERROR_LIMIT, "%s is over the limit of %" G_GSIZE_FORMAT " bytes", what,
                            size_max);
            return NULL;
        }
        g_byte_array_append(bytes, shown, (guint)size);
        byte_stream_advance(owned.stream, size);
    }
}

GBytes *blob_store_read(BlobStore *store, const char *path, gsize size_max, GError **error)
{
    g_auto(Blob) blob = {.fd = -1};
    g_autofree char *shown = text_escape(path);
    g_autofree char *what = g_strdup_printf("'%s'", shown);

    if (!blob_store_open(store, path, &blob, error))
        return NULL;
    return blob_read(&blob, what, size_max, error);
}

char *blob_path(const Digest *digest)
{
    g_autofree char *text = digest_to_text(digest);

    return g_strconcat(BLOB_FOLDER, strchr(text, ':') + 1, NULL);
}

gboolean blob_path_parse(const char *path, Digest *ret_digest)
{
    g_autofree char *text = NULL;

    if (!g_str_has_prefix(path, BLOB_FOLDER))
        return FALSE;
    text = g_strconcat("sha256:", path + strlen(BLOB_FOLDER), NULL);
    return digest_parse(text, ret_digest, NULL);
}
