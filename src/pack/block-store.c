// SPDX-License-Identifier: LGPL-2.1-or-later
#include "block-store.h"

#include <string.h>

struct BlockStore {
    Workers *workers;
    CutRules rules;
    int scratch;
    char *scratch_name;   /* for messages */
    guint64 scratch_size; /* atomic */
    GMutex lock;          /* of all below */
    GHashTable *blocks;   /* Block by digest and size */
    GError *error;        /* the first */
    gint failed;          /* atomic: error is set */
    GAsyncQueue *free_buffers;
    guint buffer_count;
};

Content *content_new(guint64 size)
{
    Content *content = g_new0(Content, 1);

    content->size = size;
    return content;
}

void content_free(gpointer content)
{
    if (!content)
        return;
    g_free(((Content *)content)->pieces);
    g_free(content);
}

static guint block_hash(gconstpointer data)
{
    guint hash;

    memcpy(&hash, ((const Block *)data)->digest.bytes, sizeof hash);
    return hash;
}

static gboolean block_equal(gconstpointer a, gconstpointer b)
{
    const Block *block_a = a, *block_b = b;

    return block_a->size == block_b->size && digest_equal(&block_a->digest, &block_b->digest);
}

BlockStore *block_store_new(Workers *workers, const CutRules *rules, guint buffers, const char *scratch_folder,
                            GError **error)
{
    g_autoptr(BlockStore) store = g_new0(BlockStore, 1);

    g_mutex_init(&store->lock);
    store->workers = workers;
    store->rules = *rules;
    store->blocks = g_hash_table_new_full(block_hash, block_equal, g_free, NULL);
    store->free_buffers = g_async_queue_new_full(g_free);
    store->buffer_count = buffers;
    for (guint i = 0; i < buffers; i++)
        g_async_queue_push(store->free_buffers, g_malloc(rules->block_size));
    store->scratch = -1;
    store->scratch_name = scratch_describe(scratch_folder);
    return scratch_open(scratch_folder, &store->scratch, error) ? g_steal_pointer(&store) : NULL;
}

void block_store_free(BlockStore *store)
{
    if (!store)
        return;
    g_hash_table_unref(store->blocks);
    g_async_queue_unref(store->free_buffers);
    g_clear_error(&store->error);
    g_mutex_clear(&store->lock);
    fd_close(&store->scratch);
    g_free(store->scratch_name);
    g_free(store);
}

const CutRules *block_store_rules(const BlockStore *store)
{
    return &store->rules;
}

gboolean block_store_shares_block(const BlockStore *store, guint64 file_size, guint32 piece_size)
{
    const CutRules *rules = &store->rules;
    gboolean tail = file_size >= rules->block_size;

    return piece_size < rules->shared_below && piece_size < rules->block_size && (!tail || rules->share_tails);
}

int block_store_scratch_fd(const BlockStore *store)
{
    return store->scratch;
}

const char *block_store_scratch_name(const BlockStore *store)
{
    return store->scratch_name;
}

gboolean block_store_has_failed(BlockStore *store)
{
    return g_atomic_int_get(&store->failed);
}

guint8 *block_store_take_buffer(BlockStore *store)
{
    guint8 *buffer = g_async_queue_pop(store->free_buffers);

    if (!block_store_has_failed(store))
        return buffer;
    g_async_queue_push(store->free_buffers, buffer);
    return NULL;
}

void block_store_free_buffers(BlockStore *store)
{
    gpointer buffer;

    while ((buffer = g_async_queue_try_pop(store->free_buffers)))
        g_free(buffer);
}

void block_store_return_buffer(BlockStore *store, guint8 *buffer)
{
    g_async_queue_push(store->free_buffers, buffer);
}

static void take_error(BlockStore *store, GError *error)
{
    g_mutex_lock(&store->lock);
    if (store->error)
        g_error_free(error);
    else
        store->error = error;
    g_mutex_unlock(&store->lock);
    g_atomic_int_set(&store->failed, TRUE);
}

/* Appends to the scratch file; several threads at a time. */
static guint64 append(BlockStore *store, const void *bytes, gsize size)
{
    guint64 offset = __atomic_fetch_add(&store->scratch_size, size, __ATOMIC_RELAXED);
    g_autoptr(GError) error = NULL;

    if (!fd_pwrite(store->scratch, store->scratch_name, bytes, size, offset, &error))
        take_error(store, g_steal_pointer(&error));
    return offset;
}

/* Finds the block with that digest, or adds one: *ret_added. */
static Block *find_or_add(BlockStore *store, const Digest *digest, guint32 size, gboolean *ret_added)
{
    Block key = {.digest = *digest, .size = size};

    g_mutex_lock(&store->lock);
    Block *block = g_hash_table_lookup(store->blocks, &key);
    *ret_added = block == NULL;
    if (!block) {
        block = g_memdup2(&key, sizeof key);
        g_hash_table_add(store->blocks, block);
    }
    g_mutex_unlock(&store->lock);
    return block;
}

