// SPDX-License-Identifier: LGPL-2.1-or-later
#include "index-private.h"

#include <string.h>

gboolean bundle_footer_detect(const guint8 *bytes)
{
    return memcmp(bytes, FOOTER_MAGIC, INDEX_MAGIC_SIZE) == 0;
}

static gboolean check_version(guint16 major, GError **error)
{
    if (major == INDEX_MAJOR)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "the index has format version %u; this gourd reads %u", major,
                    INDEX_MAJOR);
    return gourd_error_hint(error, "%s; the file system in the bundle can be mounted all the same",
                            major > INDEX_MAJOR ? "use a newer gourd" : "build the bundle again");
}

gboolean bundle_footer_parse(const guint8 *bytes, guint64 file_size, BundleFooter *ret_footer, GError **error)
{
    BundleFooter footer = {
        .major = read_u16(bytes + 8),
        .minor = read_u16(bytes + 10),
        .index_offset = read_u64(bytes + 16),
        .index_size = read_u64(bytes + 24),
    };

    if (!bundle_footer_detect(bytes))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the file does not end with a bundle's footer");
    if (!check_version(footer.major, error))
        return FALSE;
    if (read_u32(bytes + 12) != INDEX_FOOTER_SIZE || file_size % BUNDLE_ALIGNMENT != 0 ||
        footer.index_offset % BUNDLE_ALIGNMENT != 0 || footer.index_size < INDEX_HEADER_SIZE ||
        footer.index_offset > file_size || footer.index_size > file_size ||
        footer.index_offset + bundle_align(footer.index_size + INDEX_FOOTER_SIZE) != file_size)
        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "the bundle's footer does not fit the file of %" G_GUINT64_FORMAT " bytes", file_size);
    memcpy(footer.head.bytes, bytes + 32, DIGEST_SIZE);
    *ret_footer = footer;
    return TRUE;
}

/* --- header and section table ------------------------------------------------------------------------------------- */

/* The sections of this version, found in the table. */
typedef struct {
    SectionHead parameters, blocks, block_digests, files, piece_digests, metadata, tables;
    gboolean has_metadata, has_tables;
} Sections;

static gboolean parse_header(BundleIndex *index, const guint8 *header, const BundleFooter *footer, GError **error)
{
    IndexFacts *facts = &index->facts;

    if (memcmp(header, INDEX_MAGIC, INDEX_MAGIC_SIZE) != 0)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "there is no index where the footer says");
    facts->major = read_u16(header + 8);
    facts->minor = read_u16(header + 10);
    facts->squashfs_size = read_u64(header + 16);
    facts->index_size = read_u64(header + 24);
    facts->data_start = read_u64(header + 32);
    facts->data_end = read_u64(header + 40);
    facts->block_size = read_u32(header + 48);
    if (!check_version(facts->major, error))
        return FALSE;
    if (facts->minor != footer->minor || read_u32(header + 12) != INDEX_HEADER_SIZE ||
        facts->index_size != footer->index_size)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "header and footer of the index do not agree");
    if (facts->squashfs_size > footer->index_offset || bundle_align(facts->squashfs_size) != footer->index_offset)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the index is not right behind the SquashFS image");
    if (facts->data_start < SQUASHFS_DATA_START_MIN || facts->data_start > facts->data_end ||
        facts->data_end > facts->squashfs_size)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the data of the index lie outside of the SquashFS image");
    if (facts->block_size < INDEX_BLOCK_SIZE_MIN || facts->block_size > INDEX_BLOCK_SIZE_MAX ||
        (facts->block_size & (facts->block_size - 1)))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the index has a block size of %u", facts->block_size);
    return TRUE;
}

static void parse_section_head(const guint8 *bytes, SectionHead *ret_head)
{
    *ret_head = (SectionHead){
        .type = read_u32(bytes),
        .flags = read_u32(bytes + 4),
        .encoding = read_u32(bytes + 8),
        .offset = read_u64(bytes + 16),
        .stored_size = read_u64(bytes + 24),
        .raw_size = read_u64(bytes + 32),
        .items = read_u64(bytes + 40),
    };
    memcpy(ret_head->digest.bytes, bytes + 48, DIGEST_SIZE);
}

static gboolean check_section_head(const SectionHead *head, guint64 end, guint64 index_size, GError **error)
{
    if (head->offset != end || head->stored_size > index_size - end)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "section %u is not right behind the one before", head->type);
    if (head->type > SECTION_LAST || head->type == 0)
        return TRUE; /* not ours to expand */
    if (head->encoding > ENCODING_ZSTD)
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "section %u has the unknown encoding %u", head->type,
                               head->encoding);
    if (head->raw_size > INDEX_RAW_MAX ||
        (head->encoding == ENCODING_ZSTD && head->raw_size > index_raw_limit(head->stored_size)))
        return gourd_error_set(error, GOURD_ERROR_LIMIT,
                               "section %u claims to expand from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " bytes",
                               head->type, head->stored_size, head->raw_size);
    if (head->encoding == ENCODING_PLAIN && head->raw_size != head->stored_size)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "section %u has two sizes", head->type);
    /* Nothing has items of no bytes, so their number needs no other limit. */
    if (head->items > head->raw_size)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "section %u claims more items than bytes", head->type);
    return TRUE;
}

