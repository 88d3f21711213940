// SPDX-License-Identifier: LGPL-2.1-or-later
#include "keys.h"
#include "map.h"

#include <string.h>

#define CPUS_MAX 4096.0
#define CPU_PERIOD_DEFAULT 100000 /* microseconds: the kernel's */

/* --- memory -------------------------------------------------------------------------------------------------------- */

gboolean map_mem_limit(Map *map, const ComposeNode *value, GError **error)
{
    gint64 bytes;

    if (!compose_node_size(value, &bytes, error))
        return FALSE;
    if (bytes > 0 && bytes < SERVICE_MEMORY_MIN) {
        compose_error(error, GOURD_ERROR_INPUT, value, "with %" G_GINT64_FORMAT " bytes of memory nothing starts",
                      bytes);
        return gourd_error_hint(error, "6m is the least, as with Docker; units are b, k, m, g");
    }
    map->options->memory = (guint64)MAX(bytes, 0);
    /* Docker's default: as much swap again. */
    if (!compose_node_get(map->definition, "memswap_limit"))
        map->options->swap = bytes > 0 ? bytes : SERVICE_UNSET;
    return TRUE;
}

/* With the memory; systemd wants what is beyond it. */
gboolean map_memswap_limit(Map *map, const ComposeNode *value, GError **error)
{
    const ComposeNode *limit = compose_node_get(map->definition, "mem_limit");
    gint64 both, memory = 0;

    if (!compose_node_size(value, &both, error) || (limit && !compose_node_size(limit, &memory, error)))
        return FALSE;
    if (both < 0) {
        map->options->swap = SERVICE_UNSET;
        return TRUE;
    }
    if (memory <= 0 || both < memory)
        return compose_error(error, GOURD_ERROR_INPUT, value,
                             "it is memory and swap together, so mem_limit is wanted too, "
                             "and no more than this");
    map->options->swap = both - memory;
    return TRUE;
}

gboolean map_mem_reservation(Map *map, const ComposeNode *value, GError **error)
{
    gint64 bytes;

    if (!compose_node_size(value, &bytes, error))
        return FALSE;
    map->options->memory_low = (guint64)MAX(bytes, 0);
    return TRUE;
}

/* --- processors ---------------------------------------------------------------------------------------------------- */

gboolean map_cpus(Map *map, const ComposeNode *value, GError **error)
{
    char *end;
    double cpus = g_ascii_strtod(value->text, &end);

    if (*end || !(cpus >= 0) || cpus > CPUS_MAX)
        return compose_error(error, GOURD_ERROR_INPUT, value, "'%s' is no number of processors", value->text);
    if (cpus > 0)
        map->options->cpus_per_mille = MAX((gint64)(cpus * 1000 + 0.5), 1);
    return TRUE;
}

gboolean map_cpu_quota(Map *map, const ComposeNode *value, GError **error)
{
    gint64 period = compose_node_get_int(map->definition, "cpu_period", CPU_PERIOD_DEFAULT);
    gint64 quota = compose_node_get_int(map->definition, "cpu_quota", 0);

    if (compose_node_get(map->definition, "cpus") && quota > 0)
        return compose_error(error, GOURD_ERROR_INPUT, value, "cpus and cpu_quota say the same in two ways");
    if (period < 1000 || period > G_USEC_PER_SEC)
        return compose_error(error, GOURD_ERROR_INPUT, value, "cpu_period is from 1000 to 1000000 microseconds");
    map->options->cpu_period_usec = compose_node_get(map->definition, "cpu_period") ? period : SERVICE_UNSET;
    if (quota > G_MAXINT64 / 1000)
        return compose_error(error, GOURD_ERROR_INPUT, value, "a number of microseconds is wanted");
    if (quota > 0)
        map->options->cpus_per_mille = MAX(quota * 1000 / period, 1);
    return TRUE;
}

gboolean map_cpu_shares(Map *map, const ComposeNode *value, GError **error)
{
    if (value->integer > 0)
        map->options->cpu_shares = value->integer;
    return TRUE;
}

gboolean map_cpuset(Map *map, const ComposeNode *value, GError **error)
{
    map->options->cpuset = g_strdup(value->text);
    return TRUE;
}

