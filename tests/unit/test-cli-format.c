// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/human.h"
#include "cli/listing.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/text.h"

#include <locale.h>
#include <string.h>

/* A screen that writes to memory. */
typedef struct {
    Screen screen;
    char *text;
    size_t size;
} Memory;

static void memory_open(Memory *memory)
{
    *memory = (Memory){.text = NULL};
    memory->screen.file = open_memstream(&memory->text, &memory->size);
    memory->screen.is_utf8 = TRUE;
}

static void assert_memory(Memory *memory, const char *want)
{
    fclose(memory->screen.file);
    g_assert_cmpstr(memory->text, ==, want);
    free(memory->text);
}

#define ASSERT_TAKEN(text, want)        \
    do {                                \
        g_autofree char *got = text;    \
        g_assert_cmpstr(got, ==, want); \
    } while (0)

static void sizes_have_three_digits_as_docker_users_expect(void)
{
    ASSERT_TAKEN(size_format(0), "0 B");
    ASSERT_TAKEN(size_format(512), "512 B");
    ASSERT_TAKEN(size_format(999), "999 B");
    ASSERT_TAKEN(size_format(1000), "1.00 kB");
    ASSERT_TAKEN(size_format(9994), "9.99 kB");
    ASSERT_TAKEN(size_format(9996), "10.0 kB");
    ASSERT_TAKEN(size_format(46600000), "46.6 MB");
    ASSERT_TAKEN(size_format(187000000), "187 MB");
    ASSERT_TAKEN(size_format(999400), "999 kB");
    ASSERT_TAKEN(size_format(999600), "1.00 MB");
    ASSERT_TAKEN(memory_format(256u * 1024 * 1024), "256 MiB");
    ASSERT_TAKEN(memory_format(1023u * 1024), "1.00 MiB");
    ASSERT_TAKEN(size_format(1234567890), "1.23 GB");
    ASSERT_TAKEN(size_format(G_MAXUINT64), "18.4 EB");
}

static void counts_have_commas(void)
{
    ASSERT_TAKEN(count_format(0), "0");
    ASSERT_TAKEN(count_format(999), "999");
    ASSERT_TAKEN(count_format(1000), "1,000");
    ASSERT_TAKEN(count_format(1234567), "1,234,567");
    ASSERT_TAKEN(count_format_noun(1, "file"), "1 file");
    ASSERT_TAKEN(count_format_noun(0, "file"), "0 files");
}

static void durations_have_two_units(void)
{
    ASSERT_TAKEN(duration_format(40 * 1000), "0.0 s");
    ASSERT_TAKEN(duration_format(840 * 1000), "0.8 s");
    ASSERT_TAKEN(duration_format(12 * G_USEC_PER_SEC), "12 s");
    ASSERT_TAKEN(duration_format(185 * G_USEC_PER_SEC), "3 min 05 s");
    ASSERT_TAKEN(duration_format((guint64)7830 * G_USEC_PER_SEC), "2 h 10 min");
    ASSERT_TAKEN(percent_format(1, 3), "33.3 %");
    ASSERT_TAKEN(percent_format(1, 0), "0.0 %");
}

static void text_is_measured_in_columns(void)
{
    g_assert_cmpuint(text_get_width("abc"), ==, 3);
    g_assert_cmpuint(text_get_width("é"), ==, 1);
    g_assert_cmpuint(text_get_width("e\xcc\x81"), ==, 1);
    g_assert_cmpuint(text_get_width("日本"), ==, 4);
    ASSERT_TAKEN(text_truncate("日本", 3), "日");
    ASSERT_TAKEN(text_truncate("abc", 9), "abc");
    ASSERT_TAKEN(text_truncate("abc", 0), "");
}

static void text_wraps_before_the_width_and_never_inside_a_word(void)
{
    g_autoptr(GString) out = g_string_new("ab");

    text_append_wrapped(out, "one `two three` averyveryverylongword x", 2, 4, 12, FALSE);
    g_assert_cmpstr(out->str, ==, "abone two\n    three\n    averyveryverylongword\n    x");
    g_string_truncate(out, 0);
    text_append_wrapped(out, "a `b c` d", 0, 0, 4, TRUE);
    g_assert_cmpstr(out->str, ==, "a \033[1mb\033[0m\n\033[1mc\033[0m d");
}

