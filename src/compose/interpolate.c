// SPDX-License-Identifier: LGPL-2.1-or-later
#include "interpolate.h"

#include <string.h>

static const char *get_from_table(const char *name, gpointer data)
{
    return g_hash_table_lookup(data, name);
}

Variables variables_of_table(GHashTable *table, Notes *notes)
{
    return (Variables){.get = get_from_table, .data = table, .notes = notes};
}

static gsize name_length(const char *text)
{
    gsize length = 0;

    if (!g_ascii_isalpha(*text) && *text != '_')
        return 0;
    while (g_ascii_isalnum(text[length]) || text[length] == '_')
        length++;
    return length;
}

static gboolean set_invalid(const char *text, const Variables *variables, GError **error)
{
    g_autofree char *shown = text_escape(text);

    if (variables->hides) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "'$' does not begin a variable");
        return gourd_error_hint(error, "a dollar that is meant is written $$, or the value stands in single quotes");
    }

    gourd_error_set(error, GOURD_ERROR_INPUT, "'$' does not begin a variable in '%s'", shown);
    return gourd_error_hint(error, "a dollar that is meant is written $$; variables are ${NAME}, ${NAME:-default}, "
                                   "${NAME:?message} and ${NAME:+other}");
}

static gboolean substitute(const char *text, gsize length, const Variables *variables, guint depth, GString *result,
                           GError **error);

static gboolean append(GString *result, const char *bytes, gsize length, GError **error)
{
    g_string_append_len(result, bytes, (gssize)length);
    return result->len <= INTERPOLATION_SIZE_MAX ||
           gourd_error_set(error, GOURD_ERROR_LIMIT,
                           "a value is over the limit of %d bytes with its variables replaced", INTERPOLATION_SIZE_MAX);
}

static gboolean append_value(const Variables *variables, const char *name, const char *value, GString *result,
                             GError **error)
{
    if (value)
        return append(result, value, strlen(value), error);
    notes_add_once(variables->notes, "variable-not-set", "variables that are not set are replaced by nothing", name);
    return TRUE;
}

static gboolean set_missing(const char *name, const char *message, const Variables *variables, guint depth,
                            GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!substitute(message, strlen(message), variables, depth, text, error))
        return FALSE;
    g_autofree char *shown = text_escape(text->str);
    gourd_error_set(error, GOURD_ERROR_INPUT, "the variable '%s' must be set%s%s", name, *shown ? ": " : "", shown);
    return gourd_error_hint(error, "set it in the environment, in .env or in a file given by --env-file");
}

/* What follows the name inside of braces; `whole` begins with the dollar. */
static gboolean apply_operator(const char *whole, const char *name, const char *rest, const Variables *variables,
                               guint depth, GString *result, GError **error)
{
    const char *value = variables->get(name, variables->data);
    gboolean empty_counts = *rest != ':';
    const char *op = rest + (*rest == ':');
    gboolean is_set = value && (empty_counts || *value);

    if (*rest && strchr("-+?", *op) == NULL)
        return set_invalid(whole, variables, error);
    switch (*op) {
    case '-':
        return is_set ? append(result, value, strlen(value), error)
                      : substitute(op + 1, strlen(op + 1), variables, depth, result, error);
    case '+':
        return !is_set || substitute(op + 1, strlen(op + 1), variables, depth, result, error);
    case '?':
        return is_set ? append(result, value, strlen(value), error)
                      : set_missing(name, op + 1, variables, depth, error);
    default:
        return append_value(variables, name, value, result, error);
    }
}

/* The brace that closes what begins at text, which is behind "${"; NULL if there is none. */
static const char *find_close(const char *text, const char *end)
{
    guint open = 1;

    for (const char *at = text; at < end; at++) {
        if (*at == '$' && at + 1 < end && at[1] == '{') {
            open++;
            at++;
        } else if (*at == '}' && --open == 0) {
            return at;
        }
    }
    return NULL;
}

static gboolean substitute_braced(const char *text, const char *end, const Variables *variables, guint depth,
                                  GString *result, const char **ret_next, GError **error)
{
    const char *close = find_close(text, end);
    gsize length = name_length(text);

    if (!close || length == 0)
        return set_invalid(text - 2, variables, error);
    g_autofree char *name = g_strndup(text, length), *rest = g_strndup(text + length, (gsize)(close - text) - length);
    if (strcmp(rest, ":") == 0)
        return set_invalid(text - 2, variables, error);
    *ret_next = close + 1;
    return apply_operator(text - 2, name, rest, variables, depth + 1, result, error);
}

static gboolean substitute(const char *text, gsize length, const Variables *variables, guint depth, GString *result,
                           GError **error)
{
    const char *at = text, *end = text + length;

    if (depth > INTERPOLATION_DEPTH_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "more than %d variables in each other",
                               INTERPOLATION_DEPTH_MAX);
    while (at < end) {
        const char *dollar = memchr(at, '$', (gsize)(end - at));

        if (!append(result, at, (gsize)((dollar ? dollar : end) - at), error))
            return FALSE;
        if (!dollar)
            break;
        gsize name = name_length(dollar + 1);
        if (name > 0) {
            g_autofree char *word = g_strndup(dollar + 1, name);

            at = dollar + 1 + name;
            if (!append_value(variables, word, variables->get(word, variables->data), result, error))
                return FALSE;
        } else if (dollar + 1 < end && dollar[1] == '$') {
            at = dollar + 2;
            g_string_append_c(result, '$');
        } else if (dollar + 1 >= end || dollar[1] != '{') {
            return set_invalid(dollar, variables, error);
        } else if (!substitute_braced(dollar + 2, end, variables, depth, result, &at, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

char *interpolate(const char *text, const Variables *variables, GError **error)
{
    g_autoptr(GString) result = g_string_new(NULL);

    if (!substitute(text, strlen(text), variables, 0, result, error))
        return NULL;
    return g_string_free(g_steal_pointer(&result), FALSE);
}

static gboolean interpolate_node(ComposeNode *node, const Variables *variables, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *text = interpolate(node->text, variables, &problem);

    if (!text)
        return compose_error_at(error, node, problem);
    if (!g_utf8_validate(text, -1, NULL))
        return compose_error(error, GOURD_ERROR_INPUT, node, "with its variables replaced it is not UTF-8");
    node->text = compose_arena_text(node->arena, text);
    return TRUE;
}

gboolean interpolate_tree(ComposeNode *node, const Variables *variables, GError **error)
{
    if (node->kind == COMPOSE_STRING && strchr(node->text, '$') && !interpolate_node(node, variables, error))
        return FALSE;
    for (ComposeNode *item = node->first; item; item = item->next) {
        if (!interpolate_tree(item, variables, error))
            return FALSE;
    }
    return TRUE;
}
