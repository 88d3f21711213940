// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

#include <string.h>

#define VOLUMES_OF_NOBODY \
    "External_volumes" /* beside the folders of stacks and services, of which none can be called so */

/* --- binds --------------------------------------------------------------------------------------------------------- */

static void add_word(GString *words, const char *word)
{
    g_string_append_printf(words, "%c%s", words->len ? ',' : ':', word);
}

static void note_spread(Map *map, const ComposeNode *details)
{
    static const char *const usual[] = {"rprivate", "rslave", NULL};
    static const char *const half[] = {"writable", "readonly", NULL};
    const char *spread = compose_node_get_text(details, "propagation");
    const char *recursive = compose_node_get_text(details, "recursive");

    if (spread && !g_strv_contains(usual, spread))
        map_note(map, "volumes.bind.propagation",
                 "mounts of the host are seen in the service, not the other way round (rslave)");
    if (recursive && g_strv_contains(half, recursive))
        map_note(map, "volumes.bind.recursive",
                 "what is mounted below is as writable as the rest: a bind is recursive, or disabled: not");
}

/* A folder would be made in its place where it is missing, and systemd-tmpfiles complains of it at each boot. What is called so is a socket,
 * also while nobody listens. */
static gboolean is_file(const char *path)
{
    return g_str_has_suffix(path, ".sock") ||
           (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_DIR));
}

static gboolean map_bind(Map *map, const ComposeNode *volume, gboolean read_only, GError **error)
{
    const char *source = compose_node_get_text(volume, "source"), *target = compose_node_get_text(volume, "target");
    const ComposeNode *details = compose_node_get(volume, "bind");
    g_autoptr(GString) words = g_string_new(NULL);

    if (!source)
        return compose_error(error, GOURD_ERROR_INPUT, volume, "it has no source");
    if (read_only)
        add_word(words, "ro");
    if (compose_node_get_bool(details, "create_host_path", FALSE))
        add_word(words, is_file(source) ? "file" : "create");
    if (g_strcmp0(compose_node_get_text(details, "recursive"), "disabled") == 0)
        add_word(words, "norbind");
    note_spread(map, details);
    if (g_str_has_suffix(source, "/docker.sock"))
        map_note(map, "volumes.docker.sock", "there is no Docker to talk to, for programs that ask it");
    map_appendf(&map->options->binds, "%s:%s%s", source, target, words->str);
    return TRUE;
}

/* --- volumes ------------------------------------------------------------------------------------------------------- */

/* Those of Docker are called PROJECT_VOLUME; gourd's are in a folder for each stack. What `docker volume create` makes is nobody's. */
static gboolean name_external(Map *map, const ComposeNode *definition, GString *name)
{
    const char *full = compose_node_get_text(definition, "name"), *line = strchr(full, '_');
    gboolean of_stack = line && line != full && line[1];

    if (of_stack) {
        g_string_append_printf(name, "%.*s/%s", (int)(line - full), full, line + 1);
    } else {
        g_string_append_printf(name, VOLUMES_OF_NOBODY "/%s", full);
        map_note(map, "volumes.external",
                 "a volume that is of no stack is " VOLUMES_OF_NOBODY
                 "/NAME here, is made if it is missing, and stays when stacks go");
    }
    return of_stack;
}

static void note_driver_options(Map *map, const ComposeNode *options)
{
    static const char *const known[] = {"type", "device", "o", NULL};

    for (const ComposeNode *option = options ? options->first : NULL; option; option = option->next)
        if (!g_strv_contains(known, option->key))
            map_note(map, "volumes.driver_opts", "type, device and o are looked at, no others");
}

/* The folder of a volume is called as the stack and the volume. */
static void note_name(Map *map, const ComposeNode *definition, const char *source)
{
    const char *name = compose_node_get_text(definition, "name");
    g_autofree char *usual = g_strdup_printf("%s_%s", map->project->name, source);

    if (name && strcmp(name, usual) != 0)
        map_note(map, "volumes.name",
                 "a volume of the stack is called STACK/VOLUME; external ones are those of others");
}

