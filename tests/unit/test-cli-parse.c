// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/build-options.h"
#include "cli/parse.h"

#include <string.h>

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static Parsed *parse_build(const char *const *arguments)
{
    g_autoptr(GError) error = NULL;
    Parsed *parsed = parse_arguments(verb_find("build"), NULL, arguments, &error);

    g_assert_no_error(error);
    return parsed;
}

/* Message and hint, as one text. */
static void assert_verb_refuses(const char *verb, const char *const *arguments, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Parsed) parsed = parse_arguments(verb_find(verb), NULL, arguments, &error);

    g_assert_null(parsed);
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
    if (!strstr(error->message, part))
        g_error("expected '%s' in '%s'", part, error->message);
}

static void assert_refused(const char *const *arguments, const char *part)
{
    assert_verb_refuses("build", arguments, part);
}

static void defaults_come_from_the_table(void)
{
    g_autoptr(Parsed) parsed = parse_build(ARGUMENTS("web.tar"));
    const BuildOptions *options = parsed->options;

    g_assert_null(options->output);
    g_assert_cmpint(options->compressor, ==, CODEC_ZSTD);
    g_assert_cmpint(options->level, ==, OPTION_INT_UNSET);
    g_assert_true(options->index);
    g_assert_cmpint(options->verify, ==, PACK_VERIFY_QUICK);
    g_assert_false(options->force);
    g_assert_cmpuint(options->block_size, ==, PACK_BLOCK_SIZE_DEFAULT);
    g_assert_cmpuint(options->excludes->len, ==, 0);
    g_assert_cmpuint(parsed->operands->len, ==, 1);
    g_assert_null(parsed->operands->pdata[1]);
}

static void an_argument_may_stand_in_four_ways(void)
{
    const char *const *const ways[] = {
        ARGUMENTS("x", "--output", "f"),
        ARGUMENTS("--output=f", "x"),
        ARGUMENTS("-o", "f", "x"),
        ARGUMENTS("-of", "x"),
    };

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(Parsed) parsed = parse_build(ways[i]);
        const BuildOptions *options = parsed->options;

        g_assert_cmpstr(options->output, ==, "f");
        g_assert_cmpstr(parsed->operands->pdata[0], ==, "x");
    }
}

static void letters_of_flags_may_be_joined_and_end_with_an_argument(void)
{
    g_autoptr(Parsed) parsed = parse_build(ARGUMENTS("-qfj3", "x"));
    const BuildOptions *options = parsed->options;

    g_assert_true(options->stack.common.quiet);
    g_assert_true(options->force);
    g_assert_cmpint(options->jobs, ==, 3);
}

static void a_later_option_wins_and_repeated_ones_collect(void)
{
    g_autoptr(Parsed) parsed = parse_build(
        ARGUMENTS("-oa", "--exclude=/1", "x", "--exclude", "*2", "-ob", "--no-index", "--index=no"));
    const BuildOptions *options = parsed->options;

    g_assert_cmpstr(options->output, ==, "b");
    g_assert_cmpuint(options->excludes->len, ==, 2);
    g_assert_cmpstr(options->excludes->pdata[0], ==, "/1");
    g_assert_cmpstr(options->excludes->pdata[1], ==, "*2");
    g_assert_null(options->excludes->pdata[2]);
    g_assert_false(options->index);
}

static void a_negated_flag_can_be_taken_back(void)
{
    g_autoptr(Parsed) parsed = parse_build(ARGUMENTS("--no-index", "--index=no", "--index", "x"));
    const BuildOptions *options = parsed->options;

    g_assert_true(options->index);
}

static void after_two_dashes_all_are_operands(void)
{
    g_autoptr(Parsed) parsed = parse_build(ARGUMENTS("--", "--force"));

    g_assert_cmpstr(parsed->operands->pdata[0], ==, "--force");
    g_assert_false(((const BuildOptions *)parsed->options)->force);
}

static void a_single_dash_is_an_operand(void)
{
    g_autoptr(Parsed) parsed = parse_build(ARGUMENTS("-"));

    g_assert_cmpstr(parsed->operands->pdata[0], ==, "-");
}

static void an_argument_may_begin_with_a_dash(void)
{
    g_autoptr(Parsed) parsed = parse_build(ARGUMENTS("x", "-o", "--odd", "--file", "-"));
    const BuildOptions *options = parsed->options;

    g_assert_cmpstr(options->output, ==, "--odd");
    g_assert_cmpstr(options->stack.files->pdata[0], ==, "-");
}

