// SPDX-License-Identifier: LGPL-2.1-or-later
/* What stands in Compose files in small: texts of YAML, variables, .env, lengths of time, sizes, commands. */
#include "compose/compose.h"
#include "compose/dotenv.h"
#include "compose/interpolate.h"
#include "compose/value.h"
#include "compose/yaml.h"

#include <string.h>

static GHashTable *make_table(const char *const *lines)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (; *lines; lines++) {
        const char *equals = strchr(*lines, '=');

        g_hash_table_replace(table, g_strndup(*lines, (gsize)(equals - *lines)), g_strdup(equals + 1));
    }
    return table;
}

static const char *const some[] = {"A=1", "EMPTY=", "LONG=a b", "DOLLAR=$A", NULL};

/* --- YAML ---------------------------------------------------------------------------------------------------------- */

/* What "text" is in "list:\n  - text: WRITTEN\n    next: 1\n", or the message of the error. */
static char *read_text(const char *written)
{
    g_autofree char *bytes = g_strdup_printf("list:\n  - text: %s\n    next: 1\n", written);
    g_autoptr(ComposeArena) arena = compose_arena_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) documents = yaml_read(arena, "compose.yaml", bytes, strlen(bytes), &error);

    if (!documents)
        return g_strdup(error->message);
    const ComposeNode *item = compose_node_get(g_ptr_array_index(documents, 0), "list")->first;
    g_assert_cmpint(compose_node_get_int(item, "next", 0), ==, 1);
    return g_strdup(compose_node_get_text(item, "text"));
}

