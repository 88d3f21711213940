// SPDX-License-Identifier: LGPL-2.1-or-later
#include "yaml.h"

#include <libfyaml.h>
#include <string.h>

#define MERGE_KEY "<<"

typedef struct {
    ComposeArena *arena;
    const char *file, *bytes, *stop;
    GPtrArray *documents;
    GHashTable *anchors; /* name → ComposeNode, of this document */
    ComposeNode *open;   /* the innermost list or map that is not complete */
    const char *key;     /* of the member to come */
    guint key_line, key_column;
    guint depth, n_nodes;
} YamlReader;

/* --- errors -------------------------------------------------------------------------------------------------------- */

static gboolean set_error(const YamlReader *reader, const struct fy_mark *mark, const char *message, GError **error)
{
    g_autofree char *file = text_escape(reader->file);

    return gourd_error_set(error, GOURD_ERROR_INPUT, "%s:%d:%d: %s", file, mark ? mark->line + 1 : 1,
                           mark ? mark->column + 1 : 1, message);
}

static gboolean set_limit(const YamlReader *reader, const struct fy_mark *mark, const char *what, guint limit,
                          GError **error)
{
    g_autofree char *file = text_escape(reader->file);

    return gourd_error_set(error, GOURD_ERROR_LIMIT, "%s:%d:%d: more than %u %s", file, mark ? mark->line + 1 : 1,
                           mark ? mark->column + 1 : 1, limit, what);
}

/* libfyaml says what it found, not what people do wrong there. */
static const char *find_hint(const char *message)
{
    static const struct {
        const char *part, *hint;
    } hints[] = {
        {"nested block mapping on the same line", "a text with ': ' in it stands in quotes"},
        {"plain scalar cannot start", "a text that begins so stands in quotes"},
        {"quoted scalar", "is the quote closed? a text of several lines is indented as deep as its first"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(hints); i++)
        if (strstr(message, hints[i].part))
            return hints[i].hint;
    return "blanks at the beginning of lines decide what belongs to what; tabs may not stand there";
}

/* What libfyaml has found wrong, the first of it. */
static gboolean set_syntax_error(const YamlReader *reader, struct fy_diag *diag, GError **error)
{
    g_autofree char *file = text_escape(reader->file);
    void *at = NULL;
    const struct fy_diag_error *found = fy_diag_errors_iterate(diag, &at);
    const char *said = found && found->msg ? found->msg : "this is no YAML";
    g_autofree char *escaped = text_escape(said);
    g_auto(GStrv) parts = g_strsplit(escaped, "\\'", -1); /* its quotes are no bytes of the file */
    g_autofree char *message = g_strjoinv("'", parts);

    gourd_error_set(error, GOURD_ERROR_INPUT, "%s:%d:%d: %s", file, found ? found->line : 1, found ? found->column : 1,
                    message);
    return gourd_error_hint(error, "%s", find_hint(said));
}

/* --- building ------------------------------------------------------------------------------------------------------ */

static guint count_nodes(const ComposeNode *node, guint most)
{
    guint count = 1;

    for (const ComposeNode *item = node->first; item && count <= most; item = item->next)
        count += count_nodes(item, most - count);
    return count;
}

static gboolean count_new(YamlReader *reader, guint count, const struct fy_mark *mark, GError **error)
{
    reader->n_nodes += count;
    return reader->n_nodes <= YAML_NODES_MAX || set_limit(reader, mark, "values", YAML_NODES_MAX, error);
}

static ComposeNode *new_node(YamlReader *reader, ComposeKind kind, const struct fy_mark *mark)
{
    ComposeNode *node = compose_node_new(reader->arena, kind, NULL);

    node->file = reader->file;
    node->line = mark ? (guint)mark->line + 1 : 1;
    node->column = mark ? (guint)mark->column + 1 : 1;
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

static gboolean set_key(YamlReader *reader, const char *text, const struct fy_mark *mark, GError **error)
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
    reader->key_line = mark ? (guint)mark->line + 1 : 1;
    reader->key_column = mark ? (guint)mark->column + 1 : 1;
    return TRUE;
}

static gboolean apply_tag(YamlReader *reader, struct fy_token *token, ComposeNode *node, gboolean *ret_string,
                          GError **error)
{
    static const char *const strings[] = {"!", "tag:yaml.org,2002:str", NULL};
    static const char *const plain[] = {"tag:yaml.org,2002:null",
                                        "tag:yaml.org,2002:bool",
                                        "tag:yaml.org,2002:int",
                                        "tag:yaml.org,2002:float",
                                        "tag:yaml.org,2002:seq",
                                        "tag:yaml.org,2002:map",
                                        NULL};
    const char *tag = token ? fy_token_get_text0(token) : NULL;

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

        set_error(reader, fy_token_start_mark(token), message, error);
        return gourd_error_hint(error, "!reset and !override are known; a text that begins with '!' stands in quotes");
    }
    return TRUE;
}

