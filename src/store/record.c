// SPDX-License-Identifier: LGPL-2.1-or-later
#include "store-private.h"

#include <string.h>

#define RECORD_FORMAT 1

/* Where gourd writes: nothing else is ever put back or removed because a record says so. */
static const char *const homes[] = {PATH_UNITS "/",  PATH_SYSUSERS "/", PATH_TMPFILES "/",       PATH_SERVICES "/",
                                    PATH_STACKS "/", PATH_JOURNALS,     "/etc/systemd/network/", NULL};

static void volume_free(gpointer data)
{
    ServiceVolume *volume = data;

    g_free(volume->path);
    g_free(volume->image_path);
    g_free(volume);
}

void record_free(Record *record)
{
    if (!record)
        return;
    service_files_free(record->files);
    g_clear_pointer(&record->secrets, json_decref);
    g_free(record->init);
    g_free(record);
}

char *record_path(const char *name, guint revision)
{
    return g_strdup_printf(PATH_STATE "/%s/%u.json", name, revision);
}

const ServiceFile *record_find(const Record *record, const char *path)
{
    for (guint i = 0; record && i < record->files->files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(record->files->files, i);

        if (strcmp(file->path, path) == 0)
            return file;
    }
    return NULL;
}

static gboolean is_of_backup(const char *line)
{
    return strcmp(line, "[X-Gourd]") == 0 || g_str_has_prefix(line, "Backup");
}

