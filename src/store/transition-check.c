// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transition.h"

#include <string.h>

#define FILE_SIZE_MAX (16 * 1024 * 1024) /* of a unit or snippet: as of the state that has it */
#define SAVES_MAX 1000                   /* copies of one edited file */

gboolean content_is_ours(GBytes *content)
{
    gsize size;
    const char *bytes = g_bytes_get_data(content, &size);
    g_autofree char *text = g_strndup(bytes, size);

    return service_file_is_ours(text);
}

/* --- whose a file is ---------------------------------------------------------------------------------------------- */

/* The other service whose active release has a file; NULL if none has. */
static gboolean find_owner(const Transition *transition, const char *path, char **ret_owner, GError **error)
{
    g_autoptr(GPtrArray) services = NULL;

    *ret_owner = NULL;
    if (!store_list(transition->store, &services, error))
        return FALSE;
    for (guint i = 0; i < services->len && !*ret_owner; i++) {
        const StoreService *service = g_ptr_array_index(services, i);

        if (strcmp(service->name, transition->change->name) == 0)
            continue;
        g_autoptr(Record) record = record_read(transition->store, service->name, service->active, error);
        if (!record)
            return FALSE;
        if (record_find(record, path))
            *ret_owner = g_strdup(service->name);
    }
    return TRUE;
}

static gboolean refuse(const char *path, const char *owner, GError **error)
{
    if (owner)
        gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' belongs to the service %s", path, owner);
    else
        gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' exists already, and gourd did not write it", path);
    return gourd_error_hint(error, "give the service another name with --name");
}

static gboolean check_owner(const Transition *transition, const char *path, GError **error)
{
    g_autofree char *owner = NULL;

    return find_owner(transition, path, &owner, error) && (!owner || refuse(path, owner, error));
}

static gboolean check_masked(const Transition *transition, const char *path, const char *unit, GError **error)
{
    g_autofree char *target = NULL;

    if (!root_load_link(transition->store->root, path, &target, error))
        return FALSE;
    if (g_strcmp0(target, "/dev/null") != 0)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_EXISTS, "the unit '%s' is masked", unit);
    return gourd_error_hint(error, "'systemctl unmask %s' takes that back", unit);
}

/* A file that the old release does not have. */
static gboolean check_file(const Transition *transition, const ServiceFile *file, GError **error)
{
    g_autofree char *unit = g_path_get_basename(file->path), *found = NULL;
    g_autoptr(GBytes) content = NULL;

    if (g_str_has_prefix(file->path, PATH_UNITS "/")) {
        found = host_find_unit(transition->store->host, unit);
        if (found && strcmp(found, file->path) != 0)
            return refuse(found, NULL, error);
    }
    if (!check_masked(transition, file->path, unit, error))
        return FALSE;
    if (!root_load(transition->store->root, file->path, FILE_SIZE_MAX, &content, NULL, error))
        return FALSE;
    if (!content)
        return found ? refuse(found, NULL, error) : TRUE; /* a link that leads nowhere */
    if (!content_is_ours(content))
        return refuse(file->path, NULL, error);
    return check_owner(transition, file->path, error);
}

/* Another name that the service is to have must be free too. */
static gboolean check_alias(const Transition *transition, const ServiceFile *link, GError **error)
{
    g_autofree char *alias = g_path_get_basename(link->path), *target = NULL;
    g_autofree char *found = host_find_unit(transition->store->host, alias);

    if (!found)
        return TRUE;
    if (!root_load_link(transition->store->root, found, &target, error))
        return FALSE;
    if (strcmp(found, link->path) == 0 && g_strcmp0(target, link->target) == 0)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_EXISTS, "the service cannot be called '%s' too: '%s' is another unit", alias,
                    found);
    return gourd_error_hint(error, "a service answers to its own name; leave the alias (container_name) away");
}

static gboolean check_aliases(const Transition *transition, GError **error)
{
    g_autoptr(GPtrArray) links = links_of_release(transition->new->files, error);

    for (guint i = 0; links && i < links->len; i++) {
        const ServiceFile *link = g_ptr_array_index(links, i);

        if (strchr(link->path + strlen(PATH_UNITS "/"), '/') == NULL && !check_alias(transition, link, error))
            return FALSE;
    }
    return links != NULL;
}

