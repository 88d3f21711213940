// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The users and groups of an image in the user namespace of an ordinary user: by newuidmap(1) and newgidmap(1), within what
 * subuid(5) and subgid(5) give that user. */

#include "base/base.h"

#define ID_MAP_SIZE 65536u /* ids that images use (nobody is 65534), and what useradd(8) gives each user */

/* The lines of a map: `inside` is the caller (`outside`), all other ids below ID_MAP_SIZE are taken from a range of that size that
 * begins at `first`. Words for newuidmap, NULL-terminated; the caller frees. */
char **id_map_words(guint32 inside, guint32 outside, guint32 first);

/* The first id of a range of at least ID_MAP_SIZE that a text like /etc/subuid has for a user, by name or number; FALSE: none. */
gboolean id_range_find(const char *text, const char *name, guint32 number, guint32 *ret_first);

/* A process that waits outside of the namespace that this one is about to make. */
typedef struct IdMapper IdMapper;

/* NULL where there are no ranges or no programs, which is no error. */
IdMapper *id_mapper_new(guint32 uid, guint32 gid, guint32 inside_uid, guint32 inside_gid);
/* Called inside the new user namespace. FALSE: nothing was mapped. */
gboolean id_mapper_run(IdMapper *mapper);
void id_mapper_free(IdMapper *mapper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IdMapper, id_mapper_free)
