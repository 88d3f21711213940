// SPDX-License-Identifier: LGPL-2.1-or-later
#include "change.h"
#include "transition.h"

#include <string.h>

typedef struct {
    Store *store;
    StoreChange *change;
    Notes *notes;
    const StoreService *service;
    const Record *record;
    gboolean purge;
    const GPtrArray *others; /* StoreService: those that remain */
    GPtrArray *shared;       /* char *: units of all services that nobody needs any more: this is the last one */
} Removal;

/* In the order in which they must stop: what starts first, stops last. */
static void plan_unit_stops(const Removal *removal)
{
    const ServiceFiles *files = removal->record->files;
    Plan *plan = removal->change->plan;
    g_autoptr(GString) mounts = g_string_new(NULL);

    if (!host_is_live(removal->store->host))
        return;
    for (guint i = files->units->len; i-- > 0;) {
        const char *unit = g_ptr_array_index(files->units, i);

        if (!unit_is_active(removal->store, unit) || strcmp(unit, files->unit) == 0)
            continue;
        if (g_str_has_suffix(unit, ".mount"))
            g_string_append_printf(mounts, " %s", unit);
        else if (!file_is_shared(unit))
            plan_act(plan, "stop", unit, "revive", unit);
    }
    if (unit_is_active(removal->store, files->unit)) {
        g_string_prepend(mounts, files->unit);
        plan_act(plan, mounts->len > strlen(files->unit) ? "halt" : "stop", mounts->str, "revive", mounts->str);
    }
    for (guint i = 0; i < removal->shared->len; i++) {
        const char *unit = g_ptr_array_index(removal->shared, i);

        if (unit_is_active(removal->store, unit))
            plan_act(plan, "stop", unit, "revive", unit);
    }
}

static gboolean plan_removals(const Removal *removal, GError **error)
{
    const GPtrArray *files = removal->record->files->files;
    Plan *plan = removal->change->plan;
    g_autoptr(GPtrArray) links = links_of_release(removal->record->files, error);

    if (!links)
        return FALSE;
    for (guint i = 0; i < links->len; i++) {
        const ServiceFile *link = g_ptr_array_index(links, i);

        plan_remove(plan, link->path);
    }
    for (guint i = files->len; i-- > 0;) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        if (!g_str_has_prefix(file->path, PATH_SERVICES "/") && !file_is_shared(file->path))
            plan_remove(plan, file->path);
    }
    for (guint i = 0; i < removal->shared->len; i++) {
        g_autofree char *path = g_strconcat(PATH_UNITS "/", g_ptr_array_index(removal->shared, i), NULL);

        plan_remove(plan, path);
    }
    return TRUE;
}

