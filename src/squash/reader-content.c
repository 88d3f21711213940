// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reader-private.h"

#include "codec/codec.h"

#include <string.h>

#define ZSTD_STEP (128 * 1024) /* bytes of a frame that are expanded at once (RFC 8878, "Block_Maximum_Size") */

struct SquashExpander {
    const SquashReader *reader;
    sqfs_compressor_t *compressor; /* not to be shared by threads */
    guint8 *raw;
    guint64 offset; /* of the block that raw holds */
    guint32 word;   /* 0: none */
    gsize size;
    gboolean is_whole;     /* else raw is the beginning of it */
    BlockCodec *beginning; /* for beginnings of blocks; NULL until needed, or for other codecs than zstd */
};

SquashExpander *squash_expander_new(const SquashReader *reader, GError **error)
{
    g_autoptr(SquashExpander) expander = g_new0(SquashExpander, 1);

    expander->reader = reader;
    expander->compressor = sqfs_copy(reader->compressor);
    if (!expander->compressor) {
        squash_fail(error, SQFS_ERROR_ALLOC, "cannot use the compressor");
        return NULL;
    }
    expander->raw = g_malloc(reader->facts.block_size);
    return g_steal_pointer(&expander);
}

void squash_expander_free(SquashExpander *expander)
{
    if (!expander)
        return;
    sqfs_destroy(expander->compressor);
    block_codec_free(expander->beginning);
    g_free(expander->raw);
    g_free(expander);
}

SquashExpander *squash_reader_expander(SquashReader *reader, GError **error)
{
    if (!reader->expander)
        reader->expander = squash_expander_new(reader, error);
    return reader->expander;
}

/* Room for a stored block, which is wanted until it is expanded: one for each thread, as memory that is used for the first time costs more
 * than reading into it. */
static guint8 *get_room(gsize size)
{
    static GPrivate rooms = G_PRIVATE_INIT((GDestroyNotify)g_byte_array_unref);
    GByteArray *room = g_private_get(&rooms);

    if (!room) {
        room = g_byte_array_new();
        g_private_set(&rooms, room);
    }
    if (room->len < size)
        g_byte_array_set_size(room, (guint)size);
    return room->data;
}

void squash_reader_drop_expander(SquashReader *reader)
{
    g_clear_pointer(&reader->expander, squash_expander_free);
}

static gboolean read_stored(SquashExpander *expander, guint64 offset, gsize size, guint8 *bytes, GError **error)
{
    const SquashFacts *facts = &expander->reader->facts;

    if (size == 0 || size > facts->block_size)
        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "a block of %" G_GSIZE_FORMAT " stored bytes; blocks have at most %u", size,
                               facts->block_size);
    if (offset < facts->data_start || offset > facts->inode_table || size > facts->inode_table - offset)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a block lies outside of the data");
    return fd_pread_exactly(expander->reader->file.fd, expander->reader->name, bytes, size, offset, error);
}

/* Expands a block, or of zstd's at least the first `wanted` bytes. */
static gint32 expand_stored(SquashExpander *expander, const guint8 *stored, gsize size, gsize wanted)
{
    guint32 block_size = expander->reader->facts.block_size;
    gsize got = 0;

    expander->is_whole = wanted >= block_size || block_size <= ZSTD_STEP ||
                         expander->reader->super.compression_id != SQFS_COMP_ZSTD;
    if (expander->is_whole)
        return expander->compressor->do_block(expander->compressor, stored, (guint32)size, expander->raw, block_size);
    if (!expander->beginning)
        expander->beginning = block_codec_new(CODEC_ZSTD, CODEC_LEVEL_DEFAULT, block_size, NULL);
    return block_codec_expand_start(expander->beginning, stored, size, wanted, expander->raw, block_size, &got)
               ? (gint32)got
               : -1;
}

