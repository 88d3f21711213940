// SPDX-License-Identifier: LGPL-2.1-or-later
/* The Compose Specification's keys (schema of 2025), their shapes and short forms. The rows of a service are in keys.def. */
#include "keys.h"
#include "lengthen.h"

#define BOOL SHAPE_BOOL
#define INT SHAPE_INT
#define NUMBER (SHAPE_INT | SHAPE_NUMBER)
#define STRING SHAPE_STRING
#define LIST SHAPE_LIST
#define MAP SHAPE_MAP
#define OR_NULL SHAPE_NULL
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define MEMBERS(name) static const ComposeField name[]
#define LAST         \
    {                \
        .name = NULL \
    }

/* Rows that many have. */
#define TEXT(key)                           \
    {                                       \
        key, STRING, NULL, NULL, NULL, NULL \
    }
#define TEXT_OF_NUMBER(key)                          \
    {                                                \
        key, STRING, lengthen_text, NULL, NULL, NULL \
    }
#define FLAG(key)                         \
    {                                     \
        key, BOOL, NULL, NULL, NULL, NULL \
    }
#define WHOLE(key)                       \
    {                                    \
        key, INT, NULL, NULL, NULL, NULL \
    }
#define ANY_NUMBER(key)                     \
    {                                       \
        key, NUMBER, NULL, NULL, NULL, NULL \
    }
#define DURATION(key)                                    \
    {                                                    \
        key, STRING, lengthen_duration, NULL, NULL, NULL \
    }
#define SIZE(key)                                 \
    {                                             \
        key, INT, lengthen_size, NULL, NULL, NULL \
    }
#define TEXTS(key)                              \
    {                                           \
        key, LIST, NULL, NULL, &text_item, NULL \
    }
#define TEXT_OR_TEXTS(key)                                  \
    {                                                       \
        key, LIST, lengthen_strings, NULL, &text_item, NULL \
    }
#define PAIRS(key)                                              \
    {                                                           \
        key, MAP, lengthen_pairs_texts, text_values, NULL, NULL \
    }
#define ANYTHING(key)                          \
    {                                          \
        key, SHAPE_ANY, NULL, NULL, NULL, NULL \
    }

static const ComposeField text_item = TEXT("[]"), number_text_item = TEXT_OF_NUMBER("[]");
static const ComposeField expose_item = {"[]", STRING, lengthen_expose, NULL, NULL, NULL};
MEMBERS(text_values) = {TEXT_OF_NUMBER("*"), LAST};
MEMBERS(variables) = {{"*", STRING | OR_NULL, lengthen_text, NULL, NULL, NULL}, LAST};

/* --- parts of a service -------------------------------------------------------------------------------------------- */

MEMBERS(limit_members) = {WHOLE("soft"), WHOLE("hard"), LAST};
MEMBERS(ulimits) = {{"*", INT | MAP, NULL, limit_members, NULL, NULL}, LAST};

MEMBERS(file_grant) = {
    TEXT("source"),
    TEXT("target"),
    TEXT_OF_NUMBER("uid"),
    TEXT_OF_NUMBER("gid"),
    {"mode", STRING, lengthen_mode, NULL, NULL, NULL},
    LAST,
};
static const ComposeField secret_item = {"[]", MAP, lengthen_secret, file_grant, NULL, NULL};
static const ComposeField config_item = {"[]", MAP, lengthen_config, file_grant, NULL, NULL};

MEMBERS(paths_or_urls) = {{"*", STRING, lengthen_context, NULL, NULL, NULL}, LAST};
MEMBERS(build) = {
    {"context", STRING, lengthen_context, NULL, NULL, NULL},
    TEXT("dockerfile"),
    TEXT("dockerfile_inline"),
    TEXTS("entitlements"),
    {"args", MAP, lengthen_pairs, variables, NULL, NULL},
    {"ssh", LIST | MAP, lengthen_strings, NULL, NULL, NULL},
    PAIRS("labels"),
    TEXTS("cache_from"),
    TEXTS("cache_to"),
    FLAG("no_cache"),
    {"additional_contexts", MAP, lengthen_pairs_texts, paths_or_urls, NULL, NULL},
    TEXT("network"),
    {"provenance", BOOL | STRING, NULL, NULL, NULL, NULL},
    {"sbom", BOOL | STRING, NULL, NULL, NULL, NULL},
    FLAG("pull"),
    TEXT("target"),
    SIZE("shm_size"),
    {"extra_hosts", LIST, lengthen_extra_hosts, NULL, &text_item, NULL},
    TEXT("isolation"),
    FLAG("privileged"),
    {"secrets", LIST, NULL, NULL, &secret_item, NULL},
    TEXTS("tags"),
    {"ulimits", MAP, NULL, ulimits, NULL, NULL},
    TEXTS("platforms"),
    LAST,
};

