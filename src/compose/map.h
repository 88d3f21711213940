// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* From the canonical tree to a stack: keys.def names a function for each key of a service. */

#include "compose.h"

typedef struct {
    const ComposeProject *project;
    Notes *notes;
    Stack *stack;
    StackService *service;         /* whose keys are read */
    ServiceOptions *options;       /* its */
    ServiceNetMember *member;      /* its */
    const ComposeNode *definition; /* its map */
    guint replica;                 /* its number, from 1, of a service whose number of replicas is said; else 0 */
    guint n_replicas;              /* that there are of it; else 1 */
    GError *refusal;               /* the first, or NULL */
    GString *refused;              /* the keys of the others, if there is a first */
} Map;

/* What the services of a stack are called that a service of the file becomes: itself, or NAME-1, NAME-2, …; empty where it has none.
 * The caller frees. */
char **map_list_replicas(const ComposeNode *service);

/* A key of a service with a value that is not null. */
typedef gboolean (*MapKey)(Map *map, const ComposeNode *value, GError **error);

/* --- x-gourd of a service, and at the top (value may be NULL): map-gourd.c --- */
gboolean map_gourd(Map *map, const ComposeNode *value, GError **error);
gboolean map_stack_gourd(Map *map, const ComposeNode *value, GError **error);

/* --- what runs, and in what surroundings: map-program.c --- */
gboolean map_image(Map *map, const ComposeNode *value, GError **error);
gboolean map_pull_policy(Map *map, const ComposeNode *value, GError **error);
gboolean map_command(Map *map, const ComposeNode *value, GError **error);
gboolean map_entrypoint(Map *map, const ComposeNode *value, GError **error);
gboolean map_environment(Map *map, const ComposeNode *value, GError **error);
gboolean map_working_dir(Map *map, const ComposeNode *value, GError **error);
gboolean map_user(Map *map, const ComposeNode *value, GError **error);
gboolean map_group_add(Map *map, const ComposeNode *value, GError **error);
gboolean map_container_name(Map *map, const ComposeNode *value, GError **error);
gboolean map_labels(Map *map, const ComposeNode *value, GError **error);
gboolean map_platform(Map *map, const ComposeNode *value, GError **error);
gboolean map_logging(Map *map, const ComposeNode *value, GError **error);
gboolean map_terminal(Map *map, const ComposeNode *value, GError **error); /* stdin_open, tty */
gboolean map_attach(Map *map, const ComposeNode *value, GError **error);

/* How its image is built: map-build.c. */
gboolean map_build(Map *map, const ComposeNode *value, GError **error);

/* --- when it starts, counts as started, and ends: map-life.c --- */
gboolean map_depends_on(Map *map, const ComposeNode *value, GError **error);
gboolean map_restart(Map *map, const ComposeNode *value, GError **error);
gboolean map_stop_signal(Map *map, const ComposeNode *value, GError **error);
gboolean map_stop_grace_period(Map *map, const ComposeNode *value, GError **error);
gboolean map_healthcheck(Map *map, const ComposeNode *value, GError **error);
gboolean map_init(Map *map, const ComposeNode *value, GError **error);
gboolean map_deploy(Map *map, const ComposeNode *value, GError **error);
gboolean map_hooks(Map *map, const ComposeNode *value, GError **error);

/* --- volumes and files: map-storage.c --- */
gboolean map_volumes(Map *map, const ComposeNode *value, GError **error);
gboolean map_volumes_from(Map *map, const ComposeNode *value, GError **error);
gboolean map_tmpfs(Map *map, const ComposeNode *value, GError **error);
gboolean map_shm_size(Map *map, const ComposeNode *value, GError **error);
gboolean map_read_only(Map *map, const ComposeNode *value, GError **error);
gboolean map_files(Map *map, const ComposeNode *value, GError **error); /* secrets, configs */

