// SPDX-License-Identifier: LGPL-2.1-or-later
#include "change.h"
#include "transition.h"

#include <string.h>

static char *list_versions(const StoreService *service)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = service->releases->len; i-- > 0;) {
        const StoreRelease *release = g_ptr_array_index(service->releases, i);

        if (release->revision != service->active && g_hash_table_add(seen, release->version))
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", release->version);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static const StoreRelease *find_release(const StoreService *service, const char *version, GError **error)
{
    const StoreRelease *found = NULL;

    for (guint i = 0; i < service->releases->len; i++) {
        const StoreRelease *release = g_ptr_array_index(service->releases, i);

        if (release->revision != service->active &&
            (version ? strcmp(release->version, version) == 0 : release->revision == service->previous))
            found = release; /* the last is the newest */
    }
    if (found)
        return found;
    g_autofree char *versions = list_versions(service), *shown = text_escape(version ? version : "");
    if (version)
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s has no other release of version %s", service->name, shown);
    else
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s has no release to go back to", service->name);
    if (*versions)
        gourd_error_hint(error, "it has %s", versions);
    else
        gourd_error_hint(error,
                         "only one release was ever active, or gc dropped the others; 'gourd upgrade' takes a bundle");
    return NULL;
}

/* The bundle must still be what it was. */
static BundleSource *open_bundle(Store *store, const StoreRelease *release, GError **error)
{
    g_autoptr(BundleSource) source = bundle_source_open_stored(store, release->bundle, error);

    if (!source || !bundle_check(source->bundle, FALSE, error))
        return NULL;
    if (digest_equal(&source->digest, &release->digest))
        return g_steal_pointer(&source);
    gourd_error_set(error, GOURD_ERROR_DIFFERS, "'%s' is not the bundle that was installed", source->path);
    gourd_error_hint(error, "put the right one there, or use it as it is: gourd upgrade");
    return NULL;
}

static gboolean plan_rollback(const Transition *transition, guint revision, GError **error)
{
    g_autoptr(StoreService) after = service_copy(transition->before);
    const char *unit = transition->new->files->unit;
    g_autofree char *path = g_strconcat(PATH_UNITS "/", unit, NULL);
    const ServiceFile *main = record_find(transition->new, path);
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();

    if (!transition_check(transition, error) || !transition_prepare(transition, error) ||
        !transition_switch(transition, error) || !links_of_unit(unit, main->content, links, error))
        return FALSE;
    for (guint i = 0; i < links->len; i++)
        g_strv_builder_add(paths, ((const ServiceFile *)g_ptr_array_index(links, i))->path);
    g_strfreev(after->links);
    after->links = g_strv_builder_end(paths);
    g_free(after->unit);
    after->unit = g_strdup(unit);
    after->previous = after->active;
    after->active = revision;
    change_write_state(transition->change, after);
    return TRUE;
}

StoreChange *store_plan_rollback(Store *store, const char *name, const char *version, gboolean no_start, Notes *notes,
                                 GError **error)
{
    g_autoptr(StoreService) service = store_find(store, name, error);
    const StoreRelease *release = service ? find_release(service, version, error) : NULL;

    if (!release)
        return NULL;
    g_autofree char *title = g_strdup_printf("roll %s back to %s", name, release->version);
    g_autoptr(StoreChange) change = store_change_new(name, title);
    change->pending->source = open_bundle(store, release, error);
    if (!change->pending->source)
        return NULL;
    g_autoptr(Record) old = record_read(store, name, service->active, error);
    g_autoptr(Record) new = old ? record_read(store, name, release->revision, error) : NULL;
    if (!new)
        return NULL;
    change_name_releases(change, service, release->revision, release->version);
    change->unit = g_strdup(new->files->unit);
    change->has_health = new->files->has_health;
    change->started = !no_start && host_is_live(store->host);
    pending_take_user(change->pending, new->files);
    const Transition transition = {
        .store = store,
        .change = change,
        .notes = notes,
        .before = service,
        .old = old,
        .new = new,
        .is_rollback = TRUE,
        .start = change->started,
    };
    return plan_rollback(&transition, release->revision, error) ? g_steal_pointer(&change) : NULL;
}
