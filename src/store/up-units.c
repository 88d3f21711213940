// SPDX-License-Identifier: LGPL-2.1-or-later
#include "up.h"

#include <string.h>

static const ServiceFile *find_file(const GPtrArray *files, const char *path)
{
    for (guint i = 0; files && i < files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(files, i);

        if (strcmp(file->path, path) == 0)
            return file;
    }
    return NULL;
}

static gboolean refuse(const char *path, GError **error)
{
    gourd_error_set(error, GOURD_ERROR_EXISTS, "'%s' exists already, and gourd did not write it", path);
    return gourd_error_hint(error, "give the stack another name with -p");
}

/* A unit of the system's, as network.target, would be hidden by one in PATH_UNITS. */
static gboolean check_hidden(const Up *up, const ServiceFile *file, GError **error)
{
    g_autofree char *unit = g_path_get_basename(file->path);
    g_autofree char *found = g_str_has_prefix(file->path, PATH_UNITS "/") ? host_find_unit(up->store->host, unit)
                                                                          : NULL;

    return !found || strcmp(found, file->path) == 0 || refuse(found, error);
}

gboolean up_unit_is_in_place(const Up *up, const ServiceFile *file, gboolean *ret_same, GError **error)
{
    g_autoptr(GBytes) there = NULL;

    *ret_same = FALSE;
    if (up->request->no_state) /* nothing is known of the host */
        return TRUE;
    if (!check_hidden(up, file, error) ||
        !root_load(up->store->root, file->path, UNIT_FILE_SIZE_MAX, &there, NULL, error))
        return FALSE;
    *ret_same = there && g_bytes_equal(there, file->content);
    return !there || *ret_same || content_is_ours(there) || refuse(file->path, error);
}

/* --- which run ---------------------------------------------------------------------------------------------------- */

static gboolean is_of_network(const Up *up, const char *unit)
{
    return up->network && g_ptr_array_find_with_equal_func(up->network->units, unit, g_str_equal, NULL);
}

static gboolean is_unit_file(const ServiceFile *file)
{
    return g_str_has_prefix(file->path, PATH_UNITS "/") && file->content;
}

void up_sort_network_units(const Up *up, GPtrArray **ret_idle, GPtrArray **ret_changed, GPtrArray **ret_gone)
{
    *ret_idle = g_ptr_array_new_with_free_func(g_free);
    *ret_changed = g_ptr_array_new_with_free_func(g_free);
    *ret_gone = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < up->units->len; i++) {
        const ServiceFile *file = g_ptr_array_index(up->units, i);
        g_autofree char *unit = g_path_get_basename(file->path);
        gboolean same = FALSE;

        if (!is_unit_file(file) || !is_of_network(up, unit))
            continue;
        gboolean active = unit_is_active(up->store, unit);
        if (!active)
            g_ptr_array_add(*ret_idle, g_steal_pointer(&unit));
        else if (!up_unit_is_in_place(up, file, &same, NULL) || !same)
            g_ptr_array_add(*ret_changed, g_steal_pointer(&unit));
    }
    for (guint i = 0; up->before && i < up->before->units->len; i++) {
        const ServiceFile *file = g_ptr_array_index(up->before->units, i);
        g_autofree char *unit = g_path_get_basename(file->path);

        if (is_unit_file(file) && !find_file(up->units, file->path) && unit_is_active(up->store, unit))
            g_ptr_array_add(*ret_gone, g_steal_pointer(&unit));
    }
}

gboolean up_loses_files(const Up *up)
{
    for (guint i = 0; up->before && i < up->before->units->len; i++)
        if (!find_file(up->units, ((const ServiceFile *)g_ptr_array_index(up->before->units, i))->path))
            return TRUE;
    return FALSE;
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

/* A link that was there and is not was taken away by whoever wanted that. */
static gboolean plan_links(const Up *up, GError **error)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);

    for (guint i = 0; i < up->units->len && !up->before && !up->request->no_enable; i++) {
        const ServiceFile *file = g_ptr_array_index(up->units, i);
        g_autofree char *unit = g_path_get_basename(file->path);

        if (g_str_has_prefix(file->path, PATH_UNITS "/") && !links_of_unit(unit, file->content, links, error))
            return FALSE;
    }
    for (guint i = 0; i < links->len; i++) {
        const ServiceFile *link = g_ptr_array_index(links, i);

        plan_link(up->change->plan, link->path, link->target);
    }
    return TRUE;
}

gboolean up_plan_units(const Up *up, GError **error)
{
    Plan *plan = up->change->plan;

    for (guint i = 0; i < up->units->len; i++) {
        const ServiceFile *file = g_ptr_array_index(up->units, i);
        gboolean same;

        if (!up_unit_is_in_place(up, file, &same, error))
            return FALSE;
        if (!same)
            plan_write(plan, file->path, file->mode, file->content);
    }
    for (guint i = 0; up->before && i < up->before->units->len; i++) {
        const ServiceFile *file = g_ptr_array_index(up->before->units, i);

        if (!find_file(up->units, file->path))
            plan_remove(plan, file->path);
    }
    return plan_links(up, error);
}
