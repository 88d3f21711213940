// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A parser of our own for zstd: finds the matches of one block of binary data, which libzstd then only encodes.
 *
 * libzstd's fast parsers (up to level 12) know matches of four bytes and more. Machine code, tables of records and byte
 * code are full of matches of three, most of them at one of the last three distances: there this parser saves 3 % to 8 %
 * at the speed of level 7. On text it gains nothing. docs/decisions/ has the figures. Private to codec. */

#include <glib.h>

#ifndef ZSTD_STATIC_LINKING_ONLY
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_Sequence */
#endif
#include <zstd.h>

#define ZSTD_PARSER_VERSION 1 /* raised when the same block and effort give other sequences */

typedef struct {
    guint8 depth;   /* at most so many candidates are compared at one place, up to ROW_SIZE - 1 */
    guint8 lookout; /* how many places behind the start of a match are searched for a better one, up to 2 */
    guint16 enough; /* a match that long is taken without looking further */
} ZstdEffort;

typedef struct ZstdParser ZstdParser;

ZstdParser *zstd_parser_new(gsize block_size);
void zstd_parser_free(ZstdParser *parser);

/* Whether a block looks as if parsing it here pays: a sample of its bytes is not text. */
gboolean zstd_parser_suits(const guint8 *bytes, gsize size);

/* Finds the sequences of size bytes, at most the block_size. They stay valid until the next call, end with a delimiter
 * for each zstd block (ZSTD_sf_explicitBlockDelimiters), and depend on the bytes and the effort only. */
gsize zstd_parser_run(ZstdParser *parser, const ZstdEffort *effort, const guint8 *bytes, gsize size,
                      const ZSTD_Sequence **ret_sequences);
