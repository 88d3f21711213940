// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack-load.h"

#include "progress.h"

#include "pack/pack.h"

#include <string.h>
#include <sys/stat.h>

/* --- what is meant ------------------------------------------------------------------------------------------------ */

/* SERVICE=VALUE of an option. The caller frees the name; the value is borrowed. */
static gboolean split_option(const char *option, const char *what, const char *text, char **ret_name,
                             const char **ret_value, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *shown = text_escape(text);

    if (!equals || equals == text || !equals[1])
        return gourd_error_set(error, GOURD_ERROR_USAGE, "option '%s': '%s' is not SERVICE=%s", option, shown, what);
    *ret_name = g_strndup(text, (gsize)(equals - text));
    *ret_value = equals + 1;
    return TRUE;
}

/* What the service is called in the file. */
static const char *name_in_file(const StackService *service)
{
    return service->replica_of ? service->replica_of : service->name;
}

static gboolean apply_image(Stack *stack, const char *text, GError **error)
{
    g_autofree char *name = NULL;
    const char *source;
    gboolean found = FALSE;

    if (!split_option("--image", "SOURCE", text, &name, &source, error))
        return FALSE;
    for (guint i = 0; i < stack->services->len; i++) {
        StackService *service = g_ptr_array_index(stack->services, i);

        if (strcmp(name_in_file(service), name) != 0)
            continue;
        g_free(service->source);
        service->source = g_strdup(source);
        found = TRUE;
    }
    return found || gourd_error_set(error, GOURD_ERROR_USAGE, "option '--image': the stack has no service '%s'", name);
}

static gboolean apply_scale(ComposeProject *project, const char *text, GError **error)
{
    g_autofree char *name = NULL;
    const char *value;
    guint64 replicas;

    if (!split_option("--scale", "NUMBER", text, &name, &value, error))
        return FALSE;
    if (!g_ascii_string_to_unsigned(value, 10, 0, STACK_SERVICES_MAX, &replicas, NULL)) {
        g_autofree char *shown = text_escape(value);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "option '--scale': '%s' is no number from 0 to %d", shown,
                               STACK_SERVICES_MAX);
    }
    return compose_project_scale(project, name, (guint)replicas, error) ||
           gourd_error_prefix(error, "option '--scale'");
}

/* NAME and VERSION of the bundle of an image: "docker.io/library/nginx:1.25" is nginx and 1.25; no tag is "latest". */
static void name_bundle(const StackService *service, char **ret_name, char **ret_version)
{
    g_autofree char *full = g_path_get_basename(service->image ? service->image : name_in_file(service));
    char *digest = strchr(full, '@'), *colon;

    if (digest)
        *digest = '\0';
    colon = strchr(full, ':');
    *ret_version = g_strdup(colon ? colon + 1 : "latest");
    if (colon)
        *colon = '\0';
    *ret_name = g_strdelimit(g_steal_pointer(&full), "_", '-');
}

/* --- finding ------------------------------------------------------------------------------------------------------ */

static gboolean is_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* In a folder the highest version of a bundle: where a file names no version, or "latest". */
static char *find_highest(const char *folder, const char *name)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_autofree char *best = NULL, *best_version = NULL;
    const char *file;

    while (dir && (file = g_dir_read_name(dir))) {
        g_autofree char *its_name = NULL, *its_version = NULL;

        if (!g_str_has_suffix(file, ".raw") || !store_bundle_split(file, &its_name, &its_version) ||
            strcmp(its_name, name) != 0 || (best && strverscmp(best_version, its_version) >= 0))
            continue;
        g_free(best);
        g_free(best_version);
        best = g_strdup(file);
        best_version = g_steal_pointer(&its_version);
    }
    return best ? g_build_filename(folder, best, NULL) : NULL;
}

