// SPDX-License-Identifier: LGPL-2.1-or-later
#include "index-private.h"

#include <string.h>

/* A folder on the way to the current file. */
typedef struct {
    guint32 folder;
    guint32 last_file, last_subfolder; /* positions of names; 0: none yet */
    gsize path_length;
} Level;

typedef struct {
    BundleIndex *index;
    const guint8 *start; /* of the raw section */
    Cursor cursor;
    GArray *levels;       /* Level; never empty */
    GArray *next_entries; /* guint64 by layer */
    guint64 next_block, pack, pack_end;
    guint64 next_pack;    /* the pack that is being filled is before, and no other behind that */
    guint32 filled, room; /* bytes of it that have pieces, and raw size */
    guint64 content_blocks;
} FileParser;

static Level *top_level(FileParser *parser)
{
    return &g_array_index(parser->levels, Level, parser->levels->len - 1);
}

/* The name whose length stands at a position that was read before. */
static const guint8 *name_at(const guint8 *start, const guint8 *end, guint32 position, gsize *ret_length)
{
    Cursor cursor = {start + position, end, FALSE};

    *ret_length = cursor_read_varint(&cursor);
    return cursor.at;
}

static int compare_names(const guint8 *a, gsize a_length, const guint8 *b, gsize b_length)
{
    int order = memcmp(a, b, MIN(a_length, b_length));

    return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* Reads a name that must come behind the one at position `before` (0: any will do). */
static gboolean take_name(FileParser *parser, guint32 before, guint32 *ret_position, gsize *ret_length)
{
    Cursor *cursor = &parser->cursor;
    guint32 position = (guint32)(cursor->at - parser->start);
    gsize length = cursor_read_limited(cursor, INDEX_PATH_MAX);
    const guint8 *name = cursor_read_bytes(cursor, length);
    gsize before_length;

    if (!name || length == 0 || memchr(name, '/', length) || memchr(name, '\0', length) ||
        (length <= 2 && memcmp(name, "..", length) == 0))
        return FALSE;
    if (before) {
        const guint8 *other = name_at(parser->start, cursor->end, before, &before_length);

        if (compare_names(other, before_length, name, length) >= 0)
            return FALSE;
    }
    *ret_position = position;
    *ret_length = length;
    return TRUE;
}

static gboolean enter_folder(FileParser *parser)
{
    Level *parent = top_level(parser);
    FolderRecord record = {.parent = parent->folder};
    gsize length;

    if (parser->levels->len > INDEX_DEPTH_MAX || !take_name(parser, parent->last_subfolder, &record.name, &length) ||
        parent->path_length + length >= INDEX_PATH_MAX)
        return FALSE;
    Level level = {
        .folder = parser->index->folders->len,
        .path_length = parent->path_length + length + 1,
    };
    parent->last_subfolder = record.name;
    g_array_append_val(parser->levels, level);
    g_array_append_val(parser->index->folders, record);
    return TRUE;
}

static gboolean parse_path(FileParser *parser, FileRecord *file)
{
    guint64 leave = cursor_read_limited(&parser->cursor, parser->levels->len - 1);
    guint64 enter = cursor_read_limited(&parser->cursor, INDEX_DEPTH_MAX);
    gsize length;

    if (parser->cursor.failed)
        return FALSE;
    g_array_set_size(parser->levels, parser->levels->len - (guint)leave);
    for (guint64 i = 0; i < enter; i++) {
        if (!enter_folder(parser))
            return FALSE;
    }
    Level *level = top_level(parser);
    if (level->last_subfolder || !take_name(parser, level->last_file, &file->name, &length) ||
        level->path_length + length > INDEX_PATH_MAX)
        return FALSE;
    level->last_file = file->name;
    file->folder = level->folder;
    return TRUE;
}

/* Checks the runs and counts the stored blocks. The last block is a hole if *ret_ends_with_hole. */
static gboolean parse_holes(FileParser *parser, guint64 n_blocks, FileRecord *file, gboolean *ret_ends_with_hole)
{
    gboolean hole = TRUE;
    guint64 left = n_blocks, stored = 0;

    file->holes = (guint32)(parser->cursor.at - parser->start);
    for (guint64 i = 0; left > 0; i++, hole = !hole) {
        guint64 run = cursor_read_limited(&parser->cursor, left);

        if (parser->cursor.failed || (run == 0 && i > 0))
            return FALSE;
        left -= run;
        stored += hole ? 0 : run;
        *ret_ends_with_hole = hole;
    }
    file->n_stored = (guint32)stored;
    return stored < n_blocks;
}

/* Each stored block must be as long as the file has it at that place. */
static gboolean check_block_sizes(const FileParser *parser, const FileRecord *file, guint32 last_size)
{
    guint32 block_size = parser->index->facts.block_size;

    for (guint32 i = 0; i < file->n_stored; i++) {
        guint64 number = (guint64)file->first_block + i;

        if (index_block_is_pack(parser->index, number) ||
            index_block_raw_size(parser->index, number) != (i + 1 == file->n_stored ? last_size : block_size))
            return FALSE;
    }
    return TRUE;
}

static gboolean parse_blocks(FileParser *parser, FileRecord *file, gboolean packed, gboolean holes)
{
    const IndexFacts *facts = &parser->index->facts;
    guint32 tail = (guint32)(file->size % facts->block_size);
    guint64 n_blocks = file->size / facts->block_size + (tail > 0 && !packed);
    gboolean ends_with_hole = FALSE;

    parser->content_blocks += n_blocks;
    if (n_blocks > INDEX_CONTENT_BLOCKS_MAX || parser->content_blocks > INDEX_CONTENT_BLOCKS_MAX)
        return FALSE;
    file->n_stored = (guint32)n_blocks;
    if (holes && !parse_holes(parser, n_blocks, file, &ends_with_hole))
        return FALSE;
    if (file->n_stored == 0)
        return TRUE;
    guint64 first = parser->next_block + unzigzag(cursor_read_varint(&parser->cursor));
    if (parser->cursor.failed || first >= facts->n_blocks || file->n_stored > facts->n_blocks - first)
        return FALSE;
    file->first_block = (guint32)first;
    parser->next_block = first + file->n_stored;
    return check_block_sizes(parser, file, tail && !packed && !ends_with_hole ? tail : facts->block_size);
}

/* Goes on to another pack: the one before must be full, and none passed over. */
static gboolean open_pack(FileParser *parser, guint64 pack)
{
    if (parser->filled != parser->room)
        return FALSE;
    for (; parser->next_pack < pack; parser->next_pack++)
        if (index_block_is_pack(parser->index, parser->next_pack))
            return FALSE;
    if (pack < parser->index->facts.n_blocks) {
        parser->next_pack = pack + 1;
        parser->room = index_block_raw_size(parser->index, pack);
        parser->filled = 0;
    }
    return TRUE;
}

/* A piece that an earlier file has too. */
static gboolean find_piece(const FileParser *parser, const PieceRecord *piece, guint32 *ret_number)
{
    const GArray *pieces = parser->index->pieces;
    guint low = 0, high = pieces->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        const PieceRecord *other = &g_array_index(pieces, PieceRecord, middle);

        if (other->pack == piece->pack && other->offset == piece->offset) {
            *ret_number = middle;
            return other->length == piece->length;
        }
        if (other->pack < piece->pack || (other->pack == piece->pack && other->offset < piece->offset))
            low = middle + 1;
        else
            high = middle;
    }
    return FALSE;
}

