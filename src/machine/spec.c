// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <string.h>

const char *const machine_network_words[] = {"private", "host", "none", NULL};

typedef enum {
    FIELD_TEXT,
    FIELD_VECTOR,
    FIELD_FLAG,    /* gboolean */
    FIELD_NETWORK, /* int */
    FIELD_NUMBER,  /* gint64, MACHINE_UNSET for none */
} FieldKind;

/* One member of MachineSpec. Its name is its key in JSON. */
typedef struct {
    const char *name;
    FieldKind kind;
    gsize offset;
} Field;

#define FIELD(KIND, NAME)                                       \
    {                                                           \
#NAME, FIELD_##KIND, G_STRUCT_OFFSET(MachineSpec, NAME) \
    }

static const Field fields[] = {
    FIELD(VECTOR, command),
    FIELD(NETWORK, network),
    FIELD(TEXT, bridge),
    FIELD(TEXT, zone),
    FIELD(TEXT, address),
    FIELD(VECTOR, veths),
    FIELD(VECTOR, macvlans),
    FIELD(VECTOR, ipvlans),
    FIELD(VECTOR, interfaces),
    FIELD(VECTOR, ports),
    FIELD(VECTOR, sysctls),
    FIELD(VECTOR, capabilities),
    FIELD(VECTOR, capabilities_dropped),
    FIELD(VECTOR, binds),
    FIELD(FLAG, is_volatile),
    FIELD(FLAG, shares_users),
    FIELD(FLAG, owners_shifted),
    FIELD(NUMBER, memory),
    FIELD(NUMBER, swap),
    FIELD(NUMBER, cpus_per_mille),
    FIELD(NUMBER, tasks),
    FIELD(NUMBER, io_weight),
    FIELD(VECTOR, io_reads),
    FIELD(VECTOR, io_writes),
};

#define TEXT_OF(FIELD, SPEC) G_STRUCT_MEMBER(char *, SPEC, (FIELD)->offset)
#define VECTOR_OF(FIELD, SPEC) G_STRUCT_MEMBER(char **, SPEC, (FIELD)->offset)
#define INT_OF(FIELD, SPEC) G_STRUCT_MEMBER(int, SPEC, (FIELD)->offset)
#define NUMBER_OF(FIELD, SPEC) G_STRUCT_MEMBER(gint64, SPEC, (FIELD)->offset)

void machine_spec_init(MachineSpec *ret_spec)
{
    *ret_spec = (MachineSpec){0};
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].kind == FIELD_NUMBER)
            NUMBER_OF(&fields[i], ret_spec) = MACHINE_UNSET;
}

void machine_spec_clear(MachineSpec *spec)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].kind == FIELD_TEXT)
            g_free(TEXT_OF(&fields[i], spec));
        else if (fields[i].kind == FIELD_VECTOR)
            g_strfreev(VECTOR_OF(&fields[i], spec));
    machine_spec_init(spec);
}

/* --- to JSON ------------------------------------------------------------------------------------------------------ */

static Json *vector_to_json(char *const *vector)
{
    Json *array = json_array();

    for (gsize i = 0; vector[i]; i++)
        json_array_append_new(array, json_text(vector[i]));
    return array;
}

static Json *field_to_json(const Field *field, const MachineSpec *spec)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return TEXT_OF(field, spec) ? json_text(TEXT_OF(field, spec)) : NULL;
    case FIELD_VECTOR:
        return VECTOR_OF(field, spec) ? vector_to_json(VECTOR_OF(field, spec)) : NULL;
    case FIELD_FLAG:
        return INT_OF(field, spec) ? json_true() : NULL;
    case FIELD_NETWORK:
        return INT_OF(field, spec) ? json_string(machine_network_words[INT_OF(field, spec)]) : NULL;
    case FIELD_NUMBER:
        return NUMBER_OF(field, spec) != MACHINE_UNSET ? json_integer(NUMBER_OF(field, spec)) : NULL;
    }
    g_assert_not_reached();
}

Json *machine_spec_to_json(const MachineSpec *spec)
{
    Json *root = json_object();

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        Json *value = field_to_json(&fields[i], spec);

        if (value)
            json_object_set_new(root, fields[i].name, value);
    }
    return root;
}

/* --- from JSON ---------------------------------------------------------------------------------------------------- */

static gboolean fail_type(const Field *field, const char *wanted, GError **error)
{
    return gourd_error_set(error, GOURD_ERROR_INPUT, "setting '%s' is not %s", field->name, wanted);
}

static gboolean vector_from_json(const Field *field, const Json *value, char ***vector, GError **error)
{
    gsize index;
    Json *element;

    if (!json_is_array(value))
        return fail_type(field, "a list", error);
    json_array_foreach((Json *)value, index, element) {
        if (!json_is_string(element))
            return fail_type(field, "a list of strings", error);
        vector_append(vector, json_string_value(element));
    }
    return TRUE;
}

static gboolean network_from_json(const Field *field, const Json *value, int *ret_network, GError **error)
{
    const char *text = json_string_value(value);

    for (int i = 0; text && machine_network_words[i]; i++)
        if (strcmp(machine_network_words[i], text) == 0) {
            *ret_network = i;
            return TRUE;
        }
    return fail_type(field, "a kind of network", error);
}

static gboolean field_from_json(const Field *field, const Json *value, MachineSpec *spec, GError **error)
{
    switch (field->kind) {
    case FIELD_TEXT:
        TEXT_OF(field, spec) = g_strdup(json_string_value(value));
        return json_is_string(value) || fail_type(field, "a string", error);
    case FIELD_VECTOR:
        return vector_from_json(field, value, &VECTOR_OF(field, spec), error);
    case FIELD_FLAG:
        INT_OF(field, spec) = json_is_true(value);
        return json_is_boolean(value) || fail_type(field, "true or false", error);
    case FIELD_NETWORK:
        return network_from_json(field, value, &INT_OF(field, spec), error);
    case FIELD_NUMBER:
        NUMBER_OF(field, spec) = json_integer_value(value);
        return (json_is_integer(value) && NUMBER_OF(field, spec) >= 0) || fail_type(field, "a number from 0", error);
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

gboolean machine_spec_from_json(const Json *json, MachineSpec *ret_spec, GError **error)
{
    g_auto(MachineSpec) spec;
    const char *key;
    Json *value;

    machine_spec_init(&spec);
    if (!json_is_object(json))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "settings are not an object");
    json_object_foreach((Json *)json, key, value) {
        const Field *field = find_field(key);

        if (!field) {
            g_autofree char *shown = text_escape(key);

            return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "setting '%s' is not known to this version", shown);
        }
        if (!field_from_json(field, value, &spec, error))
            return FALSE;
    }
    *ret_spec = spec;
    machine_spec_init(&spec);
    return TRUE;
}
