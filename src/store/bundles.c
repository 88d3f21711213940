// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bundles.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define SUFFIX ".raw"

/* As gourd build lets them be: cli/build-options.c. */
static gboolean is_word(const char *text, const char *extra)
{
    if (!g_ascii_isalnum(*text))
        return FALSE;
    for (const char *at = text; *at; at++) {
        if (!g_ascii_isalnum(*at) && !strchr(extra, *at))
            return FALSE;
    }
    return TRUE;
}

gboolean store_bundle_split(const char *text, char **ret_name, char **ret_version)
{
    const char *line = strchr(text, '_');
    gsize length = strlen(text);

    if (!line)
        return FALSE;
    if (g_str_has_suffix(text, SUFFIX))
        length -= strlen(SUFFIX);
    if (text + length <= line + 1)
        return FALSE;
    g_autofree char *name = g_strndup(text, (gsize)(line - text));
    g_autofree char *version = g_strndup(line + 1, (gsize)(text + length - line - 1));
    if (!is_word(name, ".-+") || !is_word(version, "._-+~"))
        return FALSE;
    *ret_name = g_steal_pointer(&name);
    *ret_version = g_steal_pointer(&version);
    return TRUE;
}

/* --- listing ------------------------------------------------------------------------------------------------------ */

static void bundle_entry_free(gpointer data)
{
    StoreBundle *bundle = data;

    g_free(bundle->file);
    g_free(bundle->name);
    g_free(bundle->version);
    g_free(bundle);
}

static int compare_bundles(gconstpointer a, gconstpointer b)
{
    const StoreBundle *bundle_a = *(const StoreBundle *const *)a, *bundle_b = *(const StoreBundle *const *)b;
    int order = strcmp(bundle_a->name, bundle_b->name);

    return order ? order : strverscmp(bundle_a->version, bundle_b->version);
}

gboolean store_list_bundles(Store *store, GPtrArray **ret_bundles, GError **error)
{
    g_autoptr(GPtrArray) bundles = g_ptr_array_new_with_free_func(bundle_entry_free), entries = NULL;

    if (!root_list(store->root, PATH_BUNDLES, &entries, error))
        return FALSE;
    for (guint i = 0; i < entries->len; i++) {
        const char *file = g_ptr_array_index(entries, i);
        g_autofree char *path = g_strconcat(PATH_BUNDLES "/", file, NULL), *name = NULL, *version = NULL;
        struct stat status;
        gboolean found;

        if (!g_str_has_suffix(file, SUFFIX) || !store_bundle_split(file, &name, &version))
            continue;
        if (!root_look(store->root, path, &status, &found, error))
            return FALSE;
        if (!found || !S_ISREG(status.st_mode))
            continue;
        StoreBundle *bundle = g_new0(StoreBundle, 1);
        bundle->file = g_strdup(file);
        bundle->name = g_steal_pointer(&name);
        bundle->version = g_steal_pointer(&version);
        bundle->size = (guint64)status.st_size;
        bundle->mtime = status.st_mtime;
        g_ptr_array_add(bundles, bundle);
    }
    g_ptr_array_sort(bundles, compare_bundles);
    *ret_bundles = g_steal_pointer(&bundles);
    return TRUE;
}

const StoreBundle *store_bundle_find(const GPtrArray *bundles, const char *text)
{
    g_autofree char *name = NULL, *version = NULL;
    const StoreBundle *found = NULL;
    gboolean whole = store_bundle_split(text, &name, &version);

    for (guint i = 0; i < bundles->len; i++) {
        const StoreBundle *bundle = g_ptr_array_index(bundles, i);

        if (whole ? strcmp(bundle->name, name) == 0 && strcmp(bundle->version, version) == 0
                  : strcmp(bundle->name, text) == 0)
            found = bundle; /* the last is the highest */
    }
    return found;
}

/* --- sources ------------------------------------------------------------------------------------------------------ */

static BundleSource *source_new(const char *asked)
{
    BundleSource *source = g_new0(BundleSource, 1);

    source->n_references = 1;
    source->asked = g_strdup(asked);
    source->fd = -1;
    return source;
}

BundleSource *bundle_source_ref(BundleSource *source)
{
    source->n_references++;
    return source;
}

