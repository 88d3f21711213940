// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What the files of the index reader share. */

#include "index.h"

#include "index-section.h"

#define NO_NUMBER G_MAXUINT32

/* A file as it is kept: 56 bytes. Positions are offsets in the raw section, which is kept too. */
typedef struct {
    guint64 size, entry;
    guint32 first_block, n_stored, pack, pack_offset;
    guint32 folder, name; /* name: position of its length */
    guint32 holes;        /* position of the runs; 0: no holes */
    guint32 piece;        /* number of the packed one; NO_NUMBER: not packed */
    guint32 layer;
} FileRecord;

/* What lies in a pack: pieces without gaps, in the order in which files first have them. */
typedef struct {
    guint32 pack, offset, length;
} PieceRecord;

typedef struct {
    guint32 parent, name; /* of the root: 0 */
} FolderRecord;

typedef struct {
    SectionHead head;
    gboolean has_diff_id;
    Digest diff_id;
    guint32 files_start; /* in files_by_entry */
    guint32 files_end;
} LayerRecord;

struct BundleIndex {
    GBytes *bytes; /* the whole index, as stored */
    IndexFacts facts;
    char *compressor, *encoder, *gourd_version;
    GBytes *blocks;        /* records */
    Digest *block_digests; /* n_blocks of them; those of packs follow from the pieces in them */
    GArray *block_offsets; /* guint64 */
    GBytes *files;
    GBytes *piece_digests;  /* DIGEST_SIZE each */
    GArray *file_records;   /* FileRecord */
    GArray *pieces;         /* PieceRecord */
    GArray *folders;        /* FolderRecord; 0 is the root */
    GArray *files_by_entry; /* guint32: numbers of files, by layer, then entry */
    GArray *layers;         /* LayerRecord */
    GBytes *metadata;
    GBytes *tables; /* two digests, or NULL */
};

static inline const FileRecord *index_file_record(const BundleIndex *index, guint64 number)
{
    return &g_array_index(index->file_records, FileRecord, number);
}

static inline guint32 index_block_raw_size(const BundleIndex *index, guint64 number)
{
    const guint8 *records = g_bytes_get_data(index->blocks, NULL);

    return read_u32(records + number * BLOCK_RECORD_SIZE + 4) & BLOCK_SIZE_MASK;
}

static inline gboolean index_block_is_pack(const BundleIndex *index, guint64 number)
{
    const guint8 *records = g_bytes_get_data(index->blocks, NULL);

    return (read_u32(records + number * BLOCK_RECORD_SIZE + 4) & BLOCK_PACK) != 0;
}

/* Parts of bundle_index_parse(): each reads one section or two, checks them and keeps what is needed. */
gboolean index_parse_blocks(BundleIndex *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean index_parse_files(BundleIndex *index, const SectionHead *head, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Of blocks and pieces, when the files are known. */
gboolean index_parse_digests(BundleIndex *index, const SectionHead *blocks, const SectionHead *pieces, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean index_parse_layers(BundleIndex *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The raw bytes of a section, whose digest is checked. */
GBytes *index_expand_section(const BundleIndex *index, const SectionHead *head, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
