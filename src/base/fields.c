// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fields.h"

#include "error.h"

#include <string.h>

#define TEXT_OF(FIELD, SETTINGS) G_STRUCT_MEMBER(char *, SETTINGS, (FIELD)->offset)
#define VECTOR_OF(FIELD, SETTINGS) G_STRUCT_MEMBER(char **, SETTINGS, (FIELD)->offset)
#define INT_OF(FIELD, SETTINGS) G_STRUCT_MEMBER(int, SETTINGS, (FIELD)->offset)
#define NUMBER_OF(FIELD, SETTINGS) G_STRUCT_MEMBER(gint64, SETTINGS, (FIELD)->offset)
#define SIZE_OF(FIELD, SETTINGS) G_STRUCT_MEMBER(guint64, SETTINGS, (FIELD)->offset)

void fields_init(const Field *fields, void *settings)
{
    for (const Field *field = fields; field->name; field++)
        switch (field->kind) {
        case FIELD_TEXT:
            TEXT_OF(field, settings) = NULL;
            break;
        case FIELD_VECTOR:
            VECTOR_OF(field, settings) = NULL;
            break;
        case FIELD_FLAG:
        case FIELD_CHOICE:
            INT_OF(field, settings) = 0;
            break;
        case FIELD_NUMBER:
            NUMBER_OF(field, settings) = FIELD_UNSET;
            break;
        case FIELD_SIZE:
            SIZE_OF(field, settings) = 0;
            break;
        }
}

void fields_clear(const Field *fields, void *settings)
{
    for (const Field *field = fields; field->name; field++)
        if (field->kind == FIELD_TEXT)
            g_free(TEXT_OF(field, settings));
        else if (field->kind == FIELD_VECTOR)
            g_strfreev(VECTOR_OF(field, settings));
    fields_init(fields, settings);
}

void fields_copy(const Field *fields, const void *settings, void *ret_copy)
{
    for (const Field *field = fields; field->name; field++)
        switch (field->kind) {
        case FIELD_TEXT:
            TEXT_OF(field, ret_copy) = g_strdup(TEXT_OF(field, settings));
            break;
        case FIELD_VECTOR:
            VECTOR_OF(field, ret_copy) = g_strdupv(VECTOR_OF(field, settings));
            break;
        case FIELD_FLAG:
        case FIELD_CHOICE:
            INT_OF(field, ret_copy) = INT_OF(field, settings);
            break;
        case FIELD_NUMBER:
            NUMBER_OF(field, ret_copy) = NUMBER_OF(field, settings);
            break;
        case FIELD_SIZE:
            SIZE_OF(field, ret_copy) = SIZE_OF(field, settings);
            break;
        }
}

/* --- to JSON ------------------------------------------------------------------------------------------------------ */

/* An argument can have any bytes, JSON has UTF-8 only. */
static Json *text_to_json(const char *text)
{
    if (g_utf8_validate(text, -1, NULL))
        return json_string(text);
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));

    return json_pack("{s:s}", "base64", encoded);
}

static gboolean passes(FieldFilter filter, const Field *field, const char *text)
{
    return !filter || filter(field, text);
}

/* An empty vector is something else than none: an entrypoint that is taken away. */
static Json *vector_to_json(const Field *field, char *const *vector, FieldFilter filter)
{
    g_autoptr(Json) array = json_array();

    if (!vector[0])
        return passes(filter, field, NULL) ? g_steal_pointer(&array) : NULL;
    for (gsize i = 0; vector[i]; i++)
        if (passes(filter, field, vector[i]))
            json_array_append_new(array, text_to_json(vector[i]));
    return json_array_size(array) > 0 ? g_steal_pointer(&array) : NULL;
}

static Json *number_to_json(const Field *field, const void *settings)
{
    switch (field->kind) {
    case FIELD_FLAG:
        return INT_OF(field, settings) ? json_true() : NULL;
    case FIELD_CHOICE:
        return INT_OF(field, settings) ? json_string(field->words[INT_OF(field, settings)]) : NULL;
    case FIELD_NUMBER:
        return NUMBER_OF(field, settings) != FIELD_UNSET ? json_integer(NUMBER_OF(field, settings)) : NULL;
    case FIELD_SIZE:
        return SIZE_OF(field, settings) ? json_integer((json_int_t)MIN(SIZE_OF(field, settings), G_MAXINT64)) : NULL;
    case FIELD_TEXT:
    case FIELD_VECTOR:
        break;
    }
    g_assert_not_reached();
}

