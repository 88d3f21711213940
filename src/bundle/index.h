// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Reading the index of a bundle (docs/format.md).
 *
 * Takes bytes from a file, or from a network: nothing is believed before it is checked. What bundle_index_parse() accepts
 * is consistent in itself (sums, ranges, order, digests of all sections); whether it fits the image is for bundle_verify()
 * to say. Immutable, so any number of threads may look. */

#include "index-build.h"

#define BUNDLE_FOOTER_BYTES 64 /* the last ones of a bundle */

typedef struct {
    guint16 major, minor;
    guint64 index_offset, index_size; /* where the index lies in the file */
    Digest head;                      /* of the index's header and section table */
} BundleFooter;

/* Whether the last bytes of a file are a bundle's footer, of whatever version. */
gboolean bundle_footer_detect(const guint8 *bytes);
/* Reads the footer of a file of that size. UNSUPPORTED for another major version. Fuzzed. */
gboolean bundle_footer_parse(const guint8 *bytes, guint64 file_size, BundleFooter *ret_footer, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

typedef struct BundleIndex BundleIndex;

/* Reads the footer's index_size bytes at index_offset. Fuzzed. */
BundleIndex *bundle_index_parse(GBytes *bytes, const BundleFooter *footer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void bundle_index_free(BundleIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BundleIndex, bundle_index_free)

typedef struct {
    guint16 major, minor;
    guint64 squashfs_size, index_size;
    guint64 data_start, data_end; /* all stored blocks, without gaps */
    guint32 block_size;
    const char *compressor, *encoder, *gourd_version; /* "" where the index does not say */
    int level;
    guint64 n_blocks, n_files;
    guint n_layers;
} IndexFacts;

const IndexFacts *bundle_index_facts(const BundleIndex *index);
GBytes *bundle_index_metadata(const BundleIndex *index); /* borrowed; NULL if there is none */

/* The digests of what is before data_start in the image, and of what is from data_end to squashfs_size; FALSE if the index does
 * not have them. */
gboolean bundle_index_get_table_digests(const BundleIndex *index, Digest *ret_before, Digest *ret_behind);

/* Block `number` (below n_blocks) and where it lies. */
void bundle_index_get_block(const BundleIndex *index, guint64 number, IndexBlock *ret_block, guint64 *ret_offset);

/* --- files ------------------------------------------------------------------------------------------------------- */

typedef struct {
    guint64 size;
    guint64 n_blocks;    /* blocks that are not packed, holes included */
    guint64 first_block; /* the first stored one; 0 if none is */
    guint64 n_stored;    /* stored ones, one after the other */
    gboolean packed;
    guint64 pack; /* block number; 0 if not packed */
    guint32 pack_offset, pack_length;
    guint layer; /* 0: gourd itself */
    guint64 entry;
} IndexedFile;

/* File `number` (below n_files) in canonical order. */
void bundle_index_get_file(const BundleIndex *index, guint64 number, IndexedFile *ret_file);
/* Its path. The caller frees. */
char *bundle_index_get_path(const BundleIndex *index, guint64 number);
/* Its content digest (see index-build.h), as it follows from those of its blocks and of what is packed. */
void bundle_index_get_digest(const BundleIndex *index, guint64 number, Digest *ret_digest);
/* The digest of what of it is packed; FALSE if nothing is. */
gboolean bundle_index_get_piece_digest(const BundleIndex *index, guint64 number, Digest *ret_digest);
/* The file with that path, the first of its inode. */
gboolean bundle_index_find_file(const BundleIndex *index, const char *path, guint64 *ret_number);

/* Blocks of a file as runs of holes and runs of stored blocks. */
typedef struct {
    const guint8 *at, *end; /* of what the index says of holes; NULL without holes */
    guint64 left;
    gboolean hole;
} BlockRuns;

void block_runs_init(BlockRuns *runs, const BundleIndex *index, guint64 number);
/* The next run of at least one block; FALSE at the end. */
gboolean block_runs_next(BlockRuns *runs, gboolean *ret_hole, guint64 *ret_count);

/* Which of two paths comes first in canonical order: negative, 0 or positive. A path counts as a file's unless it ends with
 * a slash. */
int canonical_compare(const char *a, const char *b);

/* --- layers ------------------------------------------------------------------------------------------------------ */

#define INDEX_NO_FILE G_MAXUINT64

/* The diffID of a layer (from 1 to n_layers); FALSE if its source had none. */
gboolean bundle_index_get_diff_id(const BundleIndex *index, guint layer, Digest *ret_diff_id);
guint64 bundle_index_count_entries(const BundleIndex *index, guint layer);

typedef struct IndexLayerReader IndexLayerReader;

/* Begins to read what a layer said. index must outlive the reader. */
IndexLayerReader *bundle_index_read_layer(const BundleIndex *index, guint layer, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The next entry, valid until the next call; NULL at the end. *ret_file is the file whose content it is, or INDEX_NO_FILE if
 * its content is not in the bundle. */
const Entry *index_layer_reader_next(IndexLayerReader *reader, guint64 *ret_file);
void index_layer_reader_free(IndexLayerReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexLayerReader, index_layer_reader_free)
