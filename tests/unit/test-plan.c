// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-fixture.h"
#include "supervise.h"

typedef struct {
    char *root;
    GString *done;
    Deeds deeds;
    PlanActor actor;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->root = make_root();
    fixture->done = g_string_new(NULL);
    fixture->deeds = (Deeds){fixture->root, fixture->done};
    fixture->actor = (PlanActor){.act = do_deed, .data = &fixture->deeds};
    put_file(fixture->root, JOURNAL ".beside", "", 0600);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    remove_tree(fixture->root);
    g_free(fixture->root);
    g_string_free(fixture->done, TRUE);
}

static void apply(Fixture *fixture, const Plan *plan)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(plan_apply(plan, fixture->root, JOURNAL, &fixture->actor, &error));
    g_assert_no_error(error);
    g_assert_false(is_there(fixture->root, JOURNAL));
}

/* Applying fails, and leaves all as it was. Returns the message. */
static char *apply_in_vain(Fixture *fixture, const Plan *plan, GourdError code)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = describe_tree(fixture->root);

    g_assert_false(plan_apply(plan, fixture->root, JOURNAL, &fixture->actor, &error));
    g_assert_error(error, GOURD_ERROR, (int)code);

    g_autofree char *after = describe_tree(fixture->root);
    g_assert_cmpstr(before, ==, after);
    return g_strdup(error->message);
}

static mode_t mode_of(Fixture *fixture, const char *path)
{
    g_autofree char *full = below(fixture->root, path);
    struct stat status;

    g_assert_cmpint(lstat(full, &status), ==, 0);
    return status.st_mode & 07777;
}

static void changes_happen_in_order(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) plan = plan_new("test");
    g_autofree char *bundle = below(fixture->root, "/source.raw");

    put_file(fixture->root, "/source.raw", "bundle", 0600);
    put_file(fixture->root, "/etc/old", "old", 0644);
    put_file(fixture->root, "/etc/gone", "gone", 0644);
    put_link(fixture->root, "/etc/link", "a");
    plan_folder(plan, "/var/lib/x/y", 0710);
    plan_copy(plan, bundle, "/var/lib/bundles/a.raw", 0644, NULL);
    write_text(plan, "/etc/systemd/system/a.service", 0644, "[Unit]\n");
    write_text(plan, "/etc/old", 0600, "new");
    plan_link(plan, "/etc/link", "b");
    plan_link(plan, "/etc/other", "../c");
    plan_remove(plan, "/etc/gone");
    plan_remove(plan, "/etc/never-there");
    plan_act(plan, "reload", NULL, "reload", NULL);
    plan_act(plan, "start", "a.service", NULL, NULL);
    g_assert_cmpuint(plan_length(plan), ==, 10);
    apply(fixture, plan);

    g_assert_cmpuint(mode_of(fixture, "/var/lib/x/y"), ==, 0710);
    g_assert_cmpuint(mode_of(fixture, "/var/lib/x"), ==, 0755);
    g_assert_cmpuint(mode_of(fixture, "/var/lib/bundles/a.raw"), ==, 0644);
    g_assert_cmpuint(mode_of(fixture, "/etc/old"), ==, 0600);
    g_autofree char *copied = get_file(fixture->root, "/var/lib/bundles/a.raw");
    g_assert_cmpstr(copied, ==, "bundle");
    g_autofree char *written = get_file(fixture->root, "/etc/old");
    g_assert_cmpstr(written, ==, "new");
    g_autofree char *link = below(fixture->root, "/etc/link");
    g_autofree char *target = g_file_read_link(link, NULL);
    g_assert_cmpstr(target, ==, "b");
    g_assert_false(is_there(fixture->root, "/etc/gone"));
    g_assert_cmpstr(fixture->done->str, ==, "reload ;start a.service;");

    /* Nothing hidden is left. */
    g_autofree char *all = describe_tree(fixture->root);
    g_assert_null(strstr(all, ".gourd-"));
}

