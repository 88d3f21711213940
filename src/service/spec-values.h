// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a service is, in plain values: everything is resolved and checked, nothing is quoted. Paths of the image are absolute,
 * plain and with links followed. */

#include "base/base.h"

typedef enum {
    SERVICE_USER_OWN,    /* a system user of the service's own */
    SERVICE_USER_ROOT,   /* root of the host */
    SERVICE_USER_NUMBER, /* a number that was asked for */
} ServiceUserKind;

typedef struct {
    ServiceUserKind kind;
    char *host_name;    /* OWN and NUMBER: for sysusers; "gourd-web" */
    guint32 uid, gid;   /* NUMBER: these; OWN: those of the image's user, which sysusers is asked for if they are fit */
    gboolean in_image;  /* OWN and NUMBER: uid and gid are those that the image's files know */
    char *name;         /* what the image calls the user; NULL: it has none of that number */
    char *group;        /* what it calls the user's group, or NULL */
    char *home;         /* where the image says that it lives, or NULL */
    char *private_path; /* what only this number may use in the image; NULL: nothing was seen */
    GArray *others; /* guint32: groups that it is in too; NULL: none. Those of the image only of a one-off process */
    GBytes *passwd; /* the image's files; NULL: it has none to be replaced */
    GBytes *groups;
} ServiceUser;

#define SERVICE_WRITABLE_PREFIX "writable-" /* of the folder in which an overlay keeps what is written */

typedef enum {
    SERVICE_MOUNT_VOLUME, /* a folder below PATH_VOLUMES, kept */
    SERVICE_MOUNT_BIND,   /* a path of the host */
    SERVICE_MOUNT_TMPFS,
    SERVICE_MOUNT_WRITABLE, /* an overlay over the image's folder */
    SERVICE_MOUNT_SECRET,   /* a credential of systemd */
} ServiceMountKind;

typedef struct {
    ServiceMountKind kind;
    char *
        source; /* on the host: of VOLUME and BIND; of WRITABLE the folder of what is written; of SECRET a file, or NULL */
    char *destination; /* in the service */
    char *options;     /* of TMPFS; "norbind" of BIND; or NULL */
    char *folder;      /* to be made on the host: of VOLUME, and of BIND if it may be missing; NULL: others do */
    char *name;        /* of SECRET: of the credential */
    GBytes *content;   /* of SECRET without source: what is in it */
    gboolean read_only;
    gboolean optional;  /* of BIND: nothing is there if the host has it not */
    gboolean mounted;   /* of VOLUME: a mount unit of the stack's does it */
    gboolean guessed;   /* of VOLUME: nobody asked for it, it is an empty folder of the image */
    gboolean encrypted; /* of SECRET */
    /* Of VOLUME: what the image has there. */
    guint16 mode;
    guint32 uid, gid;
    gboolean fill; /* the image has something in it */
} ServiceMount;

typedef enum {
    SERVICE_HEALTH_NONE,
    SERVICE_HEALTH_EXEC,
    SERVICE_HEALTH_HTTP,
    SERVICE_HEALTH_TCP,
    SERVICE_HEALTH_UNIX,
} ServiceHealthKind;

typedef struct {
    ServiceHealthKind kind;
    char **argv;  /* of EXEC */
    char *target; /* of the others */
    guint64 interval_usec, timeout_usec, start_period_usec, start_interval_usec;
    guint retries;
} ServiceHealth;

/* HOST:SERVICE of --publish. */
typedef struct {
    char *address; /* of the host; NULL: all */
    guint16 host_port, service_port;
    gboolean is_udp;
} ServicePublish;

/* What others have set up of a service's network: as in ServiceOptions, strings may be NULL. */
typedef struct {
    char *netns, *address, *unit;
    char *names_unit, *hosts_file, *resolv_file;
    char *ingress_filter;
    char **address_allow, **address_deny;
    char *hostname;
} ServiceAttachment;