static gboolean keep_section(BundleIndex *index, const SectionHead *head, guint32 *last_type, Sections *sections,
                             GError **error)
{
    SectionHead *const homes[] = {
        [SECTION_PARAMETERS] = &sections->parameters,
        [SECTION_BLOCKS] = &sections->blocks,
        [SECTION_BLOCK_DIGESTS] = &sections->block_digests,
        [SECTION_FILES] = &sections->files,
        [SECTION_PIECE_DIGESTS] = &sections->piece_digests,
        [SECTION_METADATA] = &sections->metadata,
        [SECTION_TABLES] = &sections->tables,
    };

    if (head->type == 0 || head->type > SECTION_LAST) {
        if (head->flags & SECTION_CRITICAL)
            return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED,
                                   "the index has section %u, which this gourd does not know but must", head->type);
        return TRUE;
    }
    if (head->type < *last_type || (head->type == *last_type && head->type != SECTION_LAYER))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "section %u is not where it belongs", head->type);
    *last_type = head->type;
    if (head->type == SECTION_LAYER) {
        LayerRecord layer = {.head = *head};

        g_array_append_val(index->layers, layer);
        return TRUE;
    }
    *homes[head->type] = *head;
    sections->has_metadata |= head->type == SECTION_METADATA;
    sections->has_tables |= head->type == SECTION_TABLES;
    return TRUE;
}

static gboolean check_complete(const Sections *sections, GError **error)
{
    if (sections->parameters.type && sections->blocks.type && sections->block_digests.type && sections->files.type &&
        sections->piece_digests.type)
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_INPUT, "the index lacks one of its sections");
}

static gboolean parse_head(BundleIndex *index, const BundleFooter *footer, Sections *sections, GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(index->bytes, &size);
    guint32 last_type = 0;
    Digest digest;

    if (size != footer->index_size || size < INDEX_HEADER_SIZE)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the index is truncated");
    if (!parse_header(index, bytes, footer, error))
        return FALSE;
    guint32 n_sections = read_u32(bytes + 52);
    guint64 end = INDEX_HEADER_SIZE + (guint64)n_sections * INDEX_SECTION_SIZE;

    if (n_sections > INDEX_SECTIONS_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "the index has %u sections; at most %u are read", n_sections,
                               INDEX_SECTIONS_MAX);
    if (end > size)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the index is shorter than its section table");
    digest_of_bytes(bytes, end, &digest);
    if (!digest_equal(&digest, &footer->head))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the section table does not match its digest in the footer");
    for (guint32 i = 0; i < n_sections; i++) {
        SectionHead head;

        parse_section_head(bytes + INDEX_HEADER_SIZE + i * INDEX_SECTION_SIZE, &head);
        if (!check_section_head(&head, end, size, error) || !keep_section(index, &head, &last_type, sections, error))
            return FALSE;
        end += head.stored_size;
    }
    if (end != size)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the index does not end with its last section");
    return check_complete(sections, error);
}

GBytes *index_expand_section(const BundleIndex *index, const SectionHead *head, GError **error)
{
    g_autoptr(GBytes) stored = g_bytes_new_from_bytes(index->bytes, head->offset, head->stored_size);
    Digest digest;

    digest_of_bytes(g_bytes_get_data(stored, NULL), head->stored_size, &digest);
    if (!digest_equal(&digest, &head->digest)) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "section %u does not match its digest", head->type);
        return NULL;
    }
    return section_expand(head, stored, error);
}

/* --- small sections ----------------------------------------------------------------------------------------------- */

static char *take_text(Cursor *cursor)
{
    guint64 size = cursor_read_varint(cursor);
    const guint8 *bytes = cursor_read_bytes(cursor, size);

    if (!bytes || memchr(bytes, '\0', size) || !g_utf8_validate((const char *)bytes, (gssize)size, NULL)) {
        cursor->failed = TRUE;
        return NULL;
    }
    return g_strndup((const char *)bytes, size);
}

static void keep_parameter(BundleIndex *index, const char *key, char **value)
{
    gint64 level;

    if (strcmp(key, "compressor") == 0 && !index->compressor)
        index->compressor = g_steal_pointer(value);
    else if (strcmp(key, "encoder") == 0 && !index->encoder)
        index->encoder = g_steal_pointer(value);
    else if (strcmp(key, "gourd") == 0 && !index->gourd_version)
        index->gourd_version = g_steal_pointer(value);
    else if (strcmp(key, "level") == 0 && g_ascii_string_to_signed(*value, 10, -1000000, 1000000, &level, NULL))
        index->facts.level = (int)level;
}

