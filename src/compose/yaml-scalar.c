// SPDX-License-Identifier: LGPL-2.1-or-later
#include "yaml.h"

#include <math.h>
#include <string.h>

#define FLOAT_DIGITS_MAX 17 /* decimal digits that tell any two doubles apart */

/* Base by prefix: 0x, 0o, 0b, 0; "_" may stand between digits. */
static gboolean parse_integer(const char *text, gint64 *ret_value)
{
    gboolean negative = *text == '-';
    const char *digits = text + (*text == '-' || *text == '+');
    g_autofree char *plain = g_strdup(digits);
    char *end = plain;
    guint base = 10;
    guint64 value;

    if (!g_ascii_isdigit(*digits))
        return FALSE;
    for (const char *at = digits; *at; at++) {
        if (*at != '_')
            *end++ = *at;
    }
    *end = 0;
    char *start = plain;
    if (*start == '0' && start[1]) {
        const char kind = g_ascii_tolower(start[1]);

        base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
        start += kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1;
    }
    if (!g_ascii_string_to_unsigned(start, base, 0, (guint64)G_MAXINT64 + negative, &value, NULL))
        return FALSE;
    *ret_value = negative ? (gint64)(0 - value) : (gint64)value;
    return TRUE;
}

/* [-+] digits [. digits] [e [-+] digits], or . digits … */
static gboolean looks_like_float(const char *text)
{
    const char *at = text + (*text == '-' || *text == '+');
    gsize whole = strspn(at, "0123456789"), part = 0;

    at += whole;
    if (*at == '.') {
        part = strspn(at + 1, "0123456789");
        at += 1 + part;
    }
    if (whole + part == 0)
        return FALSE;
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '-' || at[1] == '+');
        if (!g_ascii_isdigit(*at))
            return FALSE;
        at += strspn(at, "0123456789");
    }
    return *at == 0;
}

/* As Go's %v prints a float64: the fewest digits that give the same number; with an exponent below 1e-4 and from 1e6 on. */
static const char *format_float(ComposeArena *arena, double value)
{
    char text[64], format[16];
    int digits = 0;

    do {
        g_snprintf(format, sizeof(format), "%%.%de", digits);
        g_ascii_formatd(text, sizeof(text), format, value);
    } while (++digits < FLOAT_DIGITS_MAX && fabs(g_ascii_strtod(text, NULL) - value) > 0);
    const char *e = strchr(text, 'e');
    gint64 exponent = e ? g_ascii_strtoll(e + 1, NULL, 10) : 0;
    if (e && exponent >= -4 && exponent < 6) {
        g_snprintf(format, sizeof(format), "%%.%df", (int)MAX(digits - 1 - exponent, 0));
        g_ascii_formatd(text, sizeof(text), format, value);
    }
    return compose_arena_text(arena, text);
}

void yaml_set_number(ComposeNode *node, double value)
{
    const char *text = format_float(node->arena, value);
    gint64 integer;

    if (parse_integer(text, &integer)) {
        compose_node_set_int(node, integer);
        return;
    }
    node->kind = COMPOSE_FLOAT;
    node->number = value;
    node->text = text;
}

void yaml_resolve_plain(ComposeNode *node, const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL}, *const falses[] = {"false", "False", "FALSE",
                                                                                          NULL};
    gint64 integer;

    node->kind = COMPOSE_STRING;
    node->text = compose_arena_text(node->arena, text);
    if (g_strv_contains(nulls, text)) {
        node->kind = COMPOSE_NULL;
        node->text = NULL;
    } else if (g_strv_contains(trues, text) || g_strv_contains(falses, text)) {
        node->kind = COMPOSE_BOOL;
        node->boolean = g_strv_contains(trues, text);
        node->text = node->boolean ? "true" : "false";
    } else if (parse_integer(text, &integer)) {
        compose_node_set_int(node, integer);
    } else if (looks_like_float(text) && isfinite(g_ascii_strtod(text, NULL))) {
        yaml_set_number(node, g_ascii_strtod(text, NULL));
    }
}
