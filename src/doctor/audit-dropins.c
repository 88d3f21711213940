// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audit-private.h"

#include <string.h>

/* Reads a file of the host as a unit file. */
static UnitFile *read_unit(const Host *host, const char *path, GError **error)
{
    g_autofree char *real = host_path(host, path);
    g_autofree char *text = NULL;
    g_autoptr(GError) failure = NULL;
    gsize size;

    if (!g_file_get_contents(real, &text, &size, &failure)) {
        GourdError code = g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? GOURD_ERROR_NOT_FOUND
                                                                                     : GOURD_ERROR_FAILED;

        gourd_error_set(error, code, "%s", failure->message);
        return NULL;
    }
    g_autoptr(UnitFile) file = unit_file_parse(text, size, NULL, error);
    if (!file) {
        g_autofree char *shown = text_escape(path);

        gourd_error_prefix(error, "'%s'", shown);
    }
    return g_steal_pointer(&file);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The drop-ins of the admin (char *: names in folder), in the order in which systemd reads them. */
static GPtrArray *list_dropins(const Host *host, const char *folder)
{
    g_autofree char *real = host_path(host, folder);
    g_autoptr(GDir) dir = g_dir_open(real, 0, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".conf"))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* Merges all of them. */
static gboolean merge_dropins(const Host *host, const char *folder, const GPtrArray *names, UnitFile *file,
                              GError **error)
{
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, g_ptr_array_index(names, i), NULL);
        g_autoptr(UnitFile) dropin = read_unit(host, path, error);

        if (!dropin)
            return FALSE;
        unit_file_merge(file, dropin);
    }
    return TRUE;
}

static gboolean add_cost_of_dropins(Audit *audit, const char *folder, const char *text, GError **error)
{
    guint without;

    if (!audit_rate(text, &without, NULL, FALSE, error))
        return FALSE;
    g_autofree char *shown = text_escape(folder);
    audit_add_cost(audit, shown, "what the drop-ins in there change", (gint)audit->exposure - (gint)without);
    return TRUE;
}

Audit *audit_installed_unit(const Host *host, const char *unit, GError **error)
{
    g_autofree char *path = host_find_unit(host, unit);
    g_autofree char *folder = g_strdup_printf("%s/%s.d", PATH_UNITS, unit);
    g_autofree char *shown = text_escape(unit);

    if (!path) {
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no unit '%s'", shown);
        return NULL;
    }
    g_autoptr(UnitFile) file = read_unit(host, path, error);
    g_autofree char *text = file ? unit_file_to_text(file, error) : NULL;
    g_autoptr(GPtrArray) dropins = list_dropins(host, folder);
    if (!text || !merge_dropins(host, folder, dropins, file, error))
        return NULL;
    g_autofree char *merged = unit_file_to_text(file, error);
    g_autoptr(Audit) audit = merged ? audit_unit(unit, merged, error) : NULL;
    if (!audit || (dropins->len > 0 && !add_cost_of_dropins(audit, folder, text, error)))
        return NULL;
    return g_steal_pointer(&audit);
}
