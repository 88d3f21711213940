// SPDX-License-Identifier: LGPL-2.1-or-later
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define MESSAGE_SIZE_MAX 1024

/* The last byte that went out was no line break, so a message would land within somebody's line. */
static bool within_line;

bool output_is_same(int a, int b)
{
    struct stat a_stat, b_stat;

    return fstat(a, &a_stat) == 0 && fstat(b, &b_stat) == 0 && a_stat.st_dev == b_stat.st_dev &&
           a_stat.st_ino == b_stat.st_ino;
}

ssize_t output_write(int fd, const void *bytes, size_t size)
{
    ssize_t n = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && errno == ENOTSOCK) {
        struct pollfd writable = {.fd = fd, .events = POLLOUT};

        if (poll(&writable, 1, 0) != 1) {
            errno = EAGAIN;
            return -1;
        }
        /* A pipe that is writable takes so much without waiting (pipe(7)). */
        n = write(fd, bytes, size < PIPE_BUF ? size : PIPE_BUF);
    }
    if (n > 0)
        within_line = ((const char *)bytes)[n - 1] != '\n';
    return n;
}

/* $JOURNAL_STREAM is DEVICE:INODE of the journal's socket (systemd.exec(5)): whether that is our standard error. */
static bool goes_to_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    char *end;
    unsigned long long device, inode;

    if (!stream || fstat(STDERR_FILENO, &st) != 0)
        return false;
    device = strtoull(stream, &end, 10);
    inode = *end == ':' ? strtoull(end + 1, NULL, 10) : 0;
    return device == st.st_dev && inode == st.st_ino;
}

void message(MessageLevel level, const char *format, ...)
{
    char buffer[MESSAGE_SIZE_MAX];
    Text text = text_make(buffer, sizeof(buffer) - 1);
    va_list list;

    if (within_line)
        text_add(&text, "\n");
    if (goes_to_journal())
        text_add(&text, "<%u>", (unsigned)level);
    text_add(&text, "gourd-init: ");
    va_start(list, format);
    text_add_list(&text, format, list);
    va_end(list);
    buffer[text.length] = '\n';
    (void)!output_write(STDERR_FILENO, buffer, text.length + 1);
}