static void a_listing_lines_up_wide_characters_and_numbers(void)
{
    static const ListingColumn columns[] = {
        {"NAME", FALSE, STYLE_NONE},
        {"SIZE", TRUE, STYLE_NONE},
        {"WHAT", FALSE, STYLE_NONE},
    };
    g_autoptr(Listing) listing = listing_new(columns, G_N_ELEMENTS(columns));
    Memory memory;

    memory_open(&memory);
    listing_add(listing, "日本語");
    listing_add(listing, "1");
    listing_add(listing, "x");
    listing_add(listing, "a");
    listing_take(listing, g_strdup("12,345"));
    listing_add(listing, "");
    listing_print(listing, &memory.screen);
    assert_memory(&memory, "NAME      SIZE  WHAT\n"
                           "日本語       1  x\n"
                           "a       12,345  \n");
}

static void facts_have_no_heading(void)
{
    static const ListingColumn columns[] = {{NULL, FALSE, STYLE_NONE}, {NULL, FALSE, STYLE_NONE}};
    g_autoptr(Listing) listing = listing_new(columns, 2);
    Memory memory;

    memory_open(&memory);
    listing_add_fact(listing, "Name", "%s", "web");
    listing_add_fact(listing, "Layers", "%d", 3);
    listing_print(listing, &memory.screen);
    assert_memory(&memory, "Name    web\nLayers  3\n");
}

static void json_keeps_the_order_of_keys(void)
{
    g_autoptr(Json) json = json_pack("{s:i, s:i}", "zebra", 1, "apple", 2);
    Memory memory;

    memory_open(&memory);
    json_print(json, &memory.screen);
    assert_memory(&memory, "{\n  \"zebra\": 1,\n  \"apple\": 2\n}\n");
}

static void an_error_and_its_hint_have_a_line_each(void)
{
    g_autoptr(GError) error = NULL;
    Memory memory;

    gourd_error_set(&error, GOURD_ERROR_INPUT, "layer 3: size is not octal");
    gourd_error_hint(&error, "save the image again");
    gourd_error_prefix(&error, "cannot build 'web.tar'");
    memory_open(&memory);
    report_error(&memory.screen, error);
    assert_memory(&memory, "gourd: cannot build 'web.tar': layer 3: size is not octal\nhint: save the image again\n");
}

static void notes_are_counted_and_collapsed(void)
{
    g_autoptr(Notes) notes = notes_new();
    Memory memory;

    notes_add(notes, "a", "ACL dropped", "/x");
    notes_add(notes, "a", "ACL dropped", "/y");
    notes_add(notes, "b", "starts as root", NULL);
    memory_open(&memory);
    report_notes(&memory.screen, notes_list(notes), FALSE);
    assert_memory(&memory, "note: ACL dropped: '/x' and 1 more\nnote: starts as root\n");
    memory_open(&memory);
    report_notes(&memory.screen, notes_list(notes), TRUE);
    assert_memory(&memory, "note: ACL dropped: '/x', '/y'\nnote: starts as root\n");
    for (guint i = 0; i < 2 * REPORT_NOTES_MAX; i++) {
        g_autofree char *kind = g_strdup_printf("c%u", i);

        notes_add(notes, kind, "odd", NULL);
    }
    memory_open(&memory);
    report_notes(&memory.screen, notes_list(notes), FALSE);
    fclose(memory.screen.file);
    g_assert_nonnull(strstr(memory.text, "note: 10 more kinds of notes: --verbose shows them\n"));
    free(memory.text);
}

static void progress_shows_bar_percent_bytes_rate_and_eta(void)
{
    const ProgressView view = {"reading layers", 1180000000, 2800000000, 112000000};

    ASSERT_TAKEN(progress_format_bar(&view, 90, TRUE),
                 "reading layers  ███████████░░░░░░░░░░░░░░░░  42 %  1.18 GB of 2.80 GB  112 MB/s  14 s left");
    ASSERT_TAKEN(progress_format_bar(&view, 78, FALSE),
                 "reading layers  [#####--------]  42 %  1.18 GB of 2.80 GB  112 MB/s  14 s left");
    ASSERT_TAKEN(progress_format_plain(&view), "reading layers: 42 %, 1.18 GB of 2.80 GB, 112 MB/s, 14 s left");
}