typedef struct {
    Task task;
    BlockStore *store;
    guint8 *buffer;
    guint32 size;
    Piece *piece;
    GArray *places;
} PieceTask;

static void run_block(Task *task, const WorkerTools *tools)
{
    PieceTask *self = (PieceTask *)task;
    BlockStore *store = self->store;
    gboolean added;
    Digest digest;

    content_digest(self->buffer, self->size, &digest);
    Block *block = find_or_add(store, &digest, self->size, &added);
    if (added) {
        gsize stored;

        block_codec_compress(tools->codec, self->buffer, self->size, tools->stored, &stored);
        block->stored_size = stored > 0 ? (guint32)stored : self->size;
        block->scratch = append(store, stored > 0 ? tools->stored : self->buffer, block->stored_size);
    }
    self->piece->block = block;
    self->piece->kind = PIECE_BLOCK;
    block_store_return_buffer(store, self->buffer);
    g_free(self);
}

static void run_raw(Task *task, const WorkerTools *tools)
{
    PieceTask *self = (PieceTask *)task;
    guint64 offset = append(self->store, self->buffer, self->size);
    guint count = self->places->len;
    g_autofree DigestTask *digests = g_new(DigestTask, count);

    for (guint i = 0; i < count; i++) {
        const PiecePlace *place = &g_array_index(self->places, PiecePlace, i);
        Piece *piece = place->piece;

        piece->raw.scratch = offset + place->offset;
        piece->kind = PIECE_RAW;
        digests[i] = (DigestTask){self->buffer + place->offset, piece->size, &piece->raw.digest};
    }
    content_digest_many(digests, count);
    block_store_return_buffer(self->store, self->buffer);
    g_array_unref(self->places);
    g_free(self);
}

static void push(BlockStore *store, TaskFunc run, guint8 *buffer, guint32 size, Piece *piece, GArray *places)
{
    PieceTask *task = g_new0(PieceTask, 1);

    *task = (PieceTask){{run}, store, buffer, size, piece, places};
    workers_push(store->workers, &task->task);
}

void block_store_add_block(BlockStore *store, guint8 *buffer, guint32 size, Piece *piece)
{
    piece->size = size;
    push(store, run_block, buffer, size, piece, NULL);
}

void block_store_add_raw(BlockStore *store, guint8 *buffer, guint32 size, GArray *places)
{
    push(store, run_raw, buffer, size, NULL, places);
}

typedef struct {
    Task task;
    int scratch;
} CloseTask;

static void run_close(Task *task, const WorkerTools *tools)
{
    CloseTask *self = (CloseTask *)task;

    fd_close(&self->scratch);
    g_free(self);
}

void block_store_close_scratch(BlockStore *store)
{
    CloseTask *task = g_new0(CloseTask, 1);

    *task = (CloseTask){{run_close}, store->scratch};
    store->scratch = -1;
    workers_push(store->workers, &task->task);
}

gboolean block_store_settle(BlockStore *store, GError **error)
{
    workers_wait(store->workers);
    if (!store->error)
        return TRUE;
    g_propagate_error(error, g_error_copy(store->error));
    return FALSE;
}

const Digest *piece_digest(const Piece *piece)
{
    return piece->kind == PIECE_BLOCK ? &piece->block->digest : &piece->raw.digest;
}

Block *block_store_block_of(BlockStore *store, Piece *piece)
{
    gboolean added;

    if (piece->kind == PIECE_BLOCK)
        return piece->block;
    g_assert(piece->kind == PIECE_RAW);
    guint64 scratch = piece->raw.scratch;
    Block *block = find_or_add(store, &piece->raw.digest, piece->size, &added);
    if (added) {
        block->raw = TRUE;
        block->stored_size = piece->size;
        block->scratch = scratch;
    }
    piece->kind = PIECE_BLOCK;
    piece->block = block;
    return block;
}

gboolean block_store_read_piece(const BlockStore *store, BlockCodec *codec, const Piece *piece, guint8 *ret_bytes,
                                GError **error)
{
    if (piece->kind == PIECE_HOLE) {
        memset(ret_bytes, 0, piece->size);
        return TRUE;
    }
    if (piece->kind == PIECE_RAW)
        return fd_pread_exactly(store->scratch, store->scratch_name, ret_bytes, piece->size, piece->raw.scratch, error);
    const Block *block = piece->block;
    if (block->stored_size == block->size)
        return fd_pread_exactly(store->scratch, store->scratch_name, ret_bytes, block->size, block->scratch, error);
    g_autofree guint8 *stored = g_malloc(block->stored_size);
    gsize size;
    if (!fd_pread_exactly(store->scratch, store->scratch_name, stored, block->stored_size, block->scratch, error))
        return FALSE;
    if (!block_codec_expand(codec, stored, block->stored_size, ret_bytes, block->size, &size) || size != block->size)
        return gourd_error_set(error, GOURD_ERROR_FAILED, "%s was changed", store->scratch_name);
    return TRUE;
}
