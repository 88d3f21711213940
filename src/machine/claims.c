// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"
#include "render.h"

#include <string.h>

/* What of the host one machine alone can have. */
typedef enum {
    CLAIM_PORT,
    CLAIM_LINK,
    CLAIM_ADDRESS,
} ClaimKind;

typedef struct {
    ClaimKind kind;
    char *name; /* "tcp:8080", "up0", "10.0.0.1" */
} Claim;

static const struct {
    const char *kind, *text;
} notes_of[] = {
    [CLAIM_PORT] = {"port-shared",
                    "another machine has this port of the host too: it is passed on to the one that starts first"},
    [CLAIM_LINK] = {"link-shared", "another machine has this link of the host too: only one of both can run"},
    [CLAIM_ADDRESS] = {"address-shared", "another machine has this address too: only one of both is reached there"},
};

static void claim_clear(gpointer data)
{
    g_free(((Claim *)data)->name);
}

static void add(GArray *claims, ClaimKind kind, char *name)
{
    const Claim claim = {.kind = kind, .name = name};

    g_array_append_val(claims, claim);
}

static void add_addresses(GArray *claims, char *const *addresses)
{
    for (; addresses && *addresses; addresses++)
        add(claims, CLAIM_ADDRESS, machine_address_without_prefix(*addresses));
}

/* What is inside of a further pair is seen by its other end alone; a macvlan's address by all in the host's network. */
static void add_link(GArray *claims, const MachineLink *link)
{
    if (link->kind == LINK_VETH || link->kind == LINK_MOVED)
        add(claims, CLAIM_LINK, g_strdup(link->outside));
    add_addresses(claims, link->hosts);
    if (link->kind != LINK_VETH)
        add_addresses(claims, link->insides);
}

/* Settings that cannot be read claim nothing: who renders them says why. */
static GArray *list_claims(const char *machine, const MachineSpec *spec)
{
    GArray *claims = g_array_new(FALSE, FALSE, sizeof(Claim));
    g_autoptr(GPtrArray) links = NULL;
    MachinePort port;

    g_array_set_clear_func(claims, claim_clear);
    for (char **text = spec->ports; text && *text; text++)
        if (machine_port_parse(*text, &port, NULL))
            add(claims, CLAIM_PORT, g_strdup_printf("%s:%u", port.is_udp ? "udp" : "tcp", port.outside));
    if (machine_links_parse(machine, spec, &links, NULL))
        for (guint i = 0; i < links->len; i++)
            add_link(claims, g_ptr_array_index(links, i));
    return claims;
}

static gboolean has_claim(const GArray *claims, const Claim *wanted)
{
    for (guint i = 0; i < claims->len; i++) {
        const Claim *claim = &g_array_index(claims, Claim, i);

        if (claim->kind == wanted->kind && strcmp(claim->name, wanted->name) == 0)
            return TRUE;
    }
    return FALSE;
}

static void note_listeners(const MachineSpec *spec, Notes *notes)
{
    MachinePort port;

    for (char **text = spec->ports; text && *text; text++) {
        g_auto(HostListener) listener = {0};

        if (!machine_port_parse(*text, &port, NULL) || !host_find_listener(port.outside, port.is_udp, &listener) ||
            listener.is_loopback)
            continue;
        g_autofree char *subject = g_strdup_printf("%s:%u (%s)", port.is_udp ? "udp" : "tcp", port.outside,
                                                   listener.unit      ? listener.unit
                                                   : listener.program ? listener.program
                                                                      : "?");
        notes_add(notes, "port-taken",
                  "a program of this host listens on this port too: while the machine runs, what comes from outside "
                  "goes to the machine",
                  subject);
    }
}

void machine_note_claims(Host *host, const char *machine, const MachineSpec *spec, Notes *notes)
{
    g_autoptr(GArray) claims = list_claims(machine, spec);
    g_autoptr(GPtrArray) records = NULL;

    if (host_is_live(host))
        note_listeners(spec, notes);
    if (!machine_list(host, &records, NULL)) /* what is wrong with a record is none of this machine's business */
        return;
    for (guint i = 0; i < records->len; i++) {
        const MachineRecord *record = g_ptr_array_index(records, i);
        g_autoptr(GArray) others = list_claims(record->name, &record->spec);

        for (guint j = 0; j < claims->len; j++) {
            const Claim *claim = &g_array_index(claims, Claim, j);
            g_autofree char *subject = g_strdup_printf("%s (%s)", claim->name, record->name);

            if (has_claim(others, claim))
                notes_add(notes, notes_of[claim->kind].kind, notes_of[claim->kind].text, subject);
        }
    }
}
