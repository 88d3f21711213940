// SPDX-License-Identifier: LGPL-2.1-or-later
#include "index-build.h"

#include "index-section.h"

#include <string.h>

G_STATIC_ASSERT(ENTRY_FILE == 0 && ENTRY_DIRECTORY == 1 && ENTRY_SYMLINK == 2 && ENTRY_CHAR_DEVICE == 3);
G_STATIC_ASSERT(ENTRY_BLOCK_DEVICE == 4 && ENTRY_FIFO == 5 && ENTRY_SOCKET == 6 && ENTRY_HARD_LINK == 7);

struct IndexLayer {
    guint number;
    SectionWriter section;
    GString *path; /* of the entry before */
    gint64 mtime;
    gboolean excess; /* an entry is over the limits of the format */
};

struct IndexBuilder {
    guint32 block_size;
    SectionWriter parameters, blocks, block_digests, files, piece_digests, tables;
    guint64 data_size;

    /* What the next file is told as a difference to. */
    GString *folder; /* with a slash at its end, or empty */
    guint64 next_block, pack, pack_end;
    guint64 piece_pack, piece_end; /* of the last new piece */
    GArray *next_entries;          /* guint64 by layer */

    GMutex lock;       /* of layers */
    GPtrArray *layers; /* IndexLayer by number - 1; NULL where none was begun yet */
};

static void add_parameter(SectionWriter *section, const char *key, const char *value)
{
    section_writer_add_bytes(section, key, strlen(key));
    section_writer_add_bytes(section, value, strlen(value));
    section->items++;
}

static gboolean init_sections(IndexBuilder *builder, GError **error)
{
    return section_writer_init(&builder->parameters, SECTION_PARAMETERS, SECTION_CRITICAL, ENCODING_PLAIN, error) &&
           section_writer_init(&builder->blocks, SECTION_BLOCKS, SECTION_CRITICAL, ENCODING_ZSTD, error) &&
           section_writer_init(&builder->block_digests, SECTION_BLOCK_DIGESTS, SECTION_CRITICAL, ENCODING_PLAIN,
                               error) &&
           section_writer_init(&builder->files, SECTION_FILES, SECTION_CRITICAL, ENCODING_ZSTD, error) &&
           section_writer_init(&builder->piece_digests, SECTION_PIECE_DIGESTS, SECTION_CRITICAL, ENCODING_PLAIN,
                               error) &&
           section_writer_init(&builder->tables, SECTION_TABLES, 0, ENCODING_PLAIN, error);
}

IndexBuilder *index_builder_new(const IndexParameters *parameters, GError **error)
{
    g_autoptr(IndexBuilder) builder = g_new0(IndexBuilder, 1);
    g_autofree char *level = g_strdup_printf("%d", parameters->level);

    g_mutex_init(&builder->lock);
    builder->block_size = parameters->block_size;
    builder->folder = g_string_new(NULL);
    builder->layers = g_ptr_array_new();
    builder->next_entries = g_array_new(FALSE, TRUE, sizeof(guint64));
    if (!init_sections(builder, error))
        return NULL;
    add_parameter(&builder->parameters, "compressor", parameters->compressor);
    add_parameter(&builder->parameters, "encoder", parameters->encoder);
    add_parameter(&builder->parameters, "gourd", parameters->gourd_version);
    add_parameter(&builder->parameters, "level", level);
    return g_steal_pointer(&builder);
}

static void free_layer(IndexLayer *layer)
{
    if (!layer)
        return;
    section_writer_release(&layer->section);
    g_string_free(layer->path, TRUE);
    g_free(layer);
}

void index_builder_free(IndexBuilder *builder)
{
    if (!builder)
        return;
    section_writer_release(&builder->parameters);
    section_writer_release(&builder->blocks);
    section_writer_release(&builder->block_digests);
    section_writer_release(&builder->files);
    section_writer_release(&builder->piece_digests);
    section_writer_release(&builder->tables);
    g_string_free(builder->folder, TRUE);
    g_array_unref(builder->next_entries);
    for (guint i = 0; i < builder->layers->len; i++)
        free_layer(g_ptr_array_index(builder->layers, i));
    g_ptr_array_unref(builder->layers);
    g_mutex_clear(&builder->lock);
    g_free(builder);
}

