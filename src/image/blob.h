// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Where the manifests, configurations and layers of images are kept, by their path as in an OCI image layout
 * (image-spec 1.1, image-layout.md): "index.json", "blobs/sha256/…". A folder, an archive, later a registry. */

#include "input.h"

/* One blob, opened. Initialise with { .fd = -1 }. */
typedef struct {
    ByteStream *stream;
    guint64 size;
    int fd;        /* kept open for the stream, or -1 */
    GBytes *bytes; /* kept alive for the stream, or NULL */
} Blob;

void blob_clear(Blob *blob);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Blob, blob_clear)

/* A blob that lies in memory already: the `data` of a descriptor. */
void blob_init_bytes(Blob *ret_blob, GBytes *bytes);

typedef struct BlobStore BlobStore;

struct BlobStore {
    /* Opens a blob from its start; from several threads at once. NOT_FOUND and other errors name the path. */
    gboolean (*open)(BlobStore *store, const char *path, Blob *ret_blob, GError **error);
    void (*free)(BlobStore *store);
};

/* The folder fd or the listed archive, which stay the caller's and must outlive the store. */
BlobStore *blob_store_new_folder(int folder);
BlobStore *blob_store_new_archive(const Input *input);

gboolean blob_store_open(BlobStore *store, const char *path, Blob *ret_blob, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void blob_store_free(BlobStore *store);

/* Reads all of a blob; more than size_max bytes are a LIMIT error. Takes the blob. */
GBytes *blob_read(Blob *blob, const char *what, gsize size_max, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens and reads. */
GBytes *blob_store_read(BlobStore *store, const char *path, gsize size_max, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "blobs/sha256/HEX"; the caller frees. */
char *blob_path(const Digest *digest);
/* TRUE and the digest if path is of that form. */
gboolean blob_path_parse(const char *path, Digest *ret_digest);
