// SPDX-License-Identifier: LGPL-2.1-or-later
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CODEC_BYTES 6 /* what codec_detect() needs */

static gboolean open_path(Input *input, struct stat *ret_status, GError **error)
{
    if (!input->path)
        input->fd = STDIN_FILENO;
    else
        input->fd = open(input->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (input->fd < 0 || fstat(input->fd, ret_status) < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", input->name);
    return TRUE;
}

static gboolean detect_codec(Input *input, GError **error)
{
    const guint8 *shown;
    guint8 bytes[CODEC_BYTES];
    gsize size;

    if (input->kind == INPUT_FILE) {
        if (!fd_pread(input->fd, input->name, bytes, sizeof bytes, 0, &size, error))
            return FALSE;
        shown = bytes;
    } else if (!byte_stream_peek(input->raw, CODEC_BYTES, &shown, &size, error)) {
        return FALSE;
    }
    input->codec = codec_detect(shown, size);
    return TRUE;
}

Input *input_open(const char *path, GError **error)
{
    g_autoptr(Input) input = g_new0(Input, 1);
    struct stat status;

    input->fd = -1;
    input->path = g_strdup(path);
    input->name = path ? text_escape(path) : g_strdup("standard input");
    if (!open_path(input, &status, error))
        return NULL;
    if (S_ISDIR(status.st_mode) && !path) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "%s is a folder", input->name);
        gourd_error_hint(error, "pipe an archive into it, or name the folder");
        return NULL;
    }
    if (S_ISDIR(status.st_mode)) {
        input->kind = INPUT_FOLDER;
        return g_steal_pointer(&input);
    }
    /* Standard input may be a file that somebody else has begun to read. */
    if (S_ISREG(status.st_mode) && (path || lseek(input->fd, 0, SEEK_CUR) == 0)) {
        input->kind = INPUT_FILE;
        input->size = (guint64)status.st_size;
    } else if (isatty(input->fd)) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "%s is a terminal", input->name);
        gourd_error_hint(error, "pipe an archive into it, or name a file");
        return NULL;
    } else {
        input->kind = INPUT_PIPE;
        input->raw = byte_stream_new_pipe(input->fd, input->name);
    }
    return detect_codec(input, error) ? g_steal_pointer(&input) : NULL;
}

void input_free(Input *input)
{
    if (!input)
        return;
    archive_free(input->archive);
    g_clear_pointer(&input->stream, byte_stream_free);
    g_clear_pointer(&input->raw, byte_stream_free);
    if (input->fd != STDIN_FILENO)
        fd_close(&input->fd);
    g_free(input->path);
    g_free(input->name);
    g_free(input);
}

static gboolean begin_stream(Input *input, guint64 size_max, GError **error)
{
    ByteStream *raw = NULL;

    if (input->kind == INPUT_FILE)
        raw = byte_stream_new_file(input->fd, input->name, 0, input->size);
    else
        raw = g_steal_pointer(&input->raw);
    if (!raw)
        return gourd_error_set(error, GOURD_ERROR_USAGE, "%s can be read only once", input->name);
    input->stream_raw = raw;
    input->stream = byte_stream_new_inflated(raw, input->codec, size_max, input->name, error);
    return input->stream != NULL;
}

gboolean input_peek(Input *input, guint64 size_max, const guint8 **ret_bytes, gsize *ret_size, GError **error)
{
    if (!input->stream && !begin_stream(input, size_max, error))
        return FALSE;
    return byte_stream_peek(input->stream, BYTE_STREAM_PEEK_MAX, ret_bytes, ret_size, error);
}

ByteStream *input_read(Input *input, guint64 size_max, const ByteStream **ret_raw, GError **error)
{
    if (!input->stream && !begin_stream(input, size_max, error))
        return NULL;
    *ret_raw = input->stream_raw;
    return g_steal_pointer(&input->stream);
}

/* Writes all of the stream to fd. */
static gboolean spool(ByteStream *stream, int fd, const char *name, guint64 *ret_size, GError **error)
{
    guint64 written = 0;

    for (;;) {
        const guint8 *bytes;
        gsize size;

        if (!byte_stream_peek(stream, 1, &bytes, &size, error))
            return FALSE;
        if (size == 0)
            break;
        if (!fd_pwrite(fd, name, bytes, size, written, error))
            return FALSE;
        byte_stream_advance(stream, size);
        written += size;
    }
    *ret_size = written;
    return TRUE;
}

static gboolean make_seekable(Input *input, const char *scratch_folder, guint64 size_max, GError **error)
{
    g_autofree char *name = scratch_describe(scratch_folder);
    const ByteStream *raw;
    autofd scratch = -1;

    g_autoptr(ByteStream) stream = input_read(input, size_max, &raw, error);
    if (!stream || !scratch_open(scratch_folder, &scratch, error) || !spool(stream, scratch, name, &input->size, error))
        return FALSE;
    if (input->fd != STDIN_FILENO)
        fd_close(&input->fd);
    input->fd = fd_steal(&scratch);
    input->kind = INPUT_FILE;
    input->codec = CODEC_NONE;
    return TRUE;
}

gboolean input_list(Input *input, const char *scratch_folder, guint64 size_max, GError **error)
{
    if (input->archive)
        return TRUE;
    if (input->kind == INPUT_PIPE || input->codec != CODEC_NONE) {
        if (!make_seekable(input, scratch_folder ? scratch_folder : g_get_tmp_dir(), size_max, error))
            return FALSE;
    } else {
        g_clear_pointer(&input->stream, byte_stream_free);
    }
    input->archive = archive_new(input->fd, input->name, input->size, error);
    return input->archive != NULL;
}
