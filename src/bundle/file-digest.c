// SPDX-License-Identifier: LGPL-2.1-or-later
#include "index-build.h"

#define RANGE_PIECE (256u * 1024)

void file_digest_init(FileDigest *digest, guint64 size, guint32 block_size)
{
    *digest = (FileDigest){.block_size = block_size, .size = size};
    if (size > block_size)
        digest->tree = hasher_new();
    else if (size == 0)
        content_digest("", 0, &digest->single);
}

void file_digest_add(FileDigest *digest, const Digest *block)
{
    if (digest->tree)
        hasher_update(digest->tree, block->bytes, DIGEST_SIZE);
    else
        digest->single = *block;
}

void file_digest_finish(FileDigest *digest, Digest *ret_digest)
{
    if (digest->tree)
        hasher_finish(digest->tree, ret_digest);
    else
        *ret_digest = digest->single;
    g_clear_pointer(&digest->tree, hasher_free);
}

void pack_digest(const guint8 *pieces, gsize n, Digest *ret_digest)
{
    digest_of_bytes(pieces, n * DIGEST_SIZE, ret_digest);
}

void zeros_digest(guint32 size, Digest *ret_digest)
{
    static _Thread_local guint32 last_size;
    static _Thread_local Digest last;
    static _Thread_local gboolean has_last;

    if (!has_last || last_size != size) {
        g_autofree guint8 *zeros = g_malloc0(size);

        content_digest(zeros, size, &last);
        last_size = size;
        has_last = TRUE;
    }
    *ret_digest = last;
}

gboolean file_range_digest(int fd, const char *name, guint64 offset, guint64 size, Digest *ret_digest, GError **error)
{
    g_autoptr(Hasher) hasher = hasher_new();
    g_autofree guint8 *piece = g_malloc(RANGE_PIECE);

    for (guint64 done = 0; done < size;) {
        gsize part = MIN(RANGE_PIECE, size - done);

        if (!fd_pread_exactly(fd, name, piece, part, offset + done, error))
            return FALSE;
        hasher_update(hasher, piece, part);
        done += part;
    }
    hasher_finish(hasher, ret_digest);
    return TRUE;
}
