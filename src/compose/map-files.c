// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

/* Secrets and configs: files that only the service's user reads. */

#define CREDENTIALS_ENCRYPTED "/etc/credstore.encrypted/" /* where systemd looks for credentials by name */
#define CREDENTIALS_PLAIN "/etc/credstore/"

/* One that somebody else put on the host. */
static void map_external(Map *map, const char *name, const char *target)
{
    g_autofree char *encrypted = g_strconcat(CREDENTIALS_ENCRYPTED, name, NULL);

    if (g_file_test(encrypted, G_FILE_TEST_EXISTS))
        map_appendf(&map->options->encrypted_files, "%s:%s", encrypted, target);
    else
        map_appendf(&map->options->secret_files, CREDENTIALS_PLAIN "%s:%s", name, target);
    map_note(map, "external",
             "secrets and configs that are external are files of /etc/credstore.encrypted or /etc/credstore");
}

static gboolean map_variable(Map *map, const ComposeNode *definition, const char *target, GError **error)
{
    const ComposeNode *variable = compose_node_get(definition, "environment");
    const char *value = g_hash_table_lookup(map->project->environment, variable->text);

    if (!value) {
        compose_error(error, GOURD_ERROR_INPUT, variable, "the variable '%s' is not set", variable->text);
        return gourd_error_hint(error, "set it in the environment, in .env or in a file given by --env-file");
    }
    map_appendf(&map->options->secret_texts, "%s=%s", target, value);
    return TRUE;
}

static gboolean map_file(Map *map, const ComposeNode *grant, const ComposeNode *definition, GError **error)
{
    const char *target = compose_node_get_text(grant, "target"), *file = compose_node_get_text(definition, "file");
    const char *content = compose_node_get_text(definition, "content");

    if (compose_node_get(definition, "driver") || compose_node_get(definition, "template_driver"))
        return map_set_unsupported(definition, "there are no drivers of secrets and configs",
                                   "file, environment or content", error);
    if (compose_node_get_bool(definition, "external", FALSE)) {
        map_external(map, compose_node_get_text(definition, "name"), target);
    } else if (file) {
        map_appendf(&map->options->secret_files, "%s:%s", file, target);
    } else if (content) {
        map_appendf(&map->options->secret_texts, "%s=%s", target, content);
    } else if (compose_node_get(definition, "environment")) {
        return map_variable(map, definition, target, error);
    } else {
        return compose_error(error, GOURD_ERROR_INPUT, definition,
                             "what is in it is not said: file, environment, external");
    }
    return TRUE;
}

gboolean map_files(Map *map, const ComposeNode *value, GError **error)
{
    const ComposeNode *definitions = compose_node_get(map->project->root, value->key);

    for (const ComposeNode *grant = value->first; grant; grant = grant->next) {
        const ComposeNode *definition = compose_node_get(definitions, compose_node_get_text(grant, "source"));

        if (!map_file(map, grant, definition, error))
            return FALSE;
    }
    return TRUE;
}
