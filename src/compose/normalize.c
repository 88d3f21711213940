// SPDX-License-Identifier: LGPL-2.1-or-later
/* Defaults and names, as docker compose gives them. */
#include "load.h"

#include "lengthen.h"
#include "merge.h"

#include <string.h>

/* --- profiles ------------------------------------------------------------------------------------------------------ */

static gboolean is_active(const ComposeNode *service, const char *const *active)
{
    const ComposeNode *profiles = compose_node_get(service, "profiles");

    if (!profiles || profiles->n_items == 0 || g_strv_contains(active, "*"))
        return TRUE;
    for (const ComposeNode *profile = profiles->first; profile; profile = profile->next) {
        if (profile->text && g_strv_contains(active, profile->text))
            return TRUE;
    }
    return FALSE;
}

static void collect_profiles(ComposeProject *project, const ComposeNode *service)
{
    const ComposeNode *profiles = compose_node_get(service, "profiles");

    for (const ComposeNode *profile = profiles ? profiles->first : NULL; profile; profile = profile->next) {
        if (profile->text && !g_ptr_array_find_with_equal_func(project->profiles, profile->text, g_str_equal, NULL))
            g_ptr_array_add(project->profiles, g_strdup(profile->text));
    }
}

static gint compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* With those of the services that are named, unless they are active as it is. The caller frees the array, not what is in it. */
static char **list_active(const ComposeNode *services, const char *const *active, const char *const *named)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    for (const char *const *name = active; *name; name++)
        g_ptr_array_add(all, (char *)*name);
    for (const char *const *name = named; name && *name; name++) {
        const ComposeNode *service = compose_node_get(services, *name);
        const ComposeNode *profiles = service && !is_active(service, active) ? compose_node_get(service, "profiles")
                                                                             : NULL;

        for (const ComposeNode *profile = profiles ? profiles->first : NULL; profile; profile = profile->next)
            if (profile->text)
                g_ptr_array_add(all, (char *)profile->text);
    }
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_steal(all, NULL);
}

static void apply_profiles(ComposeProject *project, ComposeNode *services, const char *const *active,
                           GHashTable *disabled)
{
    for (ComposeNode *service = services->first, *next; service; service = next) {
        next = service->next;
        collect_profiles(project, service);
        if (is_active(service, active))
            continue;
        g_hash_table_add(disabled, (gpointer)service->key);
        compose_node_unlink(service);
    }
    g_ptr_array_sort(project->profiles, compare_texts);
}

/* --- services ------------------------------------------------------------------------------------------------------ */

static void add_dependency(ComposeNode *service, const char *name, gboolean restart, const ComposeNode *place)
{
    ComposeNode *depends = compose_node_ensure_map(service, "depends_on");

    if (compose_node_get(depends, name))
        return;
    ComposeNode *entry = compose_node_new(service->arena, COMPOSE_MAP, place);
    compose_node_set_text(entry, "condition", "service_started");
    if (restart)
        compose_node_set(entry, "restart", compose_node_new_bool(service->arena, TRUE, place));
    compose_node_set(entry, "required", compose_node_new_bool(service->arena, TRUE, place));
    compose_node_set(depends, name, entry);
}

/* Services that others are needed for without being named below depends_on. */
static void add_dependencies(ComposeNode *service)
{
    static const char *const spaces[] = {"network_mode", "ipc", "pid", "uts", "cgroup", NULL};
    const ComposeNode *links = compose_node_get(service, "links"), *from = compose_node_get(service, "volumes_from");

    for (const ComposeNode *link = links ? links->first : NULL; link; link = link->next) {
        g_autofree char *name = g_strndup(link->text, strcspn(link->text, ":"));

        add_dependency(service, name, TRUE, link);
    }
    for (const char *const *key = spaces; *key; key++) {
        const ComposeNode *node = compose_node_get(service, *key);

        if (node && node->text && g_str_has_prefix(node->text, "service:"))
            add_dependency(service, node->text + strlen("service:"), TRUE, node);
    }
    for (const ComposeNode *item = from ? from->first : NULL; item; item = item->next) {
        g_autofree char *name = g_strndup(item->text, strcspn(item->text, ":"));

        if (strcmp(name, "container") != 0)
            add_dependency(service, name, FALSE, item);
    }
}

static void complete_build(ComposeNode *service, const char *folder)
{
    ComposeNode *build = compose_node_get(service, "build");

    if (!build)
        return;
    if (!compose_node_get(build, "context"))
        compose_node_set_text(build, "context", folder);
    if (!compose_node_get(build, "dockerfile") && !compose_node_get(build, "dockerfile_inline"))
        compose_node_set_text(build, "dockerfile", "Dockerfile");
}

static void complete_service(ComposeNode *service, const char *folder)
{
    const ComposeNode *policy = compose_node_get(service, "pull_policy"),
                      *networks = compose_node_get(service, "networks");

    add_dependencies(service);
    complete_build(service, folder);
    if (policy && g_strcmp0(policy->text, "if_not_present") == 0)
        compose_node_set_text(service, "pull_policy", "missing");
    if (!compose_node_get(service, "network_mode") && (!networks || networks->n_items == 0) &&
        !compose_node_get(service, "provider"))
        compose_node_set(compose_node_ensure_map(service, "networks"), "default",
                         compose_node_new(service->arena, COMPOSE_NULL, service));
}

