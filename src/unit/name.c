// SPDX-License-Identifier: LGPL-2.1-or-later
#include "name.h"

#include <string.h>

static const char *const suffixes[] = {".service", ".socket", ".device", ".mount", ".automount", ".swap",
                                       ".target",  ".path",   ".timer",  ".slice", ".scope"};

/* The dot of the suffix if it is the suffix of a kind of unit. */
static const char *find_suffix(const char *name)
{
    const char *dot = strrchr(name, '.');

    for (guint i = 0; dot && i < G_N_ELEMENTS(suffixes); i++)
        if (strcmp(dot, suffixes[i]) == 0)
            return dot;
    return NULL;
}

static gboolean is_name_character(char c)
{
    return g_ascii_isalnum(c) || (c && strchr(":-_.\\", c));
}

gboolean unit_name_is_valid(const char *name, UnitNameKind kinds)
{
    const char *dot = find_suffix(name);
    const char *at_sign = strchr(name, '@');
    UnitNameKind kind = UNIT_NAME_PLAIN;

    if (!dot || dot == name || strlen(name) > UNIT_NAME_LENGTH_MAX || at_sign == name)
        return FALSE;
    for (const char *at = name; at < dot; at++)
        if (*at != '@' && !is_name_character(*at))
            return FALSE;
    if (at_sign)
        kind = at_sign + 1 == dot ? UNIT_NAME_TEMPLATE : UNIT_NAME_INSTANCE;
    return (kinds & kind) != 0;
}

static void append_escaped(GString *out, char c)
{
    g_string_append_printf(out, "\\x%02x", (guint)(guint8)c);
}

char *unit_name_escape(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const char *at = text; *at; at++)
        if (*at == '/')
            g_string_append_c(out, '-');
        else if ((*at == '.' && at == text) || *at == '-' || *at == '\\' || !is_name_character(*at))
            append_escaped(out, *at);
        else
            g_string_append_c(out, *at);
    return g_string_free(out, FALSE);
}

