// SPDX-License-Identifier: LGPL-2.1-or-later
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define CHUNK 4096 /* bytes carried at once: what the kernel keeps of a terminal's input */

typedef struct {
    char bytes[CHUNK];
    gsize used;
    gboolean ended; /* nothing more comes */
} Buffer;

struct Terminal {
    int ours, theirs;
    char *path;
    struct termios before; /* of the user's terminal */
    gboolean is_raw;
    Buffer in, out;
};

gboolean terminal_is_wanted(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void terminal_resize(const Terminal *terminal)
{
    struct winsize size;

    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        ioctl(terminal->ours, TIOCSWINSZ, &size);
}

Terminal *terminal_open(int root, guint32 uid, GError **error)
{
    autofd ours = root_open(root, "/dev/ptmx", O_RDWR | O_NOCTTY, 0);
    int locked = 0, number = 0;

    if (ours < 0 || ioctl(ours, TIOCSPTLCK, &locked) < 0 || ioctl(ours, TIOCGPTN, &number) < 0 ||
        fcntl(ours, F_SETFL, O_NONBLOCK) < 0) {
        gourd_error_set_errno(error, errno, "cannot make a terminal");
        return NULL;
    }
    autofd theirs = ioctl(ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (theirs < 0) {
        gourd_error_set_errno(error, errno, "cannot open a terminal");
        return NULL;
    }
    /* A user who is not in the namespace cannot own it, and runs nothing there either. */
    if (fchown(theirs, uid, (gid_t)-1) < 0)
        errno = 0;

    Terminal *terminal = g_new0(Terminal, 1);
    terminal->ours = fd_steal(&ours);
    terminal->theirs = fd_steal(&theirs);
    terminal->path = g_strdup_printf("/dev/pts/%d", number);
    if (tcgetattr(STDIN_FILENO, &terminal->before) == 0)
        tcsetattr(terminal->theirs, TCSANOW, &terminal->before);
    terminal_resize(terminal);
    return terminal;
}

const char *terminal_path(const Terminal *terminal)
{
    return terminal->path;
}

gboolean terminal_take(const Terminal *terminal)
{
    return ioctl(terminal->theirs, TIOCSCTTY, 0) == 0 && dup2(terminal->theirs, STDIN_FILENO) >= 0 &&
           dup2(terminal->theirs, STDOUT_FILENO) >= 0 && dup2(terminal->theirs, STDERR_FILENO) >= 0;
}

void terminal_start(Terminal *terminal)
{
    struct termios raw = terminal->before;

    fd_close(&terminal->theirs);
    cfmakeraw(&raw);
    terminal->is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void terminal_free(Terminal *terminal)
{
    if (!terminal)
        return;
    if (terminal->is_raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
    fd_close(&terminal->ours);
    fd_close(&terminal->theirs);
    g_free(terminal->path);
    g_free(terminal);
}

/* --- carrying --------------------------------------------------------------------------------------------------------------- */

static void fill(Buffer *buffer, int fd)
{
    ssize_t got = read(fd, buffer->bytes + buffer->used, CHUNK - buffer->used);

    if (got > 0)
        buffer->used += (gsize)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        buffer->ended = TRUE;
}

static void empty(Buffer *buffer, int fd)
{
    ssize_t written = write(fd, buffer->bytes, buffer->used);

    if (written < 0 && errno != EAGAIN && errno != EINTR)
        written = (ssize_t)buffer->used; /* nobody is there to read it */
    if (written <= 0)
        return;
    buffer->used -= (gsize)written;
    memmove(buffer->bytes, buffer->bytes + written, buffer->used);
}

static short reads(const Buffer *buffer)
{
    return !buffer->ended && buffer->used < CHUNK ? POLLIN : 0;
}

static short writes(const Buffer *buffer)
{
    return buffer->used > 0 ? POLLOUT : 0;
}

static struct pollfd poll_of(int fd, int events)
{
    return (struct pollfd){.fd = events ? fd : -1, .events = (short)events};
}

void terminal_prepare(const Terminal *terminal, struct pollfd *ret_polls)
{
    ret_polls[0] = poll_of(STDIN_FILENO, reads(&terminal->in));
    ret_polls[1] = poll_of(terminal->ours, reads(&terminal->out) | writes(&terminal->in));
    ret_polls[2] = poll_of(STDOUT_FILENO, writes(&terminal->out));
}

void terminal_carry(Terminal *terminal, const struct pollfd *polls)
{
    if (polls[0].revents)
        fill(&terminal->in, STDIN_FILENO);
    if (polls[1].revents & POLLOUT)
        empty(&terminal->in, terminal->ours);
    if (polls[1].revents & ~POLLOUT)
        fill(&terminal->out, terminal->ours);
    if (polls[2].revents)
        empty(&terminal->out, STDOUT_FILENO);
}

void terminal_drain(Terminal *terminal)
{
    while (!terminal->out.ended || terminal->out.used > 0) {
        gsize before = terminal->out.used;

        if (!terminal->out.ended && before < CHUNK)
            fill(&terminal->out, terminal->ours);
        if (terminal->out.used == before && before == 0)
            return; /* others may still have it open, and say nothing */
        empty(&terminal->out, STDOUT_FILENO);
    }
}
