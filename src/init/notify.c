// SPDX-License-Identifier: LGPL-2.1-or-later
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"

/* An absolute path, or "@" and a name in the abstract namespace. Others (vsock) are for virtual machines. */
static bool set_address(Notify *notify, const char *name)
{
    size_t length = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof(notify->address.sun_path))
        return false;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, name, length + 1);
    notify->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (name[0] == '@')
        notify->address.sun_path[0] = '\0';
    else
        notify->address_size++;
    return true;
}

/* sd_watchdog_enabled(3): meant for us if it names us, or nobody. */
static uint64_t read_watchdog(const char *main_pid)
{
    const char *usec = getenv("WATCHDOG_USEC");
    unsigned long long number;
    char *end;

    if (!usec || (getenv("WATCHDOG_PID") && !environment_is_addressed("WATCHDOG_PID", main_pid)))
        return 0;
    number = strtoull(usec, &end, 10);
    return *end == '\0' && number < UINT64_MAX ? number : 0;
}

void notify_open(Notify *notify, bool own, const char *main_pid)
{
    const char *name = getenv("NOTIFY_SOCKET");

    *notify = (Notify){.fd = -1};
    if (name && set_address(notify, name))
        notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (!own)
        return;
    if (notify->fd >= 0)
        notify->watchdog_usec = read_watchdog(main_pid);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void notify_set_status(Notify *notify, const char *status)
{
    Text text;

    if (strcmp(notify->status, status) == 0)
        return;
    text = TEXT(notify->status);
    text_add(&text, "%s", status);
    notify->status_changed = true;
}

/* Microseconds as digits; more than an unsigned holds is cut to that: over an hour, and it is said again before. */
static unsigned clamp(uint64_t usec)
{
    return usec < UINT32_MAX ? (unsigned)usec : UINT32_MAX;
}

bool notify_flush(Notify *notify)
{
    char buffer[NOTIFY_STATUS_MAX + 128];
    Text text = TEXT(buffer);

    if (notify->ready)
        text_add(&text, "READY=1\n");
    if (notify->stopping)
        text_add(&text, "STOPPING=1\n");
    if (notify->trigger)
        text_add(&text, "WATCHDOG=trigger\n");
    else if (notify->watchdog)
        text_add(&text, "WATCHDOG=1\n");
    if (notify->extend_usec > 0)
        text_add(&text, "EXTEND_TIMEOUT_USEC=%u\n", clamp(notify->extend_usec));
    if (notify->status_changed)
        text_add(&text, "STATUS=%s\n", notify->status);
    if (notify->fd >= 0 && text.length > 0 &&
        sendto(notify->fd, buffer, text.length, MSG_NOSIGNAL, (const struct sockaddr *)&notify->address,
               notify->address_size) < 0)
        return false;
    notify->ready = notify->stopping = notify->watchdog = notify->trigger = notify->status_changed = false;
    notify->extend_usec = 0;
    return true;
}
