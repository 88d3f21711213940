// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stops.h"
#include "transition.h"

Stops stops_new(Store *store)
{
    return (Stops){
        .store = store,
        .sockets = g_ptr_array_new_with_free_func(g_free),
        .services = g_ptr_array_new_with_free_func(g_free),
        .mounts = g_ptr_array_new_with_free_func(g_free),
    };
}

void stops_clear(Stops *stops)
{
    g_ptr_array_unref(stops->sockets);
    g_ptr_array_unref(stops->services);
    g_ptr_array_unref(stops->mounts);
}
static void add_unit(Stops *stops, const char *unit)
{
    GPtrArray *units = g_str_has_suffix(unit, ".socket")  ? stops->sockets
                       : g_str_has_suffix(unit, ".mount") ? stops->mounts
                                                          : stops->services;

    if (!file_is_shared(unit) && !g_ptr_array_find_with_equal_func(units, unit, g_str_equal, NULL) &&
        unit_is_active(stops->store, unit))
        g_ptr_array_add(units, g_strdup(unit));
}

/* What systemd stops with a unit (systemd.unit(5), Requires=, BindsTo=, PartOf=): it has to be started again too. */
static void add_dependents(Stops *stops)
{
    static const char *const relations[] = {"RequiredBy", "BoundBy", "RequisiteOf", "ConsistsOf"};

    for (guint i = 0; i < stops->services->len; i++)
        for (guint j = 0; j < G_N_ELEMENTS(relations); j++) {
            g_autofree char *text = host_get_property(stops->store->host, g_ptr_array_index(stops->services, i),
                                                      relations[j]);
            g_auto(GStrv) units = g_strsplit(text ? text : "", "\n", -1);

            for (char **unit = units; *unit; unit++)
                if (unit_name_is_valid(*unit, UNIT_NAME_ANY))
                    add_unit(stops, *unit);
        }
}

static gboolean add_service(Stops *stops, const char *name, GError **error)
{
    g_autoptr(StoreService) service = store_find(stops->store, name, error);
    g_autoptr(Record) record = service ? record_read(stops->store, name, service->active, error) : NULL;

    for (guint i = 0; record && i < record->files->units->len; i++)
        add_unit(stops, g_ptr_array_index(record->files->units, i));
    return record != NULL;
}

gboolean stops_find(Stops *stops, const GPtrArray *volumes, GError **error)
{
    if (!host_is_live(stops->store->host))
        return TRUE;
    for (guint i = 0; i < volumes->len; i++) {
        const GPtrArray *users = ((const StoreVolume *)g_ptr_array_index(volumes, i))->users;

        for (guint j = 0; j < users->len; j++)
            if (!add_service(stops, g_ptr_array_index(users, j), error))
                return FALSE;
    }
    add_dependents(stops);
    return TRUE;
}

GPtrArray *stops_list(const Stops *stops)
{
    GPtrArray *all = g_ptr_array_new();

    g_ptr_array_extend(all, stops->sockets, NULL, NULL);
    g_ptr_array_extend(all, stops->services, NULL, NULL);
    g_ptr_array_extend(all, stops->mounts, NULL, NULL);
    return all;
}

char *stops_join(const GPtrArray *units, gboolean backwards)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < units->len; i++)
        g_string_append_printf(text, "%s%s", i ? " " : "",
                               (const char *)g_ptr_array_index(units, backwards ? units->len - 1 - i : i));
    return g_string_free(text, FALSE);
}