/* Beside the Compose file, then in the store. */
static gboolean find_bundle(const Stack *stack, StackService *service, const Session *session, gboolean paths,
                            const GPtrArray *stored, GError **error)
{
    g_autofree char *name = NULL, *version = NULL;

    name_bundle(service, &name, &version);
    g_autofree char *exact = g_strdup_printf("%s_%s", name, version);
    g_autofree char *file = g_strdup_printf("%s/%s.raw", stack->folder, exact);
    gboolean any_version = strcmp(version, "latest") == 0;

    if (is_file(file)) {
        service->bundle = g_steal_pointer(&file);
        return TRUE;
    }
    service->bundle = any_version ? find_highest(stack->folder, name) : NULL;
    if (service->bundle)
        return TRUE;
    const StoreBundle *bundle = store_bundle_find(stored, exact);
    if (!bundle && any_version)
        bundle = store_bundle_find(stored, name);
    if (bundle) {
        g_autofree char *path = g_build_filename(PATH_BUNDLES, bundle->file, NULL);

        service->bundle = paths ? host_path(session->host, path)
                                : g_strndup(bundle->file, strlen(bundle->file) - strlen(".raw"));
        return TRUE;
    }
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s: service %s: there is no bundle of the image '%s'",
                    service->place, service->name, service->image ? service->image : name);
    return gourd_error_hint(error,
                            "it is looked for as '%s.raw' in '%s' and in the store; 'docker save %s' makes an archive "
                            "of an image, and --image %s=docker-archive:FILE builds the bundle from it",
                            exact, stack->folder, service->image ? service->image : name, service->name);
}

/* --- building ----------------------------------------------------------------------------------------------------- */

static void show_progress(const PackProgress *progress, gpointer user_data)
{
    progress_update(user_data, progress->phase, progress->done, progress->total);
}

/* What stands behind the transport, if one is named: "docker-archive:web.tar". */
static const char *find_path(const char *source)
{
    const char *colon = strchr(source, ':');

    return colon && !memchr(source, '/', (gsize)(colon - source)) ? colon + 1 : source;
}

/* A source's path is relative to the project. */
static char *resolve_source(const Stack *stack, const char *source)
{
    const char *path = find_path(source);

    if (*path == '/')
        return g_strdup(source);
    g_autofree char *resolved = g_build_filename(stack->folder, path, NULL);
    return g_strdup_printf("%.*s%s", (int)(path - source), source, resolved);
}

static gboolean is_newer(const char *source, const char *bundle)
{
    struct stat from, to;

    return stat(bundle, &to) < 0 || stat(find_path(source), &from) < 0 || from.st_mtim.tv_sec >= to.st_mtim.tv_sec;
}

static void add_point(GStrvBuilder *points, const char *text, gboolean has_source)
{
    const char *colon = strchr(text, ':');
    const char *path = has_source && colon ? colon + 1 : text;
    struct stat status;

    if (*path != '/')
        return;
    g_autofree char *source = has_source && colon ? g_strndup(text, (gsize)(colon - text)) : NULL;
    g_autofree char *point = g_strndup(path, strcspn(path, ":"));
    gboolean file = source && stat(source, &status) == 0 && !S_ISDIR(status.st_mode);
    g_autofree char *whole = g_strdup_printf("%s%s", point, file ? ":file" : "");
    g_strv_builder_add(points, whole);
}

/* SRC:DST, or DST=CONTENT: a file, for which /run, where secrets usually are, needs nothing. */
static void add_file_points(GStrvBuilder *points, char **files, char separator)
{
    for (char **file = files; file && *file; file++) {
        const char *mark = strchr(*file, separator);
        g_autofree char *path = separator == ':' ? g_strdup(mark + 1) : g_strndup(*file, (gsize)(mark - *file));
        g_autofree char *point = g_strconcat(path, ":file", NULL);

        if (!g_str_has_prefix(path, "/run/"))
            g_strv_builder_add(points, point);
    }
}

static void add_points(GStrvBuilder *points, const ServiceOptions *options)
{
    for (char **volume = options->volumes; volume && *volume; volume++)
        add_point(points, *volume, **volume != '/');
    for (char **bind = options->binds; bind && *bind; bind++)
        add_point(points, *bind, TRUE);
    for (char **tmpfs = options->tmpfs; tmpfs && *tmpfs; tmpfs++)
        add_point(points, *tmpfs, FALSE);
    add_file_points(points, options->secret_files, ':');
    add_file_points(points, options->encrypted_files, ':');
    add_file_points(points, options->secret_texts, '=');
}