/* --- blocks and files -------------------------------------------------------------------------------------------- */

void index_builder_add_block(IndexBuilder *builder, const IndexBlock *block)
{
    guint8 record[BLOCK_RECORD_SIZE];

    g_assert(block->raw_size > 0 && block->raw_size <= builder->block_size);
    g_assert(block->stored_size > 0 && block->stored_size <= block->raw_size);
    g_assert(block->compressed || block->stored_size == block->raw_size);
    write_u32(record, block->stored_size | (block->compressed ? 0 : BLOCK_STORED_PLAIN));
    write_u32(record + 4, block->raw_size | (block->kind == BLOCK_OF_PACK ? BLOCK_PACK : 0));
    section_writer_add(&builder->blocks, record, sizeof record);
    builder->blocks.items++;
    if (block->kind == BLOCK_OF_FILE) {
        section_writer_add(&builder->block_digests, block->digest.bytes, DIGEST_SIZE);
        builder->block_digests.items++;
    }
    builder->data_size += block->stored_size;
}

/* Tells a path as folders to leave, folders to enter and a name. */
static void add_path(IndexBuilder *builder, const char *path)
{
    const char *slash = strrchr(path, '/');
    gsize length = slash ? (gsize)(slash - path) + 1 : 0;
    gsize same = 0;
    guint leave = 0, enter = 0;

    for (gsize i = 0; i < length && i < builder->folder->len && path[i] == builder->folder->str[i]; i++) {
        if (path[i] == '/')
            same = i + 1;
    }
    for (gsize i = same; i < builder->folder->len; i++)
        leave += builder->folder->str[i] == '/';
    for (gsize i = same; i < length; i++)
        enter += path[i] == '/';
    section_writer_add_varint(&builder->files, leave);
    section_writer_add_varint(&builder->files, enter);
    for (gsize i = same; i < length;) {
        gsize part = (gsize)(strchr(path + i, '/') - (path + i));

        section_writer_add_bytes(&builder->files, path + i, part);
        i += part + 1;
    }
    section_writer_add_bytes(&builder->files, path + length, strlen(path + length));
    g_string_truncate(builder->folder, same);
    g_string_append_len(builder->folder, path + same, (gssize)(length - same));
}

/* Runs of holes and stored blocks by turns, beginning with holes, until all blocks are told. */
static void add_holes(SectionWriter *section, const IndexFile *file)
{
    gboolean hole = TRUE;

    for (guint64 i = 0; i < file->n_blocks; hole = !hole) {
        guint64 start = i;

        while (i < file->n_blocks && (file->sizes[i] == 0) == hole)
            i++;
        section_writer_add_varint(section, i - start);
    }
}

static guint64 count_stored_blocks(const IndexFile *file)
{
    guint64 stored = 0;

    if (!file->sizes)
        return file->n_blocks;
    for (guint64 i = 0; i < file->n_blocks; i++)
        stored += file->sizes[i] != 0;
    return stored;
}

static void add_origin(IndexBuilder *builder, const IndexFile *file)
{
    section_writer_add_varint(&builder->files, file->layer);
    if (file->layer == 0)
        return;
    if (builder->next_entries->len <= file->layer)
        g_array_set_size(builder->next_entries, file->layer + 1);
    guint64 *next = &g_array_index(builder->next_entries, guint64, file->layer);

    section_writer_add_varint(&builder->files, zigzag(file->entry - *next));
    *next = file->entry + 1;
}

static void add_piece(IndexBuilder *builder, const IndexFile *file, guint32 size)
{
    gboolean first = builder->piece_digests.items == 0 || file->pack > builder->piece_pack;
    guint64 end = first ? 0 : builder->piece_end;

    if (file->pack != builder->pack)
        builder->pack_end = 0;
    section_writer_add_varint(&builder->files, zigzag(file->pack - builder->pack));
    section_writer_add_varint(&builder->files, zigzag(file->pack_offset - builder->pack_end));
    builder->pack = file->pack;
    builder->pack_end = (guint64)file->pack_offset + size;
    if (!first && (file->pack < builder->piece_pack || file->pack_offset < end))
        return; /* another file has it too */
    g_assert(file->pack_offset == end);
    builder->piece_pack = file->pack;
    builder->piece_end = end + size;
    section_writer_add(&builder->piece_digests, file->piece.bytes, DIGEST_SIZE);
    builder->piece_digests.items++;
}

