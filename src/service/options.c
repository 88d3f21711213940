// SPDX-License-Identifier: LGPL-2.1-or-later
#include "options.h"

#include <string.h>

const char *const service_profile_words[] = {"default", "strict", "trusted", NULL};
const char *const service_network_words[] = {"host", "none", NULL};
const char *const service_restart_words[] = {"always", "on-failure", "no", NULL};

typedef enum {
    FIELD_TEXT,
    FIELD_VECTOR,
    FIELD_FLAG,   /* gboolean */
    FIELD_CHOICE, /* int, one of words */
    FIELD_NUMBER, /* gint64 */
    FIELD_SIZE,   /* guint64; JSON has 63 bits of it, which are enough for bytes */
} FieldKind;

/* One member of ServiceOptions. Its name is its key in JSON. */
typedef struct {
    const char *name;
    FieldKind kind;
    gsize offset;
    gint64 unset;             /* of numbers */
    const char *const *words; /* of choices */
} Field;

#define TEXT(NAME)                                                        \
    {                                                                     \
#NAME, FIELD_TEXT, G_STRUCT_OFFSET(ServiceOptions, NAME), 0, NULL \
    }
#define VECTOR(NAME)                                                        \
    {                                                                       \
#NAME, FIELD_VECTOR, G_STRUCT_OFFSET(ServiceOptions, NAME), 0, NULL \
    }
#define FLAG(NAME)                                                        \
    {                                                                     \
#NAME, FIELD_FLAG, G_STRUCT_OFFSET(ServiceOptions, NAME), 0, NULL \
    }
#define CHOICE(NAME, WORDS)                                                  \
    {                                                                        \
#NAME, FIELD_CHOICE, G_STRUCT_OFFSET(ServiceOptions, NAME), 0, WORDS \
    }
#define NUMBER(NAME)                                                                    \
    {                                                                                   \
#NAME, FIELD_NUMBER, G_STRUCT_OFFSET(ServiceOptions, NAME), SERVICE_UNSET, NULL \
    }
#define SIZE(NAME)                                                        \
    {                                                                     \
#NAME, FIELD_SIZE, G_STRUCT_OFFSET(ServiceOptions, NAME), 0, NULL \
    }

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
    TEXT(log_tag),
    SIZE(log_max),
    FLAG(no_log),
    NUMBER(steady_sec),
};

#define TEXT_OF(FIELD, OPTIONS) G_STRUCT_MEMBER(char *, OPTIONS, (FIELD)->offset)
#define VECTOR_OF(FIELD, OPTIONS) G_STRUCT_MEMBER(char **, OPTIONS, (FIELD)->offset)
#define INT_OF(FIELD, OPTIONS) G_STRUCT_MEMBER(int, OPTIONS, (FIELD)->offset)
#define NUMBER_OF(FIELD, OPTIONS) G_STRUCT_MEMBER(gint64, OPTIONS, (FIELD)->offset)
#define SIZE_OF(FIELD, OPTIONS) G_STRUCT_MEMBER(guint64, OPTIONS, (FIELD)->offset)

void service_options_init(ServiceOptions *ret_options)
{
    *ret_options = (ServiceOptions){0};
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].kind == FIELD_NUMBER)
            NUMBER_OF(&fields[i], ret_options) = fields[i].unset;
}

void service_options_clear(ServiceOptions *options)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].kind == FIELD_TEXT)
            g_free(TEXT_OF(&fields[i], options));
        else if (fields[i].kind == FIELD_VECTOR)
            g_strfreev(VECTOR_OF(&fields[i], options));
    service_options_init(options);
}

void service_options_copy(const ServiceOptions *options, ServiceOptions *ret_copy)
{
    *ret_copy = *options;
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].kind == FIELD_TEXT)
            TEXT_OF(&fields[i], ret_copy) = g_strdup(TEXT_OF(&fields[i], options));
        else if (fields[i].kind == FIELD_VECTOR)
            VECTOR_OF(&fields[i], ret_copy) = g_strdupv(VECTOR_OF(&fields[i], options));
}

/* --- to JSON ----------------------------------------------------------------------------------------------------- */

/* An argument can have any bytes, JSON has UTF-8 only. */
static Json *string_to_json(const char *text)
{
    if (g_utf8_validate(text, -1, NULL))
        return json_string(text);
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));

    return json_pack("{s:s}", "base64", encoded);
}

static gboolean assignment_is_secret(const char *assignment)
{
    g_autofree char *name = g_strndup(assignment, strcspn(assignment, "="));

    return strchr(assignment, '=') && service_environment_is_secret(name);
}

/* Those elements of a vector that are secret, or those that are not; NULL if there are none. */
static Json *vector_to_json(const Field *field, char *const *vector, gboolean secrets)
{
    gboolean assignments = strcmp(field->name, "environment") == 0;
    gboolean all_secret = strcmp(field->name, "secret_environment") == 0 || strcmp(field->name, "secret_texts") == 0;
    g_autoptr(Json) array = json_array();

    for (gsize i = 0; vector && vector[i]; i++)
        if (secrets == (all_secret || (assignments && assignment_is_secret(vector[i]))))
            json_array_append_new(array, string_to_json(vector[i]));
    /* An empty entrypoint says that there is none. */
    if (json_array_size(array) == 0 && (secrets || !vector || vector[0]))
        return NULL;
    return g_steal_pointer(&array);
}