MEMBERS(rate) = {TEXT("path"), SIZE("rate"), LAST};
MEMBERS(device_weight) = {TEXT("path"), WHOLE("weight"), LAST};
static const ComposeField rate_item = {"[]", MAP, NULL, rate, NULL, NULL};
static const ComposeField device_weight_item = {"[]", MAP, NULL, device_weight, NULL, NULL};
MEMBERS(blkio_config) = {
    {"device_read_bps", LIST, NULL, NULL, &rate_item, NULL},
    {"device_read_iops", LIST, NULL, NULL, &rate_item, NULL},
    {"device_write_bps", LIST, NULL, NULL, &rate_item, NULL},
    {"device_write_iops", LIST, NULL, NULL, &rate_item, NULL},
    WHOLE("weight"),
    {"weight_device", LIST, NULL, NULL, &device_weight_item, NULL},
    LAST,
};

MEMBERS(credential_spec) = {TEXT("config"), TEXT("file"), TEXT("registry"), LAST};

MEMBERS(dependency) = {
    {"condition", STRING, NULL, NULL, NULL,
     WORDS("service_started", "service_healthy", "service_completed_successfully")},
    FLAG("restart"),
    FLAG("required"),
    LAST,
};
MEMBERS(dependencies) = {{"*", MAP, NULL, dependency, NULL, NULL}, LAST};

MEMBERS(device) = {TEXT("source"), TEXT("target"), TEXT("permissions"), LAST};
static const ComposeField device_item = {"[]", MAP, lengthen_device, device, NULL, NULL};

MEMBERS(env_file) = {
    {"path", STRING, lengthen_path, NULL, NULL, NULL},
    {"format", STRING, NULL, NULL, NULL, WORDS("raw")},
    FLAG("required"),
    LAST,
};
static const ComposeField env_file_item = {"[]", MAP, NULL, env_file, NULL, NULL};
static const ComposeField path_item = {"[]", STRING, lengthen_path, NULL, NULL, NULL};

MEMBERS(extends) = {TEXT("service"), {"file", STRING, lengthen_path, NULL, NULL, NULL}, LAST};

MEMBERS(provider) = {TEXT("type"), ANYTHING("options"), LAST};

MEMBERS(device_reservation) = {
    TEXTS("capabilities"), {"count", INT | STRING, NULL, NULL, NULL, NULL},
    TEXTS("device_ids"),   TEXT("driver"),
    PAIRS("options"),      LAST,
};
static const ComposeField device_reservation_item = {"[]", MAP, NULL, device_reservation, NULL, NULL};

MEMBERS(healthcheck) = {
    FLAG("disable"),
    DURATION("interval"),
    WHOLE("retries"),
    {"test", LIST, lengthen_health_test, NULL, &text_item, NULL},
    DURATION("timeout"),
    DURATION("start_period"),
    DURATION("start_interval"),
    LAST,
};

MEMBERS(logging) = {TEXT("driver"), PAIRS("options"), LAST};

MEMBERS(model_use) = {TEXT("endpoint_var"), TEXT("model_var"), LAST};
MEMBERS(model_uses) = {{"*", MAP | OR_NULL, NULL, model_use, NULL, NULL}, LAST};

MEMBERS(network_use) = {
    TEXTS("aliases"),    TEXT("interface_name"), TEXT("ipv4_address"), TEXT("ipv6_address"), TEXTS("link_local_ips"),
    TEXT("mac_address"), PAIRS("driver_opts"),   WHOLE("priority"),    WHOLE("gw_priority"), LAST,
};
MEMBERS(network_uses) = {{"*", MAP | OR_NULL, NULL, network_use, NULL, NULL}, LAST};

MEMBERS(port) = {
    TEXT("name"),
    TEXT("mode"),
    TEXT("host_ip"),
    WHOLE("target"),
    TEXT_OF_NUMBER("published"),
    {"protocol", STRING, NULL, NULL, NULL, WORDS("tcp", "udp", "sctp")},
    TEXT("app_protocol"),
    LAST,
};
static const ComposeField port_item = {"[]", MAP, NULL, port, NULL, NULL};

