// SPDX-License-Identifier: LGPL-2.1-or-later
#include "manifest.h"

#include <string.h>

static const struct {
    const char *media_type;
    MediaKind kind;
} media_types[] = {
    {"application/vnd.oci.image.index.v1+json", MEDIA_INDEX},
    {"application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_INDEX},
    {"application/vnd.oci.image.manifest.v1+json", MEDIA_MANIFEST},
    {"application/vnd.docker.distribution.manifest.v2+json", MEDIA_MANIFEST},
    {"application/vnd.docker.distribution.manifest.v1+json", MEDIA_SCHEMA1},
    {"application/vnd.docker.distribution.manifest.v1+prettyjws", MEDIA_SCHEMA1},
    {"application/vnd.oci.image.config.v1+json", MEDIA_CONFIG},
    {"application/vnd.docker.container.image.v1+json", MEDIA_CONFIG},
};

/* Layers may carry the name of a compression behind these (layer.md, "+gzip", "+zstd"; Docker: ".gzip", ".zstd"). */
static const struct {
    const char *prefix;
    MediaKind kind;
} layer_types[] = {
    {"application/vnd.oci.image.layer.v1.tar", MEDIA_LAYER},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar", MEDIA_FOREIGN_LAYER},
    {"application/vnd.docker.image.rootfs.diff.tar", MEDIA_LAYER},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar", MEDIA_FOREIGN_LAYER},
};

static MediaKind layer_kind(const char *media_type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(layer_types); i++) {
        const char *rest = media_type + strlen(layer_types[i].prefix);

        if (!g_str_has_prefix(media_type, layer_types[i].prefix) || (*rest && !strchr("+.", *rest)))
            continue;
        /* ocicrypt, "Encrypted Container Images": "+encrypted" behind all else. */
        return strstr(rest, "+encrypted") ? MEDIA_ENCRYPTED_LAYER : layer_types[i].kind;
    }
    return MEDIA_UNKNOWN;
}

MediaKind media_kind(const char *media_type)
{
    if (!media_type || !*media_type)
        return MEDIA_UNKNOWN;
    for (gsize i = 0; i < G_N_ELEMENTS(media_types); i++)
        if (strcmp(media_types[i].media_type, media_type) == 0)
            return media_types[i].kind;
    return layer_kind(media_type);
}

void descriptor_free(Descriptor *descriptor)
{
    if (!descriptor)
        return;
    g_free(descriptor->media_type);
    platform_clear(&descriptor->platform);
    g_free(descriptor->ref_name);
    g_free(descriptor->image_name);
    g_free(descriptor->url);
    g_clear_pointer(&descriptor->data, g_bytes_unref);
    g_free(descriptor);
}

Descriptor *descriptor_copy(const Descriptor *descriptor)
{
    Descriptor *copy = g_memdup2(descriptor, sizeof *descriptor);

    copy->media_type = g_strdup(descriptor->media_type);
    if (descriptor->has_platform)
        platform_copy(&descriptor->platform, &copy->platform);
    copy->ref_name = g_strdup(descriptor->ref_name);
    copy->image_name = g_strdup(descriptor->image_name);
    copy->url = g_strdup(descriptor->url);
    copy->data = descriptor->data ? g_bytes_ref(descriptor->data) : NULL;
    return copy;
}

char *descriptor_to_text(const Descriptor *descriptor)
{
    static const char *const names[] = {
        [MEDIA_UNKNOWN] = "blob",         [MEDIA_INDEX] = "index",          [MEDIA_MANIFEST] = "manifest",
        [MEDIA_CONFIG] = "configuration", [MEDIA_LAYER] = "blob",           [MEDIA_FOREIGN_LAYER] = "blob",
        [MEDIA_SCHEMA1] = "manifest",     [MEDIA_ENCRYPTED_LAYER] = "blob",
    };
    g_autofree char *digest = digest_to_text(&descriptor->digest);

    return g_strdup_printf("%s %s", names[descriptor->kind], digest);
}

static gboolean parse_platform(const Json *json, const char *where, Descriptor *descriptor, GError **error)
{
    const char *os, *architecture, *variant;
    Json *platform;

    if (!json_get_object(json, where, "platform", &platform, error))
        return FALSE;
    if (!platform)
        return TRUE;
    if (!json_get_string(platform, where, "os", &os, error) ||
        !json_get_string(platform, where, "architecture", &architecture, error) ||
        !json_get_string(platform, where, "variant", &variant, error))
        return FALSE;
    platform_init(os, architecture, variant, &descriptor->platform);
    descriptor->has_platform = TRUE;
    /* BuildKit marks attestations so, that older readers find them for no platform. */
    descriptor->is_attestation = g_strcmp0(os, "unknown") == 0 && g_strcmp0(architecture, "unknown") == 0;
    return TRUE;
}

static gboolean parse_annotations(const Json *json, const char *where, Descriptor *descriptor, GError **error)
{
    const char *ref_name, *image_name, *reference_type;
    Json *annotations;

    if (!json_get_object(json, where, "annotations", &annotations, error))
        return FALSE;
    if (!annotations)
        return TRUE;
    if (!json_get_string(annotations, where, "org.opencontainers.image.ref.name", &ref_name, error) ||
        !json_get_string(annotations, where, "io.containerd.image.name", &image_name, error) ||
        !json_get_string(annotations, where, "vnd.docker.reference.type", &reference_type, error))
        return FALSE;
    descriptor->ref_name = ref_name && *ref_name ? g_strdup(ref_name) : NULL;
    descriptor->image_name = image_name && *image_name ? g_strdup(image_name) : NULL;
    if (g_strcmp0(reference_type, "attestation-manifest") == 0)
        descriptor->is_attestation = TRUE;
    return TRUE;
}

