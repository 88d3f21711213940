// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* SHA-256 (FIPS 180-4): of blobs, layers and all else that others have a digest of too. content-digest.h has that of blocks. */

#include <glib.h>

#define DIGEST_SIZE 32
#define DIGEST_HEX_LENGTH (2 * DIGEST_SIZE)
#define DIGEST_TEXT_LENGTH (7 + DIGEST_HEX_LENGTH) /* "sha256:" and the hexadecimal digits */

typedef struct {
    guint8 bytes[DIGEST_SIZE];
} Digest;

/* Loads what digests are made with, which the first one does otherwise, and then a failure is the end. For those who make many: it fails
 * where files cannot be opened. */
gboolean digest_prepare(GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Loads it beside what the caller does first. The caller joins the thread; NULL if there can be none. */
GThread *digest_load_begin(void) G_GNUC_WARN_UNUSED_RESULT;

gboolean digest_equal(const Digest *a, const Digest *b);

/* Reads "sha256:" and 64 lower-case hexadecimal digits (OCI image-spec 1.1, descriptor.md, digests). Other algorithms
 * are UNSUPPORTED, anything else INPUT. */
gboolean digest_parse(const char *text, Digest *ret_digest, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "sha256:…"; the caller frees. */
char *digest_to_text(const Digest *digest);

/* The digest of size bytes. */
void digest_of_bytes(const void *bytes, gsize size, Digest *ret_digest);

/* A SHA-256 in progress. */
typedef struct Hasher Hasher;

Hasher *hasher_new(void);
void hasher_free(Hasher *hasher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hasher, hasher_free)
void hasher_update(Hasher *hasher, const void *bytes, gsize size);
/* Gives the digest of what was fed and starts anew. */
void hasher_finish(Hasher *hasher, Digest *ret_digest);
