// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* --ingress-filter: what may come to the sockets of a control group from beyond this machine. Not inside of a service, but in a unit
 * of its own before it: the service names the program that is left at PATH (systemd.resource-control(5), IPIngressFilterPath=).
 *
 *   PORT/tcp, PORT/udp, ADDRESS:PORT/…   may be reached, there or at that address of this machine
 *   -PORT/udp                            may not, although its number is among those of clients
 *
 * What comes in by the loopback link is let through, and so are ICMP, TCP but for the first packet of a connection, and UDP to
 * connected sockets and to the ports that the kernel gives to clients. All else is dropped. */

/* Loads the program and pins it. Returns an exit status, after a message if that is not 0. */
int filter_pin(const char *path, char *const *words);
