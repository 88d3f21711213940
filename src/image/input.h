// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a source names, opened once: a folder, a file or standard input. */

#include "archive.h"

typedef enum {
    INPUT_FOLDER,
    INPUT_FILE, /* readable at any place */
    INPUT_PIPE, /* readable once */
} InputKind;

typedef struct {
    InputKind kind;
    char *name;                   /* for messages, escaped */
    char *path;                   /* NULL for standard input */
    int fd;                       /* owned unless it is standard input */
    guint64 size;                 /* INPUT_FILE */
    Codec codec;                  /* of the whole, by content */
    ByteStream *raw;              /* INPUT_PIPE: what it gives, until it is handed to `stream` */
    ByteStream *stream;           /* what input_peek() looked at: raw inflated; NULL if not begun */
    const ByteStream *stream_raw; /* the stage of `stream` that counts bytes as stored */
    Archive *archive;             /* once listed */
} Input;

/* Opens a path; NULL is standard input. */
Input *input_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void input_free(Input *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Input, input_free)

/* Shows the first bytes, inflated (up to BYTE_STREAM_PEEK_MAX), without losing them. */
gboolean input_peek(Input *input, guint64 size_max, const guint8 **ret_bytes, gsize *ret_size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Begins to read from the start, inflated. A pipe can be read once: again is a USAGE error. *ret_raw is the stage that
 * counts bytes as stored, alive as long as the result. */
ByteStream *input_read(Input *input, guint64 size_max, const ByteStream **ret_raw, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Lists the input as an archive (input->archive). What cannot be read at any place, a pipe or a compressed file, is first
 * inflated into an unlinked file in scratch_folder, and from then on input is that file. */
gboolean input_list(Input *input, const char *scratch_folder, guint64 size_max, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
