// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* How the image of a service is built: what `build:` of a Compose file says, as words of the programs that build images. */

#include "base/base.h"

/* Those programs, the one that is taken first in front. */
typedef enum {
    STACK_BUILDER_BUILDAH = 1 << 1,
    STACK_BUILDER_PODMAN = 1 << 2,
    STACK_BUILDER_DOCKER = 1 << 3,
    STACK_BUILDER_ALL = STACK_BUILDER_BUILDAH | STACK_BUILDER_PODMAN | STACK_BUILDER_DOCKER,
} StackBuilder;

/* "buildah", "podman", "docker"; ends with NULL. */
extern const char *const stack_builder_names[];
/* The number of a name; 0: there is no such builder. */
guint stack_builder_find(const char *name);

typedef struct {
    char *key;      /* of `build:`: for errors */
    guint builders; /* StackBuilder that know it */
    char *option;   /* "--build-arg" */
    char *value;    /* or NULL */
} StackBuildOption;

typedef struct {
    char *context;           /* a folder, absolute, or an address that the builder understands */
    char *dockerfile;        /* absolute, or in the context of an address */
    char *dockerfile_inline; /* its content; then the file is of no account */
    GPtrArray *options;      /* StackBuildOption */
    char **environment;      /* NAME=VALUE that options name */
} StackBuild;

StackBuild *stack_build_new(void);
StackBuild *stack_build_ref(StackBuild *build);
/* NULL is fine. */
void stack_build_unref(StackBuild *build);
void stack_build_add(StackBuild *build, const char *key, guint builders, const char *option, const char *value);

/* What is to be run so that the image is built, called `tag`, and its number written to a file. dockerfile: that of the build, or the
 * file that has the inline one. UNSUPPORTED: something that the builder has nothing like, by its key. The caller frees. */
char **stack_build_command(const StackBuild *build, guint builder, const char *tag, const char *dockerfile,
                           const char *number_file, gboolean quiet, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* And so that an image is in a file then, as docker-archive. The caller frees. */
char **stack_build_save_command(guint builder, const char *number, const char *file);
