// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Sources as a person writes them: "TRANSPORT:PATH[:CHOICE]" as in containers-transports(5), or a bare path. */

#include "name.h"

typedef enum {
    TRANSPORT_ANY, /* a bare path: its content decides */
    TRANSPORT_DOCKER_ARCHIVE,
    TRANSPORT_OCI,
    TRANSPORT_OCI_ARCHIVE,
    TRANSPORT_TAR,
    TRANSPORT_DIR,
} TransportKind;

typedef struct {
    TransportKind transport;
    char *path;   /* NULL for standard input, written "-" */
    char *choice; /* what stands behind the path, or NULL */
} Reference;

/* A path may hold colons: the longest beginning that exists is the path, the rest the choice. Names of transports that
 * are not supported (here or at all) are UNSUPPORTED with a hint, paths that do not exist NOT_FOUND. */
gboolean reference_parse(const char *source, Reference *ret_reference, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void reference_clear(Reference *reference);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reference, reference_clear)

const char *transport_name(TransportKind transport); /* "docker-archive" */
