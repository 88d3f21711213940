// SPDX-License-Identifier: LGPL-2.1-or-later
#include "store/stack-state.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written and read again the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreStack) stack = stack_state_parse("shop", data, size, &error);

    g_assert_true((stack == NULL) == (error != NULL));
    if (!stack)
        return 0;
    g_assert_cmpuint(g_strv_length(stack->services), ==, g_strv_length(stack->full_names));
    g_autoptr(GBytes) text = stack_state_format(stack);
    g_autoptr(StoreStack)
        again = stack_state_parse("shop", g_bytes_get_data(text, NULL), g_bytes_get_size(text), &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) text_again = stack_state_format(again);
    g_assert_true(g_bytes_equal(text, text_again));
    return 0;
}
