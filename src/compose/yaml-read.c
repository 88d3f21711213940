// SPDX-License-Identifier: LGPL-2.1-or-later
#include "yaml.h"

#include <string.h>
#include <yaml.h> /* libyaml's; "yaml.h" is ours: NOLINT(readability-duplicate-include) */

#define MERGE_KEY "<<"
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* U+FEFF */

typedef struct {
    ComposeArena *arena;
    const char *file;
    GPtrArray *documents;
    GHashTable *anchors; /* name → ComposeNode, of this document */
    ComposeNode *open;   /* the innermost list or map that is not complete */
    const char *key;     /* of the member to come */
    guint key_line, key_column;
    guint depth, n_nodes;
} YamlReader;

/* --- errors -------------------------------------------------------------------------------------------------------- */

static gboolean set_error(const YamlReader *reader, const yaml_mark_t *mark, const char *message, GError **error)
{
    g_autofree char *file = text_escape(reader->file);

    return gourd_error_set(error, GOURD_ERROR_INPUT, "%s:%zu:%zu: %s", file, mark->line + 1, mark->column + 1, message);
}

static gboolean set_limit(const YamlReader *reader, const yaml_mark_t *mark, const char *what, guint limit,
                          GError **error)
{
    g_autofree char *file = text_escape(reader->file);

    return gourd_error_set(error, GOURD_ERROR_LIMIT, "%s:%zu:%zu: more than %u %s", file, mark->line + 1,
                           mark->column + 1, limit, what);
}

