// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static void change_free(gpointer data)
{
    Change *change = data;

    g_free(change->path);
    g_clear_pointer(&change->content, g_bytes_unref);
    g_free(change->target);
    g_free(change->source);
    g_free(change->verb);
    g_free(change->argument);
    g_free(change->undo_verb);
    g_free(change->undo_argument);
    g_free(change);
}

Plan *plan_new(const char *title)
{
    Plan *plan = g_new0(Plan, 1);

    plan->title = g_strdup(title);
    plan->changes = g_ptr_array_new_with_free_func(change_free);
    return plan;
}

void plan_free(Plan *plan)
{
    if (!plan)
        return;
    g_free(plan->title);
    g_free(plan->brief);
    g_ptr_array_unref(plan->changes);
    g_free(plan);
}

const char *plan_title(const Plan *plan)
{
    return plan->title;
}

guint plan_length(const Plan *plan)
{
    return plan->changes->len;
}

Change *plan_add(Plan *plan, ChangeKind kind, const char *path)
{
    Change *change = g_new0(Change, 1);

    change->kind = kind;
    change->path = g_strdup(path);
    g_ptr_array_add(plan->changes, change);
    return change;
}

const Change *plan_change(const Plan *plan, guint number)
{
    return g_ptr_array_index(plan->changes, number);
}

void plan_write(Plan *plan, const char *path, mode_t mode, GBytes *content)
{
    Change *change = plan_add(plan, CHANGE_WRITE, path);

    change->mode = mode;
    change->content = g_bytes_ref(content);
}

void plan_link(Plan *plan, const char *path, const char *target)
{
    plan_add(plan, CHANGE_LINK, path)->target = g_strdup(target);
}

void plan_remove(Plan *plan, const char *path)
{
    plan_add(plan, CHANGE_REMOVE, path);
}

void plan_folder(Plan *plan, const char *path, mode_t mode)
{
    plan_add(plan, CHANGE_FOLDER, path)->mode = mode;
}

void plan_copy(Plan *plan, const char *source, const char *path, mode_t mode, const Digest *digest)
{
    Change *change = plan_add(plan, CHANGE_COPY, path);

    change->source = g_strdup(source);
    change->mode = mode;
    change->has_digest = digest != NULL;
    if (digest)
        change->digest = *digest;
}

void plan_purge(Plan *plan, const char *path)
{
    plan_add(plan, CHANGE_PURGE, path);
}

void plan_act(Plan *plan, const char *verb, const char *argument, const char *undo_verb, const char *undo_argument)
{
    Change *change = plan_add(plan, CHANGE_ACT, NULL);

    change->verb = g_strdup(verb);
    change->argument = g_strdup(argument);
    change->undo_verb = g_strdup(undo_verb);
    change->undo_argument = g_strdup(undo_argument);
}

static const char *const kind_names[] = {
    [CHANGE_WRITE] = "write", [CHANGE_LINK] = "link",   [CHANGE_REMOVE] = "remove", [CHANGE_FOLDER] = "folder",
    [CHANGE_COPY] = "copy",   [CHANGE_PURGE] = "purge", [CHANGE_ACT] = "act",
};

const char *change_kind_name(ChangeKind kind)
{
    return kind_names[kind];
}

gboolean change_kind_parse(const char *name, ChangeKind *ret_kind)
{
    for (guint i = 0; i < G_N_ELEMENTS(kind_names); i++)
        if (g_str_equal(kind_names[i], name)) {
            *ret_kind = (ChangeKind)i;
            return TRUE;
        }
    return FALSE;
}

gboolean change_is_secret(const Change *change)
{
    return change->kind == CHANGE_WRITE && (change->mode & 077) == 0;
}

char *change_describe(const Change *change)
{
    if (change->kind == CHANGE_ACT) {
        g_autofree char *text = g_strconcat(change->verb, change->argument ? " " : NULL, change->argument, NULL);

        return line_escape(text, strlen(text));
    }
    g_autofree char *path = line_escape(change->path, strlen(change->path));
    switch (change->kind) {
    case CHANGE_FOLDER:
        return g_strconcat("make folder ", path, NULL);
    case CHANGE_PURGE:
        return g_strconcat("delete folder ", path, NULL);
    case CHANGE_WRITE:
    case CHANGE_LINK:
    case CHANGE_REMOVE:
    case CHANGE_COPY:
    case CHANGE_ACT:
    default:
        return g_strconcat(change_kind_name(change->kind), " ", path, NULL);
    }
}

gboolean path_check(const char *path, GError **error)
{
    gboolean plain = path[0] == '/' && path[1] && strlen(path) < PATH_MAX && g_utf8_validate(path, -1, NULL);

    if (plain) {
        g_auto(GStrv) parts = g_strsplit(path + 1, "/", -1);

        for (guint i = 0; plain && parts[i]; i++)
            plain = *parts[i] && strcmp(parts[i], ".") != 0 && strcmp(parts[i], "..") != 0 &&
                    strlen(parts[i]) <= NAME_MAX;
    }
    if (plain)
        return TRUE;
    g_autofree char *shown = text_escape(path);
    return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is not a plain absolute path", shown);
}

static gboolean check_word(const char *word, GError **error)
{
    if (!word || g_utf8_validate(word, -1, NULL))
        return TRUE;
    g_autofree char *shown = text_escape(word);
    return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is not UTF-8", shown);
}

gboolean plan_check(const Plan *plan, GError **error)
{
    if (!check_word(plan->title, error))
        return FALSE;
    for (guint i = 0; i < plan_length(plan); i++) {
        const Change *change = plan_change(plan, i);

        if (change->kind != CHANGE_ACT) {
            if (!path_check(change->path, error))
                return FALSE;
        } else if (!check_word(change->verb, error) || !check_word(change->argument, error) ||
                   !check_word(change->undo_verb, error) || !check_word(change->undo_argument, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean fail_path(GError **error, int errno_value, const char *what, const char *path)
{
    g_autofree char *shown = text_escape(path);

    if (errno_value != ENOSPC && errno_value != EDQUOT) {
        gourd_error_set_errno(error, errno_value, "cannot %s '%s'", what, shown);
        return (errno_value == EACCES || errno_value == EPERM) && geteuid() != 0
                   ? gourd_error_hint(error, "this takes root")
                   : FALSE;
    }
    gourd_error_set(error, GOURD_ERROR_FAILED, "cannot %s '%s': %s", what, shown, g_strerror(errno_value));
    return gourd_error_hint(error, "free some space on that file system (`gourd gc` drops old releases) and try again");
}
