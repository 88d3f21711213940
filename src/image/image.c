// SPDX-License-Identifier: LGPL-2.1-or-later
#include "beneath.h"
#include "transport.h"

/* What each transport is, in the order of TransportKind. */
static const Transport *const transports[] = {
    [TRANSPORT_DOCKER_ARCHIVE] = &docker_archive_transport,
    [TRANSPORT_OCI] = &oci_transport,
    [TRANSPORT_OCI_ARCHIVE] = &oci_transport,
    [TRANSPORT_TAR] = &tar_transport,
    [TRANSPORT_DIR] = &dir_transport,
};

/* --- recognition --------------------------------------------------------------------------------------------------- */

static gboolean recognise_folder(Image *image)
{
    image->kind = beneath_has_file(image->input->fd, "oci-layout") ? TRANSPORT_OCI : TRANSPORT_DIR;
    return TRUE;
}

static gboolean fail_unknown(const Image *image, GError **error)
{
    gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is neither an image nor a tar archive", image->input->name);
    return gourd_error_hint(error,
                            "gourd builds from docker save archives, OCI layouts and archives, tar files and folders");
}

/* The first bytes tell most archives apart. Else all members are looked at, which for a pipe or a compressed file means to
 * keep a copy; a tar of a system shows itself at once and is never copied. */
static gboolean recognise_archive(Image *image, GError **error)
{
    Input *input = image->input;
    const guint8 *bytes;
    gsize size;

    if (!input_peek(input, image->limits.unpacked_size, &bytes, &size, error))
        return FALSE;
    ArchiveContent content = archive_content_guess(bytes, size);
    if (content == ARCHIVE_CONTENT_NO_TAR)
        return fail_unknown(image, error);
    if (content == ARCHIVE_CONTENT_ROOTFS) {
        image->kind = TRANSPORT_TAR;
        return TRUE;
    }
    g_autoptr(GError) failure = NULL;
    if (!input_list(input, image->scratch_folder, image->limits.unpacked_size, &failure)) {
        /* More members than any archive of images has: the files of something. */
        if (g_error_matches(failure, GOURD_ERROR, GOURD_ERROR_LIMIT) && input->kind == INPUT_FILE &&
            input->codec == CODEC_NONE && content != ARCHIVE_CONTENT_IMAGES) {
            image->kind = TRANSPORT_TAR;
            return TRUE;
        }
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    /* Docker 25 and later write both. manifest.json then names exactly what is in the archive, while index.json may also
     * name platforms that are not; the blobs are the same. */
    if (archive_has(input->archive, "manifest.json"))
        image->kind = TRANSPORT_DOCKER_ARCHIVE;
    else if (archive_has(input->archive, "oci-layout"))
        image->kind = TRANSPORT_OCI_ARCHIVE;
    else
        image->kind = TRANSPORT_TAR;
    return TRUE;
}

static gboolean recognise(Image *image, GError **error)
{
    if (image->kind != TRANSPORT_ANY)
        return TRUE;
    return image->input->kind == INPUT_FOLDER ? recognise_folder(image) : recognise_archive(image, error);
}

/* --- opening ------------------------------------------------------------------------------------------------------- */

static gboolean check_input(const Image *image, GError **error)
{
    gboolean is_folder = image->input->kind == INPUT_FOLDER;
    gboolean wants_folder = image->kind == TRANSPORT_OCI || image->kind == TRANSPORT_DIR;

    if (is_folder == wants_folder)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is %s, not %s", image->input->name,
                    is_folder ? "a folder" : "a file", wants_folder ? "a folder" : "a file");
    if (image->kind == TRANSPORT_OCI)
        gourd_error_hint(error, "an OCI layout in an archive is oci-archive:FILE");
    else if (image->kind == TRANSPORT_DIR)
        gourd_error_hint(error, "a file with a file system is tar:FILE");
    else if (image->kind == TRANSPORT_OCI_ARCHIVE)
        gourd_error_hint(error, "an OCI layout that is a folder is oci:DIR");
    else
        gourd_error_hint(error, "a folder with a file system is dir:DIR");
    return FALSE;
}

static gboolean apply_options(Image *image, const ImageOptions *options, GError **error)
{
    image->limits = options->limits;
    image->owners = options->owners;
    image->scratch_folder = g_strdup(options->scratch_folder);
    image->platform_asked = options->platform != NULL;
    if (options->platform)
        return platform_parse(options->platform, &image->platform, error);
    platform_init_host(&image->platform);
    return TRUE;
}

static void stored_layer_free(gpointer data)
{
    StoredLayer *layer = data;

    g_free(layer->info.description);
    g_free(layer->path);
    g_clear_pointer(&layer->inlined, g_bytes_unref);
    g_free(layer);
}

