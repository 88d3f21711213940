// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* From Compose files to a stack whose services have their bundles: found beside the file or in the store, or built. */

#include "session.h"
#include "stack-options.h"

typedef struct {
    const char *const *images; /* "SERVICE=SOURCE" of --image, NULL-terminated; or NULL */
    const char *const *scales; /* "SERVICE=NUMBER" of --scale, the same */
    gboolean build;            /* bundles are built from sources where they are missing or older */
    gboolean paths;            /* a bundle of the store is named by its file, for who works on another store */
} StackLoad;

/* NOT_FOUND, with a hint, for an image that there is no bundle of. */
Stack *stack_load(const StackOptions *options, Session *session, const StackLoad *load, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