/* --- other limits -------------------------------------------------------------------------------------------------- */

gboolean map_pids_limit(Map *map, const ComposeNode *value, GError **error)
{
    if (value->integer > 0)
        map->options->pids = value->integer;
    return TRUE;
}

gboolean map_ulimits(Map *map, const ComposeNode *value, GError **error)
{
    for (const ComposeNode *item = value->first; item; item = item->next) {
        const ComposeNode *soft = compose_node_get(item, "soft"), *hard = compose_node_get(item, "hard");

        if (item->kind == COMPOSE_INT)
            map_appendf(&map->options->ulimits, "%s=%s", item->key, item->text);
        else if (soft && hard && hard->integer >= 0 && (soft->integer < 0 || soft->integer > hard->integer))
            return compose_error(error, GOURD_ERROR_INPUT, item, "the soft limit %s is above the hard one, %s",
                                 soft->text, hard->text);
        else if (soft && hard)
            map_appendf(&map->options->ulimits, "%s=%s:%s", item->key, soft->text, hard->text);
        else
            return compose_error(error, GOURD_ERROR_INPUT, item, "soft and hard are wanted");
    }
    return TRUE;
}

static gboolean add_device_numbers(const ComposeNode *list, const char *key, char ***vector, GError **error)
{
    for (const ComposeNode *item = list ? list->first : NULL; item; item = item->next) {
        const char *path = compose_node_get_text(item, "path"), *number = compose_node_get_text(item, key);

        if (!path || !number)
            return compose_error(error, GOURD_ERROR_INPUT, item, "path and %s are wanted", key);
        map_appendf(vector, "%s:%s", path, number);
    }
    return TRUE;
}

gboolean map_blkio_config(Map *map, const ComposeNode *value, GError **error)
{
    ServiceOptions *options = map->options;

    options->blkio_weight = compose_node_get_int(value, "weight", SERVICE_UNSET);
    return add_device_numbers(compose_node_get(value, "weight_device"), "weight", &options->io_weights, error) &&
           add_device_numbers(compose_node_get(value, "device_read_bps"), "rate", &options->io_read_bytes, error) &&
           add_device_numbers(compose_node_get(value, "device_write_bps"), "rate", &options->io_write_bytes, error) &&
           add_device_numbers(compose_node_get(value, "device_read_iops"), "rate", &options->io_read_ops, error) &&
           add_device_numbers(compose_node_get(value, "device_write_iops"), "rate", &options->io_write_ops, error);
}

gboolean map_oom_score_adj(Map *map, const ComposeNode *value, GError **error)
{
    map->options->oom_score_adj = g_strdup(value->text);
    return TRUE;
}

gboolean map_oom_kill_disable(Map *map, const ComposeNode *value, GError **error)
{
    if (value->boolean)
        map_note(map, "oom_kill_disable", "control groups of today (v2) cannot switch it off, with Docker neither");
    return TRUE;
}

/* --- deploy.resources ---------------------------------------------------------------------------------------------- */

static gboolean map_reservations(Map *map, const ComposeNode *reservations, GError **error)
{
    const ComposeNode *memory = compose_node_get(reservations, "memory"),
                      *devices = compose_node_get(reservations, "devices");

    if (devices && devices->n_items > 0)
        return map_set_unsupported(devices, "gourd reserves no devices", compose_find_key("gpus")->text, error);
    if (compose_node_get(reservations, "cpus") || compose_node_get(reservations, "generic_resources"))
        map_note(map, "deploy.resources.reservations", "processors are reserved by the scheduler of a swarm only");
    return !memory || map_mem_reservation(map, memory, error);
}

gboolean map_resources(Map *map, const ComposeNode *value, GError **error)
{
    const ComposeNode *limits = compose_node_get(value, "limits");
    const ComposeNode *cpus = compose_node_get(limits, "cpus"), *memory = compose_node_get(limits, "memory");
    const ComposeNode *pids = compose_node_get(limits, "pids");

    return (!cpus || map_cpus(map, cpus, error)) && (!memory || map_mem_limit(map, memory, error)) &&
           (!pids || map_pids_limit(map, pids, error)) &&
           map_reservations(map, compose_node_get(value, "reservations"), error);
}
