// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which files a project is made of, what it is called, and where its variables come from. */
#include "load.h"

#include "interpolate.h"

#include <string.h>

#define LEVELS_MAX 64 /* folders looked at upwards */

void compose_project_free(ComposeProject *project)
{
    if (!project)
        return;
    compose_arena_free(project->arena);
    g_clear_pointer(&project->files, g_ptr_array_unref);
    g_clear_pointer(&project->profiles, g_ptr_array_unref);
    g_clear_pointer(&project->environment, g_hash_table_unref);
    g_free(project->name);
    g_free(project->folder);
    g_free(project);
}

/* --- files --------------------------------------------------------------------------------------------------------- */

static gboolean add_if_there(GPtrArray *paths, const char *folder, const char *const *names)
{
    for (const char *const *name = names; *name; name++) {
        g_autofree char *path = g_build_filename(folder, *name, NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS)) {
            g_ptr_array_add(paths, g_steal_pointer(&path));
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean search_files(const char *start, GPtrArray *paths, GError **error)
{
    static const char *const names[] = {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml",
                                        NULL};
    static const char *const overrides[] = {"compose.override.yml", "compose.override.yaml",
                                            "docker-compose.override.yml", "docker-compose.override.yaml", NULL};
    g_autofree char *folder = g_strdup(start);

    for (guint i = 0; i < LEVELS_MAX; i++) {
        if (add_if_there(paths, folder, names)) {
            add_if_there(paths, folder, overrides);
            return TRUE;
        }
        char *above = g_path_get_dirname(folder);
        if (strcmp(above, folder) == 0) {
            g_free(above);
            break;
        }
        g_free(folder);
        folder = above;
    }
    g_autofree char *shown = text_escape(start);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no compose.yaml in '%s' or above", shown);
    return gourd_error_hint(error, "name a file by --file");
}

static void add_files(GPtrArray *paths, const char *const *files, const char *folder)
{
    for (const char *const *file = files; file && *file; file++) {
        if (strcmp(*file, "-") == 0)
            g_ptr_array_add(paths, g_strdup("-"));
        else if (**file)
            g_ptr_array_add(paths, g_canonicalize_filename(*file, folder));
    }
}

/* A variable of the project: it may stand in .env. */
static void add_files_of_variable(GPtrArray *paths, GHashTable *environment, const char *folder)
{
    const char *files = g_hash_table_lookup(environment, "COMPOSE_FILE");
    const char *separator = g_hash_table_lookup(environment, "COMPOSE_PATH_SEPARATOR");

    if (!files || !*files)
        return;
    g_auto(GStrv) parts = g_strsplit(files, separator && *separator ? separator : ":", -1);
    add_files(paths, (const char *const *)parts, folder);
}

/* --- variables ----------------------------------------------------------------------------------------------------- */

static GHashTable *environment_of_process(const ComposeSources *sources)
{
    GHashTable *environment = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (const char *const *line = sources->environment; line && *line; line++) {
        const char *equals = strchr(*line, '=');

        if (equals && equals > *line)
            g_hash_table_replace(environment, g_strndup(*line, (gsize)(equals - *line)), g_strdup(equals + 1));
    }
    return environment;
}

/* Later files win over earlier ones, and the process over all. */
static gboolean read_env_files(const ComposeSources *sources, ComposeProject *project, const char *folder, Notes *notes,
                               GError **error)
{
    const char *variable = g_hash_table_lookup(project->environment, "COMPOSE_ENV_FILES");
    g_auto(GStrv) named = g_strsplit(variable ? variable : "", ",", -1);
    const char *const *files = sources->env_files && *sources->env_files ? sources->env_files
                                                                         : (const char *const *)named;
    g_autofree char *usual = g_build_filename(folder, ".env", NULL);

    if (!*files && g_file_test(usual, G_FILE_TEST_EXISTS) && !g_file_test(usual, G_FILE_TEST_IS_DIR))
        return load_env_file(usual, project->environment, notes, error);
    for (guint i = g_strv_length((char **)files); i-- > 0;) {
        g_autofree char *path = g_canonicalize_filename(files[i], sources->working_folder);

        if (!load_env_file(path, project->environment, notes, error))
            return FALSE;
    }
    return TRUE;
}

/* --- the name ------------------------------------------------------------------------------------------------------ */

/* Small letters, digits, "-" and "_"; a letter or digit first. */
static char *normalize_name(const char *text)
{
    GString *name = g_string_new(NULL);

    for (const char *at = text; *at; at++) {
        char byte = g_ascii_tolower(*at);

        if (g_ascii_isalnum(byte) || ((byte == '-' || byte == '_') && name->len > 0))
            g_string_append_c(name, byte);
    }
    return g_string_free(name, FALSE);
}

static gboolean set_invalid_name(const char *name, GError **error)
{
    g_autofree char *shown = text_escape(name);

    gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no name for a project", shown);
    return gourd_error_hint(error, "small letters, digits, '-' and '_', a letter or digit first; -p names it");
}

/* What `name:` says, in the last file that has it. */
static gboolean find_name(ComposeLoader *loader, const GPtrArray *paths, char **ret_name, GError **error)
{
    const Variables variables = variables_of_table(loader->project->environment, NULL);

    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        GPtrArray *documents = load_documents(loader, path, error);

        if (!documents)
            return FALSE;
        g_hash_table_replace(loader->parsed, g_strdup(path), documents);
        for (guint j = 0; j < documents->len; j++) {
            const char *name = compose_node_get_text(g_ptr_array_index(documents, j), "name");

            if (!name)
                continue;
            g_free(*ret_name);
            *ret_name = interpolate(name, &variables, error);
            if (!*ret_name)
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean choose_name(ComposeLoader *loader, const ComposeSources *sources, const GPtrArray *paths,
                            GError **error)
{
    ComposeProject *project = loader->project;
    const char *variable = g_hash_table_lookup(project->environment, "COMPOSE_PROJECT_NAME");
    g_autofree char *said = NULL;

    if (sources->project_name)
        said = g_strdup(sources->project_name);
    else if (variable && *variable)
        said = g_strdup(variable);
    else if (!find_name(loader, paths, &said, error))
        return FALSE;
    if (!said) {
        g_autofree char *folder = g_path_get_basename(project->folder);

        project->name = normalize_name(folder);
        return *project->name || set_invalid_name(folder, error);
    }
    project->name = normalize_name(said);
    return (*said && strcmp(project->name, said) == 0) || set_invalid_name(said, error);
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static gboolean choose_files(const ComposeSources *sources, ComposeProject *project, GPtrArray *paths, Notes *notes,
                             GError **error)
{
    const char *working = sources->working_folder;
    g_autofree char *given = sources->project_folder ? g_canonicalize_filename(sources->project_folder, working) : NULL;
    const char *begin = given ? given : working;

    /* It may say which files are meant. */
    if (!read_env_files(sources, project, begin, notes, error))
        return FALSE;
    add_files(paths, sources->files, working);
    if (paths->len == 0)
        add_files_of_variable(paths, project->environment, working);
    if (paths->len == 0 && !search_files(begin, paths, error))
        return FALSE;
    const char *first = g_ptr_array_index(paths, 0);
    if (given || strcmp(first, "-") == 0)
        project->folder = g_strdup(begin);
    else
        project->folder = g_path_get_dirname(first);
    return strcmp(project->folder, begin) == 0 || read_env_files(sources, project, project->folder, notes, error);
}

static char **active_profiles(const ComposeSources *sources, GHashTable *environment)
{
    const char *variable = g_hash_table_lookup(environment, "COMPOSE_PROFILES");
    g_auto(GStrv) named = g_strsplit(variable ? variable : "", ",", -1);
    GStrvBuilder *builder = g_strv_builder_new();

    for (char **name = named; *name; name++)
        g_strv_builder_add(builder, g_strstrip(*name));
    for (const char *const *name = sources->profiles; name && *name; name++)
        g_strv_builder_add(builder, *name);
    char **profiles = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    return profiles;
}

static gboolean load(ComposeLoader *loader, const ComposeSources *sources, GError **error)
{
    ComposeProject *project = loader->project;
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free), chain = g_ptr_array_new();

    if (!choose_files(sources, project, paths, loader->notes, error) || !choose_name(loader, sources, paths, error))
        return FALSE;
    g_hash_table_replace(project->environment, g_strdup("COMPOSE_PROJECT_NAME"), g_strdup(project->name));
    project->root = load_layers(loader, paths, project->environment, project->folder, chain, error);
    if (!project->root)
        return FALSE;
    g_auto(GStrv) profiles = active_profiles(sources, project->environment);
    return compose_normalize(loader, (const char *const *)profiles, sources->services, error);
}

ComposeProject *compose_project_load(const ComposeSources *sources, Notes *notes, GError **error)
{
    g_autoptr(ComposeProject) project = g_new0(ComposeProject, 1);
    g_autoptr(GHashTable) extended = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    g_autoptr(GHashTable)
        parsed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);

    project->arena = compose_arena_new();
    project->files = g_ptr_array_new_with_free_func(g_free);
    project->profiles = g_ptr_array_new_with_free_func(g_free);
    project->environment = environment_of_process(sources);
    ComposeLoader loader = {
        .project = project,
        .raw = sources->no_interpolate,
        .home = g_hash_table_lookup(project->environment, "HOME"),
        .notes = notes,
        .extended = extended,
        .parsed = parsed,
    };
    if (!load(&loader, sources, error))
        return NULL;
    return g_steal_pointer(&project);
}