/* A folder of the host, or memory, under the name of a volume. *ret_done: it is one of these. */
static gboolean map_driver_options(Map *map, const ComposeNode *volume, const ComposeNode *definition,
                                   gboolean read_only, gboolean *ret_done, GError **error)
{
    const ComposeNode *options = compose_node_get(definition, "driver_opts");
    const char *type = compose_node_get_text(options, "type"), *o = compose_node_get_text(options, "o");
    const char *device = compose_node_get_text(options, "device"),
               *driver = compose_node_get_text(definition, "driver");
    const char *target = compose_node_get_text(volume, "target");
    g_auto(GStrv) words = g_strsplit(o ? o : "", ",", -1);

    *ret_done = TRUE;
    note_driver_options(map, options);
    if (driver && strcmp(driver, "local") != 0)
        return map_set_unsupported(definition, "there are no drivers of volumes",
                                   "mount it on the host, and bind the folder", error);
    if (g_strv_contains((const char *const *)words, "bind") || g_strv_contains((const char *const *)words, "rbind")) {
        map_appendf(&map->options->binds, "%s:%s%s", device ? device : "", target, read_only ? ":ro" : "");
    } else if (g_strcmp0(type, "tmpfs") == 0) {
        map_appendf(&map->options->tmpfs, "%s%s%s", target, o && *o ? ":" : "", o ? o : "");
    } else {
        *ret_done = FALSE;
    }
    return TRUE;
}

/* Another file system under the name of a volume. */
static gboolean map_mount(Map *map, const ComposeNode *definition, const char *name, GError **error)
{
    const ComposeNode *options = compose_node_get(definition, "driver_opts");
    GError *problem = NULL;

    if (stack_add_mount(map->stack, name, compose_node_get_text(options, "type"),
                        compose_node_get_text(options, "device"), compose_node_get_text(options, "o"), &problem))
        return TRUE;
    compose_error(error, GOURD_ERROR_UNSUPPORTED, options, "%s", problem->message);
    g_error_free(problem);
    return FALSE;
}

static gboolean map_named(Map *map, const ComposeNode *volume, gboolean read_only, GError **error)
{
    const char *source = compose_node_get_text(volume, "source"), *target = compose_node_get_text(volume, "target");
    const ComposeNode *definition = compose_node_get(compose_node_get(map->project->root, "volumes"), source);
    const ComposeNode *details = compose_node_get(volume, "volume");
    const ComposeNode *options = compose_node_get(definition, "driver_opts");
    gboolean external = compose_node_get_bool(definition, "external", FALSE), done = FALSE;
    g_autoptr(GString) words = g_string_new(NULL), name = g_string_new(NULL);

    note_spread(map, compose_node_get(volume, "bind"));
    if (definition && !map_driver_options(map, volume, definition, read_only, &done, error))
        return FALSE;
    if (done)
        return TRUE;
    if (read_only)
        add_word(words, "ro");
    if (external) {
        if (name_external(map, definition, name))
            add_word(words, "external");
    } else {
        g_string_append(name, source);
        note_name(map, definition, source);
    }
    if (!external && (compose_node_get(options, "type") || compose_node_get(options, "device"))) {
        if (!map_mount(map, definition, source, error))
            return FALSE;
        add_word(words, "mounted");
    }
    if (compose_node_get_bool(details, "nocopy", FALSE))
        add_word(words, "nocopy");
    if (compose_node_get(details, "subpath"))
        g_string_append_printf(words, "%csubpath=%s", words->len ? ',' : ':',
                               compose_node_get_text(details, "subpath"));
    map_appendf(&map->options->volumes, "%s:%s%s", name->str, target, words->str);
    return TRUE;
}

