// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit.h"

#include "squash/squash.h"

#include <fcntl.h>

#define WRITE_BACK_SIZE (8u << 20)
#define WINDOW_MAX 256u /* beyond, the workers are never idle any more */

typedef struct Emission Emission;

/* A block that is compressed only now. */
typedef struct {
    Task task;
    Emission *emission;
    const LayoutItem *item;
    guint8 *raw, *stored;
    gsize stored_size; /* 0: it did not shrink */
    GError *error;
    gboolean done; /* under the lock */
} EmitTask;

struct Emission {
    const EmitJob *job;
    GMutex lock;
    GCond done;
    const EmitTask *awaited; /* under the lock: whose end the writer waits for */
    GQueue under_way;        /* EmitTask *, in the order of the items */
    GPtrArray *spare;        /* EmitTask * to be used again */
    guint ahead;             /* the next item to look at for a task */
    guint32 room;            /* bytes of the longest block that gets a task */
    guint window;            /* tasks that may be under way at the same time, two buffers each */
    guint64 offset;          /* of the next item */
    guint64 written;         /* raw bytes */
    /* blocks that lie one after the other in the scratch file are copied in one go */
    guint64 copy_from, copy_to, copy_size;
    guint64 written_back; /* up to where the kernel was told to write to the disk */
};

/* How many bytes of a pack, from piece *index on, lie side by side in the scratch file too; goes behind them. */
static guint32 measure_run(const Pack *pack, guint *index)
{
    const Piece *piece = g_ptr_array_index(pack->pieces, *index);
    guint32 size = 0;

    for (guint64 start = piece->raw.scratch; *index < pack->pieces->len; ++*index) {
        piece = g_ptr_array_index(pack->pieces, *index);
        g_assert(piece->kind == PIECE_RAW);
        if (piece->raw.scratch != start + size)
            break;
        size += piece->size;
    }
    return size;
}

static gboolean read_raw(EmitTask *self, guint32 *ret_size, GError **error)
{
    const BlockStore *store = self->emission->job->store;
    const char *name = block_store_scratch_name(store);
    int fd = block_store_scratch_fd(store);
    const Pack *pack = self->item->pack;

    if (!pack) {
        const Block *block = self->item->block;

        *ret_size = block->size;
        return fd_pread_exactly(fd, name, self->raw, block->size, block->scratch, error);
    }
    *ret_size = 0;
    for (guint i = 0; i < pack->pieces->len;) {
        const Piece *first = g_ptr_array_index(pack->pieces, i);
        guint32 size = measure_run(pack, &i);

        if (!fd_pread_exactly(fd, name, self->raw + *ret_size, size, first->raw.scratch, error))
            return FALSE;
        *ret_size += size;
    }
    return TRUE;
}

static void run_emit(Task *task, const WorkerTools *tools)
{
    EmitTask *self = (EmitTask *)task;
    Emission *emission = self->emission;
    guint32 size;

    if (read_raw(self, &size, &self->error))
        block_codec_compress(tools->codec, self->raw, size, self->stored, &self->stored_size);
    g_mutex_lock(&emission->lock);
    self->done = TRUE;
    if (emission->awaited == self)
        g_cond_signal(&emission->done);
    g_mutex_unlock(&emission->lock);
}

static void emit_task_free(gpointer data)
{
    EmitTask *self = data;

    g_clear_error(&self->error);
    g_free(self->raw);
    g_free(self->stored);
    g_free(self);
}

static EmitTask *take_task(Emission *emission)
{
    if (emission->spare->len > 0)
        return g_ptr_array_steal_index_fast(emission->spare, emission->spare->len - 1);
    EmitTask *self = g_new0(EmitTask, 1);
    self->task.run = run_emit;
    self->emission = emission;
    self->raw = g_malloc(emission->room);
    self->stored = g_malloc(emission->room);
    return self;
}

static gboolean needs_task(const LayoutItem *item)
{
    return item->pack || item->block->raw;
}

/* While a long run of blocks is copied, nobody looks ahead: so the window is as wide as the memory allows. */
static void set_window(Emission *emission)
{
    const GArray *items = emission->job->layout->items;

    emission->room = 1;
    for (guint i = 0; i < items->len; i++) {
        const LayoutItem *item = &g_array_index(items, LayoutItem, i);

        if (needs_task(item))
            emission->room = MAX(emission->room, item->pack ? item->pack->size : item->block->size);
    }
    emission->window = CLAMP((guint)(emission->job->memory_max / (2 * emission->room)), 2, WINDOW_MAX);
}

/* Sets the workers to what comes next. */
static void look_ahead(Emission *emission)
{
    GArray *items = emission->job->layout->items;

    while (emission->ahead < items->len && g_queue_get_length(&emission->under_way) < emission->window) {
        const LayoutItem *item = &g_array_index(items, LayoutItem, emission->ahead++);

        if (!needs_task(item))
            continue;
        if (item->block)
            item->block->raw = FALSE; /* where it occurs again, it is copied from the output */
        EmitTask *self = take_task(emission);
        self->item = item;
        self->done = FALSE;
        g_queue_push_tail(&emission->under_way, self);
        workers_push(emission->job->workers, &self->task);
    }
}

static gboolean flush_copy(Emission *emission, GError **error)
{
    const EmitJob *job = emission->job;
    guint64 size = emission->copy_size;

    emission->copy_size = 0;
    return size == 0 || fd_copy(block_store_scratch_fd(job->store), emission->copy_from, job->fd, emission->copy_to,
                                size, job->name, error);
}

