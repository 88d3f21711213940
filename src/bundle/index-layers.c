// SPDX-License-Identifier: LGPL-2.1-or-later
#include "index-private.h"

#include <string.h>

#define NSEC_MAX 999999999u
#define ID_MAX G_MAXUINT32

struct IndexLayerReader {
    const BundleIndex *index;
    GBytes *raw;
    Cursor cursor;
    guint64 n_entries, next;
    guint32 file, files_end; /* in files_by_entry: the next that may match */
    GString *path, *target;
    Entry entry; /* path and target borrowed from the strings above */
};

static int compare_origins(gconstpointer a, gconstpointer b, gpointer data)
{
    const BundleIndex *index = data;
    const FileRecord *x = index_file_record(index, *(const guint32 *)a);
    const FileRecord *y = index_file_record(index, *(const guint32 *)b);

    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return (x->entry > y->entry) - (x->entry < y->entry);
}

/* Sorts files by where they come from, and notes for each layer which part of that list is its own. */
static void sort_by_origin(BundleIndex *index)
{
    guint32 n_files = (guint32)index->facts.n_files;
    guint32 at = 0;

    index->files_by_entry = g_array_sized_new(FALSE, FALSE, sizeof(guint32), n_files);
    for (guint32 i = 0; i < n_files; i++)
        g_array_append_val(index->files_by_entry, i);
    g_array_sort_with_data(index->files_by_entry, compare_origins, index);
    for (guint layer = 0; layer <= index->facts.n_layers; layer++) {
        guint32 start = at;

        while (at < n_files &&
               index_file_record(index, g_array_index(index->files_by_entry, guint32, at))->layer == layer)
            at++;
        if (layer > 0) {
            g_array_index(index->layers, LayerRecord, layer - 1).files_start = start;
            g_array_index(index->layers, LayerRecord, layer - 1).files_end = at;
        }
    }
}

static gboolean take_text(Cursor *cursor, GString *text)
{
    gsize length = cursor_read_limited(cursor, INDEX_PATH_MAX);
    const guint8 *bytes = cursor_read_bytes(cursor, length);

    if (!bytes || memchr(bytes, '\0', length) || text->len + length > INDEX_PATH_MAX) {
        cursor->failed = TRUE;
        return FALSE;
    }
    g_string_append_len(text, (const char *)bytes, (gssize)length);
    return TRUE;
}

static void take_xattrs(Cursor *cursor, Entry *entry)
{
    guint64 n_xattrs = cursor_read_limited(cursor, INDEX_XATTRS_MAX);
    g_autoptr(GString) name = g_string_new(NULL);
    g_autofree char *last = g_strdup("");

    g_clear_pointer(&entry->xattrs, xattrs_unref);
    if (n_xattrs > 0)
        entry->xattrs = xattrs_new();
    for (guint64 i = 0; i < n_xattrs && !cursor->failed; i++) {
        g_string_truncate(name, 0);
        if (!take_text(cursor, name))
            return;
        gsize size = cursor_read_limited(cursor, INDEX_XATTR_SIZE_MAX);
        const guint8 *value = cursor_read_bytes(cursor, size);

        if (!value || strcmp(last, name->str) >= 0) {
            cursor->failed = TRUE;
            return;
        }
        xattrs_set(entry->xattrs, name->str, value, size);
        g_free(last);
        last = g_strdup(name->str);
    }
}

/* Reads one entry. FALSE if it makes no sense. */
static gboolean take_entry(IndexLayerReader *reader)
{
    Cursor *cursor = &reader->cursor;
    Entry *entry = &reader->entry;

    entry->type = (EntryType)cursor_read_limited(cursor, ENTRY_HARD_LINK);
    g_string_truncate(reader->path, cursor_read_limited(cursor, reader->path->len));
    if (!take_text(cursor, reader->path))
        return FALSE;
    entry->path = reader->path->str;
    entry->mode = (guint16)cursor_read_limited(cursor, 07777);
    entry->uid = (guint32)cursor_read_limited(cursor, ID_MAX);
    entry->gid = (guint32)cursor_read_limited(cursor, ID_MAX);
    entry->mtime = (gint64)((guint64)entry->mtime + unzigzag(cursor_read_varint(cursor)));
    entry->mtime_nsec = (guint32)cursor_read_limited(cursor, NSEC_MAX);
    entry->size = entry->type == ENTRY_FILE ? cursor_read_varint(cursor) : 0;
    entry->device_major = entry->device_minor = 0;
    if (entry->type == ENTRY_CHAR_DEVICE || entry->type == ENTRY_BLOCK_DEVICE) {
        entry->device_major = (guint32)cursor_read_limited(cursor, G_MAXUINT32);
        entry->device_minor = (guint32)cursor_read_limited(cursor, G_MAXUINT32);
    }
    entry->target = NULL;
    if (entry->type == ENTRY_SYMLINK || entry->type == ENTRY_HARD_LINK) {
        g_string_truncate(reader->target, 0);
        take_text(cursor, reader->target);
        entry->target = reader->target->str;
    }
    take_xattrs(cursor, entry);
    return !cursor->failed;
}

