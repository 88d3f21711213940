// SPDX-License-Identifier: LGPL-2.1-or-later
#include "image/archive.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lists the input as an archive of images, and looks for what such an archive has: it must lie inside. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"manifest.json", "index.json", "a/layer.tar", "l", "../x", "/x", ""};
    g_autoptr(GError) error = NULL;
    g_autoptr(Archive) archive = archive_new_memory(data, size, &error);

    archive_content_guess(data, size);
    g_assert_true((archive == NULL) == (error != NULL));
    for (gsize i = 0; archive && i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) find_error = NULL;
        guint64 offset, length;

        if (archive_find(archive, paths[i], &offset, &length, &find_error)) {
            g_assert_cmpuint(offset, <=, size);
            g_assert_cmpuint(length, <=, size - offset);
        } else {
            g_assert_nonnull(find_error);
        }
    }
    return 0;
}
