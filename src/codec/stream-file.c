// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PIPE_SIZE \
    (1024 * 1024) /* what an ordinary user may set (pipe-max-size); the default of 64 KiB costs switches */

/* --- part of a file ------------------------------------------------------------------------------------------------ */

typedef struct {
    ByteStream stream;
    int fd;
    char *name;
    guint64 offset;
    guint64 left;
} FileStream;

static gboolean read_file(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error)
{
    FileStream *file = (FileStream *)stream;
    gsize part = (gsize)MIN(file->left, size);

    if (part > 0 && !fd_pread_exactly(file->fd, file->name, room, part, file->offset, error))
        return FALSE;
    file->offset += part;
    file->left -= part;
    *ret_got = part;
    return TRUE;
}

static void release_file(ByteStream *stream)
{
    g_free(((FileStream *)stream)->name);
}

static const StreamKind file_kind = {.read = read_file, .release = release_file};

ByteStream *byte_stream_new_file(int fd, const char *name, guint64 offset, guint64 size)
{
    FileStream *file = g_new0(FileStream, 1);

    stream_init(&file->stream, &file_kind, NULL);
    file->fd = fd;
    file->name = g_strdup(name);
    file->offset = offset;
    file->left = size;
    return &file->stream;
}

/* --- a pipe -------------------------------------------------------------------------------------------------------- */

typedef struct {
    ByteStream stream;
    int fd;
    int interrupt_fd; /* becomes readable when somebody does not want to wait for the other side any more; or -1 */
    char *name;
} PipeStream;

static gboolean fail_pipe(const PipeStream *pipe_stream, GError **error)
{
    int saved = errno;
    g_autofree char *shown = text_escape(pipe_stream->name);

    return gourd_error_set_errno(error, saved, "cannot read '%s'", shown);
}

static gboolean read_pipe(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error)
{
    PipeStream *pipe_stream = (PipeStream *)stream;
    struct pollfd polled[] = {
        {.fd = pipe_stream->fd, .events = POLLIN},
        {.fd = pipe_stream->interrupt_fd, .events = POLLIN},
    };
    ssize_t got;

    do {
        if (poll(polled, G_N_ELEMENTS(polled), -1) < 0) {
            if (errno == EINTR)
                continue;
            return fail_pipe(pipe_stream, error);
        }
        if (polled[1].revents) {
            errno = ECANCELED;
            return fail_pipe(pipe_stream, error);
        }
        got = read(pipe_stream->fd, room, size);
        if (got >= 0) {
            *ret_got = (gsize)got;
            return TRUE;
        }
    } while (errno == EINTR || errno == EAGAIN);
    return fail_pipe(pipe_stream, error);
}

static void interrupt_pipe(ByteStream *stream)
{
    eventfd_write(((PipeStream *)stream)->interrupt_fd, 1);
}

static void release_pipe(ByteStream *stream)
{
    PipeStream *pipe_stream = (PipeStream *)stream;

    fd_close(&pipe_stream->interrupt_fd);
    g_free(pipe_stream->name);
}

static const StreamKind pipe_kind = {.read = read_pipe, .interrupt = interrupt_pipe, .release = release_pipe};

ByteStream *byte_stream_new_pipe(int fd, const char *name)
{
    PipeStream *pipe_stream = g_new0(PipeStream, 1);

    stream_init(&pipe_stream->stream, &pipe_kind, NULL);
    pipe_stream->fd = fd;
    pipe_stream->interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pipe_stream->name = g_strdup(name);
    (void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE); /* fails for what is no pipe: no matter */
    return &pipe_stream->stream;
}

/* --- memory -------------------------------------------------------------------------------------------------------- */

typedef struct {
    ByteStream stream;
    const guint8 *bytes;
    gsize left;
} MemoryStream;

static gboolean read_memory(ByteStream *stream, guint8 *room, gsize size, gsize *ret_got, GError **error)
{
    MemoryStream *memory = (MemoryStream *)stream;
    gsize part = MIN(memory->left, size);

    if (part > 0)
        memcpy(room, memory->bytes, part);
    memory->bytes += part;
    memory->left -= part;
    *ret_got = part;
    return TRUE;
}

static gboolean peek_memory(ByteStream *stream, gsize want, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    MemoryStream *memory = (MemoryStream *)stream;

    *ret_bytes = memory->bytes;
    *ret_size = memory->left;
    return TRUE;
}

static void advance_memory(ByteStream *stream, gsize size)
{
    MemoryStream *memory = (MemoryStream *)stream;

    memory->bytes += size;
    memory->left -= size;
}

static const StreamKind memory_kind = {.read = read_memory, .peek = peek_memory, .advance = advance_memory};

ByteStream *byte_stream_new_memory(const void *bytes, gsize size)
{
    static const guint8 nothing;
    MemoryStream *memory = g_new0(MemoryStream, 1);

    stream_init(&memory->stream, &memory_kind, NULL);
    memory->bytes = size > 0 ? bytes : &nothing;
    memory->left = size;
    return &memory->stream;
}
