// SPDX-License-Identifier: LGPL-2.1-or-later
/* What options of install and upgrade become. */
#include "cli/deploy-options.h"
#include "cli/parse.h"

#include <string.h>

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static gboolean apply(const char *const *arguments, ServiceOptions *options, GError **error)
{
    g_autoptr(Parsed) parsed = parse_arguments(verb_find("upgrade"), NULL, arguments, error);

    return parsed && deploy_apply(parsed->options, parsed_words(parsed), options, error);
}

static char *apply_to_text(const char *const *arguments, ServiceOptions *options)
{
    g_autoptr(GError) error = NULL;
    gboolean applied = apply(arguments, options, &error);

    g_assert_no_error(error);
    g_assert_true(applied);
    g_autoptr(Json) json = service_options_to_json(options);
    return json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT);
}

static void assert_options(const char *want, const char *const *arguments)
{
    ServiceOptions options;

    service_options_init(&options);
    char *text = apply_to_text(arguments, &options);
    g_assert_cmpstr(text, ==, want);
    free(text); /* NOLINT: jansson's */
    service_options_clear(&options);
}

static void options_become_what_they_say(void)
{
    assert_options("{}", ARGUMENTS("web"));
    assert_options("{\"memory\":1073741824}", ARGUMENTS("web", "--memory", "1G"));
    assert_options("{\"cpus_per_mille\":1500}", ARGUMENTS("web", "--cpus=1.5"));
    assert_options("{\"entrypoint\":[\"sh\",\"-c\",\"a b\"]}", ARGUMENTS("web", "--entrypoint", "sh -c 'a b'"));
    assert_options("{\"entrypoint\":[]}", ARGUMENTS("web", "--entrypoint", ""));
    assert_options("{\"command\":[\"-x\",\"--y\"]}", ARGUMENTS("web", "--", "-x", "--y"));
    assert_options("{\"command\":[]}", ARGUMENTS("web", "--"));
    assert_options("{\"network\":\"none\",\"profile\":\"strict\",\"restart\":\"no\"}",
                   ARGUMENTS("web", "--network=none", "--profile=strict", "--restart=no"));
    assert_options("{\"health_interval_usec\":90000000}", ARGUMENTS("web", "--health-interval", "1min 30s"));
    assert_options("{\"writable\":[\"/\"]}", ARGUMENTS("web", "--writable"));
    assert_options("{\"writable\":[\"/a\",\"/b\"],\"writable_volatile\":true}",
                   ARGUMENTS("web", "--writable=/a", "--volatile", "--writable=/b"));
    assert_options("{\"steady_sec\":0}", ARGUMENTS("web", "--steady", "0"));
}

