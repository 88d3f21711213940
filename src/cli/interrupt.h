// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What SIGINT, SIGTERM and SIGHUP do while a host is changed.
 *
 * Waiting for a service to become healthy takes as long as it takes, and who then presses Ctrl-C wants the change undone. The
 * signal's handler makes this process another one: `gourd recover`, which finds the plan's journal, as after a kill, and
 * undoes it. */

/* From here on. Both are copied. */
void interrupt_undoes(const char *root, const char *title);
/* No more: the default again. */
void interrupt_kills(void);