static gboolean parse_parameters(BundleIndex *index, const SectionHead *head, GError **error)
{
    g_autoptr(GBytes) raw = index_expand_section(index, head, error);

    if (!raw)
        return FALSE;
    gsize size;
    const guint8 *bytes = g_bytes_get_data(raw, &size);
    Cursor cursor = {bytes, bytes + size, FALSE};

    for (guint64 i = 0; i < head->items && !cursor.failed; i++) {
        g_autofree char *key = take_text(&cursor);
        g_autofree char *value = take_text(&cursor);

        if (key && value)
            keep_parameter(index, key, &value);
    }
    if (cursor.failed || cursor.at != cursor.end)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the parameters are broken");
    index->facts.compressor = index->compressor ? index->compressor : "";
    index->facts.encoder = index->encoder ? index->encoder : "";
    index->facts.gourd_version = index->gourd_version ? index->gourd_version : "";
    return TRUE;
}

static gboolean parse_blocks(BundleIndex *index, const Sections *sections, GError **error)
{
    guint64 n_blocks = sections->blocks.items;

    if (sections->blocks.raw_size != n_blocks * BLOCK_RECORD_SIZE)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the number of blocks and the size of their table differ");
    index->facts.n_blocks = n_blocks;
    index->blocks = index_expand_section(index, &sections->blocks, error);
    return index->blocks && index_parse_blocks(index, error);
}

static gboolean parse_metadata(BundleIndex *index, const Sections *sections, GError **error)
{
    if (!sections->has_metadata)
        return TRUE;
    index->metadata = index_expand_section(index, &sections->metadata, error);
    return index->metadata != NULL;
}

static gboolean parse_tables(BundleIndex *index, const Sections *sections, GError **error)
{
    if (!sections->has_tables)
        return TRUE;
    if (sections->tables.items != 2 || sections->tables.raw_size != 2 * DIGEST_SIZE)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the digests of the tables are broken");
    index->tables = index_expand_section(index, &sections->tables, error);
    return index->tables != NULL;
}

BundleIndex *bundle_index_parse(GBytes *bytes, const BundleFooter *footer, GError **error)
{
    g_autoptr(BundleIndex) index = g_new0(BundleIndex, 1);
    Sections sections = {0};

    index->bytes = g_bytes_ref(bytes);
    index->layers = g_array_new(FALSE, FALSE, sizeof(LayerRecord));
    if (!parse_head(index, footer, &sections, error))
        return NULL;
    index->facts.n_layers = index->layers->len;
    if (!parse_parameters(index, &sections.parameters, error) || !parse_blocks(index, &sections, error) ||
        !index_parse_files(index, &sections.files, error) ||
        !index_parse_digests(index, &sections.block_digests, &sections.piece_digests, error) ||
        !index_parse_layers(index, error) || !parse_metadata(index, &sections, error) ||
        !parse_tables(index, &sections, error))
        return NULL;
    return g_steal_pointer(&index);
}

void bundle_index_free(BundleIndex *index)
{
    if (!index)
        return;
    g_bytes_unref(index->bytes);
    g_clear_pointer(&index->blocks, g_bytes_unref);
    g_free(index->block_digests);
    g_clear_pointer(&index->block_offsets, g_array_unref);
    g_clear_pointer(&index->files, g_bytes_unref);
    g_clear_pointer(&index->piece_digests, g_bytes_unref);
    g_clear_pointer(&index->pieces, g_array_unref);
    g_clear_pointer(&index->file_records, g_array_unref);
    g_clear_pointer(&index->folders, g_array_unref);
    g_clear_pointer(&index->files_by_entry, g_array_unref);
    g_clear_pointer(&index->metadata, g_bytes_unref);
    g_clear_pointer(&index->tables, g_bytes_unref);
    g_array_unref(index->layers);
    g_free(index->compressor);
    g_free(index->encoder);
    g_free(index->gourd_version);
    g_free(index);
}

const IndexFacts *bundle_index_facts(const BundleIndex *index)
{
    return &index->facts;
}

GBytes *bundle_index_metadata(const BundleIndex *index)
{
    return index->metadata;
}

gboolean bundle_index_get_table_digests(const BundleIndex *index, Digest *ret_before, Digest *ret_behind)
{
    if (!index->tables)
        return FALSE;
    const guint8 *bytes = g_bytes_get_data(index->tables, NULL);
    memcpy(ret_before->bytes, bytes, DIGEST_SIZE);
    memcpy(ret_behind->bytes, bytes + DIGEST_SIZE, DIGEST_SIZE);
    return TRUE;
}
