// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <arpa/inet.h>
#include <string.h>

#define ASK_USEC (10 * (guint64)G_USEC_PER_SEC) /* a machine may be too busy to answer */
#define UNITS_MAX 3                             /* that are told of */
#define END_SECONDS 2                           /* after a process's end: for what systemd says of it */
#define ADDRESSES_USEC (2 * G_USEC_PER_SEC)     /* for machined, which enters the machine's network */

static char *ask(const char *const *argv)
{
    char *text = NULL;

    return tool_run(argv, ASK_USEC, &text, NULL) ? g_strchomp(text) : NULL;
}

/* Of the lines KEY=VALUE; the caller frees. */
static char *find_value(const char *text, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, key))
            return g_strdup(*line + strlen(key));
    return NULL;
}

/* What a unit said last, and its systemd of it; also what its process said of which the journal knows the number alone, as it was gone when
 * the journal looked. Numbers are given again: only what is from that time counts. */
static char *read_log(const char *machine, const char *name, const char *properties)
{
    g_autofree char *pid = find_value(properties, "ExecMainPID="),
                    *start = find_value(properties, "ExecMainStartTimestamp=@"),
                    *end = find_value(properties, "ExecMainExitTimestamp=@");
    const guint64 end_seconds = end ? g_ascii_strtoull(end, NULL, 10) : 0;
    g_autofree char *own = g_strconcat("_SYSTEMD_UNIT=", name, NULL), *of_it = g_strconcat("UNIT=", name, NULL);
    g_autofree char *process = g_strconcat("_PID=", pid, NULL), *since = g_strconcat("--since=@", start, NULL);
    g_autofree char *until = g_strdup_printf("--until=@%" G_GUINT64_FORMAT, end_seconds + END_SECONDS);
    const char *const of_unit[] = {"journalctl", machine,  "--quiet", "--no-pager", "--output=cat",
                                   "--lines=6",  "--unit", name,      NULL};
    const char *const of_process[] = {"journalctl", machine,  "--quiet", "--no-pager", "--output=cat",
                                      "--lines=6",  since,    until,     own,          "+",
                                      of_it,        "_PID=1", "+",       process,      NULL};

    return ask(pid && start && end_seconds > 0 ? of_process : of_unit);
}

static HostFailedUnit *describe(const char *machine, const char *name)
{
    const char *const show[] = {"systemctl",
                                machine,
                                "show",
                                "--timestamp=unix",
                                "--property=Result,ExecMainPID,ExecMainStartTimestamp,ExecMainExitTimestamp",
                                "--",
                                name,
                                NULL};
    HostFailedUnit *unit = g_new0(HostFailedUnit, 1);
    g_autofree char *properties = ask(show), *lines = read_log(machine, name, properties);

    unit->name = line_escape(name, strlen(name));
    unit->result = find_value(properties, "Result=");
    g_auto(GStrv) split = g_strsplit(lines ? lines : "", "\n", -1);
    g_autofree char *line = g_strjoinv(" / ", split);
    unit->lines = line_escape(line, strlen(line));
    return unit;
}

static void unit_free(gpointer data)
{
    HostFailedUnit *unit = data;

    g_free(unit->name);
    g_free(unit->result);
    g_free(unit->lines);
    g_free(unit);
}

GPtrArray *host_list_failed_inside(const Host *host, const char *machine)
{
    g_autofree char *option = g_strconcat("--machine=", machine, NULL);
    const char *const argv[] = {"systemctl", option,        "list-units", "--state=failed",
                                "--plain",   "--no-legend", "--full",     NULL};
    GPtrArray *units = g_ptr_array_new_with_free_func(unit_free);
    g_autofree char *text = host_is_live(host) ? ask(argv) : NULL;
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (char **line = lines; *line && units->len < UNITS_MAX; line++) {
        g_autofree char *name = g_strndup(*line, strcspn(*line, " "));

        if (*name && *name != '-')
            g_ptr_array_add(units, describe(option, name));
    }
    return units;
}

static int append_address(sd_bus_message *reply, GStrvBuilder *addresses)
{
    char text[INET6_ADDRSTRLEN];
    int family;
    const void *bytes;
    size_t size;
    int r = sd_bus_message_enter_container(reply, 'r', "iay");

    if (r > 0)
        r = sd_bus_message_read(reply, "i", &family) < 0 ? -EBADMSG : 1;
    if (r > 0)
        r = sd_bus_message_read_array(reply, 'y', &bytes, &size) < 0 ? -EBADMSG : 1;
    if (r <= 0)
        return r;
    const gboolean is_v6 = family == AF_INET6 && size == sizeof(struct in6_addr);
    if ((family == AF_INET && size == sizeof(struct in_addr)) ||
        (is_v6 && !IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)bytes)))
        g_strv_builder_add(addresses, inet_ntop(family, bytes, text, sizeof text));
    return sd_bus_message_exit_container(reply) < 0 ? -EBADMSG : 1;
}

char **host_list_machine_addresses(const Host *host, const char *machine)
{
    g_autoptr(GStrvBuilder) addresses = g_strv_builder_new();
    sd_bus *bus = NULL; /* root's of systemd has no machined */
    sd_bus_message *reply = NULL;

    if (!host_is_live(host) || !libsystemd_load(NULL))
        return g_strv_builder_end(addresses);
    int r = sd_bus_open_system(&bus);
    if (r >= 0)
        r = sd_bus_set_method_call_timeout(bus, ADDRESSES_USEC);
    if (r >= 0)
        r = sd_bus_call_method(bus, "org.freedesktop.machine1", "/org/freedesktop/machine1",
                               "org.freedesktop.machine1.Manager", "GetMachineAddresses", NULL, &reply, "s", machine);
    if (r >= 0)
        r = sd_bus_message_enter_container(reply, 'a', "(iay)");
    while (r > 0)
        r = append_address(reply, addresses);
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(bus);
    return g_strv_builder_end(addresses);
}
