// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* gourd-init with a service manager that is the test: it starts it, hears what it says to $NOTIFY_SOCKET, and ends it. */

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MSEC 20000 /* for what must happen, on a busy machine */

typedef struct {
    char *folder;
    char *log; /* its standard error and output */
    int notify;
    GSubprocessLauncher *launcher;
    GSubprocess *process;
    GString *heard; /* everything so far */
} Fixture;

static inline int bind_socket(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    gsize length = strlen(path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    g_assert_cmpuint(length, <, sizeof(address.sun_path));
    memcpy(address.sun_path, path, length + 1);
    if (*path == '@')
        address.sun_path[0] = '\0';
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address,
                         (socklen_t)(G_STRUCT_OFFSET(struct sockaddr_un, sun_path) + length)),
                    ==, 0);
    return fd;
}

/* With the socket at a path of the folder, or in the abstract namespace. */
static inline void fixture_listen(Fixture *fixture, const char *name)
{
    if (fixture->notify >= 0)
        close(fixture->notify);
    fixture->notify = bind_socket(name, SOCK_DGRAM);
    g_subprocess_launcher_setenv(fixture->launcher, "NOTIFY_SOCKET", name, TRUE);
}

static inline void fixture_set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *socket = NULL;

    fixture->folder = g_dir_make_tmp("gourd-init.XXXXXX", NULL);
    g_assert_nonnull(fixture->folder);
    fixture->log = g_build_filename(fixture->folder, "log", NULL);
    fixture->heard = g_string_new(NULL);
    fixture->launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_subprocess_launcher_set_stdout_file_path(fixture->launcher, fixture->log);
    g_subprocess_launcher_unsetenv(fixture->launcher, "JOURNAL_STREAM");
    fixture->notify = -1;
    socket = g_build_filename(fixture->folder, "notify", NULL);
    fixture_listen(fixture, socket);
}

static inline void fixture_tear_down(Fixture *fixture, gconstpointer data)
{
    if (fixture->process) {
        g_subprocess_force_exit(fixture->process);
        g_subprocess_wait(fixture->process, NULL, NULL);
    }
    g_clear_object(&fixture->process);
    g_clear_object(&fixture->launcher);
    close(fixture->notify);
    g_string_free(fixture->heard, TRUE);

    g_autoptr(GDir) dir = g_dir_open(fixture->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(fixture->folder, name, NULL);

        g_unlink(path);
    }
    g_rmdir(fixture->folder);
    g_free(fixture->folder);
    g_free(fixture->log);
}

/* gourd-init with the words of a line of shell. */
static inline void fixture_start(Fixture *fixture, const char *format, ...) G_GNUC_PRINTF(2, 3);
static inline void fixture_start(Fixture *fixture, const char *format, ...)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line = NULL;
    g_autofree char *whole = NULL;
    g_auto(GStrv) argv = NULL;
    va_list list;

    va_start(list, format);
    line = g_strdup_vprintf(format, list);
    va_end(list);
    whole = g_strconcat(g_getenv("GOURD_INIT"), " ", line, NULL);
    g_assert_true(g_shell_parse_argv(whole, NULL, &argv, &error));
    g_assert_no_error(error);
    fixture->process = g_subprocess_launcher_spawnv(fixture->launcher, (const char *const *)argv, &error);
    g_assert_no_error(error);
}

/* The next message, added to what was heard; FALSE if none comes in time. */
static inline gboolean fixture_hear(Fixture *fixture, int timeout_msec)
{
    struct pollfd readable = {.fd = fixture->notify, .events = POLLIN};
    char message[4096];
    gssize n;

    if (poll(&readable, 1, timeout_msec) != 1)
        return FALSE;
    n = recv(fixture->notify, message, sizeof(message), 0);
    g_assert_cmpint(n, >, 0);
    g_string_append_len(fixture->heard, message, n);
    g_test_message("%.*s", (int)n, message);
    return TRUE;
}

/* Waits for a line that begins so, among what was not looked at yet. */
static inline void fixture_expect(Fixture *fixture, const char *line)
{
    g_autofree char *pattern = g_strconcat("\n", line, NULL);
    gint64 end = g_get_monotonic_time() + PATIENCE_MSEC * 1000;

    if (fixture->heard->len == 0)
        g_string_append_c(fixture->heard, '\n');
    for (;;) {
        const char *found = strstr(fixture->heard->str, pattern);

        if (found) {
            /* The line break stays, to begin the next line. */
            g_string_erase(fixture->heard, 0,
                           found - fixture->heard->str + (gssize)strlen(pattern) - g_str_has_suffix(pattern, "\n"));
            return;
        }
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        if (left <= 0 || !fixture_hear(fixture, (int)left))
            g_error("'%s' was never said, but: %s", line, fixture->heard->str);
    }
}

/* For so long, nothing that contains the text is said, and nothing was. */
static inline void fixture_expect_no(Fixture *fixture, const char *text, int msec)
{
    gint64 end = g_get_monotonic_time() + (gint64)msec * 1000;

    for (;;) {
        gint64 left = (end - g_get_monotonic_time()) / 1000;

        if (strstr(fixture->heard->str, text))
            g_error("'%s' was said: %s", text, fixture->heard->str);
        if (left <= 0)
            return;
        fixture_hear(fixture, (int)left);
    }
}

/* Its end; returns the exit status, or minus the signal. */
static inline int fixture_wait(Fixture *fixture)
{
    int status;

    g_assert_true(g_subprocess_wait(fixture->process, NULL, NULL));
    status = g_subprocess_get_if_exited(fixture->process) ? g_subprocess_get_exit_status(fixture->process)
                                                          : -g_subprocess_get_term_sig(fixture->process);
    g_clear_object(&fixture->process);
    return status;
}

/* What it and the program have written. The caller frees. */
static inline char *fixture_log(const Fixture *fixture)
{
    char *text = NULL;

    g_assert_true(g_file_get_contents(fixture->log, &text, NULL, NULL));
    return text;
}