void index_builder_add_file(IndexBuilder *builder, const IndexFile *file)
{
    SectionWriter *section = &builder->files;
    guint64 stored = count_stored_blocks(file);
    guint32 tail = (guint32)(file->size % builder->block_size);
    guint64 n_blocks = file->size / builder->block_size + (tail > 0 && !file->packed);

    g_assert(file->path[0] != '/' && file->path[0] != '\0');
    g_assert(file->n_blocks == n_blocks && (tail > 0 || !file->packed));
    add_path(builder, file->path);
    section_writer_add_varint(section, file->size);
    section_writer_add_varint(section, (file->packed ? FILE_PACKED : 0) | (stored < n_blocks ? FILE_HOLES : 0));
    if (stored < n_blocks)
        add_holes(section, file);
    if (stored > 0) {
        section_writer_add_varint(section, zigzag(file->first_block - builder->next_block));
        builder->next_block = file->first_block + stored;
    }
    if (file->packed)
        add_piece(builder, file, tail);
    add_origin(builder, file);
    section->items++;
}

/* --- layers ------------------------------------------------------------------------------------------------------ */

IndexLayer *index_builder_begin_layer(IndexBuilder *builder, guint number, const Digest *diff_id, GError **error)
{
    guint8 header[LAYER_HEADER_SIZE] = {0};

    if (number < 1 || number > INDEX_LAYERS_MAX) {
        gourd_error_set(error, GOURD_ERROR_LIMIT, "layer %u is beyond what the index can hold, %u layers", number,
                        INDEX_LAYERS_MAX);
        gourd_error_hint(error, "build without an index: --no-index");
        return NULL;
    }
    IndexLayer *layer = g_new0(IndexLayer, 1);
    layer->number = number;
    layer->path = g_string_new(NULL);
    if (!section_writer_init(&layer->section, SECTION_LAYER, 0, ENCODING_ZSTD, error)) {
        free_layer(layer);
        return NULL;
    }
    if (diff_id) {
        header[0] = LAYER_HAS_DIFF_ID;
        memcpy(header + 1, diff_id->bytes, DIGEST_SIZE);
    }
    section_writer_add(&layer->section, header, sizeof header);

    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&builder->lock);
    if (builder->layers->len < number)
        g_ptr_array_set_size(builder->layers, (int)number);
    g_assert(!g_ptr_array_index(builder->layers, number - 1));
    g_ptr_array_index(builder->layers, number - 1) = layer;
    return layer;
}

static void add_entry_path(IndexLayer *layer, const char *path)
{
    gsize length = strlen(path);
    gsize same = 0;

    while (same < length && same < layer->path->len && path[same] == layer->path->str[same])
        same++;
    section_writer_add_varint(&layer->section, same);
    section_writer_add_bytes(&layer->section, path + same, length - same);
    layer->excess |= length > INDEX_PATH_MAX;
    g_string_truncate(layer->path, same);
    g_string_append(layer->path, path + same);
}

static void add_entry_xattrs(IndexLayer *layer, const Xattrs *xattrs)
{
    SectionWriter *section = &layer->section;
    gsize n_xattrs = xattrs_count(xattrs);

    layer->excess |= n_xattrs > INDEX_XATTRS_MAX;
    section_writer_add_varint(section, n_xattrs);
    for (gsize i = 0; i < n_xattrs; i++) {
        const Xattr *xattr = xattrs_get(xattrs, i);

        section_writer_add_bytes(section, xattr->name, strlen(xattr->name));
        section_writer_add_bytes(section, xattr->value, xattr->size);
        layer->excess |= xattr->size > INDEX_XATTR_SIZE_MAX || strlen(xattr->name) > INDEX_PATH_MAX;
    }
}

