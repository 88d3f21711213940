// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/service.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autofree char *copy = g_memdup2(data, size);

    g_assert_true(env_file_parse(copy ? copy : "", size, lines, &error) == (error == NULL));
    for (guint i = 0; i < lines->len; i++) {
        const char *line = g_ptr_array_index(lines, i);

        g_assert_true(strchr(line, '=') > line);
        g_assert_null(strchr(line, '\n'));
        g_assert_true(g_utf8_validate(line, -1, NULL));
    }
    return 0;
}
