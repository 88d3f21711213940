// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The environment of the program and of its probes, which is that of gourd-init. */

#include "options.h"

/* systemd's exit statuses for these failures (systemd.exec(5), "PROCESS EXIT CODES"). */
#define EXIT_STATUS_USAGE 2
#define EXIT_STATUS_EXEC 203
#define EXIT_STATUS_STDOUT 222
#define EXIT_STATUS_CREDENTIALS 243

/* Sets variables and secrets. 0, or the status to exit with after what has been said. */
int environment_prepare(const Options *options);
/* Whether $LISTEN_PID or $WATCHDOG_PID means the main process, whose number is main_pid. To process 1 of a namespace everything
 * is addressed: systemd 257 sets these to a number of outside (PrivatePIDs=). */
bool environment_is_addressed(const char *variable, const char *main_pid);
/* In the process that is to become the program: what systemd addressed to the main process by its number is for this one. */
void environment_readdress(const char *main_pid);
