// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Lengths of time, sizes and commands as people write them in Compose files. */

#include "base/base.h"

/* "1h30m", "1.5s", "300ms", "2d"; the units are ns, us, ms, s, m, h, d and w (Compose Specification, 11-extension.md,
 * durations). INPUT errors. */
gboolean compose_duration_parse(const char *text, gint64 *ret_usec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* As Go writes them, and so docker compose: "1h0m0s", "1.5s", "300ms", "0s". The caller frees. */
char *compose_duration_format(gint64 usec);

/* "64m", "1gb", "1.5GiB", "4096": units are powers of 1024, whatever they are called. INPUT errors. */
gboolean compose_size_parse(const char *text, gint64 *ret_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The words of a command as docker compose takes a string apart: quotes and backslashes as in a shell, nothing else. INPUT
 * errors. The caller frees. */
char **compose_command_split(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
