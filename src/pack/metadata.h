// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* bundle.json: what gourd knows of a bundle, in the image and in the index (docs/format.md, "Metadata"). Only what all forms
 * of an image share is in it, so that all give the same bytes. */

#include "additions.h"
#include "init-kind.h"

typedef struct {
    const char *name, *version;
    const Image *image;
    const ImageConfig *config; /* or NULL */
    const ImageUser *user;     /* or NULL */
    const InitKind *init;      /* or NULL */
    const GPtrArray *mount_points;
    Notes *notes;
} Metadata;

GBytes *metadata_to_json(const Metadata *metadata);
