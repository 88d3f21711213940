// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Codecs: streams that inflate what they read, and compressors of single blocks.
 *
 * Every foreign compression library is used here and nowhere else. */

#include "base/base.h"

/* --- byte streams ------------------------------------------------------------------------------------------------ */

/* A stream of bytes that is looked at in place: peek shows what is next, advance consumes it. Not for several threads
 * at once, but may move from one to another. */
typedef struct ByteStream ByteStream;

#define BYTE_STREAM_PEEK_MAX \
    (64 * 1024) /* the largest `want`: a tar header and the longest pax field looked at whole */

/* Shows at least `want` bytes (≤ BYTE_STREAM_PEEK_MAX; 0 is as 1), or all that is left if that is less; *ret_size is 0
 * only at the end. The bytes stay valid until the next peek, advance does not touch them. After an error each further
 * peek gives the same error. Errors are those of the source: I/O, broken compressed data, a digest
 * that does not match (checked when the end is reached). */
gboolean byte_stream_peek(ByteStream *stream, gsize want, const guint8 **ret_bytes, gsize *ret_size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Consumes size bytes, not more than the last peek showed. */
void byte_stream_advance(ByteStream *stream, gsize size);
/* Consumes all that is left, so that digests and trailers are checked. */
gboolean byte_stream_drain(ByteStream *stream, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes consumed so far. */
guint64 byte_stream_position(const ByteStream *stream);
void byte_stream_free(ByteStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ByteStream, byte_stream_free)

/* Part of a file: [offset, offset+size). The descriptor stays the caller's and must outlive the stream; reading is by
 * pread, so streams can share it. A file that ends early is an INPUT error. `name` is for messages. */
ByteStream *byte_stream_new_file(int fd, const char *name, guint64 offset, guint64 size);
/* What a pipe or socket gives until its end. Does not close fd. A regular file is read from where it stands. */
ByteStream *byte_stream_new_pipe(int fd, const char *name);
/* Memory that the caller keeps alive. */
ByteStream *byte_stream_new_memory(const void *bytes, gsize size);

/* Passes on what source gives and feeds it to SHA-256 on the way. At the end the digest is compared: a mismatch is an
 * INPUT error that names both, with `what` in front ("layer 3 (sha256:…)"). With expected_size ≠ G_MAXUINT64 the length is
 * checked too (as soon as it is exceeded). Takes source. */
ByteStream *byte_stream_new_verified(ByteStream *source, const Digest *expected, guint64 expected_size,
                                     const char *what);

/* Passes on what source gives, read in a thread of its own that is up to `buffers` (at least 2) buffers of buffer_size
 * bytes (at least BYTE_STREAM_PEEK_MAX) ahead. Same bytes, same errors, in the same order. Freeing it early stops the
 * thread, also one that waits for a pipe. Takes source, which nobody else may touch. */
ByteStream *byte_stream_new_threaded(ByteStream *source, gsize buffer_size, guint buffers);

typedef enum {
    CODEC_NONE,
    CODEC_GZIP,
    CODEC_ZSTD,
    CODEC_XZ,
    CODEC_LZ4,   /* as a stream only recognised, to say that it is not supported */
    CODEC_LZMA,  /* only recognised */
    CODEC_BZIP2, /* only recognised */
} Codec;

const char *codec_to_name(Codec codec); /* "none", "gzip" … */

/* Recognises compressed data by its first bytes (6 are enough); CODEC_NONE for anything else. No name in a tar header is
 * taken for one: the first bytes are not printable, or are followed by more than a name would have. */
Codec codec_detect(const guint8 *bytes, gsize size);

/* Inflates source: several gzip members or zstd/xz frames in a row are one stream (RFC 1952, RFC 8878); zero padding
 * after the last gzip member is ignored, other trailing bytes are an error. Memory is bounded: zstd windows and xz
 * dictionaries over CODEC_WINDOW_MAX are a LIMIT error. A source that expands beyond `size_max` bytes is a LIMIT error.
 * Broken or cut data are INPUT errors. Messages begin with `what` and name the place in source. CODEC_NONE gives source
 * itself. A codec that is only recognised is UNSUPPORTED. Takes source, also on error. */
ByteStream *byte_stream_new_inflated(ByteStream *source, Codec codec, guint64 size_max, const char *what,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define CODEC_WINDOW_MAX (128u * 1024 * 1024) /* what zstd --long=27 and xz -9 (64 MiB) need */

/* Writes zstd frames with checksums to a file, from its beginning: one, and others for what is reserved. The descriptor stays the caller's; `name` is for messages. */
typedef struct StreamEncoder StreamEncoder;

StreamEncoder *stream_encoder_new(int fd, const char *name);
void stream_encoder_free(StreamEncoder *encoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StreamEncoder, stream_encoder_free)
gboolean stream_encoder_write(StreamEncoder *encoder, const void *bytes, gsize size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Keeps room, for bytes that are known only later (what a tar says of a member in front of it): a frame of its own that is not compressed.
 * *ret_place is for stream_encoder_fill(), which must follow. */
#define STREAM_RESERVED_SIZE 512
gboolean stream_encoder_reserve(StreamEncoder *encoder, guint64 *ret_place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean stream_encoder_fill(StreamEncoder *encoder, guint64 place, const guint8 bytes[STREAM_RESERVED_SIZE],
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends the last frame; *ret_size is how long the file is. Once. */
gboolean stream_encoder_finish(StreamEncoder *encoder, guint64 *ret_size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- single blocks ----------------------------------------------------------------------------------------------- */

#define CODEC_LEVEL_DEFAULT 0

/* Compresses and expands blocks of at most block_size bytes, each on its own, in the formats of SquashFS 4.0:
 *
 *     codec  a block is                       compressor options in the image
 *     none   stored                           none
 *     gzip   a zlib stream (RFC 1950)         none (they only repeat level, window and strategy)
 *     xz     an .xz stream with CRC-32        none while the dictionary is the block size, as it is here
 *     lz4    a bare LZ4 block                 always: le32 version 1, le32 flags: 1 if level > 1 (HC), else 0
 *     zstd   a frame with its content size,   none (they only name the level)
 *            no checksum, no dictionary id
 *
 * One per thread; memory is reused and taken when it is first needed, so one for expanding only is cheap. */
typedef struct BlockCodec BlockCodec;

/* level: CODEC_LEVEL_DEFAULT or within the codec's range, else a USAGE error. A codec without blocks is UNSUPPORTED. */
BlockCodec *block_codec_new(Codec codec, int level, gsize block_size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void block_codec_free(BlockCodec *codec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BlockCodec, block_codec_free)
/* Compresses size bytes into at most size - 1 bytes at ret_bytes (which has room for block_size); *ret_size is 0 if it
 * does not shrink. Same input, same output, whatever came before. */
void block_codec_compress(BlockCodec *codec, const void *bytes, gsize size, guint8 *ret_bytes, gsize *ret_size);
/* Expands into at most room bytes; FALSE if the data are broken or need more. */
gboolean block_codec_expand(BlockCodec *codec, const void *bytes, gsize size, guint8 *ret_bytes, gsize room,
                            gsize *ret_size) G_GNUC_WARN_UNUSED_RESULT;

/* The same for the beginning of what a block holds: at least `wanted` bytes of it, or all. A codec that cannot stop early expands all. */
gboolean block_codec_expand_start(BlockCodec *codec, const void *bytes, gsize size, gsize wanted, guint8 *ret_bytes,
                                  gsize room, gsize *ret_size) G_GNUC_WARN_UNUSED_RESULT;

/* What compresses: the library and its version, and our own part ("zstd 1.5.4, parser 1"). Another may give other bytes
 * for the same block. The caller frees. */
char *codec_encoder(Codec codec);

/* The level that CODEC_LEVEL_DEFAULT stands for, and the range (0 and 0 for a codec without levels). */
int codec_level_default(Codec codec);
void codec_level_range(Codec codec, int *ret_lowest, int *ret_highest);
