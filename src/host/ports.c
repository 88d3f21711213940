// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <arpa/inet.h>
#include <string.h>

/* Listening sockets are in /proc/net/{tcp,udp}* by inode (proc_net_tcp in the kernel's documentation); which are a process's own
 * is in its /proc/PID/fd. */

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_DEPTH_MAX 16  /* services that manage groups of their own have two or three */
#define PROCESSES_MAX 100000 /* of one service */
#define LISTENING 0x0A       /* TCP_LISTEN */
#define SOCKET_PREFIX "socket:["
#define UNCONNECTED 0x07 /* TCP_CLOSE: a UDP socket that takes datagrams from everybody */

static void port_free(gpointer data)
{
    HostPort *port = data;

    g_free(port->address);
    g_free(port);
}

/* --- processes and their sockets ---------------------------------------------------------------------------------- */

/* Adds the processes of a group and of those below it. */
static void add_processes(const char *group, guint depth, GPtrArray *pids)
{
    g_autofree char *path = g_build_filename(group, "cgroup.procs", NULL), *text = NULL;
    g_autoptr(GDir) folder = g_dir_open(group, 0, NULL);
    const char *name;

    if (g_file_get_contents(path, &text, NULL, NULL)) {
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        for (char **line = lines; *line && pids->len < PROCESSES_MAX; line++)
            if (**line)
                g_ptr_array_add(pids, g_strdup(*line));
    }
    while (depth < CGROUP_DEPTH_MAX && folder && (name = g_dir_read_name(folder))) {
        g_autofree char *below = g_build_filename(group, name, NULL);

        if (g_file_test(below, G_FILE_TEST_IS_DIR))
            add_processes(below, depth + 1, pids);
    }
}

/* "socket:[INODE]" */
static gboolean parse_socket(const char *target, guint64 *ret_inode)
{
    gsize length = strlen(target);

    if (!g_str_has_prefix(target, SOCKET_PREFIX) || target[length - 1] != ']')
        return FALSE;
    g_autofree char *digits = g_strndup(target + strlen(SOCKET_PREFIX), length - strlen(SOCKET_PREFIX) - 1);

    return g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT64, ret_inode, NULL);
}

/* Adds the inodes of a process's sockets. FALSE: this user may not look. */
static gboolean add_sockets(const char *pid, GHashTable *inodes)
{
    g_autofree char *path = g_build_filename("/proc", pid, "fd", NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *link = g_build_filename(path, name, NULL);
        g_autofree char *target = g_file_read_link(link, NULL);
        guint64 inode;

        if (target && parse_socket(target, &inode))
            g_hash_table_add(inodes, g_memdup2(&inode, sizeof inode));
    }
    return folder != NULL;
}

/* --- what listens ------------------------------------------------------------------------------------------------- */

/* Eight hexadecimal digits for each four bytes, each four in this machine's order. */
static char *parse_address(const char *text)
{
    guint32 words[4] = {0};
    char address[INET6_ADDRSTRLEN] = "";
    gsize n = strlen(text) / 8;

    if (n != 1 && n != 4)
        return NULL;
    for (gsize i = 0; i < n; i++) {
        g_autofree char *digits = g_strndup(text + 8 * i, 8);

        words[i] = (guint32)g_ascii_strtoull(digits, NULL, 16);
    }
    if (words[0] == 0 && words[1] == 0 && words[2] == 0 && words[3] == 0)
        return NULL;
    inet_ntop(n == 1 ? AF_INET : AF_INET6, words, address, sizeof address);
    return g_strdup(address);
}

static gboolean is_known(const GPtrArray *ports, const HostPort *port)
{
    for (guint i = 0; i < ports->len; i++) {
        const HostPort *known = g_ptr_array_index(ports, i);

        if (known->port == port->port && known->is_udp == port->is_udp && g_strcmp0(known->address, port->address) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A line's words, of which these are looked at. */
enum {
    WORD_LOCAL = 1, /* ADDRESS:PORT */
    WORD_STATE = 3,
    WORD_INODE = 9,
};

static void add_line(const char *line, gboolean is_udp, GHashTable *inodes, GPtrArray *ports)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    guint64 number, state, inode;

    for (const char *at = line + strspn(line, " "); *at; at += strspn(at, " ")) {
        g_ptr_array_add(words, g_strndup(at, strcspn(at, " ")));
        at += strcspn(at, " ");
    }
    char *local = words->len > WORD_INODE ? g_ptr_array_index(words, WORD_LOCAL) : NULL;
    char *colon = local ? strchr(local, ':') : NULL;
    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 16, 0, G_MAXUINT16, &number, NULL) ||
        !g_ascii_string_to_unsigned(g_ptr_array_index(words, WORD_STATE), 16, 0, G_MAXUINT8, &state, NULL) ||
        !g_ascii_string_to_unsigned(g_ptr_array_index(words, WORD_INODE), 10, 0, G_MAXUINT64, &inode, NULL) ||
        state != (is_udp ? UNCONNECTED : LISTENING) || !g_hash_table_contains(inodes, &inode))
        return;
    HostPort *port = g_new0(HostPort, 1);
    *colon = '\0';
    port->is_udp = is_udp;
    port->port = (guint16)number;
    port->address = parse_address(local);
    if (is_known(ports, port))
        port_free(port);
    else
        g_ptr_array_add(ports, port);
}

static gint compare_ports(gconstpointer a, gconstpointer b)
{
    const HostPort *x = *(const HostPort *const *)a, *y = *(const HostPort *const *)b;

    if (x->port != y->port)
        return x->port < y->port ? -1 : 1;
    if (x->is_udp != y->is_udp)
        return x->is_udp ? 1 : -1;
    return g_strcmp0(x->address, y->address);
}

static GPtrArray *find_ports(GHashTable *inodes)
{
    static const char *const tables[] = {"tcp", "tcp6", "udp", "udp6"};
    GPtrArray *ports = g_ptr_array_new_with_free_func(port_free);

    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *path = g_build_filename("/proc/self/net", tables[i], NULL), *text = NULL;

        if (!g_file_get_contents(path, &text, NULL, NULL))
            continue;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
            add_line(*line, g_str_has_prefix(tables[i], "udp"), inodes, ports);
    }
    g_ptr_array_sort(ports, compare_ports);
    return ports;
}

GPtrArray *host_list_ports(const HostUnit *unit)
{
    g_autoptr(GPtrArray) pids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) inodes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autofree char *group = g_build_filename(CGROUP_ROOT, unit->control_group, NULL);
    gboolean seen = FALSE;

    if (!*unit->control_group)
        return NULL;
    add_processes(group, 0, pids);
    for (guint i = 0; i < pids->len; i++)
        seen = add_sockets(g_ptr_array_index(pids, i), inodes) || seen;
    return seen ? find_ports(inodes) : NULL;
}
