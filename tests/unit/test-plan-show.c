// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-fixture.h"

#include "plan/diff.h"

typedef struct {
    char *root;
    Plan *plan;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->root = make_root();
    fixture->plan = plan_new("test");
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    remove_tree(fixture->root);
    g_free(fixture->root);
    plan_free(fixture->plan);
}

static void check_text(const Fixture *fixture, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *before = describe_tree(fixture->root);

    g_assert_true(plan_to_text(fixture->plan, fixture->root, &text, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, expected);
    /* Showing changes nothing. */
    g_autofree char *after = describe_tree(fixture->root);
    g_assert_cmpstr(before, ==, after);
}

static void what_programs_read_has_a_line(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GBytes) content = g_bytes_new_static("a\n", 2);

    plan_set_brief(fixture->plan, "/var/state");
    plan_write(fixture->plan, "/var/state/a.json", 0644, content);
    plan_write(fixture->plan, "/var/state.txt", 0644, content);
    check_text(fixture, "write /var/state/a.json (2 bytes, mode 0644)\n"
                        "--- /dev/null\n+++ /var/state.txt\n@@ -0,0 +1 @@\n+a\n");
}

static void each_kind_of_change_has_its_line(Fixture *fixture, gconstpointer data)
{
    put_file(fixture->root, "/etc/gone", "x", 0644);
    put_link(fixture->root, "/etc/link", "old");
    put_file(fixture->root, "/volume/x", "x", 0644);
    plan_folder(fixture->plan, "/var/lib/gourd", 0755);
    plan_copy(fixture->plan, "/home/me/web_1.0.raw", "/var/lib/gourd/web_1.0.raw", 0644, NULL);
    plan_link(fixture->plan, "/etc/new", "target");
    plan_link(fixture->plan, "/etc/link", "new");
    plan_remove(fixture->plan, "/etc/gone");
    plan_remove(fixture->plan, "/etc/never");
    plan_purge(fixture->plan, "/volume");
    plan_act(fixture->plan, "reload", NULL, NULL, NULL);
    plan_act(fixture->plan, "restart", "web.service", "restart", "web.service");
    plan_act(fixture->plan, "start", "a", "stop", "a");
    plan_act(fixture->plan, "start", "b\n", NULL, NULL);
    plan_act(fixture->plan, "reload", NULL, NULL, NULL);
    plan_act(fixture->plan, "reload", NULL, NULL, NULL);
    check_text(fixture, "make folder /var/lib/gourd\n"
                        "copy /home/me/web_1.0.raw to /var/lib/gourd/web_1.0.raw\n"
                        "link /etc/new -> target\n"
                        "link /etc/link -> new, which was -> old\n"
                        "remove /etc/gone\n"
                        "delete folder /volume with all that is in it\n"
                        "reload\n"
                        "restart web.service\n"
                        "start a b\\x0a\n"
                        "reload\n"
                        "reload\n");
}

static void files_are_shown_as_diffs(Fixture *fixture, gconstpointer data)
{
    put_file(fixture->root, "/etc/changed", "a\nb\nc\n", 0644);
    put_file(fixture->root, "/etc/same", "a\n", 0644);
    put_file(fixture->root, "/etc/mode", "a\n", 0644);
    write_text(fixture->plan, "/etc/new", 0644, "[Unit]\nDescription=\"x\"\n");
    write_text(fixture->plan, "/etc/changed", 0644, "a\nB\nc\n");
    write_text(fixture->plan, "/etc/same", 0644, "a\n");
    write_text(fixture->plan, "/etc/mode", 0755, "a\n");
    write_text(fixture->plan, "/etc/empty", 0755, "");
    check_text(fixture, "--- /dev/null\n"
                        "+++ /etc/new\n"
                        "@@ -0,0 +1,2 @@\n"
                        "+[Unit]\n"
                        "+Description=\"x\"\n"
                        "--- /etc/changed\n"
                        "+++ /etc/changed\n"
                        "@@ -1,3 +1,3 @@\n"
                        " a\n"
                        "-b\n"
                        "+B\n"
                        " c\n"
                        "change the mode of /etc/mode from 0644 to 0755\n"
                        "write /etc/empty (mode 0755)\n"
                        "--- /dev/null\n"
                        "+++ /etc/empty\n");
}

