// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Writing without ever waiting, and gourd-init's own messages. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The levels of syslog(3) that are used. */
typedef enum {
    MESSAGE_ERROR = 3,
    MESSAGE_WARNING = 4,
    MESSAGE_NOTICE = 5,
} MessageLevel;

/* "gourd-init: …" as one line on standard error, with the level in front where that is the journal. Lost rather than waited for. */
void message(MessageLevel level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Like write(2), but EAGAIN where that would wait, without setting O_NONBLOCK, which others who have the file open would see. */
ssize_t output_write(int fd, const void *bytes, size_t size);

/* Whether two descriptors are of the same file or socket. */
bool output_is_same(int a, int b);
