// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <string.h>

/* How volumes are backed up while the service runs. */

#define TIMEOUT_DEFAULT (G_TIME_SPAN_HOUR) /* a command that hangs holds up every other gourd */

void service_backup_clear(ServiceBackup *backup)
{
    g_strfreev(backup->dump);
    g_strfreev(backup->restore);
    g_strfreev(backup->before);
    g_strfreev(backup->after);
    g_free(backup->volume);
    *backup = (ServiceBackup){0};
}

void service_backup_copy(const ServiceBackup *backup, ServiceBackup *ret_copy)
{
    *ret_copy = (ServiceBackup){
        .dump = g_strdupv(backup->dump),
        .restore = g_strdupv(backup->restore),
        .before = g_strdupv(backup->before),
        .after = g_strdupv(backup->after),
        .volume = g_strdup(backup->volume),
        .timeout_usec = backup->timeout_usec,
    };
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

static char **prepend(const char *program, char *const *words, const char *text)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();

    g_strv_builder_add(argv, program);
    g_strv_builder_addv(argv, (const char **)words);
    if (text)
        g_strv_builder_add(argv, text);
    return g_strv_builder_end(argv);
}

static gboolean read_words(const SpecSource *source, const char *what, const char *text, char ***ret_argv,
                           GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_auto(GStrv) words = NULL;

    if (!g_shell_parse_argv(text, NULL, &words, &problem))
        return gourd_error_set(error, GOURD_ERROR_USAGE, "--backup-%s: cannot split into words: %s", what,
                               problem->message);
    g_autofree char *program = NULL;
    if (!spec_find_program(source, "program", words[0], &program, error))
        return gourd_error_prefix(error, "--backup-%s", what);
    *ret_argv = prepend(program, words + 1, NULL);
    return TRUE;
}

/* An image without a shell has programs all the same: then the command is its words. */
static gboolean read_command(const SpecSource *source, const char *what, const char *text, char ***ret_argv,
                             GError **error)
{
    char *const *shell = source->spec->shell;

    if (!text || !*text)
        return TRUE;
    g_autofree char *program = NULL;
    if (!spec_find_program(source, "shell", shell[0], &program, NULL))
        return read_words(source, what, text, ret_argv, error);
    *ret_argv = prepend(program, shell + 1, text);
    return TRUE;
}

/* --- the volume of a dump ----------------------------------------------------------------------------------------- */

/* PATH_VOLUMES/OWNER/NAME of a mount, which may be of a folder in it. The caller frees. */
static char *volume_folder(const ServiceMount *mount)
{
    g_auto(GStrv) parts = g_strsplit(mount->source + strlen(PATH_VOLUMES "/"), "/", 3);

    return g_build_filename(PATH_VOLUMES, parts[0], parts[1], NULL);
}

/* Volumes (char *, their folders) in which the service writes, each once. */
static GPtrArray *list_volumes(const ServiceSpec *spec, gboolean guessed)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < spec->mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(spec->mounts, i);

        if (mount->kind != SERVICE_MOUNT_VOLUME || mount->read_only || mount->guessed != guessed)
            continue;
        g_autofree char *folder = volume_folder(mount);
        if (!g_ptr_array_find_with_equal_func(folders, folder, g_str_equal, NULL))
            g_ptr_array_add(folders, g_steal_pointer(&folder));
    }
    return folders;
}

static char *join_names(const GPtrArray *folders)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < folders->len; i++) {
        g_autofree char *name = g_path_get_basename(g_ptr_array_index(folders, i));

        g_string_append_printf(text, "%s%s", i ? ", " : "", name);
    }
    return g_string_free(text, FALSE);
}

/* NAME, OWNER/NAME, or where the service sees it. */
static gboolean is_called(const ServiceMount *mount, const char *name)
{
    g_autofree char *folder = volume_folder(mount), *last = g_path_get_basename(folder);

    return strcmp(name, last) == 0 || strcmp(name, folder + strlen(PATH_VOLUMES "/")) == 0 ||
           strcmp(name, mount->destination) == 0;
}

static gboolean find_named(SpecSource *source, const char *name, GError **error)
{
    const GPtrArray *mounts = source->spec->mounts;
    g_autoptr(GPtrArray) folders = list_volumes(source->spec, FALSE);
    g_autofree char *shown = text_escape(name), *names = join_names(folders);

    for (guint i = 0; i < mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(mounts, i);

        if (mount->kind == SERVICE_MOUNT_VOLUME && is_called(mount, name)) {
            source->spec->backup.volume = volume_folder(mount);
            return TRUE;
        }
    }
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "--backup-volume: the service has no volume '%s'", shown);
    return *names ? gourd_error_hint(error, "it has %s", names) : FALSE;
}

/* The only one that somebody asked for, or else the only one. */
static gboolean find_only(SpecSource *source, GError **error)
{
    g_autoptr(GPtrArray) asked = list_volumes(source->spec, FALSE), guessed = list_volumes(source->spec, TRUE);
    const GPtrArray *folders = asked->len > 0 ? asked : guessed;
    g_autofree char *names = join_names(folders);

    if (folders->len == 1) {
        source->spec->backup.volume = g_strdup(g_ptr_array_index(folders, 0));
        return TRUE;
    }
    if (folders->len == 0) {
        gourd_error_set(error, GOURD_ERROR_INPUT,
                        "--backup-dump: the service has no volume that a dump could stand for");
        return gourd_error_hint(error, "folders of the host that are bound are no volumes: give it one with a name");
    }
    gourd_error_set(error, GOURD_ERROR_INPUT, "--backup-dump: which of its volumes does the dump stand for?");
    return gourd_error_hint(error, "--backup-volume says it; there are %s", names);
}

gboolean spec_add_backup(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    ServiceBackup *backup = &source->spec->backup;

    if (!read_command(source, "dump", options->backup_dump, &backup->dump, error) ||
        !read_command(source, "restore", options->backup_restore, &backup->restore, error) ||
        !read_command(source, "before", options->backup_before, &backup->before, error) ||
        !read_command(source, "after", options->backup_after, &backup->after, error))
        return FALSE;
    if (!backup->dump && (backup->restore || options->backup_volume)) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "--backup-%s is for a dump, and there is none",
                        backup->restore ? "restore" : "volume");
        return gourd_error_hint(error, "--backup-dump writes one");
    }
    if (!backup->dump && !backup->before && !backup->after)
        return TRUE;
    backup->timeout_usec = options->backup_timeout_usec == SERVICE_UNSET ? (guint64)TIMEOUT_DEFAULT
                                                                         : (guint64)options->backup_timeout_usec;
    if (!backup->dump)
        return TRUE;
    return options->backup_volume ? find_named(source, options->backup_volume, error) : find_only(source, error);
}