static void secrets_are_not_shown(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) json = NULL;

    put_file(fixture->root, "/etc/was-secret", "old-secret\n", 0600);
    put_file(fixture->root, "/etc/becomes-secret", "public\n", 0644);
    write_text(fixture->plan, "/etc/new-secret", 0600, "new-secret\n");
    write_text(fixture->plan, "/etc/was-secret", 0644, "public\n");
    write_text(fixture->plan, "/etc/becomes-secret", 0600, "new-secret\n");
    check_text(fixture, "write /etc/new-secret (11 bytes, not shown, mode 0600)\n"
                        "replace /etc/was-secret (7 bytes, mode 0644)\n"
                        "replace /etc/becomes-secret (11 bytes, not shown, mode 0600)\n");
    g_assert_true(plan_to_json(fixture->plan, fixture->root, &json, &error));
    g_autofree char *text = json_dumps(json, 0);
    g_assert_null(strstr(text, "new-secret\\n"));
    g_assert_null(strstr(text, "old-secret"));
}

static void what_is_no_text_is_counted(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GBytes) content = g_bytes_new("\x7f"
                                            "ELF\0",
                                            5);

    plan_write(fixture->plan, "/bin/x", 0755, content);
    check_text(fixture, "write /bin/x (5 bytes, mode 0755)\n");
}

static void control_characters_do_not_reach_the_terminal(Fixture *fixture, gconstpointer data)
{
    write_text(fixture->plan, "/etc/\x1b[2J", 0644, "\ta\x1b]0;x\x07\xff\r\n");
    plan_act(fixture->plan, "start", "a\n+b", NULL, NULL);
    check_text(fixture, "--- /dev/null\n"
                        "+++ /etc/\\x1b[2J\n"
                        "@@ -0,0 +1 @@\n"
                        "+\ta\\x1b]0;x\\x07\\xff\\x0d\n"
                        "start a\\x0a+b\n");
}

static void changes_of_one_path_build_upon_each_other(Fixture *fixture, gconstpointer data)
{
    put_file(fixture->root, "/etc/a", "1\n", 0644);
    write_text(fixture->plan, "/etc/a", 0644, "2\n");
    write_text(fixture->plan, "/etc/a", 0644, "2\n");
    plan_remove(fixture->plan, "/etc/a");
    plan_remove(fixture->plan, "/etc/a");
    plan_link(fixture->plan, "/etc/a", "b");
    check_text(fixture, "--- /etc/a\n"
                        "+++ /etc/a\n"
                        "@@ -1 +1 @@\n"
                        "-1\n"
                        "+2\n"
                        "remove /etc/a\n"
                        "link /etc/a -> b\n");
}

static const char *state_of(Json *changes, gsize i)
{
    return json_string_value(json_object_get(json_array_get(changes, i), "state"));
}

static void json_tells_the_state_of_each_change(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) json = NULL;

    put_file(fixture->root, "/etc/a", "1\n", 0644);
    write_text(fixture->plan, "/etc/a", 0644, "1\n");
    write_text(fixture->plan, "/etc/a", 0640, "2\n");
    plan_remove(fixture->plan, "/etc/a");
    plan_folder(fixture->plan, "/new", 0700);
    plan_act(fixture->plan, "stop", "x", "start", "x");
    g_assert_true(plan_to_json(fixture->plan, fixture->root, &json, &error));
    g_assert_no_error(error);

    Json *changes = json_object_get(json, "changes");
    g_assert_cmpstr(json_string_value(json_object_get(json, "title")), ==, "test");
    g_assert_cmpuint(json_array_size(changes), ==, 5);
    g_assert_cmpstr(state_of(changes, 0), ==, "same");
    g_assert_cmpstr(state_of(changes, 1), ==, "changed");
    g_assert_cmpstr(state_of(changes, 2), ==, "removed");
    g_assert_cmpstr(state_of(changes, 3), ==, "new");
    g_autofree char *second = json_dumps(json_array_get(changes, 1), JSON_SORT_KEYS);
    g_assert_cmpstr(second, ==,
                    "{\"content\": \"2\\n\", \"kind\": \"write\", \"mode\": \"0640\", \"path\": \"/etc/a\", "
                    "\"secret\": false, \"size\": 2, \"state\": \"changed\"}");
    g_autofree char *last = json_dumps(json_array_get(changes, 4), JSON_SORT_KEYS);
    g_assert_cmpstr(last, ==,
                    "{\"argument\": \"x\", \"kind\": \"act\", \"undo_argument\": \"x\", \"undo_verb\": \"start\", "
                    "\"verb\": \"stop\"}");
}

