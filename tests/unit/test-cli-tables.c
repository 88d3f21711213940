// SPDX-License-Identifier: LGPL-2.1-or-later
/* The tables themselves, and that all that is made from them agrees. */
#include "cli/build-options.h"
#include "cli/completion.h"
#include "cli/exit-code.h"
#include "cli/help.h"
#include "cli/man.h"
#include "cli/parse.h"
#include "cli/topic.h"

#include <string.h>

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        g_error("expected '%s' in:\n%s", part, text);
}

/* What a reader of the page sees: fonts and escapes taken off. */
static char *strip_roff(const char *roff)
{
    static const struct {
        const char *escape, *shown;
    } escapes[] = {
        {"\\fB", ""}, {"\\fI", ""}, {"\\fR", ""}, {"\\-", "-"}, {"\\&", ""}, {"\\(aq", "'"}, {"\\e", "\\"},
    };
    GString *text = g_string_new(roff);

    for (guint i = 0; i < G_N_ELEMENTS(escapes); i++)
        g_string_replace(text, escapes[i].escape, escapes[i].shown, 0);
    return g_string_free(text, FALSE);
}

typedef void (*OptionCheck)(const Verb *verb, const Option *option, gpointer data);

static void for_each_option(OptionCheck check, gpointer data)
{
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        OptionIterator iterator;

        option_iterator_init(&iterator, *verb);
        for (const Option *option; !(*verb)->hidden && (option = option_iterator_next(&iterator));)
            check(*verb, option, data);
    }
}

static void check_row(const Verb *verb, const Option *option, gpointer data)
{
    g_autofree char *id = g_strdup_printf("%s:--%s", verb->name, option->name);
    g_autofree char *letter = g_strdup_printf("%s:-%c", verb->name, option->short_name);

    g_assert_true(g_hash_table_add(data, g_steal_pointer(&id)));
    g_assert_true(!option->short_name || g_hash_table_add(data, g_steal_pointer(&letter)));
    g_assert_nonnull(option->help);
    g_assert_true(g_ascii_isupper(option->help[0]));
    g_assert_false(g_str_has_suffix(option->help, "."));
    g_assert_true(!option->details || g_str_has_suffix(option->details, "."));
    g_assert_cmpint(option->argument != NULL, ==, option_has_argument(option));
    g_assert_cmpint(option->choices != NULL, ==, option->kind == OPTION_CHOICE);
    g_assert_cmpint(option->suggestions != NULL, ==, option->completion == COMPLETE_VALUES);
    g_assert_true(!option->negatable || option->kind == OPTION_FLAG);
    g_assert_cmpuint(option->offset, <, verb->options_size);
    g_assert_null(elsewhere_find_option(verb, option->name, 0)); /* what gourd has is not said to be elsewhere */
    if (option->short_name)
        g_assert_null(elsewhere_find_option(verb, NULL, option->short_name));
}

static void rows_are_complete_and_names_unique(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for_each_option(check_row, seen);
}

static void verbs_are_complete(void)
{
    for (const Verb *const *row = all_verbs; *row; row++) {
        const Verb *verb = *row;

        g_assert_true(verb_find(verb->name) == verb);
        g_assert_nonnull(verb->summary);
        g_assert_false(g_str_has_suffix(verb->summary, "."));
        g_assert_nonnull(verb->description);
        g_assert_nonnull(verb->topic);
        g_assert_nonnull(verb->run);
        g_assert_cmpuint(verb->options_size, >=, sizeof(CommonOptions));
        g_assert_true(verb->hidden || (verb->examples && verb->examples[0].command));
    }
}

static void check_help_and_man(const Verb *verb, const Option *option, gpointer data)
{
    g_autofree char *help = help_format_verb(verb, 1000, FALSE), *roff = man_format_verb(verb);
    g_autofree char *man = strip_roff(roff);
    g_autofree char *label = option_format_label(option);
    g_autofree char *help_line = g_strdup_printf("%s%s ", option->short_name ? "  " : "      ", label);
    g_autofree char *man_entry = g_strdup_printf(".TP\n%s\n", label);

    /* Help is at most 100 columns wide, so that labels have a line of their own sometimes. */
    g_autofree char *long_line = g_strdup_printf("%s%s\n", option->short_name ? "  " : "      ", label);
    g_assert_true(strstr(help, help_line) || strstr(help, long_line));
    assert_contains(man, man_entry);
}

