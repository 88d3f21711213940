// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* One stream of output: a pipe for the program, copied on to where gourd-init's own goes. Bytes are copied as they come; when the
 * other side does not take them, the pipe fills and the program waits, as it would without us. */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define RELAY_BUFFER_SIZE (16 * 1024)

typedef struct {
    int from; /* reading end; -1: not open, or at its end */
    int to;
    size_t begin, end; /* what is in the buffer */
    char buffer[RELAY_BUFFER_SIZE];
} Relay;

/* Makes the pipe. ret_writer is the program's end, which it can also open as /dev/stdout, whatever its user. False with errno. */
bool relay_open(Relay *relay, int to, int *ret_writer);
/* What to poll for before relay_copy(). */
struct pollfd relay_poll(const Relay *relay);
/* Copies what can be copied now. */
void relay_copy(Relay *relay);
/* After the program has ended: the rest, until the pipe is empty or the time is over. */
void relay_drain(Relay *relay, int timeout_msec);
