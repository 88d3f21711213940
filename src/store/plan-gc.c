// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy.h"

#include <string.h>

typedef struct {
    Store *store;
    StoreChange *change;
    guint keep;
    GHashTable *bundles; /* names of files that releases need */
    GHashTable *helpers; /* paths that units name */
} Collection;

/* --- releases ----------------------------------------------------------------------------------------------------- */

/* Revisions that stay: the active one, then the one before, then the newest. */
static GHashTable *choose_kept(const StoreService *service, guint keep)
{
    GHashTable *kept = g_hash_table_new(NULL, NULL);

    g_hash_table_add(kept, GUINT_TO_POINTER(service->active));
    if (service->previous && keep > 0)
        g_hash_table_add(kept, GUINT_TO_POINTER(service->previous));
    for (guint i = service->releases->len; i-- > 0 && g_hash_table_size(kept) <= keep;)
        g_hash_table_add(kept,
                         GUINT_TO_POINTER(((const StoreRelease *)g_ptr_array_index(service->releases, i))->revision));
    return kept;
}

static gboolean drop_release(const Collection *collection, const char *name, guint revision, GError **error)
{
    g_autofree char *record = record_path(name, revision);
    g_autofree char *folder = g_strdup_printf(PATH_SERVICES "/%s/%u", name, revision);

    return change_purge(collection->store, collection->change, record, error) &&
           change_purge(collection->store, collection->change, folder, error);
}

static gboolean keep_release(const Collection *collection, const StoreService *service, const StoreRelease *release,
                             GError **error)
{
    g_autoptr(Record) record = record_read(collection->store, service->name, release->revision, error);

    if (!record)
        return FALSE;
    if (record->init)
        g_hash_table_add(collection->helpers, g_strdup(record->init));
    g_hash_table_add(collection->bundles, g_strdup(release->bundle));
    return TRUE;
}

static gboolean collect_service(const Collection *collection, const StoreService *service, GError **error)
{
    g_autoptr(GHashTable) kept = choose_kept(service, collection->keep);
    g_autoptr(StoreService) after = service_copy(service);

    for (guint i = after->releases->len; i-- > 0;) {
        const StoreRelease *release = g_ptr_array_index(after->releases, i);

        if (g_hash_table_contains(kept, GUINT_TO_POINTER(release->revision))) {
            if (!keep_release(collection, service, release, error))
                return FALSE;
            continue;
        }
        if (!drop_release(collection, service->name, release->revision, error))
            return FALSE;
        if (after->previous == release->revision)
            after->previous = 0;
        g_ptr_array_remove_index(after->releases, i);
    }
    if (after->releases->len < service->releases->len)
        change_write_state(collection->change, after);
    return TRUE;
}

/* --- files that nothing names ------------------------------------------------------------------------------------- */

static gboolean collect_bundles(const Collection *collection, GError **error)
{
    g_autoptr(GPtrArray) bundles = NULL;

    if (!store_list_bundles(collection->store, &bundles, error))
        return FALSE;
    for (guint i = 0; i < bundles->len; i++) {
        const StoreBundle *bundle = g_ptr_array_index(bundles, i);
        g_autofree char *path = g_strconcat(PATH_BUNDLES "/", bundle->file, NULL);

        if (!g_hash_table_contains(collection->bundles, bundle->file) &&
            !change_purge(collection->store, collection->change, path, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_of_stack(const GPtrArray *stacks, const char *path)
{
    for (guint i = 0; i < stacks->len; i++)
        if (files_mention(((const StoreStack *)g_ptr_array_index(stacks, i))->units, path))
            return TRUE;
    return FALSE;
}

static gboolean collect_helpers(const Collection *collection, GError **error)
{
    g_autoptr(GPtrArray) names = NULL, stacks = NULL;

    if (!root_list(collection->store->root, PATH_HELPERS, &names, error) ||
        !store_list_stacks(collection->store, &stacks, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *path = g_strconcat(PATH_HELPERS "/", name, NULL);

        if (g_str_has_prefix(name, "gourd-init-") && !g_hash_table_contains(collection->helpers, path) &&
            !is_of_stack(stacks, path) && !change_purge(collection->store, collection->change, path, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean collect(const Collection *collection, GError **error)
{
    g_autoptr(GPtrArray) services = NULL;

    if (!store_list(collection->store, &services, error))
        return FALSE;
    for (guint i = 0; i < services->len; i++) {
        if (!collect_service(collection, g_ptr_array_index(services, i), error))
            return FALSE;
    }
    return collect_bundles(collection, error) && collect_helpers(collection, error);
}

StoreChange *store_plan_gc(Store *store, guint keep, Notes *notes, GError **error)
{
    g_autoptr(StoreChange) change = store_change_new("", "drop old releases");
    Collection collection = {.store = store, .change = change, .keep = keep};

    collection.bundles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    collection.helpers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean done = collect(&collection, error);
    g_hash_table_unref(collection.bundles);
    g_hash_table_unref(collection.helpers);
    return done ? g_steal_pointer(&change) : NULL;
}
