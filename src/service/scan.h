// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What an image does not say of itself, but what can be seen by looking at its files. */

#include "spec.h"

typedef struct {
    gboolean opens_output; /* programs in it open /dev/stdout or /dev/stderr, which a socket does not allow */
    char *jit;             /* path of a compiler at run time, or NULL */
    char *private_path;    /* a file or folder that only the image's user may use, or NULL */
    char *drops;           /* how it becomes another user than root: "/entrypoint.sh: gosu", or NULL */
} ImageScan;

/* Needs the spec's command and environment. */
gboolean image_scan(const SpecSource *source, ImageScan *ret_scan, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void image_scan_clear(ImageScan *scan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImageScan, image_scan_clear)
