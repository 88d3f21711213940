// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The steps of a build, in the order in which build.c takes them. */

#include "additions.h"
#include "emit.h"
#include "layers.h"
#include "pack.h"
#include "squash/squash.h"

typedef struct Build Build;

#define BUILD_MEMORY_MAX (32u * 1024 * 1024) /* of buffers for pieces under way */
#define BUILD_WINDOW_MAX (16u * 1024 * 1024) /* of blocks being written */

/* A build from beginning to end; each step fills in what the next ones need. */
struct Build {
    const PackOptions *options;
    PackProgressFunc progress;
    gpointer user_data;
    GMutex report_lock; /* of the next three */
    gint64 last_report; /* monotonic */
    const char *phase;
    guint64 phase_total;

    guint jobs;
    char *name, *version, *output_path, *scratch_folder;
    gint64 time;
    Notes *image_notes; /* of this form of the image: shown, not recorded */
    Notes *notes;       /* of the image itself: recorded */
    Image *image;
    ImageConfig *config; /* or NULL */
    OutputFile *output;
    Workers *workers;
    BlockStore *store;
    GPtrArray *records; /* LayerRecord * */
    Tree *tree;
    Additions *additions;
    GBytes *metadata;
    gboolean many_names;
    Layout *layout;
    SquashWriter *writer;
    IndexBuilder *index; /* or NULL */
    guint64 data_start, squashfs_size, index_size;
};

/* Progress: a phase begins; so many bytes of it are done (user_data is the build; from any thread). */
void build_begin_phase(Build *build, const char *phase, guint64 total);
void build_report(guint64 done, gpointer user_data);

/* build-open.c: opens the image, parses its configuration, chooses name, version, output and time. */
gboolean build_open_image(Build *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* build-tree.c: reads all layers and merges them. */
gboolean build_read_layers(Build *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts in what gourd adds, and finishes the tree. */
gboolean build_complete_tree(Build *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* build-write.c: data, tables and index. */
gboolean build_write(Build *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads back what was written, as the options want. */
gboolean build_verify(Build *build, GError **error) G_GNUC_WARN_UNUSED_RESULT;