/* --- how much of the machine it may use: map-limits.c --- */
gboolean map_mem_limit(Map *map, const ComposeNode *value, GError **error);
gboolean map_memswap_limit(Map *map, const ComposeNode *value, GError **error);
gboolean map_mem_reservation(Map *map, const ComposeNode *value, GError **error);
gboolean map_cpus(Map *map, const ComposeNode *value, GError **error);
gboolean map_cpu_quota(Map *map, const ComposeNode *value, GError **error); /* cpu_period too */
gboolean map_cpu_shares(Map *map, const ComposeNode *value, GError **error);
gboolean map_cpuset(Map *map, const ComposeNode *value, GError **error);
gboolean map_pids_limit(Map *map, const ComposeNode *value, GError **error);
gboolean map_ulimits(Map *map, const ComposeNode *value, GError **error);
gboolean map_blkio_config(Map *map, const ComposeNode *value, GError **error);
gboolean map_oom_score_adj(Map *map, const ComposeNode *value, GError **error);
gboolean map_oom_kill_disable(Map *map, const ComposeNode *value, GError **error);
/* Of deploy.resources.limits too. */
gboolean map_resources(Map *map, const ComposeNode *value, GError **error);

/* --- what it may do: map-sandbox.c --- */
gboolean map_cap_add(Map *map, const ComposeNode *value, GError **error);
gboolean map_cap_drop(Map *map, const ComposeNode *value, GError **error);
gboolean map_privileged(Map *map, const ComposeNode *value, GError **error);
gboolean map_security_opt(Map *map, const ComposeNode *value, GError **error);
gboolean map_devices(Map *map, const ComposeNode *value, GError **error);
gboolean map_device_cgroup_rules(Map *map, const ComposeNode *value, GError **error);
gboolean map_ipc(Map *map, const ComposeNode *value, GError **error);
gboolean map_pid(Map *map, const ComposeNode *value, GError **error);
gboolean map_uts(Map *map, const ComposeNode *value, GError **error);
gboolean map_userns_mode(Map *map, const ComposeNode *value, GError **error);
gboolean map_cgroup(Map *map, const ComposeNode *value, GError **error);
gboolean map_cgroup_parent(Map *map, const ComposeNode *value, GError **error);
gboolean map_isolation(Map *map, const ComposeNode *value, GError **error);
gboolean map_runtime(Map *map, const ComposeNode *value, GError **error);

/* --- its place in the network: map-network.c --- */
gboolean map_ports(Map *map, const ComposeNode *value, GError **error);
gboolean map_expose(Map *map, const ComposeNode *value, GError **error);
gboolean map_networks(Map *map, const ComposeNode *value, GError **error);
gboolean map_network_mode(Map *map, const ComposeNode *value, GError **error);
gboolean map_mac_address(Map *map, const ComposeNode *value, GError **error);
gboolean map_hostname(Map *map, const ComposeNode *value, GError **error);
gboolean map_domainname(Map *map, const ComposeNode *value, GError **error);
gboolean map_extra_hosts(Map *map, const ComposeNode *value, GError **error);
gboolean map_links(Map *map, const ComposeNode *value, GError **error);
gboolean map_dns(Map *map, const ComposeNode *value, GError **error); /* dns_search and dns_opt too */
gboolean map_sysctls(Map *map, const ComposeNode *value, GError **error);
/* The networks of the whole stack. */
gboolean map_nets(Map *map, const ComposeNode *networks, GError **error);

/* --- all the rest: map.c --- */
/* Notes for members that members.def says nothing is done with. */
void map_note_members(const ComposeNode *root, Notes *notes);
/* Nothing is to be done: it is seen to elsewhere. */
gboolean map_elsewhere(Map *map, const ComposeNode *value, GError **error);
/* Nothing is done: the note says why. */
gboolean map_nothing(Map *map, const ComposeNode *value, GError **error);
/* An error: the table says what to do instead. */
gboolean map_refuse(Map *map, const ComposeNode *value, GError **error);

/* Says that a key of the service is done in another way than Docker does it; the text is the same for all services. */
void map_note(Map *map, const char *key, const char *text);
/* An UNSUPPORTED error at the value. Always returns FALSE. */
gboolean map_set_unsupported(const ComposeNode *value, const char *message, const char *hint, GError **error);

/* Appends to an option that is a vector. */
G_GNUC_PRINTF(2, 3) void map_appendf(char ***vector, const char *format, ...);
/* A list or a single scalar as texts. The caller frees. */
char **map_texts(const ComposeNode *value);