static gboolean add_anchor(YamlReader *reader, struct fy_token *token, ComposeNode *node)
{
    const char *name = token ? fy_token_get_text0(token) : NULL;

    if (name)
        g_hash_table_replace(reader->anchors, g_strdup(name), node);
    return TRUE;
}

/* --- events -------------------------------------------------------------------------------------------------------- */

/* FIXME(libfyaml > 0.7.12): it loses bytes and line breaks of what is in quotes or a block and has several lines
 * (tests/unit/test-compose-text.c), and takes what follows an empty block for its text. */
static gboolean get_text(const YamlReader *reader, struct fy_token *token, GString **ret_text, GError **error)
{
    const enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
    size_t length = 0;

    *ret_text = NULL;
    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) {
        /* The token begins behind the quote. */
        *ret_text = yaml_text_quoted(reader->bytes + fy_token_start_mark(token)->input_pos - 1, reader->stop);
    } else if ((style == FYSS_LITERAL || style == FYSS_FOLDED) &&
               !yaml_text_block(reader->bytes, reader->bytes + fy_token_start_mark(token)->input_pos,
                                reader->bytes + fy_token_end_mark(token)->input_pos, ret_text)) {
        set_error(reader, fy_token_start_mark(token), "this is not indented deeper than the key before '|' or '>'",
                  error);
        return gourd_error_hint(error, "an empty text is \"\"");
    }
    if (!*ret_text) {
        const char *bytes = token ? fy_token_get_text(token, &length) : NULL;

        *ret_text = g_string_new_len(bytes ? bytes : "", (gssize)length);
    }
    return TRUE;
}

static gboolean read_scalar(YamlReader *reader, struct fy_event *event, GError **error)
{
    const struct fy_mark *mark = fy_event_start_mark(event);
    g_autoptr(GString) string = NULL;
    gboolean is_string;

    if (!get_text(reader, event->scalar.value, &string, error))
        return FALSE;
    const char *text = string->str;
    if (memchr(text, 0, string->len))
        return set_error(reader, mark, "a zero byte in a value", error);
    ComposeNode *node = new_node(reader, COMPOSE_STRING, mark);
    if (wants_key(reader)) {
        add_anchor(reader, event->scalar.anchor, node);
        node->text = compose_arena_text(reader->arena, text);
        return set_key(reader, text, mark, error);
    }
    if (!g_utf8_validate(text, -1, NULL))
        return set_error(reader, mark, "a value is not UTF-8", error);
    if (!count_new(reader, 1, mark, error) || !apply_tag(reader, event->scalar.tag, node, &is_string, error))
        return FALSE;
    if (is_string || fy_token_scalar_style(event->scalar.value) != FYSS_PLAIN)
        node->text = compose_arena_text(reader->arena, text);
    else
        yaml_resolve_plain(node, text);
    put(reader, node);
    return add_anchor(reader, event->scalar.anchor, node);
}

static gboolean is_open(const YamlReader *reader, const ComposeNode *node)
{
    for (const ComposeNode *at = reader->open; at; at = at->parent) {
        if (at == node)
            return TRUE;
    }
    return FALSE;
}

static gboolean read_alias(YamlReader *reader, struct fy_event *event, GError **error)
{
    const struct fy_mark *mark = fy_event_start_mark(event);
    const char *name = fy_token_get_text0(event->alias.anchor);
    ComposeNode *node = name ? g_hash_table_lookup(reader->anchors, name) : NULL;
    g_autofree char *shown = text_escape(name ? name : "");

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
    copy->line = mark ? (guint)mark->line + 1 : 1;
    copy->column = mark ? (guint)mark->column + 1 : 1;
    put(reader, copy);
    return TRUE;
}