/* A new piece lies right behind the last new one, or begins the next pack. */
static gboolean take_piece(FileParser *parser, const PieceRecord *piece, guint32 *ret_number)
{
    if (piece->pack >= parser->next_pack && (piece->offset != 0 || !open_pack(parser, piece->pack)))
        return FALSE;
    if (piece->pack + 1u != parser->next_pack || piece->offset != parser->filled)
        return find_piece(parser, piece, ret_number);
    parser->filled += piece->length;
    *ret_number = parser->index->pieces->len;
    g_array_append_vals(parser->index->pieces, piece, 1);
    return TRUE;
}

static gboolean parse_pack(FileParser *parser, FileRecord *file)
{
    guint32 tail = (guint32)(file->size % parser->index->facts.block_size);
    guint64 pack = parser->pack + unzigzag(cursor_read_varint(&parser->cursor));
    guint64 end = pack == parser->pack ? parser->pack_end : 0;
    guint64 offset = end + unzigzag(cursor_read_varint(&parser->cursor));

    if (parser->cursor.failed || tail == 0 || pack >= parser->index->facts.n_blocks ||
        !index_block_is_pack(parser->index, pack))
        return FALSE;
    guint32 raw_size = index_block_raw_size(parser->index, pack);
    if (offset > raw_size || tail > raw_size - offset)
        return FALSE;
    parser->pack = pack;
    parser->pack_end = offset + tail;
    file->pack = (guint32)pack;
    file->pack_offset = (guint32)offset;
    PieceRecord piece = {(guint32)pack, (guint32)offset, tail};
    return take_piece(parser, &piece, &file->piece);
}