static void a_failed_action_undoes_everything(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) plan = plan_new("test");
    g_autofree char *bundle = below(fixture->root, "/source.raw");

    put_file(fixture->root, "/source.raw", "bundle", 0600);
    put_file(fixture->root, "/etc/old", "old", 0640);
    put_file(fixture->root, "/etc/gone", "gone", 0644);
    put_file(fixture->root, "/etc/purged/a/b", "gone", 0644);
    put_link(fixture->root, "/etc/link", "a");
    plan_folder(plan, "/var/lib/x/y", 0710);
    plan_act(plan, "touch", "/var/lib/x/y/z", "untouch", "/var/lib/x/y/z");
    plan_copy(plan, bundle, "/var/lib/bundles/a.raw", 0644, NULL);
    write_text(plan, "/etc/systemd/system/a.service", 0644, "[Unit]\n");
    write_text(plan, "/etc/old", 0600, "new");
    write_text(plan, "/etc/old", 0600, "newer");
    plan_remove(plan, "/etc/old");
    write_text(plan, "/etc/old", 0600, "newest");
    plan_link(plan, "/etc/link", "b");
    plan_remove(plan, "/etc/gone");
    plan_purge(plan, "/etc/purged");
    plan_act(plan, "reload", NULL, "reload", NULL);
    plan_act(plan, "start", "b", NULL, NULL);
    plan_act(plan, "fail", "a", "restart", "a");
    plan_act(plan, "start", "c", "stop", "c");

    g_autofree char *message = apply_in_vain(fixture, plan, GOURD_ERROR_FAILED);
    g_assert_cmpstr(message, ==, "it failed");
    g_assert_cmpstr(fixture->done->str, ==,
                    "touch /var/lib/x/y/z;reload ;start b;fail a;untouch /var/lib/x/y/z;reload ;restart a;");
}

static void an_undo_that_fails_is_said(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) plan = plan_new("test");

    write_text(plan, "/a", 0644, "a");
    plan_act(plan, "fail", NULL, "fail", "again");
    g_autofree char *message = apply_in_vain(fixture, plan, GOURD_ERROR_FAILED);
    g_assert_cmpstr(message, ==, "it failed; and while undoing: cannot fail 'again': it failed");
}

static void what_is_so_already_is_left_alone(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) plan = plan_new("test");

    put_file(fixture->root, "/etc/a", "a", 0644);
    put_link(fixture->root, "/etc/b", "a");
    write_text(plan, "/etc/a", 0644, "a");
    plan_link(plan, "/etc/b", "a");
    plan_folder(plan, "/etc", 0700);
    plan_remove(plan, "/nothing");
    plan_purge(plan, "/nothing");
    g_autofree char *before = describe_tree(fixture->root);
    apply(fixture, plan);
    g_autofree char *after = describe_tree(fixture->root);
    g_assert_cmpstr(before, ==, after);

    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(plan_to_text(plan, fixture->root, &text, &error));
    g_assert_cmpstr(text, ==, "");
}