/* A setting of what it may use. */
typedef struct {
    const char *key; /* "MemoryMax"; static */
    char *device;    /* to which it applies, a path; NULL: to all */
    char *value;     /* as systemd writes it */
} ServiceLimit;

typedef struct {
    char *path;        /* or what DeviceAllow= takes besides paths: "char-13" */
    char *inside;      /* what it is called in the service */
    const char *rule;  /* of a folder of devices: what stands for all of them ("char-alsa"); else NULL. Static */
    char *access;      /* "rw", "r", "rwm" */
    const char *group; /* whose it is on the host, or several; NULL: not known. Static */
} ServiceDevice;

/* A command that is run beside the program. */
typedef struct {
    char *program;
    char **argv, **environment; /* environment: NAME=VALUE, beyond that of the service */
    gboolean as_root;
} ServiceHook;

/* How volumes are backed up while the service runs. */
typedef struct {
    char **dump, **restore, **before, **after; /* programs, as the service sees them, with their words; NULL: none */
    char *volume;                              /* that the dump stands for: its folder on the host; NULL without one */
    guint64 timeout_usec;                      /* of each; 0: none */
} ServiceBackup;

/* A variable whose value is a credential that gourd wrote. */
typedef struct {
    char *name;
    char *credential; /* what that is called */
    GBytes *content;
    gboolean is_encrypted; /* by systemd-creds(1), for this host */
} ServiceSecret;

typedef struct {
    char *description;
    char **documentation; /* URLs */

    char *program;                            /* in the image, or behind a mount */
    char **argv;                              /* argv[0] is what the image says */
    char **environment, **secret_environment; /* NAME=VALUE, each name once */
    char **secrets, **credentials;            /* VAR=FILE, NAME=FILE */
    GPtrArray *secured;                       /* ServiceSecret: variables too */
    char *working_dir;
    char **shell;      /* the image's: ["/bin/sh", "-c"] */
    gboolean process1; /* the program wants to be process 1 */
    gboolean pipes;    /* it opens /dev/stdout or /dev/stderr */

    ServiceUser user;
    GPtrArray *mounts;                /* ServiceMount, by destination */
    gboolean volatile_writes;         /* what is written to WRITABLE is forgotten */
    gboolean hosts_file, resolv_file; /* the image has something to bind them over */
    int network;                      /* ServiceNetwork; NONE with attachment.netns */
    ServiceAttachment attachment;
    GPtrArray *publish; /* ServicePublish */
    gboolean low_port;  /* it listens below 1024 */

    int profile;
    guint64 allow;        /* bits of loosenings, by their place in service_loosenings() */
    guint64 capabilities; /* bits by number, beyond those of the profile */
    guint64 dropped;      /* of those of the profile */
    char **syscalls;      /* SystemCallFilter= instead of the profile's, or NULL; "~" first: all but these */
    char *apparmor, *selinux;
    GPtrArray *devices;     /* ServiceDevice */
    gboolean binds_devices; /* they are put into a /dev of its own; else it sees that of the host */

    GPtrArray *limits; /* ServiceLimit */

    int restart;
    guint restart_max; /* 0: no limit */
    guint64 restart_window_usec;
    gint64 restart_delay_usec; /* SERVICE_UNSET */
    char *stop_signal;         /* "SIGQUIT", or NULL */
    gint64 stop_timeout_usec;
    char **after, **requires, **wants, **part_of;
    gboolean notify, init, oneshot;
    ServiceHealth health;
    char **pre_upgrade;               /* argv, or NULL */
    GPtrArray *post_start, *pre_stop; /* ServiceHook */
    ServiceBackup backup;
    guint64 log_max;
    gboolean no_log;
    gint64 steady_sec;

    char *stack;          /* NULL: it is in none */
    gboolean shares_user; /* OWN is that of several services of the stack */
    char *target, *slice; /* units of the stack, or NULL */
    char *title;          /* SERVICE of STACK-SERVICE: what its lines in the journal are called */
    char **aliases;       /* units */
    char **labels;        /* NAME=VALUE, or NAME */
} ServiceSpec;
