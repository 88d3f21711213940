// SPDX-License-Identifier: LGPL-2.1-or-later
#include "options.h"

#include <string.h>

const char *const service_profile_words[] = {"default", "strict", "trusted", NULL};
const char *const service_network_words[] = {"host", "none", NULL};
const char *const service_restart_words[] = {"always", "on-failure", "no", NULL};

#define TEXT(NAME) FIELD(TEXT, ServiceOptions, NAME)
#define VECTOR(NAME) FIELD(VECTOR, ServiceOptions, NAME)
#define FLAG(NAME) FIELD(FLAG, ServiceOptions, NAME)
#define CHOICE(NAME, WORDS) FIELD_OF_WORDS(ServiceOptions, NAME, WORDS)
#define NUMBER(NAME) FIELD(NUMBER, ServiceOptions, NAME)
#define SIZE(NAME) FIELD(SIZE, ServiceOptions, NAME)

static const Field fields[] = {
    TEXT(description),
    VECTOR(entrypoint),
    VECTOR(command),
    VECTOR(environment),
    VECTOR(secret_environment),
    FLAG(secure_env),
    VECTOR(secrets),
    VECTOR(credentials),
    TEXT(working_dir),
    TEXT(user),
    VECTOR(groups),
    FLAG(share_user),
    VECTOR(volumes),
    VECTOR(binds),
    VECTOR(secret_files),
    VECTOR(encrypted_files),
    VECTOR(secret_texts),
    VECTOR(tmpfs),
    VECTOR(writable),
    FLAG(writable_volatile),
    VECTOR(publish),
    CHOICE(network, service_network_words),
    VECTOR(expose),
    TEXT(netns),
    TEXT(net_address),
    TEXT(net_unit),
    TEXT(names_unit),
    TEXT(hosts_file),
    TEXT(resolv_file),
    TEXT(ingress_filter),
    VECTOR(address_allow),
    VECTOR(address_deny),
    TEXT(hostname),
    CHOICE(profile, service_profile_words),
    VECTOR(allow),
    VECTOR(capabilities),
    VECTOR(cap_add),
    VECTOR(cap_drop),
    VECTOR(syscalls),
    TEXT(apparmor),
    TEXT(selinux),
    VECTOR(devices),
    VECTOR(device_rules),
    SIZE(memory),
    SIZE(memory_low),
    NUMBER(swap),
    NUMBER(cpus_per_mille),
    NUMBER(cpu_period_usec),
    NUMBER(cpu_shares),
    TEXT(cpuset),
    NUMBER(pids),
    VECTOR(ulimits),
    NUMBER(blkio_weight),
    VECTOR(io_weights),
    VECTOR(io_read_bytes),
    VECTOR(io_write_bytes),
    VECTOR(io_read_ops),
    VECTOR(io_write_ops),
    TEXT(oom_score_adj),
    SIZE(shm_size),
    CHOICE(restart, service_restart_words),
    NUMBER(restart_max),
    NUMBER(restart_window_usec),
    NUMBER(restart_delay_usec),
    TEXT(stop_signal),
    NUMBER(stop_timeout_usec),
    VECTOR(after),
    VECTOR(requires),
    VECTOR(wants),
    FLAG(notify),
    FLAG(init),
    FLAG(oneshot),
    TEXT(stack),
    TEXT(replica_of),
    TEXT(slice),
    VECTOR(part_of),
    VECTOR(aliases),
    VECTOR(labels),
    FLAG(no_healthcheck),
    VECTOR(health_test),
    TEXT(health_command),
    TEXT(health_http),
    TEXT(health_tcp),
    TEXT(health_unix),
    NUMBER(health_interval_usec),
    NUMBER(health_timeout_usec),
    NUMBER(health_start_period_usec),
    NUMBER(health_start_interval_usec),
    NUMBER(health_retries),
    TEXT(pre_upgrade),
    VECTOR(post_start),
    VECTOR(pre_stop),
    TEXT(backup_dump),
    TEXT(backup_restore),
    TEXT(backup_before),
    TEXT(backup_after),
    TEXT(backup_volume),
    NUMBER(backup_timeout_usec),
    TEXT(log_tag),
    SIZE(log_max),
    FLAG(no_log),
    NUMBER(steady_sec),
    FIELD_END,
};

void service_options_init(ServiceOptions *ret_options)
{
    *ret_options = (ServiceOptions){0};
    fields_init(fields, ret_options);
}

void service_options_clear(ServiceOptions *options)
{
    fields_clear(fields, options);
}

void service_options_clear_backup(ServiceOptions *options)
{
    char **const texts[] = {&options->backup_dump, &options->backup_restore, &options->backup_before,
                            &options->backup_after, &options->backup_volume};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
    options->backup_timeout_usec = SERVICE_UNSET;
}

void service_options_copy(const ServiceOptions *options, ServiceOptions *ret_copy)
{
    fields_copy(fields, options, ret_copy);
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static gboolean is_secret(const Field *field, const char *text)
{
    if (strcmp(field->name, "secret_environment") == 0 || strcmp(field->name, "secret_texts") == 0)
        return TRUE;
    if (strcmp(field->name, "environment") != 0 || !strchr(text, '='))
        return FALSE;
    g_autofree char *name = g_strndup(text, strcspn(text, "="));

    return service_environment_is_secret(name);
}

static gboolean may_be_seen(const Field *field, const char *text)
{
    return !text || !is_secret(field, text);
}

static gboolean may_not_be_seen(const Field *field, const char *text)
{
    return !may_be_seen(field, text);
}

Json *service_options_to_json(const ServiceOptions *options)
{
    return fields_to_json(fields, options, may_be_seen);
}

Json *service_options_secrets_to_json(const ServiceOptions *options)
{
    g_autoptr(Json) secrets = fields_to_json(fields, options, may_not_be_seen);

    return json_object_size(secrets) > 0 ? g_steal_pointer(&secrets) : NULL;
}

gboolean service_options_from_json(const Json *json, const Json *secrets, ServiceOptions *ret_options, GError **error)
{
    ServiceOptions options;

    service_options_init(&options);
    if (!fields_from_json(fields, "option", json, &options, error) ||
        (secrets && !fields_from_json(fields, "option", secrets, &options, error))) {
        service_options_clear(&options);
        return FALSE;
    }
    *ret_options = options;
    return TRUE;
}
