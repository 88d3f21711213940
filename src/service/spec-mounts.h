// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Mounts of a spec: those that were asked for, and those that an image needs though it does not say so. */

#include "spec.h"

/* Adds a mount, whose members but source and options are filled. NULL with an error if nothing can be mounted there. */
ServiceMount *spec_add_mount(SpecSource *source, ServiceMountKind kind, const char *destination, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* name NULL: after the path. */
gboolean spec_add_volume(SpecSource *source, const char *name, const char *path, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The folder of the host that SRC:DST[:OPTIONS] shows; NULL: a file, or what each system has, so that two services see the same of it without
 * having anything in common. The caller frees. */
char *spec_bind_folder(const char *text, gboolean *ret_writable);
/* Credentials that are seen as files. */
gboolean spec_add_secrets(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a mount point can be made at a path when the service starts. */
gboolean spec_is_writable_place(const ServiceSpec *spec, const char *path);
/* Where what is kept of a service lies. The caller frees. */
char *spec_volume_path(const SpecSource *source, const char *name);

/* Empty folders in which services write: they become volumes. */
gboolean spec_add_kept_folders(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* /run and the folders that the image has in it. */
gboolean spec_add_run_folders(SpecSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
