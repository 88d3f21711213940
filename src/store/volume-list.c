// SPDX-License-Identifier: LGPL-2.1-or-later
#include "store-private.h"

#include <string.h>
#include <unistd.h>

static void volume_free(gpointer data)
{
    StoreVolume *volume = data;

    g_free(volume->owner);
    g_free(volume->name);
    g_free(volume->id);
    g_free(volume->path);
    g_ptr_array_unref(volume->users);
    g_free(volume);
}

static StoreVolume *volume_new(const char *owner, const char *name)
{
    StoreVolume *volume = g_new0(StoreVolume, 1);

    volume->owner = g_strdup(owner);
    volume->name = g_strdup(name);
    volume->id = g_build_filename(owner, name, NULL);
    volume->path = g_build_filename(PATH_VOLUMES, volume->id, NULL);
    volume->users = g_ptr_array_new_with_free_func(g_free);
    return volume;
}

/* --- what is there ------------------------------------------------------------------------------------------------ */

static gboolean add_of_owner(Store *store, const char *owner, GPtrArray *volumes, GError **error)
{
    g_autofree char *folder = g_build_filename(PATH_VOLUMES, owner, NULL);
    g_autoptr(GPtrArray) names = NULL;
    struct stat status;
    gboolean found;

    if (!root_look(store->root, folder, &status, &found, error))
        return FALSE;
    if (!found || !S_ISDIR(status.st_mode))
        return TRUE;
    if (!root_list(store->root, folder, &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (*name == '.') /* gourd's own: .gourd-fill, and what a plan has put aside */
            continue;
        if (!root_look(store->root, path, &status, &found, error))
            return FALSE;
        if (found && S_ISDIR(status.st_mode))
            g_ptr_array_add(volumes, volume_new(owner, name));
    }
    return TRUE;
}

static gboolean add_all(Store *store, GPtrArray *volumes, GError **error)
{
    g_autoptr(GPtrArray) owners = NULL;

    if (!root_list(store->root, PATH_VOLUMES, &owners, error))
        return FALSE;
    for (guint i = 0; i < owners->len; i++) {
        const char *owner = g_ptr_array_index(owners, i);

        if (*owner != '.' && !add_of_owner(store, owner, volumes, error))
            return FALSE;
    }
    return TRUE;
}

/* --- who uses it -------------------------------------------------------------------------------------------------- */

/* Whether a path, or one below it, is in a unit's text. */
static gboolean text_names(const char *text, const char *path)
{
    gsize length = strlen(path);

    for (const char *at = strstr(text, path); at; at = strstr(at + 1, path)) {
        char after = at[length];

        if (!g_ascii_isalnum(after) && (after == '\0' || !strchr("._-+", after)))
            return TRUE;
    }
    return FALSE;
}

static gboolean is_named(const GPtrArray *files, const char *path, gboolean *ret_mount)
{
    g_autofree char *where = g_strconcat("Where=", path, NULL);
    gboolean named = FALSE;

    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        if (!file->content || !g_str_has_prefix(file->path, PATH_UNITS "/"))
            continue;
        gsize size;
        const char *bytes = g_bytes_get_data(file->content, &size);
        g_autofree char *text = g_strndup(bytes ? bytes : "", size);
        named |= text_names(text, path);
        *ret_mount |= text_names(text, where);
    }
    return named;
}

static void add_user(StoreVolume *volume, const char *service)
{
    for (guint i = 0; i < volume->users->len; i++)
        if (strcmp(g_ptr_array_index(volume->users, i), service) == 0)
            return;
    g_ptr_array_add(volume->users, g_strdup(service));
}

static gboolean find_users(Store *store, const GPtrArray *volumes, GError **error)
{
    g_autoptr(GPtrArray) services = NULL, stacks = NULL;

    if (!store_list(store, &services, error) || !store_list_stacks(store, &stacks, error))
        return FALSE;
    for (guint i = 0; i < services->len; i++) {
        const StoreService *service = g_ptr_array_index(services, i);

        for (guint j = 0; j < service->releases->len; j++) {
            const StoreRelease *release = g_ptr_array_index(service->releases, j);
            g_autoptr(Record) record = record_read(store, service->name, release->revision, error);

            if (!record)
                return FALSE;
            for (guint k = 0; k < volumes->len; k++) {
                StoreVolume *volume = g_ptr_array_index(volumes, k);

                if (is_named(record->files->files, volume->path, &volume->is_mount))
                    add_user(volume, service->name);
            }
        }
    }
    for (guint i = 0; i < stacks->len; i++)
        for (guint k = 0; k < volumes->len; k++) {
            StoreVolume *volume = g_ptr_array_index(volumes, k);

            is_named(((const StoreStack *)g_ptr_array_index(stacks, i))->units, volume->path, &volume->is_mount);
        }
    return TRUE;
}

gboolean store_list_volumes(Store *store, GPtrArray **ret_volumes, GError **error)
{
    g_autoptr(GPtrArray) volumes = g_ptr_array_new_with_free_func(volume_free);

    if (!add_all(store, volumes, error) || !find_users(store, volumes, error)) {
        if (geteuid() != 0)
            gourd_error_hint(error, "this needs root: run it with sudo");
        return FALSE;
    }
    *ret_volumes = g_steal_pointer(&volumes);
    return TRUE;
}

guint64 store_measure_volume(const Store *store, const StoreVolume *volume)
{
    return root_measure(store->root, volume->path);
}

/* --- choosing ----------------------------------------------------------------------------------------------------- */

static gboolean fail_choice(const GPtrArray *volumes, const char *text, GError **error)
{
    g_autofree char *shown = text_escape(text);
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < volumes->len; i++) {
        const StoreVolume *volume = g_ptr_array_index(volumes, i);

        g_ptr_array_add(names, strchr(text, '/') ? volume->id : volume->owner);
        if (!strchr(text, '/'))
            g_ptr_array_add(names, volume->name);
    }
    const char *nearest = nearest_name(text, names);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no volume '%s'", shown);
    for (guint i = 0; nearest && i < volumes->len; i++) {
        const StoreVolume *volume = g_ptr_array_index(volumes, i);

        if (nearest == volume->name)
            return gourd_error_hint(error, "did you mean '%s'?", volume->id);
    }
    if (nearest)
        return gourd_error_hint(error, "did you mean '%s'?", nearest);
    return gourd_error_hint(error, "'gourd volume ls' shows all; one is called OWNER/VOLUME");
}

GPtrArray *store_choose_volumes(const GPtrArray *volumes, const char *text, GError **error)
{
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();

    for (guint i = 0; i < volumes->len; i++) {
        StoreVolume *volume = g_ptr_array_index(volumes, i);

        if (strcmp(strchr(text, '/') ? volume->id : volume->owner, text) == 0)
            g_ptr_array_add(chosen, volume);
    }
    if (chosen->len > 0)
        return g_steal_pointer(&chosen);
    fail_choice(volumes, text, error);
    return NULL;
}
