// SPDX-License-Identifier: LGPL-2.1-or-later
#include "compose/compose.h"
#include "compose/interpolate.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each name that begins with a small letter has a value that, if it were looked at again, would be an error. */
static const char *get(const char *name, gpointer data)
{
    return g_ascii_islower(*name) ? "${" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(Notes) notes = notes_new();
    const Variables variables = {.get = get, .notes = notes};
    g_autoptr(GError) error = NULL;
    g_autofree char *result = interpolate(text, &variables, &error);

    g_assert_true((result == NULL) == (error != NULL));
    if (!strchr(text, '$'))
        g_assert_cmpstr(result, ==, text);
    return 0;
}