void bundle_source_unref(BundleSource *source)
{
    if (!source || --source->n_references > 0)
        return;
    service_image_free(source->image);
    bundle_free(source->bundle);
    g_free(source->asked);
    fd_close(&source->fd);
    g_free(source->name);
    g_free(source->version);
    g_free(source->file);
    g_free(source->path);
    g_free(source->origin);
    g_free(source);
}

gboolean bundle_compute_digest(Bundle *bundle, Digest *ret_digest, GError **error)
{
    guint8 bytes[BUNDLE_FOOTER_BYTES];
    guint64 size = bundle_size(bundle);
    BundleFooter footer;

    if (!bundle_index(bundle))
        return file_range_digest(bundle_fd(bundle), bundle_name(bundle), 0, size, ret_digest, error);
    if (!fd_pread_exactly(bundle_fd(bundle), bundle_name(bundle), bytes, sizeof bytes, size - sizeof bytes, error) ||
        !bundle_footer_parse(bytes, size, &footer, error))
        return FALSE;
    *ret_digest = footer.head;
    return TRUE;
}

gboolean store_bundle_is_other(Store *store, const StoreRelease *release)
{
    g_autofree char *path = g_strconcat(PATH_BUNDLES "/", release->bundle, NULL);
    autofd fd = root_open(store->root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
    guint8 bytes[BUNDLE_FOOTER_BYTES];
    struct stat status;
    BundleFooter footer;

    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof bytes)
        return FALSE;
    return fd_pread_exactly(fd, path, bytes, sizeof bytes, (guint64)status.st_size - sizeof bytes, NULL) &&
           bundle_footer_detect(bytes) && bundle_footer_parse(bytes, (guint64)status.st_size, &footer, NULL) &&
           !digest_equal(&footer.head, &release->digest);
}

/* What the bundle says of itself; NULL where it does not. */
static gboolean read_metadata(BundleSource *source, GError **error)
{
    const Json *metadata;
    const char *name, *version;

    if (!service_image_metadata(source->image, &metadata, error))
        return FALSE;
    if (!metadata)
        return TRUE;
    if (!json_get_string(metadata, "", "name", &name, error) ||
        !json_get_string(metadata, "", "version", &version, error))
        return gourd_error_prefix(error, "'/" BUNDLE_METADATA_PATH "'");
    source->name = g_strdup(name);
    source->version = g_strdup(version);
    return TRUE;
}

/* A bundle that was copied under another name is still what it says it is; any other SquashFS image is what its file is
 * called. */
static gboolean find_name(BundleSource *source, GError **error)
{
    g_autofree char *base = g_path_get_basename(source->origin), *shown = text_escape(source->origin);

    if (!read_metadata(source, error))
        return FALSE;
    if (!source->name || !source->version) {
        g_clear_pointer(&source->name, g_free);
        g_clear_pointer(&source->version, g_free);
        if (!store_bundle_split(base, &source->name, &source->version)) {
            gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' does not say its name and version", shown);
            return gourd_error_hint(error, "gourd did not build it: call the file NAME_VERSION.raw");
        }
    }
    if (!is_word(source->name, ".-+") || !is_word(source->version, "._-+~"))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "name or version of '%s' cannot be a file name", shown);
    source->file = g_strdup_printf("%s_%s" SUFFIX, source->name, source->version);
    return TRUE;
}

static gboolean finish_source(BundleSource *source, GError **error)
{
    source->bundle = bundle_open_fd(source->fd, source->origin, error);
    if (!source->bundle)
        return FALSE;
    source->image = service_image_new(source->bundle);
    if (!find_name(source, error) || !bundle_compute_digest(source->bundle, &source->digest, error))
        return FALSE;
    squash_reader_drop_expander(bundle_image(source->bundle)); /* a stack opens many before it looks into the first */
    return TRUE;
}

