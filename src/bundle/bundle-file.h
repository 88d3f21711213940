// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A bundle as an open file: its image and its index. Any SquashFS file will do; it then has no index. */

#include "index.h"

#include "squash/squash.h"

typedef struct Bundle Bundle;

/* Opens path and reads superblock and index. A file that is no SquashFS is an INPUT error. A broken index is none: it is
 * remembered as bundle_index_problem(), and the bundle has no index. */
Bundle *bundle_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same without looking for an index, which costs more than all else: for those who run what is in it. */
Bundle *bundle_open_image(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a file that is open; fd stays the caller's, name is for messages. */
Bundle *bundle_open_fd(int fd, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void bundle_free(Bundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bundle, bundle_free)

int bundle_fd(const Bundle *bundle);
const char *bundle_name(const Bundle *bundle);
guint64 bundle_size(const Bundle *bundle);
SquashReader *bundle_image(const Bundle *bundle);
const BundleIndex *bundle_index(const Bundle *bundle);    /* or NULL */
const GError *bundle_index_problem(const Bundle *bundle); /* or NULL */

#define BUNDLE_METADATA_PATH "usr/lib/gourd/bundle.json"
#define BUNDLE_CONFIG_PATH "usr/lib/gourd/config.json"
