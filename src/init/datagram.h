// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* --udp-relay: what systemd-socket-proxyd(8) is for streams. Datagrams that come to the sockets which systemd has passed go to one
 * address, from a socket for each sender, and what comes back there is an answer to it, from the address that it asked. */

/* target: ADDRESS:PORT or [ADDRESS]:PORT. Returns only if it cannot go on: an exit status, after a message. */
int datagram_relay(const char *target);
