// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The command line of gourd. Nothing below this folder prints. */

/* Runs `gourd ARGUMENTS…` (NULL-terminated, without the program's name) and returns its exit code. What went wrong has
 * been said on standard error. SIGINT and SIGTERM keep their default action: no file has a name before it is whole. */
int cli_run(const char *const *arguments);
