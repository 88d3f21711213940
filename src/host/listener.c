// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TCP_LISTEN 0x0A /* the state, of the kernel's include/net/tcp_states.h */

/* Lines of /proc/net/tcp (proc_net_tcp(5)): "  sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt   uid
 * timeout inode", where an address is hexadecimal, ADDRESS:PORT. */
static gboolean parse_line(const char *line, guint port, gboolean is_udp, char **ret_inode)
{
    g_auto(GStrv) words = g_strsplit_set(line, " ", -1);
    const char *fields[10];
    guint n = 0;

    for (char **word = words; *word && n < G_N_ELEMENTS(fields); word++)
        if (**word)
            fields[n++] = *word;
    if (n < G_N_ELEMENTS(fields))
        return FALSE;
    const char *colon = strchr(fields[1], ':');
    if (!colon || strtoul(colon + 1, NULL, 16) != port || (!is_udp && strtoul(fields[3], NULL, 16) != TCP_LISTEN))
        return FALSE;
    *ret_inode = g_strdup(fields[9]);
    return TRUE;
}

static char *find_inode(const char *path, guint port, gboolean is_udp)
{
    g_autofree char *text = NULL;
    char *inode = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] && !inode; i++)
        if (!parse_line(lines[i], port, is_udp, &inode))
            continue;
    return inode;
}

/* Whether a process has the socket open. */
static gboolean process_has(const char *pid, const char *socket)
{
    g_autofree char *folder = g_strdup_printf("/proc/%s/fd", pid);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *target = g_file_read_link(path, NULL);

        if (target && strcmp(target, socket) == 0)
            return TRUE;
    }
    return FALSE;
}

static guint32 find_process(const char *inode)
{
    g_autofree char *socket = g_strdup_printf("socket:[%s]", inode);
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    guint64 pid;
    guint32 found = 0;

    /* systemd has the sockets of units that wait for a connection open too: it is named only if nobody else has. */
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT32, &pid, NULL) && (found == 0 || found == 1) &&
            process_has(name, socket))
            found = (guint32)pid;
    return found;
}

/* The last part of a control group's path that is a unit's: "/system.slice/web.service/sub". */
static char *find_unit_of(guint32 pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%u/cgroup", pid);
    g_autofree char *text = NULL;
    char *unit = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    g_auto(GStrv) parts = g_strsplit_set(text, "/\n", -1);
    for (char **part = parts; *part && !unit; part++)
        if (g_str_has_suffix(*part, ".service") || g_str_has_suffix(*part, ".scope"))
            unit = g_strdup(*part);
    return unit;
}

void host_listener_clear(HostListener *listener)
{
    g_free(listener->program);
    g_free(listener->unit);
    *listener = (HostListener){0};
}

gboolean host_find_listener(guint port, gboolean is_udp, HostListener *ret_listener)
{
    const char *const files[] = {is_udp ? "/proc/net/udp" : "/proc/net/tcp",
                                 is_udp ? "/proc/net/udp6" : "/proc/net/tcp6"};
    g_autofree char *inode = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(files) && !inode; i++)
        inode = find_inode(files[i], port, is_udp);
    if (!inode)
        return FALSE;
    *ret_listener = (HostListener){.pid = find_process(inode)};
    if (ret_listener->pid > 0) {
        g_autofree char *path = g_strdup_printf("/proc/%u/comm", ret_listener->pid);

        if (g_file_get_contents(path, &ret_listener->program, NULL, NULL))
            g_strchomp(ret_listener->program);
        ret_listener->unit = find_unit_of(ret_listener->pid);
    }
    return TRUE;
}