static void only_what_may_be_replaced_is(Fixture *fixture, gconstpointer data)
{
    g_autofree char *bundle = below(fixture->root, "/source.raw");

    put_file(fixture->root, "/source.raw", "bundle", 0600);
    put_file(fixture->root, "/etc/file", "a", 0644);
    put_link(fixture->root, "/etc/link", "a");
    put_file(fixture->root, "/etc/folder/file", "a", 0644);
    struct {
        const char *path, *message;
        char kind;
    } cases[] = {
        {"/etc/link", "'/etc/link' is a symbolic link, not a file that could be replaced", 'w'},
        {"/etc/folder", "'/etc/folder' is a folder, not a file that could be replaced", 'w'},
        {"/etc/file", "'/etc/file' is a file, not a symbolic link", 'l'},
        {"/etc/file", "'/etc/file' is a file, not a folder", 'f'},
        {"/etc/folder", "'/etc/folder' is a folder, not a file or a link", 'r'},
        {"/etc/file", "'/etc/file' exists already", 'c'},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Plan) plan = plan_new("test");
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;

        write_text(plan, "/new/file", 0644, "a");
        if (cases[i].kind == 'w')
            write_text(plan, cases[i].path, 0644, "b");
        else if (cases[i].kind == 'l')
            plan_link(plan, cases[i].path, "b");
        else if (cases[i].kind == 'f')
            plan_folder(plan, cases[i].path, 0755);
        else if (cases[i].kind == 'r')
            plan_remove(plan, cases[i].path);
        else
            plan_copy(plan, bundle, cases[i].path, 0644, NULL);
        if (cases[i].kind != 'f') {
            g_autofree char *message = apply_in_vain(fixture, plan, GOURD_ERROR_EXISTS);

            g_assert_cmpstr(message, ==, cases[i].message);
        }
        g_assert_false(plan_to_text(plan, fixture->root, &text, &error));
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static void links_do_not_lead_out_of_the_root(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) plan = plan_new("test");
    g_autofree char *outside = make_root();
    g_autofree char *inside = below(fixture->root, "/etc");

    /* /etc/a is a link to a folder that exists on the machine, and, as it happens, in the root. */
    g_assert_cmpint(g_mkdir_with_parents(inside, 0755), ==, 0);
    put_link(fixture->root, "/etc/a", outside);
    put_file(fixture->root, outside, "", 0644);
    g_autofree char *target = below(fixture->root, outside);
    g_assert_cmpint(unlink(target), ==, 0);
    g_assert_cmpint(g_mkdir(target, 0755), ==, 0);
    put_link(fixture->root, "/etc/up", "../../../../../../../..");
    write_text(plan, "/etc/a/file", 0644, "x");
    write_text(plan, "/etc/up/top", 0644, "y");
    apply(fixture, plan);
    g_assert_false(is_there(outside, "/file"));
    g_assert_true(is_there(target, "/file"));
    g_assert_true(is_there(fixture->root, "/top"));
    remove_tree(outside);
}

/* As with kernels before 5.6, and in sandboxes that do not know it. */
static int apply_without_openat2(gpointer data)
{
    Fixture *fixture = data;
    g_autoptr(Plan) good = plan_new("good"), bad = plan_new("bad");

    g_assert_true(deny_call(SYS_openat2, ENOSYS));
    put_file(fixture->root, "/volume/a/b", "x", 0644);
    put_link(fixture->root, "/etc/link", "/tmp");
    write_text(good, "/a/b/c/d", 0644, "x");
    plan_link(good, "/a/b/c/link", "d");
    plan_remove(good, "/a/b/c/link");
    plan_purge(good, "/volume");
    apply(fixture, good);
    g_assert_true(is_there(fixture->root, "/a/b/c/d"));
    g_assert_false(is_there(fixture->root, "/volume"));

    write_text(bad, "/etc/link/gourd-escaped", 0644, "x");
    g_free(apply_in_vain(fixture, bad, GOURD_ERROR_FAILED));
    g_assert_false(is_there("", "/tmp/gourd-escaped"));
    return 0;
}

static void without_openat2_links_are_refused(Fixture *fixture, gconstpointer data)
{
    int status;
    pid_t child = fork();

    g_assert_cmpint(child, >=, 0);
    if (child == 0)
        _exit(apply_without_openat2(fixture));
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
}

static void paths_are_plain(Fixture *fixture, gconstpointer data)
{
    const char *const paths[] = {"/", "a", "", "//a", "/a/", "/a/../b", "/a/./b", "/a\xff"};

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(Plan) plan = plan_new("test");

        plan_remove(plan, paths[i]);
        g_free(apply_in_vain(fixture, plan, GOURD_ERROR_INPUT));
    }
}

static void a_copy_is_verified(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) good = plan_new("good"), bad = plan_new("bad");
    g_autofree char *source = below(fixture->root, "/source.raw");
    Digest digest;

    put_file(fixture->root, "/source.raw", "bundle", 0600);
    digest_of_bytes("bundle", 6, &digest);
    plan_copy(good, source, "/good", 0644, &digest);
    apply(fixture, good);
    digest.bytes[5] ^= 1;
    plan_copy(bad, source, "/bad", 0644, &digest);
    g_free(apply_in_vain(fixture, bad, GOURD_ERROR_DIFFERS));
}

