// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The tree of a Compose file: what YAML says, with the place of each value, so that every error can name file, line, column
 * and the path of the key.
 *
 * All nodes and strings belong to an arena and live as long as it; a node is in at most one place of one tree. Nodes are read
 * by looking at their members. */

#include "base/base.h"

typedef enum {
    COMPOSE_NULL = 0,
    COMPOSE_BOOL,
    COMPOSE_INT,
    COMPOSE_FLOAT,
    COMPOSE_STRING,
    COMPOSE_LIST,
    COMPOSE_MAP,
} ComposeKind;

/* What a tag of YAML asks of merging (Compose Specification, 13-merge.md). */
typedef enum {
    COMPOSE_TAG_NONE = 0,
    COMPOSE_TAG_RESET,    /* !reset: the key goes */
    COMPOSE_TAG_OVERRIDE, /* !override: the value replaces, it is not merged */
} ComposeTag;

typedef struct ComposeArena ComposeArena;
typedef struct ComposeNode ComposeNode;

struct ComposeNode {
    ComposeKind kind;
    ComposeTag tag;
    guint line, column; /* from 1; 0: not from a file */
    const char *file;   /* as the user named it */
    const char *key;    /* of a member of a map; else NULL */
    ComposeNode *parent, *next, *previous;

    gboolean boolean;
    gint64 integer;
    double number;
    const char *text;       /* of a scalar: as it is written, variables replaced; NULL for null */
    gboolean from_env_file; /* a variable whose value stands in an env_file: it may be secret */

    ComposeNode *first, *last; /* items of a list or map, in order; by `next` */
    guint n_items;
    GHashTable *index; /* of a large map */

    ComposeArena *arena;
};

ComposeArena *compose_arena_new(void);
void compose_arena_free(ComposeArena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ComposeArena, compose_arena_free)
/* A copy that lives as long as the arena. */
const char *compose_arena_text(ComposeArena *arena, const char *text);

/* --- reading ------------------------------------------------------------------------------------------------------- */

/* The member of a map, or NULL; of what is no map, or NULL, NULL. */
ComposeNode *compose_node_get(const ComposeNode *map, const char *key);
/* The text of a scalar member, or NULL: "80" of a number too. */
const char *compose_node_get_text(const ComposeNode *map, const char *key);
/* The value of a bool member, or the fallback where there is none. */
gboolean compose_node_get_bool(const ComposeNode *map, const char *key, gboolean fallback);
/* The value of an int member, or the fallback where there is none. */
gint64 compose_node_get_int(const ComposeNode *map, const char *key, gint64 fallback);
/* The texts of a list's scalars, NULL-terminated; NULL for no list. The caller frees. */
char **compose_node_get_strv(const ComposeNode *map, const char *key);
/* Whether both say the same: kinds, values, and keys in any order. */
gboolean compose_node_equal(const ComposeNode *a, const ComposeNode *b);

/* "services.web.ports[0]"; "" for the top. The caller frees. */
char *compose_node_path(const ComposeNode *node);
/* "compose.yaml:12:5: services.web.ports[0]: MESSAGE". Always returns FALSE. */
gboolean compose_error(GError **error, GourdError code, const ComposeNode *node, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
#define compose_error(...) gourd_error_false(compose_error(__VA_ARGS__))
/* The same of another error: its code, message and hint. */
gboolean compose_error_at(GError **error, const ComposeNode *node, const GError *problem);

/* A string, as compose.yaml has lengths of time and sizes ("1m30s", "64mb") → microseconds and bytes; the canonical tree has
 * them in a form that these read too. INPUT errors. */
gboolean compose_node_duration(const ComposeNode *node, gint64 *ret_usec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean compose_node_size(const ComposeNode *node, gint64 *ret_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- making -------------------------------------------------------------------------------------------------------- */

/* New nodes have the place of `place`, which may be NULL, and no parent. */
ComposeNode *compose_node_new(ComposeArena *arena, ComposeKind kind, const ComposeNode *place);
ComposeNode *compose_node_new_text(ComposeArena *arena, const char *text, const ComposeNode *place);
ComposeNode *compose_node_new_int(ComposeArena *arena, gint64 value, const ComposeNode *place);

/* Makes a scalar an integer, with the text that YAML gives it. */
void compose_node_set_int(ComposeNode *node, gint64 value);
ComposeNode *compose_node_new_bool(ComposeArena *arena, gboolean value, const ComposeNode *place);
/* With all that is below; the copy has no parent and no key. */
ComposeNode *compose_node_copy(ComposeArena *arena, const ComposeNode *node);

/* Puts a node without parent into a map, in the place of what had the key; or at the end of a list. Return the node. */
ComposeNode *compose_node_set(ComposeNode *map, const char *key, ComposeNode *value);
ComposeNode *compose_node_append(ComposeNode *list, ComposeNode *item);
ComposeNode *compose_node_set_text(ComposeNode *map, const char *key, const char *text);
/* A member that is a map; it is made if there is none. */
ComposeNode *compose_node_ensure_map(ComposeNode *map, const char *key);
/* Takes a node out of its list or map; it may be put elsewhere. */
void compose_node_unlink(ComposeNode *node);
/* Puts `with`, which has no parent, where node is; key and place in the order stay. Returns `with`. */
ComposeNode *compose_node_replace(ComposeNode *node, ComposeNode *with);
/* The members of a map in the order of their keys. */
void compose_node_sort(ComposeNode *map);
