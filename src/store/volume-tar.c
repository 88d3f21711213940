// SPDX-License-Identifier: LGPL-2.1-or-later
#include "volume-tar.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_SIZE_MAX (16 * 1024 * 1024) /* bytes of what tar says, in memory: a hundred thousand lines */
#define BUFFER_SIZE (256 * 1024)
#define STATUS_CHANGED 1 /* "some files differ" (GNU tar manual, 3.1) */
#define STATUS_FAILED 2
#define SHOWN_LENGTH 100 /* of a path that is too long */
#define TOO_LONG ": File name too long"
#define REMOVING ": Removing leading "
#define SHORT ": Wrote only " /* what there was room for */
#define LAST_LINE ": Exiting with failure status due to previous errors"
#define FOLDER_INSIDE 3 /* descriptors as tar has them */
#define LOCK_INSIDE 4

typedef struct {
    GPid pid;
    int in, out;   /* pipes, or -1 */
    int text, err; /* memory, or -1 for text */
} Child;

static gboolean fail(GError **error, const char *what)
{
    return gourd_error_set_errno(error, errno, "cannot %s tar", what);
}

static GPtrArray *make_words(const VolumeTar *tar)
{
    GPtrArray *words = g_ptr_array_new();

    g_ptr_array_add(words, (gpointer) "tar");
    for (const char *const *word = tar->words; *word; word++)
        g_ptr_array_add(words, (gpointer)*word);
    g_ptr_array_add(words, NULL);
    return words;
}

static gboolean spawn(const Store *store, const VolumeTar *tar, Child *child, GError **error)
{
    g_autoptr(GPtrArray) words = make_words(tar);
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
    g_autoptr(GError) failure = NULL;
    g_autofree char *program = g_find_program_in_path("tar");
    autofd nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int from[2], to[2];
    gsize n_fds = 0;

    if (!program) {
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no program 'tar' here");
        return gourd_error_hint(error, "install it: apt install tar");
    }
    environment = g_environ_unsetenv(environment, "TAR_OPTIONS");
    if (tar->folder >= 0) {
        from[n_fds] = tar->folder;
        to[n_fds++] = FOLDER_INSIDE;
    }
    if (store->lock >= 0) {
        from[n_fds] = store->lock;
        to[n_fds++] = LOCK_INSIDE;
    }
    if (!g_spawn_async_with_pipes_and_fds(NULL, (const char *const *)words->pdata, (const char *const *)environment,
                                          G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, NULL,
                                          NULL, tar->in ? -1 : nothing,
                                          tar->take   ? -1
                                          : tar->into ? tar->into
                                                      : child->text,
                                          child->err, from, to, n_fds, &child->pid, tar->in ? &child->in : NULL,
                                          tar->take ? &child->out : NULL, NULL, &failure))
        return gourd_error_set(error, GOURD_ERROR_FAILED, "cannot run tar: %s", failure->message);
    return TRUE;
}

/* --- moving bytes ------------------------------------------------------------------------------------------------- */

static gboolean write_all(int fd, const guint8 *bytes, gsize size, gboolean *ret_open, GError **error)
{
    while (size > 0) {
        gssize written = write(fd, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            *ret_open = FALSE; /* it has ended, and says itself why */
            return errno == EPIPE ? TRUE : fail(error, "write to");
        }
        bytes += written;
        size -= (gsize)written;
    }
    return TRUE;
}

static gboolean feed(const VolumeTar *tar, Child *child, GError **error)
{
    gboolean open = TRUE;
    const guint8 *bytes;
    gsize size;

    while (open) {
        if (!byte_stream_peek(tar->in, 1, &bytes, &size, error))
            return FALSE;
        if (size == 0)
            break;
        if (!write_all(child->in, bytes, size, &open, error))
            return FALSE;
        byte_stream_advance(tar->in, size);
        if (tar->fed)
            tar->fed(byte_stream_position(tar->in), tar->data);
    }
    fd_close(&child->in);
    return TRUE;
}