static void a_purge_leaves_nothing(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) plan = plan_new("test");
    g_autoptr(GString) deep = g_string_new("/var/lib/volume");

    for (guint i = 0; i < 500; i++)
        g_string_append(deep, "/d");
    g_string_append(deep, "/file");
    put_file(fixture->root, deep->str, "", 0400);
    put_file(fixture->root, "/var/lib/volume/.hidden/x", "", 0644);
    put_file(fixture->root, "/outside", "precious", 0644);
    put_link(fixture->root, "/var/lib/volume/link", "../../../outside");
    plan_purge(plan, "/var/lib/volume");
    apply(fixture, plan);
    g_assert_false(is_there(fixture->root, "/var/lib/volume"));
    g_assert_true(is_there(fixture->root, "/outside"));
    g_autofree char *all = describe_tree(fixture->root);
    g_assert_null(strstr(all, ".gourd-"));
}

static void an_interrupted_plan_is_not_run_over(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Plan) plan = plan_new("test");
    const char *journal = "{\"format\": 1, \"title\": \"t\", \"token\": \"0123456789abcdef\", \"state\": \"applying\","
                          " \"changes\": []}";
    PlanRecovery recovery;
    g_autoptr(GError) error = NULL;
    g_autofree char *title = NULL;

    put_file(fixture->root, JOURNAL, journal, 0600);
    g_free(apply_in_vain(fixture, plan, GOURD_ERROR_EXISTS));
    g_assert_true(plan_recover(fixture->root, JOURNAL, &fixture->actor, &recovery, &title, &error));
    g_assert_no_error(error);
    g_assert_cmpint(recovery, ==, PLAN_UNDONE);
    g_assert_cmpstr(title, ==, "t");
    apply(fixture, plan);
    g_assert_true(plan_recover(fixture->root, JOURNAL, &fixture->actor, &recovery, NULL, &error));
    g_assert_cmpint(recovery, ==, PLAN_NOTHING_TO_RECOVER);
}

static void a_journal_of_others_is_not_believed(Fixture *fixture, gconstpointer data)
{
    const char *const bad[] = {
        "",
        "{}",
        "{\"format\": 2}",
        "{\"format\": 1, \"title\": \"t\", \"token\": \"../../etc/passwd\", \"state\": \"done\", \"changes\": []}",
        "{\"format\": 1, \"title\": \"t\", \"token\": \"0123456789abcdef\", \"state\": \"done\", \"changes\": "
        "[{\"kind\": \"write\", \"path\": \"/a/../../b\"}]}",
        "{\"format\": 1, \"title\": \"t\", \"token\": \"0123456789abcdef\", \"state\": \"done\", \"changes\": [], "
        "\"folders\": [\"..\"]}",
        "{\"format\": 1, \"title\": \"t\", \"token\": \"0123456789abcdef\", \"state\": \"done\", \"changes\": [], "
        "\"acted\": 1}",
    };
    const char *good = "{\"format\": 1, \"title\": \"t\", \"token\": \"0123456789abcdef\", \"state\": \"done\","
                       " \"changes\": []}";
    PlanRecovery recovery;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        put_file(fixture->root, JOURNAL, bad[i], 0600);
        g_assert_false(plan_recover(fixture->root, JOURNAL, &fixture->actor, &recovery, NULL, &error));
        g_assert_true(g_str_has_prefix(error->message, "cannot read the journal '" JOURNAL "': "));
    }
    g_autoptr(GError) error = NULL;
    put_file(fixture->root, JOURNAL, good, 0620);
    g_assert_false(plan_recover(fixture->root, JOURNAL, &fixture->actor, &recovery, NULL, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

#define TEST(name) g_test_add("/plan/" #name, Fixture, NULL, set_up, name, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(changes_happen_in_order);
    TEST(a_failed_action_undoes_everything);
    TEST(an_undo_that_fails_is_said);
    TEST(what_is_so_already_is_left_alone);
    TEST(only_what_may_be_replaced_is);
    TEST(links_do_not_lead_out_of_the_root);
    TEST(without_openat2_links_are_refused);
    TEST(paths_are_plain);
    TEST(a_copy_is_verified);
    TEST(a_purge_leaves_nothing);
    TEST(an_interrupted_plan_is_not_run_over);
    TEST(a_journal_of_others_is_not_believed);
    return g_test_run();
}