static void progress_fits_into_any_width(void)
{
    const ProgressView views[] = {
        {"reading layers", 1180000000, 2800000000, 112000000},
        {"日本語日本語", 1, 3, 0},
        {"writing", 5, 0, 7},
        {"verifying", 9, 3, 1}, /* more done than there is */
        {"x", 0, G_MAXUINT64, 1},
        {"x", G_MAXUINT64, G_MAXUINT64, G_MAXUINT64},
    };

    for (guint i = 0; i < G_N_ELEMENTS(views); i++) {
        for (guint width = 0; width < 200; width++) {
            for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
                g_autofree char *line = progress_format_bar(&views[i], width, is_utf8);

                g_assert_true(g_utf8_validate(line, -1, NULL));
                g_assert_cmpuint(text_get_width(line), <=, width);
            }
        }
    }
    ASSERT_TAKEN(progress_format_bar(&views[0], 20, TRUE), "42 %  14 s left");
    ASSERT_TAKEN(progress_format_bar(&views[0], 4, TRUE), "42 %");
}

static void progress_of_unknown_length_shows_what_is_done(void)
{
    const ProgressView view = {"reading", 5000000, 0, 1000000};

    ASSERT_TAKEN(progress_format_bar(&view, 80, TRUE), "reading  5.00 MB  1.00 MB/s");
    ASSERT_TAKEN(progress_format_plain(&view), "reading: 5.00 MB, 1.00 MB/s");
}

static gint64 fake_usec;

static gint64 get_fake_usec(void)
{
    return fake_usec;
}

/* 100 MB at 10 MB/s, told ten times a second. */
static void work_for_ten_seconds(Progress *progress)
{
    for (guint i = 0; i <= 100; i++) {
        progress_update(progress, "reading", i * G_GUINT64_CONSTANT(1000000), 100000000);
        fake_usec += 100 * G_TIME_SPAN_MILLISECOND;
    }
}

static void off_a_terminal_progress_is_a_line_every_five_seconds(void)
{
    Memory memory;

    fake_usec = 1;
    memory_open(&memory);
    Progress *progress = progress_new(&memory.screen, get_fake_usec);
    work_for_ten_seconds(progress);
    progress_free(progress);
    assert_memory(&memory, "reading: 50 %, 50.0 MB of 100 MB, 10.0 MB/s, 5 s left\n"
                           "reading: 100 %, 100 MB of 100 MB, 10.0 MB/s, 0 s left\n");
}

static void on_a_terminal_progress_is_one_line_that_goes_away(void)
{
    Memory memory;

    fake_usec = 1;
    memory_open(&memory);
    memory.screen.is_terminal = TRUE;
    Progress *progress = progress_new(&memory.screen, get_fake_usec);
    work_for_ten_seconds(progress);
    progress_free(progress);
    fclose(memory.screen.file);
    g_assert_null(strchr(memory.text, '\n'));
    g_assert_true(g_str_has_suffix(memory.text, "\r\033[K"));
    g_auto(GStrv) lines = g_strsplit(memory.text, "\r", -1);
    guint n_lines = g_strv_length(lines);
    g_assert_cmpuint(n_lines, >, 90);
    g_assert_cmpuint(n_lines, <, 110);
    free(memory.text);
}

static void short_work_and_no_work_print_nothing_off_a_terminal(void)
{
    Memory memory;

    fake_usec = 1;
    memory_open(&memory);
    Progress *progress = progress_new(&memory.screen, get_fake_usec);
    progress_update(progress, "reading", 1, 2);
    progress_free(progress);
    progress_update(NULL, "reading", 1, 2);
    progress_free(NULL);
    assert_memory(&memory, "");
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/cli/format/" #name, name)
    TEST(sizes_have_three_digits_as_docker_users_expect);
    TEST(counts_have_commas);
    TEST(durations_have_two_units);
    TEST(text_is_measured_in_columns);
    TEST(text_wraps_before_the_width_and_never_inside_a_word);
    TEST(a_listing_lines_up_wide_characters_and_numbers);
    TEST(facts_have_no_heading);
    TEST(json_keeps_the_order_of_keys);
    TEST(an_error_and_its_hint_have_a_line_each);
    TEST(notes_are_counted_and_collapsed);
    TEST(progress_shows_bar_percent_bytes_rate_and_eta);
    TEST(progress_fits_into_any_width);
    TEST(progress_of_unknown_length_shows_what_is_done);
    TEST(off_a_terminal_progress_is_a_line_every_five_seconds);
    TEST(on_a_terminal_progress_is_one_line_that_goes_away);
    TEST(short_work_and_no_work_print_nothing_off_a_terminal);
    return g_test_run();
}
