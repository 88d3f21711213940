// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack-bundle.h"

#include "progress.h"
#include "stack-image.h"

#include "pack/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUILT_DIGITS 12 /* of the digest of an image that was built, behind its tag: the version of its bundle */

/* "docker.io/library/nginx", "nginx:latest" and "nginx" are one image. Where its name begins, and its length without digest. */
static const char *find_reference(const char *image, gsize *ret_length)
{
    static const char *const usual[] = {"docker.io/", "library/"};

    for (guint i = 0; i < G_N_ELEMENTS(usual); i++)
        image += g_str_has_prefix(image, usual[i]) ? strlen(usual[i]) : 0;
    gsize length = strcspn(image, "@"), tag = strlen(":latest");
    *ret_length = length > tag && memcmp(image + length - tag, ":latest", tag) == 0 ? length - tag : length;
    return image;
}

gboolean stack_bundle_is_same_image(const StackService *a, const StackService *b)
{
    gsize length, other_length;

    if (!a->image || !b->image)
        return !a->image && !b->image && strcmp(stack_service_name_in_file(a), stack_service_name_in_file(b)) == 0;
    const char *image = find_reference(a->image, &length), *other = find_reference(b->image, &other_length);
    return length == other_length && memcmp(image, other, length) == 0;
}

/* NAME and VERSION of the bundle of an image: "docker.io/library/nginx:1.25" is nginx and 1.25; no tag is "latest". One without a
 * name is called as the service on this host. */
static void name_bundle(const StackService *service, char **ret_name, char **ret_version)
{
    const char *own = service->options.replica_of ? service->options.replica_of : service->full_name;
    g_autofree char *full = g_path_get_basename(service->image ? service->image : own);
    char *digest = strchr(full, '@'), *colon;

    if (digest)
        *digest = '\0';
    colon = strchr(full, ':');
    *ret_version = g_strdup(colon ? colon + 1 : "latest");
    if (colon)
        *colon = '\0';
    *ret_name = g_strdelimit(g_steal_pointer(&full), "_", '-');
}

/* Two services with one bundle: is it of one image, and is it known which? */
static gboolean check_pair(const StackService *service, const StackService *other, const char *id, Notes *notes,
                           GError **error)
{
    const gboolean is_same = stack_bundle_is_same_image(service, other);

    if (is_same && service->source && other->source && strcmp(service->source, other->source) != 0) {
        gourd_error_set(error, GOURD_ERROR_INPUT,
                        "%s: service %s: its image is made from '%s' here, and from '%s' for %s", service->place,
                        service->name, service->source, other->source, other->name);
        return gourd_error_hint(error, "services that have one image have one bundle, and so one source");
    }
    if (is_same || !service->image || !other->image)
        return TRUE;
    if (!service->source && !service->build && !other->source && !other->build) {
        g_autofree char *subject = g_strdup_printf("%s and %s: %s.raw", other->image, service->image, id);

        notes_add(notes, "bundle-of-two-images", "images of different names have one bundle", subject);
        return TRUE;
    }
    gourd_error_set(error, GOURD_ERROR_INPUT, "%s: service %s: the images '%s' and '%s' would both be '%s.raw'",
                    service->place, service->name, other->image, service->image, id);
    return gourd_error_hint(error, "give one of them another tag, or name its bundle by x-gourd: {bundle: FILE}");
}

gboolean stack_bundle_check_names(const GPtrArray *services, Notes *notes, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < services->len; i++) {
        StackService *service = g_ptr_array_index(services, i);
        g_autofree char *name = NULL, *version = NULL;

        if (service->bundle)
            continue;
        name_bundle(service, &name, &version);
        g_autofree char *id = g_strdup_printf("%s_%s", name, version);
        const StackService *other = g_hash_table_lookup(seen, id);
        if (other && !check_pair(service, other, id, notes, error))
            return FALSE;
        if (!other)
            g_hash_table_insert(seen, g_steal_pointer(&id), service);
    }
    return TRUE;
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

/* "1.0-3f2a9c1b44d0" of the tag "1.0": a version of an image that was built here; or just the tag. */
static gboolean is_built(const char *version, const char *tag)
{
    gsize length = strlen(tag);

    if (!g_str_has_prefix(version, tag) || (version[length] && version[length] != '-'))
        return FALSE;
    return !version[length] || (strlen(version + length + 1) == BUILT_DIGITS &&
                                strspn(version + length + 1, "0123456789abcdef") == BUILT_DIGITS);
}

