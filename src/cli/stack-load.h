// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* From Compose files to a stack whose services have their bundles: found beside the file or in the store, or built. */

#include "session.h"
#include "stack-options.h"

typedef struct {
    const char *const *services; /* only these, what they depend on, and what is up as it is; NULL, or none: all */
    const char *const *images;   /* "SERVICE=SOURCE" of --image, NULL-terminated; or NULL */
    const char *const *scales;   /* "SERVICE=NUMBER" of --scale, the same */
    const char *builder;         /* "buildah", "podman", "docker"; NULL: the first that is there */
    int network;                 /* StackNetworkMode; AUTO: as the file says */
    gboolean build;              /* bundles are built where they are missing, or older than a source */
    gboolean rebuild;            /* images that the file says how to build are built in any case */
    gboolean secure_env;         /* of all services */
    gboolean lock;               /* once there are all bundles: others need not wait while they are built */
    gboolean paths;              /* a bundle of the store is named by its file, for who works on another store */
} StackLoad;

/* For the option --network. */
extern const OptionChoice stack_networks[];

/* What would bring the stack up: loads it, and fills in what of the request follows from that. The stack must outlive the change. */
gboolean stack_plan_up(const StackOptions *options, Session *session, const StackLoad *load, StoreStackRequest *request,
                       Stack **ret_stack, StoreChange **ret_change, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Builds what the services (NULL: all) have instructions for, and prints the bundles. */
gboolean stack_build_bundles(const StackOptions *options, const Call *call, const char *const *services,
                             const char *builder, Notes *notes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NOT_FOUND, with a hint, for an image that there is no bundle of. */
Stack *stack_load(const StackOptions *options, Session *session, const StackLoad *load, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