/* What PyYAML and Go's yaml.v3 read. */
static void texts_of_several_lines_lose_nothing(void)
{
    static const char *const cases[][2] = {
        {"\"a\\\\\\\n        n b\"", "a\\n b"},
        {"\"  a \\\n        b \n        c\"", "  a b c"},
        {"\"a\\ \n\n        b\"", "a \nb"},
        {"\"a\\\n\n        b\"", "a\nb"},
        {"\"\\x41\\u00e9\\U0001f600\\t\\/\\\"\\e\"", "A\303\251\360\237\230\200\t/\"\033"},
        {"\"a\r\n        b\"", "a b"},
        {"'a\n        ''''b'", "a ''b"},
        {"'a  \n\n        b\\ '''", "a\nb\\ '"},
        {"|\n      a\n\n       b", "a\n\n b\n"},
        {"|-  # that's | all\n      a\n", "a"},
        {"|+\n\n      a\n  \n", "\na\n\n\n"},
        {">\n      a\n      b\n\n      c\n        d\n      e", "a b\nc\n  d\ne\n"},
        {">\n\n      a\n  \n        b", "\na\n\n  b\n"},
        {">-\r\n      a\r\n      b", "a b"},
        {"!!str |\n      1", "1\n"},
        {"|1\n      a", " a\n"},
        {"|", ""},
        {">-", ""},
        {">  # nothing", ""},
        {"&a |", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = read_text(cases[i][0]);

        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void several_merge_keys_are_a_list(void)
{
    g_autofree char *message = read_text("{<<: {a: 1}, <<: {b: 1}}");

    g_assert_nonnull(strstr(message, "the key '<<' is there already, in line 2"));
    g_assert_nonnull(strstr(message, "<<: [*one, *other]"));
}

/* --- variables ----------------------------------------------------------------------------------------------------- */

static void variables_are_replaced(void)
{
    static const char *const cases[][2] = {
        {"plain", "plain"},
        {"$A-${A}", "1-1"},
        {"$$A $$$A", "$A $1"},
        {"${B-x}${EMPTY-x}${A-x}", "x1"},
        {"${B:-x}${EMPTY:-x}${A:-x}", "xx1"},
        {"${B+x}${EMPTY+x}${A+x}", "xx"},
        {"${B:+x}${EMPTY:+x}${A:+x}", "x"},
        {"${B:-${C:-${A}}}", "1"},
        {"${B:-a${C:-b}c}d", "abcd"},
        {"${B:-{}", "{"},
        {"${B:-$$x}", "$x"},
        {"${B:-a:b?c+d-e}", "a:b?c+d-e"},
        {"${A?must}${A:?must}", "11"},
        {"$DOLLAR", "$A"},
        {"${B}", ""},
        {"$A_1", ""},
        {"$A.1", "1.1"},
    };
    g_autoptr(GHashTable) table = make_table(some);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Variables variables = variables_of_table(table, NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = interpolate(cases[i][0], &variables, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void what_is_no_variable_is_an_error(void)
{
    static const char *const cases[] = {"$",     "a$ b",   "${", "${A",       "${}", "${1}",
                                        "${A:}", "${A!x}", "$1", "${A:-${B}", NULL};
    g_autoptr(GHashTable) table = make_table(some);

    for (const char *const *text = cases; *text; text++) {
        const Variables variables = variables_of_table(table, NULL);
        g_autoptr(GError) error = NULL;

        g_assert_null(interpolate(*text, &variables, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_assert_nonnull(strstr(error->message, "$$"));
    }
}

static void a_variable_that_must_be_set_says_why(void)
{
    g_autoptr(GHashTable) table = make_table(some);
    const Variables variables = variables_of_table(table, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(interpolate("${EMPTY:?for ${A} people}", &variables, &error));
    g_assert_nonnull(strstr(error->message, "'EMPTY' must be set: for 1 people"));
}

static void variables_without_value_are_noted_once(void)
{
    g_autoptr(GHashTable) table = make_table(some);
    g_autoptr(Notes) notes = notes_new();
    const Variables variables = variables_of_table(table, notes);
    g_autofree char *text = interpolate("$X${Y}${Z-}$X", &variables, NULL);

    g_assert_cmpstr(text, ==, "");
    g_assert_cmpuint(notes_list(notes)->len, ==, 1);
    g_assert_cmpuint(((const Note *)g_ptr_array_index(notes_list(notes), 0))->count, ==, 2);
}

/* --- .env ---------------------------------------------------------------------------------------------------------- */

static GHashTable *parse_dotenv(const char *text, GError **error)
{
    g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) table = make_table(some);
    const Variables outer = variables_of_table(table, NULL);

    return dotenv_parse(text, strlen(text), &outer, values, error) ? g_steal_pointer(&values) : NULL;
}

static void values_have_dockers_quotes(void)
{
    static const char *const cases[][2] = {
        {"V=plain", "plain"},
        {"  export V = plain  ", "plain"},
        {"V: plain", "plain"},
        {"V=a # comment", "a"},
        {"V=a# none", "a# none"},
        {"V=#all", ""},
        {"V=", ""},
        {"V='$A #'", "$A #"},
        {"V='it\\'s'", "it's"},
        {"V='a\\nb'", "a\\nb"},
        {"V=\"a\\n\\t\\\"\\\\$A\" # x", "a\n\t\"\\1"},
        {"V=\"\\$A\"", "$A"},
        {"V=\"{\\\"a\\\": 1}\"", "{\"a\": 1}"},
        {"V=\"two\nlines\"", "two\nlines"},
        {"V=$A-${B:-b}", "1-b"},
        {"W=2\nV=$W", "2"},
        {"A=2\nV=$A", "1"},
        {"\xef\xbb\xbfV=1\r\n", "1"},
        {"# V=0\n\n V=1 \n", "1"},
        {"V=a=b", "a=b"},
        {"V=$$", "$"},
        {"V=a 'b'", "a 'b'"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GHashTable) values = parse_dotenv(cases[i][0], &error);

        g_assert_no_error(error);
        g_assert_cmpstr(g_hash_table_lookup(values, "V"), ==, cases[i][1]);
    }
}

static void a_name_alone_has_the_value_from_outside(void)
{
    g_autoptr(GHashTable) values = parse_dotenv("LONG\nNOWHERE\n", NULL);

    g_assert_cmpstr(g_hash_table_lookup(values, "LONG"), ==, "a b");
    g_assert_false(g_hash_table_contains(values, "NOWHERE"));
}

static void errors_name_the_line_and_no_value(void)
{
    static const char *const cases[] = {"\n\nV='secret",
                                        "\n\nV=\"secret",
                                        "\n\nV W=secret",
                                        "A=1\n#\n=secret",
                                        "\n\nV='a'secret",
                                        "\n\nV=secret$1",
                                        NULL};

    for (const char *const *text = cases; *text; text++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(parse_dotenv(*text, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_assert_true(g_str_has_prefix(error->message, "line 3: "));
        g_assert_null(strstr(error->message, "secret"));
    }
}

/* --- numbers and commands ------------------------------------------------------------------------------------------ */

static void lengths_of_time_are_written_as_docker_does(void)
{
    static const struct {
        const char *text;
        gint64 usec;
        const char *again;
    } cases[] = {
        {"90s", 90 * G_USEC_PER_SEC, "1m30s"},
        {"1h", G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC, "1h0m0s"},
        {"1.5s", 1500000, "1.5s"},
        {"300ms", 300000, "300ms"},
        {"1us", 1, "\302\265s"},
        {"0", 0, "0s"},
        {"1d1ns", G_GINT64_CONSTANT(86400) * G_USEC_PER_SEC, "24h0m0s"},
        {"1h5m30s20ms", 3930020000, "1h5m30.02s"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 usec = -1;

        g_assert_true(compose_duration_parse(cases[i].text, &usec, NULL));
        g_assert_cmpint(usec, ==, cases[i].usec);
        g_autofree char *again = compose_duration_format(usec);
        g_assert_true(g_str_has_suffix(again, cases[i].again));
    }
    for (const char *const *text = (const char *const[]){"", "5", "s", "5x", "-5s", "5 s", "1..5s", "1e3s", NULL};
         *text; text++) {
        gint64 usec;

        g_assert_false(compose_duration_parse(*text, &usec, NULL));
    }
}

static void sizes_have_units_of_1024(void)
{
    static const struct {
        const char *text;
        gint64 bytes;
    } cases[] = {{"4096", 4096},    {"1k", 1024},          {"1KB", 1024}, {"1KiB", 1024},
                 {"1.5m", 3 << 19}, {"2 g", 2147483648LL}, {"5b", 5},     {"1tb", 1099511627776LL}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 bytes = -1;

        g_assert_true(compose_size_parse(cases[i].text, &bytes, NULL));
        g_assert_cmpint(bytes, ==, cases[i].bytes);
    }
    for (const char *const *text = (const char *const[]){"", "k", "1x", "1kk", "-1", "1bb", "9e9g", NULL}; *text;
         text++) {
        gint64 bytes;

        g_assert_false(compose_size_parse(*text, &bytes, NULL));
    }
}

static void commands_are_split_as_by_a_shell(void)
{
    static const char *const cases[][2] = {
        {"a b  c", "a|b|c"},
        {"sh -c 'a b' \"c d\"", "sh|-c|a b|c d"},
        {"a\\ b 'c\\d' \"e\\\"f\\g\"", "a b|c\\d|e\"f\\g"},
        {"a'b'\"c\"d", "abcd"},
        {"''", ""},
        {"echo $A # no comment", "echo|$A|#|no|comment"},
        {"a\nb\tc", "a|b|c"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) words = compose_command_split(cases[i][0], NULL);
        g_autofree char *joined = words ? g_strjoinv("|", words) : NULL;

        g_assert_cmpstr(joined, ==, cases[i][1]);
    }
    g_assert_null(compose_command_split("a 'b", NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/compose-text/texts_of_several_lines_lose_nothing", texts_of_several_lines_lose_nothing);
    g_test_add_func("/compose-text/several_merge_keys_are_a_list", several_merge_keys_are_a_list);
    g_test_add_func("/compose-text/variables_are_replaced", variables_are_replaced);
    g_test_add_func("/compose-text/what_is_no_variable_is_an_error", what_is_no_variable_is_an_error);
    g_test_add_func("/compose-text/a_variable_that_must_be_set_says_why", a_variable_that_must_be_set_says_why);
    g_test_add_func("/compose-text/variables_without_value_are_noted_once", variables_without_value_are_noted_once);
    g_test_add_func("/compose-text/values_have_dockers_quotes", values_have_dockers_quotes);
    g_test_add_func("/compose-text/a_name_alone_has_the_value_from_outside", a_name_alone_has_the_value_from_outside);
    g_test_add_func("/compose-text/errors_name_the_line_and_no_value", errors_name_the_line_and_no_value);
    g_test_add_func("/compose-text/lengths_of_time_are_written_as_docker_does",
                    lengths_of_time_are_written_as_docker_does);
    g_test_add_func("/compose-text/sizes_have_units_of_1024", sizes_have_units_of_1024);
    g_test_add_func("/compose-text/commands_are_split_as_by_a_shell", commands_are_split_as_by_a_shell);
    return g_test_run();
}
