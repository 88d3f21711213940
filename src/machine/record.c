// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define RECORD_FORMAT 1
#define RECORD_SIZE_MAX (16 * 1024 * 1024) /* bytes: as JSON_SIZE_MAX; one has some ten KiB */
#define RECORD_SUFFIX ".json"
#define NAME_LENGTH_MAX 64 /* bytes: of a host's name, Linux's HOST_NAME_MAX */

/* --- names -------------------------------------------------------------------------------------------------------- */

static gboolean name_is_valid(const char *name)
{
    gsize length = strlen(name);

    if (length == 0 || length > NAME_LENGTH_MAX || strstr(name, "..") || !g_ascii_isalnum(name[0]) ||
        !g_ascii_isalnum(name[length - 1]))
        return FALSE;
    for (const char *at = name; *at; at++)
        if (!g_ascii_isalnum(*at) && *at != '-' && *at != '.')
            return FALSE;
    return TRUE;
}

gboolean machine_name_check(const char *name, GError **error)
{
    if (name_is_valid(name))
        return TRUE;
    g_autofree char *shown = text_escape(name);

    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' cannot be the name of a machine", shown);
    return gourd_error_hint(error, "letters, digits, '-' and '.' can, as in the name of a host; %d at most",
                            NAME_LENGTH_MAX);
}

char *machine_record_path(const char *name)
{
    return g_strconcat(MACHINE_PATH_RECORDS "/", name, RECORD_SUFFIX, NULL);
}

char *machine_tree_path(const char *name)
{
    return g_strconcat(MACHINE_PATH_TREES "/", name, NULL);
}

char *machine_unit_name(const char *name)
{
    return g_strconcat("systemd-nspawn@", name, ".service", NULL);
}

char *machine_wants_path(const char *name)
{
    return g_strconcat(PATH_UNITS "/machines.target.wants/systemd-nspawn@", name, ".service", NULL);
}

/* --- text --------------------------------------------------------------------------------------------------------- */

void machine_record_free(MachineRecord *record)
{
    if (!record)
        return;
    g_free(record->name);
    g_free(record->unit);
    machine_spec_clear(&record->spec);
    json_decref(record->skeleton);
    g_free(record);
}

GBytes *machine_record_format(const MachineRecord *record)
{
    g_autoptr(Json) root = json_pack("{s:i, s:s, s:I, s:o, s:O}", "format", RECORD_FORMAT, "name", record->name,
                                     "created_at", (json_int_t)record->created_at, "settings",
                                     machine_spec_to_json(&record->spec), "skeleton", record->skeleton);
    char *text = json_dumps(root, JSON_INDENT(2));
    gsize length = strlen(text);

    text = g_realloc(text, length + 1);
    text[length] = '\n';
    return g_bytes_new_take(text, length + 1);
}

MachineRecord *machine_record_parse(const char *name, const void *bytes, gsize size, GError **error)
{
    g_autoptr(Json) root = json_parse(bytes, size, error);
    g_autoptr(MachineRecord) record = g_new0(MachineRecord, 1);
    Json *settings, *skeleton;
    gint64 format;

    machine_spec_init(&record->spec);
    record->name = g_strdup(name);
    record->unit = machine_unit_name(name);
    if (!root || !json_get_integer(root, "", "format", 0, &format, error))
        return NULL;
    if (format != RECORD_FORMAT) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "format %" G_GINT64_FORMAT " is not known", format);
        gourd_error_hint(error, "a newer gourd wrote it: use that one");
        return NULL;
    }
    if (!json_get_integer(root, "", "created_at", 0, &record->created_at, error) ||
        !json_get_object(root, "", "settings", &settings, error) ||
        !json_get_object(root, "", "skeleton", &skeleton, error))
        return NULL;
    if (!settings || !skeleton) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "%s is missing", settings ? "skeleton" : "settings");
        return NULL;
    }
    record->skeleton = json_incref(skeleton);
    return machine_spec_from_json(settings, &record->spec, error) ? g_steal_pointer(&record) : NULL;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static int open_root(Host *host, GError **error)
{
    int root = open(host_root(host), O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (root < 0)
        gourd_error_set_errno(error, errno, "cannot open the root '%s'", host_root(host));
    return root;
}

/* NULL without error if there is none. */
static gboolean read_record(int root, const char *name, MachineRecord **ret_record, GError **error)
{
    g_autofree char *path = machine_record_path(name);
    g_autoptr(GBytes) content = NULL;

    *ret_record = NULL;
    if (!root_load(root, path, RECORD_SIZE_MAX, &content, NULL, error))
        return FALSE;
    if (!content)
        return TRUE;
    *ret_record = machine_record_parse(name, g_bytes_get_data(content, NULL), g_bytes_get_size(content), error);
    return *ret_record || gourd_error_prefix(error, "'%s'", path);
}

/* Names (char *) of all that have a record. */
static gboolean list_names(int root, GPtrArray **ret_names, GError **error)
{
    g_autoptr(GPtrArray) files = NULL, names = g_ptr_array_new_with_free_func(g_free);

    if (!root_list(root, MACHINE_PATH_RECORDS, &files, error))
        return FALSE;
    for (guint i = 0; i < files->len; i++) {
        const char *file = g_ptr_array_index(files, i);
        g_autofree char *name = g_str_has_suffix(file, RECORD_SUFFIX)
                                    ? g_strndup(file, strlen(file) - strlen(RECORD_SUFFIX))
                                    : g_strdup("");

        if (name_is_valid(name))
            g_ptr_array_add(names, g_steal_pointer(&name));
    }
    *ret_names = g_steal_pointer(&names);
    return TRUE;
}

gboolean machine_list(Host *host, GPtrArray **ret_records, GError **error)
{
    g_autoptr(GPtrArray) names = NULL, records = g_ptr_array_new_with_free_func((GDestroyNotify)machine_record_free);
    autofd root = open_root(host, error);

    if (root < 0 || !list_names(root, &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        MachineRecord *record;

        if (!read_record(root, g_ptr_array_index(names, i), &record, error))
            return FALSE;
        if (record)
            g_ptr_array_add(records, record);
    }
    *ret_records = g_steal_pointer(&records);
    return TRUE;
}

MachineRecord *machine_find(Host *host, const char *name, GError **error)
{
    g_autofree char *shown = text_escape(name);
    g_autoptr(GPtrArray) names = NULL;
    MachineRecord *record = NULL;
    autofd root = open_root(host, error);

    if (root < 0 || (name_is_valid(name) && !read_record(root, name, &record, error)))
        return NULL;
    if (record || !list_names(root, &names, error))
        return record;
    const char *nearest = nearest_name(name, names);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "gourd made no machine '%s' on this host", shown);
    if (nearest)
        gourd_error_hint(error, "did you mean '%s'?", nearest);
    else
        gourd_error_hint(error, "'gourd machine list' has those that it made, 'machinectl list-images' all");
    return NULL;
}

guint64 machine_measure(Host *host, const MachineRecord *record)
{
    g_autofree char *tree = machine_tree_path(record->name);
    autofd root = open_root(host, NULL);

    return root < 0 ? 0 : root_measure(root, tree);
}
