// SPDX-License-Identifier: LGPL-2.1-or-later
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output.h"

#define COPIES_MAX 16 /* buffers at once, before somebody else has a turn */

bool relay_open(Relay *relay, int to, int *ret_writer)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    /* /dev/stdout leads to the pipe's inode, which is the user's who made it, 0600; a worker with another user must be able to
     * open it for writing. Nobody sees it who does not have it open already. If this fails, that is all that fails. */
    (void)!fchmod(ends[1], 0622);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    relay->from = ends[0];
    relay->to = to;
    relay->begin = relay->end = 0;
    *ret_writer = ends[1];
    return true;
}

struct pollfd relay_poll(const Relay *relay)
{
    if (relay->begin < relay->end)
        return (struct pollfd){.fd = relay->to, .events = POLLOUT};
    return (struct pollfd){.fd = relay->from, .events = POLLIN};
}

/* Fills the empty buffer. */
static bool read_some(Relay *relay)
{
    ssize_t n;

    if (relay->from < 0)
        return false;
    n = read(relay->from, relay->buffer, sizeof(relay->buffer));
    if (n == 0) {
        close(relay->from);
        relay->from = -1;
    }
    relay->begin = 0;
    relay->end = n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* Empties the buffer; false if it cannot be emptied now. What nobody will ever take is dropped: an end of the log must not be an
 * end of the service. */
static bool write_all(Relay *relay)
{
    while (relay->begin < relay->end) {
        ssize_t n = output_write(relay->to, relay->buffer + relay->begin, relay->end - relay->begin);

        if (n < 0 && errno == EAGAIN)
            return false;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            relay->begin = relay->end;
        else
            relay->begin += (size_t)n;
    }
    return true;
}

void relay_copy(Relay *relay)
{
    for (unsigned i = 0; i < COPIES_MAX; i++)
        if (!write_all(relay) || !read_some(relay))
            return;
}

static long now_msec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void relay_drain(Relay *relay, int timeout_msec)
{
    long end = now_msec() + timeout_msec;

    for (;;) {
        struct pollfd writable = {.fd = relay->to, .events = POLLOUT};
        long left = end - now_msec();

        if (left <= 0)
            return;
        if (!write_all(relay))
            poll(&writable, 1, (int)left);
        else if (!read_some(relay))
            return;
    }
}
