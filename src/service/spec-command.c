// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inside.h"
#include "program-file.h"
#include "spec.h"

#include <string.h>

/* --- programs ---------------------------------------------------------------------------------------------------- */

gboolean spec_is_mounted_over(const ServiceSpec *spec, const char *path)
{
    for (guint i = 0; i < spec->mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(spec->mounts, i);

        if (mount->kind != SERVICE_MOUNT_WRITABLE && inside_is_below(path, mount->destination))
            return TRUE;
    }
    return FALSE;
}

/* Programs of another architecture run only where an emulator is set up (binfmt_misc), which is seldom. */
static void note_architecture(const SpecSource *source, const char *path, const ProgramFile *file)
{
    if (!source->context->machine || program_file_runs_on(file, source->context->machine))
        return;
    g_autofree char *subject = g_strdup_printf("%s (%s)", path, program_file_architecture(file->elf_machine));

    notes_add(source->notes, "architecture-differs", "programs that are for another processor than this machine's",
              subject);
}

/* Also where that is only found out at the start otherwise. */
static gboolean check_interpreter(const SpecSource *source, const char *what, const char *path, GError **error)
{
    if (source->context->tried)
        return TRUE;
    const ProgramFile *file = &service_image_program(source->image, path)->file;

    note_architecture(source, path, file);
    if (!file->interpreter)
        return TRUE;
    if (*file->interpreter == '/') {
        const InsideNode *node = service_image_find(source->image, file->interpreter, error);

        if (!node)
            return FALSE;
        if (node->found || spec_is_mounted_over(source->spec, node->path))
            return TRUE;
    }
    return program_file_fail_interpreter(file, what, path, error);
}

/* Whether a path can be executed. *ret_found FALSE: nothing is there. */
static gboolean check_program(const SpecSource *source, const char *what, const char *path, gboolean *ret_found,
                              GError **error)
{
    const InsideNode *node = service_image_find(source->image, path, error);
    g_autofree char *shown = text_escape(path);

    if (!node)
        return FALSE;
    *ret_found = node->found;
    if (spec_is_mounted_over(source->spec, node->path)) {
        *ret_found = TRUE;
        return TRUE;
    }
    if (!node->found)
        return TRUE;
    if (node->type == ENTRY_DIRECTORY)
        return gourd_error_set(error, GOURD_ERROR_NO_EXECUTE, "%s '%s' is a folder", what, shown);
    if (node->type != ENTRY_FILE || (node->mode & 0111) == 0) {
        gourd_error_set(error, GOURD_ERROR_NO_EXECUTE, "%s '%s' is not executable (mode %04o)", what, shown,
                        node->mode);
        return gourd_error_hint(error, "chmod +x it where the image is made, or start it by its interpreter");
    }
    return check_interpreter(source, what, path, error);
}

/* Only what can be executed counts, as in a shell. */
static gboolean search_path(const SpecSource *source, const char *what, const char *name, char **ret_path,
                            GError **error)
{
    const char *path = spec_get_environment(source->spec, "PATH");
    g_auto(GStrv) folders = g_strsplit(path ? path : "", ":", -1);
    g_autofree char *shown = text_escape(name), *shown_path = text_escape(path ? path : "");

    for (char **folder = folders; *folder; folder++) {
        g_autofree char *plain = inside_plain_path(source->spec->working_dir, *folder);
        g_autofree char *candidate = inside_plain_path(plain, name);
        const InsideNode *node = service_image_find(source->image, candidate, error);

        if (!node)
            return FALSE;
        if (!node->found || node->type != ENTRY_FILE || (node->mode & 0111) == 0)
            continue;
        if (!check_interpreter(source, what, candidate, error))
            return FALSE;
        *ret_path = g_steal_pointer(&candidate);
        return TRUE;
    }
    return gourd_error_set(error, GOURD_ERROR_NO_PROGRAM, "%s '%s' is not in the image's PATH (%s)", what, shown,
                           shown_path);
}