static void every_option_is_in_help_and_man_page(void)
{
    for_each_option(check_help_and_man, NULL);
}

typedef struct {
    char *bash, *zsh, *fish;
} Scripts;

static void check_completions(const Verb *verb, const Option *option, gpointer data)
{
    const Scripts *scripts = data;
    g_autofree char *long_name = g_strdup_printf(" --%s", option->name);
    g_autofree char *bash_start = g_strdup_printf("        %s) _gourd_words '", verb->name);
    g_autofree char *zsh_start = g_strdup_printf("_gourd-%s() {", verb->name);
    g_autofree char *zsh_name = g_strdup_printf("--%s%s", option->name, option_has_argument(option) ? "=" : "");
    g_autofree char *letter = option->short_name ? g_strdup_printf(" -s %c", option->short_name) : g_strdup("");
    g_autofree char *fish = g_strdup_printf("complete -c gourd -n '__gourd_verb_is %s'%s -l %s ", verb->name, letter,
                                            option->name);

    assert_contains(scripts->bash, bash_start);
    const char *line = strstr(scripts->bash, bash_start);
    g_autofree char *bash = g_strndup(line, (gsize)(strchr(line, '\n') - line));
    assert_contains(bash, long_name);

    assert_contains(scripts->zsh, zsh_start);
    const char *function = strstr(scripts->zsh, zsh_start);
    g_autofree char *zsh = g_strndup(function, (gsize)(strstr(function, "\n}\n") - function));
    assert_contains(zsh, zsh_name);

    assert_contains(scripts->fish, fish);
}

static void every_option_is_in_all_completions(void)
{
    g_autofree char *bash = completion_format_bash(), *zsh = completion_format_zsh(), *fish = completion_format_fish();
    Scripts scripts = {bash, zsh, fish};

    for_each_option(check_completions, &scripts);
    g_assert_null(strstr(bash, "generate"));
    g_assert_null(strstr(zsh, "generate"));
    /* fish lists the names of options with arguments of all verbs. */
    g_assert_null(strstr(fish, "-a generate"));
}

static void synopsis_and_usage_are_the_same(void)
{
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        g_autofree char *usage = verb_format_usage(*verb);
        g_autofree char *help = help_format_verb(*verb, 100, FALSE), *roff = man_format_verb(*verb);
        g_autofree char *man = strip_roff(roff);
        g_autofree char *help_line = g_strdup_printf("Usage: %s\n", usage);
        g_autofree char *man_lines = g_strdup_printf(".SH SYNOPSIS\n%s\n", usage);

        g_assert_true(g_str_has_prefix(help, help_line));
        assert_contains(man, man_lines);
    }
}

static void no_line_of_help_is_wider_than_the_terminal(void)
{
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        g_autofree char *help = help_format_verb(*verb, 80, FALSE);
        g_auto(GStrv) lines = g_strsplit(help, "\n", -1);

        for (char **line = lines; *line; line++) {
            if (g_utf8_strlen(*line, -1) > 80 && !strstr(*line, "gourd "))
                g_error("too wide: %s", *line);
        }
    }
}

static void verbs_and_topics_are_in_overview_and_man_page(void)
{
    g_autofree char *overview = help_format_overview(80, FALSE), *roff = man_format_overview();
    g_autofree char *man = strip_roff(roff);

    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        g_autofree char *line = g_strdup_printf("\n  %s ", (*verb)->name);
        g_autofree char *page = g_strdup_printf("\ngourd-%s(1)\n", (*verb)->name);

        g_assert_cmpint(strstr(overview, line) == NULL, ==, (*verb)->hidden);
        g_assert_cmpint(strstr(man, page) == NULL, ==, (*verb)->hidden);
    }
    for (const Topic *topic = topics; topic->name; topic++) {
        g_autofree char *line = g_strdup_printf("\n  %s ", topic->name);
        g_autofree char *section = g_strdup_printf(".SH %s\n", topic->title);
        g_autofree char *text = topic_format(topic, 80, FALSE);

        assert_contains(overview, line);
        assert_contains(man, section);
        g_assert_null(verb_find(topic->name));
        g_assert_true(g_str_has_suffix(text, "\n"));
    }
}

