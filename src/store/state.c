// SPDX-License-Identifier: LGPL-2.1-or-later
#include "store-private.h"

#include <string.h>

#define STATE_FORMAT 1
#define RELEASES_MAX 10000          /* of one service: far more than anybody keeps */
#define SERVICE_NAME_LENGTH_MAX 128 /* as of bundles; units append to it, and a unit's name has 255 bytes */

gboolean service_name_check(const char *name, GError **error)
{
    gboolean good = g_ascii_isalnum(*name) && strlen(name) <= SERVICE_NAME_LENGTH_MAX;

    for (const char *at = name; *at && good; at++)
        good = g_ascii_isalnum(*at) || strchr(".-+", *at);
    g_autofree char *shown = text_escape(name);
    if (!good) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' cannot be the name of a service", shown);
        return gourd_error_hint(error,
                                "it begins with a letter or digit; letters, digits and .-+ may follow, %d at most",
                                SERVICE_NAME_LENGTH_MAX);
    }
    if (g_str_has_suffix(name, ".service")) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is the name of a unit", shown);
        return gourd_error_hint(error, "the service is called '%.*s'", (int)(strlen(name) - strlen(".service")), name);
    }
    /* state/journal.json is the journal of plans, gourd-names.service is of all services. */
    if (strcmp(name, "journal") == 0 || g_str_has_prefix(name, "gourd-names")) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "a service cannot be called '%s': gourd itself uses that name",
                        shown);
        return gourd_error_hint(error, "give it another with --name");
    }
    return TRUE;
}

char *state_path(const char *name)
{
    return g_strdup_printf(PATH_STATE "/%s.json", name);
}

/* --- values ------------------------------------------------------------------------------------------------------- */

void release_free(StoreRelease *release)
{
    if (!release)
        return;
    g_free(release->version);
    g_free(release->bundle);
    service_options_clear(&release->options);
    g_free(release);
}

StoreRelease *release_copy(const StoreRelease *release)
{
    StoreRelease *copy = g_new0(StoreRelease, 1);

    *copy = *release;
    copy->version = g_strdup(release->version);
    copy->bundle = g_strdup(release->bundle);
    service_options_copy(&release->options, &copy->options);
    return copy;
}

void store_service_free(StoreService *service)
{
    if (!service)
        return;
    g_free(service->name);
    g_free(service->unit);
    g_strfreev(service->links);
    g_clear_pointer(&service->releases, g_ptr_array_unref);
    g_free(service);
}

StoreService *service_new(const char *name)
{
    StoreService *service = g_new0(StoreService, 1);

    service->name = g_strdup(name);
    service->releases = g_ptr_array_new_with_free_func((GDestroyNotify)release_free);
    return service;
}

StoreService *service_copy(const StoreService *service)
{
    StoreService *copy = service_new(service->name);

    copy->unit = g_strdup(service->unit);
    copy->links = g_strdupv(service->links);
    copy->active = service->active;
    copy->previous = service->previous;
    copy->enabled = service->enabled;
    for (guint i = 0; i < service->releases->len; i++)
        g_ptr_array_add(copy->releases, release_copy(g_ptr_array_index(service->releases, i)));
    return copy;
}

const StoreRelease *store_service_release(const StoreService *service, guint revision)
{
    for (guint i = 0; i < service->releases->len; i++) {
        const StoreRelease *release = g_ptr_array_index(service->releases, i);

        if (release->revision == revision)
            return release;
    }
    return NULL;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static Json *release_to_json(const StoreRelease *release)
{
    g_autofree char *digest = digest_to_text(&release->digest);

    return json_pack("{s:i, s:s, s:s, s:s, s:I, s:o}", "revision", (int)release->revision, "version", release->version,
                     "bundle", release->bundle, "digest", digest, "installed_at", (json_int_t)release->installed_at,
                     "options", service_options_to_json(&release->options));
}

GBytes *state_format(const StoreService *service)
{
    Json *releases = json_array(), *links = json_array();

    for (guint i = 0; i < service->releases->len; i++)
        json_array_append_new(releases, release_to_json(g_ptr_array_index(service->releases, i)));
    for (guint i = 0; service->links && service->links[i]; i++)
        json_array_append_new(links, json_string(service->links[i]));
    g_autoptr(Json) root = json_pack("{s:i, s:s, s:s, s:i, s:i, s:o, s:o}", "format", STATE_FORMAT, "name",
                                     service->name, "unit", service->unit, "active", (int)service->active, "previous",
                                     (int)service->previous, "links", links, "releases", releases);
    char *text = json_dumps(root, JSON_INDENT(2));
    gsize length = strlen(text);
    text = g_realloc(text, length + 1);
    text[length] = '\n';
    return g_bytes_new_take(text, length + 1);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static gboolean get_needed(const Json *object, const char *where, const char *key, char **ret_text, GError **error)
{
    const char *text;

    if (!json_get_string(object, where, key, &text, error))
        return FALSE;
    if (!text)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s%s%s is missing", where, *where ? "." : "", key);
    *ret_text = g_strdup(text);
    return TRUE;
}

static gboolean get_revision(const Json *object, const char *where, const char *key, gint64 min, guint *ret_revision,
                             GError **error)
{
    gint64 value;

    if (!json_get_integer(object, where, key, 0, &value, error))
        return FALSE;
    if (value < min || value > G_MAXINT)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s%s%s is no revision", where, *where ? "." : "", key);
    *ret_revision = (guint)value;
    return TRUE;
}

static gboolean check_bundle_file(const char *file, GError **error)
{
    g_autofree char *name = NULL, *version = NULL, *shown = text_escape(file);

    if (store_bundle_split(file, &name, &version) && g_str_has_suffix(file, ".raw"))
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no bundle's file name", shown);
}

static gboolean parse_release(const Json *object, StoreService *service, GError **error)
{
    g_autoptr(StoreRelease) release = g_new0(StoreRelease, 1);
    g_autofree char *digest = NULL;
    Json *options;

    service_options_init(&release->options);
    if (!get_revision(object, "releases", "revision", 1, &release->revision, error) ||
        !get_needed(object, "releases", "version", &release->version, error) ||
        !get_needed(object, "releases", "bundle", &release->bundle, error) ||
        !check_bundle_file(release->bundle, error) || !get_needed(object, "releases", "digest", &digest, error) ||
        !digest_parse(digest, &release->digest, error) ||
        !json_get_integer(object, "releases", "installed_at", 0, &release->installed_at, error) ||
        !json_get_object(object, "releases", "options", &options, error))
        return FALSE;
    if (options) {
        ServiceOptions read;

        if (!service_options_from_json(options, NULL, &read, error))
            return gourd_error_prefix(error, "the options of release %u", release->revision);
        service_options_clear(&release->options);
        release->options = read;
    }
    if (store_service_release(service, release->revision))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "release %u is there twice", release->revision);
    g_ptr_array_add(service->releases, g_steal_pointer(&release));
    return TRUE;
}

static gboolean parse_releases(const Json *root, StoreService *service, GError **error)
{
    Json *list, *element;
    gsize i;

    if (!json_get_array(root, "", "releases", &list, error))
        return FALSE;
    if (json_array_size(list) > RELEASES_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "there are more than %d releases", RELEASES_MAX);
    json_array_foreach(list, i, element) {
        if (!parse_release(element, service, error))
            return FALSE;
    }
    if (!store_service_release(service, service->active))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the active release %u is not among the releases",
                               service->active);
    if (service->previous && !store_service_release(service, service->previous))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the release before, %u, is not among the releases",
                               service->previous);
    return TRUE;
}