guint64 index_layer_add_entry(IndexLayer *layer, const Entry *entry)
{
    SectionWriter *section = &layer->section;

    section_writer_add_varint(section, entry->type);
    add_entry_path(layer, entry->path);
    section_writer_add_varint(section, entry->mode);
    section_writer_add_varint(section, entry->uid);
    section_writer_add_varint(section, entry->gid);
    section_writer_add_varint(section, zigzag((guint64)entry->mtime - (guint64)layer->mtime));
    section_writer_add_varint(section, entry->mtime_nsec);
    if (entry->type == ENTRY_FILE)
        section_writer_add_varint(section, entry->size);
    if (entry->type == ENTRY_CHAR_DEVICE || entry->type == ENTRY_BLOCK_DEVICE) {
        section_writer_add_varint(section, entry->device_major);
        section_writer_add_varint(section, entry->device_minor);
    }
    if (entry->type == ENTRY_SYMLINK || entry->type == ENTRY_HARD_LINK) {
        const char *target = entry->target ? entry->target : "";

        section_writer_add_bytes(section, target, strlen(target));
        layer->excess |= strlen(target) > INDEX_PATH_MAX;
    }
    add_entry_xattrs(layer, entry->xattrs);
    layer->mtime = entry->mtime;
    return section->items++;
}

void index_layer_end(IndexLayer *layer)
{
    section_writer_end(&layer->section);
}

/* --- tables ------------------------------------------------------------------------------------------------------ */

gboolean index_builder_add_tables(IndexBuilder *builder, int fd, const char *name, guint64 squashfs_size,
                                  guint64 data_start, GError **error)
{
    guint64 data_end = data_start + builder->data_size;
    Digest before, behind;

    g_assert(builder->tables.items == 0 && data_end <= squashfs_size);
    if (!file_range_digest(fd, name, 0, data_start, &before, error) ||
        !file_range_digest(fd, name, data_end, squashfs_size - data_end, &behind, error))
        return FALSE;
    section_writer_add(&builder->tables, before.bytes, DIGEST_SIZE);
    section_writer_add(&builder->tables, behind.bytes, DIGEST_SIZE);
    builder->tables.items = 2;
    return TRUE;
}

/* --- the trailer ------------------------------------------------------------------------------------------------- */

typedef struct {
    GByteArray *head;  /* header and section table */
    GPtrArray *stored; /* GByteArray, borrowed, in order */
    guint64 size;      /* of the index so far */
    guint n_sections;
} Assembly;

static gboolean append_section(Assembly *assembly, SectionWriter *section, GError **error)
{
    guint8 head[INDEX_SECTION_SIZE] = {0};
    Digest digest;

    section_writer_end(section);
    if (section->raw_size > index_raw_limit(section->stored->len) && section->encoding != ENCODING_PLAIN) {
        gourd_error_set(error, GOURD_ERROR_LIMIT, "section %u of the index takes %" G_GUINT64_FORMAT " bytes",
                        section->type, section->raw_size);
        return gourd_error_hint(error, "build without an index: --no-index");
    }
    digest_of_bytes(section->stored->data, section->stored->len, &digest);
    write_u32(head, section->type);
    write_u32(head + 4, section->flags);
    write_u32(head + 8, section->encoding);
    write_u64(head + 16, assembly->size);
    write_u64(head + 24, section->stored->len);
    write_u64(head + 32, section->raw_size);
    write_u64(head + 40, section->items);
    memcpy(head + 48, digest.bytes, DIGEST_SIZE);
    g_byte_array_append(assembly->head, head, sizeof head);
    g_ptr_array_add(assembly->stored, section->stored);
    assembly->size += section->stored->len;
    return TRUE;
}

static void fill_header(const IndexBuilder *builder, Assembly *assembly, guint64 squashfs_size, guint64 data_start)
{
    guint8 *header = assembly->head->data;

    memcpy(header, INDEX_MAGIC, INDEX_MAGIC_SIZE);
    write_u16(header + 8, INDEX_MAJOR);
    write_u16(header + 10, INDEX_MINOR);
    write_u32(header + 12, INDEX_HEADER_SIZE);
    write_u64(header + 16, squashfs_size);
    write_u64(header + 24, assembly->size);
    write_u64(header + 32, data_start);
    write_u64(header + 40, data_start + builder->data_size);
    write_u32(header + 48, builder->block_size);
    write_u32(header + 52, assembly->n_sections);
}

