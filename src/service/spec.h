// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* How a spec is filled, part by part. */

#include "service.h"

/* --- parts of service_spec_new(), each for some members ------------------------------------------------------------ */

/* What they all look at. */
typedef struct {
    ServiceImage *image;
    const ImageConfig *config; /* of the image, like the next; an empty one if the bundle has none */
    const Json *metadata;      /* bundle.json, or NULL */
    const ServiceOptions *options;
    const ServiceContext *context;
    Notes *notes;
    ServiceSpec *spec;
} SpecSource;

gboolean spec_add_user(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean spec_add_environment(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean spec_add_mounts(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After user, environment and mounts: what is behind a mount cannot be looked at. */
gboolean spec_add_command(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean spec_add_health(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean spec_add_network(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Part of the sandbox. */
gboolean spec_add_devices(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean spec_add_sandbox(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean spec_add_lifecycle(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean spec_add_hooks(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean spec_add_backup(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean spec_add_limits(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In a stack, and among the host's units. */
gboolean spec_add_place(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The last. INPUT if the service's user may not use its program or its working folder. */
gboolean spec_check_access(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Remembers, and notes, a path that only the image's user may use. */
void spec_note_private(SpecSource *source, const char *path);

/* The program that a name means to the service: an absolute path, its links not followed. NOT_FOUND, or INPUT if it cannot
 * be executed; `what` is in front of the message. */
gboolean spec_find_program(const SpecSource *source, const char *what, const char *name, char **ret_path,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a path, links resolved, is at or below something mounted: then what the image has there is not what is seen. */
gboolean spec_is_mounted_over(const ServiceSpec *spec, const char *path);
/* The mount on a path whose links are resolved, or NULL. Borrowed. */
const ServiceMount *spec_find_mount(const ServiceSpec *spec, const char *destination);
/* The value of a variable, or NULL. Borrowed. */
const char *spec_get_environment(const ServiceSpec *spec, const char *name);
