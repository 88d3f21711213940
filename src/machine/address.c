// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"

#include "service/service.h"

#include <string.h>

/* Where pairs of addresses are taken from: beside what stacks of Compose have (10.208.0.0/12). */
#define POOL "10.207.%u.%u/30"
#define POOL_PAIRS 16384 /* 10.207.0.0/30 to 10.207.255.252/30 */
#define NFT "/usr/sbin/nft"

static void add_range(GArray *taken, const char *text)
{
    NetRange range;

    if (net_range_parse(text, &range, NULL))
        g_array_append_val(taken, range);
}

/* ADDRESS/PREFIX[,host=ADDRESS/PREFIX]… */
static void add_ranges(GArray *taken, const char *address)
{
    g_auto(GStrv) words = g_strsplit(address, ",", -1);

    for (char **word = words; *word; word++) {
        const char *equals = strchr(*word, '=');

        add_range(taken, equals ? equals + 1 : *word);
    }
}

static gboolean is_free(const GArray *taken, const NetRange *range)
{
    for (guint i = 0; i < taken->len; i++) {
        if (net_range_overlaps(range, &g_array_index(taken, NetRange, i)))
            return FALSE;
    }
    return TRUE;
}

static gboolean list_taken(Host *host, GArray *taken, GError **error)
{
    g_auto(GStrv) subnets = host_is_live(host) ? host_list_subnets() : NULL;
    g_autoptr(GPtrArray) records = NULL;

    if (!machine_list(host, &records, error))
        return FALSE;
    for (char **subnet = subnets; subnet && *subnet; subnet++)
        add_range(taken, *subnet);
    for (guint i = 0; i < records->len; i++) {
        const MachineRecord *record = g_ptr_array_index(records, i);

        if (record->spec.address) /* also of one that is stopped now */
            add_ranges(taken, record->spec.address);
    }
    return TRUE;
}

static gboolean choose(Host *host, MachineSpec *spec, GError **error)
{
    g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(NetRange));

    if (!list_taken(host, taken, error))
        return FALSE;
    for (guint i = 0; i < POOL_PAIRS; i++) {
        g_autofree char *text = g_strdup_printf(POOL, i * 4 / 256, i * 4 % 256);
        NetRange range;

        if (!net_range_parse(text, &range, error))
            return FALSE;
        if (!is_free(taken, &range))
            continue;
        g_autofree char *outside = net_range_host(&range, 1), *inside = net_range_host(&range, 2);
        spec->address = g_strdup_printf("%s/30,host=%s/30", inside, outside);
        return TRUE;
    }
    gourd_error_set(error, GOURD_ERROR_LIMIT, "there are no addresses left for it");
    return gourd_error_hint(error, "--address gives it some");
}

/* A copy of a machine brings the addresses of what it is a copy of. Those of a bridge's network are for the admin to choose. */
gboolean machine_move_address(Host *host, MachineSpec *spec, Notes *notes, GError **error)
{
    g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(NetRange)),
                      own = g_array_new(FALSE, FALSE, sizeof(NetRange));
    gboolean free = TRUE;

    if (!spec->address || spec->bridge || spec->zone || !strstr(spec->address, ",host="))
        return TRUE;
    if (!list_taken(host, taken, error))
        return FALSE;
    add_ranges(own, spec->address);
    for (guint i = 0; i < own->len; i++)
        free = free && is_free(taken, &g_array_index(own, NetRange, i));
    if (free)
        return TRUE;
    g_clear_pointer(&spec->address, g_free);
    if (!choose(host, spec, error))
        return FALSE;
    notes_add(
        notes, "address-changed",
        "the addresses that it had are taken here, by another machine or a network of this host, so it gets others; "
        "--address gives it those that you like",
        spec->address);
    return TRUE;
}

static gboolean runs_networkd(Host *host)
{
    HostUnit unit;

    if (!host_get_unit(host, "systemd-networkd.service", &unit, NULL))
        return FALSE;
    const gboolean runs = g_strcmp0(unit.active_state, "active") == 0;
    host_unit_clear(&unit);
    return runs;
}

/* Whether names are looked up by systemd-resolved, which listens where a machine with a network of its own does not reach it. */
static gboolean asks_resolved(Host *host)
{
    g_autofree char *path = host_path(host, "/etc/resolv.conf"), *target = g_file_read_link(path, NULL), *text = NULL;

    if (target && strstr(target, "systemd/resolve/"))
        return TRUE;
    return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, "127.0.0.53");
}

void machine_choose_resolver(Host *host, MachineSpec *spec)
{
    spec->copies_resolv_conf = !asks_resolved(host);
}

gboolean machine_choose_address(Host *host, MachineSpec *spec, Notes *notes, GError **error)
{
    if (!host_is_live(host) || spec->network != MACHINE_NETWORK_PRIVATE || spec->bridge || runs_networkd(host))
        return TRUE;
    if (spec->zone) {
        if (!spec->address)
            notes_add(
                notes, "zone-without-addresses",
                "systemd-networkd does not run here, so nobody gives the machines of a zone addresses; --address does",
                spec->zone);
        return TRUE;
    }
    g_autofree char *nft = host_path(host, NFT);
    if (!g_file_test(nft, G_FILE_TEST_IS_EXECUTABLE))
        notes_add(
            notes, "nft-missing",
            "systemd-networkd does not run here and nft is not installed: the machine reaches nothing behind this host",
            NULL);
    if (spec->address)
        return TRUE;
    if (!choose(host, spec, error))
        return FALSE;
    notes_add(notes, "address-chosen",
              "systemd-networkd does not run here, so addresses were chosen; --address gives others", spec->address);
    return TRUE;
}
