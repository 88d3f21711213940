// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is read as YAML, checked and made long, is written as YAML that says the same. */
#include "compose/compose.h"
#include "compose/merge.h"
#include "compose/schema.h"
#include "compose/yaml.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(const ComposeNode *node)
{
    g_autoptr(ComposeArena) arena = compose_arena_new();
    g_autofree char *text = compose_to_yaml(node, FALSE);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) again = yaml_read(arena, "again", text, strlen(text), &error);

    g_assert_no_error(error);
    g_assert_true(compose_node_equal(node, g_ptr_array_index(again, 0)));
}

static gboolean has_tag(const ComposeNode *node)
{
    for (const ComposeNode *item = node->first; item; item = item->next) {
        if (has_tag(item))
            return TRUE;
    }
    return node->tag != COMPOSE_TAG_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ComposeReading reading = {.folder = "/srv/app", .home = "/root"};
    g_autoptr(ComposeArena) arena = compose_arena_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) documents = yaml_read(arena, "compose.yaml", (const char *)data, size, &error);

    g_assert_true((documents == NULL) == (error != NULL));
    for (guint i = 0; documents && i < documents->len; i++) {
        ComposeNode *document = g_ptr_array_index(documents, i);

        if (document->kind == COMPOSE_MAP && document->n_items > 0 && !has_tag(document))
            write_and_read(document);
        g_clear_error(&error);
        if (!compose_check(&document, &compose_file_field, &reading, &error))
            continue;
        ComposeNode *over = compose_node_copy(arena, document);
        compose_merge(document, over);
        compose_drop_reset(document);
        if (document->n_items > 0)
            write_and_read(document);
    }
    return 0;
}
