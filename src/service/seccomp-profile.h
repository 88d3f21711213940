// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A seccomp profile as Docker and Podman take it (moby profiles/seccomp/default.json; OCI runtime-spec 1.1, config-linux.md,
 * "Seccomp"), as words for SystemCallFilter=. */

#include "base/base.h"

/* machine: as uname(2) calls the processor, NULL for any; capabilities: names that the service gets, may be NULL. ret_names: system
 * calls that are allowed; with "~" first, those that are denied. systemd knows names, not arguments: a note has those for which the
 * profile goes by arguments. INPUT: it is no profile, or one that allows nothing. The caller frees. */
gboolean seccomp_profile_parse(const void *bytes, gsize size, const char *machine, const char *const *capabilities,
                               Notes *notes, char ***ret_names, GError **error) G_GNUC_WARN_UNUSED_RESULT;