BundleSource *bundle_source_open_stored(Store *store, const char *file, GError **error)
{
    g_autoptr(BundleSource) source = source_new(NULL);

    source->path = g_strconcat(PATH_BUNDLES "/", file, NULL);
    source->origin = g_strdup(source->path);
    source->is_stored = TRUE;
    source->fd = root_open(store->root, source->path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
    if (source->fd < 0) {
        gourd_error_set_errno(error, errno, "cannot open the bundle '%s'", source->path);
        return NULL;
    }
    if (!finish_source(source, error))
        return NULL;
    /* In the store a file's name counts: units say it. */
    g_free(source->file);
    source->file = g_strdup(file);
    return g_steal_pointer(&source);
}

/* Whether the store has a file of that name, and if so, that it is the same bundle. */
static gboolean compare_with_stored(Store *store, BundleSource *source, GError **error)
{
    struct stat status;
    gboolean found;

    source->path = g_strconcat(PATH_BUNDLES "/", source->file, NULL);
    if (!root_look(store->root, source->path, &status, &found, error))
        return FALSE;
    if (!found)
        return TRUE;
    g_autoptr(BundleSource) stored = bundle_source_open_stored(store, source->file, error);
    if (!stored)
        return FALSE;
    if (digest_equal(&stored->digest, &source->digest) && bundle_size(stored->bundle) == bundle_size(source->bundle)) {
        source->is_stored = TRUE;
        return TRUE;
    }
    gourd_error_set(error, GOURD_ERROR_EXISTS, "the store has another bundle called '%s' already", source->file);
    return gourd_error_hint(error,
                            "give each build a version of its own: gourd build --version; or remove the old one, if "
                            "no service uses it: gourd gc");
}

static BundleSource *read_file(const char *path, GError **error)
{
    g_autoptr(BundleSource) source = source_new(path);
    g_autofree char *shown = text_escape(path);

    source->origin = g_strdup(path);
    source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (source->fd < 0) {
        gourd_error_set_errno(error, errno, "cannot open '%s'", shown);
        return NULL;
    }
    return finish_source(source, error) ? g_steal_pointer(&source) : NULL;
}

gboolean store_bundle_lacks(const char *path, const char *const *points)
{
    g_autoptr(BundleSource) source = read_file(path, NULL);

    for (const char *const *point = points; source && *point; point++) {
        g_autofree char *place = g_strndup(*point, strcspn(*point, ":"));
        const InsideNode *node = service_image_find(source->image, place, NULL);

        if (node && !node->found)
            return TRUE;
    }
    return FALSE;
}

static BundleSource *open_file(Store *store, const char *path, GError **error)
{
    g_autoptr(BundleSource) source = read_file(path, error);

    return source && compare_with_stored(store, source, error) ? g_steal_pointer(&source) : NULL;
}

gboolean store_has_other_bundle(Store *store, const char *path, Digest *ret_digest)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(BundleSource) source = read_file(path, NULL);

    if (!source || compare_with_stored(store, source, &failure) ||
        !g_error_matches(failure, GOURD_ERROR, GOURD_ERROR_EXISTS))
        return FALSE;
    *ret_digest = source->digest;
    return TRUE;
}

BundleSource *bundle_source_open(Store *store, const char *text, GError **error)
{
    g_autoptr(GPtrArray) bundles = NULL;
    g_autofree char *shown = text_escape(text);
    struct stat status;

    if (strchr(text, '/') || (stat(text, &status) == 0 && S_ISREG(status.st_mode)))
        return open_file(store, text, error);
    if (!store_list_bundles(store, &bundles, error))
        return NULL;
    const StoreBundle *found = store_bundle_find(bundles, text);
    if (found) {
        BundleSource *source = bundle_source_open_stored(store, found->file, error);

        if (source)
            source->asked = g_strdup(text);
        return source;
    }
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "'%s' is neither a file nor a bundle in the store", shown);
    gourd_error_hint(error, "'gourd list --bundles' shows those in the store");
    return NULL;
}

gboolean bundle_check(Bundle *bundle, gboolean full, GError **error)
{
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)bundle_finding_free);
    g_autofree char *shown = text_escape(bundle_name(bundle));
    BundleVerifyReport report;

    if (!bundle_verify(bundle, full ? BUNDLE_VERIFY_FULL : BUNDLE_VERIFY_QUICK, 0, NULL, NULL, findings, &report,
                       error))
        return FALSE;
    if (findings->len == 0)
        return TRUE;
    const BundleFinding *first = g_ptr_array_index(findings, 0);
    g_autofree char *path = first->path ? text_escape(first->path) : NULL;
    gourd_error_set(error, GOURD_ERROR_DIFFERS, "the bundle '%s' is damaged: %s%s%s%s", shown, path ? "/" : "",
                    path ? path : "", path ? ": " : "", first->text);
    return gourd_error_hint(error, "copy it here again; 'gourd verify %s' shows all that is wrong", shown);
}

gboolean bundle_source_check(BundleSource *source, GError **error)
{
    source->is_checked = source->is_checked || bundle_check(source->bundle, FALSE, error);
    return source->is_checked;
}