gboolean spec_find_program(const SpecSource *source, const char *what, const char *name, char **ret_path,
                           GError **error)
{
    gboolean found = FALSE;

    if (!*name)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s without a name", what);
    if (!strchr(name, '/'))
        return search_path(source, what, name, ret_path, error);
    g_autofree char *path = inside_plain_path(source->spec->working_dir, name), *shown = text_escape(name);
    if (!check_program(source, what, path, &found, error))
        return FALSE;
    if (!found)
        return gourd_error_set(error, GOURD_ERROR_NO_PROGRAM, "%s '%s' is not in the image", what, shown);
    *ret_path = g_steal_pointer(&path);
    return TRUE;
}

/* --- the service's command --------------------------------------------------------------------------------------- */

static char **join(char *const *first, char *const *second)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (first)
        g_strv_builder_addv(builder, (const char **)first);
    if (second)
        g_strv_builder_addv(builder, (const char **)second);
    return g_strv_builder_end(builder);
}

/* Entrypoint and command as `docker run --entrypoint … IMAGE COMMAND…` joins them: another entrypoint forgets the image's
 * command too. */
static gboolean add_argv(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    const ImageConfig *config = source->config;
    gboolean replaced = options->entrypoint != NULL;
    char *const *entrypoint = replaced ? options->entrypoint : config->entrypoint;
    char *const *command = options->command ? options->command : replaced ? NULL : config->cmd;

    source->spec->argv = join(entrypoint, command);
    for (char **word = source->spec->argv; *word && !source->context->one_off; word++)
        if (!g_utf8_validate(*word, -1, NULL)) /* D-Bus has no such strings */
            notes_add(source->notes, "argument-not-text",
                      "'systemctl show' and 'status' cannot show a unit with arguments that are not UTF-8", *word);
    if (source->spec->argv[0])
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "the image does not say what to run");
    return gourd_error_hint(error, "give a command behind the bundle, or --entrypoint");
}

static gboolean add_working_dir(SpecSource *source, GError **error)
{
    const char *wanted = source->options->working_dir ? source->options->working_dir : source->config->working_dir;
    g_autofree char *plain = inside_plain_path("/", *wanted ? wanted : "/");
    const InsideNode *node = service_image_find(source->image, plain, error);

    if (!node)
        return FALSE;
    if (!spec_is_mounted_over(source->spec, node->path) && (!node->found || node->type != ENTRY_DIRECTORY)) {
        g_autofree char *shown = text_escape(plain);

        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "the image has no folder '%s' to work in", shown);
        return gourd_error_hint(error, "gourd build … --mountpoint %s, or --workdir with another folder", shown);
    }
    source->spec->working_dir = g_steal_pointer(&plain);
    return TRUE;
}

/* Whether the program is an init that wants to be process 1: known from building, for the image's own entrypoint. */
static gboolean wants_process1(const SpecSource *source, const char **ret_reason)
{
    const Json *init = source->metadata ? json_object_get(source->metadata, "needs_init") : NULL;
    const ImageConfig *config = source->config;
    const char *usual = config->entrypoint[0] ? config->entrypoint[0] : config->cmd[0];

    *ret_reason = json_string_value(json_object_get(init, "reason"));
    return json_is_object(init) && usual && strcmp(usual, source->spec->argv[0]) == 0;
}

static gboolean add_process1(SpecSource *source, GError **error)
{
    const char *reason = NULL;

    if (!wants_process1(source, &reason))
        return TRUE;
    if (!source->context->one_off &&
        !unit_target_knows(source->context->systemd_version, "Service", "PrivatePIDs", "yes")) {
        g_autofree char *shown = text_escape(reason ? reason : "it is an init");

        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "the image's program must be process 1: %s", shown);
        return gourd_error_hint(error,
                                "systemd can do that from version 257 on (PrivatePIDs=), the target has %u; or "
                                "start the image's service itself with --entrypoint",
                                source->context->systemd_version);
    }
    source->spec->process1 = TRUE;
    return TRUE;
}

gboolean spec_add_command(SpecSource *source, GError **error)
{
    static const char *const shell[] = {"/bin/sh", "-c", NULL};
    ServiceSpec *spec = source->spec;

    spec->shell = g_strdupv(source->config->shell[0] ? source->config->shell : (char **)shell);
    return add_working_dir(source, error) && add_argv(source, error) &&
           spec_find_program(source, "program", spec->argv[0], &spec->program, error) && add_process1(source, error);
}
