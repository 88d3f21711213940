// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

/* x-gourd: what Compose has no word for. */

static gboolean fail_key(const ComposeNode *item, const char *const *keys, GError **error)
{
    g_autofree char *all = g_strjoinv(", ", (char **)keys);
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (; *keys; keys++)
        g_ptr_array_add(names, (gpointer)*keys);
    const char *nearest = nearest_name(item->key, names);
    compose_error(error, GOURD_ERROR_INPUT, item, "there is no such key");
    return nearest ? gourd_error_hint(error, "did you mean '%s'?", nearest)
                   : gourd_error_hint(error, "there are: %s", all);
}

/* --- backup ------------------------------------------------------------------------------------------------------- */

/* As a health check's test: a text is for the shell, a list has the words. */
static gboolean read_command(const ComposeNode *item, char **ret_command, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (const ComposeNode *word = item->kind == COMPOSE_LIST ? item->first : NULL; word; word = word->next) {
        g_autofree char *quoted = word->text ? g_shell_quote(word->text) : NULL;

        if (!quoted)
            return compose_error(error, GOURD_ERROR_INPUT, word, "a word is wanted");
        g_string_append_printf(text, "%s%s", text->len ? " " : "", quoted);
    }
    if (item->kind == COMPOSE_STRING)
        g_string_assign(text, item->text);
    if (text->len == 0) {
        compose_error(error, GOURD_ERROR_INPUT, item, "a command is wanted");
        return gourd_error_hint(error, "a text for the shell of the image, or a list of words");
    }
    *ret_command = g_string_free(g_steal_pointer(&text), FALSE);
    return TRUE;
}

/* What a dump stands for, as the service calls it: external ones belong to others, and so are told by their place. */
static gboolean read_volume(Map *map, const ComposeNode *item, GError **error)
{
    const ComposeNode *volumes = compose_node_get(map->definition, "volumes");
    const ComposeNode *definition = item->text
                                        ? compose_node_get(compose_node_get(map->project->root, "volumes"), item->text)
                                        : NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const ComposeNode *volume = volumes ? volumes->first : NULL; volume; volume = volume->next) {
        const char *source = compose_node_get_text(volume, "source"), *target = compose_node_get_text(volume, "target");

        if (g_strcmp0(compose_node_get_text(volume, "type"), "volume") != 0)
            continue;
        if (g_strcmp0(source, item->text) == 0 || g_strcmp0(target, item->text) == 0) {
            gboolean external = compose_node_get_bool(definition, "external", FALSE);

            map->options->backup_volume = g_strdup(external || !source ? target : source);
            return TRUE;
        }
        g_ptr_array_add(names, (gpointer)(source ? source : target));
    }
    const char *nearest = item->text ? nearest_name(item->text, names) : NULL;
    compose_error(error, GOURD_ERROR_INPUT, item, "the service has no such volume");
    return nearest ? gourd_error_hint(error, "did you mean '%s'?", nearest) : FALSE;
}

static gboolean map_backup(Map *map, const ComposeNode *value, GError **error)
{
    static const char *const keys[] = {"dump", "restore", "before", "after", "volume", "timeout", NULL};
    ServiceOptions *options = map->options;
    char **const commands[] = {&options->backup_dump, &options->backup_restore, &options->backup_before,
                               &options->backup_after};

    if (value->kind != COMPOSE_MAP || !value->first) {
        compose_error(error, GOURD_ERROR_INPUT, value, "it has no commands");
        return gourd_error_hint(error, "dump and restore, or before and after");
    }
    for (const ComposeNode *item = value->first; item; item = item->next) {
        guint k = 0;

        while (keys[k] && strcmp(keys[k], item->key) != 0)
            k++;
        if (!keys[k])
            return fail_key(item, keys, error);
        if (k < G_N_ELEMENTS(commands)         ? !read_command(item, commands[k], error)
            : strcmp(item->key, "volume") == 0 ? !read_volume(map, item, error)
                                               : !compose_node_duration(item, &options->backup_timeout_usec, error))
            return FALSE;
        if (!compose_node_get(value, "dump") &&
            (strcmp(item->key, "restore") == 0 || strcmp(item->key, "volume") == 0)) {
            compose_error(error, GOURD_ERROR_INPUT, item, "it is for a dump, and there is none");
            return gourd_error_hint(error, "'dump' is the command that writes one");
        }
    }
    return TRUE;
}

/* --- of a service, and of the stack ------------------------------------------------------------------------------- */

gboolean map_gourd(Map *map, const ComposeNode *value, GError **error)
{
    static const char *const keys[] = {"source",     "bundle",      "allow",  "writable",
                                       "secure_env", "pre_upgrade", "backup", NULL};

    for (const ComposeNode *item = value->first; item; item = item->next) {
        if (g_str_equal(item->key, "source")) {
            map->service->source = g_strdup(item->text);
        } else if (g_str_equal(item->key, "bundle")) {
            map->service->bundle = g_strdup(item->text);
        } else if (g_str_equal(item->key, "allow")) {
            map->options->allow = map_texts(item);
        } else if (g_str_equal(item->key, "writable")) {
            map->options->writable = map_texts(item);
        } else if (g_str_equal(item->key, "secure_env")) {
            map->options->secure_env = g_strcmp0(item->text, "true") == 0;
        } else if (g_str_equal(item->key, "pre_upgrade")) {
            map->options->pre_upgrade = g_strdup(item->text);
        } else if (g_str_equal(item->key, "backup")) {
            if (!map_backup(map, item, error))
                return FALSE;
        } else {
            return fail_key(item, keys, error);
        }
    }
    return TRUE;
}

/* It is the service that has the programs. */
static gboolean check_volumes(const ComposeNode *volumes, GError **error)
{
    for (const ComposeNode *volume = volumes ? volumes->first : NULL; volume; volume = volume->next) {
        const ComposeNode *own = compose_node_get(volume, "x-gourd");

        if (!own)
            continue;
        compose_error(error, GOURD_ERROR_INPUT, own, "a volume has no settings of gourd's");
        return gourd_error_hint(error, "'x-gourd: {backup: …}' belongs to a service that uses it");
    }
    return TRUE;
}

gboolean map_stack_gourd(Map *map, const ComposeNode *value, GError **error)
{
    static const char *const keys[] = {"network", NULL};

    for (const ComposeNode *item = value ? value->first : NULL; item; item = item->next) {
        int mode = 0;

        if (strcmp(item->key, "network") != 0)
            return fail_key(item, keys, error);
        while (stack_network_words[mode] && g_strcmp0(stack_network_words[mode], item->text) != 0)
            mode++;
        if (!stack_network_words[mode])
            return compose_error(error, GOURD_ERROR_INPUT, item, "auto, host or private is wanted");
        map->stack->network->mode = mode;
    }
    return check_volumes(compose_node_get(map->project->root, "volumes"), error);
}
