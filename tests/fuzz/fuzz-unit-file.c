// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a unit file; what was read is written and read again the same. Values are read as commands, words and
 * paths, and what came out is quoted and read again the same. */
#include <string.h>

#include "unit/unit.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void check_same(char **a, char **b)
{
    g_assert_cmpuint(g_strv_length(a), ==, g_strv_length(b));
    for (gsize i = 0; a[i]; i++)
        g_assert_cmpstr(a[i], ==, b[i]);
}

static void check_command(const char *value)
{
    g_autofree char *program = NULL;
    g_autofree char *program_again = NULL;
    g_auto(GStrv) argv = NULL;
    g_auto(GStrv) argv_again = NULL;
    UnitExecFlags flags = 0;
    UnitExecFlags flags_again = 0;
    g_autoptr(GError) error = NULL;

    if (!unit_unquote_exec(value, &program, &argv, &flags, &error))
        return;
    g_autofree char *text = unit_quote_exec(program, (const char *const *)argv, flags, NULL);
    if (!text)
        return;
    if (!unit_unquote_exec(text, &program_again, &argv_again, &flags_again, &error))
        g_error("'%s' became '%s': %s", value, text, error->message);
    g_assert_cmpstr(program, ==, program_again);
    g_assert_cmpuint(flags, ==, flags_again);
    check_same(argv, argv_again);
}

static void check_lists(const char *value)
{
    g_auto(GStrv) words = NULL;
    g_auto(GStrv) paths = NULL;
    g_auto(GStrv) parts = NULL;
    g_autofree char *path = NULL;
    guint64 number = 0;

    if (unit_unquote_words(value, &words, NULL))
        for (gsize i = 0; words[i]; i++) {
            g_autofree char *text = unit_quote_word(words[i]);
            g_auto(GStrv) again = NULL;

            g_assert_true(unit_unquote_words(text, &again, NULL));
            g_assert_cmpstr(again[0], ==, words[i]);
            g_assert_null(again[1]);
        }
    if (unit_unquote_bind(value, &parts, NULL)) {
        g_autofree char *text = unit_quote_bind("", parts[0], parts[1], NULL, NULL);
        g_auto(GStrv) again = NULL;

        g_assert_true(!text || unit_unquote_bind(text, &again, NULL));
        g_assert_true(!text || (g_str_equal(again[0], parts[0]) && g_str_equal(again[1], parts[1])));
    }
    g_assert_true(unit_unquote_paths(value, &paths, NULL) || !paths);
    path = unit_name_unescape_path(value, NULL);
    if (path) {
        g_autofree char *escaped = unit_name_escape_path(path, NULL);

        g_assert_nonnull(escaped);
    }
    if (unit_parse_duration(value, &number, NULL)) {
        g_autofree char *text = unit_format_duration(number);
        guint64 again = 0;

        g_assert_true(unit_parse_duration(text, &again, NULL));
        g_assert_cmpuint(again, ==, number);
    }
}

static void check_values(const UnitFile *file)
{
    for (guint i = 0; i < unit_file_n_sections(file); i++) {
        const GPtrArray *entries = unit_file_entries(file, unit_file_section(file, i));

        for (guint k = 0; k < entries->len; k++) {
            const UnitEntry *entry = g_ptr_array_index(entries, k);

            check_command(entry->value);
            check_lists(entry->value);
        }
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(UnitFile) file = unit_file_parse(data, size, notes, NULL);

    if (!file)
        return 0;
    check_values(file);

    g_autofree char *text = unit_file_to_text(file, NULL);

    if (text) {
        g_autoptr(UnitFile) again = unit_file_parse(text, strlen(text), NULL, NULL);
        g_autofree char *text_again = again ? unit_file_to_text(again, NULL) : NULL;

        g_assert_cmpstr(text, ==, text_again);
    }
    if (unit_file_fit(file, UNIT_TARGET_MIN, notes, NULL))
        g_assert_true(unit_file_fit(file, UNIT_TARGET_MIN, NULL, NULL));
    return 0;
}
