// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A bundle as specs look at it. Everything is read when it is first asked for, and once, however many services the bundle has. For
 * several threads at once, but not beside somebody who uses the bundle or the reader directly. */

#include "scan.h"

typedef struct ServiceImage ServiceImage;

/* Reads nothing yet. The bundle must outlive it. */
ServiceImage *service_image_new(Bundle *bundle);
void service_image_free(ServiceImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServiceImage, service_image_free)

Bundle *service_image_bundle(const ServiceImage *image);
SquashReader *service_image_reader(const ServiceImage *image);

/* All that is returned is borrowed. */

/* What the image says of itself; an empty one if it says nothing: a bundle made of a plain folder, or a SquashFS of somebody else. */
const ImageConfig *service_image_config(ServiceImage *image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* gourd's own metadata, NULL if gourd did not build it. */
gboolean service_image_metadata(ServiceImage *image, const Json **ret_metadata, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* As squash_reader_walk() does. */
gboolean service_image_walk(ServiceImage *image, const char *path, const SquashWalk *walk, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* What is at a path, as inside_find() finds it. NULL with an error. */
const InsideNode *service_image_find(ServiceImage *image, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its /etc/passwd and /etc/group; NULL if there is none. */
GBytes *service_image_passwd(ServiceImage *image);
GBytes *service_image_groups(ServiceImage *image);
/* What is seen by going through all of it. */
const ImageScan *service_image_scan(ServiceImage *image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What is seen of the program at an absolute path. */
const ProgramScan *service_image_program(ServiceImage *image, const char *path);
