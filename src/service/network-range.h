// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Ranges of IP addresses, "10.208.4.0/24" and "fd00::/64", and the addresses in them. */

#include "base/base.h"

typedef struct {
    int family;       /* AF_INET or AF_INET6 */
    guint8 bytes[16]; /* the first 4, or all; those behind the prefix are zero */
    guint prefix;
} NetRange;

/* INPUT: it is none, or has no room for two hosts. Bits behind the prefix are dropped. */
gboolean net_range_parse(const char *text, NetRange *ret_range, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The caller frees both. */
char *net_range_to_text(const NetRange *range);
/* The address of a host by its number, from 1; NULL: there are not so many. */
char *net_range_host(const NetRange *range, guint64 number);
gboolean net_range_overlaps(const NetRange *a, const NetRange *b);
/* Whether it has the address, which is one of a host. */
gboolean net_range_has_host(const NetRange *range, const char *address);

/* The address as inet_ntop(3) writes it, so that two that are the same are the same text; NULL: it is none. The caller frees. */
char *net_address_normalise(const char *text);
/* Of this machine only: 127/8 and ::1. */
gboolean net_address_is_loopback(const char *text);
/* "0.0.0.0" and "::". */
gboolean net_address_is_any(const char *text);
