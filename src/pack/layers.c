// SPDX-License-Identifier: LGPL-2.1-or-later
#include "layers.h"

#include "squash/squash.h"

#include <string.h>

/* What the threads that read share. */
typedef struct {
    const LayersJob *job;
    GPtrArray *records;
    GRWLock shadow_lock;
    Shadow *shadow;
    GMutex lock;        /* of what follows */
    guint taken;        /* layers that a thread has taken, newest first */
    guint committed;    /* newest layers that are in the shadow, in order */
    gboolean *complete; /* by index */
    GError *error;
    gint failed;      /* atomic */
    guint64 done;     /* atomic: bytes of layers read */
    guint64 entries;  /* atomic */
    guint64 metadata; /* atomic: bytes of paths, targets, attributes and pieces */
} Reading;

static void entry_free(gpointer data)
{
    entry_clear(data);
    g_free(data);
}

static void record_free(gpointer data)
{
    LayerRecord *record = data;

    g_ptr_array_unref(record->entries);
    g_ptr_array_unref(record->contents);
    g_free(record);
}

static LayerRecord *record_new(guint number)
{
    LayerRecord *record = g_new0(LayerRecord, 1);

    record->number = number;
    record->entries = g_ptr_array_new_with_free_func(entry_free);
    record->contents = g_ptr_array_new_with_free_func(content_free);
    return record;
}

/* Whether all newer layers are in the shadow. */
static gboolean is_decided(Reading *reading, guint index)
{
    g_mutex_lock(&reading->lock);
    gboolean decided = reading->committed >= reading->records->len - 1 - index;
    g_mutex_unlock(&reading->lock);
    return decided;
}

static gboolean is_hidden(Reading *reading, const char *path)
{
    g_autofree char *clean = NULL;

    if (!path_clean(path, &clean, NULL)) /* the tree will say what is wrong with it */
        return FALSE;
    if (reading->job->exclude && reading->job->exclude(clean, reading->job->user_data))
        return TRUE;
    g_rw_lock_reader_lock(&reading->shadow_lock);
    gboolean hidden = shadow_hides(reading->shadow, clean);
    g_rw_lock_reader_unlock(&reading->shadow_lock);
    return hidden;
}

/* Puts complete layers into the shadow, newest first, as far as they go. */
static void commit_layers(Reading *reading, guint index)
{
    guint count = reading->records->len;

    g_mutex_lock(&reading->lock);
    reading->complete[index] = TRUE;
    while (reading->committed < count && reading->complete[count - 1 - reading->committed]) {
        const LayerRecord *record = g_ptr_array_index(reading->records, count - 1 - reading->committed);

        g_rw_lock_writer_lock(&reading->shadow_lock);
        if (record->number > 1) /* nothing is below the lowest */
            shadow_add_layer(reading->shadow, (const Entry *const *)record->entries->pdata, record->entries->len);
        g_rw_lock_writer_unlock(&reading->shadow_lock);
        reading->committed++;
    }
    g_mutex_unlock(&reading->lock);
}

/* How far a layer has been read. */
typedef struct {
    Reading *reading;
    const EntryReader *reader;
    guint64 position;
} Meter;

static void report(gpointer data)
{
    Meter *meter = data;
    Reading *reading = meter->reading;
    guint64 now = entry_reader_position(meter->reader);
    guint64 done = __atomic_add_fetch(&reading->done, now - meter->position, __ATOMIC_RELAXED);

    meter->position = now;
    if (reading->job->progress)
        reading->job->progress(done, reading->job->user_data);
}

static guint64 metadata_size(const Reading *reading, const Entry *entry)
{
    guint64 size = strlen(entry->path) + (entry->target ? strlen(entry->target) : 0);

    if (entry->type == ENTRY_FILE)
        size += (entry->size / block_store_rules(reading->job->store)->block_size + 1) * sizeof(Piece);
    for (gsize i = 0; i < xattrs_count(entry->xattrs); i++) {
        const Xattr *xattr = xattrs_get(entry->xattrs, i);

        size += strlen(xattr->name) + xattr->size;
    }
    return size;
}

