// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Names of images and how a person chooses one of several. */

#include "base/base.h"

/* What stands behind the file name in a source: "docker-archive:FILE:CHOICE". */
typedef enum {
    CHOICE_NONE,   /* nothing */
    CHOICE_NAME,   /* "nginx:1.25", "1.25" */
    CHOICE_NUMBER, /* "@0": by place in the manifest or index */
    CHOICE_DIGEST, /* "@sha256:…": by digest of the manifest */
} ChoiceKind;

typedef struct {
    ChoiceKind kind;
    const char *text; /* as given, borrowed */
    guint64 number;
    Digest digest;
} Choice;

/* NULL is CHOICE_NONE. */
gboolean choice_parse(const char *text, Choice *ret_choice, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum {
    NAME_MATCH_NONE,
    NAME_MATCH_TAG,  /* "1.25" for "docker.io/library/nginx:1.25" */
    NAME_MATCH_FULL, /* "nginx" for "docker.io/library/nginx:latest" */
} NameMatch;

/* How a wanted name fits an offered one; both may be short forms. */
NameMatch image_name_match(const char *wanted, const char *offered);