static gboolean copy_block(Emission *emission, const Block *block, GError **error)
{
    if (emission->copy_size > 0 && emission->copy_from + emission->copy_size == block->scratch) {
        emission->copy_size += block->stored_size;
        return TRUE;
    }
    if (!flush_copy(emission, error))
        return FALSE;
    emission->copy_from = block->scratch;
    emission->copy_to = emission->offset;
    emission->copy_size = block->stored_size;
    return TRUE;
}

/* Writes the result of the oldest task. */
static gboolean write_task(Emission *emission, LayoutItem *item, IndexBlock *ret_block, GError **error)
{
    EmitTask *self = g_queue_pop_head(&emission->under_way);
    Block *block = item->pack ? NULL : item->block;
    guint32 size = block ? block->size : item->pack->size;

    g_mutex_lock(&emission->lock);
    emission->awaited = self;
    while (!self->done)
        g_cond_wait(&emission->done, &emission->lock);
    emission->awaited = NULL;
    g_mutex_unlock(&emission->lock);
    g_ptr_array_add(emission->spare, self);
    g_assert(self->item == item);
    if (self->error) {
        g_propagate_error(error, g_steal_pointer(&self->error));
        return FALSE;
    }
    gboolean shrunk = self->stored_size > 0;
    ret_block->stored_size = shrunk ? (guint32)self->stored_size : size;
    if (block) {
        ret_block->digest = block->digest;
        block->stored_size = ret_block->stored_size;
    }
    return flush_copy(emission, error) &&
           fd_pwrite(emission->job->fd, emission->job->name, shrunk ? self->stored : self->raw, ret_block->stored_size,
                     emission->offset, error);
}

static gboolean write_item(Emission *emission, LayoutItem *item, GError **error)
{
    const EmitTask *next = g_queue_peek_head(&emission->under_way);
    Block *block = item->block;
    IndexBlock index = {
        .raw_size = block ? block->size : item->pack->size,
        .kind = block ? BLOCK_OF_FILE : BLOCK_OF_PACK,
    };

    if (next && next->item == item) {
        if (!write_task(emission, item, &index, error))
            return FALSE;
    } else {
        g_assert(block); /* packs always have a task */
        index.stored_size = block->stored_size;
        index.digest = block->digest;
        if (block->placed == 0) {
            if (!copy_block(emission, block, error))
                return FALSE;
        } else if (!flush_copy(emission, error) ||
                   !fd_copy(emission->job->fd, block->placed, emission->job->fd, emission->offset, block->stored_size,
                            emission->job->name, error)) {
            return FALSE;
        }
    }
    if (block && block->placed == 0)
        block->placed = emission->offset;
    index.compressed = index.stored_size < index.raw_size;
    item->offset = emission->offset;
    item->size_word = index.stored_size | (index.compressed ? 0 : SQUASH_BLOCK_PLAIN);
    emission->offset += index.stored_size;
    emission->written += index.raw_size;
    if (emission->job->index)
        index_builder_add_block(emission->job->index, &index);
    return TRUE;
}

static void set_places(const Layout *layout)
{
    for (guint i = 0; i < layout->places->len; i++) {
        Place *place = g_ptr_array_index(layout->places, i);
        guint64 item = place->first_item;

        for (guint32 k = 0; k < place->block_count; k++) {
            if (place->content->pieces[k].kind == PIECE_HOLE)
                continue;
            const LayoutItem *stored = &g_array_index(layout->items, LayoutItem, item);

            if (item++ == place->first_item)
                place->start = stored->offset;
            place->sizes[k] = stored->size_word;
        }
    }
}

/* Lets the disk begin, so that there is little left when all must be on it in the end. A hint: no matter if it fails. */
static void write_back(Emission *emission)
{
    guint64 end = emission->offset - emission->copy_size;

    if (end < emission->written_back + WRITE_BACK_SIZE)
        return;
    (void)sync_file_range(emission->job->fd, (off_t)emission->written_back, (off_t)(end - emission->written_back),
                          SYNC_FILE_RANGE_WRITE);
    emission->written_back = end;
}

static gboolean write_items(Emission *emission, GError **error)
{
    GArray *items = emission->job->layout->items;

    for (guint i = 0; i < items->len; i++) {
        look_ahead(emission);
        if (!write_item(emission, &g_array_index(items, LayoutItem, i), error))
            return FALSE;
        write_back(emission);
        if (emission->job->progress)
            emission->job->progress(emission->written, emission->job->user_data);
    }
    return flush_copy(emission, error);
}

gboolean emit_layout(const EmitJob *job, guint64 *ret_end, GError **error)
{
    g_autoptr(GPtrArray) spare = g_ptr_array_new_with_free_func(emit_task_free);
    Emission emission = {.job = job, .offset = job->offset, .written_back = job->offset, .spare = spare};

    g_mutex_init(&emission.lock);
    g_cond_init(&emission.done);
    g_queue_init(&emission.under_way);
    set_window(&emission);
    gboolean ok = write_items(&emission, error);
    workers_wait(job->workers);
    g_queue_clear_full(&emission.under_way, emit_task_free);
    g_mutex_clear(&emission.lock);
    g_cond_clear(&emission.done);
    if (!ok)
        return FALSE;
    set_places(job->layout);
    *ret_end = emission.offset;
    return TRUE;
}
