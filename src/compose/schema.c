// SPDX-License-Identifier: LGPL-2.1-or-later
#include "schema.h"

#include "yaml.h"

#include <math.h>
#include <string.h>

const ComposeField *compose_find_field(const ComposeField *members, const char *key)
{
    const ComposeField *any = NULL;

    for (const ComposeField *field = members; field->name; field++) {
        if (*field->name == *key && strcmp(field->name, key) == 0)
            return field;
        if (*field->name == '*')
            any = field;
    }
    return any;
}

/* --- errors -------------------------------------------------------------------------------------------------------- */

static gboolean set_unknown_key(const ComposeNode *node, const ComposeField *members, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const ComposeField *field = members; field->name; field++)
        g_ptr_array_add(names, (char *)field->name);
    const char *nearest = nearest_name(node->key, names);
    compose_error(error, GOURD_ERROR_INPUT, node, "there is no such key");
    if (node->parent && !node->parent->parent && (compose_node_get(node, "image") || compose_node_get(node, "build")))
        return gourd_error_hint(error, "services stand below 'services:', indented");
    if (nearest)
        return gourd_error_hint(error, "did you mean '%s'? keys of your own begin with 'x-'", nearest);
    return gourd_error_hint(error, "keys of your own begin with 'x-'");
}

static gboolean set_wrong_shape(const ComposeNode *node, guint shapes, GError **error)
{
    static const struct {
        guint shape;
        const char *name;
    } names[] = {{SHAPE_BOOL, "true or false"}, {SHAPE_INT, "a whole number"}, {SHAPE_NUMBER, "a number"},
                 {SHAPE_STRING, "a text"},      {SHAPE_LIST, "a list"},        {SHAPE_MAP, "a map"}};
    g_autoptr(GString) wanted = g_string_new(NULL);

    if (shapes & SHAPE_NUMBER)
        shapes &= ~(guint)SHAPE_INT;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (shapes & names[i].shape)
            g_string_append_printf(wanted, "%s%s", wanted->len ? ", or " : "", names[i].name);
    }
    compose_error(error, GOURD_ERROR_INPUT, node, "%s is wanted", wanted->str);
    if ((shapes & SHAPE_STRING) && node->text)
        return gourd_error_hint(error, "a text that looks like something else stands in quotes: \"%s\"", node->text);
    return FALSE;
}

static gboolean check_words(const ComposeNode *node, const char *const *words, GError **error)
{
    g_autofree char *shown = NULL, *known = NULL;

    if (g_strv_contains(words, node->text))
        return TRUE;
    shown = text_escape(node->text);
    known = g_strjoinv(", ", (char **)words);
    compose_error(error, GOURD_ERROR_INPUT, node, "'%s' is not known here", shown);
    return gourd_error_hint(error, "it may be: %s", known);
}

/* --- shapes -------------------------------------------------------------------------------------------------------- */

static guint shape_of(const ComposeNode *node)
{
    switch (node->kind) {
    case COMPOSE_NULL:
        return SHAPE_NULL;
    case COMPOSE_BOOL:
        return SHAPE_BOOL;
    case COMPOSE_INT:
        return SHAPE_INT | SHAPE_NUMBER;
    case COMPOSE_FLOAT:
        return SHAPE_NUMBER;
    case COMPOSE_STRING:
        return SHAPE_STRING;
    case COMPOSE_LIST:
        return SHAPE_LIST;
    case COMPOSE_MAP:
        return SHAPE_MAP;
    }
    return 0;
}

static gboolean cast_bool(ComposeNode *node)
{
    static const char *const yes[] = {"true", "yes", "y", "on", "1", NULL};
    static const char *const no[] = {"false", "no", "n", "off", "0", NULL};
    g_autofree char *lower = g_ascii_strdown(node->text, -1);

    if (!g_strv_contains(yes, lower) && !g_strv_contains(no, lower))
        return FALSE;
    node->kind = COMPOSE_BOOL;
    node->boolean = g_strv_contains(yes, lower);
    node->text = node->boolean ? "true" : "false";
    return TRUE;
}

static gboolean cast_number(ComposeNode *node, guint shapes)
{
    char *end = NULL;
    gint64 integer;
    double number;

    if (g_ascii_string_to_signed(node->text, 10, G_MININT64, G_MAXINT64, &integer, NULL)) {
        compose_node_set_int(node, integer);
        return TRUE;
    }
    number = g_ascii_strtod(node->text, &end);
    if (!(shapes & SHAPE_NUMBER) || !*node->text || *end ||
        strspn(node->text, "0123456789.eE+-") != strlen(node->text) || !isfinite(number))
        return FALSE;
    yaml_set_number(node, number);
    return TRUE;
}

/* What a variable stands for, and what people put into quotes, is what is wanted if it can be. */
static gboolean cast_string(ComposeNode *node, guint shapes)
{
    if ((shapes & SHAPE_BOOL) && cast_bool(node))
        return TRUE;
    return (shapes & (SHAPE_INT | SHAPE_NUMBER)) && cast_number(node, shapes);
}

static gboolean is_raw(const ComposeNode *node, const ComposeReading *reading)
{
    return reading->raw && node->kind == COMPOSE_STRING && strchr(node->text, '$');
}

/* --- the walk ------------------------------------------------------------------------------------------------------ */

static gboolean check_members(ComposeNode *map, const ComposeField *members, const ComposeReading *reading,
                              GError **error)
{
    for (ComposeNode *item = map->first, *next; item; item = next) {
        const ComposeField *field = compose_find_field(members, item->key);

        next = item->next;
        if (g_str_has_prefix(item->key, "x-") && (!field || strcmp(field->name, "*") == 0))
            continue;
        if (!field)
            return set_unknown_key(item, members, error);
        if (item->kind == COMPOSE_NULL && !(field->shapes & SHAPE_NULL) && item->tag == COMPOSE_TAG_NONE) {
            compose_node_unlink(item);
            continue;
        }
        if (!compose_check(&item, field, reading, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean check_items(ComposeNode *list, const ComposeField *field, const ComposeReading *reading, GError **error)
{
    for (ComposeNode *item = list->first; item; item = item->next) {
        if (!compose_check(&item, field, reading, error))
            return FALSE;
    }
    return TRUE;
}

gboolean compose_check(ComposeNode **node, const ComposeField *field, const ComposeReading *reading, GError **error)
{
    if ((*node)->tag == COMPOSE_TAG_RESET || is_raw(*node, reading))
        return TRUE;
    if (field->lengthen) {
        ComposeTag tag = (*node)->tag;
        ComposeNode *longer = field->lengthen(*node, reading, error);

        if (!longer)
            return FALSE;
        longer->tag = tag;
        *node = longer;
    }
    if (!(shape_of(*node) & field->shapes) && ((*node)->kind != COMPOSE_STRING || !cast_string(*node, field->shapes)) &&
        !is_raw(*node, reading))
        return set_wrong_shape(*node, field->shapes, error);
    if (field->words && (*node)->kind == COMPOSE_STRING && !check_words(*node, field->words, error))
        return FALSE;
    if ((*node)->kind == COMPOSE_MAP && field->members && !check_members(*node, field->members, reading, error))
        return FALSE;
    return (*node)->kind != COMPOSE_LIST || !field->item || check_items(*node, field->item, reading, error);
}
