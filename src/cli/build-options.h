// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The options of `gourd build`, and what reads those that are more than text. */

#include "stack-options.h"

#include "pack/pack.h"

typedef struct {
    StackOptions stack; /* without a source: whose images are built */
    char *output, *name, *version, *platform, *owner, *builder;
    int compressor; /* Codec */
    int verify;     /* PackVerify */
    int layout;     /* PackLayout */
    gint64 level, jobs;
    guint64 block_size;
    GPtrArray *excludes, *mountpoints, *limits, *services;
    gboolean force, index, json;
} BuildOptions;

/* Applies one "NAME=VALUE". */
gboolean build_limit_apply(ImageLimits *limits, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "keep", "root" or "UID:GID". */
gboolean build_owner_parse(const char *text, OwnerMap *ret_owners, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether text can be the name or the version (`what`) of a bundle: both become part of a file name NAME_VERSION.raw and
 * of unit names. */
gboolean build_check_name(const char *text, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does it. */
ExitCode build_run(const Call *call, GError **error);
