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

/* A socket that waits for others. */
typedef struct {
    guint64 inode;
    HostPort port;
} Waiting;

static void waiting_clear(gpointer data)
{
    g_free(((Waiting *)data)->port.address);
}

/* A line's words, of which these are looked at. */
enum {
    WORD_LOCAL = 1, /* ADDRESS:PORT */
    WORD_STATE = 3,
    WORD_INODE = 9,
};

static void add_line(const char *line, gboolean is_udp, GArray *sockets)
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
        state != (is_udp ? UNCONNECTED : LISTENING))
        return;
    *colon = '\0';
    Waiting socket = {
        .inode = inode,
        .port = {.is_udp = is_udp, .port = (guint16)number, .address = parse_address(local)},
    };
    g_array_append_val(sockets, socket);
}

/* All sockets of this process's network that wait (Waiting). */
static GArray *read_sockets(void)
{
    static const char *const tables[] = {"tcp", "tcp6", "udp", "udp6"};
    GArray *sockets = g_array_new(FALSE, FALSE, sizeof(Waiting));

    g_array_set_clear_func(sockets, waiting_clear);
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *path = g_build_filename("/proc/self/net", tables[i], NULL), *text = NULL;

        if (!g_file_get_contents(path, &text, NULL, NULL))
            continue;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
            add_line(*line, g_str_has_prefix(tables[i], "udp"), sockets);
    }
    return sockets;
}

/* --- the ports of a unit ------------------------------------------------------------------------------------------ */

static gint compare_ports(gconstpointer a, gconstpointer b)
{
    const HostPort *x = *(const HostPort *const *)a, *y = *(const HostPort *const *)b;

    if (x->port != y->port)
        return x->port < y->port ? -1 : 1;
    if (x->is_udp != y->is_udp)
        return x->is_udp ? 1 : -1;
    return g_strcmp0(x->address, y->address);
}

static gboolean is_known(const GPtrArray *ports, const HostPort *port)
{
    for (guint i = 0; i < ports->len; i++)
        if (compare_ports(&ports->pdata[i], &port) == 0)
            return TRUE;
    return FALSE;
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
    if (!seen)
        return NULL;
    g_autoptr(GArray) sockets = read_sockets();
    GPtrArray *ports = g_ptr_array_new_with_free_func(port_free);
    for (guint i = 0; i < sockets->len; i++) {
        Waiting *socket = &g_array_index(sockets, Waiting, i);

        if (!g_hash_table_contains(inodes, &socket->inode) || is_known(ports, &socket->port))
            continue;
        g_ptr_array_add(ports, g_memdup2(&socket->port, sizeof socket->port));
        socket->port.address = NULL;
    }
    g_ptr_array_sort(ports, compare_ports);
    return ports;
}

/* --- the unit of a port ------------------------------------------------------------------------------------------- */

static guint32 find_process(guint64 inode)
{
    g_autoptr(GDir) folder = g_dir_open("/proc", 0, NULL);
    const char *name;
    guint64 pid;
    guint32 found = 0;

    /* systemd has the sockets of units that wait for a connection open too: it is named only if nobody else has. */
    while (folder && found <= 1 && (name = g_dir_read_name(folder))) {
        g_autoptr(GHashTable) inodes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

        if (g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT32, &pid, NULL) && add_sockets(name, inodes) &&
            g_hash_table_contains(inodes, &inode))
            found = (guint32)pid;
    }
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
    g_autoptr(GArray) sockets = read_sockets();
    const Waiting *socket = NULL;

    for (guint i = 0; i < sockets->len && !socket; i++) {
        const Waiting *waiting = &g_array_index(sockets, Waiting, i);

        if (waiting->port.port == port && waiting->port.is_udp == is_udp)
            socket = waiting;
    }
    if (!socket)
        return FALSE;
    const char *address = socket->port.address;
    *ret_listener = (HostListener){
        .pid = find_process(socket->inode),
        .is_loopback = address && (g_str_has_prefix(address, "127.") || strcmp(address, "::1") == 0),
    };
    if (ret_listener->pid > 0) {
        g_autofree char *path = g_strdup_printf("/proc/%u/comm", ret_listener->pid);

        if (g_file_get_contents(path, &ret_listener->program, NULL, NULL))
            g_strchomp(ret_listener->program);
        ret_listener->unit = find_unit_of(ret_listener->pid);
    }
    return TRUE;
}
