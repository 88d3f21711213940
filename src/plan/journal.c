// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal.h"

#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHANGES_MAX 100000 /* in a journal: far more than any stack has */

/* Adds those of the folders above path (and path itself, if it is one) that are missing. */
static gboolean add_missing(GPtrArray *folders, GHashTable *seen, int root, const char *path, gboolean with_itself,
                            GError **error)
{
    for (const char *at = path; *at;) {
        const char *end = strchrnul(at + 1, '/');
        g_autofree char *folder = g_strndup(path, (gsize)(end - path));

        at = end;
        if ((!*end && !with_itself) || g_hash_table_contains(seen, folder))
            continue;
        autofd fd = root_open(root, folder, O_PATH, 0);
        if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
            return fail_path(error, errno, "open the folder", folder);
        if (fd < 0)
            g_ptr_array_add(folders, g_strdup(folder));
        g_hash_table_add(seen, g_steal_pointer(&folder));
    }
    return TRUE;
}

Journal *journal_new(const Plan *plan, int root, GError **error)
{
    g_autoptr(Journal) journal = g_new0(Journal, 1);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    journal->plan = plan;
    journal->folders = g_ptr_array_new_with_free_func(g_free);
    g_snprintf(journal->token, sizeof journal->token, "%08x%08x", g_random_int(), g_random_int());
    for (guint i = 0; i < plan_length(plan); i++) {
        const Change *change = plan_change(plan, i);

        if ((change->kind == CHANGE_WRITE || change->kind == CHANGE_LINK || change->kind == CHANGE_COPY ||
             change->kind == CHANGE_FOLDER) &&
            !add_missing(journal->folders, seen, root, change->path, change->kind == CHANGE_FOLDER, error))
            return NULL;
    }
    return g_steal_pointer(&journal);
}

void journal_free(Journal *journal)
{
    if (!journal)
        return;
    g_clear_pointer(&journal->folders, g_ptr_array_unref);
    plan_free(journal->own_plan);
    g_free(journal);
}

static Json *change_to_json(const Change *change)
{
    Json *json = json_object();

    json_object_set_new(json, "kind", json_string(change_kind_name(change->kind)));
    if (change->path)
        json_object_set_new(json, "path", json_string(change->path));
    if (change->verb)
        json_object_set_new(json, "verb", json_string(change->verb));
    if (change->argument)
        json_object_set_new(json, "argument", json_string(change->argument));
    if (change->undo_verb)
        json_object_set_new(json, "undo_verb", json_string(change->undo_verb));
    if (change->undo_argument)
        json_object_set_new(json, "undo_argument", json_string(change->undo_argument));
    return json;
}

char *journal_to_text(const Journal *journal)
{
    g_autoptr(Json) json = json_object();
    Json *folders = json_array(), *changes = json_array();

    json_object_set_new(json, "format", json_integer(JOURNAL_FORMAT));
    json_object_set_new(json, "title", json_string(journal->plan->title));
    json_object_set_new(json, "token", json_string(journal->token));
    json_object_set_new(json, "state", json_string(journal->done ? "done" : "applying"));
    json_object_set_new(json, "acted", json_integer(journal->acted));
    for (guint i = 0; i < journal->folders->len; i++)
        json_array_append_new(folders, json_string(g_ptr_array_index(journal->folders, i)));
    json_object_set_new(json, "folders", folders);
    for (guint i = 0; i < plan_length(journal->plan); i++)
        json_array_append_new(changes, change_to_json(plan_change(journal->plan, i)));
    json_object_set_new(json, "changes", changes);
    return json_dumps(json, JSON_INDENT(1));
}

static gboolean parse_change(const Json *json, Plan *plan, GError **error)
{
    const char *kind_name, *path, *verb, *argument, *undo_verb, *undo_argument;
    ChangeKind kind;

    if (!json_get_string(json, "changes[]", "kind", &kind_name, error) ||
        !json_get_string(json, "changes[]", "path", &path, error) ||
        !json_get_string(json, "changes[]", "verb", &verb, error) ||
        !json_get_string(json, "changes[]", "argument", &argument, error) ||
        !json_get_string(json, "changes[]", "undo_verb", &undo_verb, error) ||
        !json_get_string(json, "changes[]", "undo_argument", &undo_argument, error))
        return FALSE;
    if (!kind_name || !change_kind_parse(kind_name, &kind))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a change is of no known kind");
    if (kind == CHANGE_ACT ? !verb : !path)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a change says not what it does");
    if (kind == CHANGE_ACT)
        plan_act(plan, verb, argument, undo_verb, undo_argument);
    else
        plan_add(plan, kind, path);
    return TRUE;
}

static gboolean parse_token(const Json *json, Journal *journal, GError **error)
{
    const char *token;

    if (!json_get_string(json, "", "token", &token, error))
        return FALSE;
    if (!token || strlen(token) != TOKEN_LENGTH || strspn(token, "0123456789abcdef") != TOKEN_LENGTH)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the token is not %d hexadecimal digits", TOKEN_LENGTH);
    g_strlcpy(journal->token, token, sizeof journal->token);
    return TRUE;
}

static gboolean parse_folders(const Json *json, Journal *journal, GError **error)
{
    g_auto(GStrv) folders = NULL;

    if (!json_get_strv(json, "", "folders", &folders, error))
        return FALSE;
    journal->folders = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; folders && folders[i]; i++) {
        if (!path_check(folders[i], error))
            return FALSE;
        g_ptr_array_add(journal->folders, g_strdup(folders[i]));
    }
    return TRUE;
}

