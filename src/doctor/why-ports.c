// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <string.h>

/* Ports of the host that systemd-nspawn passes on to a machine (Port=), by rules of the firewall. 252 and 257 start the machine all the same
 * where it cannot make one, with the line below. A program that listens there is no hindrance: it is not reached from outside any more. */

#define REFUSED "Failed to modify AF_INET firewall: "
#define TAKEN "File exists"

typedef struct {
    gboolean is_udp;
    guint number;
} Port;

/* "[tcp:|udp:]PORT[:PORT]" */
static gboolean parse(const char *value, Port *ret_port)
{
    const gboolean is_udp = g_str_has_prefix(value, "udp:");
    const char *at = is_udp || g_str_has_prefix(value, "tcp:") ? value + strlen("tcp:") : value;
    g_autofree char *digits = g_strndup(at, strcspn(at, ":"));
    guint64 number;

    if (!g_ascii_string_to_unsigned(digits, 10, 1, G_MAXUINT16, &number, NULL))
        return FALSE;
    *ret_port = (Port){.is_udp = is_udp, .number = (guint)number};
    return TRUE;
}

static gboolean has_port(const UnitFile *settings, const Port *wanted)
{
    const GPtrArray *entries = unit_file_entries(settings, "Network");
    Port port;

    for (guint i = 0; entries && i < entries->len; i++) {
        const UnitEntry *entry = g_ptr_array_index(entries, i);

        if (g_strcmp0(entry->key, "Port") == 0 && parse(entry->value, &port) && port.is_udp == wanted->is_udp &&
            port.number == wanted->number)
            return TRUE;
    }
    return FALSE;
}

/* The name of another machine with that port, or NULL. The caller frees. */
static char *find_other(const WhyFacts *facts, const WhySource *own, const Port *port)
{
    g_autofree char *folder = g_path_get_dirname(own->path), *own_name = g_path_get_basename(own->path),
                    *real = host_path(facts->host, folder);
    g_autoptr(GDir) dir = g_dir_open(real, 0, NULL);
    char *found = NULL;

    for (const char *name; !found && dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(real, name, NULL), *text = NULL;
        gsize size;

        if (!g_str_has_suffix(name, ".nspawn") || strcmp(name, own_name) == 0 ||
            !g_file_get_contents(path, &text, &size, NULL))
            continue;
        g_autoptr(UnitFile) file = unit_file_parse(text, size, NULL, NULL);
        if (file && has_port(file, port))
            found = g_strndup(name, strlen(name) - strlen(".nspawn"));
    }
    return found;
}

/* Why the last start could not pass ports on, or NULL. Borrowed. */
static const char *find_refusal(const WhyFacts *facts)
{
    const GPtrArray *entries = facts->entries;
    const HostEntry *last = entries->len > 0 ? g_ptr_array_index(entries, entries->len - 1) : NULL;

    for (guint i = entries->len; i-- > 0;) {
        const HostEntry *entry = g_ptr_array_index(entries, i);
        const char *at = strstr(entry->message, REFUSED); /* behind what stands on the machine's console */

        if (at && g_strcmp0(entry->invocation, last->invocation) == 0)
            return at + strlen(REFUSED);
    }
    return NULL;
}

/* FALSE: no other machine is known to have it. */
static gboolean explain_other(const WhyFacts *facts, const char *machine, const WhySource *own,
                              const WhySetting *setting, const Port *port, GPtrArray *findings)
{
    g_autofree char *other = find_other(facts, own, port), *shown = other ? text_escape(other) : NULL;

    if (!other)
        return FALSE;
    why_add(findings, "port-taken", setting,
            g_strdup_printf("port %u of this host is passed on to the machine '%s', and so not to this one",
                            port->number, shown),
            g_strdup_printf("give one of them another port of the host; then: gourd restart %s", machine));
    return TRUE;
}

static void explain_listener(const WhySetting *setting, const Port *port, GPtrArray *findings)
{
    g_auto(HostListener) listener = {0};

    if (!host_find_listener(port->number, port->is_udp, &listener) || listener.is_loopback)
        return;
    g_autofree char *process = g_strdup_printf("process %u", listener.pid);
    why_add(findings, "port-taken", setting,
            g_strdup_printf("'%s' (%s) of this host listens on port %u too: what comes from outside goes to the "
                            "machine, and not there",
                            listener.program ? listener.program : "?", listener.unit ? listener.unit : process,
                            port->number),
            g_strdup("let one of them have another port"));
}

static void explain_refusal(const char *reason, const char *machine, GPtrArray *findings)
{
    if (strcmp(reason, TAKEN) == 0)
        why_add(
            findings, "port-taken", NULL,
            g_strdup("a port of this host is passed on to another machine already, and so not to this one"),
            g_strdup_printf("see which has it (nft list table ip io.systemd.nat), and give one of them another port "
                            "of the host; then: gourd restart %s",
                            machine));
    else
        why_add(
            findings, "ports-refused", NULL,
            g_strdup_printf("no port of this host is passed on to the machine: the firewall refuses it (%s)", reason),
            g_strdup_printf("the kernel needs nf_tables with NAT (modprobe nft_chain_nat), or iptables; then: gourd "
                            "restart %s",
                            machine));
}

void why_explain_ports(const WhyFacts *facts, const char *machine, const WhySource *own, GPtrArray *findings)
{
    const GPtrArray *entries = own->file ? unit_file_entries(own->file, "Network") : NULL;
    const char *refusal = find_refusal(facts);
    const gboolean is_taken = g_strcmp0(refusal, TAKEN) == 0;
    gboolean is_explained = FALSE;
    Port port;

    for (guint i = 0; entries && i < entries->len; i++) {
        const UnitEntry *entry = g_ptr_array_index(entries, i);
        const WhySetting setting = {entry->key, entry->value, own->path, entry->line};

        if (g_strcmp0(entry->key, "Port") != 0 || !parse(entry->value, &port))
            continue;
        if (is_taken && explain_other(facts, machine, own, &setting, &port, findings))
            is_explained = TRUE;
        explain_listener(&setting, &port, findings);
    }
    if (refusal && !is_explained)
        explain_refusal(refusal, machine, findings);
}