MEMBERS(hook) = {
    {"command", LIST, lengthen_command, NULL, &text_item, NULL}, TEXT("user"), FLAG("privileged"), TEXT("working_dir"),
    {"environment", MAP, lengthen_pairs, variables, NULL, NULL}, LAST,
};
static const ComposeField hook_item = {"[]", MAP, NULL, hook, NULL, NULL};

MEMBERS(bind) = {
    TEXT("propagation"),
    FLAG("create_host_path"),
    {"recursive", STRING, NULL, NULL, NULL, WORDS("enabled", "disabled", "writable", "readonly")},
    {"selinux", STRING, NULL, NULL, NULL, WORDS("z", "Z")},
    LAST,
};
MEMBERS(volume_mount) = {PAIRS("labels"), FLAG("nocopy"), TEXT("subpath"), LAST};
MEMBERS(tmpfs_mount) = {SIZE("size"), {"mode", STRING, lengthen_mode, NULL, NULL, NULL}, LAST};
MEMBERS(image_mount) = {TEXT("subpath"), LAST};
MEMBERS(mount) = {
    {"type", STRING, NULL, NULL, NULL, WORDS("bind", "volume", "tmpfs", "image", "cluster", "npipe")},
    TEXT("source"),
    TEXT("target"),
    FLAG("read_only"),
    TEXT("consistency"),
    {"bind", MAP, NULL, bind, NULL, NULL},
    {"volume", MAP, NULL, volume_mount, NULL, NULL},
    {"tmpfs", MAP, NULL, tmpfs_mount, NULL, NULL},
    {"image", MAP, NULL, image_mount, NULL, NULL},
    LAST,
};
static const ComposeField mount_item = {"[]", MAP, lengthen_volume, mount, NULL, NULL};

MEMBERS(watch) = {
    TEXT_OR_TEXTS("ignore"),
    TEXT_OR_TEXTS("include"),
    {"path", STRING, lengthen_path, NULL, NULL, NULL},
    {"action", STRING, NULL, NULL, NULL, WORDS("rebuild", "sync", "restart", "sync+restart", "sync+exec")},
    TEXT("target"),
    {"exec", MAP, NULL, hook, NULL, NULL},
    LAST,
};
static const ComposeField watch_item = {"[]", MAP, NULL, watch, NULL, NULL};
MEMBERS(develop) = {{"watch", LIST, NULL, NULL, &watch_item, NULL}, LAST};

/* --- deploy -------------------------------------------------------------------------------------------------------- */

MEMBERS(update) = {
    WHOLE("parallelism"),
    DURATION("delay"),
    TEXT("failure_action"),
    DURATION("monitor"),
    ANY_NUMBER("max_failure_ratio"),
    {"order", STRING, NULL, NULL, NULL, WORDS("start-first", "stop-first")},
    LAST,
};
MEMBERS(limits) = {ANY_NUMBER("cpus"), SIZE("memory"), WHOLE("pids"), LAST};
MEMBERS(reservations) = {
    ANY_NUMBER("cpus"),
    SIZE("memory"),
    ANYTHING("generic_resources"),
    {"devices", LIST, NULL, NULL, &device_reservation_item, NULL},
    LAST,
};
MEMBERS(resources) = {
    {"limits", MAP, NULL, limits, NULL, NULL},
    {"reservations", MAP, NULL, reservations, NULL, NULL},
    LAST,
};
MEMBERS(restart_policy) = {
    {"condition", STRING, NULL, NULL, NULL, WORDS("none", "on-failure", "any", "always", "unless-stopped")},
    DURATION("delay"),
    WHOLE("max_attempts"),
    DURATION("window"),
    LAST,
};
MEMBERS(placement) = {TEXTS("constraints"), ANYTHING("preferences"), WHOLE("max_replicas_per_node"), LAST};
MEMBERS(deploy) = {
    {"mode", STRING, NULL, NULL, NULL, WORDS("replicated", "global", "replicated-job", "global-job")},
    TEXT("endpoint_mode"),
    WHOLE("replicas"),
    PAIRS("labels"),
    {"rollback_config", MAP, NULL, update, NULL, NULL},
    {"update_config", MAP, NULL, update, NULL, NULL},
    {"resources", MAP, NULL, resources, NULL, NULL},
    {"restart_policy", MAP, NULL, restart_policy, NULL, NULL},
    {"placement", MAP, NULL, placement, NULL, NULL},
    LAST,
};

