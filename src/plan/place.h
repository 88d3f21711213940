// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A name in an opened folder below the root: whoever swaps folders meanwhile changes nothing. */

#include "plan-private.h"

#include <sys/stat.h>

typedef struct {
    int folder;       /* -1: it does not exist */
    char *name;       /* the last component of path */
    const char *path; /* for messages; borrowed */
} Place;

#define PLACE_INIT                               \
    {                                            \
        .folder = -1, .name = NULL, .path = NULL \
    }
void place_clear(Place *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

/* Finds the folder that a path is in. place is empty before. One that does not exist is no error, but place->folder -1. */
gboolean place_find(int root, const char *path, Place *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same; missing folders are made, and synced. */
gboolean place_make(int root, const char *path, Place *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What is there under a name of the folder, links not followed; folder -1 is nothing. */
gboolean place_look(const Place *place, const char *name, struct stat *ret_status, gboolean *ret_found, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean place_sync(const Place *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes a folder and those above it where they are missing, and syncs; an existing one keeps its mode. */
gboolean folder_make(int root, const char *path, mode_t mode, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a change finds on the host. */
typedef enum {
    TARGET_NEW,     /* nothing is there */
    TARGET_CHANGED, /* something else is there, which will be replaced or removed */
    TARGET_SAME,    /* nothing has to be done */
} Target;

/* EXISTS: what is there must not be replaced. Not for actions. */
gboolean target_look(const Place *place, const Change *change, Target *ret_target, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#define PARENT_MODE 0755 /* of folders that nobody asked for but that something is in */
