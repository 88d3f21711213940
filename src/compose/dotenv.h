// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* .env and what env_file names, as docker compose reads them (Docker's manual, "Env file syntax"): NAME=VALUE or NAME: VALUE,
 * "export" in front; '…' is literal, "…" has \n \r \t \\ \" and variables, what has no quotes has variables and ends before " #";
 * what is quoted may span lines; a NAME alone has the value that is known from elsewhere. */

#include "interpolate.h"

#define DOTENV_SIZE_MAX (4 * 1024 * 1024) /* bytes: no program could be started with more in its environment */

/* Adds name → value to a table of owned strings. Variables are looked for in `outer`, then in the table. INPUT errors begin with
 * "line N: "; they have no values, which may be secret. Fuzzed. */
gboolean dotenv_parse(const char *bytes, gsize size, const Variables *outer, GHashTable *values, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Of a file; the message begins with its path. */
gboolean dotenv_read(const char *path, const Variables *outer, GHashTable *values, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