/* --- a service ----------------------------------------------------------------------------------------------------- */

const ComposeField compose_service_fields[] = {
#define KEY(name, shapes, lengthen, members, item, words, map, does, permille, text) \
    {#name, shapes, lengthen, members, item, words},
#include "keys.def"
#undef KEY
    LAST,
};

const ComposeKey compose_service_keys[] = {
#define KEY(name, shapes, lengthen, members, item, words, map, does, permille, text) {#name, does, permille, text},
#include "keys.def"
#undef KEY
    {NULL, KEY_EXACT, 0, NULL},
};

/* --- the top ------------------------------------------------------------------------------------------------------- */

MEMBERS(ipam_pool) = {TEXT("subnet"), TEXT("ip_range"), TEXT("gateway"), PAIRS("aux_addresses"), LAST};
static const ComposeField ipam_pool_item = {"[]", MAP, NULL, ipam_pool, NULL, NULL};
MEMBERS(ipam) = {TEXT("driver"), {"config", LIST, NULL, NULL, &ipam_pool_item, NULL}, PAIRS("options"), LAST};
MEMBERS(network) = {
    TEXT("name"),
    TEXT("driver"),
    PAIRS("driver_opts"),
    {"ipam", MAP, NULL, ipam, NULL, NULL},
    FLAG("external"),
    FLAG("internal"),
    FLAG("enable_ipv4"),
    FLAG("enable_ipv6"),
    FLAG("attachable"),
    PAIRS("labels"),
    LAST,
};
MEMBERS(volume) = {TEXT("name"), TEXT("driver"), PAIRS("driver_opts"), FLAG("external"), PAIRS("labels"), LAST};
MEMBERS(secret) = {
    TEXT("name"),         TEXT("environment"),     {"file", STRING, lengthen_path, NULL, NULL, NULL},
    FLAG("external"),     PAIRS("labels"),         TEXT("driver"),
    PAIRS("driver_opts"), TEXT("template_driver"), LAST,
};
MEMBERS(config) = {
    TEXT("name"),     TEXT("content"), TEXT("environment"),     {"file", STRING, lengthen_path, NULL, NULL, NULL},
    FLAG("external"), PAIRS("labels"), TEXT("template_driver"), LAST,
};
MEMBERS(model) = {TEXT("name"), TEXT("model"), WHOLE("context_size"), TEXTS("runtime_flags"), LAST};
MEMBERS(include) = {
    {"path", LIST, lengthen_strings, NULL, &path_item, NULL},
    {"env_file", LIST, lengthen_strings, NULL, &path_item, NULL},
    {"project_directory", STRING, lengthen_path, NULL, NULL, NULL},
    LAST,
};
static const ComposeField include_item = {"[]", MAP, lengthen_include, include, NULL, NULL};

MEMBERS(services) = {{"*", MAP | OR_NULL, NULL, compose_service_fields, NULL, NULL}, LAST};
MEMBERS(networks) = {{"*", MAP | OR_NULL, lengthen_external, network, NULL, NULL}, LAST};
MEMBERS(volumes) = {{"*", MAP | OR_NULL, lengthen_external, volume, NULL, NULL}, LAST};
MEMBERS(secrets) = {{"*", MAP, lengthen_external, secret, NULL, NULL}, LAST};
MEMBERS(configs) = {{"*", MAP, lengthen_external, config, NULL, NULL}, LAST};
MEMBERS(models) = {{"*", MAP, NULL, model, NULL, NULL}, LAST};
MEMBERS(file_members) = {
    TEXT_OF_NUMBER("version"),
    TEXT("name"),
    {"include", LIST, NULL, NULL, &include_item, NULL},
    {"services", MAP, NULL, services, NULL, NULL},
    {"networks", MAP, NULL, networks, NULL, NULL},
    {"volumes", MAP, NULL, volumes, NULL, NULL},
    {"secrets", MAP, NULL, secrets, NULL, NULL},
    {"configs", MAP, NULL, configs, NULL, NULL},
    {"models", MAP, NULL, models, NULL, NULL},
    LAST,
};
const ComposeField compose_file_field = {"", MAP, NULL, file_members, NULL, NULL};