/* --- the top ------------------------------------------------------------------------------------------------------- */

/* A network or volume is called as the project and itself, unless it has a name or comes from elsewhere. */
static void name_resources(ComposeNode *root, const char *project)
{
    static const char *const sections[] = {"networks", "volumes", "secrets", "configs", NULL};

    for (const char *const *section = sections; *section; section++) {
        ComposeNode *members = compose_node_get(root, *section);

        for (ComposeNode *item = members ? members->first : NULL; item; item = item->next) {
            if (item->kind == COMPOSE_NULL)
                item = compose_node_replace(item, compose_node_new(root->arena, COMPOSE_MAP, item));
            if (item->kind != COMPOSE_MAP || compose_node_get(item, "name"))
                continue;
            g_autofree char *full = compose_node_get_bool(item, "external", FALSE)
                                        ? g_strdup(item->key)
                                        : g_strconcat(project, "_", item->key, NULL);
            compose_node_set_text(item, "name", full);
        }
    }
}

/* Relative paths of "local" volumes that are folders elsewhere. */
static void complete_volumes(ComposeNode *root, const ComposeReading *reading)
{
    ComposeNode *volumes = compose_node_get(root, "volumes");

    for (ComposeNode *volume = volumes ? volumes->first : NULL; volume; volume = volume->next) {
        ComposeNode *options = compose_node_get(volume, "driver_opts");
        const char *device = compose_node_get_text(options, "device"), *o = compose_node_get_text(options, "o");
        g_auto(GStrv) words = g_strsplit(o ? o : "", ",", -1);

        if (!device || (!g_strv_contains((const char *const *)words, "bind") &&
                        !g_strv_contains((const char *const *)words, "rbind")))
            continue;
        g_autofree char *path = compose_absolute_path(device, reading);
        compose_node_set_text(options, "device", path);
    }
}

static void sort_below(ComposeNode *node)
{
    if (node->kind == COMPOSE_MAP)
        compose_node_sort(node);
    for (ComposeNode *item = node->first; item; item = item->next)
        sort_below(item);
}

/* What stands first is what people look for first. */
static void order_top(ComposeNode *root)
{
    static const char *const order[] = {"name",    "services", "networks", "volumes",
                                        "secrets", "configs",  "models",   NULL};
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    for (ComposeNode *item = root->first; item; item = item->next) {
        if (g_strv_contains(order, item->key)) {
            for (ComposeNode *member = item->first; member; member = member->next)
                sort_below(member);
            if (item->kind == COMPOSE_MAP)
                compose_node_sort(item);
        } else {
            g_ptr_array_add(others, item);
        }
    }
    for (const char *const *key = order; *key; key++) {
        ComposeNode *item = compose_node_get(root, *key);

        if (item) {
            compose_node_unlink(item);
            compose_node_set(root, *key, item);
        }
    }
    for (guint i = 0; i < others->len; i++) {
        ComposeNode *item = g_ptr_array_index(others, i);
        const char *key = item->key;

        compose_node_unlink(item);
        compose_node_set(root, key, item);
    }
}

/* `user: ${NAME:-}` says nothing, with Docker too. */
static void drop_empty_texts(ComposeNode *service)
{
    for (ComposeNode *item = service->first, *next; item; item = next) {
        next = item->next;
        if (item->kind == COMPOSE_STRING && !*item->text)
            compose_node_unlink(item);
    }
}

static gboolean normalize_services(ComposeLoader *loader, ComposeNode *services, GError **error)
{
    ComposeNode *root = services->parent;

    for (ComposeNode *service = services->first; service; service = service->next) {
        if (service->kind != COMPOSE_MAP)
            continue;
        drop_empty_texts(service);
        if (!compose_resolve_environment(loader, service, error) || !compose_check_scale(service, error))
            return FALSE;
        complete_service(service, loader->project->folder);
        if (compose_node_get(compose_node_get(service, "networks"), "default")) {
            ComposeNode *networks = compose_node_ensure_map(root, "networks");

            if (!compose_node_get(networks, "default"))
                compose_node_set(networks, "default", compose_node_new(root->arena, COMPOSE_NULL, service));
        }
    }
    return TRUE;
}

gboolean compose_normalize(ComposeLoader *loader, const char *const *profiles, const char *const *named, GError **error)
{
    ComposeProject *project = loader->project;
    ComposeNode *root = project->root;
    const ComposeReading reading = {.folder = project->folder, .home = loader->home, .raw = loader->raw};
    g_autoptr(GHashTable) disabled = g_hash_table_new(g_str_hash, g_str_equal);
    ComposeNode *version = compose_node_get(root, "version");

    compose_drop_reset(root);
    if (version)
        compose_node_unlink(version);
    compose_node_set_text(root, "name", project->name);
    ComposeNode *services = compose_node_ensure_map(root, "services");
    g_autofree char **active = list_active(services, profiles, named);
    apply_profiles(project, services, (const char *const *)active, disabled);
    if (!normalize_services(loader, services, error) || !compose_check_contradictions(root, error) ||
        !compose_check_references(root, disabled, error))
        return FALSE;
    name_resources(root, project->name);
    complete_volumes(root, &reading);
    order_top(root);
    return TRUE;
}