/* Of an image that is built again and again under one tag, what was made last. */
static char *find_newest(const char *folder, const char *name, const char *tag)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_autofree char *best = NULL;
    struct timespec best_time = {0};
    const char *file;

    while (dir && (file = g_dir_read_name(dir))) {
        g_autofree char *its_name = NULL, *its_version = NULL, *path = g_build_filename(folder, file, NULL);
        struct stat status;

        if (!g_str_has_suffix(file, ".raw") || !store_bundle_split(file, &its_name, &its_version) ||
            strcmp(its_name, name) != 0 || !is_built(its_version, tag) || stat(path, &status) < 0 ||
            (best && (status.st_mtim.tv_sec < best_time.tv_sec ||
                      (status.st_mtim.tv_sec == best_time.tv_sec && status.st_mtim.tv_nsec <= best_time.tv_nsec))))
            continue;
        best_time = status.st_mtim;
        g_free(best);
        best = g_steal_pointer(&path);
    }
    return g_steal_pointer(&best);
}

static const StoreBundle *find_newest_stored(const GPtrArray *stored, const char *name, const char *tag)
{
    const StoreBundle *best = NULL;

    for (guint i = 0; i < stored->len; i++) {
        const StoreBundle *bundle = g_ptr_array_index(stored, i);

        if (strcmp(bundle->name, name) == 0 && is_built(bundle->version, tag) && (!best || bundle->mtime > best->mtime))
            best = bundle;
    }
    return best;
}

/* Where nothing is said of building, the bundles may have been built elsewhere; one that is called just so is meant first. */
static char *find_file(const Stack *stack, const StackService *service, const char *name, const char *version)
{
    g_autofree char *file = g_strdup_printf("%s/%s_%s.raw", stack->folder, name, version);

    if (!service->build && is_file(file))
        return g_steal_pointer(&file);
    char *newest = find_newest(stack->folder, name, version);
    if (newest)
        return newest;
    return strcmp(version, "latest") == 0 ? find_highest(stack->folder, name) : NULL;
}

static const StoreBundle *find_stored(const GPtrArray *stored, const StackService *service, const char *name,
                                      const char *version)
{
    g_autofree char *exact = g_strdup_printf("%s_%s", name, version);
    const StoreBundle *bundle = service->build ? NULL : store_bundle_find(stored, exact);

    if (!bundle)
        bundle = find_newest_stored(stored, name, version);
    if (!bundle && strcmp(version, "latest") == 0)
        bundle = store_bundle_find(stored, name);
    return bundle;
}

static gboolean fail_missing(const Stack *stack, const StackService *service, const char *name, const char *version,
                             GError **error)
{
    const char *image = service->image ? service->image : name;

    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s: service %s: there is no bundle of the image '%s'",
                    service->place, service->name, image);
    if (service->build)
        return gourd_error_hint(error,
                                "'gourd build' has it built, and so does 'gourd up' without --no-build and --dry-run");
    return gourd_error_hint(
        error,
        "it is looked for as '%s_%s.raw' in '%s' and in the store; 'docker save %s' makes an archive "
        "of an image, and --image %s=docker-archive:FILE builds the bundle from it",
        name, version, stack->folder, image, stack_service_name_in_file(service));
}

/* Beside the Compose file, then in the store. */
char *stack_bundle_id(const char *file)
{
    return g_strndup(file, strlen(file) - strlen(".raw"));
}

gboolean stack_bundle_find(const Stack *stack, StackService *service, const Session *session, gboolean path,
                           const GPtrArray *stored, GError **error)
{
    g_autofree char *name = NULL, *version = NULL;

    name_bundle(service, &name, &version);
    service->bundle = find_file(stack, service, name, version);
    if (service->bundle)
        return TRUE;
    const StoreBundle *bundle = find_stored(stored, service, name, version);
    if (!bundle)
        return fail_missing(stack, service, name, version, error);
    g_autofree char *file = g_build_filename(PATH_BUNDLES, bundle->file, NULL);

    service->bundle = path ? host_path(session->host, file) : stack_bundle_id(bundle->file);
    return TRUE;
}

/* --- making ----------------------------------------------------------------------------------------------------- */

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
    const char *path = has_source && colon ? colon + 1 : text, *last = strrchr(text, ':');
    g_auto(GStrv) words = g_strsplit(last ? last + 1 : "", ",", -1);
    struct stat status;

    if (*path != '/')
        return;
    g_autofree char *source = has_source && colon ? g_strndup(text, (gsize)(colon - text)) : NULL;
    g_autofree char *point = g_strndup(path, strcspn(path, ":"));
    gboolean file = g_strv_contains((const char *const *)words, "file") ||
                    (source && stat(source, &status) == 0 && !S_ISDIR(status.st_mode));
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

/* Where something will be mounted, in any of the services that have the image: it need not have these folders, but a bundle
 * must. */
static char **find_mount_points(const Stack *stack, const StackService *service)
{
    g_autoptr(GStrvBuilder) points = g_strv_builder_new();

    for (guint i = 0; i < stack->services->len; i++) {
        const StackService *other = g_ptr_array_index(stack->services, i);

        if (stack_bundle_is_same_image(service, other))
            add_points(points, &other->options);
    }
    return g_strv_builder_end(points);
}

