// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Bundles on their way into the store, and in it. */

#include "store-private.h"

typedef struct BundleSource {
    guint n_references;
    char *asked; /* by which text it was opened, or NULL */
    int fd;
    Bundle *bundle;
    ServiceImage *image; /* of the bundle */
    gboolean is_checked; /* bundle_source_check() found it sound */
    char *name, *version;
    char *file;         /* NAME_VERSION.raw: what it is called in the store */
    char *path;         /* there, as the host sees it */
    char *origin;       /* what is open: a path of this process, or path */
    gboolean is_stored; /* the store has it; else it is to be copied from origin */
    Digest digest;
} BundleSource;

/* Services of a stack share those that they have in common. */
BundleSource *bundle_source_ref(BundleSource *source);
void bundle_source_unref(BundleSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BundleSource, bundle_source_unref)

/* A file, or the NAME_VERSION or NAME of a bundle in the store. NOT_FOUND if it is neither; EXISTS if the store has another
 * bundle of that name and version. */
BundleSource *bundle_source_open(Store *store, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A file of the store. */
BundleSource *bundle_source_open_stored(Store *store, const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What tells a bundle from all others: StoreRelease.digest. */
gboolean bundle_compute_digest(Bundle *bundle, Digest *ret_digest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* DIFFERS with the first thing that is wrong. */
gboolean bundle_source_check(BundleSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean bundle_check(Bundle *bundle, gboolean full, GError **error) G_GNUC_WARN_UNUSED_RESULT;
