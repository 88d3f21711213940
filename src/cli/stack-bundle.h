// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The bundle of a service's image: found beside the Compose file or in the store, or made. */

#include "session.h"

/* Whether both run the same image, so that one bundle serves both. */
gboolean stack_bundle_is_same_image(const StackService *a, const StackService *b);

/* INPUT errors if images of different names, or one from different sources, would be made one bundle; a note if it is there already.
 * services: StackService. */
gboolean stack_bundle_check_names(const GPtrArray *services, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets service->bundle. stored: all of store_list_bundles(); path: one of the store is named by its file. NOT_FOUND with a hint. */
gboolean stack_bundle_find(const Stack *stack, StackService *service, const Session *session, gboolean path,
                           const GPtrArray *stored, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NAME_VERSION of a bundle's file in the store: what names it, wherever the store is. The caller frees. */
char *stack_bundle_id(const char *file);

/* Makes it beside the Compose file, with the mount points that the stack needs: from the service's source, if that is newer or one
 * of them is missing, or its `build`. store: where it must not have the name of another, or NULL; builder: as stack_image_build()
 * takes it. Sets service->bundle. */
gboolean stack_bundle_make(const Stack *stack, StackService *service, const Call *call, Store *store,
                           const char *builder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
