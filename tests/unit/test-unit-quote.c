// SPDX-License-Identifier: LGPL-2.1-or-later
/* Quoting for unit files, judged by readers written from the man pages alone: systemd.service(5), "COMMAND LINES", and
 * systemd.syntax(7), "QUOTING". */
#include "unit-fixture.h"

/* systemd.syntax(7): escapes, each as what it says there. */
static const char *read_manual_escape(const char *at, GString *out)
{
    static const struct {
        char letter;
        char meaning;
    } table[] = {{'a', '\a'}, {'b', '\b'},  {'f', '\f'}, {'n', '\n'},  {'r', '\r'}, {'t', '\t'},
                 {'v', '\v'}, {'\\', '\\'}, {'"', '"'},  {'\'', '\''}, {'s', ' '}};

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (*at == table[i].letter) {
            g_string_append_c(out, table[i].meaning);
            return at + 1;
        }
    if (*at == 'x') {
        char digits[3] = {at[1], at[2], 0};

        g_string_append_c(out, (char)g_ascii_strtoull(digits, NULL, 16));
        return at + 3;
    }
    g_error("escape \\%c", *at);
}

/* Words, of which each keeps its quotes' content; "%%" is "%" and in commands "$$" is "$". */
static char **read_manual(const char *text, gboolean command)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autoptr(GString) word = g_string_new(NULL);
    gboolean inside = FALSE;
    char quote = 0;

    for (const char *at = text;;) {
        if (!*at || (!quote && g_ascii_isspace(*at))) {
            if (inside)
                g_strv_builder_add(words, word->str);
            g_string_truncate(word, 0);
            inside = FALSE;
            if (!*at)
                break;
            at++;
            continue;
        }
        inside = TRUE;
        if (*at == '\\')
            at = read_manual_escape(at + 1, word);
        else if (*at == quote || (!quote && (*at == '"' || *at == '\''))) {
            quote = quote ? 0 : *at;
            at++;
        } else
            g_string_append_c(word, *at++);
    }
    g_assert_true(quote == 0);

    char **result = g_strv_builder_end(words);

    for (gsize i = 0; result[i]; i++) {
        g_auto(GStrv) percent = g_strsplit(result[i], "%%", -1);
        g_autofree char *single = g_strjoinv("%", percent);
        g_auto(GStrv) dollar = g_strsplit(single, "$$", -1);

        for (gsize k = 0; percent[k]; k++)
            g_assert_null(strchr(percent[k], '%'));
        for (gsize k = 0; command && dollar[k]; k++)
            g_assert_null(strchr(dollar[k], '$'));
        g_free(result[i]);
        result[i] = command ? g_strjoinv("$", dollar) : g_steal_pointer(&single);
    }
    return result;
}

static void check_line(const char *value)
{
    g_assert_true(g_utf8_validate(value, -1, NULL));
    g_assert_null(strpbrk(value, "\n\r"));
    g_assert_false(g_str_has_suffix(value, "\\"));
}

static void assert_strv(char **got, char **wanted)
{
    g_assert_cmpuint(g_strv_length(got), ==, g_strv_length(wanted));
    for (gsize i = 0; wanted[i]; i++)
        g_assert_cmpstr(got[i], ==, wanted[i]);
}

