// SPDX-License-Identifier: LGPL-2.1-or-later
#include "transport.h"

/* Archives of docker save (up to 24: ID/layer.tar; from 25: blobs/sha256/…), podman save, skopeo, kaniko, jib, nix: tar
 * files with a manifest.json that names the configuration and layers of one or several images by path. */

#define MANIFEST_NAME "manifest.json"

/* --- which image --------------------------------------------------------------------------------------------------- */

/* "web:1.0, db:2 (or by number: @0, @1)". */
static char *list_images(const GPtrArray *images)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < images->len; i++) {
        const DockerImage *image = g_ptr_array_index(images, i);
        g_autofree char *joined = g_strjoinv(", ", image->tags);
        g_autofree char *shown = text_escape(joined);

        g_string_append_printf(text, "%s@%u%s%s%s", i > 0 ? "; " : "", i, *shown ? " (" : "", shown, *shown ? ")" : "");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static NameMatch match_tags(const DockerImage *image, const char *wanted, const char **ret_tag)
{
    NameMatch best = NAME_MATCH_NONE;

    for (char **tag = image->tags; *tag; tag++) {
        NameMatch match = image_name_match(wanted, *tag);

        if (match > best) {
            best = match;
            *ret_tag = *tag;
        }
    }
    return best;
}

/* The one image with that name; a full match is better than a match of the tag alone. */
static const DockerImage *choose_by_name(const GPtrArray *images, const char *name, const char **ret_tag,
                                         GError **error)
{
    for (NameMatch wanted = NAME_MATCH_FULL; wanted > NAME_MATCH_NONE; wanted--) {
        const DockerImage *chosen = NULL;
        guint count = 0;

        for (guint i = 0; i < images->len; i++) {
            const DockerImage *image = g_ptr_array_index(images, i);
            const char *tag = NULL;

            if (match_tags(image, name, &tag) == wanted) {
                chosen = image;
                *ret_tag = tag;
                count++;
            }
        }
        if (count == 1)
            return chosen;
        if (count > 1)
            break;
    }
    g_autofree char *shown = text_escape(name), *list = list_images(images);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is not exactly one image '%s'", shown);
    gourd_error_hint(error, "the archive has %s", list);
    return NULL;
}

static const DockerImage *choose_image(const GPtrArray *images, const Choice *choice, const char **ret_tag,
                                       GError **error)
{
    g_autofree char *list = list_images(images);

    *ret_tag = NULL;
    switch (choice->kind) {
    case CHOICE_NAME:
        return choose_by_name(images, choice->text, ret_tag, error);
    case CHOICE_NUMBER:
        if (choice->number < images->len)
            return g_ptr_array_index(images, choice->number);
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no image number %" G_GUINT64_FORMAT, choice->number);
        gourd_error_hint(error, "the archive has %s", list);
        return NULL;
    case CHOICE_DIGEST:
        gourd_error_set(error, GOURD_ERROR_USAGE, "archives of docker save have no manifest digests to choose by");
        gourd_error_hint(error, "the archive has %s", list);
        return NULL;
    case CHOICE_NONE:
    default:
        if (images->len == 1)
            return g_ptr_array_index(images, 0);
        gourd_error_set(error, GOURD_ERROR_USAGE, "the archive has %u images", images->len);
        gourd_error_hint(error, "choose one with docker-archive:FILE:NAME or docker-archive:FILE:@NUMBER; there are %s",
                         list);
        return NULL;
    }
}

/* --- its parts ----------------------------------------------------------------------------------------------------- */

/* Most tools name the configuration by its digest: "HEX.json", "blobs/sha256/HEX", "sha256:HEX". */
static gboolean digest_of_config_path(const char *path, Digest *ret_digest)
{
    g_autofree char *text = NULL;

    if (blob_path_parse(path, ret_digest) || digest_parse(path, ret_digest, NULL))
        return TRUE;
    if (!g_str_has_suffix(path, ".json"))
        return FALSE;
    text = g_strdup_printf("sha256:%.*s", (int)(strlen(path) - strlen(".json")), path);
    return digest_parse(text, ret_digest, NULL);
}

static gboolean check_config_digest(const char *path, GBytes *config, GError **error)
{
    gsize size;
    const void *bytes = g_bytes_get_data(config, &size);
    Digest expected, found;

    if (!digest_of_config_path(path, &expected))
        return TRUE;
    digest_of_bytes(bytes, size, &found);
    if (digest_equal(&expected, &found))
        return TRUE;
    g_autofree char *shown = text_escape(path), *text = digest_to_text(&found);
    gourd_error_set(error, GOURD_ERROR_INPUT, "image configuration '%s' has the digest %s, not the one of its name",
                    shown, text);
    return gourd_error_hint(error, "the image is damaged or was changed; save it again");
}

static gboolean add_layers(Image *image, const DockerImage *chosen, GError **error)
{
    for (char **path = chosen->layers; *path; path++) {
        StoredLayer *layer = image_add_layer(image);
        guint64 offset;

        layer->path = g_strdup(*path);
        layer->info.has_digest = blob_path_parse(*path, &layer->info.digest);
        if (!archive_find(image->input->archive, *path, &offset, &layer->info.size, error))
            return gourd_error_prefix(error, "layer %u", layer->info.number);
    }
    return TRUE;
}

static gboolean open_docker_archive(Image *image, const Choice *choice, GError **error)
{
    const char *tag = NULL;
    gsize size;

    if (!input_list(image->input, image->scratch_folder, image->limits.unpacked_size, error))
        return FALSE;
    image->blobs = blob_store_new_archive(image->input);
    g_autoptr(GBytes) text = blob_store_read(image->blobs, MANIFEST_NAME, JSON_SIZE_MAX, error);
    if (!text) {
        if (archive_has(image->input->archive, "repositories"))
            return gourd_error_hint(error, "archives from before Docker 1.10 are not supported: load it with a current "
                                           "docker and save it again");
        return gourd_error_hint(error, "it is no archive of docker save; name it without docker-archive: to have its "
                                       "format recognised");
    }
    const void *bytes = g_bytes_get_data(text, &size);
    g_autoptr(GPtrArray) images = docker_manifest_parse(bytes, size, error);
    if (!images)
        return gourd_error_prefix(error, "'" MANIFEST_NAME "'");
    const DockerImage *chosen = choose_image(images, choice, &tag, error);
    if (!chosen)
        return FALSE;
    image->reference = g_strdup(tag ? tag : chosen->tags[0]);
    g_autoptr(GBytes) config = blob_store_read(image->blobs, chosen->config, JSON_SIZE_MAX, error);
    return config && check_config_digest(chosen->config, config, error) && add_layers(image, chosen, error) &&
           image_set_config(image, config, error) && image_describe_layers(image, error);
}

const Transport docker_archive_transport = {
    .open = open_docker_archive,
    .read_layer = image_read_stored_layer,
};
