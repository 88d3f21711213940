// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load.h"

/* A service and all that it depends on. */
static void keep(const ComposeNode *service, GHashTable *kept)
{
    const ComposeNode *depends = compose_node_get(service, "depends_on");

    if (!g_hash_table_add(kept, (gpointer)service))
        return;
    for (const ComposeNode *item = depends ? depends->first : NULL; item; item = item->next) {
        const ComposeNode *other = compose_node_get(service->parent, item->key);

        if (other)
            keep(other, kept);
    }
}

ComposeNode *compose_find_service(const ComposeNode *services, const char *name, GError **error)
{
    ComposeNode *service = compose_node_get(services, name);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *shown = text_escape(name);

    if (service)
        return service;
    for (const ComposeNode *item = services ? services->first : NULL; item; item = item->next)
        g_ptr_array_add(names, (char *)item->key);
    const char *nearest = nearest_name(name, names);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no service '%s'", shown);
    if (nearest)
        gourd_error_hint(error, "did you mean '%s'?", nearest);
    return NULL;
}

static gboolean keep_all(const ComposeNode *all, const char *const *services, GHashTable *kept, GError **error)
{
    for (const char *const *name = services; *name; name++) {
        const ComposeNode *service = compose_find_service(all, *name, error);

        if (!service)
            return FALSE;
        keep(service, kept);
    }
    return TRUE;
}

gboolean compose_project_list_needed(const ComposeProject *project, const char *const *services, GPtrArray **ret_names,
                                     GError **error)
{
    const ComposeNode *all = compose_node_get(project->root, "services");
    g_autoptr(GHashTable) kept = g_hash_table_new(NULL, NULL);

    if (!keep_all(all, services, kept, error))
        return FALSE;
    *ret_names = g_ptr_array_new_null_terminated(0, g_free, TRUE);
    for (const ComposeNode *item = all->first; item; item = item->next)
        if (g_hash_table_contains(kept, item))
            g_ptr_array_add(*ret_names, g_strdup(item->key));
    return TRUE;
}

gboolean compose_project_select(ComposeProject *project, const char *const *services, GError **error)
{
    ComposeNode *all = compose_node_get(project->root, "services");
    g_autoptr(GHashTable) kept = g_hash_table_new(NULL, NULL), nothing = g_hash_table_new(NULL, NULL);

    if (!keep_all(all, services, kept, error))
        return FALSE;
    for (ComposeNode *item = all->first, *next; item; item = next) {
        next = item->next;
        if (!g_hash_table_contains(kept, item))
            compose_node_unlink(item);
    }
    return compose_check_references(project->root, nothing, error);
}
