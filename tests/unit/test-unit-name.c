// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit-fixture.h"

static void names_are_escaped_as_systemd_does(void)
{
    static const struct {
        const char *text;
        const char *escaped;
    } cases[] = {
        {"Hallöchen, Meister", "Hall\\xc3\\xb6chen\\x2c\\x20Meister"}, /* systemd-escape(1) */
        {"a/b", "a-b"},
        {"a-b", "a\\x2db"},
        {".a.b", "\\x2ea.b"},
        {"a\\b", "a\\x5cb"},
        {"a:b_c", "a:b_c"},
        {"a@b", "a\\x40b"},
        {"", ""},
        {"/", "-"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *escaped = unit_name_escape(cases[i].text);
        g_autofree char *back = unit_name_unescape(escaped, &error);

        g_assert_cmpstr(escaped, ==, cases[i].escaped);
        g_assert_no_error(error);
        g_assert_cmpstr(back, ==, cases[i].text);
    }
}

static void paths_are_escaped_in_their_shortest_form(void)
{
    static const struct {
        const char *path;
        const char *escaped;
        const char *simple;
    } cases[] = {
        {"/", "-", "/"},
        {"/var/lib/gourd", "var-lib-gourd", "/var/lib/gourd"},
        {"//var//lib/./gourd/", "var-lib-gourd", "/var/lib/gourd"},
        {"/a-b/.c", "a\\x2db-.c", "/a-b/.c"},
        {"/.a", "\\x2ea", "/.a"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *escaped = unit_name_escape_path(cases[i].path, &error);
        g_autofree char *back = unit_name_unescape_path(escaped, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(escaped, ==, cases[i].escaped);
        g_assert_cmpstr(back, ==, cases[i].simple);
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *name = unit_name_for_path("/srv/a b", ".mount", &error);
    g_assert_cmpstr(name, ==, "srv-a\\x20b.mount");
}

static void wrong_escapes_and_paths_are_refused(void)
{
    static const char *const names[] = {"\\", "\\x", "\\x1", "\\xg0", "a\\x00", "\\y41"};
    static const char *const paths[] = {"", "a", "/a/../b"};
    static const char *const escaped_paths[] = {"", "--", "a--b", "-a", "a-", ".-a", "a-..-b"};
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_null(unit_name_unescape(names[i], &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_clear_error(&error);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_assert_null(unit_name_escape_path(paths[i], &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_clear_error(&error);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(escaped_paths); i++) {
        g_assert_null(unit_name_unescape_path(escaped_paths[i], &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_clear_error(&error);
    }
}

/* systemd-escape beside us: the same random texts. */
static void systemd_escape_agrees(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    const char *argv[68] = {"systemd-escape", "--"};
    g_autoptr(GString) wanted = g_string_new(NULL);
    g_autofree char *out = NULL;

    for (gsize i = 2; i < G_N_ELEMENTS(argv) - 1; i++) {
        char *text = fixture_random_text(rand);
        g_autofree char *escaped = unit_name_escape(text);

        argv[i] = text;
        g_string_append_printf(wanted, "%s%s", i > 2 ? " " : "", escaped);
    }
    g_string_append_c(wanted, '\n');
    if (g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL, NULL))
        g_assert_cmpstr(out, ==, wanted->str);
    else
        g_test_skip("no systemd-escape");
    for (gsize i = 2; argv[i]; i++)
        g_free((char *)argv[i]);
}

static void names_are_plain_templates_or_instances(void)
{
    static const struct {
        const char *name;
        guint kind;
    } cases[] = {
        {"a.service", UNIT_NAME_PLAIN},
        {"a-b.c_d:e.timer", UNIT_NAME_PLAIN},
        {"a\\x20b.mount", UNIT_NAME_PLAIN},
        {"-.mount", UNIT_NAME_PLAIN},
        {"a@b.service", UNIT_NAME_INSTANCE},
        {"a@b@c.service", UNIT_NAME_INSTANCE},
        {"a@.service", UNIT_NAME_TEMPLATE},
        {"", 0},
        {".service", 0},
        {"a", 0},
        {"a.exe", 0},
        {"@b.service", 0},
        {"@.service", 0},
        {"a b.service", 0},
        {"ä.service", 0},
        {"a/b.service", 0},
    };
    static const guint kinds[] = {UNIT_NAME_PLAIN, UNIT_NAME_INSTANCE, UNIT_NAME_TEMPLATE};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++)
            g_assert_cmpint(unit_name_is_valid(cases[i].name, kinds[k]), ==, cases[i].kind == kinds[k]);

    g_autofree char *stem = g_strnfill(UNIT_NAME_LENGTH_MAX - strlen(".service"), 'a');
    g_autofree char *longest = g_strconcat(stem, ".service", NULL);
    g_autofree char *longer = g_strconcat("a", longest, NULL);
    g_assert_true(unit_name_is_valid(longest, UNIT_NAME_ANY));
    g_assert_false(unit_name_is_valid(longer, UNIT_NAME_ANY));
}

static void templates_and_instances_belong_together(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = unit_name_with_instance("web@.service", "a b/c", &error);
    g_autofree char *template_name = unit_name_template(name);
    g_autofree char *instance = unit_name_instance(name);

    g_assert_cmpstr(name, ==, "web@a\\x20b-c.service");
    g_assert_cmpstr(template_name, ==, "web@.service");
    g_assert_cmpstr(instance, ==, "a\\x20b-c");
    g_assert_null(unit_name_template("web.service"));
    g_assert_null(unit_name_instance("web@.service"));
    g_assert_null(unit_name_with_instance("web.service", "a", &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

static void services_are_named_by_stack_and_service(void)
{
    static const struct {
        const char *stack;
        const char *service;
        const char *suffix;
        const char *name;
    } cases[] = {
        {NULL, "web", ".service", "web.service"},
        {"shop", "web", ".service", "shop-web.service"},
        {"my-shop", "web.1", ".socket", "my-shop-web.1.socket"},
        {NULL, "a b@c", ".service", "a\\x20b\\x40c.service"},
        {NULL, ".x", ".service", "\\x2ex.service"},
    };
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = unit_name_for_service(cases[i].stack, cases[i].service, cases[i].suffix, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(name, ==, cases[i].name);
    }
    g_autofree char *target = unit_name_for_stack("my-shop", ".target", &error);
    g_autofree char *slice = unit_name_for_stack("my-shop", ".slice", &error);
    g_assert_cmpstr(target, ==, "my-shop.target");
    g_assert_cmpstr(slice, ==, "my\\x2dshop.slice");

    g_autofree char *long_name = g_strnfill(300, 'a');
    g_assert_null(unit_name_for_service(NULL, long_name, ".service", &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_clear_error(&error);
    g_assert_null(unit_name_for_service(NULL, "", ".service", &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

static void dropins_are_found_by_prefix_and_template(void)
{
    g_autofree char *path = unit_dropin_path("/etc/systemd/system", "web.service", "50-gourd");
    g_auto(GStrv) names = unit_dropin_names("foo-bar-baz.service");
    g_auto(GStrv) instance = unit_dropin_names("a-b@x-y.service");
    g_autofree char *joined = g_strjoinv(" ", names);
    g_autofree char *joined_instance = g_strjoinv(" ", instance);

    g_assert_cmpstr(path, ==, "/etc/systemd/system/web.service.d/50-gourd.conf");
    g_assert_cmpstr(joined, ==, "service foo-.service foo-bar-.service foo-bar-baz.service");
    g_assert_cmpstr(joined_instance, ==, "service a-@x-y.service a-b@.service a-b@x-y.service");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(NAME) g_test_add_func("/unit/name/" #NAME, NAME)
    TEST(names_are_escaped_as_systemd_does);
    TEST(paths_are_escaped_in_their_shortest_form);
    TEST(wrong_escapes_and_paths_are_refused);
    TEST(systemd_escape_agrees);
    TEST(names_are_plain_templates_or_instances);
    TEST(templates_and_instances_belong_together);
    TEST(services_are_named_by_stack_and_service);
    TEST(dropins_are_found_by_prefix_and_template);
    return g_test_run();
}
