// SPDX-License-Identifier: LGPL-2.1-or-later
#include "id-map.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct IdMapper {
    pid_t pid;
    int go; /* a byte tells the process to begin; closing it, to end */
};

static void add_line(GStrvBuilder *words, guint32 inside, guint32 outside, guint32 count)
{
    const guint32 numbers[] = {inside, outside, count};

    for (gsize i = 0; count > 0 && i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *word = g_strdup_printf("%u", numbers[i]);

        g_strv_builder_add(words, word);
    }
}

char **id_map_words(guint32 inside, guint32 outside, guint32 first)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    guint32 below = MIN(inside, ID_MAP_SIZE);

    add_line(words, 0, first, below);
    add_line(words, inside, outside, 1);
    if (below < ID_MAP_SIZE)
        add_line(words, below + 1, first + below, ID_MAP_SIZE - below - 1);
    return g_strv_builder_end(words);
}

gboolean id_range_find(const char *text, const char *name, guint32 number, guint32 *ret_first)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *digits = g_strdup_printf("%u", number);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", -1);
        guint64 first, count;

        if (g_strv_length(fields) != 3 || (g_strcmp0(fields[0], name) != 0 && strcmp(fields[0], digits) != 0))
            continue;
        if (g_ascii_string_to_unsigned(fields[1], 10, 1, G_MAXUINT32 - ID_MAP_SIZE, &first, NULL) &&
            g_ascii_string_to_unsigned(g_strchomp(fields[2]), 10, ID_MAP_SIZE, G_MAXUINT32, &count, NULL)) {
            *ret_first = (guint32)first;
            return TRUE;
        }
    }
    return FALSE;
}

/* The words of a whole command, or NULL. */
static char **make_command(const char *program, const char *ranges, guint32 number, guint32 inside, guint32 outside)
{
    g_autofree char *path = g_find_program_in_path(program), *text = NULL, *pid = g_strdup_printf("%d", getpid());
    const struct passwd *user = getpwuid(geteuid());
    guint32 first;

    if (!path || !g_file_get_contents(ranges, &text, NULL, NULL) ||
        !id_range_find(text, user ? user->pw_name : NULL, number, &first))
        return NULL;
    g_autoptr(GStrvBuilder) command = g_strv_builder_new();
    g_auto(GStrv) map = id_map_words(inside, outside, first);
    g_strv_builder_add_many(command, path, pid, NULL);
    g_strv_builder_addv(command, (const char **)map);
    return g_strv_builder_end(command);
}

static gboolean run_quietly(char *const *command)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execv(command[0], command);
        _exit(1);
    }
    return pid > 0 && TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) == pid && status == 0;
}

IdMapper *id_mapper_new(guint32 uid, guint32 gid, guint32 inside_uid, guint32 inside_gid)
{
    g_auto(GStrv) uids = make_command("newuidmap", "/etc/subuid", uid, inside_uid, uid);
    g_auto(GStrv) gids = make_command("newgidmap", "/etc/subgid", uid, inside_gid, gid);
    int go[2];

    if (!uids || !gids || pipe2(go, O_CLOEXEC) < 0)
        return NULL;
    pid_t pid = fork();
    if (pid == 0) {
        char byte;

        close(go[1]);
        _exit(TEMP_FAILURE_RETRY(read(go[0], &byte, 1)) == 1 && run_quietly(uids) && run_quietly(gids) ? 0 : 1);
    }
    close(go[0]);
    if (pid < 0) {
        close(go[1]);
        return NULL;
    }
    IdMapper *mapper = g_new0(IdMapper, 1);
    mapper->pid = pid;
    mapper->go = go[1];
    return mapper;
}

static gboolean finish(IdMapper *mapper)
{
    int status = 1;

    fd_close(&mapper->go);
    if (mapper->pid > 0 && TEMP_FAILURE_RETRY(waitpid(mapper->pid, &status, 0)) < 0)
        status = 1;
    mapper->pid = 0;
    return status == 0;
}

gboolean id_mapper_run(IdMapper *mapper)
{
    if (write(mapper->go, "", 1) != 1)
        return FALSE;
    return finish(mapper);
}

void id_mapper_free(IdMapper *mapper)
{
    if (!mapper)
        return;
    finish(mapper);
    g_free(mapper);
}