static gboolean pack(const Call *call, const StackService *service, const char *source, const char *output,
                     const char *name, const char *version, char *const *points, GError **error)
{
    g_autoptr(PackResult) result = NULL;
    PackOptions options;

    pack_options_init(&options);
    options.source = source;
    options.output = output;
    options.name = name;
    options.version = version;
    options.mountpoints = (const char *const *)points;
    options.force = TRUE;
    Progress *progress = call->common->quiet ? NULL : progress_new(&call->err, NULL);
    gboolean built = pack_build(&options, show_progress, progress, &result, error);
    progress_free(progress);
    return built ||
           gourd_error_prefix(error, "%s: service %s: cannot build '%s'", service->place, service->name, source);
}

/* --- from a source ------------------------------------------------------------------------------------------------ */

static gboolean pack_source(const Stack *stack, const StackService *service, const Call *call, const char *source,
                            char *const *points, const char *name, const char *version, char **ret_path, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/%s_%s.raw", stack->folder, name, version);

    if (!call->common->quiet)
        fprintf(call->err.file, "building %s_%s.raw from %s\n", name, version, service->source);
    if (!pack(call, service, source, path, name, version, points, error))
        return FALSE;
    *ret_path = g_steal_pointer(&path);
    return TRUE;
}

/* Of "redis:7" there may be another bundle in the store: what another stack needs has other mount points, and a tag as "latest" means
 * something else some day. Then this one is "7-3f2a9c1b44d0". */
static gboolean make_from_source(const Stack *stack, StackService *service, const Call *call, Store *store,
                                 GError **error)
{
    g_autofree char *source = resolve_source(stack, service->source), *name = NULL, *version = NULL;
    g_auto(GStrv) points = find_mount_points(stack, service);
    Digest digest;

    name_bundle(service, &name, &version);
    char *found = find_newest(stack->folder, name, version);
    if (!found || is_newer(source, found) || store_bundle_lacks(found, (const char *const *)points)) {
        g_clear_pointer(&found, g_free);
        if (!pack_source(stack, service, call, source, points, name, version, &found, error))
            return FALSE;
    }
    g_autofree char *path = found;
    if (!store || !store_has_other_bundle(store, path, &digest)) {
        service->bundle = g_steal_pointer(&path);
        return TRUE;
    }
    g_autofree char *digits = digest_to_text(&digest), *own = NULL;
    own = g_strdup_printf("%s-%.*s", version, BUILT_DIGITS, strchr(digits, ':') + 1);
    if (!pack_source(stack, service, call, source, points, name, own, &service->bundle, error))
        return FALSE;
    return unlink(path) == 0 || gourd_error_set_errno(error, errno, "cannot remove '%s'", path);
}

/* --- from an image that is built ---------------------------------------------------------------------------------- */

/* Other content is another version: what runs now goes on, and can be gone back to. */
static char *make_version(const char *tag, const char *number, char *const *points)
{
    g_autofree char *joined = g_strjoinv("\n", (char **)points), *all = g_strconcat(number, "\n", joined, NULL);
    g_autofree char *digits = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);

    return g_strdup_printf("%s-%.*s", tag, BUILT_DIGITS, digits);
}

static char *tag_of(const Stack *stack, const StackService *service)
{
    return service->image ? g_strndup(service->image, strcspn(service->image, "@"))
                          : g_strdup_printf("%s-%s", stack->name, stack_service_name_in_file(service));
}

static gboolean make_from_image(const Stack *stack, StackService *service, const Call *call, const char *builder,
                                GError **error)
{
    g_autofree char *name = NULL, *tag_version = NULL, *tag = tag_of(stack, service);
    g_auto(GStrv) points = find_mount_points(stack, service);
    g_auto(StackImage) image = {0};

    name_bundle(service, &name, &tag_version);
    if (!stack_image_build(call, service, tag, builder, &image, error))
        return FALSE;
    g_autofree char *version = make_version(tag_version, image.number, points);
    service->bundle = g_strdup_printf("%s/%s_%s.raw", stack->folder, name, version);
    if (is_file(service->bundle)) /* the same image again: now it is the newest */
        return utimensat(AT_FDCWD, service->bundle, NULL, 0) == 0 ||
               gourd_error_set_errno(error, errno, "cannot touch '%s'", service->bundle);
    if (!call->common->quiet)
        fprintf(call->err.file, "building %s_%s.raw from image %s\n", name, version, tag);
    return stack_image_save(call, &image, error) &&
           pack(call, service, image.source, service->bundle, name, version, points, error);
}

gboolean stack_bundle_make(const Stack *stack, StackService *service, const Call *call, Store *store,
                           const char *builder, GError **error)
{
    return service->source ? make_from_source(stack, service, call, store, error)
                           : make_from_image(stack, service, call, builder, error);
}
