// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Reading all layers of an image: their entries, and the content of those files that no newer layer hides.
 *
 * Layers are read newest first, so that hidden content is passed over. Where there are threads to spare, older layers are
 * read at the same time; content of theirs of which it is not yet known whether it is hidden waits uncompressed. */

#include "image/image.h"
#include "ingest.h"
#include "tree/tree.h"

typedef struct {
    guint number;        /* from 1, the lowest */
    GPtrArray *entries;  /* Entry *, in the layer's order */
    GPtrArray *contents; /* Content * of each entry, NULL for what is no file */
    guint64 hidden_size; /* bytes of the files that were passed over */
} LayerRecord;

typedef gboolean (*LayerExcludeFunc)(const char *clean_path, gpointer user_data);
/* Bytes of layers (as stored) that were read so far; from any thread that reads. */
typedef void (*LayerProgressFunc)(guint64 done, gpointer user_data);

typedef struct {
    Image *image;
    BlockStore *store;
    Notes *notes;
    guint readers; /* how many layers are read at the same time */
    const ImageLimits *limits;
    LayerExcludeFunc exclude;   /* content not worth reading, or NULL */
    LayerProgressFunc progress; /* or NULL */
    gpointer user_data;
} LayersJob;

/* Gives LayerRecord *, the lowest first; unref frees them. The store is not settled. */
GPtrArray *layers_read(const LayersJob *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads once more what was passed over and is marked as needed after all. */
gboolean layers_read_needed(const LayersJob *job, GPtrArray *records, GError **error) G_GNUC_WARN_UNUSED_RESULT;
