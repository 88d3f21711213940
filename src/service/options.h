// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What an admin asks of a service beyond what its image says: filled from the command line (later from a Compose file), kept
 * with each release as JSON, and the base of the next release. All strings are owned; vectors may be NULL for none. */

#include "base/base.h"

typedef enum {
    SERVICE_PROFILE_DEFAULT = 0,
    SERVICE_PROFILE_STRICT,
    SERVICE_PROFILE_TRUSTED,
} ServiceProfile;

typedef enum {
    SERVICE_NETWORK_HOST = 0,
    SERVICE_NETWORK_NONE,
} ServiceNetwork;

typedef enum {
    SERVICE_RESTART_ALWAYS = 0,
    SERVICE_RESTART_ON_FAILURE,
    SERVICE_RESTART_NO,
} ServiceRestart;

/* Their words on the command line and in JSON, by number; each ends with NULL. */
extern const char *const service_profile_words[], *const service_network_words[], *const service_restart_words[];

#define SERVICE_MEMORY_MIN (6 << 20) /* bytes, as a limit: Docker's, with less no container starts */
#define SERVICE_UNSET FIELD_UNSET    /* of numbers: take the image's, or systemd's */

typedef struct {
    char *description;
    char **entrypoint;  /* --entrypoint, split as a shell does; an empty string is none */
    char **command;     /* words behind the bundle */
    char **environment; /* NAME=VALUE; NAME alone removes the image's. What looks secret never reaches the unit */
    char **secret_environment; /* NAME=VALUE, read from --env-file */
    char **secrets;            /* VAR=FILE: a credential that gourd-init puts into the environment */
    char **credentials;        /* NAME=FILE: LoadCredential= */
    char *working_dir;
    char *user;          /* NULL: a user of its own; "root", a name, a number, each also with :GROUP */
    char **groups;       /* others that it is in: names of the image, or numbers */
    gboolean secure_env; /* what is secret in environment and secret_environment goes by credentials */
    gboolean share_user; /* the user is that of all in the stack whose image has the same number for theirs */

    /* PATH, or NAME:PATH[:OPTIONS]. In a stack NAME is one of the stack's, OWNER/NAME of somebody else. Options, with commas: ro;
     * nocopy: the image's content is not copied; subpath=PATH below it, made if it is missing; external: others make it; mounted: a mount unit does. */
    char **volumes;
    char **
        binds; /* SRC:DST[:OPTIONS]: ro; create: a folder if there is nothing; file: it is one, and not made; norbind: not what is mounted below */
    char **secret_files;    /* SRC:DST: a file of the host, read at each start, that only the service's user sees */
    char **encrypted_files; /* the same, made by systemd-creds(1); it was told the file name of DST */
    char **secret_texts;    /* DST=CONTENT */
    char **tmpfs;           /* PATH[:OPTIONS] */
    char **writable;        /* PATH, "/" for all of the root: an overlay */
    gboolean writable_volatile;
    char **publish; /* [ADDRESS:]HOST:SERVICE[/tcp|udp] */
    int network;    /* ServiceNetwork */
    int profile;    /* ServiceProfile, of the sandbox below */
    char **expose;  /* what it listens on besides the image's: "80", "53/udp", "8000-8010" */
    /* Of a stack, or of an admin who makes the namespace: */
    char *netns;                    /* path of a network namespace; goes before `network` */
    char *net_address;              /* the service's in there, to which published ports are passed; NULL: 127.0.0.1 */
    char *net_unit;                 /* makes what netns and ingress_filter name: required, and started before */
    char *names_unit;               /* writes hosts_file and resolv_file: wanted, and started before */
    char *hosts_file, *resolv_file; /* shown as /etc/hosts and /etc/resolv.conf; NULL: copies of the host's */
    char *ingress_filter;           /* path of a BPF program: IPIngressFilterPath= */
    char **address_allow, **address_deny; /* IPAddressAllow=, IPAddressDeny= */
    char *hostname;                       /* what the service takes the machine to be called; from systemd 258 on */

    char **allow;        /* names of loosenings, service_loosenings() has them */
    char **capabilities; /* CAP_… or without CAP_ */
    char **cap_add;      /* the same or "ALL", with what of the sandbox would make them useless */
    char **cap_drop;     /* of those that root of an image has otherwise; "ALL" */
    char **syscalls;     /* what SystemCallFilter= is instead of the profile's; the first may be "~": all but these */
    char *apparmor;      /* a profile of the host */
    char *selinux;       /* a context */
    char **devices;      /* PATH[:PATH inside][:rwm]; a path may be one of the folders that hold a kind of them */
    char **device_rules; /* "c 13:* rw", as control groups v1 had them: without a path */

    guint64 memory;        /* bytes; 0: no limit */
    guint64 memory_low;    /* bytes that are left to it when memory is short */
    gint64 swap;           /* bytes beyond memory; 0: none at all; SERVICE_UNSET: no limit */
    gint64 cpus_per_mille; /* 1500 is a CPU and a half; SERVICE_UNSET */
    gint64 cpu_period_usec;
    gint64 cpu_shares; /* 1024 is what everybody has */
    char *cpuset;      /* "0-3,5" */
    gint64 pids;
    char **ulimits;      /* NAME=SOFT[:HARD], as setrlimit(2) calls them in small letters; -1: none */
    gint64 blkio_weight; /* 10 to 1000; 500 is what everybody has */
    char **io_weights;   /* DEVICE:WEIGHT, weights as before */
    char **io_read_bytes, **io_write_bytes, **io_read_ops, **io_write_ops; /* DEVICE:NUMBER, each second */
    char *oom_score_adj;                                                   /* -1000 to 1000 */
    guint64 shm_size;                                                      /* of /dev/shm, bytes; 0: no limit */

    int restart;      /* ServiceRestart */
    gboolean notify;  /* the program itself says READY=1 */
    gboolean init;    /* gourd-init is its parent, and reaps what it leaves */
    gboolean oneshot; /* it runs once at each start, and what is ordered after it waits for its end */
    /* Given up after so many restarts in a row, none of which ran for the window; SERVICE_UNSET or 0: never. */
    gint64 restart_max, restart_window_usec;
    gint64 restart_delay_usec; /* before each; SERVICE_UNSET: longer each time, if systemd can */
    char *stop_signal;
    gint64 stop_timeout_usec;
    char **after, **requires, **wants; /* units */

    /* Place in a stack. */
    char *stack;      /* its name; the service is then called STACK-SERVICE */
    char *replica_of; /* STACK-SERVICE of a service STACK-SERVICE-NUMBER, which has that one's user; or NULL */
    char *slice;      /* that it is in; NULL: the stack's, or system.slice */
    char **part_of;   /* units: it stops and restarts with them */
    char **aliases;   /* other names, without suffix */
    char **labels;    /* NAME=VALUE, or NAME */

    gboolean no_healthcheck;
    char **health_test;   /* ["CMD", WORD…] or ["CMD-SHELL", COMMAND], as an image says it */
    char *health_command; /* by the image's shell */
    char *health_http;    /* URL, or [HOST:]PORT/PATH */
    char *health_tcp;     /* [HOST:]PORT */
    char *health_unix;    /* path of a socket */
    gint64 health_interval_usec, health_timeout_usec, health_start_period_usec, health_start_interval_usec;
    gint64 health_retries;

    char *pre_upgrade; /* by the image's shell */
    /* Commands with their words quoted as for a shell, which none of them is: once it has started, and before it is stopped.
     * NAME=VALUE words in front are variables; "!" in front of all: as root, within the sandbox. */
    char **post_start, **pre_stop;

    /* Backups of a volume while the service runs, each by the image's shell: what writes it to its standard output, what reads that again;
     * what is run before and after files of volumes are copied. */
    char *backup_dump, *backup_restore, *backup_before, *backup_after;
    char *backup_volume;        /* that the dump stands for: its name or path; NULL: the only one */
    gint64 backup_timeout_usec; /* of each; 0: none; SERVICE_UNSET: an hour */

    char *log_tag;     /* what its lines in the journal are called; NULL: SERVICE */
    guint64 log_max;   /* bytes: a journal of its own, of that size; 0: that of the host */
    gboolean no_log;   /* what it writes is thrown away */
    gint64 steady_sec; /* how long a service without health check must run to count as started */
} ServiceOptions;

