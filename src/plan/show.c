// SPDX-License-Identifier: LGPL-2.1-or-later
#include "diff.h"
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define READ_MAX (2 * 1024 * 1024) /* bytes read of what is replaced: more than is ever shown */

/* What a change would find, with the changes before it in the plan counted as done. */
typedef struct {
    Target target;
    gboolean found;   /* a file or link is there now */
    mode_t mode;      /* of a file */
    GBytes *content;  /* of a file; NULL if it is too large to be shown, or a secret */
    char *target_old; /* of a link */
} Before;

static void before_clear(Before *before)
{
    g_clear_pointer(&before->content, g_bytes_unref);
    g_clear_pointer(&before->target_old, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Before, before_clear)

static gboolean read_link(const Place *place, gsize size, Before *before, GError **error)
{
    g_autofree char *target = g_malloc0(size + 1);

    if (readlinkat(place->folder, place->name, target, size) < 0)
        return fail_path(error, errno, "read the link", place->path);
    before->target_old = g_steal_pointer(&target);
    return TRUE;
}

static gboolean read_content(const Place *place, gsize size, Before *before, GError **error)
{
    autofd fd = openat(place->folder, place->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    gsize got;

    if (fd < 0)
        return fail_path(error, errno, "read", place->path);
    g_autofree void *bytes = g_malloc(size + 1);
    if (!fd_pread(fd, place->path, bytes, size, 0, &got, error))
        return FALSE;
    before->content = g_bytes_new_take(g_steal_pointer(&bytes), got);
    return TRUE;
}

static gboolean look_at_host(int root, const Change *change, Before *ret_before, GError **error)
{
    g_auto(Place) place = PLACE_INIT;
    g_auto(Before) before = {0};
    struct stat status;

    if (!place_find(root, change->path, &place, error) ||
        !place_look(&place, place.name, &status, &before.found, error) ||
        !target_look(&place, change, &before.target, error))
        return FALSE;
    if (before.found && S_ISLNK(status.st_mode) && !read_link(&place, (gsize)status.st_size, &before, error))
        return FALSE;
    if (before.found && S_ISREG(status.st_mode)) {
        before.mode = status.st_mode & 07777;
        if (change->kind == CHANGE_WRITE && before.target == TARGET_CHANGED && (before.mode & 077) != 0 &&
            status.st_size <= READ_MAX && !read_content(&place, (gsize)status.st_size, &before, error))
            return FALSE;
    }
    *ret_before = before;
    memset(&before, 0, sizeof before);
    return TRUE;
}

/* The same from an earlier change of that path. */
static void look_at_earlier(const Change *earlier, const Change *change, Before *before)
{
    gboolean same = FALSE;

    before->found = earlier->kind != CHANGE_REMOVE && earlier->kind != CHANGE_PURGE;
    if (earlier->kind == CHANGE_WRITE) {
        before->mode = earlier->mode;
        before->content = g_bytes_ref(earlier->content);
        same = change->kind == CHANGE_WRITE && change->mode == earlier->mode &&
               g_bytes_equal(change->content, earlier->content);
    } else if (earlier->kind == CHANGE_LINK) {
        before->target_old = g_strdup(earlier->target);
        same = change->kind == CHANGE_LINK && g_str_equal(change->target, earlier->target);
    } else if (earlier->kind == CHANGE_FOLDER) {
        same = change->kind == CHANGE_FOLDER;
    }
    if (change->kind == CHANGE_REMOVE || change->kind == CHANGE_PURGE)
        same = !before->found;
    before->target = same ? TARGET_SAME : before->found ? TARGET_CHANGED : TARGET_NEW;
}

static gboolean look(int root, GHashTable *seen, const Change *change, Before *before, GError **error)
{
    const Change *earlier = g_hash_table_lookup(seen, change->path);

    if (earlier)
        look_at_earlier(earlier, change, before);
    else if (!look_at_host(root, change, before, error))
        return FALSE;
    g_hash_table_insert(seen, change->path, (gpointer)change);
    return TRUE;
}

static void append_escaped(GString *out, const char *before, const char *text)
{
    g_autofree char *shown = line_escape(text, strlen(text));

    g_string_append_printf(out, "%s%s", before, shown);
}

void plan_set_brief(Plan *plan, const char *folder)
{
    g_free(plan->brief);
    plan->brief = g_strdup(folder);
}

static gboolean is_brief(const Plan *plan, const char *path)
{
    gsize length = plan->brief ? strlen(plan->brief) : 0;

    return length > 0 && strncmp(path, plan->brief, length) == 0 && path[length] == '/';
}

static void append_write(GString *out, const Plan *plan, const Change *change, const Before *before)
{
    gsize size = g_bytes_get_size(change->content);
    gboolean is_shown = !change_is_secret(change) && !is_brief(plan, change->path) && diff_is_text(change->content) &&
                        (!before->found || (before->content && diff_is_text(before->content)));

    if (!is_shown) {
        append_escaped(out, before->found ? "replace " : "write ", change->path);
        g_string_append_printf(out, " (%" G_GSIZE_FORMAT " bytes%s, mode %04o)\n", size,
                               change_is_secret(change) ? ", not shown" : "", change->mode);
        return;
    }
    if (before->found && before->mode != change->mode) {
        append_escaped(out, "change the mode of ", change->path);
        g_string_append_printf(out, " from %04o to %04o\n", before->mode, change->mode);
    } else if (before->found && g_bytes_equal(before->content, change->content)) {
        append_escaped(out, "give to root ", change->path);
        g_string_append_c(out, '\n');
    } else if (!before->found && change->mode != 0644) {
        append_escaped(out, "write ", change->path);
        g_string_append_printf(out, " (mode %04o)\n", change->mode);
    }
    diff_append(out, change->path, before->content, change->content);
}

static void append_change(GString *out, const Plan *plan, const Change *change, const Before *before)
{
    switch (change->kind) {
    case CHANGE_WRITE:
        append_write(out, plan, change, before);
        return;
    case CHANGE_LINK:
        append_escaped(out, "link ", change->path);
        append_escaped(out, " -> ", change->target);
        if (before->target_old)
            append_escaped(out, ", which was -> ", before->target_old);
        break;
    case CHANGE_COPY:
        append_escaped(out, "copy ", change->source);
        append_escaped(out, " to ", change->path);
        break;
    case CHANGE_PURGE: {
        g_autofree char *what = change_describe(change);

        g_string_append_printf(out, "%s with all that is in it", what);
        break;
    }
    case CHANGE_REMOVE:
    case CHANGE_FOLDER:
    case CHANGE_ACT:
    default: {
        g_autofree char *what = change_describe(change);

        g_string_append(out, what);
        break;
    }
    }
    g_string_append_c(out, '\n');
}

static int open_root(const char *root, GError **error)
{
    int fd = open(*root ? root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        fail_path(error, errno, "open the folder", root);
    return fd;
}

/* Actions of one kind that follow each other are one line: a stack has many of them. */
static gboolean continues_line(const Plan *plan, guint index)
{
    const Change *change = plan_change(plan, index), *last = index > 0 ? plan_change(plan, index - 1) : NULL;

    return last && last->kind == CHANGE_ACT && change->kind == CHANGE_ACT && last->argument && change->argument &&
           g_strcmp0(last->verb, change->verb) == 0;
}

gboolean plan_to_text(const Plan *plan, const char *root, char **ret_text, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    if (!plan_check(plan, error))
        return FALSE;
    autofd fd = open_root(root, error);
    if (fd < 0)
        return FALSE;
    for (guint i = 0; i < plan_length(plan); i++) {
        const Change *change = plan_change(plan, i);
        g_auto(Before) before = {0};

        if (change->kind != CHANGE_ACT && !look(fd, seen, change, &before, error))
            return FALSE;
        if (continues_line(plan, i)) {
            g_string_truncate(out, out->len - 1); /* the end of that line */
            append_escaped(out, " ", change->argument);
            g_string_append_c(out, '\n');
        } else if (change->kind == CHANGE_ACT || before.target != TARGET_SAME) {
            append_change(out, plan, change, &before);
        }
    }
    *ret_text = g_string_free(g_steal_pointer(&out), FALSE);
    return TRUE;
}

static const char *state_name(const Change *change, Target target)
{
    if (target == TARGET_SAME)
        return "same";
    if (change->kind == CHANGE_REMOVE || change->kind == CHANGE_PURGE)
        return "removed";
    return target == TARGET_NEW ? "new" : "changed";
}

static void set_text(Json *json, const char *key, const char *text)
{
    if (text)
        json_object_set_new(json, key, json_text(text));
}

static void set_mode(Json *json, mode_t mode)
{
    g_autofree char *text = g_strdup_printf("%04o", mode);

    json_object_set_new(json, "mode", json_string(text));
}

static void set_content(Json *json, const Change *change)
{
    gsize size;
    const char *bytes = g_bytes_get_data(change->content, &size);

    json_object_set_new(json, "size", json_integer((json_int_t)size));
    json_object_set_new(json, "secret", json_boolean(change_is_secret(change)));
    if (!change_is_secret(change) && diff_is_text(change->content) && g_utf8_validate(bytes, (gssize)size, NULL))
        json_object_set_new(json, "content", json_stringn(bytes, size));
}

static Json *change_to_json(const Change *change, const Before *before)
{
    Json *json = json_object();

    json_object_set_new(json, "kind", json_string(change_kind_name(change->kind)));
    if (change->kind == CHANGE_ACT) {
        set_text(json, "verb", change->verb);
        set_text(json, "argument", change->argument);
        set_text(json, "undo_verb", change->undo_verb);
        set_text(json, "undo_argument", change->undo_argument);
        return json;
    }
    json_object_set_new(json, "path", json_string(change->path));
    json_object_set_new(json, "state", json_string(state_name(change, before->target)));
    set_text(json, "source", change->source);
    set_text(json, "target", change->target);
    if (change->kind == CHANGE_WRITE || change->kind == CHANGE_FOLDER || change->kind == CHANGE_COPY)
        set_mode(json, change->mode);
    if (change->kind == CHANGE_WRITE)
        set_content(json, change);
    return json;
}

gboolean plan_to_json(const Plan *plan, const char *root, Json **ret_json, GError **error)
{
    g_autoptr(Json) json = json_object();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    Json *changes = json_array();

    json_object_set_new(json, "changes", changes);
    if (!plan_check(plan, error))
        return FALSE;
    json_object_set_new(json, "title", json_string(plan->title));
    autofd fd = open_root(root, error);
    if (fd < 0)
        return FALSE;
    for (guint i = 0; i < plan_length(plan); i++) {
        const Change *change = plan_change(plan, i);
        g_auto(Before) before = {0};

        if (change->kind != CHANGE_ACT && !look(fd, seen, change, &before, error))
            return FALSE;
        json_array_append_new(changes, change_to_json(change, &before));
    }
    *ret_json = g_steal_pointer(&json);
    return TRUE;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

GArray *plan_list_files(const Plan *plan)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(PlanFile));

    for (guint i = 0; i < plan_length(plan); i++) {
        const Change *change = plan_change(plan, i);
        const PlanFile file = {change->path, change->mode, change->content, change->target, change->source};

        if (change->kind == CHANGE_WRITE || change->kind == CHANGE_LINK || change->kind == CHANGE_COPY)
            g_array_append_val(files, file);
    }
    return files;
}