char *record_unit_lines(GBytes *content, gboolean with_backup)
{
    gsize size;
    const char *bytes = g_bytes_get_data(content, &size);
    g_autofree char *text = g_strndup(bytes, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *kept = g_string_new(NULL);

    for (char **line = lines; *line; line++)
        if (**line && **line != '#' && (with_backup || !is_of_backup(*line)))
            g_string_append_printf(kept, "%s\n", *line);
    return g_string_free(kept, FALSE);
}

gboolean file_is_shared(const char *path)
{
    const char *slash = strrchr(path, '/');

    return g_str_has_prefix(slash ? slash + 1 : path, "gourd-names.");
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void set_text(Json *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, json_string(text));
}

static void set_texts(Json *object, const char *key, const GPtrArray *texts)
{
    Json *array = json_array();

    for (guint i = 0; texts && i < texts->len; i++)
        json_array_append_new(array, json_string(g_ptr_array_index(texts, i)));
    json_object_set_new(object, key, array);
}

static Json *file_to_json(const ServiceFile *file)
{
    Json *object = json_object();

    set_text(object, "path", file->path);
    if (!file->content) {
        set_text(object, "target", file->target);
        return object;
    }
    gsize size;
    const char *bytes = g_bytes_get_data(file->content, &size);
    g_autofree char *mode = g_strdup_printf("%04o", file->mode);
    set_text(object, "mode", mode);
    if (size == 0 || g_utf8_validate_len(bytes, size, NULL)) { /* which refuses NUL too */
        json_object_set_new(object, "content", json_stringn(size ? bytes : "", size));
    } else {
        g_autofree char *encoded = g_base64_encode((const guchar *)bytes, size);

        set_text(object, "content_base64", encoded);
    }
    return object;
}

Json *files_to_json(const GPtrArray *files)
{
    Json *list = json_array();

    for (guint i = 0; i < files->len; i++)
        json_array_append_new(list, file_to_json(g_ptr_array_index(files, i)));
    return list;
}

static Json *volume_to_json(const ServiceVolume *volume)
{
    Json *object = json_object();

    set_text(object, "path", volume->path);
    set_text(object, "image_path", volume->image_path);
    return object;
}

static void set_strv(Json *object, const char *key, char *const *texts)
{
    Json *array = texts ? json_array() : NULL;

    for (; texts && *texts; texts++)
        json_array_append_new(array, json_string(*texts));
    if (array)
        json_object_set_new(object, key, array);
}

static Json *backup_to_json(const ServiceBackup *backup)
{
    Json *object = json_object();

    set_strv(object, "dump", backup->dump);
    set_strv(object, "restore", backup->restore);
    set_strv(object, "before", backup->before);
    set_strv(object, "after", backup->after);
    set_text(object, "volume", backup->volume);
    if (backup->timeout_usec)
        json_object_set_new(object, "timeout_usec", json_integer((json_int_t)backup->timeout_usec));
    return object;
}

GBytes *record_format(const Record *record)
{
    const ServiceFiles *files = record->files;
    g_autoptr(Json) root = json_object();
    Json *volumes = json_array();

    json_object_set_new(root, "format", json_integer(RECORD_FORMAT));
    json_object_set_new(root, "revision", json_integer(record->revision));
    set_text(root, "unit", files->unit);
    set_texts(root, "units", files->units);
    set_texts(root, "start", files->start);
    set_text(root, "pre_upgrade", files->pre_upgrade);
    set_text(root, "user", files->user);
    json_object_set_new(root, "uid", json_integer(files->uid));
    json_object_set_new(root, "gid", json_integer(files->gid));
    set_text(root, "sysusers", files->sysusers);
    set_text(root, "tmpfiles", files->tmpfiles);
    set_text(root, "init", record->init);
    json_object_set_new(root, "identity", json_boolean(files->identity));
    json_object_set_new(root, "keep_owners", json_boolean(files->keep_owners));
    json_object_set_new(root, "has_health", json_boolean(files->has_health));
    json_object_set_new(root, "steady_sec", json_integer(files->steady_sec));
    for (guint i = 0; i < files->volumes->len; i++)
        json_array_append_new(volumes, volume_to_json(g_ptr_array_index(files->volumes, i)));
    json_object_set_new(root, "volumes", volumes);
    json_object_set_new(root, "files", files_to_json(files->files));
    if (files->backup.dump || files->backup.before || files->backup.after)
        json_object_set_new(root, "backup", backup_to_json(&files->backup));
    if (record->secrets)
        json_object_set(root, "secrets", record->secrets);
    char *text = json_dumps(root, JSON_INDENT(2));
    return g_bytes_new_take(text, strlen(text));
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* Members that must be there, each of its type: the first problem stays in *error, and then all is refused. */
typedef struct {
    const Json *object;
    const char *where;
    GError **error;
    gboolean failed;
} Members;

static const char *take_text(Members *members, const char *key, gboolean needed)
{
    const char *text = NULL;

    if (members->failed)
        return NULL;
    if (!json_get_string(members->object, members->where, key, &text, members->error))
        members->failed = TRUE;
    else if (!text && needed)
        members->failed = !gourd_error_set(members->error, GOURD_ERROR_INPUT, "%s%s is missing", members->where, key);
    return text;
}

static gboolean take_boolean(Members *members, const char *key)
{
    const Json *member = json_object_get(members->object, key);

    if (!members->failed && member && !json_is_boolean(member))
        members->failed = !gourd_error_set(members->error, GOURD_ERROR_INPUT, "%s is neither true nor false", key);
    return json_is_true(member);
}

static gint64 take_number(Members *members, const char *key, gint64 min, gint64 max)
{
    gint64 value = 0;

    if (members->failed)
        return 0;
    if (!json_get_integer(members->object, members->where, key, 0, &value, members->error))
        members->failed = TRUE;
    else if (value < min || value > max)
        members->failed = !gourd_error_set(members->error, GOURD_ERROR_INPUT, "%s is out of range", key);
    return value;
}

static gboolean check_path(const char *path, GError **error)
{
    g_autofree char *plain = g_canonicalize_filename(path, "/");

    for (const char *const *home = homes; *home; home++) {
        if (g_str_has_prefix(path, *home) && strcmp(plain, path) == 0)
            return TRUE;
    }
    g_autofree char *shown = text_escape(path);
    return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no place where gourd writes", shown);
}

static gboolean take_path(Members *members, const char *key, char **ret_path)
{
    const char *path = take_text(members, key, FALSE);

    if (!members->failed && path && !check_path(path, members->error))
        members->failed = TRUE;
    *ret_path = g_strdup(path);
    return !members->failed;
}

static void take_unit(Members *members, const char *key, gboolean needed, char **ret_unit)
{
    const char *unit = take_text(members, key, needed);

    if (unit && !unit_name_is_valid(unit, UNIT_NAME_ANY))
        members->failed = !gourd_error_set(members->error, GOURD_ERROR_INPUT, "%s is no unit's name", key);
    *ret_unit = g_strdup(unit);
}

static void take_units(Members *members, const char *key, GPtrArray **ret_units)
{
    g_auto(GStrv) names = NULL;

    *ret_units = g_ptr_array_new_with_free_func(g_free);
    if (members->failed)
        return;
    if (!json_get_strv(members->object, members->where, key, &names, members->error)) {
        members->failed = TRUE;
        return;
    }
    for (guint i = 0; names && names[i] && !members->failed; i++) {
        if (unit_name_is_valid(names[i], UNIT_NAME_ANY))
            g_ptr_array_add(*ret_units, g_strdup(names[i]));
        else
            members->failed = !gourd_error_set(members->error, GOURD_ERROR_INPUT, "%s has no unit's name", key);
    }
}

static gboolean parse_content(Members *members, ServiceFile *file)
{
    const char *encoded = take_text(members, "content_base64", FALSE);
    const char *target = take_text(members, "target", FALSE), *mode = take_text(members, "mode", FALSE);
    const Json *content = json_object_get(members->object, "content");
    guint64 bits = 0;
    gsize size;

    if (members->failed)
        return FALSE;
    if (encoded) {
        guchar *bytes = g_base64_decode(encoded, &size);
        file->content = g_bytes_new_take(bytes, size);
    } else if (json_is_string(content)) {
        file->content = g_bytes_new(json_string_value(content), json_string_length(content));
    }
    if ((file->content != NULL) == (target != NULL))
        return gourd_error_set(members->error, GOURD_ERROR_INPUT, "a file has not just one of content and target");
    file->target = g_strdup(target);
    if (target)
        return TRUE;
    if (!mode || !g_ascii_string_to_unsigned(mode, 8, 0, 07777, &bits, NULL))
        return gourd_error_set(members->error, GOURD_ERROR_INPUT, "the mode of a file is no number");
    file->mode = (mode_t)bits;
    return TRUE;
}

static gboolean parse_file(const Json *object, GPtrArray *files, GError **error)
{
    Members members = {object, "files.", error, FALSE};
    ServiceFile *file = g_new0(ServiceFile, 1);

    g_ptr_array_add(files, file);
    if (!take_path(&members, "path", &file->path))
        return FALSE;
    if (!file->path)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "a file has no path");
    return parse_content(&members, file);
}

gboolean files_from_json(const Json *list, GPtrArray *files, GError **error)
{
    Json *element;
    gsize i;

    json_array_foreach((Json *)list, i, element) {
        if (!parse_file(element, files, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean parse_volume(const Json *object, GPtrArray *volumes, GError **error)
{
    Members members = {object, "volumes.", error, FALSE};
    ServiceVolume *volume = g_new0(ServiceVolume, 1);

    g_ptr_array_add(volumes, volume);
    volume->path = g_strdup(take_text(&members, "path", TRUE));
    volume->image_path = g_strdup(take_text(&members, "image_path", FALSE));
    return !members.failed;
}

static gboolean parse_lists(const Json *root, ServiceFiles *files, GError **error)
{
    Json *list, *volumes, *element;
    gsize i;

    if (!json_get_array(root, "", "files", &list, error) || !json_get_array(root, "", "volumes", &volumes, error))
        return FALSE;
    if (!files_from_json(list, files->files, error))
        return FALSE;
    json_array_foreach(volumes, i, element) {
        if (!parse_volume(element, files->volumes, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean take_command(Members *members, const char *key, char ***ret_argv)
{
    char **argv = NULL;

    if (members->failed)
        return FALSE;
    if (!json_get_strv(members->object, members->where, key, &argv, members->error)) {
        members->failed = TRUE;
        return FALSE;
    }
    *ret_argv = argv;
    if (argv && (!argv[0] || *argv[0] != '/'))
        members->failed = !gourd_error_set(members->error, GOURD_ERROR_INPUT, "%s%s is no command", members->where,
                                           key);
    return !members->failed;
}

static gboolean parse_backup(const Json *root, ServiceBackup *backup, GError **error)
{
    Json *object;

    if (!json_get_object(root, "", "backup", &object, error))
        return FALSE;
    if (!object)
        return TRUE;
    Members members = {object, "backup.", error, FALSE};
    if (!take_command(&members, "dump", &backup->dump) || !take_command(&members, "restore", &backup->restore) ||
        !take_command(&members, "before", &backup->before) || !take_command(&members, "after", &backup->after))
        return FALSE;
    backup->volume = g_strdup(take_text(&members, "volume", backup->dump != NULL));
    backup->timeout_usec = (guint64)take_number(&members, "timeout_usec", 0, G_MAXINT64);
    return !members.failed;
}

static gboolean parse_members(Record *record, const Json *root, GError **error)
{
    ServiceFiles *files = record->files;
    Members members = {root, "", error, FALSE};

    if (take_number(&members, "format", 1, G_MAXINT) != RECORD_FORMAT && !members.failed) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "the format of this record is not known");
        return gourd_error_hint(error, "a newer gourd wrote it: use that one");
    }
    record->revision = (guint)take_number(&members, "revision", 1, G_MAXINT);
    take_unit(&members, "unit", TRUE, &files->unit);
    take_units(&members, "units", &files->units);
    take_units(&members, "start", &files->start);
    take_unit(&members, "pre_upgrade", FALSE, &files->pre_upgrade);
    files->user = g_strdup(take_text(&members, "user", FALSE));
    files->uid = (guint32)take_number(&members, "uid", 0, G_MAXUINT32 - 1);
    files->gid = (guint32)take_number(&members, "gid", 0, G_MAXUINT32 - 1);
    take_path(&members, "sysusers", &files->sysusers);
    take_path(&members, "tmpfiles", &files->tmpfiles);
    record->init = g_strdup(take_text(&members, "init", FALSE));
    files->identity = take_boolean(&members, "identity");
    files->keep_owners = take_boolean(&members, "keep_owners");
    files->has_health = take_boolean(&members, "has_health");
    files->steady_sec = take_number(&members, "steady_sec", -1, G_MAXINT);
    return !members.failed;
}

Record *record_parse(const void *bytes, gsize size, GError **error)
{
    g_autoptr(Json) root = json_parse(bytes, size, error);
    g_autoptr(Record) record = NULL;
    Json *secrets;

    if (!root)
        return NULL;
    record = g_new0(Record, 1);
    record->files = g_new0(ServiceFiles, 1);
    record->files->files = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);
    record->files->volumes = g_ptr_array_new_with_free_func(volume_free);
    if (!parse_members(record, root, error) || !parse_lists(root, record->files, error) ||
        !parse_backup(root, &record->files->backup, error) || !json_get_object(root, "", "secrets", &secrets, error))
        return NULL;
    record->secrets = secrets ? json_incref(secrets) : NULL;
    return g_steal_pointer(&record);
}

Record *record_read(Store *store, const char *name, guint revision, GError **error)
{
    g_autofree char *path = record_path(name, revision);
    g_autoptr(GBytes) content = NULL;

    if (!root_load(store->root, path, STATE_FILE_SIZE_MAX, &content, NULL, error))
        return NULL;
    if (!content) {
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "'%s' is missing: release %u of %s cannot be put back", path,
                        revision, name);
        return NULL;
    }
    Record *record = record_parse(g_bytes_get_data(content, NULL), g_bytes_get_size(content), error);
    if (!record)
        gourd_error_prefix(error, "'%s'", path);
    return record;
}