static gboolean parse_content(const Json *json, const char *where, Descriptor *descriptor, GError **error)
{
    g_auto(GStrv) urls = NULL;
    const char *digest, *data;
    gint64 size;

    if (!json_get_string(json, where, "digest", &digest, error) ||
        !json_get_integer(json, where, "size", -1, &size, error) ||
        !json_get_string(json, where, "data", &data, error) || !json_get_strv(json, where, "urls", &urls, error))
        return FALSE;
    if (!digest || size < 0)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s has no %s", where, digest ? "valid size" : "digest");
    if (!digest_parse(digest, &descriptor->digest, error))
        return gourd_error_prefix(error, "%s", where);
    descriptor->size = (guint64)size;
    if (urls && urls[0])
        descriptor->url = g_strdup(urls[0]);
    if (data) {
        gsize length;
        guchar *bytes = g_base64_decode(data, &length);

        descriptor->data = g_bytes_new_take(bytes, length);
    }
    return TRUE;
}

static Descriptor *descriptor_parse(const Json *json, const char *where, GError **error)
{
    g_autoptr(Descriptor) descriptor = g_new0(Descriptor, 1);
    const char *media_type;

    if (!json_get_string(json, where, "mediaType", &media_type, error) ||
        !parse_content(json, where, descriptor, error) || !parse_platform(json, where, descriptor, error) ||
        !parse_annotations(json, where, descriptor, error))
        return NULL;
    descriptor->media_type = g_strdup(media_type ? media_type : "");
    descriptor->kind = media_kind(media_type);
    return g_steal_pointer(&descriptor);
}

static void descriptor_destroy(gpointer data)
{
    descriptor_free(data);
}

static GPtrArray *parse_list(const Json *root, const char *key, GError **error)
{
    Json *list, *element;
    gsize i;

    if (!json_get_array(root, "", key, &list, error))
        return NULL;
    if (json_array_size(list) > DESCRIPTORS_MAX) {
        gourd_error_set(error, GOURD_ERROR_LIMIT, "%s has more than %d elements", key, DESCRIPTORS_MAX);
        return NULL;
    }
    g_autoptr(GPtrArray) descriptors = g_ptr_array_new_with_free_func(descriptor_destroy);
    json_array_foreach(list, i, element) {
        g_autofree char *where = g_strdup_printf("%s[%" G_GSIZE_FORMAT "]", key, i);
        Descriptor *descriptor = descriptor_parse(element, where, error);

        if (!descriptor)
            return NULL;
        g_ptr_array_add(descriptors, descriptor);
    }
    return g_steal_pointer(&descriptors);
}

static gboolean fail_schema1(GError **error)
{
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "manifests of schema 1 (from before 2016) are not supported");
    return gourd_error_hint(error, "convert the image: skopeo copy --format oci SOURCE oci-archive:image.tar");
}

/* What it calls itself, what led to it and what it holds must agree. */
static gboolean check_kind(const Json *root, const char *expected, Manifest *manifest, GError **error)
{
    gboolean has_manifests = json_is_array(json_object_get(root, "manifests"));
    gboolean has_layers = json_object_get(root, "layers") || json_object_get(root, "config");
    const char *media_type;
    gint64 version;

    if (!json_get_string(root, "", "mediaType", &media_type, error) ||
        !json_get_integer(root, "", "schemaVersion", 2, &version, error))
        return FALSE;
    MediaKind own = media_kind(media_type), wanted = media_kind(expected);
    if (version == 1 || own == MEDIA_SCHEMA1 || wanted == MEDIA_SCHEMA1)
        return fail_schema1(error);
    if (has_manifests == has_layers)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "it is %s",
                               has_layers ? "both an index and a manifest" : "neither an index nor a manifest");
    manifest->is_index = has_manifests;
    MediaKind found = has_manifests ? MEDIA_INDEX : MEDIA_MANIFEST;
    if ((own != MEDIA_UNKNOWN && own != found) || (wanted != MEDIA_UNKNOWN && wanted != found))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "it is %s, which contradicts its media type",
                               has_manifests ? "an index" : "a manifest");
    return TRUE;
}

static gboolean check_config(const Descriptor *config, GError **error)
{
    g_autofree char *shown = text_escape(config->media_type);

    if (config->kind == MEDIA_CONFIG || !*config->media_type)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "it is not an image but an artifact with configuration '%s'",
                    shown);
    return gourd_error_hint(error, "gourd builds from container images only");
}

Manifest *manifest_parse(const void *bytes, gsize size, const char *media_type, GError **error)
{
    g_autoptr(Json) root = json_parse(bytes, size, error);
    g_autoptr(Manifest) manifest = g_new0(Manifest, 1);
    Json *config;

    if (!root || !check_kind(root, media_type, manifest, error))
        return NULL;
    if (manifest->is_index) {
        manifest->manifests = parse_list(root, "manifests", error);
        return manifest->manifests ? g_steal_pointer(&manifest) : NULL;
    }
    if (!json_get_object(root, "", "config", &config, error))
        return NULL;
    manifest->config = descriptor_parse(config, "config", error);
    if (!manifest->config || !check_config(manifest->config, error))
        return NULL;
    manifest->layers = parse_list(root, "layers", error);
    return manifest->layers ? g_steal_pointer(&manifest) : NULL;
}

void manifest_free(Manifest *manifest)
{
    if (!manifest)
        return;
    g_clear_pointer(&manifest->manifests, g_ptr_array_unref);
    g_clear_pointer(&manifest->layers, g_ptr_array_unref);
    descriptor_free(manifest->config);
    g_free(manifest);
}