static void a_verbs_own_version_option_hides_the_common_one(void)
{
    g_autoptr(Parsed) parsed = parse_build(ARGUMENTS("x", "--version", "1.0"));
    const BuildOptions *options = parsed->options;

    g_assert_cmpstr(options->version, ==, "1.0");
    g_assert_false(options->stack.common.version);
}

static void help_needs_no_operand_and_ends_the_reading(void)
{
    g_autoptr(Parsed) parsed = parse_build(ARGUMENTS("--help", "--nonsense"));

    g_assert_true(((const BuildOptions *)parsed->options)->stack.common.help);
    g_assert_cmpuint(parsed->operands->len, ==, 0);
}

static void common_options_may_stand_before_the_verb(void)
{
    g_autoptr(GError) error = NULL;
    CommonOptions common;
    guint used = 0;

    g_assert_true(parse_leading_options(ARGUMENTS("-q", "--color", "never", "build", "-v"), &common, &used, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(used, ==, 3);
    g_assert_true(common.quiet);
    g_assert_false(common.verbose);
    g_assert_cmpint(common.color, ==, COLOR_NEVER);

    g_autoptr(Parsed) parsed = parse_arguments(verb_find("build"), &common, ARGUMENTS("x", "-v"), &error);
    g_assert_no_error(error);
    g_assert_true(((const BuildOptions *)parsed->options)->stack.common.quiet);
    g_assert_true(((const BuildOptions *)parsed->options)->stack.common.verbose);

    g_assert_false(parse_leading_options(ARGUMENTS("--force", "build"), &common, &used, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
}

static void refusals_say_what_is_wrong_and_what_would_be_right(void)
{
    assert_verb_refuses("inspect", ARGUMENTS("--json"),
                        "BUNDLE|SOURCE is missing\nhint: usage: gourd inspect [OPTION]... BUNDLE|SOURCE");
    assert_refused(ARGUMENTS("a", "b"), "unexpected 'b'");
    assert_refused(ARGUMENTS("x", "--forse"), "unknown option '--forse'\nhint: did you mean '--force'?");
    assert_refused(ARGUMENTS("x", "--no-idnex"), "did you mean '--no-index'?");
    assert_refused(ARGUMENTS("x", "--comp=zstd"), "did you mean '--compressor'?");
    assert_refused(ARGUMENTS("x", "--frobnicate"), "'gourd build --help' lists the options");
    assert_refused(ARGUMENTS("x", "-Z"), "unknown option '-Z'");
    assert_refused(ARGUMENTS("x", "-f\xff"), "unknown option '-\\xff'");
    assert_refused(ARGUMENTS("x", "-\xc3\xa9"), "unknown option '-é'");
    assert_refused(ARGUMENTS("x", "-\xc3"), "unknown option '-\\xc3'");
    assert_refused(ARGUMENTS("x", "--output"), "option '--output' needs an argument FILE");
    assert_refused(ARGUMENTS("x", "-fo"), "option '--output' needs an argument FILE");
    assert_refused(ARGUMENTS("x", "--force=yes"), "option '--force' takes no argument");
    assert_refused(ARGUMENTS("x", "--no-index=no"), "option '--no-index' takes no argument");
    assert_refused(ARGUMENTS("x", "--index=maybe"), "'maybe' is neither 'yes' nor 'no'");
    assert_refused(ARGUMENTS("x", "--compressor=zst"), "did you mean 'zstd'? Known are zstd, xz, gzip, lz4 or none");
    assert_refused(ARGUMENTS("x", "--level", "20"), "'20' is not between 1 and 19");
    assert_refused(ARGUMENTS("x", "--level", "-1"), "'-1' is not a whole number");
    assert_refused(ARGUMENTS("x", "--level", ""), "'' is not a whole number");
    assert_refused(ARGUMENTS("x", "-j", "0"), "'0' is not between 1 and");
    assert_refused(ARGUMENTS("x", "-j", "99999999999999999999"), "is not a whole number");
    assert_refused(ARGUMENTS("x", "--block-size=2K"), "a power of two from 4K to 1M");
    assert_refused(ARGUMENTS("x", "--block-size=12K"), "a power of two from 4K to 1M");
    assert_refused(ARGUMENTS("x", "--block-size=2M"), "a power of two from 4K to 1M");
    assert_refused(ARGUMENTS("x", "--limit=entries"), "NAME=VALUE");
    assert_refused(ARGUMENTS("x", "--limit=entires=5"), "there is no limit 'entires'");
    assert_refused(ARGUMENTS("x", "--limit=entries=many"), "'many' is not a size");
    assert_refused(ARGUMENTS("x", "--owner=me"), "'me' is no owner");
    assert_refused(ARGUMENTS("x", "--owner=1:4294967295"), "is no owner");
    assert_refused(ARGUMENTS("x", "--mountpoint=data"), "write it as inside the image: /data");
    assert_refused(ARGUMENTS("x", "--name=a/b"), "cannot be the name of a bundle");
    assert_refused(ARGUMENTS("x", "--name=a_b"), "cannot be the name of a bundle");
    assert_refused(ARGUMENTS("x", "--version="), "cannot be the version of a bundle");
}

static void sizes_have_binary_suffixes(void)
{
    static const struct {
        const char *text;
        guint64 bytes;
    } sizes[] = {
        {"0", 0},           {"4096", 4096},        {"128K", 131072}, {"1M", 1048576}, {"1m", 1048576},
        {"2G", 2147483648}, {"3T", 3298534883328}, {"64KiB", 65536}, {"64KB", 65536},
    };
    static const char *const wrong[] = {"",    "K",   "1.5M", "-1",        "1X",
                                        "1 M", "1MM", "+1",   "99999999T", "18446744073709551616"};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GError) error = NULL;
        guint64 bytes = 1;

        g_assert_true(size_parse(sizes[i].text, &bytes, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(bytes, ==, sizes[i].bytes);
    }
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        guint64 bytes = 1;

        g_assert_false(size_parse(wrong[i], &bytes, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
        g_assert_cmpuint(bytes, ==, 1);
    }
}

static void owners_are_kept_root_or_numbers(void)
{
    g_autoptr(GError) error = NULL;
    OwnerMap owners;

    g_assert_true(build_owner_parse("keep", &owners, &error));
    g_assert_false(owners.replace_owner);
    g_assert_true(build_owner_parse("root", &owners, &error));
    g_assert_true(owners.replace_owner);
    g_assert_cmpuint(owners.uid, ==, 0);
    g_assert_true(build_owner_parse("1000:4294967294", &owners, &error));
    g_assert_cmpuint(owners.uid, ==, 1000);
    g_assert_cmpuint(owners.gid, ==, 4294967294);
}

static void an_unknown_verb_is_answered_with_the_nearest(void)
{
    static const struct {
        const char *verb, *part;
    } cases[] = {
        {"biuld", "did you mean 'build'?"},
        {"bui", "did you mean 'build'?"},
        {"web.tar", "gourd build web.tar"},
        {"docker-archive:x", "gourd build docker-archive:x"},
        {"generat", "'gourd help' lists all verbs"}, /* hidden ones are not told */
        {"", "unknown verb ''"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        verb_set_unknown(cases[i].verb, &error);
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, cases[i].part));
    }
}

static void the_nearest_name_allows_few_slips(void)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    g_assert_null(nearest_name("build", names));
    g_ptr_array_add(names, (char *)"ls");
    g_ptr_array_add(names, (char *)"build");
    g_ptr_array_add(names, (char *)"verify");
    g_assert_cmpstr(nearest_name("sl", names), ==, "ls");
    g_assert_cmpstr(nearest_name("verfiy", names), ==, "verify");
    g_assert_cmpstr(nearest_name("ver", names), ==, "verify");
    g_assert_null(nearest_name("publish", names));
    g_assert_null(nearest_name("", names));
    g_autofree char *longest = g_strnfill(1000, 'a');
    g_assert_null(nearest_name(longest, names));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/cli/parse/" #name, name)
    TEST(defaults_come_from_the_table);
    TEST(an_argument_may_stand_in_four_ways);
    TEST(letters_of_flags_may_be_joined_and_end_with_an_argument);
    TEST(a_later_option_wins_and_repeated_ones_collect);
    TEST(a_negated_flag_can_be_taken_back);
    TEST(after_two_dashes_all_are_operands);
    TEST(a_single_dash_is_an_operand);
    TEST(an_argument_may_begin_with_a_dash);
    TEST(a_verbs_own_version_option_hides_the_common_one);
    TEST(help_needs_no_operand_and_ends_the_reading);
    TEST(common_options_may_stand_before_the_verb);
    TEST(refusals_say_what_is_wrong_and_what_would_be_right);
    TEST(sizes_have_binary_suffixes);
    TEST(owners_are_kept_root_or_numbers);
    TEST(an_unknown_verb_is_answered_with_the_nearest);
    TEST(the_nearest_name_allows_few_slips);
    return g_test_run();
}
