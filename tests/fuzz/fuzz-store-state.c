// SPDX-License-Identifier: LGPL-2.1-or-later
#include "store/store-private.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written and read again the same; bundles stay in their folder. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreService) service = state_parse("web", data, size, &error);

    g_assert_true((service == NULL) == (error != NULL));
    if (!service)
        return 0;
    g_assert_nonnull(store_service_release(service, service->active));
    for (guint i = 0; i < service->releases->len; i++) {
        const StoreRelease *release = g_ptr_array_index(service->releases, i);

        g_assert_null(strchr(release->bundle, '/'));
        g_assert_true(g_str_has_suffix(release->bundle, ".raw"));
    }
    g_autoptr(GBytes) text = state_format(service);
    g_autoptr(StoreService) again = state_parse("web", g_bytes_get_data(text, NULL), g_bytes_get_size(text), &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) text_again = state_format(again);
    g_assert_true(g_bytes_equal(text, text_again));
    return 0;
}
