// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <arpa/inet.h>
#include <string.h>

#define ASK_USEC (10 * (guint64)G_USEC_PER_SEC) /* a machine may be too busy to answer */
#define UNITS_MAX 3                             /* that are told of */
#define ADDRESSES_USEC (2 * G_USEC_PER_SEC)     /* for machined, which enters the machine's network */

static char *ask(const char *const *argv)
{
    char *text = NULL;

    return tool_run(argv, ASK_USEC, &text, NULL) ? g_strchomp(text) : NULL;
}

static HostFailedUnit *describe(const char *machine, const char *name)
{
    const char *const result[] = {"systemctl", machine, "show", "--property=Result", "--value", "--", name, NULL};
    const char *const log[] = {"journalctl", machine,  "--quiet", "--no-pager", "--output=cat",
                               "--lines=4",  "--unit", name,      NULL};
    HostFailedUnit *unit = g_new0(HostFailedUnit, 1);
    g_autofree char *lines = ask(log);

    unit->name = line_escape(name, strlen(name));
    unit->result = ask(result);
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
    int r = host_is_live(host) ? sd_bus_open_system(&bus) : -ENOTCONN;

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