void service_options_init(ServiceOptions *ret_options);
void service_options_clear(ServiceOptions *options);
/* ret_copy need not be initialised. */
void service_options_copy(const ServiceOptions *options, ServiceOptions *ret_copy);
/* Takes away what is said of backups, which nothing that runs depends on. */
void service_options_clear_backup(ServiceOptions *options);

/* Only what differs from service_options_init() is written, and nothing secret: values of secret_environment and of what
 * looks secret in environment are left to service_options_secrets_to_json(). */
Json *service_options_to_json(const ServiceOptions *options);
/* The rest, for a file that only root may read; NULL if there is nothing secret. */
Json *service_options_secrets_to_json(const ServiceOptions *options);
/* UNSUPPORTED: a key that this version does not know. secrets may be NULL. */
gboolean service_options_from_json(const Json *json, const Json *secrets, ServiceOptions *ret_options, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* In environment and secret_environment, in front of a value that systemd-creds(1) has encrypted as service_credential_name(). */
#define SERVICE_ENCRYPTED \
    "\x1e"                \
    "encrypted:"
/* What the credential of a variable is called; NULL if it cannot be one. The caller frees. */
char *service_credential_name(const char *variable);

/* Whether a variable of that name is kept out of what everybody may read: PASSWORD, API_KEY, …; not what names a file. */
gboolean service_environment_is_secret(const char *name);