static gboolean expand(SquashExpander *expander, guint64 offset, guint32 word, gsize wanted, GError **error)
{
    gsize size = word & SQUASH_BLOCK_SIZE_MASK;
    gboolean plain = (word & SQUASH_BLOCK_PLAIN) != 0;
    guint8 *stored = plain ? expander->raw : get_room(expander->reader->facts.block_size);

    if (word & ~(SQUASH_BLOCK_SIZE_MASK | SQUASH_BLOCK_PLAIN))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a block's size has unknown bits");
    expander->word = 0;
    if (!read_stored(expander, offset, size, stored, error))
        return FALSE;
    expander->size = size;
    expander->is_whole = TRUE;
    if (!plain) {
        gint32 got = expand_stored(expander, stored, size, wanted);

        if (got <= 0)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "a block's compressed data are broken");
        expander->size = (gsize)got;
    }
    expander->offset = offset;
    expander->word = word;
    return TRUE;
}

gboolean squash_expander_block(SquashExpander *expander, guint64 offset, guint32 word, const guint8 **ret_bytes,
                               gsize *ret_size, GError **error)
{
    gboolean held = word != 0 && word == expander->word && offset == expander->offset && expander->is_whole;

    if (!held && !expand(expander, offset, word, expander->reader->facts.block_size, error))
        return FALSE;
    *ret_bytes = expander->raw;
    *ret_size = expander->size;
    return TRUE;
}

static gboolean read_blocks(SquashExpander *expander, const SquashNode *file, SquashPiece content, gpointer data,
                            GError **error)
{
    guint32 block_size = expander->reader->facts.block_size;
    guint64 offset = file->data_offset;
    guint64 left = file->size;

    for (guint64 i = 0; i < file->n_blocks; i++) {
        gsize want = MIN(block_size, left), got = want;
        const guint8 *bytes = NULL;

        if (file->sizes[i] != 0 && !squash_expander_block(expander, offset, file->sizes[i], &bytes, &got, error))
            return gourd_error_prefix(error, "block %" G_GUINT64_FORMAT " (byte %" G_GUINT64_FORMAT ")", i, offset);
        if (got != want)
            return gourd_error_set(error, GOURD_ERROR_INPUT,
                                   "block %" G_GUINT64_FORMAT " has %" G_GSIZE_FORMAT
                                   " bytes instead of %" G_GSIZE_FORMAT,
                                   i, got, want);
        if (!content(bytes, want, data, error))
            return FALSE;
        offset += file->sizes[i] & SQUASH_BLOCK_SIZE_MASK;
        left -= want;
    }
    return TRUE;
}

gboolean squash_file_read(SquashExpander *expander, const SquashNode *file, SquashPiece content, gpointer data,
                          GError **error)
{
    gsize tail = file->size % expander->reader->facts.block_size;
    guint64 offset;
    guint32 word;
    const guint8 *bytes;
    gsize size;

    if (!read_blocks(expander, file, content, data, error))
        return FALSE;
    if (!file->packed)
        return TRUE;
    if (!squash_reader_locate_fragment(expander->reader, file->fragment, &offset, &word, error) ||
        !squash_expander_block(expander, offset, word, &bytes, &size, error))
        return gourd_error_prefix(error, "fragment %u", file->fragment);
    if (file->fragment_offset > size || tail > size - file->fragment_offset)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "its tail lies outside of fragment %u", file->fragment);
    return content(bytes + file->fragment_offset, tail, data, error);
}

static gboolean append_content(const guint8 *bytes, gsize size, gpointer data, GError **error)
{
    GByteArray *whole = data;
    guint old = whole->len;

    g_byte_array_set_size(whole, old + (guint)size);
    if (bytes)
        memcpy(whole->data + old, bytes, size);
    else
        memset(whole->data + old, 0, size);
    return TRUE;
}

