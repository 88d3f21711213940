// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The index as bytes: docs/format.md is the specification, this its constants. Little endian everywhere.
 *
 *   0            SquashFS 4.0, squashfs_size bytes, zeros up to a multiple of BUNDLE_ALIGNMENT
 *   index_offset header (64) │ section table (80 each) │ sections without gaps │ zeros
 *   end - 64     footer; the end is a multiple of BUNDLE_ALIGNMENT
 *
 *   header  0 magic "GOURDIDX" │ 8 u16 major │ 10 u16 minor │ 12 u32 header size │ 16 u64 squashfs_size
 *           24 u64 index_size │ 32 u64 data_start │ 40 u64 data_end │ 48 u32 block_size │ 52 u32 sections │ 56 u64 zero
 *   section 0 u32 type │ 4 u32 flags │ 8 u32 encoding │ 12 u32 zero │ 16 u64 offset in the index │ 24 u64 stored size
 *           32 u64 raw size │ 40 u64 items │ 48 SHA-256 of the stored bytes
 *   footer  0 magic "GOURDEND" │ 8 u16 major │ 10 u16 minor │ 12 u32 footer size │ 16 u64 index_offset │ 24 u64 index_size
 *           32 SHA-256 of header and section table */

#include "base/base.h"

#define BUNDLE_ALIGNMENT 4096u /* a page, and the largest common sector: no loop device ends in half a sector */

#define INDEX_MAGIC "GOURDIDX"
#define FOOTER_MAGIC "GOURDEND"
#define INDEX_MAGIC_SIZE 8u
#define INDEX_MAJOR 2u /* another one cannot be read */
#define INDEX_MINOR 0u /* a higher one has more that can be skipped */
#define INDEX_HEADER_SIZE 64u
#define INDEX_SECTION_SIZE 80u
#define INDEX_FOOTER_SIZE 64u

/* Sections; each but LAYER at most once, in this order. */
enum {
    SECTION_PARAMETERS = 1,
    SECTION_BLOCKS = 2,
    SECTION_BLOCK_DIGESTS = 3,
    SECTION_FILES = 4,
    SECTION_PIECE_DIGESTS = 5,
    SECTION_LAYER = 6,
    SECTION_METADATA = 7,
    SECTION_TABLES = 8,
    SECTION_LAST = SECTION_TABLES,
};

enum {
    SECTION_CRITICAL = 1u << 0, /* who does not know the section cannot use the index */
};

enum {
    ENCODING_PLAIN = 0,
    ENCODING_ZSTD = 1, /* chunks: u32 word (CHUNK_SIZE_MASK, CHUNK_PLAIN), bytes */
};

#define CHUNK_SIZE (1u << 20) /* raw bytes in every chunk but the last */
#define CHUNK_SIZE_MASK 0xffffffu
#define CHUNK_PLAIN (1u << 24) /* the convention of SquashFS's own block lists */

/* Bits of the two words of a block record. */
#define BLOCK_RECORD_SIZE 8u
#define BLOCK_SIZE_MASK 0xffffffu
#define BLOCK_STORED_PLAIN (1u << 24)
#define BLOCK_PACK (1u << 31)

/* Bits of a file record. */
#define FILE_PACKED 1u
#define FILE_HOLES 2u
#define FILE_FLAGS_KNOWN (FILE_PACKED | FILE_HOLES)

#define LAYER_HAS_DIFF_ID 1u
#define LAYER_HEADER_SIZE (1u + DIGEST_SIZE)

/* Limits of what is believed, beside those that follow from the size of the file. */
#define INDEX_SECTIONS_MAX 4096u                    /* layers of real images: at most 127 */
#define INDEX_LAYERS_MAX (INDEX_SECTIONS_MAX - 16)  /* leaves room for what a later minor version adds */
#define INDEX_RAW_MAX (G_GUINT64_CONSTANT(4) << 30) /* bytes of one expanded section: some 100 million entries */
#define INDEX_EXPANSION_MAX 64u          /* raw bytes of a section for each stored one; a real index has 3 to 10 */
#define INDEX_EXPANSION_FREE (16u << 20) /* raw bytes that this rule leaves alone */
#define INDEX_PATH_MAX 65535u            /* bytes; PATH_MAX is 4096, but archives can say more */
#define INDEX_DEPTH_MAX 32768u           /* folders in each other: what INDEX_PATH_MAX allows */
#define INDEX_BLOCK_SIZE_MIN 4096u       /* the limits of SquashFS 4.0 */
#define INDEX_BLOCK_SIZE_MAX (1u << 20)
#define INDEX_CONTENT_BLOCKS_MAX \
    (1u << 30)                          /* blocks of all files, holes and repetitions included: 128 TiB at 128 KiB */
#define INDEX_XATTRS_MAX 65536u         /* attributes of one entry */
#define INDEX_XATTR_SIZE_MAX (1u << 20) /* bytes of one value; Linux allows 64 KiB */
#define SQUASHFS_DATA_START_MIN 96u     /* the superblock */

static inline guint64 index_raw_limit(guint64 stored_size)
{
    return MIN(INDEX_RAW_MAX, INDEX_EXPANSION_FREE + INDEX_EXPANSION_MAX * MIN(stored_size, INDEX_RAW_MAX));
}

static inline guint64 bundle_align(guint64 size)
{
    return (size + BUNDLE_ALIGNMENT - 1) / BUNDLE_ALIGNMENT * BUNDLE_ALIGNMENT;
}

static inline guint16 read_u16(const guint8 *bytes)
{
    return (guint16)(bytes[0] | bytes[1] << 8);
}

static inline guint32 read_u32(const guint8 *bytes)
{
    return (guint32)read_u16(bytes) | (guint32)read_u16(bytes + 2) << 16;
}

static inline guint64 read_u64(const guint8 *bytes)
{
    return (guint64)read_u32(bytes) | (guint64)read_u32(bytes + 4) << 32;
}

static inline void write_u16(guint8 *bytes, guint16 value)
{
    bytes[0] = (guint8)value;
    bytes[1] = (guint8)(value >> 8);
}

static inline void write_u32(guint8 *bytes, guint32 value)
{
    write_u16(bytes, (guint16)value);
    write_u16(bytes + 2, (guint16)(value >> 16));
}

static inline void write_u64(guint8 *bytes, guint64 value)
{
    write_u32(bytes, (guint32)value);
    write_u32(bytes + 4, (guint32)(value >> 32));
}

/* Signed numbers near zero as small unsigned ones: 0, -1, 1, -2 … become 0, 1, 2, 3. */
static inline guint64 zigzag(guint64 difference)
{
    return difference << 1 ^ (guint64)((gint64)difference >> 63);
}

static inline guint64 unzigzag(guint64 value)
{
    return value >> 1 ^ -(value & 1);
}
