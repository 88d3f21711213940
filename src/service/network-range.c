// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network-range.h"

#include <arpa/inet.h>
#include <string.h>

#define HOST_BITS_MIN 2  /* a gateway, a service, and in IPv4 the network and its broadcast */
#define HOST_BITS_MAX 31 /* more than that many services nobody has */

static guint family_bits(int family)
{
    return family == AF_INET ? 32 : 128;
}

static gboolean parse_address(const char *text, int *ret_family, guint8 bytes[16])
{
    memset(bytes, 0, 16);
    *ret_family = strchr(text, ':') ? AF_INET6 : AF_INET;
    return inet_pton(*ret_family, text, bytes) == 1;
}

/* Those bits of an address that are not its network's. */
static void clear_host(guint8 bytes[16], guint bits, guint prefix)
{
    for (guint bit = prefix; bit < bits; bit++)
        bytes[bit / 8] &= (guint8) ~(0x80 >> (bit % 8));
}

gboolean net_range_parse(const char *text, NetRange *ret_range, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    NetRange range = {0};
    guint64 prefix;

    if (!parts[0] || !parts[1] || !parse_address(parts[0], &range.family, range.bytes) ||
        !g_ascii_string_to_unsigned(parts[1], 10, 1, family_bits(range.family) - HOST_BITS_MIN, &prefix, NULL)) {
        g_autofree char *shown = text_escape(text);

        gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is not a range of addresses", shown);
        return gourd_error_hint(error, "such as 10.208.4.0/24 or fd00:1::/64");
    }
    range.prefix = (guint)prefix;
    clear_host(range.bytes, family_bits(range.family), range.prefix);
    *ret_range = range;
    return TRUE;
}

static char *address_to_text(int family, const guint8 bytes[16])
{
    char text[INET6_ADDRSTRLEN];

    return g_strdup(inet_ntop(family, bytes, text, sizeof text));
}

char *net_range_to_text(const NetRange *range)
{
    g_autofree char *address = address_to_text(range->family, range->bytes);

    return g_strdup_printf("%s/%u", address, range->prefix);
}

char *net_range_host(const NetRange *range, guint64 number)
{
    guint bits = MIN(family_bits(range->family) - range->prefix, HOST_BITS_MAX);
    guint64 end = (G_GUINT64_CONSTANT(1) << bits) - (range->family == AF_INET ? 1 : 0); /* the last is the broadcast */
    guint8 bytes[16];
    gsize length = range->family == AF_INET ? 4 : 16;

    if (number == 0 || number >= end)
        return NULL;
    memcpy(bytes, range->bytes, sizeof bytes);
    for (gsize i = 0; i < 4; i++)
        bytes[length - 1 - i] |= (guint8)(number >> (8 * i));
    return address_to_text(range->family, bytes);
}

gboolean net_range_overlaps(const NetRange *a, const NetRange *b)
{
    guint prefix = MIN(a->prefix, b->prefix);
    guint8 first[16], second[16];

    if (a->family != b->family)
        return FALSE;
    memcpy(first, a->bytes, sizeof first);
    memcpy(second, b->bytes, sizeof second);
    clear_host(first, family_bits(a->family), prefix);
    clear_host(second, family_bits(a->family), prefix);
    return memcmp(first, second, sizeof first) == 0;
}

gboolean net_range_has_host(const NetRange *range, const char *address)
{
    guint8 bytes[16], host[16] = {0};
    guint bits = family_bits(range->family);
    gboolean last = TRUE;
    int family;

    if (!parse_address(address, &family, bytes) || family != range->family)
        return FALSE;
    for (guint bit = range->prefix; bit < bits; bit++)
        last &= (bytes[bit / 8] & (0x80 >> (bit % 8))) != 0;
    memcpy(host, bytes, sizeof host);
    clear_host(bytes, bits, range->prefix);
    return memcmp(bytes, range->bytes, sizeof bytes) == 0 && memcmp(host, range->bytes, sizeof host) != 0 &&
           !(last && family == AF_INET);
}

char *net_address_normalise(const char *text)
{
    guint8 bytes[16];
    int family;

    return parse_address(text, &family, bytes) ? address_to_text(family, bytes) : NULL;
}

gboolean net_address_is_loopback(const char *text)
{
    guint8 bytes[16];
    int family;
    static const guint8 one[16] = {[15] = 1};

    if (!parse_address(text, &family, bytes))
        return FALSE;
    return family == AF_INET ? bytes[0] == 127 : memcmp(bytes, one, sizeof one) == 0;
}

gboolean net_address_is_any(const char *text)
{
    guint8 bytes[16];
    int family;
    static const guint8 zero[16] = {0};

    return parse_address(text, &family, bytes) && memcmp(bytes, zero, sizeof zero) == 0;
}
