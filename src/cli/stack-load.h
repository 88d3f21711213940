// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* From Compose files to a stack whose services have their bundles: found beside the file or in the store, or built. */

#include "session.h"
#include "stack-options.h"

/* images: "SERVICE=SOURCE" of --image, NULL-terminated or NULL. With `build`, bundles are built from sources where they are
 * missing or older; else that is an error with the command that does it. NOT_FOUND, with a hint, for an image that there is no
 * bundle of. */
Stack *stack_load(const StackOptions *options, Session *session, const char *const *images, gboolean build,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
