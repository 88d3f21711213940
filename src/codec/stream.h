// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What the kinds of byte streams have in common. Private to codec. */

#include "codec.h"

#define STREAM_BUFFER_SIZE (256 * 1024) /* fits the second-level cache of current CPUs; larger ones were not faster */

typedef struct {
    /* Writes at most size (> 0) bytes to room; *ret_got is 0 only at the end. */
    gboolean (*read)(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error);
    /* For kinds that show bytes which lie somewhere already, else NULL; then peek goes through a buffer. */
    gboolean (*peek)(ByteStream *stream, gsize want, const guint8 **ret_bytes, gsize *ret_size, GError **error);
    void (*advance)(ByteStream *stream, gsize size);
    /* Makes a read that waits in another thread fail soon; may be NULL. */
    void (*interrupt)(ByteStream *stream);
    /* Frees what the kind added; may be NULL. The source is still alive, but used by nobody else. */
    void (*release)(ByteStream *stream);
} StreamKind;

/* The first member of each kind. */
struct ByteStream {
    const StreamKind *kind;
    ByteStream *source; /* what this stage reads from, owned; or NULL */
    guint8 *buffer;     /* STREAM_BUFFER_SIZE bytes, once needed; unread are [start, end) */
    gsize start;
    gsize end;
    gsize shown; /* what the last peek showed and nobody has consumed */
    guint64 position;
    gboolean ended;
    GError *failure; /* the first error; given again for each later call */
};

void stream_init(ByteStream *stream, const StreamKind *kind, ByteStream *source);

/* Reads at most size (> 0) bytes into the caller's memory instead of showing them; *ret_got is 0 only at the end. A
 * stage that owns its memory saves a copy with this. */
gboolean stream_read(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Makes reads that wait anywhere below fail soon. The only function for use while another thread reads. */
void stream_interrupt(ByteStream *stream);
