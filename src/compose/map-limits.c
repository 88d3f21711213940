// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map.h"

/* How much of the machine it may use. */

#define CPUS_MAX 4096.0

static gboolean map_mem_limit(Map *map, const ComposeNode *value, GError **error)
{
    gint64 bytes;

    if (!compose_node_size(value, &bytes, error))
        return FALSE;
    map->service->options.memory = (guint64)MAX(bytes, 0);
    return TRUE;
}

static gboolean read_cpus(const ComposeNode *value, gint64 *ret_per_mille, GError **error)
{
    char *end;
    double cpus = g_ascii_strtod(value->text, &end);

    if (*end || !(cpus >= 0) || cpus > CPUS_MAX)
        return compose_error(error, GOURD_ERROR_INPUT, value, "'%s' is no number of processors", value->text);
    if (cpus > 0)
        *ret_per_mille = MAX((gint64)(cpus * 1000 + 0.5), 1);
    return TRUE;
}

static gboolean map_cpus(Map *map, const ComposeNode *value, GError **error)
{
    return read_cpus(value, &map->service->options.cpus_per_mille, error);
}

static gboolean map_pids_limit(Map *map, const ComposeNode *value, GError **error)
{
    if (value->integer > 0)
        map->service->options.pids = value->integer;
    return TRUE;
}

static gboolean map_deploy(Map *map, const ComposeNode *value, GError **error)
{
    const ComposeNode *limits = compose_node_get(compose_node_get(value, "resources"), "limits");
    const ComposeNode *cpus = compose_node_get(limits, "cpus"), *memory = compose_node_get(limits, "memory");
    const ComposeNode *pids = compose_node_get(limits, "pids");

    return (!cpus || map_cpus(map, cpus, error)) && (!memory || map_mem_limit(map, memory, error)) &&
           (!pids || map_pids_limit(map, pids, error));
}

const MapRow map_limit_rows[] = {
    {"mem_limit", map_mem_limit}, {"cpus", map_cpus}, {"pids_limit", map_pids_limit},
    {"deploy", map_deploy},       {NULL, NULL},
};
