// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What libsquashfs asks of its surroundings: a file, a compressor; and its errors as ours. */

#include "codec/codec.h"

#include <sqfs/compressor.h>
#include <sqfs/io.h>

/* A file that libsquashfs appends its tables to, from `size` on. fd and name stay the caller's. */
sqfs_file_t *glue_file_new(int fd, const char *name, guint64 size);

/* The error that an operation on the file met, if it did: libsquashfs passes on numbers only. */
gboolean glue_file_take_error(sqfs_file_t *file, GError **error);

/* Compresses metadata blocks with gourd's own codec, which it takes. */
sqfs_compressor_t *glue_compressor_new(BlockCodec *codec, Codec id);

/* Sets *error from a negative SQFS_ERROR. Always returns FALSE. */
gboolean glue_fail(GError **error, int sqfs_error, const char *what);

/* The id in the superblock. */
guint16 glue_compressor_id(Codec codec);
