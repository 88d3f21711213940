// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Probes that gourd-init makes itself: connections, and the first line of an HTTP answer. They wait as long as it takes, for they run
 * in a process of their own that is killed when its time is over. */

#include "options.h"

/* Whether it succeeds; the text says what was found. */
bool connect_probe(const ProbeTarget *target, Text *text);

/* Calls `found` with each address ("127.0.0.1", "::1") that a line of hosts(5) gives a name; stops when it returns true. */
void hosts_find(const char *bytes, size_t size, const char *name, bool (*found)(const char *address, void *data),
                void *data);