static Json *field_to_json(const Field *field, const void *settings, FieldFilter filter)
{
    if (field->kind == FIELD_TEXT) {
        const char *text = TEXT_OF(field, settings);

        return text && passes(filter, field, text) ? text_to_json(text) : NULL;
    }
    if (field->kind == FIELD_VECTOR) {
        char *const *vector = VECTOR_OF(field, settings);

        return vector ? vector_to_json(field, vector, filter) : NULL;
    }
    return passes(filter, field, NULL) ? number_to_json(field, settings) : NULL;
}

Json *fields_to_json(const Field *fields, const void *settings, FieldFilter filter)
{
    Json *object = json_object();

    for (const Field *field = fields; field->name; field++) {
        Json *value = field_to_json(field, settings, filter);

        if (value)
            json_object_set_new(object, field->name, value);
    }
    return object;
}

/* --- from JSON ---------------------------------------------------------------------------------------------------- */

/* A field that is read, for messages. */
typedef struct {
    const Field *field;
    const char *what;
} Reading;

static gboolean fail_type(const Reading *reading, const char *wanted, GError **error)
{
    return gourd_error_set(error, GOURD_ERROR_INPUT, "%s '%s' is not %s", reading->what, reading->field->name, wanted);
}

static gboolean text_from_json(const Reading *reading, const Json *value, char **ret_text, GError **error)
{
    const char *encoded = json_string_value(json_object_get(value, "base64"));

    if (json_is_string(value)) {
        *ret_text = g_strdup(json_string_value(value));
        return TRUE;
    }
    if (!encoded)
        return fail_type(reading, "a string", error);

    gsize size;
    g_autofree guchar *bytes = g_base64_decode(encoded, &size);

    *ret_text = g_strndup((const char *)bytes, size);
    return TRUE;
}

static gboolean vector_from_json(const Reading *reading, const Json *value, char ***vector, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    gsize index;
    Json *element;

    if (!json_is_array(value))
        return fail_type(reading, "a list", error);
    if (*vector)
        g_strv_builder_addv(builder, (const char **)*vector);
    json_array_foreach((Json *)value, index, element) {
        g_autofree char *text = NULL;

        if (!text_from_json(reading, element, &text, error))
            return FALSE;
        g_strv_builder_add(builder, text);
    }
    g_strfreev(*vector);
    *vector = g_strv_builder_end(builder);
    return TRUE;
}

static gboolean choice_from_json(const Reading *reading, const Json *value, int *ret_choice, GError **error)
{
    const char *const *words = reading->field->words;
    const char *text = json_string_value(value);

    for (int i = 0; text && words[i]; i++)
        if (strcmp(words[i], text) == 0) {
            *ret_choice = i;
            return TRUE;
        }
    if (!text)
        return fail_type(reading, "a string", error);
    g_autofree char *shown = text_escape(text);

    return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "%s '%s' has an unknown value '%s'", reading->what,
                           reading->field->name, shown);
}

static gboolean number_from_json(const Reading *reading, const Json *value, gint64 *ret_number, GError **error)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return fail_type(reading, "a number from 0", error);
    *ret_number = json_integer_value(value);
    return TRUE;
}

static gboolean field_from_json(const Reading *reading, const Json *value, void *settings, GError **error)
{
    const Field *field = reading->field;
    gint64 number = 0;

    switch (field->kind) {
    case FIELD_TEXT:
        g_clear_pointer(&TEXT_OF(field, settings), g_free);
        return text_from_json(reading, value, &TEXT_OF(field, settings), error);
    case FIELD_VECTOR:
        return vector_from_json(reading, value, &VECTOR_OF(field, settings), error);
    case FIELD_FLAG:
        INT_OF(field, settings) = json_is_true(value);
        return json_is_boolean(value) || fail_type(reading, "true or false", error);
    case FIELD_CHOICE:
        return choice_from_json(reading, value, &INT_OF(field, settings), error);
    case FIELD_NUMBER:
        return number_from_json(reading, value, &NUMBER_OF(field, settings), error);
    case FIELD_SIZE:
        if (!number_from_json(reading, value, &number, error))
            return FALSE;
        SIZE_OF(field, settings) = (guint64)number;
        return TRUE;
    }
    g_assert_not_reached();
}

static const Field *find_field(const Field *fields, const char *name)
{
    for (const Field *field = fields; field->name; field++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

gboolean fields_from_json(const Field *fields, const char *what, const Json *object, void *settings, GError **error)
{
    const char *key;
    Json *value;

    if (!json_is_object(object))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%ss are not an object", what);
    json_object_foreach((Json *)object, key, value) {
        const Reading reading = {.field = find_field(fields, key), .what = what};

        if (!reading.field) {
            g_autofree char *shown = text_escape(key);

            return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "%s '%s' is not known to this version", what, shown);
        }
        if (!field_from_json(&reading, value, settings, error))
            return FALSE;
    }
    return TRUE;
}