static void examples_parse_with_the_tables(void)
{
    for (const Verb *const *verb = all_verbs; *verb; verb++) {
        for (const Example *example = (*verb)->examples; example && example->command; example++) {
            g_autoptr(GError) error = NULL;
            const char *begin = strstr(example->command, "gourd ");
            g_auto(GStrv) words = NULL;

            /* Only gourd's part of a pipeline. */
            g_assert_nonnull(begin);
            g_autofree char *command = g_strndup(begin, strcspn(begin, "|>"));
            g_assert_true(g_shell_parse_argv(command, NULL, &words, &error));
            g_assert_cmpstr(words[1], ==, (*verb)->name);
            g_autoptr(Parsed) parsed = parse_arguments(*verb, NULL, (const char *const *)words + 2, &error);
            g_assert_no_error(error);
            g_assert_nonnull(parsed);
        }
    }
}

static void exit_codes_are_numbered_in_order_and_cover_all_errors(void)
{
    guint n_codes = 0;

    for (const ExitCodeRow *row = exit_codes; row->code < EXIT_CODE_NOT_RUN; row++, n_codes++)
        g_assert_cmpint(row->code, ==, n_codes);
    for (guint i = 0; i < 4; i++) /* then those of programs, 125 to 127 */
        g_assert_true(i == 3 ? !exit_codes[n_codes + i].name : exit_codes[n_codes + i].code == EXIT_CODE_NOT_RUN + i);
    for (int code = GOURD_ERROR_FAILED; code <= GOURD_ERROR_NO_EXECUTE; code++) {
        g_autoptr(GError) error = g_error_new_literal(GOURD_ERROR, code, "x");

        g_assert_cmpint(exit_code_of_error(error), >, 0);
        g_assert_cmpint(exit_code_of_error(error), <, n_codes);
        g_assert_cmpint(exit_code_of_run(error), >=, EXIT_CODE_NOT_RUN);
        g_assert_cmpint(exit_code_of_run(error), <=, EXIT_CODE_NO_PROGRAM);
    }
    g_autoptr(GError) foreign = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_EXIST, "x");
    g_assert_cmpint(exit_code_of_error(foreign), ==, EXIT_CODE_FAILED);
}

static const Option *find_build_option(const char *name)
{
    gboolean is_negated = FALSE;
    const Option *option = verb_find_option(verb_find("build"), name, &is_negated);

    g_assert_nonnull(option);
    return option;
}

static void compressors_are_those_of_the_codec_folder(void)
{
    const Option *level = find_build_option("level");
    int highest_of_all = 0;

    for (const OptionChoice *choice = find_build_option("compressor")->choices; choice->name; choice++) {
        int lowest = 0, highest = 0;

        g_assert_cmpstr(choice->name, ==, codec_to_name((Codec)choice->value));
        codec_level_range((Codec)choice->value, &lowest, &highest);
        highest_of_all = MAX(highest_of_all, highest);
        if (highest > 0) {
            g_autofree char *range = g_strdup_printf("%d to %d with %s", lowest, highest, choice->name);
            assert_contains(level->details, range);
        }
    }
    g_assert_cmpint(level->max, ==, highest_of_all);
}

static void suggested_limits_and_all_other_suggestions_are_accepted(void)
{
    for (const char *const *name = find_build_option("limit")->suggestions; *name; name++) {
        g_autofree char *text = g_strdup_printf("%s10", *name);
        g_autoptr(GError) error = NULL;
        ImageLimits limits;

        image_limits_init(&limits);
        g_assert_true(build_limit_apply(&limits, text, &error));
        g_assert_no_error(error);
        assert_contains(find_build_option("limit")->details, g_strdelimit(text, "=", '\0'));
    }
    static const char *const others[] = {"platform", "block-size", "owner"};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        const Option *option = find_build_option(others[i]);

        for (const char *const *value = option->suggestions; *value; value++) {
            g_autoptr(GError) error = NULL;

            g_assert_true(option->check(*value, &error));
            g_assert_no_error(error);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/cli/tables/" #name, name)
    TEST(rows_are_complete_and_names_unique);
    TEST(verbs_are_complete);
    TEST(every_option_is_in_help_and_man_page);
    TEST(every_option_is_in_all_completions);
    TEST(synopsis_and_usage_are_the_same);
    TEST(no_line_of_help_is_wider_than_the_terminal);
    TEST(verbs_and_topics_are_in_overview_and_man_page);
    TEST(examples_parse_with_the_tables);
    TEST(exit_codes_are_numbered_in_order_and_cover_all_errors);
    TEST(compressors_are_those_of_the_codec_folder);
    TEST(suggested_limits_and_all_other_suggestions_are_accepted);
    return g_test_run();
}