/* Bundles that no other service has a release of. */
static gboolean plan_bundle_purges(const Removal *removal, GError **error)
{
    g_autoptr(GHashTable) kept = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < removal->others->len; i++) {
        const StoreService *service = g_ptr_array_index(removal->others, i);

        for (guint j = 0; j < service->releases->len; j++)
            g_hash_table_add(kept, ((const StoreRelease *)g_ptr_array_index(service->releases, j))->bundle);
    }
    for (guint i = 0; i < removal->service->releases->len; i++) {
        const StoreRelease *release = g_ptr_array_index(removal->service->releases, i);
        g_autofree char *path = g_strconcat(PATH_BUNDLES "/", release->bundle, NULL);

        if (g_hash_table_add(kept, release->bundle) && !change_purge(removal->store, removal->change, path, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean plan_purges(const Removal *removal, GError **error)
{
    const char *const folders[] = {PATH_SERVICES, PATH_STATE, PATH_VOLUMES};
    guint n_folders = removal->purge ? 3 : 2;

    for (guint i = 0; i < n_folders; i++) {
        g_autofree char *path = g_build_filename(folders[i], removal->service->name, NULL);

        if (!change_purge(removal->store, removal->change, path, error))
            return FALSE;
    }
    return !removal->purge || plan_bundle_purges(removal, error);
}

static gboolean add_notes(const Removal *removal, GError **error)
{
    const ServiceFiles *files = removal->record->files;
    g_autofree char *dropins = g_strdup_printf(PATH_UNITS "/%s.d", files->unit);
    struct stat status;
    gboolean found;

    for (guint i = 0; i < files->volumes->len && !removal->purge; i++)
        notes_add(removal->notes, "volume-kept",
                  removal->change->stack
                      ? "the volumes stay; 'gourd volume rm' removes them, 'gourd down -v' those of a stack too"
                      : "the volumes stay, for another installation; --purge removes them",
                  ((const ServiceVolume *)g_ptr_array_index(files->volumes, i))->path);
    if (!root_look(removal->store->root, dropins, &status, &found, error))
        return FALSE;
    if (found)
        notes_add(removal->notes, "drop-ins-kept", "drop-ins are yours, and stay", dropins);
    if (files->user && g_str_has_prefix(files->user, "gourd-"))
        notes_add(removal->notes, "user-kept", "the user stays, since files may still belong to it; userdel removes it",
                  files->user);
    return TRUE;
}

static gboolean plan_removal(const Removal *removal, GError **error)
{
    const ServiceFiles *files = removal->record->files;
    g_autofree char *path = state_path(removal->service->name);
    Plan *plan = removal->change->plan;

    plan_unit_stops(removal);
    if (!removal->purge && !transition_save_edited(removal->store, plan, removal->record, NULL, removal->notes, error))
        return FALSE;
    if (!plan_removals(removal, error))
        return FALSE;
    if (host_is_live(removal->store->host)) {
        plan_act(plan, "reload", NULL, "reload", NULL);
        for (guint i = 0; i < files->units->len; i++) /* else systemd goes on listing those that had failed */
            plan_act(plan, "reset-failed", g_ptr_array_index(files->units, i), NULL, NULL);
    }
    plan_remove(plan, path);
    return plan_purges(removal, error) && add_notes(removal, error);
}

static gboolean is_own_unit(Store *store, const char *path, gboolean *ret_own, GError **error)
{
    g_autoptr(GBytes) content = NULL;
    struct stat status;
    gboolean found;

    if (!root_look(store->root, path, &status, &found, error) ||
        (found && S_ISREG(status.st_mode) && !root_load(store->root, path, UNIT_FILE_SIZE_MAX, &content, NULL, error)))
        return FALSE;
    *ret_own = content && content_is_ours(content);
    return TRUE;
}

/* Looked for on the host: which of them the last service needs says nothing about those before it. */
static gboolean find_shared(Store *store, gboolean is_last, GPtrArray **ret_units, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;
    g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func(g_free);

    if (is_last && !root_list(store->root, PATH_UNITS, &names, error))
        return FALSE;
    for (guint i = 0; names && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *path = g_strconcat(PATH_UNITS "/", name, NULL);
        gboolean own = FALSE;

        if (file_is_shared(name) && !is_own_unit(store, path, &own, error))
            return FALSE;
        if (own)
            g_ptr_array_add(units, g_strdup(name));
    }
    *ret_units = g_steal_pointer(&units);
    return TRUE;
}

gboolean change_remove(Store *store, StoreChange *change, const StoreService *service, gboolean purge,
                       const GPtrArray *others, Notes *notes, GError **error)
{
    g_autoptr(Record) record = record_read(store, service->name, service->active, error);
    g_autoptr(GPtrArray) shared = NULL;

    if (!record || !find_shared(store, others->len == 0, &shared, error))
        return FALSE;
    change_name_releases(change, service, 0, NULL);
    change->unit = g_strdup(service->unit);
    const Removal removal = {
        .store = store,
        .change = change,
        .notes = notes,
        .service = service,
        .record = record,
        .purge = purge,
        .others = others,
        .shared = shared,
    };
    return plan_removal(&removal, error);
}

StoreChange *store_plan_remove(Store *store, const char *name, gboolean purge, Notes *notes, GError **error)
{
    g_autoptr(StoreService) service = store_find(store, name, error);
    g_autoptr(GPtrArray) others = NULL;

    if (!service || !store_list(store, &others, error))
        return NULL;
    for (guint i = others->len; i-- > 0;)
        if (strcmp(((const StoreService *)g_ptr_array_index(others, i))->name, name) == 0)
            g_ptr_array_remove_index(others, i);
    g_autofree char *title = g_strdup_printf("remove %s", name);
    g_autoptr(StoreChange) change = store_change_new(name, title);
    return change_remove(store, change, service, purge, others, notes, error) ? g_steal_pointer(&change) : NULL;
}