static gboolean count_entry(Reading *reading, const Entry *entry, GError **error)
{
    const ImageLimits *limits = reading->job->limits;

    if (__atomic_add_fetch(&reading->entries, 1, __ATOMIC_RELAXED) > limits->entries) {
        gourd_error_set(error, GOURD_ERROR_LIMIT,
                        "the image has more than %" G_GUINT64_FORMAT " entries (limit entries)", limits->entries);
        return gourd_error_hint(error, "if you trust the image, allow more with --limit entries=NUMBER");
    }
    if (__atomic_add_fetch(&reading->metadata, metadata_size(reading, entry), __ATOMIC_RELAXED) >
        limits->metadata_size) {
        gourd_error_set(error, GOURD_ERROR_LIMIT,
                        "the image has more than %" G_GUINT64_FORMAT
                        " bytes of paths, links, extended attributes and lists of blocks (limit metadata-size)",
                        limits->metadata_size);
        return gourd_error_hint(error, "if you trust the image, allow more with --limit metadata-size=SIZE");
    }
    return TRUE;
}

static gboolean check_blocks(const Reading *reading, const Entry *entry, GError **error)
{
    guint32 block_size = block_store_rules(reading->job->store)->block_size;

    if (entry->type != ENTRY_FILE || entry->size / block_size < SQUASH_BLOCKS_MAX)
        return TRUE;
    g_autofree char *shown = text_escape(entry->path);
    gourd_error_set(error, GOURD_ERROR_LIMIT, "entry '%s' of %" G_GUINT64_FORMAT " bytes has more than %u blocks",
                    shown, entry->size, SQUASH_BLOCKS_MAX);
    return gourd_error_hint(error, "make them larger with --block-size");
}

/* Reads the content of the entry, or passes over it. */
static gboolean take_file(Reading *reading, guint index, Ingest *ingest, EntryReader *reader, const Entry *entry,
                          LayerRecord *record, GError **error)
{
    gboolean decided = is_decided(reading, index); /* asked before the shadow, which only grows */
    gboolean hidden = is_hidden(reading, entry->path);
    Content *content = content_new(entry->size);

    content->layer = record->number;
    content->entry = record->contents->len;
    g_ptr_array_add(record->contents, content);
    content->passed_over = hidden;
    if (hidden) {
        record->hidden_size += entry->size;
        return TRUE;
    }
    return ingest_file(ingest, reader, content, !decided, error);
}