static Json *field_to_json(const Field *field, const ServiceOptions *options)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return TEXT_OF(field, options) ? string_to_json(TEXT_OF(field, options)) : NULL;
    case FIELD_VECTOR:
        return vector_to_json(field, VECTOR_OF(field, options), FALSE);
    case FIELD_FLAG:
        return INT_OF(field, options) ? json_true() : NULL;
    case FIELD_CHOICE:
        return INT_OF(field, options) ? json_string(field->words[INT_OF(field, options)]) : NULL;
    case FIELD_NUMBER:
        return NUMBER_OF(field, options) != field->unset ? json_integer(NUMBER_OF(field, options)) : NULL;
    case FIELD_SIZE:
        return SIZE_OF(field, options) ? json_integer((json_int_t)MIN(SIZE_OF(field, options), G_MAXINT64)) : NULL;
    }
    g_assert_not_reached();
}

Json *service_options_to_json(const ServiceOptions *options)
{
    Json *root = json_object();

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        Json *value = field_to_json(&fields[i], options);

        if (value)
            json_object_set_new(root, fields[i].name, value);
    }
    return root;
}

Json *service_options_secrets_to_json(const ServiceOptions *options)
{
    g_autoptr(Json) root = json_object();

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i].kind != FIELD_VECTOR)
            continue;
        Json *value = vector_to_json(&fields[i], VECTOR_OF(&fields[i], options), TRUE);
        if (value)
            json_object_set_new(root, fields[i].name, value);
    }
    return json_object_size(root) > 0 ? g_steal_pointer(&root) : NULL;
}

/* --- from JSON --------------------------------------------------------------------------------------------------- */

static gboolean fail_type(const char *key, const char *wanted, GError **error)
{
    return gourd_error_set(error, GOURD_ERROR_INPUT, "option '%s' is not %s", key, wanted);
}

static gboolean string_from_json(const char *key, const Json *value, char **ret_text, GError **error)
{
    const char *encoded = json_string_value(json_object_get(value, "base64"));

    if (json_is_string(value)) {
        *ret_text = g_strdup(json_string_value(value));
        return TRUE;
    }
    if (!encoded)
        return fail_type(key, "a string", error);

    gsize size;
    g_autofree guchar *bytes = g_base64_decode(encoded, &size);

    *ret_text = g_strndup((const char *)bytes, size);
    return TRUE;
}

/* Appends to what the vector has. */
static gboolean vector_from_json(const char *key, const Json *value, char ***vector, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    gsize index;
    Json *element;

    if (!json_is_array(value))
        return fail_type(key, "a list", error);
    if (*vector)
        g_strv_builder_addv(builder, (const char **)*vector);
    json_array_foreach(value, index, element) {
        g_autofree char *text = NULL;

        if (!string_from_json(key, element, &text, error))
            return FALSE;
        g_strv_builder_add(builder, text);
    }
    g_strfreev(*vector);
    *vector = g_strv_builder_end(builder);
    return TRUE;
}

static gboolean choice_from_json(const Field *field, const Json *value, int *ret_choice, GError **error)
{
    const char *text = json_string_value(value);

    for (int i = 0; text && field->words[i]; i++)
        if (strcmp(field->words[i], text) == 0) {
            *ret_choice = i;
            return TRUE;
        }
    if (!text)
        return fail_type(field->name, "a string", error);
    g_autofree char *shown = text_escape(text);

    return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "option '%s' has an unknown value '%s'", field->name, shown);
}

static gboolean field_from_json(const Field *field, const Json *value, ServiceOptions *options, GError **error)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return string_from_json(field->name, value, &TEXT_OF(field, options), error);
    case FIELD_VECTOR:
        return vector_from_json(field->name, value, &VECTOR_OF(field, options), error);
    case FIELD_FLAG:
        INT_OF(field, options) = json_is_true(value);
        return json_is_boolean(value) || fail_type(field->name, "true or false", error);
    case FIELD_CHOICE:
        return choice_from_json(field, value, &INT_OF(field, options), error);
    case FIELD_NUMBER:
        NUMBER_OF(field, options) = json_integer_value(value);
        return (json_is_integer(value) && NUMBER_OF(field, options) >= 0) ||
               fail_type(field->name, "a number from 0", error);
    case FIELD_SIZE:
        SIZE_OF(field, options) = (guint64)MAX(json_integer_value(value), 0);
        return (json_is_integer(value) && json_integer_value(value) >= 0) ||
               fail_type(field->name, "a number from 0", error);
    }
    g_assert_not_reached();
}

static const Field *find_field(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static gboolean add_json(const Json *json, ServiceOptions *options, GError **error)
{
    const char *key;
    Json *value;

    if (!json_is_object(json))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "options are not an object");
    json_object_foreach((Json *)json, key, value) {
        const Field *field = find_field(key);

        if (!field) {
            g_autofree char *shown = text_escape(key);

            return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "option '%s' is not known to this version", shown);
        }
        if (!field_from_json(field, value, options, error))
            return FALSE;
    }
    return TRUE;
}

gboolean service_options_from_json(const Json *json, const Json *secrets, ServiceOptions *ret_options, GError **error)
{
    ServiceOptions options;

    service_options_init(&options);
    if (!add_json(json, &options, error) || (secrets && !add_json(secrets, &options, error))) {
        service_options_clear(&options);
        return FALSE;
    }
    *ret_options = options;
    return TRUE;
}
