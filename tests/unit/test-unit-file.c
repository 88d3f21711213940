// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit-fixture.h"

static UnitFile *parse(const char *text, Notes *notes)
{
    g_autoptr(GError) error = NULL;
    UnitFile *file = unit_file_parse(text, strlen(text), notes, &error);

    g_assert_no_error(error);
    return file;
}

static char *write_text(const UnitFile *file)
{
    g_autoptr(GError) error = NULL;
    char *text = unit_file_to_text(file, &error);

    g_assert_no_error(error);
    return text;
}

/* How often lines were ignored. */
static guint64 count_ignored(Notes *notes)
{
    const GPtrArray *list = notes_list(notes);

    return list->len == 0 ? 0 : ((const Note *)g_ptr_array_index(list, 0))->count;
}

static void a_file_is_written_in_order(void)
{
    g_autoptr(UnitFile) file = unit_file_new();

    unit_file_comment(file, NULL, "Written by gourd.\nDo not edit");
    unit_file_add(file, "Unit", "Description", "a service");
    unit_file_add(file, "Service", "Environment", "A=1");
    unit_file_comment(file, "Service", "");
    unit_file_addf(file, "Service", "Environment", "%s=%d", "B", 2);
    unit_file_add(file, "Unit", "After", "");

    g_autofree char *text = write_text(file);

    g_assert_cmpstr(text, ==,
                    "# Written by gourd.\n# Do not edit\n\n[Unit]\nDescription=a service\nAfter=\n\n"
                    "[Service]\nEnvironment=A=1\n#\nEnvironment=B=2\n");
}

static void what_is_written_is_read_back(void)
{
    g_autoptr(UnitFile) file = parse("# head\n[A]\nx=1\nx=2\n;  c\n[B]\ny = a b \n[A]\nz=\n", NULL);
    g_autofree char *text = write_text(file);
    g_autoptr(UnitFile) again = parse(text, NULL);
    g_autofree char *text_again = write_text(again);

    g_assert_cmpstr(text, ==, "# head\n\n[A]\nx=1\nx=2\n# c\nz=\n\n[B]\ny=a b\n");
    g_assert_cmpstr(text, ==, text_again);
    g_assert_cmpuint(unit_file_n_sections(file), ==, 2);
    g_assert_cmpstr(unit_file_section(file, 1), ==, "B");
    g_assert_cmpuint(unit_file_entries(file, "A")->len, ==, 4);
    g_assert_null(unit_file_entries(file, "C"));
}

static void lists_begin_after_the_last_empty_assignment(void)
{
    g_autoptr(UnitFile) file = parse("[S]\nx=1\nx=\nx=2\nx=3\n", NULL);
    g_autoptr(GPtrArray) list = unit_file_list(file, "S", "x");

    g_assert_cmpuint(list->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(list, 0), ==, "2");
    g_assert_cmpstr(unit_file_get(file, "S", "x"), ==, "3");
    g_assert_null(unit_file_get(file, "S", "y"));
    g_assert_null(unit_file_get(file, "T", "x"));
}

static void a_set_key_stays_where_it_was(void)
{
    g_autoptr(UnitFile) file = parse("[S]\nx=1\ny=1\nx=2\n", NULL);

    unit_file_set(file, "S", "x", "3");
    unit_file_set(file, "S", "z", "4");
    g_assert_cmpuint(unit_file_remove(file, "S", "y"), ==, 1);
    g_assert_cmpuint(unit_file_remove(file, "T", "y"), ==, 0);

    g_autofree char *text = write_text(file);

    g_assert_cmpstr(text, ==, "[S]\nx=3\nz=4\n");
}

static void a_dropin_comes_after_the_file(void)
{
    g_autoptr(UnitFile) file = parse("[S]\nx=1\n", NULL);
    g_autoptr(UnitFile) dropin = parse("# c\n[S]\nx=\nx=2\n[T]\ny=1\n", NULL);

    unit_file_merge(file, dropin);

    g_autofree char *text = write_text(file);

    g_assert_cmpstr(text, ==, "[S]\nx=1\nx=\nx=2\n\n[T]\ny=1\n");
}

