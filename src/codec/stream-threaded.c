// SPDX-License-Identifier: LGPL-2.1-or-later
/* A stage whose source runs in a thread of its own, some buffers ahead.
 *
 * The buffers form a ring. Each has BYTE_STREAM_PEEK_MAX bytes of room in front: when a peek wants more than is left of
 * one buffer, the rest moves in front of the next, so that bytes are shown in one piece and only such rests are copied.
 *
 *     slot 0               slot 1               slot 2
 *     [front |filled   ]   [front |filled   ]   [front |being filled …]
 *                 ^rest ─────→^                    by the thread
 */

#include "stream.h"

#include <errno.h>
#include <string.h>

#define FRONT_SIZE BYTE_STREAM_PEEK_MAX

typedef struct {
    guint8 *memory; /* FRONT_SIZE + buffer_size bytes */
    gsize filled;
} Slot;

typedef struct {
    ByteStream stream;
    gsize buffer_size;
    GThread *thread;
    Slot *slots;
    guint n_slots;

    GMutex lock; /* guards what follows, up to the next empty line */
    GCond changed;
    guint first;    /* the oldest filled slot, which the reader may hold */
    guint n_filled; /* slots from first on that are full */
    gboolean done;  /* no more will be filled */
    gboolean stop;  /* nobody wants more */
    GError *error;  /* why it is done before the end */

    gboolean holding; /* the reader shows slot `first` */
    gboolean finished;
    const guint8 *bytes; /* what is left of it */
    gsize left;
} ThreadedStream;

/* Fills one slot to the brim, or less at the end. */
static gboolean fill_slot(ThreadedStream *threaded, Slot *slot, GError **error)
{
    gsize got = 1;

    slot->filled = 0;
    while (got > 0 && slot->filled < threaded->buffer_size) {
        if (!stream_read(threaded->stream.source, slot->memory + FRONT_SIZE + slot->filled,
                         threaded->buffer_size - slot->filled, &got, error))
            return FALSE;
        slot->filled += got;
    }
    return TRUE;
}

/* Waits for a free slot; NULL when nobody wants more. */
static Slot *wait_for_free(ThreadedStream *threaded)
{
    g_mutex_lock(&threaded->lock);
    while (!threaded->stop && threaded->n_filled == threaded->n_slots)
        g_cond_wait(&threaded->changed, &threaded->lock);
    Slot *slot = threaded->stop ? NULL : &threaded->slots[(threaded->first + threaded->n_filled) % threaded->n_slots];
    g_mutex_unlock(&threaded->lock);
    return slot;
}

static gpointer run(gpointer data)
{
    ThreadedStream *threaded = data;
    gboolean more = TRUE;

    while (more) {
        GError *error = NULL;
        Slot *slot = wait_for_free(threaded);

        if (!slot)
            break;
        more = fill_slot(threaded, slot, &error) && slot->filled == threaded->buffer_size;
        g_mutex_lock(&threaded->lock);
        if (slot->filled > 0)
            threaded->n_filled++;
        threaded->done = !more;
        threaded->error = error;
        g_cond_signal(&threaded->changed);
        g_mutex_unlock(&threaded->lock);
    }
    return NULL;
}

/* Waits for the slot behind the held one; NULL at the end, with *error set if it came too early. */
static Slot *exchange_slot(ThreadedStream *threaded, GError **error)
{
    Slot *next = NULL;

    g_mutex_lock(&threaded->lock);
    guint skip = threaded->holding ? 1 : 0;

    while (!threaded->done && !threaded->stop && threaded->n_filled == skip)
        g_cond_wait(&threaded->changed, &threaded->lock);
    if (threaded->stop)
        gourd_error_set_errno(error, ECANCELED, "cannot read on");
    else if (threaded->n_filled > skip)
        next = &threaded->slots[(threaded->first + skip) % threaded->n_slots];
    else if (threaded->error)
        g_propagate_error(error, g_steal_pointer(&threaded->error));
    g_mutex_unlock(&threaded->lock);
    return next;
}

