// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* tar(1) as a child: backups are plain archives with everything that GNU tar keeps (owners as numbers, attributes, ACLs, holes).
 *
 * The child has the store's lock too. If gourd is killed, its pipes close, tar ends of that, and the next gourd waits until it has. */

#include "store-private.h"

#include "codec/codec.h"

typedef struct {
    const char *const *words; /* behind "tar"; ends with NULL */
    int folder;               /* it works in; or -1 */
    ByteStream *in;           /* its standard input; or NULL */
    int into;                 /* its standard output, if nothing takes it: a file; or 0 */
    /* Gets its standard output, piece by piece; or NULL. */
    gboolean (*take)(const guint8 *bytes, gsize size, gpointer data, GError **error);
    void (*fed)(guint64 bytes, gpointer data); /* how much of `in` it has; or NULL */
    gpointer data;
    gboolean forgives_change; /* files that change while they are read are a note */
    gboolean forgives_length; /* so are paths that are too long to be made */
    char **ret_text;          /* standard output, if nothing takes it; or NULL. The caller frees. */
} VolumeTar;

/* Runs it. What it says without failing becomes notes. NOT_FOUND if there is no tar. */
gboolean volume_tar_run(const Store *store, const VolumeTar *tar, Notes *notes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
