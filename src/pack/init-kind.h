// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Images whose program is an init: it wants to be process 1, which a service is not unless something is done for it. */

#include "image/image.h"

typedef struct {
    const char *kind;   /* "s6-overlay", "systemd" … */
    const char *reason; /* a sentence without full stop */
} InitKind;

/* NULL if the image's program is no such init, or unknown. `exists` tells whether the image has a path. */
const InitKind *init_kind_find(const ImageConfig *config, gboolean (*exists)(const char *path, gpointer user_data),
                               gpointer user_data);