GBytes *squash_file_load(SquashExpander *expander, const SquashNode *file, guint64 size_max, GError **error)
{
    g_autoptr(GByteArray) whole = g_byte_array_new();

    if (file->size > MIN(size_max, G_MAXUINT32)) {
        gourd_error_set(error, GOURD_ERROR_LIMIT, "%" G_GUINT64_FORMAT " bytes; at most %" G_GUINT64_FORMAT " are read",
                        file->size, size_max);
        return NULL;
    }
    if (!squash_file_read(expander, file, append_content, whole, error))
        return NULL;
    return g_byte_array_free_to_bytes(g_steal_pointer(&whole));
}

/* Appends the beginning of a block, from `skip` on; word 0: a hole. */
static gboolean append_start(SquashExpander *expander, guint64 offset, guint32 word, gsize skip, gsize wanted,
                             GByteArray *whole, GError **error)
{
    gboolean held = word != 0 && word == expander->word && offset == expander->offset &&
                    (expander->is_whole || expander->size >= skip + wanted);

    if (word == 0)
        return append_content(NULL, wanted, whole, error);
    if (!held && !expand(expander, offset, word, skip + wanted, error))
        return FALSE;
    if (skip > expander->size || wanted > expander->size - skip)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a block is shorter than what shall be in it");
    return append_content(expander->raw + skip, wanted, whole, error);
}

GBytes *squash_file_load_start(SquashExpander *expander, const SquashNode *file, gsize size_max, GError **error)
{
    g_autoptr(GByteArray) whole = g_byte_array_new();
    gsize block_size = expander->reader->facts.block_size;
    guint64 left = MIN(size_max, file->size), offset = file->data_offset;
    guint32 word;

    for (guint64 i = 0; i < file->n_blocks && left > 0; i++) {
        gsize wanted = MIN(block_size, left);

        if (!append_start(expander, offset, file->sizes[i], 0, wanted, whole, error))
            return NULL;
        offset += file->sizes[i] & SQUASH_BLOCK_SIZE_MASK;
        left -= wanted;
    }
    if (left > 0 && file->packed &&
        (!squash_reader_locate_fragment(expander->reader, file->fragment, &offset, &word, error) ||
         !append_start(expander, offset, word, file->fragment_offset, left, whole, error)))
        return NULL;
    return g_byte_array_free_to_bytes(g_steal_pointer(&whole));
}

static gboolean hash_content(const guint8 *bytes, gsize size, gpointer data, GError **error)
{
    static const guint8 zeros[4096];

    if (bytes) {
        hasher_update(data, bytes, size);
        return TRUE;
    }
    for (gsize done = 0; done < size; done += sizeof zeros)
        hasher_update(data, zeros, MIN(sizeof zeros, size - done));
    return TRUE;
}

gboolean squash_file_digest(SquashExpander *expander, const SquashNode *file, Digest *ret_digest, GError **error)
{
    g_autoptr(Hasher) hasher = hasher_new();

    if (!squash_file_read(expander, file, hash_content, hasher, error))
        return FALSE;
    hasher_finish(hasher, ret_digest);
    return TRUE;
}

typedef struct {
    SquashExpander *expander;
    guint64 size_max;
    GBytes *bytes;
} Load;

static gboolean load_visited(const SquashNode *node, gpointer data, GError **error)
{
    Load *load = data;

    if (node->type != ENTRY_FILE)
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "it is no regular file");
    load->bytes = squash_file_load(load->expander, node, load->size_max, error);
    return load->bytes != NULL;
}

GBytes *squash_reader_load(SquashReader *reader, const char *path, guint64 size_max, GError **error)
{
    SquashExpander *expander = squash_reader_expander(reader, error);
    Load load = {expander, size_max, NULL};
    SquashWalk walk = {.visit = load_visited, .data = &load};

    if (!expander)
        return NULL;
    if (!squash_reader_walk(reader, path, &walk, error)) {
        g_autofree char *shown = text_escape(path);

        gourd_error_prefix(error, "cannot read '%s' in the image", shown);
        return NULL;
    }
    return load.bytes;
}
