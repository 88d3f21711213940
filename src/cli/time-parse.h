// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/base.h"

/* A point in time as people type it, in microseconds since 1970: "10min" and "2h ago" (before now), "today", "yesterday",
 * "now", "12:30", "2026-11-22", "2026-11-22 12:30[:15]", RFC 3339 with a zone, "@SECONDS". Without a zone it is local time. */
gboolean time_parse(const char *text, gint64 now_usec, guint64 *ret_usec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