gboolean transition_check(const Transition *transition, GError **error)
{
    const GPtrArray *files = transition->new->files->files;

    if (transition->no_state) /* nothing is known of the host */
        return TRUE;
    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        if (!file->content || file_is_shared(file->path) || g_str_has_prefix(file->path, PATH_SERVICES "/") ||
            record_find(transition->old, file->path))
            continue;
        if (!check_file(transition, file, error))
            return FALSE;
    }
    return check_aliases(transition, error);
}

/* --- what was edited ---------------------------------------------------------------------------------------------- */

/* Where a copy goes: the first name that is free, or that has the same copy already (then NULL without error). */
static gboolean find_save_path(Store *store, const char *path, GBytes *content, char **ret_path, GError **error)
{
    for (guint i = 1; i <= SAVES_MAX; i++) {
        g_autofree char *save = i == 1 ? g_strconcat(path, ".gourd-save", NULL)
                                       : g_strdup_printf("%s.gourd-save.%u", path, i);
        g_autoptr(GBytes) there = NULL;

        if (!root_load(store->root, save, FILE_SIZE_MAX, &there, NULL, error))
            return FALSE;
        if (there && !g_bytes_equal(there, content))
            continue;
        *ret_path = there ? NULL : g_steal_pointer(&save);
        return TRUE;
    }
    return gourd_error_set(error, GOURD_ERROR_LIMIT, "there are %d copies of '%s' already", SAVES_MAX, path);
}

/* Whether the host has something else than what was written. *ret_content is it. */
static gboolean look_for_edit(Store *store, const ServiceFile *file, GBytes **ret_content, mode_t *ret_mode,
                              GError **error)
{
    g_autoptr(GBytes) content = NULL;

    if (!root_load(store->root, file->path, FILE_SIZE_MAX, &content, ret_mode, error))
        return FALSE;
    if (!content || g_bytes_equal(content, file->content) || (file_is_shared(file->path) && content_is_ours(content)))
        return TRUE;
    *ret_content = g_steal_pointer(&content);
    return TRUE;
}

static gboolean plan_save(Store *store, Plan *plan, const char *path, GBytes *content, mode_t mode, GError **error)
{
    g_autofree char *save = NULL;

    if (!find_save_path(store, path, content, &save, error))
        return FALSE;
    if (save)
        plan_write(plan, save, mode, content);
    return TRUE;
}

static gboolean save_edited(Store *store, Plan *plan, const ServiceFile *file, const ServiceFile *next, Notes *notes,
                            GError **error)
{
    g_autoptr(GBytes) content = NULL;
    mode_t mode = 0;

    if (!look_for_edit(store, file, &content, &mode, error))
        return FALSE;
    if (!content || (next && next->content && g_bytes_equal(content, next->content)))
        return TRUE;
    notes_add(
        notes, "edited-file",
        "a file of gourd's was edited by hand; a copy of it is kept as FILE.gourd-save. What is to stay goes into a "
        "drop-in: `systemctl edit` makes one, which gourd never touches",
        file->path);
    return plan_save(store, plan, file->path, content, mode, error);
}

gboolean transition_save_edited(Store *store, Plan *plan, const Record *old, const Record *new, Notes *notes,
                                GError **error)
{
    const GPtrArray *files = old->files->files;

    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        if (file->content && !g_str_has_prefix(file->path, PATH_SERVICES "/") &&
            !save_edited(store, plan, file, record_find(new, file->path), notes, error))
            return FALSE;
    }
    return TRUE;
}

gboolean record_is_in_place(Store *store, const Record *record, gboolean *ret_in_place, GError **error)
{
    const GPtrArray *files = record->files->files;

    *ret_in_place = FALSE;
    for (guint i = 0; i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);
        g_autoptr(GBytes) content = NULL;
        g_autofree char *target = NULL;

        if (file->content ? !root_load(store->root, file->path, FILE_SIZE_MAX, &content, NULL, error)
                          : !root_load_link(store->root, file->path, &target, error))
            return FALSE;
        if (file_is_shared(file->path) ? !content && !target
            : file->content            ? !content || !g_bytes_equal(content, file->content)
                                       : g_strcmp0(target, file->target) != 0)
            return TRUE;
    }
    *ret_in_place = TRUE;
    return TRUE;
}