static gboolean read_entries(Reading *reading, guint index, Ingest *ingest, EntryReader *reader, GError **error)
{
    LayerRecord *record = g_ptr_array_index(reading->records, index);
    Meter meter = {.reading = reading, .reader = reader};

    ingest_on_piece(ingest, report, &meter); /* a large file takes long */
    for (;;) {
        const Entry *entry;

        report(&meter);
        if (g_atomic_int_get(&reading->failed))
            return FALSE;
        if (!entry_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            break;
        if (!check_blocks(reading, entry, error) || !count_entry(reading, entry, error))
            return gourd_error_prefix(error, "%s", image_layer(reading->job->image, index)->description);
        Entry *copy = g_new(Entry, 1);
        entry_copy(entry, copy);
        g_ptr_array_add(record->entries, copy);
        if (entry->type != ENTRY_FILE)
            g_ptr_array_add(record->contents, NULL);
        else if (!take_file(reading, index, ingest, reader, entry, record, error))
            return FALSE;
    }
    report(&meter);
    return TRUE;
}

/* Messages of the reader name the layer already. */
static gboolean read_layer(Reading *reading, guint index, GError **error)
{
    const LayersJob *job = reading->job;
    g_autoptr(EntryReader) reader = image_layer_read(job->image, index, job->notes, error);

    if (!reader)
        return FALSE;
    g_autoptr(Ingest) ingest = ingest_new(job->store);
    if (!read_entries(reading, index, ingest, reader, error))
        return FALSE;
    ingest_flush(ingest);
    commit_layers(reading, index);
    return TRUE;
}

static void keep_error(Reading *reading, GError *error)
{
    g_mutex_lock(&reading->lock);
    if (error && !reading->error)
        reading->error = g_steal_pointer(&error);
    g_mutex_unlock(&reading->lock);
    g_clear_error(&error);
    g_atomic_int_set(&reading->failed, TRUE);
}

static gpointer read_layers(gpointer data)
{
    Reading *reading = data;

    while (!g_atomic_int_get(&reading->failed)) {
        g_mutex_lock(&reading->lock);
        guint taken = reading->taken;
        reading->taken += taken < reading->records->len;
        g_mutex_unlock(&reading->lock);
        if (taken == reading->records->len)
            break;
        GError *error = NULL;
        if (!read_layer(reading, reading->records->len - 1 - taken, &error))
            keep_error(reading, error);
    }
    return NULL;
}

static gboolean finish(Reading *reading, GError **error)
{
    g_autoptr(GError) store_error = NULL;

    if (!reading->failed)
        return TRUE;
    gboolean settled = block_store_settle(reading->job->store,
                                          &store_error); /* tasks must not outlive what they fill */
    if (reading->error)
        g_propagate_error(error, g_steal_pointer(&reading->error));
    else if (!settled)
        g_propagate_error(error, g_steal_pointer(&store_error));
    return FALSE;
}

GPtrArray *layers_read(const LayersJob *job, GError **error)
{
    guint count = image_layer_count(job->image), readers = MAX(1, MIN(job->readers, count));
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(record_free);
    g_autoptr(Shadow) shadow = shadow_new();
    g_autofree gboolean *complete = g_new0(gboolean, count + 1);
    g_autofree GThread **threads = g_new0(GThread *, readers);
    Reading reading = {.job = job, .records = records, .shadow = shadow, .complete = complete};

    for (guint i = 0; i < count; i++)
        g_ptr_array_add(records, record_new(i + 1));
    g_mutex_init(&reading.lock);
    g_rw_lock_init(&reading.shadow_lock);
    for (guint i = 1; i < readers; i++)
        threads[i] = g_thread_new("gourd-layer", read_layers, &reading);
    read_layers(&reading);
    for (guint i = 1; i < readers; i++)
        g_thread_join(threads[i]);
    gboolean ok = finish(&reading, error);
    g_mutex_clear(&reading.lock);
    g_rw_lock_clear(&reading.shadow_lock);
    return ok ? g_steal_pointer(&records) : NULL;
}

static gboolean read_needed(const LayersJob *job, LayerRecord *record, GError **error)
{
    g_autoptr(EntryReader) reader = image_layer_read(job->image, record->number - 1, NULL, error);
    g_autoptr(Ingest) ingest = ingest_new(job->store);

    if (!reader)
        return FALSE;
    for (guint i = 0; i < record->entries->len; i++) {
        Content *content = g_ptr_array_index(record->contents, i);
        const Entry *entry;

        if (!entry_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry || (content && entry->size != content->size))
            return gourd_error_set(error, GOURD_ERROR_INPUT, "%s changed while it was read",
                                   image_layer(job->image, record->number - 1)->description);
        if (!content || !content->needed || !content->passed_over)
            continue;
        content->passed_over = FALSE;
        record->hidden_size -= content->size;
        if (!ingest_file(ingest, reader, content, FALSE, error))
            return FALSE;
    }
    ingest_flush(ingest);
    return TRUE;
}

gboolean layers_read_needed(const LayersJob *job, GPtrArray *records, GError **error)
{
    for (guint i = 0; i < records->len; i++) {
        LayerRecord *record = g_ptr_array_index(records, i);
        gboolean needed = FALSE;

        for (guint k = 0; k < record->contents->len && !needed; k++) {
            const Content *content = g_ptr_array_index(record->contents, k);

            needed = content && content->needed && content->passed_over;
        }
        if (needed && !read_needed(job, record, error))
            return FALSE;
    }
    return TRUE;
}