static void continued_lines_are_joined_by_a_blank(void)
{
    static const struct {
        const char *text;
        const char *value;
    } cases[] = {
        {"[S]\nx=a\\\nb\n", "a b"},
        {"[S]\nx=a \\\n  b\\\n\tc\n", "a    b \tc"},
        {"[S]\nx=a\\\n# comment\n ; comment \\\nb\n", "a b"},
        {"[S]\nx=a\\\\\nb=\n", "a\\\\"},
        {"[S]\nx=a\\\\\\\nb\n", "a\\\\ b"},
        {"[S]\nx=a\\\n\ny=b\n", "a"},
        {"[S]\nx=a\\", "a"},
        {"[S]\r\nx=a\\\r\nb\r\n", "a b"},
        {"[S]\rx=a\ry=b", "a"},
        {"[S]\nx=a\\ \ny=b\n", "a\\"},
        {"\xef\xbb\xbf[S]\nx=a\n", "a"},
        {"[S]\nx\\\n = \\\n a", "a"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(UnitFile) file = parse(cases[i].text, NULL);

        g_test_message("%s", cases[i].text);
        g_assert_cmpstr(unit_file_get(file, "S", "x"), ==, cases[i].value);
    }
}

static void a_backslash_at_the_end_does_not_continue_the_line(void)
{
    g_autoptr(UnitFile) file = unit_file_new();

    unit_file_add(file, "S", "x", "c:\\");
    unit_file_add(file, "S", "y", "1");

    g_autofree char *text = write_text(file);
    g_autoptr(UnitFile) again = parse(text, NULL);

    g_assert_cmpstr(unit_file_get(again, "S", "x"), ==, "c:\\");
    g_assert_cmpstr(unit_file_get(again, "S", "y"), ==, "1");
}

static void values_cannot_add_lines(void)
{
    static const char *const values[] = {"a\nb",        "a\rb", " a", "a ", "\t", "\xff", "a\n[Service]\nUser=root",
                                         "\xef\xbf\xbe"};
    static const char *const keys[] = {"", "a=b", "[a", "#a", ";a", "a\nb", " a", "\xff", "\xef\xbb\xbfx"};

    for (gsize i = 0; i < G_N_ELEMENTS(values) + G_N_ELEMENTS(keys); i++) {
        gboolean is_value = i < G_N_ELEMENTS(values);
        g_autoptr(UnitFile) file = unit_file_new();
        g_autoptr(GError) error = NULL;

        unit_file_add(file, "S", is_value ? "x" : keys[i - G_N_ELEMENTS(values)], is_value ? values[i] : "1");
        g_assert_null(unit_file_to_text(file, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    }
    g_autoptr(UnitFile) file = unit_file_new();
    g_autoptr(GError) error = NULL;
    unit_file_add(file, "S]\n[T", "x", "1");
    g_assert_null(unit_file_to_text(file, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

static void lines_that_systemd_ignores_are_noted(void)
{
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(UnitFile) file = parse("a=1\n[S]\nnothing\n=x\nx=\xff\nx=2\n", notes);

    g_assert_cmpuint(count_ignored(notes), ==, 4);
    g_assert_cmpstr(unit_file_get(file, "S", "x"), ==, "2");
    g_assert_cmpuint(unit_file_entries(file, "S")->len, ==, 1);
    g_assert_cmpuint(((UnitEntry *)g_ptr_array_index(unit_file_entries(file, "S"), 0))->line, ==, 6);
}

static void broken_files_are_refused_with_their_line(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(unit_file_parse("[S]\nx=1\n[T\n", 11, NULL, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_assert_nonnull(strstr(error->message, "line 3"));
    g_clear_error(&error);
    g_assert_null(unit_file_parse("[S]\nx=\0\n", 8, NULL, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_clear_error(&error);
    g_assert_null(unit_file_parse("[", 1, NULL, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

static void endless_lines_are_refused(void)
{
    g_autofree char *value = g_strnfill(UNIT_LINE_LENGTH_MAX, 'a');
    g_autofree char *text = g_strconcat("[S]\nx=", value, NULL);
    g_autoptr(UnitFile) file = unit_file_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(unit_file_parse(text, strlen(text), NULL, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_LIMIT);
    g_clear_error(&error);
    unit_file_add(file, "S", "x", value);
    g_assert_null(unit_file_to_text(file, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_LIMIT);
    g_clear_error(&error);
    g_assert_null(unit_file_parse(text, UNIT_FILE_SIZE_MAX + 1, NULL, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_LIMIT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(NAME) g_test_add_func("/unit/file/" #NAME, NAME)
    TEST(a_file_is_written_in_order);
    TEST(what_is_written_is_read_back);
    TEST(lists_begin_after_the_last_empty_assignment);
    TEST(a_set_key_stays_where_it_was);
    TEST(a_dropin_comes_after_the_file);
    TEST(continued_lines_are_joined_by_a_blank);
    TEST(a_backslash_at_the_end_does_not_continue_the_line);
    TEST(values_cannot_add_lines);
    TEST(lines_that_systemd_ignores_are_noted);
    TEST(broken_files_are_refused_with_their_line);
    TEST(endless_lines_are_refused);
    return g_test_run();
}