static gboolean begin(YamlReader *reader, ComposeKind kind, struct fy_event *event, GError **error)
{
    const struct fy_mark *mark = fy_event_start_mark(event);
    struct fy_token *anchor = kind == COMPOSE_LIST ? event->sequence_start.anchor : event->mapping_start.anchor;
    struct fy_token *tag = kind == COMPOSE_LIST ? event->sequence_start.tag : event->mapping_start.tag;
    gboolean is_string;

    if (wants_key(reader))
        return set_error(reader, mark, "a key must be a text", error);
    if (++reader->depth > YAML_DEPTH_MAX)
        return set_limit(reader, mark, "lists and maps in each other", YAML_DEPTH_MAX, error);
    ComposeNode *node = new_node(reader, kind, mark);
    if (!count_new(reader, 1, mark, error) || !apply_tag(reader, tag, node, &is_string, error))
        return FALSE;
    put(reader, node);
    reader->open = node;
    return add_anchor(reader, anchor, node);
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

static gboolean read_event(YamlReader *reader, struct fy_event *event, GError **error)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        g_hash_table_remove_all(reader->anchors);
        return TRUE;
    case FYET_SCALAR:
        return read_scalar(reader, event, error);
    case FYET_ALIAS:
        return read_alias(reader, event, error);
    case FYET_SEQUENCE_START:
        return begin(reader, COMPOSE_LIST, event, error);
    case FYET_MAPPING_START:
        return begin(reader, COMPOSE_MAP, event, error);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        return end(reader, error);
    default:
        return TRUE;
    }
}

static gboolean read_events(YamlReader *reader, struct fy_parser *parser, GError **error)
{
    struct fy_event *event;

    while ((event = fy_parser_parse(parser))) {
        gboolean is_read = read_event(reader, event, error);

        fy_parser_event_free(parser, event);
        if (!is_read)
            return FALSE;
    }
    return TRUE;
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static gboolean set_text_error(const YamlReader *reader, const char *bytes, const char *at, const char *message,
                               GError **error)
{
    struct fy_mark mark = {.line = 0};

    for (; bytes < at; bytes++) {
        mark.line += *bytes == '\n';
        mark.column = *bytes == '\n' ? 0 : mark.column + 1;
    }
    return set_error(reader, &mark, message, error);
}

static gboolean begins_version(const char *at, gsize size)
{
    static const char *const versions[] = {"%YAML 1.1\n", "%YAML 1.2\n"};

    for (guint i = 0; i < G_N_ELEMENTS(versions); i++) {
        gsize length = strlen(versions[i]);

        if (size >= length && memcmp(at, versions[i], length) == 0)
            return TRUE;
    }
    return FALSE;
}

/* FIXME(libfyaml > 0.7.12): it does not come to an end in a directive with other bytes than text (tests/fuzz/corpus/compose-yaml,
 * directive-*). Of directives, Compose files need none but the version. */
static gboolean check_text(const YamlReader *reader, GError **error)
{
    const char *end, *bytes = reader->bytes, *stop = reader->stop;

    if (!g_utf8_validate_len(bytes, (gsize)(stop - bytes), &end))
        return set_text_error(reader, bytes, end, *end ? "this is not UTF-8" : "a zero byte", error);
    for (const char *at = bytes; at < stop; at++) {
        gboolean begins_line = at == bytes || at[-1] == '\n';

        if (((guchar)*at < ' ' && !strchr("\t\n\r", *at)) || *at == 0x7f)
            return set_text_error(reader, bytes, at, "a control character", error);
        if (begins_line && *at == '%' && !begins_version(at, (gsize)(stop - at)))
            return set_text_error(reader, bytes, at, "directives of YAML, but for %YAML 1.2, do not belong here",
                                  error);
    }
    return TRUE;
}

static gboolean read_text(YamlReader *reader, GError **error)
{
    struct fy_diag *diag = fy_diag_create(NULL);
    const struct fy_parse_cfg settings = {
        /* "]" may stand as deep as the key of its list, as it often does. */
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
                 FYPCF_SLOPPY_FLOW_INDENTATION,
        .diag = diag,
    };
    gboolean is_read = FALSE;

    fy_diag_set_collect_errors(diag, true);
    struct fy_parser *parser = fy_parser_create(&settings);
    if (!parser || fy_parser_set_string(parser, reader->bytes, (gsize)(reader->stop - reader->bytes)) != 0)
        gourd_error_set(error, GOURD_ERROR_FAILED, "libfyaml cannot begin");
    else if (read_events(reader, parser, error))
        is_read = (!fy_parser_get_stream_error(parser) && !fy_diag_got_error(diag)) ||
                  set_syntax_error(reader, diag, error);
    if (parser)
        fy_parser_destroy(parser);
    fy_diag_destroy(diag);
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
                         .bytes = bytes,
                         .stop = bytes + size,
                         .documents = documents,
                         .anchors = anchors};

    if (size > YAML_SIZE_MAX) {
        g_autofree char *shown = text_escape(file);

        gourd_error_set(error, GOURD_ERROR_LIMIT, "%s: over the limit of %d bytes", shown, YAML_SIZE_MAX);
        return NULL;
    }
    if (!check_text(&reader, error) || !read_text(&reader, error) || !check_documents(&reader, error))
        return NULL;
    return g_steal_pointer(&documents);
}
