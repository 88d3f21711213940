// SPDX-License-Identifier: LGPL-2.1-or-later
/* Durations, sizes, targets, and what a unit becomes for an older systemd. */
#include "unit-fixture.h"

static void durations_are_read_as_systemd_does(void)
{
    static const struct {
        const char *text;
        guint64 usec;
        const char *written;
    } cases[] = {
        {"0", 0, "0"},
        {"90", 90000000, "90s"},
        {"1min 30s", 90000000, "90s"},
        {"2min", 120000000, "2min"},
        {"1.5h", 5400000000, "90min"},
        {"1500ms", 1500000, "1500ms"},
        {"5us", 5, "5us"},
        {"5 µs", 5, "5us"},
        {"2h30min10s", 9010000000, "9010s"},
        {"1w", 604800000000, "1w"},
        {"1M", 2629800000000, "43830min"},
        {"1 year 12 months", 31557600000000 + 12 * 2629800000000, "17532h"},
        {" 3 d ", 259200000000, "3d"},
        {"infinity", UNIT_INFINITY, "infinity"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        guint64 usec = 1;
        g_autofree char *written = NULL;

        g_test_message("%s", cases[i].text);
        g_assert_true(unit_parse_duration(cases[i].text, &usec, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(usec, ==, cases[i].usec);
        written = unit_format_duration(usec);
        g_assert_cmpstr(written, ==, cases[i].written);
    }
}

static void sizes_are_powers_of_1024(void)
{
    static const struct {
        const char *text;
        guint64 bytes;
        const char *written;
    } cases[] = {
        {"0", 0, "0"},
        {"1025", 1025, "1025"},
        {"512M", 512 << 20, "512M"},
        {"1.5G", 3 << 29, "1536M"},
        {"1024K", 1 << 20, "1M"},
        {"infinity", UNIT_INFINITY, "infinity"},
        {"100B", 100, "100"},
        {"15E", G_GUINT64_CONSTANT(15) << 60, "15E"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        guint64 bytes = 1;

        g_assert_true(unit_parse_size(cases[i].text, &bytes, &error));
        g_assert_cmpuint(bytes, ==, cases[i].bytes);
        g_autofree char *written = unit_format_size(bytes);
        g_assert_cmpstr(written, ==, cases[i].written);
    }
}

static void what_is_no_number_is_refused(void)
{
    static const char *const durations[] = {"", " ", "x", "-1", "1x", "s", "1..5", "1.s", "1 s x", "infinity s"};
    static const char *const sizes[] = {"", "M", "-1", "1m", "1MM", "1 M", "1.", "x"};
    guint64 value = 7;
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(durations); i++) {
        g_assert_false(unit_parse_duration(durations[i], &value, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_clear_error(&error);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_assert_false(unit_parse_size(sizes[i], &value, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_clear_error(&error);
    }
    g_assert_false(unit_parse_size("16E", &value, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_LIMIT);
    g_clear_error(&error);
    g_assert_false(unit_parse_duration("600000y", &value, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_LIMIT);
    g_assert_cmpuint(value, ==, 7);
}

static void targets_have_names(void)
{
    guint n = 0;
    const UnitTarget *targets = unit_targets(&n);
    guint version = 0;
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < n; i++) {
        g_assert_true(unit_target_parse(targets[i].name, &version, &error));
        g_assert_cmpuint(version, ==, targets[i].version);
        g_assert_cmpuint(version, >=, UNIT_TARGET_MIN);
    }
    g_assert_true(unit_target_parse("systemd=256", &version, &error));
    g_assert_cmpuint(version, ==, 256);
    g_assert_false(unit_target_parse("debian11", &version, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, "ubuntu24.04"));
    g_clear_error(&error);
    g_assert_false(unit_target_parse("systemd=x", &version, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
    g_clear_error(&error);
    g_assert_false(unit_target_parse("systemd=251", &version, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
}

static void the_table_is_sound(void)
{
    guint n = 0;
    const UnitDirective *directives = unit_directives(&n);

    for (guint i = 0; i < n; i++) {
        const UnitDirective *one = &directives[i];

        g_test_message("%s", one->name);
        g_assert_cmpuint(one->since, <=, UNIT_TARGET_NEWEST);
        g_assert_cmpint(one->since > UNIT_TARGET_MIN, ==, one->policy != UNIT_POLICY_NONE);
        g_assert_cmpint(one->policy == UNIT_POLICY_NONE, ==, one->text == NULL);
        for (guint k = 0; k < i; k++)
            if (strcmp(directives[k].name, one->name) == 0)
                g_assert_cmpuint(directives[k].sections & one->sections, ==, 0);
        if (one->policy == UNIT_POLICY_REPLACE) {
            g_autofree char *key = g_strndup(one->text, strcspn(one->text, "="));
            gboolean known = FALSE;

            for (guint bit = UNIT_SECTION_UNIT; bit <= UNIT_SECTION_PATH; bit <<= 1)
                known = known || ((one->sections & bit) &&
                                  unit_target_knows(UNIT_TARGET_MIN, unit_section_to_name(bit), key, NULL));
            g_assert_true(known);
        }
    }
}

static void check_fit(const char *before, guint version, const char *after, guint n_notes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Notes) notes = notes_new();
    g_autoptr(UnitFile) file = unit_file_parse(before, strlen(before), NULL, &error);

    g_assert_true(unit_file_fit(file, version, notes, &error));
    g_assert_no_error(error);

    g_autofree char *text = unit_file_to_text(file, &error);
    guint64 count = 0;

    g_assert_cmpstr(text, ==, after);
    for (guint i = 0; i < notes_list(notes)->len; i++)
        count += ((const Note *)g_ptr_array_index(notes_list(notes), i))->count;
    g_assert_cmpuint(count, ==, n_notes);
}

static void an_old_target_gets_less_and_a_note_for_each(void)
{
    static const char *const full =
        "# by gourd\n\n[Unit]\nWantsMountsFor=/srv\n\n[Service]\nType=notify-reload\n"
        "RestartSteps=5\nBindLogSockets=yes\nPrivateTmp=disconnected\nPrivateUsers=identity\n"
        "ProtectHostname=private:web\nX-Gourd=1\n\n[Install]\nUpheldBy=a.target\n\n[X-Gourd]\nA=1\n";

    check_fit(full, 258, full, 0);
    check_fit(full, 252,
              "# by gourd\n\n[Unit]\nRequiresMountsFor=/srv\n\n[Service]\nType=notify\n"
              "BindReadOnlyPaths=/dev/log /run/systemd/journal/socket /run/systemd/journal/stdout\nPrivateTmp=yes\n"
              "ProtectHostname=yes\nX-Gourd=1\n\n[Install]\nWantedBy=a.target\n\n[X-Gourd]\nA=1\n",
              8);
    check_fit("[Service]\nBindLogSockets=no\n", 252, "[Service]\n", 1);
    check_fit("[Service]\nRestartSteps=5\nPrivatePIDs=yes\n", 255, "[Service]\nRestartSteps=5\n", 1);
    check_fit("[Service]\nExecStart=/bin/a | b\nWorkingDirectory=/%%D\n", 252,
              "[Service]\nExecStart=/bin/a | b\nWorkingDirectory=/%%D\n", 0);
}

static void what_would_do_something_else_is_refused(void)
{
    static const char *const texts[] = {"[Service]\nRootEphemeral=yes\n",
                                        "[Service]\nImportCredential=x\n",
                                        "[Unit]\nConditionVersion=>1\n",
                                        "[Service]\nPrivateUsers=managed\n",
                                        "[Service]\nExecStart=-|/bin/a\n",
                                        "[Service]\nSystemCallFilter=~@sandbox @mount\n",
                                        "[Service]\nReadWritePaths=%D/x\n",
                                        "[Service]\nNoSuchThing=1\n",
                                        "[Unit]\nExecStart=/bin/a\n",
                                        "[Service]\nMemoryLimit=1\n",
                                        "[NoSuchSection]\nA=1\n"};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Notes) notes = notes_new();
        g_autofree char *before = g_strconcat("[Timer]\nDeferReactivation=yes\n\n", texts[i], NULL);
        g_autoptr(UnitFile) file = unit_file_parse(before, strlen(before), NULL, NULL);

        g_test_message("%s", texts[i]);
        g_assert_false(unit_file_fit(file, 252, notes, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
        g_assert_nonnull(strstr(error->message, GOURD_HINT_SEPARATOR));
        g_autofree char *after = unit_file_to_text(file, NULL);
        g_assert_cmpstr(after, ==, before);
        g_assert_cmpuint(notes_list(notes)->len, ==, 0);
    }
}

static void one_can_ask_before_writing(void)
{
    g_assert_true(unit_target_knows(252, "Service", "PrivateTmp", "yes"));
    g_assert_false(unit_target_knows(252, "Service", "PrivateTmp", "disconnected"));
    g_assert_true(unit_target_knows(257, "Service", "PrivateTmp", "disconnected"));
    g_assert_false(unit_target_knows(252, "Service", "RestartSteps", NULL));
    g_assert_false(unit_target_knows(262, "Timer", "RestartSteps", NULL));
    g_assert_false(unit_target_knows(262, "Nothing", "RestartSteps", NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(NAME) g_test_add_func("/unit/fit/" #NAME, NAME)
    TEST(durations_are_read_as_systemd_does);
    TEST(sizes_are_powers_of_1024);
    TEST(what_is_no_number_is_refused);
    TEST(targets_have_names);
    TEST(the_table_is_sound);
    TEST(an_old_target_gets_less_and_a_note_for_each);
    TEST(what_would_do_something_else_is_refused);
    TEST(one_can_ask_before_writing);
    return g_test_run();
}