/* libyaml says what it found, not what people do wrong there. */
static const char *find_hint(const char *message)
{
    static const struct {
        const char *part, *hint;
    } hints[] = {
        {"mapping values are not allowed",
         "a text with ': ' in it stands in quotes; or is this line indented deeper than the one before?"},
        {"cannot begin a text", "a text that begins so stands in quotes"},
        {"quoted scalar", "is the quote closed? a text of several lines is indented as deep as its first"},
        {"expected ':'",
         "is ':' missing, or the blank behind it? what goes on from the line before is indented deeper"},
        {"flow sequence", "is a ']' missing? a text with one of , [ ] { } in it stands in quotes"},
        {"flow mapping", "is a '}' missing? a text with one of , [ ] { } in it stands in quotes"},
        {"incompatible YAML", "%YAML 1.2 is meant, said or not"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(hints); i++)
        if (strstr(message, hints[i].part))
            return hints[i].hint;
    return "blanks at the beginning of lines decide what belongs to what; tabs may not stand there";
}

static char *describe_problem(const yaml_parser_t *parser, const char *bytes)
{
    const yaml_mark_t *began = &parser->context_mark, *found = &parser->problem_mark;

    if (strstr(parser->problem, "cannot start any token")) {
        const char *at = g_utf8_offset_to_pointer(bytes, (glong)found->index);

        return *at == '\t' ? g_strdup("a tab indents nothing") : g_strdup_printf("'%c' cannot begin a text", *at);
    }
    if (!parser->context)
        return g_strdup(parser->problem);
    if (began->line == found->line)
        return g_strdup_printf("%s, %s", parser->problem, parser->context);
    return g_strdup_printf("%s, %s that begins in line %zu", parser->problem, parser->context, began->line + 1);
}

static gboolean set_syntax_error(const YamlReader *reader, const yaml_parser_t *parser, const char *bytes,
                                 GError **error)
{
    g_autofree char *message = describe_problem(parser, bytes);

    set_error(reader, &parser->problem_mark, message, error);
    return gourd_error_hint(error, "%s", find_hint(message));
}

/* --- building ------------------------------------------------------------------------------------------------------ */

static guint count_nodes(const ComposeNode *node, guint most)
{
    guint count = 1;

    for (const ComposeNode *item = node->first; item && count <= most; item = item->next)
        count += count_nodes(item, most - count);
    return count;
}

static gboolean count_new(YamlReader *reader, guint count, const yaml_mark_t *mark, GError **error)
{
    reader->n_nodes += count;
    return reader->n_nodes <= YAML_NODES_MAX || set_limit(reader, mark, "values", YAML_NODES_MAX, error);
}

static ComposeNode *new_node(YamlReader *reader, ComposeKind kind, const yaml_mark_t *mark)
{
    ComposeNode *node = compose_node_new(reader->arena, kind, NULL);

    node->file = reader->file;
    node->line = (guint)mark->line + 1;
    node->column = (guint)mark->column + 1;
    return node;
}

/* Puts a value where it belongs. */
static void put(YamlReader *reader, ComposeNode *node)
{
    if (!reader->open) {
        g_ptr_array_add(reader->documents, node);
    } else if (reader->open->kind == COMPOSE_LIST) {
        compose_node_append(reader->open, node);
    } else {
        node->line = reader->key_line;
        node->column = reader->key_column;
        compose_node_set(reader->open, reader->key, node);
        reader->key = NULL;
    }
}

static gboolean wants_key(const YamlReader *reader)
{
    return reader->open && reader->open->kind == COMPOSE_MAP && !reader->key;
}

static gboolean set_key(YamlReader *reader, const char *text, const yaml_mark_t *mark, GError **error)
{
    const ComposeNode *other = compose_node_get(reader->open, text);

    if (!g_utf8_validate(text, -1, NULL))
        return set_error(reader, mark, "a key is not UTF-8", error);
    if (other) {
        g_autofree char *shown = text_escape(text);
        g_autofree char *message = g_strdup_printf("the key '%s' is there already, in line %u", shown, other->line);

        set_error(reader, mark, message, error);
        return strcmp(text, MERGE_KEY) == 0 &&
               gourd_error_hint(error, "several are merged by a list: <<: [*one, *other]");
    }
    reader->key = compose_arena_text(reader->arena, text);
    reader->key_line = (guint)mark->line + 1;
    reader->key_column = (guint)mark->column + 1;
    return TRUE;
}

static gboolean apply_tag(YamlReader *reader, const yaml_event_t *event, const yaml_char_t *name, ComposeNode *node,
                          gboolean *ret_string, GError **error)
{
    static const char *const strings[] = {"!", "tag:yaml.org,2002:str", NULL};
    static const char *const plain[] = {"tag:yaml.org,2002:null",
                                        "tag:yaml.org,2002:bool",
                                        "tag:yaml.org,2002:int",
                                        "tag:yaml.org,2002:float",
                                        "tag:yaml.org,2002:seq",
                                        "tag:yaml.org,2002:map",
                                        NULL};
    const char *tag = (const char *)name;

    *ret_string = tag && g_strv_contains(strings, tag);
    if (!tag || *ret_string || g_strv_contains(plain, tag))
        return TRUE;
    if (strcmp(tag, "!reset") == 0)
        node->tag = COMPOSE_TAG_RESET;
    else if (strcmp(tag, "!override") == 0)
        node->tag = COMPOSE_TAG_OVERRIDE;
    else {
        g_autofree char *shown = text_escape(tag);
        g_autofree char *message = g_strdup_printf("there is no tag '%s' in Compose files", shown);

        set_error(reader, &event->start_mark, message, error);
        return gourd_error_hint(error, "!reset and !override are known; a text that begins with '!' stands in quotes");
    }
    return TRUE;
}

static void add_anchor(YamlReader *reader, const yaml_char_t *name, ComposeNode *node)
{
    if (name)
        g_hash_table_replace(reader->anchors, g_strdup((const char *)name), node);
}

/* --- events -------------------------------------------------------------------------------------------------------- */

static gboolean read_scalar(YamlReader *reader, const yaml_event_t *event, GError **error)
{
    const yaml_mark_t *mark = &event->start_mark;
    const char *text = (const char *)event->data.scalar.value;
    gboolean is_string;

    if (memchr(text, 0, event->data.scalar.length))
        return set_error(reader, mark, "a zero byte in a value", error);
    ComposeNode *node = new_node(reader, COMPOSE_STRING, mark);
    if (wants_key(reader)) {
        add_anchor(reader, event->data.scalar.anchor, node);
        node->text = compose_arena_text(reader->arena, text);
        return set_key(reader, text, mark, error);
    }
    if (!g_utf8_validate(text, -1, NULL))
        return set_error(reader, mark, "a value is not UTF-8", error);
    if (!count_new(reader, 1, mark, error) ||
        !apply_tag(reader, event, event->data.scalar.tag, node, &is_string, error))
        return FALSE;
    if (is_string || event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        node->text = compose_arena_text(reader->arena, text);
    else
        yaml_resolve_plain(node, text);
    put(reader, node);
    add_anchor(reader, event->data.scalar.anchor, node);
    return TRUE;
}

static gboolean is_open(const YamlReader *reader, const ComposeNode *node)
{
    for (const ComposeNode *at = reader->open; at; at = at->parent) {
        if (at == node)
            return TRUE;
    }
    return FALSE;
}

static gboolean read_alias(YamlReader *reader, const yaml_event_t *event, GError **error)
{
    const yaml_mark_t *mark = &event->start_mark;
    const char *name = (const char *)event->data.alias.anchor;
    ComposeNode *node = g_hash_table_lookup(reader->anchors, name);
    g_autofree char *shown = text_escape(name);

    if (!node || is_open(reader, node)) {
        g_autofree char *message = g_strdup_printf(node ? "the alias '*%s' stands in what it means"
                                                        : "there is no anchor '&%s' before this alias",
                                                   shown);

        return set_error(reader, mark, message, error);
    }
    if (wants_key(reader)) {
        if (!node->text)
            return set_error(reader, mark, "a key must be a text", error);
        return set_key(reader, node->text, mark, error);
    }
    if (!count_new(reader, count_nodes(node, YAML_NODES_MAX), mark, error))
        return FALSE;
    ComposeNode *copy = compose_node_copy(reader->arena, node);
    copy->line = (guint)mark->line + 1;
    copy->column = (guint)mark->column + 1;
    put(reader, copy);
    return TRUE;
}

static gboolean begin(YamlReader *reader, const yaml_event_t *event, GError **error)
{
    const ComposeKind kind = event->type == YAML_SEQUENCE_START_EVENT ? COMPOSE_LIST : COMPOSE_MAP;
    const yaml_mark_t *mark = &event->start_mark;
    const yaml_char_t *anchor = kind == COMPOSE_LIST ? event->data.sequence_start.anchor
                                                     : event->data.mapping_start.anchor;
    const yaml_char_t *tag = kind == COMPOSE_LIST ? event->data.sequence_start.tag : event->data.mapping_start.tag;
    gboolean is_string;

    if (wants_key(reader))
        return set_error(reader, mark, "a key must be a text", error);
    if (++reader->depth > YAML_DEPTH_MAX)
        return set_limit(reader, mark, "lists and maps in each other", YAML_DEPTH_MAX, error);
    ComposeNode *node = new_node(reader, kind, mark);
    if (!count_new(reader, 1, mark, error) || !apply_tag(reader, event, tag, node, &is_string, error))
        return FALSE;
    put(reader, node);
    reader->open = node;
    add_anchor(reader, anchor, node);
    return TRUE;
}

/* Members of `from` that the map has not. */
static gboolean merge_map(YamlReader *reader, ComposeNode *map, const ComposeNode *from, GError **error)
{
    if (from->kind != COMPOSE_MAP)
        return compose_error(error, GOURD_ERROR_INPUT, from, "what is merged by '<<' must be a map, or a list of maps");
    for (const ComposeNode *item = from->first; item; item = item->next) {
        if (compose_node_get(map, item->key))
            continue;
        reader->n_nodes += count_nodes(item, YAML_NODES_MAX);
        if (reader->n_nodes > YAML_NODES_MAX)
            return compose_error(error, GOURD_ERROR_LIMIT, from, "more than %d values", YAML_NODES_MAX);
        compose_node_set(map, item->key, compose_node_copy(reader->arena, item));
    }
    return TRUE;
}

static gboolean expand_merge_key(YamlReader *reader, ComposeNode *map, GError **error)
{
    ComposeNode *merged = compose_node_get(map, MERGE_KEY);

    if (!merged)
        return TRUE;
    if (merged->kind != COMPOSE_LIST && !merge_map(reader, map, merged, error))
        return FALSE;
    for (const ComposeNode *item = merged->kind == COMPOSE_LIST ? merged->first : NULL; item; item = item->next) {
        if (!merge_map(reader, map, item, error))
            return FALSE;
    }
    compose_node_unlink(merged);
    return TRUE;
}

static gboolean end(YamlReader *reader, GError **error)
{
    ComposeNode *node = reader->open;

    g_assert(node);
    reader->open = node->parent;
    reader->depth--;
    return node->kind != COMPOSE_MAP || expand_merge_key(reader, node, error);
}

static gboolean read_event(YamlReader *reader, const yaml_event_t *event, GError **error)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        g_hash_table_remove_all(reader->anchors);
        return TRUE;
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, event, error);
    case YAML_ALIAS_EVENT:
        return read_alias(reader, event, error);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return begin(reader, event, error);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return end(reader, error);
    default:
        return TRUE;
    }
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static gboolean set_text_error(const YamlReader *reader, const char *bytes, const char *at, const char *message,
                               GError **error)
{
    yaml_mark_t mark = {.line = 0};

    for (; bytes < at; bytes++) {
        mark.line += *bytes == '\n';
        mark.column = *bytes == '\n' ? 0 : mark.column + 1;
    }
    return set_error(reader, &mark, message, error);
}

