// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host.h"

#include <arpa/inet.h>
#include <stdio.h>

#define ROUTES_FILE "/proc/net/route"
#define FIELD_DESTINATION 1 /* hexadecimal, in the order of the machine's bytes */
#define FIELD_MASK 7
#define FIELDS 8

static char *format_subnet(guint64 destination, guint64 mask)
{
    const struct in_addr address = {.s_addr = (in_addr_t)destination};
    char text[INET_ADDRSTRLEN];

    if (mask == 0 || !inet_ntop(AF_INET, &address, text, sizeof text))
        return NULL;
    return g_strdup_printf("%s/%d", text, __builtin_popcountll(mask));
}

char **host_list_subnets(void)
{
    g_autoptr(GStrvBuilder) subnets = g_strv_builder_new();
    g_autofree char *text = NULL;

    g_file_get_contents(ROUTES_FILE, &text, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (guint i = 1; lines[0] && lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit_set(lines[i], "\t ", -1);
        guint64 destination, mask;

        if (g_strv_length(fields) < FIELDS ||
            !g_ascii_string_to_unsigned(fields[FIELD_DESTINATION], 16, 0, G_MAXUINT32, &destination, NULL) ||
            !g_ascii_string_to_unsigned(fields[FIELD_MASK], 16, 0, G_MAXUINT32, &mask, NULL))
            continue;
        g_autofree char *subnet = format_subnet(destination, mask);
        if (subnet)
            g_strv_builder_add(subnets, subnet);
    }
    return g_strv_builder_end(subnets);
}
