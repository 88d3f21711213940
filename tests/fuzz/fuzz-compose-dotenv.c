// SPDX-License-Identifier: LGPL-2.1-or-later
#include "compose/compose.h"
#include "compose/dotenv.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get(const char *name, gpointer data)
{
    return strcmp(name, "HOME") == 0 ? "/root" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const Variables outer = {.get = get};
    g_autofree char *copy = g_memdup2(data, size);
    g_autoptr(GError) error = NULL;
    GHashTableIter iterator;
    gpointer name, value;

    g_assert_true(dotenv_parse(copy ? copy : "", size, &outer, values, &error) == (error == NULL));
    g_hash_table_iter_init(&iterator, values);
    while (g_hash_table_iter_next(&iterator, &name, &value)) {
        g_assert_true(*(const char *)name && !strpbrk(name, " =\n"));
        g_assert_nonnull(value);
    }
    return 0;
}
