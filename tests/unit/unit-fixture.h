// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The hard cases of tests/system/data/argv-cases.json, and random ones. */

#include <string.h>

#include "unit/unit.h"

static inline Json *fixture_load_cases(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "system", "data", "argv-cases.json", NULL);
    g_autofree char *text = NULL;
    gsize size = 0;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, &size, &error);
    g_assert_no_error(error);
    Json *cases = json_parse(text, size, &error);
    g_assert_no_error(error);
    return cases;
}

static inline char *fixture_argument(const Json *value)
{
    if (json_is_string(value))
        return g_strdup(json_string_value(value));

    const char *hex = json_string_value(json_object_get(value, "hex"));
    GString *bytes = g_string_new(NULL);

    for (gsize i = 0; hex[i]; i += 2)
        g_string_append_c(bytes, (char)(g_ascii_xdigit_value(hex[i]) * 16 + g_ascii_xdigit_value(hex[i + 1])));
    return g_string_free(bytes, FALSE);
}

/* The argv of a case, with a name for the program before it. */
static inline char **fixture_argv(const Json *one)
{
    GStrvBuilder *builder = g_strv_builder_new();
    const Json *list = json_object_get(one, "argv");
    gsize i = 0;
    Json *value;

    g_strv_builder_add(builder, "/bin/true");
    json_array_foreach(list, i, value) {
        g_autofree char *argument = fixture_argument(value);

        g_strv_builder_add(builder, argument);
    }
    char **argv = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    return argv;
}

/* Up to 12 bytes, of which most mean something to somebody. */
static inline char *fixture_random_text(GRand *rand)
{
    static const char special[] = "\"'\\%$;{}-@:+!|#= \t\n\r\x01\x7f\x80\xff\xc3\xa4nxuU041fab/~.[]";
    gsize length = (gsize)g_rand_int_range(rand, 0, 13);
    char *text = g_malloc0(length + 1);

    for (gsize i = 0; i < length; i++)
        text[i] = special[g_rand_int_range(rand, 0, sizeof special - 1)];
    return text;
}
