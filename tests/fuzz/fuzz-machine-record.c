// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine/machine.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written and read again the same; its settings become files or are refused. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const binds[] = {"/usr", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(MachineRecord) record = machine_record_parse("edge", data, size, &error);
    g_autoptr(GPtrArray) files = NULL;

    g_assert_true((record == NULL) == (error != NULL));
    if (!record)
        return 0;
    g_autoptr(GBytes) text = machine_record_format(record);
    g_autoptr(MachineRecord)
        again = machine_record_parse("edge", g_bytes_get_data(text, NULL), g_bytes_get_size(text), &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) text_again = machine_record_format(again);
    g_assert_true(g_bytes_equal(text, text_again));
    g_assert_true(machine_render("edge", &record->spec, binds, 252, NULL, &files, &error) == (error == NULL));
    return 0;
}