/* All parts one after the other, padded, with the footer at the end. */
static GBytes *join_trailer(const Assembly *assembly, guint64 squashfs_size)
{
    guint64 total = bundle_align(assembly->size + INDEX_FOOTER_SIZE);
    g_autofree guint8 *trailer = g_malloc0(total);
    guint8 *at = trailer + assembly->head->len;
    guint8 *footer = trailer + total - INDEX_FOOTER_SIZE;
    Digest digest;

    memcpy(trailer, assembly->head->data, assembly->head->len);
    for (guint i = 0; i < assembly->stored->len; i++) {
        const GByteArray *stored = g_ptr_array_index(assembly->stored, i);

        if (stored->len > 0)
            memcpy(at, stored->data, stored->len);
        at += stored->len;
    }
    digest_of_bytes(assembly->head->data, assembly->head->len, &digest);
    memcpy(footer, FOOTER_MAGIC, INDEX_MAGIC_SIZE);
    write_u16(footer + 8, INDEX_MAJOR);
    write_u16(footer + 10, INDEX_MINOR);
    write_u32(footer + 12, INDEX_FOOTER_SIZE);
    write_u64(footer + 16, bundle_align(squashfs_size));
    write_u64(footer + 24, assembly->size);
    memcpy(footer + 32, digest.bytes, DIGEST_SIZE);
    return g_bytes_new_take(g_steal_pointer(&trailer), total);
}

static gboolean append_sections(IndexBuilder *builder, Assembly *assembly, SectionWriter *metadata, GError **error)
{
    assembly->size = INDEX_HEADER_SIZE + (guint64)assembly->n_sections * INDEX_SECTION_SIZE;
    g_byte_array_set_size(assembly->head, INDEX_HEADER_SIZE);
    memset(assembly->head->data, 0, INDEX_HEADER_SIZE);
    if (!append_section(assembly, &builder->parameters, error) || !append_section(assembly, &builder->blocks, error) ||
        !append_section(assembly, &builder->block_digests, error) ||
        !append_section(assembly, &builder->files, error) || !append_section(assembly, &builder->piece_digests, error))
        return FALSE;
    for (guint i = 0; i < builder->layers->len; i++) {
        IndexLayer *layer = g_ptr_array_index(builder->layers, i);

        g_assert(layer);
        if (layer->excess) {
            gourd_error_set(error, GOURD_ERROR_LIMIT, "layer %u has an entry that is too large for the index", i + 1);
            return gourd_error_hint(error, "build without an index: --no-index");
        }
        if (!append_section(assembly, &layer->section, error))
            return gourd_error_prefix(error, "layer %u", i + 1);
    }
    return (!metadata || append_section(assembly, metadata, error)) &&
           (builder->tables.items == 0 || append_section(assembly, &builder->tables, error));
}

gboolean index_builder_finish(IndexBuilder *builder, guint64 squashfs_size, guint64 data_start, GBytes *metadata,
                              GBytes **ret_trailer, GError **error)
{
    g_autoptr(GByteArray) head = g_byte_array_new();
    g_autoptr(GPtrArray) stored = g_ptr_array_new();
    Assembly assembly = {.head = head, .stored = stored};
    SectionWriter section = {0};

    g_assert(builder->layers->len + 1 >= builder->next_entries->len);
    if (metadata) {
        gsize size;
        const void *bytes = g_bytes_get_data(metadata, &size);

        if (!section_writer_init(&section, SECTION_METADATA, 0, ENCODING_ZSTD, error))
            return FALSE;
        section_writer_add(&section, bytes, size);
        section.items = 1;
    }
    assembly.n_sections = 5 + builder->layers->len + (metadata != NULL) + (builder->tables.items > 0);
    gboolean done = append_sections(builder, &assembly, metadata ? &section : NULL, error);
    if (done) {
        fill_header(builder, &assembly, squashfs_size, data_start);
        *ret_trailer = join_trailer(&assembly, squashfs_size);
    }
    section_writer_release(&section);
    return done;
}