static gboolean parse_origin(FileParser *parser, FileRecord *file)
{
    file->layer = (guint32)cursor_read_limited(&parser->cursor, parser->index->facts.n_layers);
    if (file->layer == 0)
        return !parser->cursor.failed;
    guint64 *next = &g_array_index(parser->next_entries, guint64, file->layer);
    const LayerRecord *layer = &g_array_index(parser->index->layers, LayerRecord, file->layer - 1);

    file->entry = *next + unzigzag(cursor_read_varint(&parser->cursor));
    *next = file->entry + 1;
    return !parser->cursor.failed && file->entry < layer->head.items;
}

static gboolean parse_file(FileParser *parser)
{
    FileRecord file = {.piece = NO_NUMBER};

    if (!parse_path(parser, &file))
        return FALSE;
    file.size = cursor_read_varint(&parser->cursor);
    guint64 flags = cursor_read_limited(&parser->cursor, FILE_FLAGS_KNOWN);
    if (parser->cursor.failed || !parse_blocks(parser, &file, flags & FILE_PACKED, (flags & FILE_HOLES) != 0) ||
        ((flags & FILE_PACKED) && !parse_pack(parser, &file)) || !parse_origin(parser, &file))
        return FALSE;
    g_array_append_val(parser->index->file_records, file);
    return TRUE;
}

static gboolean run_parser(FileParser *parser, guint64 n_files, GError **error)
{
    Level root = {0};
    FolderRecord folder = {0};

    g_array_append_val(parser->levels, root);
    g_array_append_val(parser->index->folders, folder);
    g_array_set_size(parser->next_entries, parser->index->facts.n_layers + 1);
    for (guint64 i = 0; i < n_files; i++) {
        if (!parse_file(parser))
            return gourd_error_set(error, GOURD_ERROR_INPUT, "file %" G_GUINT64_FORMAT " of the index makes no sense",
                                   i);
    }
    if (parser->cursor.at != parser->cursor.end)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the index has bytes behind its last file");
    if (!open_pack(parser, parser->index->facts.n_blocks))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the files of the index do not fill its packs");
    return TRUE;
}

gboolean index_parse_files(BundleIndex *index, const SectionHead *head, GError **error)
{
    gsize size;

    index->files = index_expand_section(index, head, error);
    if (!index->files)
        return FALSE;
    if (head->items >= NO_NUMBER)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "the index has too many files");
    const guint8 *bytes = g_bytes_get_data(index->files, &size);
    g_autoptr(GArray) levels = g_array_new(FALSE, FALSE, sizeof(Level));
    g_autoptr(GArray) next_entries = g_array_new(FALSE, TRUE, sizeof(guint64));
    FileParser parser = {
        .index = index,
        .start = bytes,
        .cursor = {bytes, bytes + size, FALSE},
        .levels = levels,
        .next_entries = next_entries,
    };

    index->facts.n_files = head->items;
    index->file_records = g_array_new(FALSE, FALSE, sizeof(FileRecord));
    index->folders = g_array_new(FALSE, FALSE, sizeof(FolderRecord));
    index->pieces = g_array_new(FALSE, FALSE, sizeof(PieceRecord));
    return run_parser(&parser, head->items, error);
}
