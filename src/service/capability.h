// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The capabilities of Linux by name (capabilities(7)). */

#include <glib.h>

#define CAPABILITY_BIT(NUMBER) (G_GUINT64_CONSTANT(1) << (NUMBER))

#define CAPABILITIES_ALL (CAPABILITY_BIT(41) - 1) /* that this gourd knows by name */

/* "CAP_NET_RAW", "net_raw": its number. FALSE if there is none. */
gboolean capability_find(const char *name, guint *ret_number);
/* "CAP_CHOWN CAP_KILL" of a set of bits, in the order of their numbers. The caller frees. */
char *capability_set_to_text(guint64 set);
