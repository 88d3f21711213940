// SPDX-License-Identifier: LGPL-2.1-or-later

/* Hosts that are not running, and what needs no systemd. For the rest see tests/system/host.test. */

#include "plan-fixture.h"

#include "host/host-private.h"

#include <sys/wait.h>

static Host *open_host(const char *root)
{
    g_autoptr(GError) error = NULL;
    Host *host = host_open(root, &error);

    g_assert_no_error(error);
    return host;
}

static void make_folder(const char *root, const char *path)
{
    g_autofree char *full = below(root, path);

    g_assert_cmpint(g_mkdir_with_parents(full, 0755), ==, 0);
}

static void a_root_is_absolute_and_not_live(void)
{
    g_autofree char *root = make_root();
    g_autofree char *odd = g_strconcat(root, "/./", NULL);
    g_autoptr(Host) host = open_host(odd);
    g_autofree char *path = host_path(host, "/etc/x"), *expected = below(root, "/etc/x");

    g_assert_cmpstr(host_root(host), ==, root);
    g_assert_cmpstr(path, ==, expected);
    g_assert_false(host_is_live(host));
    remove_tree(root);

    g_autoptr(GError) error = NULL;
    g_assert_null(host_open(root, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);

    g_autoptr(Host) own = open_host(NULL);
    g_autofree char *own_path = host_path(own, "/etc/x");
    g_assert_cmpstr(host_root(own), ==, "/");
    g_assert_cmpstr(own_path, ==, "/etc/x");
}

static void the_version_is_found_in_files(void)
{
    const struct {
        const char *path, *content;
        guint version;
    } cases[] = {
        {"/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", "", 252},
        {"/usr/lib/systemd/libsystemd-shared-257.7-1.fc42.so", "", 257},
        {"/lib/systemd/libsystemd-shared-249.so", "", 249},
        {"/usr/lib64/systemd/libsystemd-shared-255.so", "", 255},
        {"/var/lib/dpkg/status",
         "Package: systemd-sysv\nVersion: 1\n\nPackage: systemd\nStatus: ok\nVersion: 262~rc1-2\n", 262},
        {"/usr/lib/systemd/libsystemd-shared-.so", "", 0},
        {"/var/lib/dpkg/status", "Package: systemd-boot\nVersion: 252\n", 0},
        {"/etc/passwd", "", 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *root = make_root();
        g_autoptr(Host) host = open_host(root);
        g_autoptr(GError) error = NULL;
        guint version = 0;

        put_file(root, cases[i].path, cases[i].content, 0644);
        g_assert_cmpint(host_systemd_version(host, &version, &error), ==, cases[i].version != 0);
        g_assert_cmpuint(version, ==, cases[i].version);
        if (cases[i].version == 0) {
            g_assert_error(error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
            g_assert_nonnull(strstr(error->message, "--target"));
        }
        remove_tree(root);
    }
}

static void of_two_versions_the_newer_counts(void)
{
    g_autofree char *root = make_root();
    g_autoptr(Host) host = open_host(root);
    g_autoptr(GError) error = NULL;
    guint version;

    put_file(root, "/usr/lib/systemd/libsystemd-shared-256.so", "", 0644);
    put_file(root, "/usr/lib/systemd/libsystemd-shared-257.so", "", 0644);
    g_assert_true(host_systemd_version(host, &version, &error));
    g_assert_cmpuint(version, ==, 257);
    remove_tree(root);
}

static void check_unit(const Host *host, const char *unit, const char *expected)
{
    g_autofree char *path = host_find_unit(host, unit);

    g_assert_cmpstr(path, ==, expected);
}

static void units_are_found_as_systemd_finds_them(void)
{
    g_autofree char *root = make_root();
    g_autoptr(Host) host = open_host(root);

    put_file(root, "/usr/lib/systemd/system/a.service", "", 0644);
    put_file(root, "/run/systemd/system/a.service", "", 0644);
    check_unit(host, "a.service", "/run/systemd/system/a.service");
    put_file(root, "/etc/systemd/system/a.service", "", 0644);
    check_unit(host, "a.service", "/etc/systemd/system/a.service");
    /* A masked unit is one, too. */
    put_link(root, "/etc/systemd/system/masked.service", "/dev/null");
    check_unit(host, "masked.service", "/etc/systemd/system/masked.service");
    check_unit(host, "b.service", NULL);
    check_unit(host, "../system/a.service", NULL);
    check_unit(host, "", NULL);
    remove_tree(root);
}

static void links_of_another_root_stay_in_it(void)
{
    g_autofree char *root = make_root();
    g_autoptr(Host) host = open_host(root);

    put_file(root, "/moved/a.service", "", 0644);
    make_folder(root, "/etc/systemd");
    put_link(root, "/etc/systemd/system", "/moved");
    check_unit(host, "a.service", "/etc/systemd/system/a.service");
    remove_tree(root);
}

static void users_are_those_of_the_root(void)
{
    g_autofree char *root = make_root();
    g_autoptr(Host) host = open_host(root);
    g_autoptr(Host) own = open_host(NULL);
    guint32 uid = 1, gid = 1;

    g_assert_false(host_find_user(host, "root", &uid, &gid));
    put_file(root, "/etc/passwd", "bad\nx:x:y:1\na:x:12:34:A:/:/bin/sh\nab:x:-1:4294967295\nlast:x:7:8", 0644);
    g_assert_true(host_find_user(host, "a", &uid, &gid));
    g_assert_cmpuint(uid, ==, 12);
    g_assert_cmpuint(gid, ==, 34);
    g_assert_true(host_find_user(host, "last", &uid, &gid));
    g_assert_false(host_find_user(host, "x", &uid, &gid));
    g_assert_false(host_find_user(host, "ab", &uid, &gid));
    g_assert_false(host_find_user(host, "root", &uid, &gid));
    g_assert_true(host_find_user(own, "root", &uid, &gid));
    g_assert_cmpuint(uid, ==, 0);
    remove_tree(root);
}

static void nothing_is_started_on_a_root_at_rest(void)
{
    g_autofree char *root = make_root();
    g_autoptr(Host) host = open_host(root);
    const char *const verbs[] = {"reload", "start", "stop", "restart", "reset-failed", "restart-all", "steady"};
    HostUnit unit;

    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_true(host_act(verbs[i], "a.service", host, &error));
        g_assert_no_error(error);
    }
    g_autoptr(GError) error = NULL, unsupported = NULL, usage = NULL;
    g_assert_false(host_act("format", "/dev/sda", host, &unsupported));
    g_assert_error(unsupported, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
    g_assert_false(host_act("start", NULL, host, &usage));
    g_assert_error(usage, GOURD_ERROR, GOURD_ERROR_USAGE);
    g_assert_false(host_get_unit(host, "a.service", &unit, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
    remove_tree(root);
}

static void users_and_folders_are_made_in_a_root(void)
{
    g_autofree char *root = make_root();
    g_autoptr(Host) host = open_host(root);
    g_autoptr(GError) error = NULL;
    guint32 uid, gid;
    struct stat status;

    if (geteuid() != 0) {
        g_test_skip("users are made by root");
    } else {
        put_file(root, "/etc/sysusers.d/gourd-web.conf", "u gourd-web 777 \"web\" /nonexistent\n", 0644);
        put_file(root, "/etc/tmpfiles.d/gourd-web.conf", "d /var/lib/web 0750 gourd-web gourd-web -\n", 0644);
        g_assert_true(host_act("sysusers", "/etc/sysusers.d/gourd-web.conf", host, &error));
        g_assert_no_error(error);
        g_assert_true(host_act("tmpfiles", "/etc/tmpfiles.d/gourd-web.conf", host, &error));
        g_assert_no_error(error);
        g_assert_true(host_find_user(host, "gourd-web", &uid, &gid));
        g_assert_cmpuint(uid, ==, 777);
        g_autofree char *folder = below(root, "/var/lib/web");
        g_assert_cmpint(stat(folder, &status), ==, 0);
        g_assert_cmpuint(status.st_uid, ==, 777);
        g_assert_cmpuint(status.st_mode & 07777, ==, 0750);
    }
    remove_tree(root);
}

static void a_root_without_journal_has_no_lines(void)
{
    g_autofree char *root = make_root();
    g_autoptr(Host) host = open_host(root);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) lines = NULL;

    g_assert_true(host_read_journal(host, "a.service", 0, 10, &lines, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(lines->len, ==, 0);
    remove_tree(root);
}

static void ends_of_processes_have_names(void)
{
    const struct {
        gint32 code, status;
        const char *text;
    } cases[] = {
        {CLD_EXITED, 0, "exit status 0"},
        {CLD_EXITED, 1, "exit status 1"},
        {CLD_EXITED, 203, "exit status 203/EXEC (its program cannot be run)"},
        {CLD_EXITED, 201, "exit status 201/NICE"},
        {CLD_KILLED, SIGKILL, "killed by SIGKILL"},
        {CLD_DUMPED, SIGSEGV, "killed by SIGSEGV, core dumped"},
        {CLD_KILLED, 34, "killed by signal 34"},
        {0, 0, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = exit_status_describe(cases[i].code, cases[i].status);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static char *run_in_vain(const char *program, const char *script, guint64 timeout_usec, GourdError code)
{
    const char *const argv[] = {program, "-c", script, NULL};
    g_autoptr(GError) error = NULL;

    g_assert_false(tool_run(argv, timeout_usec, NULL, &error));
    g_assert_error(error, GOURD_ERROR, (int)code);
    return g_strdup(error->message);
}

static void a_tool_that_fails_says_why(void)
{
    const char *const good[] = {"sh", "-c", "cat; echo out; echo err >&2", NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;

    g_assert_true(tool_run(good, G_USEC_PER_SEC * 10, &output, &error));
    g_assert_cmpstr(output, ==, "out\n");
    g_autofree char *failed = run_in_vain("sh", "echo a >&2; echo b >&2; exit 3", G_USEC_PER_SEC * 10,
                                          GOURD_ERROR_FAILED);
    g_assert_cmpstr(failed, ==, "sh failed (exit status 3): b");
    g_autofree char *killed = run_in_vain("sh", "kill -9 $$", G_USEC_PER_SEC * 10, GOURD_ERROR_FAILED);
    g_assert_cmpstr(killed, ==, "sh failed (killed by SIGKILL)");
    g_autofree char *late = run_in_vain("sh", "exec sleep 100", G_USEC_PER_SEC, GOURD_ERROR_FAILED);
    g_assert_cmpstr(late, ==, "sh did not end within 1 s");
    g_autofree char *missing = run_in_vain("gourd-no-such", "", G_USEC_PER_SEC, GOURD_ERROR_NOT_FOUND);
    g_assert_cmpstr(missing, ==, "there is no program 'gourd-no-such' here");
}

static void the_exposure_of_a_unit_is_known(void)
{
    const char *const names[] = {"a.service", "a:b@c\\x20d.service"};
    guint open_exposure, closed_exposure;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Json) rows = NULL;

        g_assert_true(
            host_analyze_security(names[i], "[Service]\nExecStart=/bin/true\n", &open_exposure, &rows, &error));
        g_assert_no_error(error);
        g_assert_true(host_analyze_security(names[i],
                                            "[Service]\nExecStart=/bin/true\nDynamicUser=yes\nPrivateDevices=yes\n"
                                            "CapabilityBoundingSet=\nPrivateNetwork=yes\n",
                                            &closed_exposure, NULL, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(open_exposure, >, 80);
        g_assert_cmpuint(closed_exposure, <, open_exposure);
        g_assert_cmpuint(json_array_size(rows), >, 50);
        g_assert_true(json_is_string(json_object_get(json_array_get(rows, 0), "json_field")));
    }
    g_autoptr(GError) error = NULL;
    g_assert_false(host_analyze_security("../a.service", "", &open_exposure, NULL, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_USAGE);
}

#define TEST(name) g_test_add_func("/host/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_root_is_absolute_and_not_live);
    TEST(the_version_is_found_in_files);
    TEST(of_two_versions_the_newer_counts);
    TEST(units_are_found_as_systemd_finds_them);
    TEST(links_of_another_root_stay_in_it);
    TEST(users_are_those_of_the_root);
    TEST(nothing_is_started_on_a_root_at_rest);
    TEST(users_and_folders_are_made_in_a_root);
    TEST(a_root_without_journal_has_no_lines);
    TEST(ends_of_processes_have_names);
    TEST(a_tool_that_fails_says_why);
    TEST(the_exposure_of_a_unit_is_known);
    return g_test_run();
}