/* --- diffs ------------------------------------------------------------------------------------------------------- */

static char *make_text(GRand *random, guint n_lines, guint n_kinds)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < n_lines; i++)
        g_string_append_printf(text, "line %d\n", g_rand_int_range(random, 0, (gint32)n_kinds));
    if (text->len > 0 && g_rand_boolean(random))
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

/* patch(1) is the judge: it makes the new text of the old one and the diff. */
static void patch_understands_diffs(void)
{
    g_autofree char *root = make_root();
    g_autofree char *program = g_find_program_in_path("patch");
    g_autofree char *file = below(root, "/file"), *patch = below(root, "/patch");
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (guint i = 0; program && i < 100; i++) {
        g_autofree char *old = make_text(random, i % 7 == 0 ? 0 : i, 3 + i % 20);
        g_autofree char *new = make_text(random, i % 11 == 0 ? 0 : i, 3 + i % 20);
        g_autoptr(GBytes) old_bytes = g_bytes_new(old, strlen(old)), new_bytes = g_bytes_new(new, strlen(new));
        g_autoptr(GString) diff = g_string_new(NULL);
        const char *const argv[] = {program, "--quiet", "--fuzz=0", file, patch, NULL};
        g_autofree char *output = NULL, *got = NULL;
        int status;

        if (g_str_equal(old, new))
            continue;
        diff_append(diff, "file", old_bytes, new_bytes);
        g_assert_true(g_file_set_contents(file, old, -1, NULL));
        g_assert_true(g_file_set_contents(patch, diff->str, -1, NULL));
        g_assert_true(
            g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, &status, NULL));
        g_assert_cmpstr(output, ==, "");
        g_assert_cmpint(status, ==, 0);
        if (g_file_get_contents(file, &got, NULL, NULL) || *new)
            g_assert_cmpstr(got, ==, new);
    }
    if (!program)
        g_test_skip("patch is not installed");
    remove_tree(root);
}

static void distant_changes_have_hunks_of_their_own(void)
{
    g_autoptr(GBytes) old = g_bytes_new_static("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n", 36);
    g_autoptr(GBytes) new = g_bytes_new_static("1\n2\nX\n4\n5\n6\n7\n8\n9\n10\n11\n12\nY\n14\n15\n", 35);
    g_autoptr(GString) diff = g_string_new(NULL);

    diff_append(diff, "f", old, new);
    g_assert_cmpstr(diff->str, ==,
                    "--- f\n+++ f\n"
                    "@@ -1,6 +1,6 @@\n 1\n 2\n-3\n+X\n 4\n 5\n 6\n"
                    "@@ -10,6 +10,6 @@\n 10\n 11\n 12\n-13\n+Y\n 14\n 15\n");
}

static void huge_differences_are_shown_in_one_piece(void)
{
    g_autoptr(GString) old = g_string_new("head\n"), new = g_string_new("head\n"), diff = g_string_new(NULL);

    for (guint i = 0; i < 3000; i++) {
        g_string_append_printf(old, "a%u\n", i);
        g_string_append_printf(new, "b%u\n", i);
    }
    g_autoptr(GBytes) old_bytes = g_bytes_new(old->str, old->len), new_bytes = g_bytes_new(new->str, new->len);
    diff_append(diff, "f", old_bytes, new_bytes);
    g_assert_true(g_str_has_prefix(diff->str, "--- f\n+++ f\n@@ -1,3001 +1,3001 @@\n head\n-a0\n-a1\n"));
}

#define TEST(name) g_test_add("/plan/show/" #name, Fixture, NULL, set_up, name, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(each_kind_of_change_has_its_line);
    TEST(what_programs_read_has_a_line);
    TEST(files_are_shown_as_diffs);
    TEST(secrets_are_not_shown);
    TEST(what_is_no_text_is_counted);
    TEST(control_characters_do_not_reach_the_terminal);
    TEST(changes_of_one_path_build_upon_each_other);
    TEST(json_tells_the_state_of_each_change);
    g_test_add_func("/plan/diff/patch_understands_diffs", patch_understands_diffs);
    g_test_add_func("/plan/diff/distant_changes_have_hunks_of_their_own", distant_changes_have_hunks_of_their_own);
    g_test_add_func("/plan/diff/huge_differences_are_shown_in_one_piece", huge_differences_are_shown_in_one_piece);
    return g_test_run();
}
