// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack-options.h"

static ComposeProject *load(const StackOptions *options, const char *const *services, gboolean raw, Notes *notes,
                            GError **error)
{
    g_autofree char *folder = g_get_current_dir();
    g_auto(GStrv) environment = g_get_environ();
    const ComposeSources sources = {
        .files = (const char *const *)options->files->pdata,
        .project_name = options->project_name,
        .project_folder = options->project_folder,
        .env_files = (const char *const *)options->env_files->pdata,
        .profiles = (const char *const *)options->profiles->pdata,
        .services = services,
        .environment = (const char *const *)environment,
        .working_folder = folder,
        .no_interpolate = raw,
    };

    return compose_project_load(&sources, notes, error);
}

ComposeProject *stack_options_load(const StackOptions *options, const char *const *services, Notes *notes,
                                   GError **error)
{
    return load(options, services, FALSE, notes, error);
}

ComposeProject *stack_options_load_raw(const StackOptions *options, const char *const *services, Notes *notes,
                                       GError **error)
{
    return load(options, services, TRUE, notes, error);
}

#define AT(member) .offset = offsetof(StackOptions, member)

const Option stack_option_rows[] = {
    {"file", 'f', OPTION_STRINGS, AT(files), "FILE",
     "Read this Compose file; of several, each is laid over those before it",
     .details =
         "`-` is standard input. Else the files of `$COMPOSE_FILE`; else `compose.yaml` or `docker-compose.yml` in this folder or "
         "the nearest above, and beside it `compose.override.yaml`.",
     .completion = COMPLETE_FILE},
    {"project-name", 'p', OPTION_STRING, AT(project_name), "NAME", "Name of the stack",
     .details = "Else `$COMPOSE_PROJECT_NAME`, `name:` of the file, or the name of its folder."},
    {"project-directory", 0, OPTION_STRING, AT(project_folder), "FOLDER", "Where relative paths begin, and `.env` is",
     .shown_default = "the folder of the first file", .completion = COMPLETE_FOLDER},
    {"env-file", 0, OPTION_STRINGS, AT(env_files), "FILE", "Take variables from this file instead of `.env`",
     .completion = COMPLETE_FILE},
    {"profile", 0, OPTION_STRINGS, AT(profiles), "NAME", "Services of this profile too; `*` is all of them"},
    {NULL},
};
