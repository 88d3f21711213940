// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Durations and sizes as systemd writes and reads them (systemd.time(7); systemd.resource-control(5)). */

#include "base/base.h"

#define UNIT_INFINITY G_MAXUINT64 /* "infinity", of durations and sizes */

/* A duration in microseconds as one number with the largest unit that fits: "90s", "2min", "1500ms", "infinity", "0". The
 * caller frees. */
char *unit_format_duration(guint64 usec);
/* "5min 20s", "1.5h", "90" (seconds), "infinity". INPUT: no duration; LIMIT: more than some hundred thousand years. */
gboolean unit_parse_duration(const char *text, guint64 *ret_usec, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Bytes with the largest suffix (K, M, G, T, P, E: powers of 1024) that keeps them exact: "512M", "1025", "infinity". */
char *unit_format_size(guint64 bytes);
/* "512M", "1.5G", "infinity". INPUT: no size; LIMIT: 16 EiB or more. */
gboolean unit_parse_size(const char *text, guint64 *ret_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the value of a boolean setting is true, false, or (FALSE) neither. */
gboolean unit_parse_boolean(const char *text, gboolean *ret_value);
