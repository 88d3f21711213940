// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_SIZE_MAX 4096 /* bytes of what a program printed as errors, from the end */

static gboolean fail_program(const char *name, int status, int said, GError **error)
{
    char text[SAID_SIZE_MAX + 1] = {0};
    struct stat file;
    gsize got = 0;

    if (fstat(said, &file) < 0 ||
        !fd_pread(said, name, text, SAID_SIZE_MAX, (guint64)MAX(0, file.st_size - SAID_SIZE_MAX), &got, NULL))
        got = 0;
    text[got] = '\0';
    g_strchomp(text);
    const char *last = strrchr(text, '\n');
    last = last ? last + 1 : text;
    g_autofree char *shown = line_escape(last, strlen(last));
    if (!*shown)
        return gourd_error_set(error, GOURD_ERROR_FAILED, "%s failed with status %d", name,
                               WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return gourd_error_set(error, GOURD_ERROR_FAILED, "%s failed: %s", name, shown);
}

gboolean program_wait(const Program *program, int said, int *ret_status, GError **error)
{
    const char *name = program->argv[0];
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
    g_autoptr(GError) failure = NULL;
    autofd nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    GPid pid;

    environment = g_environ_unsetenv(environment, "TAR_OPTIONS");
    if (!g_spawn_async_with_fds(program->folder, (char **)program->argv, environment,
                                G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                                program->in >= 0 ? program->in : nothing, program->out >= 0 ? program->out : nothing,
                                said, &failure))
        return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "cannot run %s: %s", name, failure->message);
    while (waitpid(pid, ret_status, 0) < 0) {
        if (errno != EINTR)
            return gourd_error_set_errno(error, errno, "cannot wait for %s", name);
    }
    return TRUE;
}

gboolean program_run(const Program *program, GError **error)
{
    autofd said = -1;
    int status = 0;

    if (!scratch_open(g_get_tmp_dir(), &said, error) || !program_wait(program, said, &status, error))
        return FALSE;
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) || fail_program(program->argv[0], status, said, error);
}

gboolean program_read(const char *const *argv, gsize size_max, char **ret_text, gsize *ret_size, GError **error)
{
    autofd out = -1;
    struct stat status;

    if (!scratch_open(g_get_tmp_dir(), &out, error))
        return FALSE;
    const Program program = {.argv = argv, .in = -1, .out = out};
    if (!program_run(&program, error))
        return FALSE;
    if (fstat(out, &status) < 0)
        return gourd_error_set_errno(error, errno, "cannot read what %s printed", argv[0]);
    if ((guint64)status.st_size > size_max)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "%s printed more than %zu bytes", argv[0], size_max);
    const gsize size = (gsize)status.st_size;
    g_autofree char *text = g_malloc(size + 1);
    if (!fd_pread_exactly(out, argv[0], text, size, 0, error))
        return FALSE;
    text[size] = '\0';
    *ret_text = g_steal_pointer(&text);
    *ret_size = size;
    return TRUE;
}
