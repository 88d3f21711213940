// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The options of `gourd install` and `gourd upgrade`: what an admin may ask of a service, and how it is done. */

#include "verb.h"

#include "store/store.h"

typedef struct {
    CommonOptions common;

    /* Of the service; deploy-apply.c says what becomes what. A verb that has not all of the rows
     * leaves lists NULL; numbers that it leaves 0 are those of restarts and health. */
    char *description, *entrypoint, *working_dir, *user;
    GPtrArray *environment, *env_files, *secrets, *secret_files, *credentials;
    GPtrArray *volumes, *binds, *tmpfs, *writable, *publish;
    gboolean writable_volatile, secure_env;
    int network; /* choices: 0 is not given, else the value and 1 */
    int profile;
    GPtrArray *allow, *capabilities, *cap_drop, *devices, *groups;
    char *seccomp, *apparmor;
    guint64 memory, memory_low, shm_size;
    char *swap, *cpus, *cpuset, *oom_score_adj;
    gint64 pids, cpu_shares;
    GPtrArray *ulimits;
    int restart;
    gint64 restart_max;
    char *restart_delay;
    char *stop_signal, *stop_timeout;
    GPtrArray *after, *requires, *wants, *aliases, *labels;
    gboolean notify, init, oneshot, no_healthcheck;
    char *health_command, *health_http, *health_tcp, *health_unix;
    char *health_interval, *health_timeout, *health_start_period, *health_start_interval;
    gint64 health_retries;
    char *pre_upgrade;
    GPtrArray *post_start, *pre_stop;
    char *backup_dump, *backup_restore, *backup_before, *backup_after, *backup_volume, *backup_timeout;
    guint64 log_max;
    gint64 steady;

    /* Of the run. */
    char *name, *target, *root;
    int verify; /* 1: full */
    gboolean dry_run, json, no_start, no_enable;
    GPtrArray *reset;
} DeployOptions;

/* The groups that both verbs have, for their tables. */
extern const Option deploy_program_rows[], deploy_storage_rows[], deploy_network_rows[], deploy_sandbox_rows[],
    deploy_limit_rows[], deploy_share_rows[], deploy_life_rows[], deploy_health_rows[], deploy_backup_rows[];

#define DEPLOY_SERVICE_GROUPS                                                                             \
    {"Program", deploy_program_rows}, {"Storage", deploy_storage_rows}, {"Network", deploy_network_rows}, \
        {"Sandbox", deploy_sandbox_rows}, {"Limits", deploy_limit_rows}, {"Shares", deploy_share_rows},   \
        {"Start and stop", deploy_life_rows}, {"Health", deploy_health_rows},                             \
    {                                                                                                     \
        "Backup", deploy_backup_rows                                                                      \
    }

/* Rows for the group of the run. */
#define DEPLOY_AT(member) .offset = offsetof(DeployOptions, member)
#define DEPLOY_RUN_ROWS                                                                                            \
    {"name", 0, OPTION_STRING, DEPLOY_AT(name), "NAME", "Name of the service", .shown_default = "the bundle's"},   \
        {"verify",                                                                                                 \
         0,                                                                                                        \
         OPTION_CHOICE,                                                                                            \
         DEPLOY_AT(verify),                                                                                        \
         "HOW",                                                                                                    \
         "Check the bundle before it becomes active",                                                              \
         .fallback = "quick",                                                                                      \
         .choices = deploy_verifications},                                                                         \
        {"no-start", 0, OPTION_FLAG, DEPLOY_AT(no_start), .help = "Write all files, but start nothing"},           \
        {"dry-run", 'n', OPTION_FLAG, DEPLOY_AT(dry_run), .help = "Show what would change, and change nothing"},   \
        {"target",                                                                                                 \
         0,                                                                                                        \
         OPTION_STRING,                                                                                            \
         DEPLOY_AT(target),                                                                                        \
         "SYSTEM",                                                                                                 \
         "Write units for this system's systemd",                                                                  \
         .details = "`debian12`, `ubuntu24.04` or another name, or `systemd=N`.",                                  \
         .shown_default = "this host's",                                                                           \
         .suggestions = deploy_targets,                                                                            \
         .completion = COMPLETE_VALUES,                                                                            \
         .check = deploy_check_target},                                                                            \
        {"root",                                                                                                   \
         0,                                                                                                        \
         OPTION_STRING,                                                                                            \
         DEPLOY_AT(root),                                                                                          \
         "FOLDER",                                                                                                 \
         "Work on the system in FOLDER, at rest",                                                                  \
         .details = "Paths in units are as that system will see them. Nothing is started.",                        \
         .completion = COMPLETE_FOLDER},                                                                           \
    {                                                                                                              \
        "json", 0, OPTION_FLAG, DEPLOY_AT(json), .help = "Print the result, or with `--dry-run` the plan, as JSON" \
    }

extern const OptionChoice deploy_verifications[];
extern const char *const deploy_targets[];
gboolean deploy_check_target(const char *argument, GError **error);

/* Makes what was given part of the options of a service; all else stays as it is, but for what --reset names, which becomes as
 * if it had never been given. words: the command, or NULL. */
gboolean deploy_apply(const DeployOptions *given, const char *const *words, ServiceOptions *options, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Whether --reset knows the name of an option. */
gboolean deploy_check_reset(const char *argument, GError **error);
/* All the names that it knows, and "all"; ends with NULL. */
extern const char *const deploy_reset_names[];

/* Texts of options that other verbs have too. USAGE: they are not what they should be. "1.5" is 1500; the words of a command as a shell splits them,
 * which the caller frees. */
gboolean deploy_parse_cpus(const char *text, gint64 *ret_per_mille, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean deploy_parse_bytes(const char *text, gint64 *ret_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean deploy_parse_words(const char *text, char ***ret_words, GError **error) G_GNUC_WARN_UNUSED_RESULT;