static void check_argv(char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = unit_quote_exec("/bin/true", (const char *const *)argv, 0, &error);

    g_assert_no_error(error);
    check_line(text);

    g_auto(GStrv) manual = read_manual(text, TRUE);

    assert_strv(manual, argv);
    for (char **word = manual + 1; *word; word++) /* a bare ";" would be a separator */
        if (strcmp(*word, ";") == 0)
            g_assert_nonnull(strstr(text, "\";\""));

    g_autofree char *program = NULL;
    g_auto(GStrv) own = NULL;
    UnitExecFlags flags = 0;

    g_assert_true(unit_unquote_exec(text, &program, &own, &flags, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(program, ==, "/bin/true");
    g_assert_cmpuint(flags, ==, 0);
    assert_strv(own, argv);
}

static void hard_commands_are_read_back(void)
{
    g_autoptr(Json) cases = fixture_load_cases();
    const Json *list = json_object_get(cases, "argv");
    gsize i = 0;
    Json *one;

    g_assert_cmpuint(json_array_size(list), >, 10);
    json_array_foreach(list, i, one) {
        g_auto(GStrv) argv = fixture_argv(one);

        check_argv(argv);
    }
}

static void random_commands_are_read_back(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (guint round = 0; round < 3000; round++) {
        char *argv[6] = {g_strdup("/bin/true")};

        for (gsize i = 1; i < G_N_ELEMENTS(argv) - 1; i++)
            argv[i] = fixture_random_text(rand);
        check_argv(argv);
        for (gsize i = 0; argv[i]; i++)
            g_free(argv[i]);
    }
}

static void commands_look_as_people_write_them(void)
{
    static const struct {
        const char *argv[5];
        UnitExecFlags flags;
        const char *text;
    } cases[] = {
        {{"/bin/sh", "-c", "exec nginx -g 'daemon off;'"}, 0, "/bin/sh -c \"exec nginx -g 'daemon off;'\""},
        {{"/bin/a", "100%", "$x"}, 0, "/bin/a 100%% $$x"},
        {{"/bin/a", "$x", "%"}, UNIT_EXEC_NO_ENVIRONMENT, ":/bin/a $x %%"},
        {{"/bin/a"}, UNIT_EXEC_IGNORE_FAILURE | UNIT_EXEC_FULL_PRIVILEGES, "-+/bin/a"},
        {{"/bin/a"}, UNIT_EXEC_AMBIENT, "!!/bin/a"},
        {{"/opt/my prog", ""}, 0, "\"/opt/my prog\" \"\""},
        {{"/opt/a%b"}, 0, "/opt/a%%b"},
        {{"/opt/$a"}, 0, "@/opt/$a /opt/$$a"},
        {{"/opt/$a"}, UNIT_EXEC_NO_ENVIRONMENT, ":/opt/$a"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = unit_quote_exec(cases[i].argv[0], cases[i].argv, cases[i].flags, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void another_argv0_takes_an_at_sign(void)
{
    static const char *const argv[] = {"-sh", "-l", NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = unit_quote_exec("/bin/sh", argv, 0, &error);
    g_autofree char *program = NULL;
    g_auto(GStrv) own = NULL;
    UnitExecFlags flags = 0;

    g_assert_cmpstr(text, ==, "@/bin/sh -sh -l");
    g_assert_true(unit_unquote_exec(text, &program, &own, &flags, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(program, ==, "/bin/sh");
    g_assert_cmpstr(own[0], ==, "-sh");
}

static void programs_that_systemd_cannot_start_are_refused(void)
{
    static const char *const programs[] = {"",   "/a\"b",  "/a'b", "/a\\b", "/a\nb", "/a\xff", "/bin/",   "a/b",
                                           "-a", "/a\x7f", "@a",   "|a",    "./a",   "../a",   "/bin/..", "/bin/."};

    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        const char *argv[] = {"a", NULL};
        g_autoptr(GError) error = NULL;

        g_assert_null(unit_quote_exec(programs[i], argv, 0, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    }
}

static void commands_that_cannot_be_known_are_not_read(void)
{
    static const char *const values[] = {"",         "/a \"",   "/a \\q",     "/a %n",      "/a $x",
                                         "/a x${y}", "/a ; /b", "@/a",        "-",          "/a \\x0",
                                         "/a \\x00", "/a \\",   "/a \\u0000", "/a \\ud800", "/a \\400"};

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *program = NULL;
        g_auto(GStrv) argv = NULL;
        UnitExecFlags flags = 0;
        g_autoptr(GError) error = NULL;

        g_assert_false(unit_unquote_exec(values[i], &program, &argv, &flags, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_assert_null(program);
    }
}

static void environments_are_read_back(void)
{
    g_autoptr(Json) cases = fixture_load_cases();
    gsize i = 0;
    Json *one;

    json_array_foreach(json_object_get(cases, "environment"), i, one) {
        const char *name;
        Json *value;

        json_object_foreach(json_object_get(one, "variables"), name, value) {
            g_autofree char *wanted = g_strdup_printf("%s=%s", name, json_string_value(value));
            g_autoptr(GError) error = NULL;
            g_autofree char *text = unit_quote_environment(name, json_string_value(value), &error);
            g_auto(GStrv) own = NULL;

            g_assert_no_error(error);
            check_line(text);
            g_auto(GStrv) manual = read_manual(text, FALSE);
            g_assert_cmpuint(g_strv_length(manual), ==, 1);
            g_assert_cmpstr(manual[0], ==, wanted);
            g_assert_true(unit_unquote_words(text, &own, &error));
            g_assert_no_error(error);
            g_assert_cmpstr(own[0], ==, wanted);
        }
    }
}

static void variables_that_systemd_drops_are_refused(void)
{
    static const struct {
        const char *name;
        const char *value;
    } cases[] = {{"", "x"},    {"1A", "x"}, {"a-b", "x"},  {"a.b", "x"},
                 {"a b", "x"}, {"ä", "x"},  {"A", "\xff"}, {"A", "\xef\xbf\xbe"}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(unit_quote_environment(cases[i].name, cases[i].value, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_assert_false(unit_environment_is_valid(cases[i].name, cases[i].value));
    }
}

static void paths_are_read_back(void)
{
    static const char *const paths[] = {"/",     "/srv/data", "/a b",   "/a:b",    "/a\"b",  "/a'b",     "/a\"'b",
                                        "/a\\b", "/a%n",      "/$HOME", "/ä",      "/ ",     "/a\tb",    "/-a",
                                        "/a;b",  "/a\\",      "/\"a\"", "/a\\\"b", "/a\\:b", "/\\\\:\"'"};

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(paths); k++) {
            g_autoptr(GError) error = NULL;
            g_autofree char *path = unit_quote_path("-", paths[i], &error);
            g_autofree char *bind = unit_quote_bind("-", paths[i], paths[k], "norbind", &error);
            g_autofree char *wanted = g_strconcat("-", paths[i], NULL);
            g_auto(GStrv) list = NULL;
            g_auto(GStrv) parts = NULL;

            g_assert_no_error(error);
            g_assert_true(unit_unquote_paths(path, &list, &error));
            g_assert_no_error(error);
            g_assert_cmpstr(list[0], ==, wanted);
            g_assert_null(list[1]);
            g_assert_true(unit_unquote_bind(bind, &parts, &error));
            g_assert_no_error(error);
            g_assert_cmpstr(parts[0], ==, wanted);
            g_assert_cmpstr(parts[1], ==, paths[k]);
            g_assert_cmpstr(parts[2], ==, "norbind");
        }
}

static void a_bind_of_one_path_is_mounted_on_itself(void)
{
    g_auto(GStrv) parts = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(unit_unquote_bind("-/srv", &parts, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(parts[0], ==, "-/srv");
    g_assert_cmpstr(parts[1], ==, "/srv");
}

static void paths_that_cannot_be_said_are_refused(void)
{
    static const char *const paths[] = {"", "a", "/a\nb", "/a\r", "/\xff", "/a/../b", "/.."};

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(unit_quote_path("", paths[i], &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_clear_error(&error);
        g_assert_null(unit_quote_bind("", "/", paths[i], NULL, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_clear_error(&error);
        g_assert_null(unit_quote_tmpfs(paths[i], NULL, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(unit_quote_single_path("", "/a ", &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_clear_error(&error);
    g_assert_null(unit_quote_tmpfs("/a", "size=1 /b", &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

static void text_for_people_stays_one_line(void)
{
    g_autofree char *text = unit_quote_text(" 100%\nUser=root\t\xff ä ");

    g_assert_cmpstr(text, ==, "100%% User=root \xef\xbf\xbd ä");
}

static void credentials_keep_any_bytes(void)
{
    static const char data[] = " a\\b\0c\n\xff% ";
    g_autoptr(GError) error = NULL;
    g_autofree char *text = unit_quote_credential("db.password", data, sizeof data - 1, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, "db.password:\\x20a\\x5cb\\x00c\\x0a\\xff%\\x20");
    g_assert_null(unit_quote_credential("a/b", "", 0, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(NAME) g_test_add_func("/unit/quote/" #NAME, NAME)
    TEST(hard_commands_are_read_back);
    TEST(random_commands_are_read_back);
    TEST(commands_look_as_people_write_them);
    TEST(another_argv0_takes_an_at_sign);
    TEST(programs_that_systemd_cannot_start_are_refused);
    TEST(commands_that_cannot_be_known_are_not_read);
    TEST(environments_are_read_back);
    TEST(variables_that_systemd_drops_are_refused);
    TEST(paths_are_read_back);
    TEST(a_bind_of_one_path_is_mounted_on_itself);
    TEST(paths_that_cannot_be_said_are_refused);
    TEST(text_for_people_stays_one_line);
    TEST(credentials_keep_any_bytes);
    return g_test_run();
}
