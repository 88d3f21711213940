// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Sections of the index: written in chunks as their content comes, expanded whole; and the numbers in them. */

#include "index-format.h"

#include "codec/codec.h"

/* --- writing ----------------------------------------------------------------------------------------------------- */

typedef struct {
    guint32 type, flags, encoding;
    guint64 items, raw_size;
    GByteArray *stored;
    GByteArray *chunk; /* raw bytes not yet in stored */
    BlockCodec *codec; /* NULL for ENCODING_PLAIN */
    guint8 *scratch;
} SectionWriter;

/* Begins a section. ENCODING_ZSTD takes a compressor of its own, until section_writer_end(). */
gboolean section_writer_init(SectionWriter *writer, guint32 type, guint32 flags, guint32 encoding, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void section_writer_add(SectionWriter *writer, const void *bytes, gsize size);
void section_writer_add_varint(SectionWriter *writer, guint64 value);
/* A length and so many bytes. */
void section_writer_add_bytes(SectionWriter *writer, const void *bytes, gsize size);
/* Empties the last chunk and frees all but `stored`. Again does nothing. */
void section_writer_end(SectionWriter *writer);
void section_writer_release(SectionWriter *writer);

/* --- reading ----------------------------------------------------------------------------------------------------- */

typedef struct {
    guint32 type, flags, encoding;
    guint64 offset, stored_size, raw_size, items;
    Digest digest;
} SectionHead;

/* The raw bytes of a section whose head was checked and whose stored bytes are given: a view of them if stored plainly. */
GBytes *section_expand(const SectionHead *head, GBytes *stored, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads numbers from memory; past the end, or at an overlong number, `failed` is set and everything read is 0. */
typedef struct {
    const guint8 *at, *end;
    gboolean failed;
} Cursor;

guint64 cursor_read_varint(Cursor *cursor);
/* A varint of at most limit; more fails. */
guint64 cursor_read_limited(Cursor *cursor, guint64 limit);
/* The next size bytes, or NULL on failure. */
const guint8 *cursor_read_bytes(Cursor *cursor, guint64 size);
