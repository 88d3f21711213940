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
    guint32 folder, name;  /* name: position of its length */
    guint32 holes;         /* position of the runs; 0: no holes */
    guint32 packed_number; /* of its digest; NO_NUMBER: not packed */
    guint32 layer;
} FileRecord;

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
    GBytes *block_digests; /* DIGEST_SIZE each */
    GArray *block_offsets; /* guint64 */
    GBytes *files;
    GBytes *file_digests;
    GArray *file_records;   /* FileRecord */
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

/* Parts of bundle_index_parse(): each reads one section, checks it and keeps what is needed. */
gboolean index_parse_blocks(BundleIndex *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean index_parse_files(BundleIndex *index, const SectionHead *head, const SectionHead *digests, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean index_parse_layers(BundleIndex *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The raw bytes of a section, whose digest is checked. */
GBytes *index_expand_section(const BundleIndex *index, const SectionHead *head, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
