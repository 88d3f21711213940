// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Programs and libraries that were replaced while processes run them: the kernel still has the old file, without a name (proc(5), maps). */

#define CGROUPS "/sys/fs/cgroup"
#define DEPTH_MAX 16                    /* control groups in each other: systemd's own are four deep */
#define MAPS_SIZE_MAX (4 * 1024 * 1024) /* bytes of one process's maps */

static char *read_file(const char *path)
{
    autofd fd = open(path, O_RDONLY | O_CLOEXEC);
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];
    ssize_t got;

    while (fd >= 0 && text->len < MAPS_SIZE_MAX && (got = read(fd, buffer, sizeof buffer)) > 0)
        g_string_append_len(text, buffer, got);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* "7f…-7f… r-xp 00000000 fe:00 1234   /usr/lib/libfrr.so.0 (deleted)": only what is executable. Files elsewhere are a program's own. */
static gboolean runs_old_code(const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/maps", pid), *maps = read_file(path);
    g_auto(GStrv) lines = g_strsplit(maps, "\n", -1);

    for (char **line = lines; *line; line++) {
        const char *file = strchr(*line, '/'), *mode = strchr(*line, ' ');

        if (file && mode && strlen(mode) > 3 && mode[3] == 'x' && g_str_has_suffix(file, " (deleted)") &&
            (g_str_has_prefix(file, "/usr/") || g_str_has_prefix(file, "/lib") || g_str_has_prefix(file, "/bin/") ||
             g_str_has_prefix(file, "/sbin/")))
            return TRUE;
    }
    return FALSE;
}

static void count_processes(const char *folder, GHashTable *programs, guint depth)
{
    g_autofree char *list_path = g_strconcat(folder, "/cgroup.procs", NULL), *list = read_file(list_path);
    g_auto(GStrv) pids = g_strsplit(g_strchomp(list), "\n", -1);
    g_autoptr(GDir) below = depth > 0 ? g_dir_open(folder, 0, NULL) : NULL;
    const char *name;

    for (char **pid = pids; *pid && **pid; pid++) {
        if (!runs_old_code(*pid))
            continue;
        g_autofree char *path = g_strdup_printf("/proc/%s/comm", *pid), *program = g_strchomp(read_file(path));
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(programs, program));

        g_hash_table_replace(programs, g_steal_pointer(&program), GUINT_TO_POINTER(count + 1));
    }
    while (below && (name = g_dir_read_name(below))) {
        g_autofree char *child = g_build_filename(folder, name, NULL);

        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            count_processes(child, programs, depth - 1);
    }
}

static int compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **machine_list_old_code(Host *host, const char *unit)
{
    g_autoptr(GHashTable) programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iterator;
    gpointer program, count;
    HostUnit status;

    if (!host_is_live(host) || !host_get_unit(host, unit, &status, NULL))
        return NULL;
    if (status.control_group && *status.control_group) {
        g_autofree char *folder = g_strconcat(CGROUPS, status.control_group, NULL);

        count_processes(folder, programs, DEPTH_MAX);
    }
    host_unit_clear(&status);
    g_hash_table_iter_init(&iterator, programs);
    while (g_hash_table_iter_next(&iterator, &program, &count)) {
        g_autofree char *shown = line_escape(program, strlen(program));

        g_ptr_array_add(names, GPOINTER_TO_UINT(count) > 1 ? g_strdup_printf("%s (%u)", shown, GPOINTER_TO_UINT(count))
                                                           : g_strdup(shown));
    }
    if (names->len == 0)
        return NULL;
    g_ptr_array_sort(names, compare_words);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_steal(names, NULL);
}
