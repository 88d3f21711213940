// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Looking at files of the host, below its root. What does not exist is no error but NULL, or FALSE in *ret_found. */

#include <glib.h>
#include <sys/stat.h>

/* What is at path, links not followed. */
gboolean root_look(int root, const char *path, struct stat *ret_status, gboolean *ret_found, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The content of a regular file, and its mode (ret_mode may be NULL). LIMIT if it is over size_max. The caller unrefs. */
gboolean root_load(int root, const char *path, gsize size_max, GBytes **ret_content, mode_t *ret_mode, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The text of a symbolic link. The caller frees. */
gboolean root_load_link(int root, const char *path, char **ret_target, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The names in a folder, sorted; none if there is no such folder. */
gboolean root_list(int root, const char *path, GPtrArray **ret_names, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* About how many bytes a path takes on disk, with what is below it (not all of what is very deep); 0 if it is not there. Files
 * with several names count once. What cannot be looked at does not count: who asks wants to remove it anyway. */
guint64 root_measure(int root, const char *path);
