// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image/image.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ImageConfig) config = image_config_parse(data, size, &error);

    g_assert_true((config == NULL) == (error != NULL));
    if (config) {
        g_assert_nonnull(config->env);
        g_assert_nonnull(config->healthcheck.test);
        g_assert_cmpuint(g_strv_length(config->labels) % 2, ==, 0);
    }
    return 0;
}