static void release_held(ThreadedStream *threaded)
{
    if (!threaded->holding)
        return;
    g_mutex_lock(&threaded->lock);
    threaded->first = (threaded->first + 1) % threaded->n_slots;
    threaded->n_filled--;
    g_cond_signal(&threaded->changed);
    g_mutex_unlock(&threaded->lock);
}

static gboolean peek_threaded(ByteStream *stream, gsize want, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    ThreadedStream *threaded = (ThreadedStream *)stream;

    while (threaded->left < want && !threaded->finished) {
        GError *failure = NULL;
        Slot *next = exchange_slot(threaded, &failure);

        if (failure) {
            g_propagate_error(error, failure);
            return FALSE;
        }
        if (!next) {
            threaded->finished = TRUE;
            break;
        }
        guint8 *start = next->memory + FRONT_SIZE - threaded->left;

        if (threaded->left > 0)
            memcpy(start, threaded->bytes, threaded->left);
        release_held(threaded);
        threaded->holding = TRUE;
        threaded->bytes = start;
        threaded->left += next->filled;
    }
    *ret_bytes = threaded->bytes;
    *ret_size = threaded->left;
    return TRUE;
}

static void advance_threaded(ByteStream *stream, gsize size)
{
    ThreadedStream *threaded = (ThreadedStream *)stream;

    threaded->bytes += size;
    threaded->left -= size;
}

static gboolean read_threaded(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error)
{
    const guint8 *bytes;
    gsize left;

    if (!peek_threaded(stream, 1, &bytes, &left, error))
        return FALSE;
    gsize part = MIN(left, size);

    if (part > 0)
        memcpy(room, bytes, part);
    advance_threaded(stream, part);
    *ret_got = part;
    return TRUE;
}

/* Sends both sides away: the thread, and a reader that is itself the thread of a stage above. */
static void stop_threaded(ByteStream *stream)
{
    ThreadedStream *threaded = (ThreadedStream *)stream;

    g_mutex_lock(&threaded->lock);
    threaded->stop = TRUE;
    g_cond_broadcast(&threaded->changed);
    g_mutex_unlock(&threaded->lock);
}

static void release_threaded(ByteStream *stream)
{
    ThreadedStream *threaded = (ThreadedStream *)stream;

    if (threaded->thread) {
        stream_interrupt(stream);
        g_thread_join(threaded->thread);
    }
    for (guint i = 0; i < threaded->n_slots; i++)
        g_free(threaded->slots[i].memory);
    g_free(threaded->slots);
    g_clear_error(&threaded->error);
    g_mutex_clear(&threaded->lock);
    g_cond_clear(&threaded->changed);
}

static const StreamKind threaded_kind = {
    .read = read_threaded,
    .peek = peek_threaded,
    .advance = advance_threaded,
    .interrupt = stop_threaded,
    .release = release_threaded,
};

ByteStream *byte_stream_new_threaded(ByteStream *source, gsize buffer_size, guint buffers)
{
    ThreadedStream *threaded = g_new0(ThreadedStream, 1);

    stream_init(&threaded->stream, &threaded_kind, source);
    g_mutex_init(&threaded->lock);
    g_cond_init(&threaded->changed);
    threaded->buffer_size = MAX(buffer_size, FRONT_SIZE);
    threaded->n_slots = MAX(buffers, 2);
    threaded->slots = g_new0(Slot, threaded->n_slots);
    for (guint i = 0; i < threaded->n_slots; i++)
        threaded->slots[i].memory = g_malloc(FRONT_SIZE + threaded->buffer_size);
    threaded->bytes = threaded->slots[0].memory; /* no bytes yet, but a pointer that 0 may be added to */
    threaded->thread = g_thread_try_new("gourd-stream", run, threaded, NULL);
    if (!threaded->thread) { /* no thread to be had: slower, but the same bytes */
        threaded->stream.source = NULL;
        byte_stream_free(&threaded->stream);
        return source;
    }
    return &threaded->stream;
}
