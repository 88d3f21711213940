// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Cuts the content of files into pieces and gives them to the store. One per thread that reads. */

#include "block-store.h"
#include "image/image.h"

typedef struct Ingest Ingest;

Ingest *ingest_new(BlockStore *store);
/* Calls taken, for progress, after each piece of a file. */
void ingest_on_piece(Ingest *ingest, void (*taken)(gpointer data), gpointer data);
/* Gives back what was not flushed. */
void ingest_free(Ingest *ingest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ingest, ingest_free)

/* Reads the current file of reader into content. With later set, nothing is compressed yet: the bytes just wait. FALSE
 * with an error, or, when the store has failed, without one. */
gboolean ingest_file(Ingest *ingest, EntryReader *reader, Content *content, gboolean later, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The same from memory. */
gboolean ingest_bytes(Ingest *ingest, const void *bytes, gsize size, Content *content) G_GNUC_WARN_UNUSED_RESULT;

/* Hands on what has been gathered. */
void ingest_flush(Ingest *ingest);