/* What libyaml refuses as well, but without a line. */
static gboolean check_text(const YamlReader *reader, const char *bytes, gsize size, GError **error)
{
    const char *end, *stop = bytes + size;

    if (!g_utf8_validate_len(bytes, size, &end))
        return set_text_error(reader, bytes, end, *end ? "this is not UTF-8" : "a zero byte", error);
    for (const char *at = bytes; at < stop; at++)
        if (((guchar)*at < ' ' && !strchr("\t\n\r", *at)) || *at == 0x7f)
            return set_text_error(reader, bytes, at, "a control character", error);
    return TRUE;
}

static gboolean fail_parse(const YamlReader *reader, const yaml_parser_t *parser, const char *bytes, GError **error)
{
    if (parser->error == YAML_MEMORY_ERROR)
        g_error("no memory for YAML");
    if (parser->error == YAML_READER_ERROR)
        return set_text_error(reader, bytes, bytes + parser->problem_offset, parser->problem, error);
    return set_syntax_error(reader, parser, bytes, error);
}

static gboolean read_events(YamlReader *reader, yaml_parser_t *parser, const char *bytes, GError **error)
{
    gboolean is_end = FALSE;

    while (!is_end) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event))
            return fail_parse(reader, parser, bytes, error);
        gboolean is_read = read_event(reader, &event, error);
        is_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (!is_read)
            return FALSE;
    }
    return TRUE;
}