char *unit_name_unescape(const char *text, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (const char *at = text; *at; at++) {
        if (*at == '-')
            g_string_append_c(out, '/');
        else if (*at != '\\')
            g_string_append_c(out, *at);
        else {
            int high = at[1] == 'x' ? g_ascii_xdigit_value(at[2]) : -1;
            int low = high >= 0 ? g_ascii_xdigit_value(at[3]) : -1;

            if (low < 0 || high + low == 0) {
                g_autofree char *shown = text_escape(text);

                gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is not escaped as a unit name is", shown);
                return NULL;
            }
            g_string_append_c(out, (char)(high * 16 + low));
            at += 3;
        }
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* The steps of an absolute path without empty ones and ".", joined by "/" but not beginning with it; NULL for "..". */
static char *simplify_path(const char *path)
{
    g_auto(GStrv) steps = g_strsplit(path, "/", -1);
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; steps[i]; i++) {
        if (strcmp(steps[i], "..") == 0)
            return NULL;
        if (*steps[i] && strcmp(steps[i], ".") != 0)
            g_string_append_printf(out, "%s%s", out->len ? "/" : "", steps[i]);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *unit_name_escape_path(const char *path, GError **error)
{
    g_autofree char *simple = *path == '/' ? simplify_path(path) : NULL;

    if (!simple) {
        g_autofree char *shown = text_escape(path);

        gourd_error_set(error, GOURD_ERROR_INPUT, "path '%s' is not absolute or has a step '..'", shown);
        return NULL;
    }
    return *simple ? unit_name_escape(simple) : g_strdup("-");
}

char *unit_name_unescape_path(const char *text, GError **error)
{
    if (strcmp(text, "-") == 0)
        return g_strdup("/");

    g_autofree char *steps = unit_name_unescape(text, error);

    if (!steps)
        return NULL;

    g_autofree char *path = g_strconcat("/", steps, NULL);
    g_autofree char *simple = simplify_path(path);

    /* A name that does not come from the shortest form of its path is not the unit of that path. */
    if (!simple || strcmp(simple, steps) != 0 || !*simple) {
        g_autofree char *shown = text_escape(text);

        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is not an escaped path", shown);
        return NULL;
    }
    return g_steal_pointer(&path);
}

/* Checks what was put together and hands it on. */
static char *finish_name(char *name, UnitNameKind kinds, GError **error)
{
    g_autofree char *own = name;
    g_autofree char *shown = text_escape(name);

    if (strlen(name) > UNIT_NAME_LENGTH_MAX)
        gourd_error_set(error, GOURD_ERROR_INPUT, "unit name '%s' is longer than %d bytes", shown,
                        UNIT_NAME_LENGTH_MAX);
    else if (!unit_name_is_valid(name, kinds))
        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is not a unit name", shown);
    else
        return g_steal_pointer(&own);
    return NULL;
}

char *unit_name_for_path(const char *path, const char *suffix, GError **error)
{
    g_autofree char *escaped = unit_name_escape_path(path, error);

    return escaped ? finish_name(g_strconcat(escaped, suffix, NULL), UNIT_NAME_PLAIN, error) : NULL;
}

char *unit_name_with_instance(const char *template_name, const char *instance, GError **error)
{
    g_autofree char *escaped = unit_name_escape(instance);

    if (!unit_name_is_valid(template_name, UNIT_NAME_TEMPLATE) || !*instance) {
        g_autofree char *shown = text_escape(template_name);

        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is not a template, or its instance is empty", shown);
        return NULL;
    }

    int prefix = (int)(strchr(template_name, '@') - template_name) + 1;

    return finish_name(g_strdup_printf("%.*s%s%s", prefix, template_name, escaped, template_name + prefix),
                       UNIT_NAME_INSTANCE, error);
}

char *unit_name_template(const char *name)
{
    if (!unit_name_is_valid(name, UNIT_NAME_INSTANCE))
        return NULL;
    return g_strdup_printf("%.*s@%s", (int)(strchr(name, '@') - name), name, find_suffix(name));
}

char *unit_name_instance(const char *name)
{
    if (!unit_name_is_valid(name, UNIT_NAME_INSTANCE))
        return NULL;

    const char *instance = strchr(name, '@') + 1;

    return g_strndup(instance, (gsize)(find_suffix(name) - instance));
}

/* A name of a service or stack: Compose allows letters, digits and "_.-", which all may stay. */
static void append_part(GString *out, const char *text, gboolean keep_dashes)
{
    for (const char *at = text; *at; at++)
        if (*at == '\\' || !is_name_character(*at) || (*at == '-' && !keep_dashes) || (*at == '.' && out->len == 0))
            append_escaped(out, *at);
        else
            g_string_append_c(out, *at);
}

char *unit_name_for_service(const char *stack, const char *service, const char *suffix, GError **error)
{
    GString *name = g_string_new(NULL);

    if (stack) {
        append_part(name, stack, TRUE);
        g_string_append_c(name, '-');
    }
    append_part(name, service, TRUE);
    g_string_append(name, suffix);
    return finish_name(g_string_free(name, FALSE), UNIT_NAME_PLAIN, error);
}

char *unit_name_for_stack(const char *stack, const char *suffix, GError **error)
{
    GString *name = g_string_new(NULL);

    append_part(name, stack, strcmp(suffix, ".slice") != 0);
    g_string_append(name, suffix);
    return finish_name(g_string_free(name, FALSE), UNIT_NAME_PLAIN, error);
}

char *unit_dropin_path(const char *folder, const char *name, const char *dropin)
{
    return g_strdup_printf("%s/%s.d/%s.conf", folder, name, dropin);
}

char **unit_dropin_names(const char *name)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    const char *suffix = find_suffix(name);
    g_autofree char *template_name = unit_name_template(name);
    const char *end = template_name ? strchr(name, '@') : suffix;

    if (suffix)
        g_strv_builder_add(names, suffix + 1);
    /* Prefixes that end in a dash, but not the whole name before "@". */
    for (const char *at = name + 1; suffix && at + 1 < end; at++)
        if (at[-1] != '-' && *at == '-') {
            g_autofree char *prefix = g_strdup_printf("%.*s-%s", (int)(at - name), name, end);

            g_strv_builder_add(names, prefix);
        }
    if (template_name)
        g_strv_builder_add(names, template_name);
    g_strv_builder_add(names, name);
    return g_strv_builder_end(names);
}
