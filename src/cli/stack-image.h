// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Images that are built: by buildah, podman or docker, whose output is shown as it comes. */

#include "verb.h"

#include "service/service.h"

typedef struct {
    guint builder; /* StackBuilder */
    char *number;  /* "sha256:…" of the image, by which the builder knows it */
    char *folder;  /* a private one, for as long as this is needed */
    char *source;  /* the image in it, for pack_build(); NULL before stack_image_save() */
} StackImage;

/* For the option --builder. */
gboolean stack_image_check_builder(const char *argument, GError **error);

/* The folder goes too. */
void stack_image_clear(StackImage *image);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StackImage, stack_image_clear)

/* Has the image of a service built, called `tag`. builder NULL: the first that is there. NOT_FOUND: none is; FAILED: it said why. */
gboolean stack_image_build(const Call *call, const StackService *service, const char *tag, const char *builder,
                           StackImage *ret_image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts it into a file. */
gboolean stack_image_save(const Call *call, StackImage *image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
