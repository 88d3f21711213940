// SPDX-License-Identifier: LGPL-2.1-or-later
#include "manifest.h"

static void docker_image_free(gpointer data)
{
    DockerImage *image = data;

    g_free(image->config);
    g_strfreev(image->tags);
    g_strfreev(image->layers);
    g_free(image);
}

static gboolean parse_image(const Json *json, const char *where, DockerImage *image, GError **error)
{
    const char *config;

    if (!json_get_string(json, where, "Config", &config, error) ||
        !json_get_strv(json, where, "RepoTags", &image->tags, error) ||
        !json_get_strv(json, where, "Layers", &image->layers, error))
        return FALSE;
    if (!config || !*config)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "%s has no Config", where);
    image->config = g_strdup(config);
    if (!image->tags)
        image->tags = g_new0(char *, 1);
    if (!image->layers)
        image->layers = g_new0(char *, 1);
    return TRUE;
}

GPtrArray *docker_manifest_parse(const void *bytes, gsize size, GError **error)
{
    g_autoptr(Json) root = json_parse(bytes, size, error);
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func(docker_image_free);
    Json *element;
    gsize i;

    if (!root)
        return NULL;
    if (!json_is_array(root) || json_array_size(root) == 0 || json_array_size(root) > DESCRIPTORS_MAX) {
        gourd_error_set(error, GOURD_ERROR_INPUT, "it is not a list of images");
        gourd_error_hint(error,
                         "if this is the file system of a container and not an archive of images, write tar:FILE");
        return NULL;
    }
    json_array_foreach(root, i, element) {
        g_autofree char *where = g_strdup_printf("[%" G_GSIZE_FORMAT "]", i);
        DockerImage *image = g_new0(DockerImage, 1);

        g_ptr_array_add(images, image);
        if (!parse_image(element, where, image, error))
            return NULL;
    }
    return g_steal_pointer(&images);
}
