// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/journal.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written and read again the same, and holds only paths that stay below the root. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Journal) journal = journal_parse(data, size, &error);

    g_assert_true((journal == NULL) == (error != NULL));
    if (!journal)
        return 0;
    for (guint i = 0; i < plan_length(journal->plan); i++) {
        const Change *change = plan_change(journal->plan, i);

        if (change->path) {
            g_assert_true(change->path[0] == '/');
            g_assert_null(strstr(change->path, "/../"));
            g_assert_false(g_str_has_suffix(change->path, "/.."));
        }
    }
    g_autofree char *text = journal_to_text(journal);
    g_autoptr(Journal) again = journal_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    g_autofree char *text_again = journal_to_text(again);
    g_assert_cmpstr(text, ==, text_again);
    return 0;
}