static gboolean drain(const VolumeTar *tar, const Child *child, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(BUFFER_SIZE);
    gssize got;

    while ((got = read(child->out, buffer, BUFFER_SIZE)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(error, "read from");
        if (!tar->take(buffer, (gsize)got, tar->data, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean move_bytes(const VolumeTar *tar, Child *child, GError **error)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

    sigaction(SIGPIPE, &ignore, &before);
    gboolean moved = (!tar->in || feed(tar, child, error)) && (!tar->take || drain(tar, child, error));
    sigaction(SIGPIPE, &before, NULL);
    return moved;
}

/* --- its end ------------------------------------------------------------------------------------------------------ */

/* What was written, which is where its descriptor stands that tar had too. */
static char *read_text(int fd)
{
    const off_t size = lseek(fd, 0, SEEK_CUR);
    gsize got = 0;

    if (size < 0)
        return g_strdup("");
    char *text = g_malloc0((gsize)size + 1);
    if (!fd_pread(fd, "what tar says", text, (gsize)size, 0, &got, NULL))
        *text = '\0';
    return text;
}

/* "tar: shop/db/x: Cannot write: …" without its name. */
static char *clean_line(const char *line)
{
    const char *text = g_str_has_prefix(line, "tar: ") ? line + strlen("tar: ") : line;

    return line_escape(text, strlen(text));
}

static gboolean fail_tar(char *const *lines, GError **error)
{
    char *const *cause = lines;

    while (*cause && strstr(*cause, REMOVING)) /* of names: a warning, before what it led to */
        cause++;
    g_autofree char *first = *cause && **cause ? clean_line(*cause) : g_strdup("it says nothing about it");

    for (char *const *line = lines; *line; line++)
        if (strstr(*line, "No space left on device") || strstr(*line, SHORT))
            return gourd_error_set_errno(error, ENOSPC, "tar failed");
    return gourd_error_set(error, GOURD_ERROR_FAILED, "tar failed: %s", first);
}

static gboolean is_full(int fd)
{
    return lseek(fd, 0, SEEK_CUR) >= TEXT_SIZE_MAX;
}

/* Whether nothing else went wrong. Services can make such paths, step by step; tar can put them into an archive, and only that. */
static gboolean says_too_long(char *const *lines)
{
    gboolean found = FALSE;

    for (char *const *line = lines; *line; line++) {
        const gboolean is_too_long = g_str_has_suffix(*line, TOO_LONG);

        if (**line && !is_too_long && !g_str_has_suffix(*line, LAST_LINE))
            return FALSE;
        found |= is_too_long;
    }
    return found;
}

static void note_line(const char *line, Notes *notes)
{
    g_autofree char *said = clean_line(line);

    if (g_str_has_suffix(line, TOO_LONG)) {
        g_autofree char *shown = g_strdup_printf("%.*s...", SHOWN_LENGTH, said);

        notes_add(notes, "path-too-long", "a path is too long to be made again, and was left out", shown);
    } else if (*said && !g_str_has_suffix(line, LAST_LINE))
        notes_add(notes, "tar", "tar had something to say", said);
}

static gboolean judge(const VolumeTar *tar, const Child *child, int status, Notes *notes, GError **error)
{
    g_autofree char *text = read_text(child->err);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    gboolean changed = code == STATUS_CHANGED;

    if (is_full(child->text) || is_full(child->err))
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "what tar says about it is over the limit of %d bytes",
                               TEXT_SIZE_MAX);
    if (changed && !tar->forgives_change) {
        if (!fail_tar(lines, error))
            return gourd_error_hint(error, "something else changes it: stop that, or take --live");
    }
    if (code != 0 && !changed && !(code == STATUS_FAILED && tar->forgives_length && says_too_long(lines)))
        return fail_tar(lines, error);
    for (char **line = lines; *line; line++)
        note_line(*line, notes);
    return TRUE;
}

/* It does not grow without end, whatever an archive has. */
static int make_memory(const char *name)
{
    autofd fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    return fd >= 0 && ftruncate(fd, TEXT_SIZE_MAX) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0 ? fd_steal(&fd)
                                                                                                    : -1;
}

gboolean volume_tar_run(const Store *store, const VolumeTar *tar, Notes *notes, GError **error)
{
    autofd text = make_memory("tar-output"), err = make_memory("tar-errors");
    Child child = {.in = -1, .out = -1, .text = text, .err = err};
    int status = 0;

    if (text < 0 || err < 0)
        return fail(error, "prepare");
    if (!spawn(store, tar, &child, error))
        return FALSE;
    gboolean moved = move_bytes(tar, &child, error);
    fd_close(&child.in);
    fd_close(&child.out);
    if (!moved)
        kill(child.pid, SIGTERM);
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!moved || !judge(tar, &child, status, notes, error))
        return FALSE;
    if (tar->ret_text)
        *tar->ret_text = read_text(text);
    return TRUE;
}
