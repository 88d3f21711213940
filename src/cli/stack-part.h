// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A part of a Compose file's services: those that are named, beside what of the stack is up. */

#include "session.h"

#include "compose/compose.h"

/* The named services (NULL-terminated, one at least) and what they depend on, as the file has them, and what else of the stack is up,
 * to be kept. The project has no others then. The network is of the kind that the whole file needs. NOT_FOUND with the nearest name. */
Stack *stack_load_part(ComposeProject *project, Session *session, const char *const *services, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
