// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A folder as a host's root, a text of all that is in it, and an actor who does something that can be seen. */

#include "plan/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL "/var/lib/gourd/state/journal.json"

static inline char *below(const char *root, const char *path)
{
    return g_strconcat(root, path, NULL);
}

static inline void put_file(const char *root, const char *path, const char *content, mode_t mode)
{
    g_autofree char *full = below(root, path);
    g_autofree char *folder = g_path_get_dirname(full);
    autofd fd = -1;

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, content, strlen(content)), ==, (gssize)strlen(content));
    g_assert_cmpint(fchmod(fd, mode), ==, 0);
}

static inline void put_link(const char *root, const char *path, const char *target)
{
    g_autofree char *full = below(root, path);
    g_autofree char *folder = g_path_get_dirname(full);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_cmpint(symlink(target, full), ==, 0);
}

static inline char *get_file(const char *root, const char *path)
{
    g_autofree char *full = below(root, path);
    char *text = NULL;

    g_file_get_contents(full, &text, NULL, NULL);
    return text;
}

static inline gboolean is_there(const char *root, const char *path)
{
    g_autofree char *full = below(root, path);
    struct stat status;

    return lstat(full, &status) == 0;
}

static inline int compare_lines(const void *a, const void *b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

static inline void describe_into(GPtrArray *lines, const char *root, const char *path)
{
    g_autofree char *full = below(root, path);
    struct stat status;

    g_assert_cmpint(lstat(full, &status), ==, 0);
    if (S_ISDIR(status.st_mode)) {
        g_autoptr(GDir) folder = g_dir_open(full, 0, NULL);
        const char *name;

        g_assert_nonnull(folder);
        g_ptr_array_add(lines, g_strdup_printf("%s %o", path, status.st_mode));
        while ((name = g_dir_read_name(folder))) {
            g_autofree char *inner = g_strconcat(path, "/", name, NULL);

            describe_into(lines, root, inner);
        }
        return;
    }
    g_autofree char *content = S_ISLNK(status.st_mode) ? g_file_read_link(full, NULL) : get_file(root, path);
    g_ptr_array_add(lines,
                    g_strdup_printf("%s %o %u:%u %lu links %ld.%09ld ino %lu %s", path, status.st_mode, status.st_uid,
                                    status.st_gid, (gulong)status.st_nlink, (glong)status.st_mtim.tv_sec,
                                    status.st_mtim.tv_nsec, (gulong)status.st_ino, content));
}

/* All below a root: a line for each path with its type, mode, owner, links, time, inode and content. */
static inline char *describe_tree(const char *root)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    describe_into(lines, root, "");
    qsort(lines->pdata, lines->len, sizeof(gpointer), compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

/* The same without inodes and times, to compare trees that were made separately. */
static inline char *describe_content(const char *root)
{
    g_autofree char *text = describe_tree(root);
    g_autoptr(GRegex) volatile_parts = g_regex_new(" links [0-9.]+ ino [0-9]+", 0, 0, NULL);

    return g_regex_replace_literal(volatile_parts, text, -1, 0, "", 0, NULL);
}

static inline void remove_tree(const char *path)
{
    char *argv[] = {(char *)"rm", (char *)"-rf", (char *)path, NULL};

    g_assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
}

static inline char *make_root(void)
{
    g_autoptr(GError) error = NULL;
    char *root = g_dir_make_tmp("gourd-plan-XXXXXX", &error);

    g_assert_no_error(error);
    return root;
}

static inline void write_text(Plan *plan, const char *path, mode_t mode, const char *text)
{
    g_autoptr(GBytes) content = g_bytes_new(text, strlen(text));

    plan_write(plan, path, mode, content);
}

/* Actions: "fail" fails; "touch" makes a file below the root, "untouch" removes it; all are kept in a list. */
typedef struct {
    const char *root;
    GString *done; /* "verb argument;" each */
} Deeds;

static inline gboolean do_deed(const char *verb, const char *argument, gpointer data, GError **error)
{
    const Deeds *deeds = data;

    g_string_append_printf(deeds->done, "%s %s;", verb, argument ? argument : "");
    if (g_str_equal(verb, "fail"))
        return gourd_error_set(error, GOURD_ERROR_FAILED, "it failed");
    if (g_str_equal(verb, "touch")) {
        put_file(deeds->root, argument, "touched", 0644);
    } else if (g_str_equal(verb, "untouch")) {
        g_autofree char *full = below(deeds->root, argument);

        unlink(full);
    }
    return TRUE;
}
