// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image/manifest.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(gpointer descriptor, gpointer user_data)
{
    g_autofree char *text = descriptor_to_text(descriptor);
    g_autoptr(Descriptor) copy = descriptor_copy(descriptor);

    if (copy->has_platform) {
        g_autofree char *platform = platform_to_text(&copy->platform);

        g_assert_cmpint(platform_rank(&copy->platform, &copy->platform), ==, 0);
    }
}

/* manifest.json of docker save and the manifests and indexes of OCI: the same bytes go to both parsers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL, docker_error = NULL;
    g_autoptr(Manifest) manifest = manifest_parse(data, size, "", &error);
    g_autoptr(GPtrArray) images = docker_manifest_parse(data, size, &docker_error);

    g_assert_true((manifest == NULL) == (error != NULL));
    g_assert_true((images == NULL) == (docker_error != NULL));
    if (manifest && manifest->is_index)
        g_ptr_array_foreach(manifest->manifests, look_at, NULL);
    if (manifest && !manifest->is_index) {
        look_at(manifest->config, NULL);
        g_ptr_array_foreach(manifest->layers, look_at, NULL);
    }
    return 0;
}
