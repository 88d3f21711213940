// SPDX-License-Identifier: LGPL-2.1-or-later
#include "oci.h"

/* OCI image layouts (image-spec 1.1, image-layout.md), as a folder or as an archive of one. */

#define INDEX_NAME "index.json"
#define LAYOUT_NAME "oci-layout"
#define LAYOUT_SIZE_MAX 4096 /* it holds one short version */

GBytes *descriptor_read(BlobStore *store, const Descriptor *descriptor, gsize size_max, GError **error)
{
    g_autofree char *path = blob_path(&descriptor->digest), *what = descriptor_to_text(descriptor);
    g_auto(Blob) blob = {.fd = -1};

    if (descriptor->data) {
        blob_init_bytes(&blob, descriptor->data);
    } else if (!blob_store_open(store, path, &blob, error)) {
        gourd_error_prefix(error, "%s", what);
        gourd_error_hint(error, "the layout is incomplete: copy the image again");
        return NULL;
    }
    blob.stream = byte_stream_new_verified(blob.stream, &descriptor->digest, descriptor->size, what);
    return blob_read(&blob, what, size_max, error);
}

static gboolean check_layout(Image *image, GError **error)
{
    g_autoptr(GBytes) text = blob_store_read(image->blobs, LAYOUT_NAME, LAYOUT_SIZE_MAX, error);
    const char *version;
    gsize size;

    if (!text)
        return gourd_error_hint(error, "it is no OCI layout; name it without '%s:' to have its format recognised",
                                image_transport(image));
    const void *bytes = g_bytes_get_data(text, &size);
    g_autoptr(Json) root = json_parse(bytes, size, error);
    if (!root || !json_get_string(root, "", "imageLayoutVersion", &version, error))
        return gourd_error_prefix(error, "'" LAYOUT_NAME "'");
    if (version && g_str_has_prefix(version, "1."))
        return TRUE;
    g_autofree char *shown = text_escape(version ? version : "");
    return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "'" LAYOUT_NAME "' says version '%s', known is 1.0.0",
                           shown);
}

static Manifest *read_index(Image *image, GError **error)
{
    g_autoptr(GBytes) text = blob_store_read(image->blobs, INDEX_NAME, MANIFEST_SIZE_MAX, error);
    gsize size;

    if (!text)
        return NULL;
    const void *bytes = g_bytes_get_data(text, &size);
    Manifest *index = manifest_parse(bytes, size, "application/vnd.oci.image.index.v1+json", error);
    if (!index)
        gourd_error_prefix(error, "'" INDEX_NAME "'");
    return index;
}

/* --- layers -------------------------------------------------------------------------------------------------------- */

static gboolean check_layer_kind(Image *image, const Descriptor *layer, guint number, GError **error)
{
    g_autofree char *type = text_escape(layer->media_type), *digest = digest_to_text(&layer->digest);

    switch (layer->kind) {
    case MEDIA_LAYER:
        return TRUE;
    case MEDIA_FOREIGN_LAYER:
        notes_add(image->notes, "foreign-layer", "a layer that may not be passed on to others is part of the bundle",
                  digest);
        return TRUE;
    case MEDIA_ENCRYPTED_LAYER:
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "layer %u (%s) is encrypted", number, digest);
        return gourd_error_hint(error, "decrypt the image first: skopeo copy --decryption-key KEY SOURCE oci-archive:"
                                       "image.tar");
    default:
        if (!*layer->media_type)
            return TRUE;
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "layer %u (%s) has the unknown media type '%s'", number, digest,
                        type);
        return gourd_error_hint(error, "gourd builds from container images only");
    }
}

/* Foreign layers are often left where they came from. */
static gboolean check_layer_there(Image *image, const Descriptor *layer, const StoredLayer *stored, GError **error)
{
    g_auto(Blob) blob = {.fd = -1};
    g_autoptr(GError) failure = NULL;

    if (stored->inlined || blob_store_open(image->blobs, stored->path, &blob, &failure))
        return TRUE;
    if (layer->kind != MEDIA_FOREIGN_LAYER || !g_error_matches(failure, GOURD_ERROR, GOURD_ERROR_NOT_FOUND)) {
        g_autofree char *what = descriptor_to_text(layer);

        g_propagate_error(error, g_steal_pointer(&failure));
        gourd_error_prefix(error, "layer %u: %s", stored->info.number, what);
        return gourd_error_hint(error, "the layout is incomplete: copy the image again");
    }
    g_autofree char *digest = digest_to_text(&layer->digest), *url = text_escape(layer->url ? layer->url : "");
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "layer %u (%s) is a foreign layer, and not kept with the image",
                    stored->info.number, digest);
    if (*url)
        gourd_error_hint(error, "download it from '%s' to %s of the layout", url, stored->path);
    return FALSE;
}

static gboolean add_layers(Image *image, const Manifest *manifest, GError **error)
{
    for (guint i = 0; i < manifest->layers->len; i++) {
        const Descriptor *descriptor = g_ptr_array_index(manifest->layers, i);
        StoredLayer *layer = image_add_layer(image);

        layer->path = blob_path(&descriptor->digest);
        layer->inlined = descriptor->data ? g_bytes_ref(descriptor->data) : NULL;
        layer->info.has_digest = TRUE;
        layer->info.digest = descriptor->digest;
        layer->info.size = descriptor->size;
        if (!check_layer_kind(image, descriptor, i + 1, error) || !check_layer_there(image, descriptor, layer, error))
            return FALSE;
    }
    return TRUE;
}

/* --- opening ------------------------------------------------------------------------------------------------------- */

static gboolean open_manifest(Image *image, const Descriptor *descriptor, GError **error)
{
    g_autofree char *what = descriptor_to_text(descriptor);
    g_autoptr(GBytes) text = descriptor_read(image->blobs, descriptor, MANIFEST_SIZE_MAX, error);
    gsize size;

    if (!text)
        return FALSE;
    const void *bytes = g_bytes_get_data(text, &size);
    g_autoptr(Manifest) manifest = manifest_parse(bytes, size, descriptor->media_type, error);
    if (!manifest)
        return gourd_error_prefix(error, "%s", what);
    if (manifest->is_index)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s is an index, without saying so in its media type", what);
    image->has_manifest_digest = TRUE;
    image->manifest_digest = descriptor->digest;
    g_autoptr(GBytes) config = descriptor_read(image->blobs, manifest->config, JSON_SIZE_MAX, error);
    return config && add_layers(image, manifest, error) && image_set_config(image, config, error) &&
           image_describe_layers(image, error);
}

static gboolean open_store(Image *image, GError **error)
{
    if (image->input->kind == INPUT_FOLDER) {
        image->blobs = blob_store_new_folder(image->input->fd);
        return TRUE;
    }
    if (!input_list(image->input, image->scratch_folder, image->limits.unpacked_size, error))
        return FALSE;
    image->blobs = blob_store_new_archive(image->input);
    return TRUE;
}

static gboolean open_oci(Image *image, const Choice *choice, GError **error)
{
    if (!open_store(image, error) || !check_layout(image, error))
        return FALSE;
    g_autoptr(Manifest) index = read_index(image, error);
    if (!index)
        return FALSE;
    g_autoptr(Descriptor) chosen = oci_choose(image, index, choice, &image->reference, error);
    return chosen && open_manifest(image, chosen, error);
}

const Transport oci_transport = {.open = open_oci, .read_layer = image_read_stored_layer};
