// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A stack: the services of one Compose file, in plain values. src/compose/ fills it, src/store/ makes a plan of it.
 *
 * What a stack adds to its services: P.target, which starts and stops them all, P.slice, in which they are, the order between
 * them, its volumes and its networks. Rendering is a pure function, as that of a service. */

#include "network.h"
#include "stack-build.h"

#define STACK_NAME_LENGTH_MAX 63 /* bytes: as of the label of a host name */
#define STACK_SERVICES_MAX 1000  /* of one file; the largest ones known have some 60 */

typedef enum {
    STACK_STARTED,   /* it runs */
    STACK_HEALTHY,   /* its health check succeeded */
    STACK_COMPLETED, /* it ended, and well */
} StackCondition;

/* A service that another one needs. */
typedef struct {
    char *service; /* its name in the stack */
    int condition; /* StackCondition */
    gboolean required;
    gboolean restart; /* the other one restarts with it */
} StackDependency;

/* What a program is to be told once the service has started, or before it is stopped, is in options. */
typedef struct {
    char *name;            /* in the file: "web" */
    char *full_name;       /* on this host: "shop-web" */
    char *replica_of;      /* of one of several, "web-1", what it is in the file: "web"; else NULL */
    char *place;           /* "compose.yaml:12:3", for errors */
    char *image;           /* as the file says; NULL: it is only built */
    char *source;          /* what a bundle is made from: "docker-archive:web.tar"; NULL: nothing is named */
    char *bundle;          /* for StoreRequest.bundle; NULL: it is to be found */
    StackBuild *build;     /* how its image is built; NULL: it is not */
    gboolean always_build; /* `pull_policy: build` */
    gboolean keep;         /* in a partial stack: nobody asked for a change of it */
    ServiceOptions options;
    GPtrArray *depends; /* StackDependency */
} StackService;

/* A volume of the stack that is another file system: a mount unit. Not quoted. */
typedef struct {
    char *volume;                /* NAME, of those that services have as "mounted" */
    char *what, *type, *options; /* as mount(8) has them; options may be NULL */
} StackMount;

typedef struct {
    char *name;            /* of the project: "shop" */
    char **files;          /* that it was read from, absolute */
    char *folder;          /* that relative paths are relative to, absolute */
    GPtrArray *services;   /* StackService */
    GPtrArray *absent;     /* StackService that there are no replicas of: only of what their images are made */
    GPtrArray *mounts;     /* StackMount, each volume once */
    StackNetwork *network; /* what the services are to each other in the network; NULL: nothing is said */
    gboolean partial; /* only some of the file's services are meant: those to `keep` stay as they are, and none goes */
} Stack;

void stack_mount_free(gpointer data);
Stack *stack_new(const char *name);
void stack_free(Stack *stack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stack, stack_free)
/* Appends a service, whose full name is made. USAGE: it is no name for a unit, or another service has the same. Borrowed. */
StackService *stack_add_service(Stack *stack, const char *name, GError **error);
/* What driver_opts of Docker's driver "local" say (docker-volume-create(1)): `address` of "addr=" in options goes in front of a device of
 * NFS. Nothing if the volume is known already. USAGE: a password, which everybody could read in the unit. */
gboolean stack_add_mount(Stack *stack, const char *volume, const char *type, const char *device, const char *options,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes it out of the services: there are no replicas of it. */
void stack_make_absent(Stack *stack, StackService *service);
/* What it is called in the file: of a replica its service's name. Borrowed. */
const char *stack_service_name_in_file(const StackService *service);
/* NULL if there is none. Borrowed. */
StackService *stack_find_service(const Stack *stack, const char *name);
void stack_service_add_dependency(StackService *service, const char *on, StackCondition condition, gboolean required,
                                  gboolean restart);

/* Lower-case letters, digits, "-" and "_", the first a letter or digit: what Compose allows for a project. */
gboolean stack_name_is_valid(const char *name);

/* Services that have a volume, or a folder of the host, in common get the user that their images' numbers say: what one writes the other may read, as in
 * containers (docs/decisions/). */
void stack_share_users(Stack *stack);

/* Puts the keys of a Compose file where an error of one of its services names options; what was wrong usage is wrong input. */
void stack_say_keys(GError **error);
/* What to do of a single service, as it is said of one in a stack. The caller frees. */
char *stack_remedy(const char *remedy);

/* What starts and waits for all replicas of a service ("shop-web"): "shop-web.all.target". The caller frees. */
char *stack_replicas_unit(const char *full_name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the options of the services complete: their place in the stack, and what they start after. Sorts the services so that what one depends on stands before it, else by name. INPUT: a cycle, with its path; a service that
 * there is not. */
gboolean stack_finish(Stack *stack, GError **error) G_GNUC_WARN_UNUSED_RESULT;