static gboolean open_image(Image *image, const char *source, const ImageOptions *options, GError **error)
{
    g_auto(Reference) reference = {TRANSPORT_ANY};
    Choice choice;

    if (!apply_options(image, options, error) || !reference_parse(source, &reference, error) ||
        !choice_parse(reference.choice, &choice, error))
        return FALSE;
    image->kind = reference.transport;
    image->input = input_open(reference.path, error);
    if (!image->input || !recognise(image, error) || !check_input(image, error))
        return FALSE;
    if (options->owners.replace_owner && image->kind != TRANSPORT_DIR)
        notes_add(image->notes, "owner-unused", "owners are kept as the image has them; --owner is for dir: only",
                  NULL);
    image->transport = transports[image->kind];
    return image->transport->open(image, &choice, error);
}

Image *image_open(const char *source, const ImageOptions *options, Notes *notes, GError **error)
{
    g_autoptr(Image) image = g_new0(Image, 1);

    image->layers = g_ptr_array_new_with_free_func(stored_layer_free);
    image->notes = notes;
    if (!open_image(image, source, options, error))
        return NULL;
    image->notes = NULL;
    return g_steal_pointer(&image);
}

void image_free(Image *image)
{
    if (!image)
        return;
    g_ptr_array_unref(image->layers);
    blob_store_free(image->blobs);
    input_free(image->input);
    platform_clear(&image->platform);
    g_clear_pointer(&image->config, g_bytes_unref);
    g_free(image->scratch_folder);
    g_free(image->reference);
    g_free(image);
}

/* --- what transports fill in --------------------------------------------------------------------------------------- */

StoredLayer *image_add_layer(Image *image)
{
    StoredLayer *layer = g_new0(StoredLayer, 1);

    g_ptr_array_add(image->layers, layer);
    layer->info.number = image->layers->len;
    return layer;
}

static char *describe(const Image *image, const ImageLayer *info)
{
    const Digest *digest = info->has_digest ? &info->digest : &info->diff_id;
    g_autofree char *text = digest_to_text(digest);

    text[strlen("sha256:") + 12] = '\0'; /* as much as docker shows: enough to find it */
    return g_strdup_printf("layer %u of %u (%s)", info->number, image->layers->len, text);
}

static gboolean check_platform(const Image *image, const ImageConfig *config, GError **error)
{
    Platform platform;

    if (!*config->architecture && !*config->os)
        return TRUE;
    platform_init(config->os, config->architecture, config->variant, &platform);
    int rank = platform_rank(&image->platform, &platform);
    g_autofree char *wanted = platform_to_text(&image->platform), *found = platform_to_text(&platform);
    gboolean is_linux = strcmp(platform.os, "linux") == 0;
    platform_clear(&platform);
    if (!is_linux)
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "the image is for %s, and not for linux", found);
    if (rank >= 0)
        return TRUE;
    if (image->platform_asked) {
        gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "there is no image for %s", wanted);
        return gourd_error_hint(error, "there is only one for %s", found);
    }
    notes_add(image->notes, "foreign-platform", "the image is built for another platform than this machine's", found);
    return TRUE;
}

gboolean image_set_config(Image *image, GBytes *config, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(config, &size);
    g_autoptr(ImageConfig) parsed = image_config_parse(data, size, error);

    if (!parsed)
        return gourd_error_prefix(error, "image configuration");
    if (parsed->diff_id_count != image->layers->len)
        return gourd_error_set(error, GOURD_ERROR_INPUT,
                               "the manifest has %u layers, but the configuration has diff_ids for %u",
                               image->layers->len, parsed->diff_id_count);
    if (image->layers->len > image->limits.layers) {
        gourd_error_set(error, GOURD_ERROR_LIMIT, "the image has %u layers, over the limit of %" G_GUINT64_FORMAT,
                        image->layers->len, image->limits.layers);
        return gourd_error_hint(error, "allow more with --limit layers=%u", image->layers->len);
    }
    if (!check_platform(image, parsed, error))
        return FALSE;
    for (guint i = 0; i < image->layers->len; i++) {
        ImageLayer *info = &((StoredLayer *)g_ptr_array_index(image->layers, i))->info;

        info->has_diff_id = TRUE;
        info->diff_id = parsed->diff_ids[i];
        info->description = describe(image, info);
    }
    image->config = g_bytes_ref(config);
    digest_of_bytes(data, size, &image->config_digest);
    return TRUE;
}

/* --- what others see ----------------------------------------------------------------------------------------------- */

const char *image_transport(const Image *image)
{
    return transport_name(image->kind);
}

const char *image_reference(const Image *image)
{
    return image->reference;
}

GBytes *image_config(const Image *image)
{
    return image->config;
}

const Digest *image_config_digest(const Image *image)
{
    return image->config ? &image->config_digest : NULL;
}

const Digest *image_manifest_digest(const Image *image)
{
    return image->has_manifest_digest ? &image->manifest_digest : NULL;
}

guint image_layer_count(const Image *image)
{
    return image->layers->len;
}

const ImageLayer *image_layer(const Image *image, guint index)
{
    return &((const StoredLayer *)g_ptr_array_index(image->layers, index))->info;
}

EntryReader *image_layer_read(Image *image, guint index, Notes *notes, GError **error)
{
    return image->transport->read_layer(image, index, notes, error);
}
