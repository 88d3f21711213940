// SPDX-License-Identifier: LGPL-2.1-or-later
#include "index-private.h"

#include <string.h>

void bundle_index_get_file(const BundleIndex *index, guint64 number, IndexedFile *ret_file)
{
    const FileRecord *record = index_file_record(index, number);
    guint32 block_size = index->facts.block_size;
    guint32 tail = (guint32)(record->size % block_size);
    gboolean packed = record->piece != NO_NUMBER;

    *ret_file = (IndexedFile){
        .size = record->size,
        .n_blocks = record->size / block_size + (tail > 0 && !packed),
        .first_block = record->first_block,
        .n_stored = record->n_stored,
        .packed = packed,
        .pack = record->pack,
        .pack_offset = record->pack_offset,
        .pack_length = packed ? tail : 0,
        .layer = record->layer,
        .entry = record->entry,
    };
}

static void prepend_name(const BundleIndex *index, GString *reversed, guint32 position)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(index->files, &size);
    Cursor cursor = {bytes + position, bytes + size, FALSE};
    gsize length = cursor_read_varint(&cursor);
    gsize old = reversed->len;

    g_string_set_size(reversed, old + length);
    for (gsize i = 0; i < length; i++)
        reversed->str[old + i] = (char)cursor.at[length - 1 - i];
}

char *bundle_index_get_path(const BundleIndex *index, guint64 number)
{
    const FileRecord *record = index_file_record(index, number);
    GString *path = g_string_new(NULL); /* backwards: names are found from the last to the first */
    guint32 folder = record->folder;

    prepend_name(index, path, record->name);
    while (folder != 0) {
        const FolderRecord *parent = &g_array_index(index->folders, FolderRecord, folder);

        g_string_append_c(path, '/');
        prepend_name(index, path, parent->name);
        folder = parent->parent;
    }
    for (gsize i = 0; i < path->len / 2; i++) {
        char last = path->str[path->len - 1 - i];

        path->str[path->len - 1 - i] = path->str[i];
        path->str[i] = last;
    }
    return g_string_free(path, FALSE);
}

void block_runs_init(BlockRuns *runs, const BundleIndex *index, guint64 number)
{
    const FileRecord *record = index_file_record(index, number);
    IndexedFile file;
    gsize size;
    const guint8 *bytes = g_bytes_get_data(index->files, &size);

    bundle_index_get_file(index, number, &file);
    *runs = (BlockRuns){
        .at = record->holes ? bytes + record->holes : NULL,
        .end = bytes + size,
        .left = file.n_blocks,
        .hole = TRUE,
    };
}

gboolean block_runs_next(BlockRuns *runs, gboolean *ret_hole, guint64 *ret_count)
{
    guint64 count = 0;

    if (runs->left == 0)
        return FALSE;
    if (!runs->at) {
        *ret_hole = FALSE;
        *ret_count = runs->left;
        runs->left = 0;
        return TRUE;
    }
    while (count == 0) {
        Cursor cursor = {runs->at, runs->end, FALSE};

        count = cursor_read_limited(&cursor, runs->left);
        g_assert(!cursor.failed);
        runs->at = cursor.at;
        *ret_hole = runs->hole;
        runs->hole = !runs->hole;
    }
    *ret_count = count;
    runs->left -= count;
    return TRUE;
}

gboolean bundle_index_get_piece_digest(const BundleIndex *index, guint64 number, Digest *ret_digest)
{
    const FileRecord *record = index_file_record(index, number);
    const guint8 *digests = g_bytes_get_data(index->piece_digests, NULL);

    if (record->piece == NO_NUMBER)
        return FALSE;
    memcpy(ret_digest->bytes, digests + (gsize)record->piece * DIGEST_SIZE, DIGEST_SIZE);
    return TRUE;
}

static void add_holes(FileDigest *digest, const IndexFacts *facts, guint64 first, guint64 count)
{
    Digest zeros;

    for (guint64 i = first; i < first + count; i++) {
        zeros_digest((guint32)MIN(facts->block_size, digest->size - i * facts->block_size), &zeros);
        file_digest_add(digest, &zeros);
    }
}

void bundle_index_get_digest(const BundleIndex *index, guint64 number, Digest *ret_digest)
{
    const FileRecord *record = index_file_record(index, number);
    guint64 next = record->first_block, done = 0;
    FileDigest digest;
    Digest piece;
    BlockRuns runs;
    gboolean hole;
    guint64 count;

    file_digest_init(&digest, record->size, index->facts.block_size);
    block_runs_init(&runs, index, number);
    while (block_runs_next(&runs, &hole, &count)) {
        if (hole)
            add_holes(&digest, &index->facts, done, count);
        for (guint64 i = 0; i < count && !hole; i++)
            file_digest_add(&digest, &index->block_digests[next++]);
        done += count;
    }
    if (bundle_index_get_piece_digest(index, number, &piece))
        file_digest_add(&digest, &piece);
    file_digest_finish(&digest, ret_digest);
}

int canonical_compare(const char *a, const char *b)
{
    gsize same = 0;

    for (gsize i = 0; a[i] != '\0' && a[i] == b[i]; i++) {
        if (a[i] == '/')
            same = i + 1;
    }
    a += same;
    b += same;
    const char *a_slash = strchr(a, '/'), *b_slash = strchr(b, '/');
    if (!a_slash != !b_slash)
        return a_slash ? 1 : -1;
    gsize a_length = a_slash ? (gsize)(a_slash - a) : strlen(a), b_length = b_slash ? (gsize)(b_slash - b) : strlen(b);
    int order = memcmp(a, b, MIN(a_length, b_length));
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

gboolean bundle_index_find_file(const BundleIndex *index, const char *path, guint64 *ret_number)
{
    guint64 low = 0, high = index->facts.n_files;

    while (low < high) {
        guint64 middle = low + (high - low) / 2;
        g_autofree char *other = bundle_index_get_path(index, middle);
        int order = canonical_compare(path, other);

        if (order == 0) {
            *ret_number = middle;
            return TRUE;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return FALSE;
}
