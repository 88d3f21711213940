// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* JSON from strangers: parsed with a size and depth limit, read by typed getters whose errors name the path of the key.
 *
 * jansson (RFC 8259) does the work; its json_t travels through gourd, its header is included only here. */

#include <glib.h>
#include <jansson.h>

#define JSON_SIZE_MAX (16 * 1024 * 1024) /* bytes: the largest real manifests and configurations are below 1 MiB */

typedef json_t Json;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Json, json_decref)

/* Parses one JSON text of any kind. INPUT errors carry line and column, duplicate keys are refused (two readers could
 * see two values). The caller owns the result. */
Json *json_parse(const void *bytes, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Members of an object. A member that is missing or null gives TRUE and NULL (or the fallback); one of another type, or
 * an object that is none, is an INPUT error naming the key below the path `where`. Results are borrowed. */
gboolean json_get_string(const Json *object, const char *where, const char *key, const char **ret_text, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean json_get_object(const Json *object, const char *where, const char *key, Json **ret_object, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean json_get_array(const Json *object, const char *where, const char *key, Json **ret_array, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean json_get_integer(const Json *object, const char *where, const char *key, gint64 fallback, gint64 *ret_value,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An array of strings as a NULL-terminated vector (NULL if the member is missing). The caller frees the vector. */
gboolean json_get_strv(const Json *object, const char *where, const char *key, char ***ret_strv, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* A string value of any bytes: bytes that are not UTF-8 become U+FFFD, so that output is always valid JSON. */
Json *json_text(const char *text);
/* The same, and null for NULL. */
Json *json_text_or_null(const char *text);
/* The same for bytes of an image, of which nothing may be lost: valid UTF-8 as it is, else the escaped form. */
Json *json_text_lossless(const char *text);
