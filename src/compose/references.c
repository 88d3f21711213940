// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whether what services name is there. */
#include "load.h"

#include <string.h>

static gboolean set_missing(const ComposeNode *place, const char *what, const char *name, const ComposeNode *known,
                            GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *shown = text_escape(name);

    for (const ComposeNode *item = known ? known->first : NULL; item; item = item->next)
        g_ptr_array_add(names, (char *)item->key);
    const char *nearest = nearest_name(name, names);
    compose_error(error, GOURD_ERROR_INPUT, place, "there is no %s '%s'", what, shown);
    if (nearest)
        return gourd_error_hint(error, "did you mean '%s'?", nearest);
    return gourd_error_hint(error, "add it below '%ss:' at the top", what);
}

/* --- names --------------------------------------------------------------------------------------------------------- */

static gboolean check_names(const ComposeNode *section, GError **error)
{
    for (const ComposeNode *item = section ? section->first : NULL; item; item = item->next) {
        if (*item->key && item->key[strspn(item->key, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-")] == '\0')
            continue;
        compose_error(error, GOURD_ERROR_INPUT, item, "this is no name");
        return gourd_error_hint(error, "letters, digits, '.', '_' and '-'");
    }
    return TRUE;
}

/* `names` has which service is called so (char * → ComposeNode *, borrowed). */
static gboolean check_container_name(const ComposeNode *service, GHashTable *names, GError **error)
{
    const ComposeNode *name = compose_node_get(service, "container_name");

    if (!name || !name->text)
        return TRUE;
    const ComposeNode *other = g_hash_table_lookup(names, name->text);
    if (other) {
        g_autofree char *shown = text_escape(name->text);

        return compose_error(error, GOURD_ERROR_INPUT, name, "the service '%s' is called '%s' already", other->key,
                             shown);
    }
    g_hash_table_insert(names, (gpointer)name->text, (gpointer)service);
    return TRUE;
}

/* --- services ------------------------------------------------------------------------------------------------------ */

static gboolean check_dependencies(const ComposeNode *service, GHashTable *disabled, GError **error)
{
    ComposeNode *depends = compose_node_get(service, "depends_on");

    for (ComposeNode *item = depends ? depends->first : NULL, *next; item; item = next) {
        const char *name = item->key;

        next = item->next;
        if (compose_node_get(service->parent, name))
            continue;
        if (!compose_node_get_bool(item, "required", TRUE)) {
            compose_node_unlink(item);
            continue;
        }
        if (g_hash_table_contains(disabled, name)) {
            compose_error(error, GOURD_ERROR_INPUT, item, "the service '%s' is of a profile that is not active", name);
            return gourd_error_hint(error, "--profile activates it; required: false makes do without it");
        }
        return set_missing(item, "service", name, service->parent, error);
    }
    return TRUE;
}

/* "service:NAME" */
static gboolean check_namespace(const ComposeNode *service, const char *key, GError **error)
{
    const ComposeNode *node = compose_node_get(service, key);
    const char *name = node && node->text && g_str_has_prefix(node->text, "service:") ? node->text + 8 : NULL;

    if (name && strcmp(name, service->key) == 0)
        return compose_error(error, GOURD_ERROR_INPUT, node, "a service cannot share with itself");
    return !name || compose_node_get(service->parent, name) ||
           set_missing(node, "service", name, service->parent, error);
}

/* --- circles ------------------------------------------------------------------------------------------------------- */

typedef struct {
    const ComposeNode *services;
    GHashTable *done; /* services from which there is no way back to themselves */
    GPtrArray *path;  /* services, from the first to the one that is looked at */
} Circles;

static gboolean fail_circle(const Circles *circles, guint from, const ComposeNode *item, GError **error)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (guint i = from; i < circles->path->len; i++)
        g_string_append_printf(path, "%s → ", ((const ComposeNode *)g_ptr_array_index(circles->path, i))->key);
    compose_error(error, GOURD_ERROR_INPUT, item, "services depend on each other: %s%s", path->str, item->key);
    return gourd_error_hint(error, "one of these 'depends_on' has to go");
}

/* As deep as services depend on others, which is limited. */
static gboolean check_circles(Circles *circles, const ComposeNode *service,
                              GError **error) /* NOLINT(misc-no-recursion) */
{
    const ComposeNode *depends = compose_node_get(service, "depends_on");
    guint at;

    if (g_hash_table_contains(circles->done, service))
        return TRUE;
    if (circles->path->len == STACK_SERVICES_MAX)
        return compose_error(error, GOURD_ERROR_LIMIT, service, "more than %d services depend on each other in a row",
                             STACK_SERVICES_MAX);
    g_ptr_array_add(circles->path, (gpointer)service);
    for (const ComposeNode *item = depends ? depends->first : NULL; item; item = item->next) {
        const ComposeNode *other = compose_node_get(circles->services, item->key);

        if (other && g_ptr_array_find(circles->path, other, &at))
            return fail_circle(circles, at, item, error);
        if (other && !check_circles(circles, other, error))
            return FALSE;
    }
    g_ptr_array_set_size(circles->path, (int)circles->path->len - 1);
    g_hash_table_add(circles->done, (gpointer)service);
    return TRUE;
}

/* --- what the top has ---------------------------------------------------------------------------------------------- */

static gboolean use(const ComposeNode *root, const char *section, const char *what, const char *name,
                    const ComposeNode *place, GHashTable *used, GError **error)
{
    const ComposeNode *known = compose_node_get(root, section);
    const ComposeNode *found = compose_node_get(known, name);

    if (!found)
        return set_missing(place, what, name, known, error);
    g_hash_table_add(used, (gpointer)found);
    return TRUE;
}

static gboolean use_networks(const ComposeNode *root, const ComposeNode *service, GHashTable *used, GError **error)
{
    const ComposeNode *networks = compose_node_get(service, "networks"),
                      *mode = compose_node_get(service, "network_mode");

    if (mode && networks && networks->n_items > 0) {
        compose_error(error, GOURD_ERROR_INPUT, mode, "network_mode and networks contradict each other");
        return gourd_error_hint(error, "take one of them away; an override file does that with '!reset null'");
    }
    for (const ComposeNode *item = networks ? networks->first : NULL; item; item = item->next) {
        if (!use(root, "networks", "network", item->key, item, used, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean use_volumes(const ComposeNode *root, const ComposeNode *service, GHashTable *used, GError **error)
{
    const ComposeNode *volumes = compose_node_get(service, "volumes");

    for (const ComposeNode *item = volumes ? volumes->first : NULL; item; item = item->next) {
        const char *source = compose_node_get_text(item, "source");

        if (source && g_strcmp0(compose_node_get_text(item, "type"), "volume") == 0 &&
            !use(root, "volumes", "volume", source, item, used, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean use_files(const ComposeNode *root, const ComposeNode *holder, const char *section, const char *what,
                          GHashTable *used, GError **error)
{
    const ComposeNode *files = compose_node_get(holder, section);

    for (const ComposeNode *item = files ? files->first : NULL; item; item = item->next) {
        const char *source = compose_node_get_text(item, "source");

        if (source && !use(root, section, what, source, item, used, error))
            return FALSE;
    }
    return TRUE;
}

/* Whether it says what it runs; "" says nothing. */
static gboolean has_image(const ComposeNode *service)
{
    const ComposeNode *image = compose_node_get(service, "image");

    return (image && image->text && *image->text) || compose_node_get(service, "build") ||
           compose_node_get(service, "provider");
}

static gboolean check_service(const ComposeNode *root, const ComposeNode *service, GHashTable *disabled,
                              GHashTable *used, GError **error)
{
    if (service->kind != COMPOSE_MAP || !has_image(service)) {
        compose_error(error, GOURD_ERROR_INPUT, service, "it has neither image nor build");
        return gourd_error_hint(error, "image: names what it runs");
    }
    return check_dependencies(service, disabled, error) && check_namespace(service, "network_mode", error) &&
           check_namespace(service, "ipc", error) && check_namespace(service, "pid", error) &&
           use_networks(root, service, used, error) && use_volumes(root, service, used, error) &&
           use_files(root, service, "secrets", "secret", used, error) &&
           use_files(root, compose_node_get(service, "build"), "secrets", "secret", used, error) &&
           use_files(root, service, "configs", "config", used, error);
}

/* What no service uses is not made. */
static void drop_unused(ComposeNode *root, GHashTable *used)
{
    static const char *const sections[] = {"networks", "volumes", "secrets", "configs", NULL};

    for (const char *const *name = sections; *name; name++) {
        ComposeNode *section = compose_node_get(root, *name);

        for (ComposeNode *item = section ? section->first : NULL, *next; item; item = next) {
            next = item->next;
            if (!g_hash_table_contains(used, item))
                compose_node_unlink(item);
        }
        if (section && section->n_items == 0)
            compose_node_unlink(section);
    }
}

gboolean compose_check_references(ComposeNode *root, GHashTable *disabled, GError **error)
{
    const ComposeNode *services = compose_node_get(root, "services");
    g_autoptr(GHashTable) used = g_hash_table_new(NULL, NULL), names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) done = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) path = g_ptr_array_new();
    Circles circles = {.services = services, .done = done, .path = path};
    static const char *const named[] = {"services", "networks", "volumes", "secrets", "configs"};

    for (guint i = 0; i < G_N_ELEMENTS(named); i++)
        if (!check_names(compose_node_get(root, named[i]), error))
            return FALSE;
    for (const ComposeNode *service = services ? services->first : NULL; service; service = service->next) {
        if (!check_service(root, service, disabled, used, error) || !check_container_name(service, names, error))
            return FALSE;
    }
    for (const ComposeNode *service = services ? services->first : NULL; service; service = service->next)
        if (!check_circles(&circles, service, error))
            return FALSE;
    drop_unused(root, used);
    return TRUE;
}