static void what_is_wrong_is_said_with_the_option(void)
{
    static const char *const wrong[][2] = {
        {"--cpus", "0"},           {"--cpus", "1x"},           {"--cpus", "nan"},       {"--memory", "0"},
        {"--memory", "x"},         {"--health-interval", "x"}, {"--restart", "maybe"},  {"--entrypoint", "'open"},
        {"--stop-timeout", "-1s"}, {"--health-retries", "0"},  {"--target", "debian0"}, {"--reset", "colour"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *option = g_strdup_printf("option '%s'", wrong[i][0]);
        ServiceOptions options;

        service_options_init(&options);
        g_assert_false(apply(ARGUMENTS("web", wrong[i][0], wrong[i][1]), &options, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
        if (!strstr(error->message, option))
            g_error("%s", error->message);
        service_options_clear(&options);
    }
}

static void what_is_given_replaces_and_all_else_stays(void)
{
    ServiceOptions options;

    service_options_init(&options);
    free(apply_to_text(ARGUMENTS("web", "-e", "A=1", "-e", "B=2", "--pids", "5", "--notify", "--", "x"), &options));
    char *text = apply_to_text(ARGUMENTS("web", "-e", "C=3", "--user", "7"), &options);
    g_assert_cmpstr(text, ==,
                    "{\"command\":[\"x\"],\"environment\":[\"C=3\"],\"notify\":true,\"pids\":5,\"user\":\"7\"}");
    free(text); /* NOLINT: jansson's */
    text = apply_to_text(ARGUMENTS("web", "--reset", "notify", "--reset=pids", "--reset=command"), &options);
    g_assert_cmpstr(text, ==, "{\"environment\":[\"C=3\"],\"user\":\"7\"}");
    free(text); /* NOLINT: jansson's */
    text = apply_to_text(ARGUMENTS("web", "--reset", "all", "--pids", "6"), &options);
    g_assert_cmpstr(text, ==, "{\"pids\":6}");
    free(text); /* NOLINT: jansson's */
    service_options_clear(&options);
}

/* Every option of the service can be given and taken back: the tables of rows, of --reset and of what becomes what agree. */
static void every_option_can_be_reset(void)
{
    const Verb *verb = verb_find("upgrade");
    GStrv names = (GStrv)deploy_reset_names;
    guint n_options = 0;

    for (const OptionGroup *group = verb->groups + 1; group->title; group++) {
        for (const Option *option = group->options; option->name; option++, n_options++) {
            if (!g_strv_contains((const char *const *)names, option->name))
                g_error("--reset does not know %s", option->name);
        }
    }
    g_assert_cmpuint(g_strv_length(names), ==, n_options + 2); /* all, command */
}

static void install_and_upgrade_know_the_same_options(void)
{
    const OptionGroup *install = verb_find("install")->groups + 1, *upgrade = verb_find("upgrade")->groups + 1;

    for (; install->title; install++, upgrade++) {
        g_assert_cmpstr(install->title, ==, upgrade->title);
        g_assert_true(install->options == upgrade->options);
    }
    g_assert_null(upgrade->title);
}

static void words_of_sandbox_network_and_restart_are_those_of_services(void)
{
    static const struct {
        const char *option;
        const char *const *words;
    } rows[] = {{"profile", service_profile_words},
                {"network", service_network_words},
                {"restart", service_restart_words}};
    gboolean negated;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const OptionChoice *choice = verb_find_option(verb_find("install"), rows[i].option, &negated)->choices;

        for (guint j = 0; rows[i].words[j]; j++, choice++) {
            g_assert_cmpstr(choice->name, ==, rows[i].words[j]);
            g_assert_cmpint(choice->value, ==, j + 1);
        }
        g_assert_null(choice->name);
    }
    const char *const *allowed = verb_find_option(verb_find("install"), "allow", &negated)->suggestions;
    const char *details = verb_find_option(verb_find("install"), "allow", &negated)->details;
    for (const ServiceLoosening *row = service_loosenings(); row->name; row++, allowed++) {
        g_autofree char *marked = g_strdup_printf("`%s`", row->name);

        g_assert_cmpstr(*allowed, ==, row->name);
        g_assert_nonnull(strstr(details, marked));
    }
    g_assert_null(*allowed);
}

static void a_file_of_variables_is_read_as_docker_does(void)
{
    static const char text[] =
        "\xef\xbb\xbf# comment\nA=1\r\n\n  B=\"x\" # no comment\nC=a=b\nGOURD_TEST_SET\nGOURD_TEST_UNSET\nD=";
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;

    g_setenv("GOURD_TEST_SET", "here", TRUE);
    g_assert_true(env_file_parse(text, strlen(text), lines, &error));
    g_ptr_array_add(lines, NULL);
    g_autofree char *joined = g_strjoinv("|", (char **)lines->pdata);
    g_assert_cmpstr(joined, ==, "A=1|B=\"x\" # no comment|C=a=b|GOURD_TEST_SET=here|D=");
    g_assert_false(env_file_parse("A=1\nexport PASSWORD=geheim\n", 27, lines, &error));
    g_assert_nonnull(strstr(error->message, "line 2"));
    g_assert_null(strstr(error->message, "geheim"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/cli/deploy/" #name, name)
    TEST(options_become_what_they_say);
    TEST(what_is_wrong_is_said_with_the_option);
    TEST(what_is_given_replaces_and_all_else_stays);
    TEST(every_option_can_be_reset);
    TEST(install_and_upgrade_know_the_same_options);
    TEST(words_of_sandbox_network_and_restart_are_those_of_services);
    TEST(a_file_of_variables_is_read_as_docker_does);
    return g_test_run();
}