static gboolean parse_changes(const Json *json, Journal *journal, GError **error)
{
    const char *title, *state;
    gint64 acted;
    gsize i;
    Json *changes, *change;

    if (!json_get_string(json, "", "title", &title, error) || !json_get_string(json, "", "state", &state, error) ||
        !json_get_integer(json, "", "acted", 0, &acted, error) || !json_get_array(json, "", "changes", &changes, error))
        return FALSE;
    if (!title || !state || !changes || (!g_str_equal(state, "applying") && !g_str_equal(state, "done")))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "title, state or changes are missing");
    if (json_array_size(changes) > CHANGES_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "%" G_GSIZE_FORMAT " changes are over the limit of %d",
                               json_array_size(changes), CHANGES_MAX);
    journal->done = g_str_equal(state, "done");
    journal->plan = journal->own_plan = plan_new(title);
    json_array_foreach(changes, i, change) {
        if (!parse_change(change, journal->own_plan, error))
            return FALSE;
    }
    if (acted < 0 || acted > plan_length(journal->plan))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "'acted' is not the number of a change");
    journal->acted = (guint)acted;
    return plan_check(journal->plan, error);
}

Journal *journal_parse(const void *bytes, gsize size, GError **error)
{
    g_autoptr(Json) json = json_parse(bytes, size, error);
    g_autoptr(Journal) journal = g_new0(Journal, 1);
    gint64 format;

    if (!json || !json_get_integer(json, "", "format", 0, &format, error))
        return NULL;
    if (format > JOURNAL_FORMAT) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "its format %" G_GINT64_FORMAT " is of a later version",
                        format);
        gourd_error_hint(error, "run the gourd that wrote it");
        return NULL;
    }
    if (format != JOURNAL_FORMAT) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "it has no format");
        return NULL;
    }
    if (!parse_token(json, journal, error) || !parse_folders(json, journal, error) ||
        !parse_changes(json, journal, error))
        return NULL;
    return g_steal_pointer(&journal);
}

/* Where it is written before it gets its name: always the same, so that an interrupted one is found. */
static char *temporary_name(const Place *place)
{
    return g_strconcat(place->name, ".new", NULL);
}

gboolean journal_save(const Journal *journal, int root, const char *path, gboolean *ret_visible, GError **error)
{
    g_auto(Place) place = PLACE_INIT;

    *ret_visible = FALSE;
    if (!place_make(root, path, &place, error))
        return FALSE;
    g_autofree char *temporary = temporary_name(&place);
    g_autofree char *text = journal_to_text(journal);
    autofd fd = openat(place.folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    gsize size = strlen(text);

    for (gsize at = 0; fd >= 0 && at < size;) {
        ssize_t n = write(fd, text + at, size - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        at += (gsize)n;
        if (at == size && fsync(fd) == 0 && renameat(place.folder, temporary, place.folder, place.name) == 0) {
            *ret_visible = TRUE;
            return place_sync(&place, error);
        }
    }
    fail_path(error, errno, "write the journal", path);
    if (fd >= 0)
        unlinkat(place.folder, temporary, 0);
    return FALSE;
}

/* Root will do what it says, so it must be root's (or whoever's is asked to). */
static gboolean check_owner(const struct stat *status, GError **error)
{
    if (S_ISREG(status->st_mode) && status->st_uid == geteuid() && (status->st_mode & 022) == 0)
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_INPUT, "it is not a file that only this user can write");
}

gboolean journal_load(int root, const char *path, Journal **ret_journal, GError **error)
{
    g_auto(Place) place = PLACE_INIT;
    struct stat status;
    gsize got;

    if (!path_check(path, error) || !place_find(root, path, &place, error))
        return FALSE;
    autofd fd = place.folder < 0
                    ? -1
                    : openat(place.folder, place.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && (place.folder < 0 || errno == ENOENT)) {
        *ret_journal = NULL;
        return TRUE;
    }
    if (fd < 0 || fstat(fd, &status) < 0)
        return fail_path(error, errno, "read the journal", path);
    if (!check_owner(&status, error))
        return gourd_error_prefix(error, "cannot read the journal '%s'", path);
    gsize size = (gsize)MIN(status.st_size, JSON_SIZE_MAX + 1);
    g_autofree void *bytes = g_malloc(size + 1);
    if (!fd_pread(fd, path, bytes, size, 0, &got, error))
        return FALSE;
    Journal *journal = journal_parse(bytes, got, error);
    if (!journal)
        return gourd_error_prefix(error, "cannot read the journal '%s'", path);
    *ret_journal = journal;
    return TRUE;
}

gboolean journal_remove(int root, const char *path, GError **error)
{
    g_auto(Place) place = PLACE_INIT;

    if (!place_find(root, path, &place, error))
        return FALSE;
    if (place.folder < 0)
        return TRUE;
    g_autofree char *temporary = temporary_name(&place);
    const char *const names[] = {temporary, place.name};
    gboolean removed = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (unlinkat(place.folder, names[i], 0) == 0)
            removed = TRUE;
        else if (errno != ENOENT)
            return fail_path(error, errno, "remove the journal", path);
    }
    return !removed || place_sync(&place, error);
}