static gboolean read_text(YamlReader *reader, const char *bytes, gsize size, GError **error)
{
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser))
        g_error("no memory for YAML");
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);
    gboolean is_read = read_events(reader, &parser, bytes, error);
    yaml_parser_delete(&parser);
    return is_read;
}

static gboolean check_documents(const YamlReader *reader, GError **error)
{
    for (guint i = reader->documents->len; i-- > 0;) {
        const ComposeNode *document = g_ptr_array_index(reader->documents, i);

        if (document->kind == COMPOSE_NULL && reader->documents->len > 1)
            g_ptr_array_remove_index(reader->documents, i);
        else if (document->kind != COMPOSE_MAP && document->kind != COMPOSE_NULL)
            return compose_error(error, GOURD_ERROR_INPUT, document, "a Compose file is a map: its top has keys");
    }
    const ComposeNode *first = reader->documents->len ? g_ptr_array_index(reader->documents, 0) : NULL;
    if (!first || first->kind == COMPOSE_NULL) {
        g_autofree char *file = text_escape(reader->file);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s: nothing is in it", file);
    }
    return TRUE;
}

GPtrArray *yaml_read(ComposeArena *arena, const char *file, const char *bytes, gsize size, GError **error)
{
    g_autoptr(GPtrArray) documents = g_ptr_array_new();
    g_autoptr(GHashTable) anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    YamlReader reader = {.arena = arena,
                         .file = compose_arena_text(arena, file),
                         .documents = documents,
                         .anchors = anchors};

    /* Marks do not count it. */
    if (size >= strlen(BYTE_ORDER_MARK) && memcmp(bytes, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) {
        bytes += strlen(BYTE_ORDER_MARK);
        size -= strlen(BYTE_ORDER_MARK);
    }
    if (size > YAML_SIZE_MAX) {
        g_autofree char *shown = text_escape(file);

        gourd_error_set(error, GOURD_ERROR_LIMIT, "%s: over the limit of %d bytes", shown, YAML_SIZE_MAX);
        return NULL;
    }
    if (!check_text(&reader, bytes, size, error) || !read_text(&reader, bytes, size, error) ||
        !check_documents(&reader, error))
        return NULL;
    return g_steal_pointer(&documents);
}
