// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json.h"

#include "error.h"

Json *json_parse(const void *bytes, gsize size, GError **error)
{
    json_error_t failure;

    if (size > JSON_SIZE_MAX) {
        gourd_error_set(error, GOURD_ERROR_LIMIT, "JSON of %" G_GSIZE_FORMAT " bytes is over the limit of %d", size,
                        JSON_SIZE_MAX);
        return NULL;
    }
    /* jansson limits the depth by itself (JSON_PARSER_MAX_DEPTH, 2048). */
    Json *json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &failure);
    if (!json) {
        g_autofree char *text = text_escape(failure.text);

        gourd_error_set(error, GOURD_ERROR_INPUT, "not valid JSON: line %d, column %d: %s", failure.line,
                        failure.column, text);
    }
    return json;
}

static const char *type_name(const Json *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
    default:
        return "null";
    }
}

static gboolean get_member(const Json *object, const char *where, const char *key, json_type wanted,
                           const char *wanted_name, Json **ret_member, GError **error)
{
    if (!json_is_object(object))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s is %s, not an object", *where ? where : "the JSON text",
                               object ? type_name(object) : "missing");
    Json *member = json_object_get(object, key);
    if (member && json_is_null(member))
        member = NULL;
    if (member && json_typeof(member) != wanted)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s%s%s is %s, not %s", where, *where ? "." : "", key,
                               type_name(member), wanted_name);
    *ret_member = member;
    return TRUE;
}

gboolean json_get_string(const Json *object, const char *where, const char *key, const char **ret_text, GError **error)
{
    Json *member;

    if (!get_member(object, where, key, JSON_STRING, "a string", &member, error))
        return FALSE;
    *ret_text = member ? json_string_value(member) : NULL;
    return TRUE;
}

gboolean json_get_object(const Json *object, const char *where, const char *key, Json **ret_object, GError **error)
{
    return get_member(object, where, key, JSON_OBJECT, "an object", ret_object, error);
}

gboolean json_get_array(const Json *object, const char *where, const char *key, Json **ret_array, GError **error)
{
    return get_member(object, where, key, JSON_ARRAY, "an array", ret_array, error);
}

gboolean json_get_integer(const Json *object, const char *where, const char *key, gint64 fallback, gint64 *ret_value,
                          GError **error)
{
    Json *member;

    if (!get_member(object, where, key, JSON_INTEGER, "an integer", &member, error))
        return FALSE;
    *ret_value = member ? json_integer_value(member) : fallback;
    return TRUE;
}

gboolean json_get_strv(const Json *object, const char *where, const char *key, char ***ret_strv, GError **error)
{
    Json *array, *element;
    gsize i;

    if (!json_get_array(object, where, key, &array, error))
        return FALSE;
    if (!array) {
        *ret_strv = NULL;
        return TRUE;
    }
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    json_array_foreach(array, i, element) {
        if (!json_is_string(element))
            return gourd_error_set(error, GOURD_ERROR_INPUT, "%s%s%s[%" G_GSIZE_FORMAT "] is %s, not a string", where,
                                   *where ? "." : "", key, i, type_name(element));
        g_strv_builder_add(builder, json_string_value(element));
    }
    *ret_strv = g_strv_builder_end(builder);
    return TRUE;
}

Json *json_text(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    return json_string(valid);
}

Json *json_text_or_null(const char *text)
{
    return text ? json_text(text) : json_null();
}

Json *json_text_lossless(const char *text)
{
    if (g_utf8_validate(text, -1, NULL))
        return json_string(text);
    g_autofree char *escaped = text_escape(text);
    return json_string(escaped);
}
