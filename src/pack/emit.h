// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Writes the data of a layout: blocks that are compressed are copied from the scratch file, the others and the packs are
 * compressed some way ahead by the workers. */

#include "layout.h"

typedef void (*EmitProgressFunc)(guint64 done, gpointer user_data);

typedef struct {
    Layout *layout;
    BlockStore *store;
    Workers *workers;
    gsize memory_max; /* of blocks under way */
    int fd;
    const char *name;          /* of the output, for messages */
    guint64 offset;            /* where the data begin */
    IndexBuilder *index;       /* or NULL */
    EmitProgressFunc progress; /* or NULL; raw bytes */
    gpointer user_data;
} EmitJob;

/* Writes all items and sets what the layout says of their places. *ret_end is where the data end. */
gboolean emit_layout(const EmitJob *job, guint64 *ret_end, GError **error) G_GNUC_WARN_UNUSED_RESULT;