static gboolean is_same_image(const StackService *a, const StackService *b)
{
    return a->image ? g_strcmp0(a->image, b->image) == 0 : strcmp(name_in_file(a), name_in_file(b)) == 0;
}

/* Where something will be mounted, in any of the services that have the image: it need not have these folders, but a bundle
 * must. */
static char **find_mount_points(const Stack *stack, const StackService *service)
{
    g_autoptr(GStrvBuilder) points = g_strv_builder_new();

    for (guint i = 0; i < stack->services->len; i++) {
        const StackService *other = g_ptr_array_index(stack->services, i);

        if (is_same_image(service, other))
            add_points(points, &other->options);
    }
    return g_strv_builder_end(points);
}

/* A source that one service names is that of all with the same image. */
static void share_sources(Stack *stack)
{
    for (guint i = 0; i < stack->services->len; i++) {
        StackService *service = g_ptr_array_index(stack->services, i);

        for (guint j = 0; j < stack->services->len && !service->source; j++) {
            const StackService *other = g_ptr_array_index(stack->services, j);

            if (other->source && is_same_image(service, other))
                service->source = g_strdup(other->source);
        }
    }
}

static gboolean build_bundle(const Stack *stack, StackService *service, const Call *call, GError **error)
{
    g_autofree char *source = resolve_source(stack, service->source), *name = NULL, *version = NULL;
    g_auto(GStrv) points = find_mount_points(stack, service);
    g_autoptr(PackResult) result = NULL;
    PackOptions options;

    name_bundle(service, &name, &version);
    g_autofree char *output = g_strdup_printf("%s/%s_%s.raw", stack->folder, name, version);
    service->bundle = g_strdup(output);
    if (!is_newer(source, output))
        return TRUE;
    pack_options_init(&options);
    options.source = source;
    options.output = output;
    options.name = name;
    options.version = version;
    options.mountpoints = (const char *const *)points;
    options.force = TRUE;
    if (!call->common->quiet)
        fprintf(call->err.file, "building %s_%s.raw from %s\n", name, version, service->source);
    Progress *progress = call->common->quiet ? NULL : progress_new(&call->err, NULL);
    gboolean built = pack_build(&options, show_progress, progress, &result, error);
    progress_free(progress);
    return built ||
           gourd_error_prefix(error, "%s: service %s: cannot build '%s'", service->place, service->name, source);
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static gboolean find_bundles(Stack *stack, Session *session, const StackLoad *load, GError **error)
{
    g_autoptr(GPtrArray) stored = NULL;

    if (!store_list_bundles(session->store, &stored, error))
        return FALSE;
    share_sources(stack);
    for (guint i = 0; i < stack->services->len; i++) {
        StackService *service = g_ptr_array_index(stack->services, i);
        gboolean found;

        if (service->bundle && strchr(service->bundle, '/') && *service->bundle != '/') {
            char *path = g_build_filename(stack->folder, service->bundle, NULL);

            g_free(service->bundle);
            service->bundle = path;
        }
        if (service->bundle)
            continue;
        found = service->source && load->build ? build_bundle(stack, service, session->call, error)
                                               : find_bundle(stack, service, session, load->paths, stored, error);
        if (!found)
            return FALSE;
    }
    return TRUE;
}

Stack *stack_load(const StackOptions *options, Session *session, const StackLoad *load, GError **error)
{
    g_autoptr(ComposeProject) project = stack_options_load(options, session->notes, error);

    if (!project)
        return NULL;
    for (const char *const *scale = load->scales; scale && *scale; scale++)
        if (!apply_scale(project, *scale, error))
            return NULL;
    g_autoptr(Stack) stack = compose_to_stack(project, session->notes, error);
    if (!stack)
        return NULL;
    for (const char *const *image = load->images; image && *image; image++)
        if (!apply_image(stack, *image, error))
            return NULL;
    return find_bundles(stack, session, load, error) ? g_steal_pointer(&stack) : NULL;
}
