// SPDX-License-Identifier: LGPL-2.1-or-later
#include "store-private.h"

#include <string.h>

/* systemd.unit(5), "[Install]": each kind of dependency is a folder of links beside the units. */
static const struct {
    const char *key, *suffix;
} kinds[] = {
    {"WantedBy", "wants"},
    {"RequiredBy", "requires"},
    {"UpheldBy", "upholds"},
    {"Alias", NULL}, /* another name for the unit itself */
};

static void add_alias(GPtrArray *links, const char *unit, const char *alias)
{
    ServiceFile *link = g_new0(ServiceFile, 1);

    link->path = g_strdup_printf(PATH_UNITS "/%s", alias);
    link->target = g_strdup_printf(PATH_UNITS "/%s", unit);
    g_ptr_array_add(links, link);
}

static void add_link(GPtrArray *links, const char *unit, const char *wanting, const char *suffix)
{
    ServiceFile *link = g_new0(ServiceFile, 1);

    link->path = g_strdup_printf(PATH_UNITS "/%s.%s/%s", wanting, suffix, unit);
    link->target = g_strdup_printf(PATH_UNITS "/%s", unit);
    g_ptr_array_add(links, link);
}

/* What is before the section need not be parsed, unless its heading continues the line above. */
static const char *find_install(const char *text, gsize size)
{
    static const char heading[] = "\n[Install]\n";
    const char *found = memmem(text, size, heading, strlen(heading));

    return found && found > text && found[-1] != '\\' ? found + 1 : text;
}

gboolean links_of_unit(const char *unit, GBytes *content, GPtrArray *links, GError **error)
{
    gsize size;
    const char *text = g_bytes_get_data(content, &size), *install = find_install(text, size);
    g_autoptr(UnitFile) file = unit_file_parse(install, size - (gsize)(install - text), NULL, error);

    if (!file)
        return gourd_error_prefix(error, "'%s'", unit);
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GPtrArray) values = unit_file_list(file, "Install", kinds[i].key);

        for (guint j = 0; values && j < values->len; j++) {
            g_auto(GStrv) names = g_strsplit_set(g_ptr_array_index(values, j), " \t", -1);

            for (guint k = 0; names[k]; k++) {
                if (!unit_name_is_valid(names[k], UNIT_NAME_PLAIN | UNIT_NAME_INSTANCE))
                    continue;
                if (!kinds[i].suffix)
                    add_alias(links, unit, names[k]);
                else
                    add_link(links, unit, names[k], kinds[i].suffix);
            }
        }
    }
    return TRUE;
}

GPtrArray *links_of_release(const ServiceFiles *files, GError **error)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);

    for (guint i = 0; i < files->start->len; i++) {
        const char *unit = g_ptr_array_index(files->start, i);
        g_autofree char *path = g_strconcat(PATH_UNITS "/", unit, NULL);

        for (guint j = 0; j < files->files->len; j++) {
            const ServiceFile *file = g_ptr_array_index(files->files, j);

            if (file->content && strcmp(file->path, path) == 0 && !links_of_unit(unit, file->content, links, error))
                return NULL;
        }
    }
    return g_steal_pointer(&links);
}
