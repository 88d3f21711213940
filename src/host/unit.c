// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <stddef.h>
#include <string.h>

/* A property of org.freedesktop.systemd1(5), and the member it fills. */
typedef struct {
    const char *name;
    char type; /* 's', 'b', 'u', 'i' or 't' */
    gsize offset;
} Property;

static const Property properties[] = {
    {"LoadState", 's', offsetof(HostUnit, load_state)},
    {"ActiveState", 's', offsetof(HostUnit, active_state)},
    {"SubState", 's', offsetof(HostUnit, sub_state)},
    {"Result", 's', offsetof(HostUnit, result)},
    {"StatusText", 's', offsetof(HostUnit, status_text)},
    {"UnitFileState", 's', offsetof(HostUnit, unit_file_state)},
    {"ControlGroup", 's', offsetof(HostUnit, control_group)},
    {"NeedDaemonReload", 'b', offsetof(HostUnit, needs_reload)},
    {"NRestarts", 'u', offsetof(HostUnit, n_restarts)},
    {"MainPID", 'u', offsetof(HostUnit, main_pid)},
    {"ExecMainPID", 'u', offsetof(HostUnit, exec_main_pid)},
    {"ExecMainStartTimestamp", 't', offsetof(HostUnit, exec_main_start_usec)},
    {"ExecMainExitTimestamp", 't', offsetof(HostUnit, exec_main_exit_usec)},
    {"ExecMainCode", 'i', offsetof(HostUnit, exec_main_code)},
    {"ExecMainStatus", 'i', offsetof(HostUnit, exec_main_status)},
    {"ActiveEnterTimestamp", 't', offsetof(HostUnit, active_since_usec)},
    {"MemoryCurrent", 't', offsetof(HostUnit, memory_current)},
    {"CPUUsageNSec", 't', offsetof(HostUnit, cpu_usage_nsec)},
    {"TasksCurrent", 't', offsetof(HostUnit, tasks_current)},
    {"MemoryMax", 't', offsetof(HostUnit, memory_max)},
};

static int read_value(sd_bus_message *message, const Property *property, HostUnit *unit)
{
    char *member = (char *)unit + property->offset;
    const char type[] = {property->type, '\0'};
    const char *text;
    union {
        guint32 u;
        gint32 i;
        guint64 t;
    } number;
    int r = sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, type);

    /* Another type than today's: a systemd of the future. */
    if (r < 0)
        return sd_bus_message_skip(message, "v");
    if (property->type == 's') {
        r = sd_bus_message_read_basic(message, 's', &text);
        if (r >= 0) {
            char **place = (char **)(void *)member;

            g_free(*place);
            *place = g_strdup(text);
        }
    } else {
        r = sd_bus_message_read_basic(message, property->type, &number);
        if (r >= 0)
            memcpy(member, &number, property->type == 't' ? sizeof number.t : sizeof number.u);
    }
    return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* a{sv}: all properties of all interfaces that the unit has. */
static int read_properties(sd_bus_message *message, HostUnit *unit)
{
    int r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sv}");

    while (r >= 0 && (r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
        const Property *property = NULL;
        const char *name;

        r = sd_bus_message_read_basic(message, 's', &name);
        for (guint i = 0; r >= 0 && i < G_N_ELEMENTS(properties) && !property; i++)
            if (g_str_equal(properties[i].name, name))
                property = &properties[i];
        if (r >= 0)
            r = property ? read_value(message, property, unit) : sd_bus_message_skip(message, "v");
        if (r >= 0)
            r = sd_bus_message_exit_container(message);
    }
    return r;
}

/* What is not told is "" or unknown, never NULL. */
static void init_unit(HostUnit *unit)
{
    memset(unit, 0, sizeof *unit);
    for (guint i = 0; i < G_N_ELEMENTS(properties); i++)
        if (properties[i].type == 's')
            *(char **)(void *)((char *)unit + properties[i].offset) = g_strdup("");
    unit->memory_current = unit->cpu_usage_nsec = unit->tasks_current = unit->memory_max = G_MAXUINT64;
}

void host_unit_clear(HostUnit *unit)
{
    for (guint i = 0; i < G_N_ELEMENTS(properties); i++)
        if (properties[i].type == 's')
            g_clear_pointer((char **)(void *)((char *)unit + properties[i].offset), g_free);
}

gboolean host_get_unit(Host *host, const char *unit, HostUnit *ret_unit, GError **error)
{
    sd_bus_error failure = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    HostUnit found;
    g_autofree char *path = bus_find_unit(host, unit, error);

    if (!path)
        return FALSE;
    init_unit(&found);
    int r = sd_bus_call_method(host->bus, MANAGER_NAME, path, "org.freedesktop.DBus.Properties", "GetAll", &failure,
                               &reply, "s", "");
    if (r >= 0)
        r = read_properties(reply, &found);
    if (r >= 0) {
        *ret_unit = found;
    } else {
        g_autofree char *what = g_strdup_printf("cannot ask for the state of '%s'", unit);

        host_unit_clear(&found);
        bus_fail(error, &failure, -r, what);
    }
    sd_bus_message_unref(reply);
    sd_bus_error_free(&failure);
    return r >= 0;
}

gboolean host_list_stopping(Host *host, GPtrArray **ret_units, GError **error)
{
    g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func(g_free);
    sd_bus_message *reply = NULL;
    const char *unit, *type, *state, *job, *path;
    guint32 id;

    if (!bus_call(host, "ListJobs", BUS_TIMEOUT_USEC, &reply, error, ""))
        return FALSE;
    int r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(usssoo)");
    while (r >= 0 && (r = sd_bus_message_read(reply, "(usssoo)", &id, &unit, &type, &state, &job, &path)) > 0)
        if (g_str_equal(type, "stop"))
            g_ptr_array_add(units, g_strdup(unit));
    sd_bus_message_unref(reply);
    if (r < 0)
        return gourd_error_set_errno(error, -r, "cannot read what systemd says of its jobs");
    *ret_units = g_steal_pointer(&units);
    return TRUE;
}
