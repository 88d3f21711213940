// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ingest.h"

#include <string.h>

struct Ingest {
    BlockStore *store;
    guint8 *shared; /* a buffer that small pieces are gathered in, or NULL */
    guint32 shared_fill;
    GArray *places;
    void (*taken)(gpointer data); /* or NULL */
    gpointer taken_data;
};

Ingest *ingest_new(BlockStore *store)
{
    Ingest *ingest = g_new0(Ingest, 1);

    ingest->store = store;
    return ingest;
}

void ingest_on_piece(Ingest *ingest, void (*taken)(gpointer data), gpointer data)
{
    ingest->taken = taken;
    ingest->taken_data = data;
}

void ingest_flush(Ingest *ingest)
{
    if (!ingest->shared)
        return;
    block_store_add_raw(ingest->store, g_steal_pointer(&ingest->shared), ingest->shared_fill,
                        g_steal_pointer(&ingest->places));
    ingest->shared_fill = 0;
}

void ingest_free(Ingest *ingest)
{
    if (!ingest)
        return;
    if (ingest->shared)
        block_store_return_buffer(ingest->store, ingest->shared);
    g_clear_pointer(&ingest->places, g_array_unref);
    g_free(ingest);
}

/* A file on its way in. */
typedef struct {
    Ingest *ingest;
    EntryReader *reader;
    const guint8 *bytes; /* what the reader has shown, NULL in a hole */
    guint64 available;
} Source;

static gboolean refill(Source *source, GError **error)
{
    gsize available;

    if (source->available > 0)
        return TRUE;
    g_assert(source->reader); /* memory has all that is asked for */
    if (!entry_reader_data(source->reader, &source->bytes, &available, error))
        return FALSE;
    g_assert(available > 0); /* the pieces add up to the size of the entry */
    source->available = available;
    return TRUE;
}

static gboolean fill(Source *source, guint8 *to, guint32 size, GError **error)
{
    while (size > 0) {
        if (!refill(source, error))
            return FALSE;
        guint32 part = (guint32)MIN(size, source->available);
        if (source->bytes) {
            memcpy(to, source->bytes, part);
            source->bytes += part;
        } else {
            memset(to, 0, part);
        }
        source->available -= part;
        to += part;
        size -= part;
    }
    return TRUE;
}

static gboolean is_zero(const guint8 *bytes, guint32 size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* A piece that shares its block with others. */
static gboolean take_shared(Source *source, Piece *piece, GError **error)
{
    Ingest *ingest = source->ingest;

    if (ingest->shared && ingest->shared_fill + piece->size > block_store_rules(ingest->store)->block_size)
        ingest_flush(ingest);
    if (!ingest->shared) {
        ingest->shared = block_store_take_buffer(ingest->store);
        if (!ingest->shared)
            return FALSE;
        ingest->places = g_array_new(FALSE, FALSE, sizeof(PiecePlace));
    }
    if (!fill(source, ingest->shared + ingest->shared_fill, piece->size, error))
        return FALSE;
    PiecePlace place = {piece, ingest->shared_fill};
    g_array_append_val(ingest->places, place);
    ingest->shared_fill += piece->size;
    return TRUE;
}

/* A piece that is a block of its own. Whole blocks of zeros are holes. */
static gboolean take_block(Source *source, Piece *piece, gboolean later, GError **error)
{
    BlockStore *store = source->ingest->store;
    gboolean whole = piece->size == block_store_rules(store)->block_size;

    if (!refill(source, error))
        return FALSE;
    if (whole && !source->bytes && source->available >= piece->size) {
        source->available -= piece->size;
        piece->kind = PIECE_HOLE;
        return TRUE;
    }
    guint8 *buffer = block_store_take_buffer(store);
    if (!buffer)
        return FALSE;
    if (!fill(source, buffer, piece->size, error)) {
        block_store_return_buffer(store, buffer);
        return FALSE;
    }
    if (whole && is_zero(buffer, piece->size)) {
        block_store_return_buffer(store, buffer);
        piece->kind = PIECE_HOLE;
        return TRUE;
    }
    if (later) {
        g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(PiecePlace));
        PiecePlace place = {piece, 0};

        g_array_append_val(places, place);
        block_store_add_raw(store, buffer, piece->size, g_steal_pointer(&places));
    } else {
        block_store_add_block(store, buffer, piece->size, piece);
    }
    return TRUE;
}

static gboolean take_content(Source *source, Content *content, gboolean later, GError **error)
{
    guint32 block_size = block_store_rules(source->ingest->store)->block_size;
    guint64 count = content->size / block_size + (content->size % block_size != 0);

    g_assert(count <= G_MAXUINT32); /* layers.c allows far less */
    content->pieces = g_new0(Piece, count);
    content->piece_count = (guint32)count;
    for (guint32 i = 0; i < content->piece_count; i++) {
        Piece *piece = &content->pieces[i];

        piece->size = (guint32)MIN(block_size, content->size - (guint64)i * block_size);
        if (!(block_store_shares_block(source->ingest->store, content->size, piece->size)
                  ? take_shared(source, piece, error)
                  : take_block(source, piece, later, error)))
            return FALSE;
        if (source->ingest->taken)
            source->ingest->taken(source->ingest->taken_data);
    }
    return TRUE;
}

gboolean ingest_file(Ingest *ingest, EntryReader *reader, Content *content, gboolean later, GError **error)
{
    Source source = {.ingest = ingest, .reader = reader};

    return take_content(&source, content, later, error);
}

gboolean ingest_bytes(Ingest *ingest, const void *bytes, gsize size, Content *content)
{
    Source source = {.ingest = ingest, .bytes = bytes, .available = size};

    return take_content(&source, content, FALSE, NULL);
}
