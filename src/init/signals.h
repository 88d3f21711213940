// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Names of signals, as systemd.kill(5) and images write them. */

/* "SIGQUIT", "QUIT", "SIGRTMIN+3", "RTMAX-1" or "3"; 0 for anything else. */
int signal_parse(const char *text);