/* A link that starts the service: it is only looked at, and made or removed by gourd below PATH_UNITS. */
static gboolean check_links(char **links, GError **error)
{
    for (guint i = 0; links && links[i]; i++) {
        g_autofree char *plain = g_canonicalize_filename(links[i], "/");

        if (!g_str_has_prefix(links[i], PATH_UNITS "/") || strcmp(plain, links[i]) != 0)
            return gourd_error_set(error, GOURD_ERROR_INPUT, "a link is not in " PATH_UNITS);
    }
    return TRUE;
}

StoreService *state_parse(const char *name, const void *bytes, gsize size, GError **error)
{
    g_autoptr(Json) root = json_parse(bytes, size, error);
    g_autoptr(StoreService) service = service_new(name);
    gint64 format;

    if (!root || !json_get_integer(root, "", "format", 0, &format, error))
        return NULL;
    if (format != STATE_FORMAT) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "format %" G_GINT64_FORMAT " is not known", format);
        gourd_error_hint(error, "a newer gourd wrote it: use that one");
        return NULL;
    }
    if (!get_needed(root, "", "unit", &service->unit, error) ||
        !get_revision(root, "", "active", 1, &service->active, error) ||
        !get_revision(root, "", "previous", 0, &service->previous, error) ||
        !json_get_strv(root, "", "links", &service->links, error))
        return NULL;
    if (!unit_name_is_valid(service->unit, UNIT_NAME_PLAIN)) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "unit is no unit's name");
        return NULL;
    }
    if (!check_links(service->links, error) || !parse_releases(root, service, error))
        return NULL;
    return g_steal_pointer(&service);
}

static gboolean look_at_links(Store *store, StoreService *service, GError **error)
{
    for (guint i = 0; service->links && service->links[i]; i++) {
        struct stat status;
        gboolean found;

        if (!root_look(store->root, service->links[i], &status, &found, error))
            return FALSE;
        service->enabled |= found;
    }
    return TRUE;
}

gboolean state_read(Store *store, const char *name, StoreService **ret_service, GError **error)
{
    g_autofree char *path = state_path(name);
    g_autoptr(GBytes) content = NULL;
    g_autoptr(StoreService) service = NULL;

    if (!root_load(store->root, path, STATE_FILE_SIZE_MAX, &content, NULL, error))
        return FALSE;
    if (content) {
        service = state_parse(name, g_bytes_get_data(content, NULL), g_bytes_get_size(content), error);
        if (!service)
            return gourd_error_prefix(error, "'%s'", path);
        if (!look_at_links(store, service, error))
            return FALSE;
    }
    *ret_service = g_steal_pointer(&service);
    return TRUE;
}

gboolean state_list_names(Store *store, const char *suffix, gboolean (*is_name)(const char *name),
                          GPtrArray **ret_names, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free), entries = NULL;

    if (!root_list(store->root, PATH_STATE, &entries, error))
        return FALSE;
    for (guint i = 0; i < entries->len; i++) {
        const char *entry = g_ptr_array_index(entries, i);

        if (!g_str_has_suffix(entry, suffix))
            continue;
        g_autofree char *name = g_strndup(entry, strlen(entry) - strlen(suffix));
        if (is_name(name))
            g_ptr_array_add(names, g_steal_pointer(&name));
    }
    *ret_names = g_steal_pointer(&names);
    return TRUE;
}