static void map_temporary(Map *map, const ComposeNode *volume)
{
    const ComposeNode *details = compose_node_get(volume, "tmpfs");
    const char *size = compose_node_get_text(details, "size"), *mode = compose_node_get_text(details, "mode");
    g_autoptr(GString) text = g_string_new(compose_node_get_text(volume, "target"));

    if (size)
        g_string_append_printf(text, ":size=%s", size);
    if (mode)
        g_string_append_printf(text, "%cmode=%s", size ? ',' : ':', mode);
    vector_append(&map->options->tmpfs, text->str);
}

static gboolean map_volume(Map *map, const ComposeNode *volume, gboolean read_only, GError **error)
{
    const char *type = compose_node_get_text(volume, "type");

    read_only |= compose_node_get_bool(volume, "read_only", FALSE);
    if (strcmp(type, "bind") == 0)
        return map_bind(map, volume, read_only, error);
    if (strcmp(type, "volume") == 0 && compose_node_get(volume, "source"))
        return map_named(map, volume, read_only, error);
    if (strcmp(type, "volume") == 0)
        vector_append(&map->options->volumes, compose_node_get_text(volume, "target"));
    else if (strcmp(type, "tmpfs") == 0)
        map_temporary(map, volume);
    else
        return map_set_unsupported(volume, "there are no such volumes here", "bind, volume and tmpfs are known", error);
    return TRUE;
}

gboolean map_volumes(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next)
        if (!map_volume(map, item, FALSE, error))
            return FALSE;
    return TRUE;
}

/* Whether the service has something of its own there. */
static gboolean has_target(const Map *map, const char *target)
{
    const ComposeNode *own = compose_node_get(map->definition, "volumes");

    for (const ComposeNode *item = own ? own->first : NULL; item; item = item->next)
        if (g_strcmp0(compose_node_get_text(item, "target"), target) == 0)
            return TRUE;
    return FALSE;
}

static gboolean map_volumes_of(Map *map, const ComposeNode *item, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(item->text, ":", 2);
    const ComposeNode *other = compose_node_get(map->definition->parent, parts[0]);
    const ComposeNode *volumes = compose_node_get(other, "volumes");

    if (strcmp(parts[0], "container") == 0 || !other)
        return map_set_unsupported(item, "containers of Docker are not known here", "name a service of this file",
                                   error);
    for (const ComposeNode *volume = volumes ? volumes->first : NULL; volume; volume = volume->next) {
        gboolean own = g_strcmp0(compose_node_get_text(volume, "type"), "tmpfs") == 0; /* memory is each container's */

        if (own || has_target(map, compose_node_get_text(volume, "target")))
            continue;
        if (!compose_node_get(volume, "source"))
            return map_set_unsupported(volume, "a volume without a name cannot be had by two services",
                                       "give it a name: NAME:PATH", error);
        if (!map_volume(map, volume, g_strcmp0(parts[1], "ro") == 0, error))
            return FALSE;
    }
    return TRUE;
}

gboolean map_volumes_from(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next)
        if (!map_volumes_of(map, item, error))
            return FALSE;
    return TRUE;
}

/* --- memory -------------------------------------------------------------------------------------------------------- */

static gboolean is_of_path(const char *text, const char *other)
{
    gsize length = strcspn(text, ":");

    return length == strcspn(other, ":") && strncmp(text, other, length) == 0;
}

/* Of two for one path, as a file and its override may have them, the last one counts. */
gboolean map_tmpfs(Map *map, const ComposeNode *value, GError **error)
{
    g_auto(GStrv) texts = map_texts(value);

    for (char **text = texts; *text; text++) {
        gboolean again = FALSE;

        for (char **later = text + 1; *later && !again; later++)
            again = is_of_path(*text, *later);
        if (!again)
            vector_append(&map->options->tmpfs, *text);
    }
    return TRUE;
}

gboolean map_shm_size(Map *map, const ComposeNode *value, GError **error)
{
    gint64 bytes;

    if (!compose_node_size(value, &bytes, error))
        return FALSE;
    map->options->shm_size = (guint64)MAX(bytes, 0);
    return TRUE;
}

/* true is what always is. */
gboolean map_read_only(Map *map, const ComposeNode *value, GError **error)
{
    return TRUE;
}
