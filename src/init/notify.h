// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What the service manager is told, by the protocol of sd_notify(3). Nothing waits and nothing is lost: what cannot be sent
 * now is kept, in its newest state, and sent later. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "text.h"

#define NOTIFY_STATUS_MAX 512 /* bytes; `systemctl status` shows it in one line */

typedef struct {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t address_size;
    uint64_t watchdog_usec; /* how often WATCHDOG=1 is wanted; 0: never */

    bool ready, stopping, watchdog, trigger; /* to be sent */
    uint64_t extend_usec;                    /* likewise, 0: no */
    bool status_changed;
    char status[NOTIFY_STATUS_MAX];
} Notify;

/* From $NOTIFY_SOCKET and $WATCHDOG_USEC. With own, these variables are then taken out of the environment, so that the program does
 * not report what gourd-init reports. Without, they are left to the program. main_pid is the number that systemd knows. */
void notify_open(Notify *notify, bool own, const char *main_pid);
/* Notes a text; the same again changes nothing. */
void notify_set_status(Notify *notify, const char *status);
/* Sends what there is to be sent, in one message. False if something is left for later. */
bool notify_flush(Notify *notify);
