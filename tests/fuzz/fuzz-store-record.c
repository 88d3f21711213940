// SPDX-License-Identifier: LGPL-2.1-or-later
#include "store/store-private.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written and read again the same, and names only places where gourd writes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Record) record = record_parse(data, size, &error);

    g_assert_true((record == NULL) == (error != NULL));
    if (!record)
        return 0;
    for (guint i = 0; i < record->files->files->len; i++) {
        const ServiceFile *file = g_ptr_array_index(record->files->files, i);
        g_autofree char *plain = g_canonicalize_filename(file->path, "/");

        g_assert_true(g_str_has_prefix(file->path, "/etc/") || g_str_has_prefix(file->path, PATH_GOURD));
        g_assert_cmpstr(plain, ==, file->path);
        g_assert_true((file->content == NULL) == (file->target != NULL));
    }
    g_autoptr(GBytes) text = record_format(record);
    g_autoptr(Record) again = record_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) text_again = record_format(again);
    g_assert_true(g_bytes_equal(text, text_again));
    return 0;
}
