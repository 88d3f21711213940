// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* BLAKE3: the digest of a bundle's blocks and of pieces of files, by which equal ones are found. Nobody compares it with a digest
 * from elsewhere, and everything that is packed goes through it; so it is one that is fast, and still withstands people who make
 * files that shall collide. docs/decisions/0005. */

#include "digest.h"

typedef struct {
    const void *bytes;
    gsize size;
    Digest *ret_digest;
} DigestTask;

/* The BLAKE3 digest of size bytes. */
void content_digest(const void *bytes, gsize size, Digest *ret_digest);

/* Those of n pieces: small ones are hashed side by side. */
void content_digest_many(const DigestTask *tasks, gsize n);

/* For tests: the widest vectors that are used, if the machine has them. All give the same digests. */
typedef enum {
    DIGEST_VECTORS_PLAIN,
    DIGEST_VECTORS_AVX2,
    DIGEST_VECTORS_AVX512,
} DigestVectors;

void content_digest_allow(DigestVectors vectors);