static IndexLayerReader *reader_new(const BundleIndex *index, guint layer, GError **error)
{
    const LayerRecord *record = &g_array_index(index->layers, LayerRecord, layer - 1);
    g_autoptr(GBytes) raw = index_expand_section(index, &record->head, error);
    gsize size;

    if (!raw)
        return NULL;
    const guint8 *bytes = g_bytes_get_data(raw, &size);
    if (size < LAYER_HEADER_SIZE) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "its section is too short");
        return NULL;
    }
    IndexLayerReader *reader = g_new0(IndexLayerReader, 1);
    reader->index = index;
    reader->raw = g_steal_pointer(&raw);
    reader->cursor = (Cursor){bytes + LAYER_HEADER_SIZE, bytes + size, FALSE};
    reader->n_entries = record->head.items;
    reader->file = record->files_start;
    reader->files_end = record->files_end;
    reader->path = g_string_new(NULL);
    reader->target = g_string_new(NULL);
    return reader;
}

void index_layer_reader_free(IndexLayerReader *reader)
{
    if (!reader)
        return;
    g_bytes_unref(reader->raw);
    xattrs_unref(reader->entry.xattrs);
    g_string_free(reader->path, TRUE);
    g_string_free(reader->target, TRUE);
    g_free(reader);
}

/* Finds the files whose content entry `number` is; the first of several counts. FALSE if one of them has another type or
 * size. */
static gboolean match_files(IndexLayerReader *reader, guint64 number, guint64 *ret_file)
{
    *ret_file = INDEX_NO_FILE;
    for (; reader->file < reader->files_end; reader->file++) {
        guint32 file = g_array_index(reader->index->files_by_entry, guint32, reader->file);
        const FileRecord *record = index_file_record(reader->index, file);

        if (record->entry != number)
            break;
        if (reader->entry.type != ENTRY_FILE || reader->entry.size != record->size)
            return FALSE;
        if (*ret_file == INDEX_NO_FILE)
            *ret_file = file;
    }
    return TRUE;
}

/* Reads a whole layer once, so that later readers need not fear it. */
static gboolean check_layer(BundleIndex *index, guint layer, GError **error)
{
    g_autoptr(IndexLayerReader) reader = reader_new(index, layer, error);
    LayerRecord *record = &g_array_index(index->layers, LayerRecord, layer - 1);
    guint64 file;

    if (!reader)
        return FALSE;
    const guint8 *header = g_bytes_get_data(reader->raw, NULL);
    for (guint64 i = 0; i < reader->n_entries; i++) {
        if (!take_entry(reader) || !match_files(reader, i, &file))
            return gourd_error_set(error, GOURD_ERROR_INPUT, "entry %" G_GUINT64_FORMAT " makes no sense", i);
    }
    if (reader->cursor.at != reader->cursor.end || header[0] > LAYER_HAS_DIFF_ID)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "its section is broken");
    record->has_diff_id = header[0] == LAYER_HAS_DIFF_ID;
    memcpy(record->diff_id.bytes, header + 1, DIGEST_SIZE);
    return TRUE;
}

gboolean index_parse_layers(BundleIndex *index, GError **error)
{
    sort_by_origin(index);
    for (guint layer = 1; layer <= index->facts.n_layers; layer++) {
        if (!check_layer(index, layer, error))
            return gourd_error_prefix(error, "layer %u of the index", layer);
    }
    return TRUE;
}

gboolean bundle_index_get_diff_id(const BundleIndex *index, guint layer, Digest *ret_diff_id)
{
    const LayerRecord *record = &g_array_index(index->layers, LayerRecord, layer - 1);

    if (record->has_diff_id)
        *ret_diff_id = record->diff_id;
    return record->has_diff_id;
}

guint64 bundle_index_count_entries(const BundleIndex *index, guint layer)
{
    return g_array_index(index->layers, LayerRecord, layer - 1).head.items;
}

IndexLayerReader *bundle_index_read_layer(const BundleIndex *index, guint layer, GError **error)
{
    IndexLayerReader *reader = reader_new(index, layer, error);

    if (!reader)
        gourd_error_prefix(error, "layer %u of the index", layer);
    return reader;
}

const Entry *index_layer_reader_next(IndexLayerReader *reader, guint64 *ret_file)
{
    if (reader->next == reader->n_entries || !take_entry(reader) || !match_files(reader, reader->next, ret_file))
        return NULL;
    reader->next++;
    return &reader->entry;
}
