// SPDX-License-Identifier: LGPL-2.1-or-later
/* What rpm 4.18 said about a database of rpms (tests/fuzz/corpus/machine-rpm/query), and a database that is made here. */
#include "machine/packages-private.h"
#include "machine/rpm.h"
#include "machine/skeleton-private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    GPtrArray *packages;
    RpmInventory *inventory;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "fuzz", "corpus", "machine-rpm", "query", NULL);
    g_autoptr(GError) error = NULL;
    char *text;
    gsize size;

    g_assert_true(g_file_get_contents(path, &text, &size, &error));
    fixture->packages = g_ptr_array_new_with_free_func((GDestroyNotify)host_package_free);
    fixture->inventory = rpm_inventory_parse(text, size, fixture->packages, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    rpm_inventory_free(fixture->inventory);
    g_ptr_array_unref(fixture->packages);
}

static const HostPackage *find(const Fixture *fixture, const char *name)
{
    for (guint i = 0; i < fixture->packages->len; i++) {
        const HostPackage *package = g_ptr_array_index(fixture->packages, i);

        if (strcmp(package->name, name) == 0)
            return package;
    }
    g_assert_not_reached();
}

static char *join_depends(const GPtrArray *depends)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < depends->len; i++) {
        g_autofree char *names = g_strjoinv("|", g_ptr_array_index(depends, i));

        g_string_append_printf(text, "%s%s", i ? " " : "", names);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void packages_have_the_versions_that_rpm_shows(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_assert_cmpuint(fixture->packages->len, ==, 6);
    g_assert_cmpstr(find(fixture, "bash")->version, ==, "5.2.15-2+b13");
    g_assert_cmpstr(find(fixture, "bash")->architecture, ==, "x86_64");
    g_assert_cmpstr(find(fixture, "frobd")->version, ==, "1:1.0-2");
}

static void what_only_scripts_need_is_no_dependency(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *depends = join_depends(find(fixture, "frobd")->depends);

    g_assert_cmpstr(depends, ==, "frob-a|dash frobd-meta /bin/sh /usr/sbin/nologin config(frobd) user(frob)");
}

static void a_file_that_is_asked_for_is_provided_wherever_bin_is(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_assert_true(g_strv_contains((const char *const *)find(fixture, "dash")->provides, "/bin/sh"));
    g_assert_true(g_strv_contains((const char *const *)find(fixture, "login")->provides, "/usr/sbin/nologin"));
    g_assert_true(g_strv_contains((const char *const *)find(fixture, "libtinfo6")->provides, "libtinfo.so.6()(64bit)"));
    g_assert_false(g_strv_contains((const char *const *)find(fixture, "bash")->provides, "/bin/sh"));
}

static void configuration_is_merged_by_how_it_is_marked(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    const GPtrArray *conffiles = find(fixture, "frobd")->conffiles;
    const MachineConffile *one, *two;

    g_assert_cmpuint(conffiles->len, ==, 2); /* not the link, not the ghost */
    one = g_ptr_array_index(conffiles, 0);
    two = g_ptr_array_index(conffiles, 1);
    g_assert_cmpstr(one->path, ==, "/etc/frobd/one.conf");
    g_assert_cmpstr(one->digest, ==, "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806");
    g_assert_cmpstr(one->rule->suffix, ==, ".rpmnew");
    g_assert_false(one->rule->package_wins);
    g_assert_cmpstr(two->rule->suffix, ==, ".rpmsave");
    g_assert_true(two->rule->package_wins);
}

static void ghosts_are_no_files(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GString) paths = g_string_new(NULL);
    guint count;
    const RpmFile *files = rpm_inventory_files(fixture->inventory, find(fixture, "frobd"), &count);

    for (guint i = 0; i < count; i++)
        g_string_append_printf(paths, "%s%s\n", files[i].path, *files[i].digest ? "" : " -");
    g_assert_cmpstr(paths->str, ==,
                    "/etc/frobd/it's odd\n/etc/frobd/link -\n/etc/frobd/one.conf\n/etc/frobd/two.conf\n"
                    "/usr/lib/frobd -\n/usr/lib/frobd/x\n/var/lib/frobd -\n");
    g_assert_null(rpm_inventory_files(fixture->inventory, find(fixture, "frobd-meta"), &count));
    g_assert_cmpstr(rpm_inventory_script(fixture->inventory, find(fixture, "frobd")), ==,
                    "getent passwd frob >/dev/null || useradd -r 'frob'\necho \"a\nb\"\n"
                    "systemctl preset frobd.service\n");
    g_assert_null(rpm_inventory_script(fixture->inventory, find(fixture, "dash")));
}

static void rich_dependencies_are_names(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a", "a"},
        {"(a or b or c)", "a|b|c"},
        {"(a and b)", "a b"},
        {"(a >= 1.0 with a < 2)", "a a"},
        {"(libc.so.6()(64bit) or (b = 1 and c))", "libc.so.6()(64bit)|b|c"},
        {"(langpack-de if language)", "langpack-de"},
        {"((a or b) if c)", "a|b"},
        {"(a unless b else c)", "a"},
        {"()", ""},
        {"(or", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) depends = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);

        rpm_depends_append(cases[i].text, depends);
        g_autofree char *text = join_depends(depends);
        g_assert_cmpstr(text, ==, cases[i].want);
    }
}

#define PACKAGE "package 'a' (none) '1' '2' 'noarch'\n"

static void what_rpm_does_not_say_is_an_error_with_its_record(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"file '/a' 0 33188 0 ''\n", "record 1: it belongs to no package"},
        {PACKAGE "files\n", "record 2: this is no record of the query"},
        {PACKAGE "provides 'a\n", "record 2: a quote does not end"},
        {PACKAGE "provides 'a'", "record 2: a value does not end"},
        {PACKAGE "provides 'a'b\n", "record 2: a value does not end"},
        {PACKAGE "file '/a/../b' 0 33188 0 ''\n", "record 2: a file has no proper path, flags and mode"},
        {PACKAGE "file '/a\nb' 0 33188 0 ''\n", "record 2: a file has no proper path, flags and mode"},
        {PACKAGE "file '/a' -1 33188 0 ''\n", "record 2: a file has no proper path, flags and mode"},
        {"package 'a/b' 0 '1' '2' 'noarch'\n", "record 1: the package has no proper name, version and architecture"},
        {"package 'a' 0 '1' '2'\n", "record 1: this is no record of the query"},
        {"a b c d e f g\n", "record 1: there are more values than there should be"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) packages = g_ptr_array_new_with_free_func((GDestroyNotify)host_package_free);
        g_autoptr(GError) error = NULL;

        g_assert_null(rpm_inventory_parse(g_strdup(cases[i].text), strlen(cases[i].text), packages, &error));
        g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
        g_assert_cmpstr(error->message, ==, cases[i].want);
    }
}

static void keys_are_no_packages(void)
{
    const char *text = "package 'gpg-pubkey' (none) '1' '2' (none)\nprovides 'gpg(1)'\n" PACKAGE;
    g_autoptr(GPtrArray) packages = g_ptr_array_new_with_free_func((GDestroyNotify)host_package_free);
    g_autoptr(GError) error = NULL;
    RpmInventory *inventory = rpm_inventory_parse(g_strdup(text), strlen(text), packages, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(packages->len, ==, 1);
    rpm_inventory_free(inventory);
}

/* --- a database --------------------------------------------------------------------------------------------------- */

/* frobd has a conffile, and what Fedora's authselect-libs and crypto-policies have in /usr. */
static const char spec[] =
    "Name: frobd\nVersion: 1.0\nRelease: 1\nSummary: a\nLicense: none\nBuildArch: noarch\n"
    "%description\n-\n%install\nmkdir -p %{buildroot}/etc %{buildroot}/usr/bin\n"
    "mkdir -p %{buildroot}/usr/share/authselect/default/local %{buildroot}/usr/share/crypto-policies/DEFAULT\n"
    "echo packaged >%{buildroot}/etc/frobd.conf\necho x >%{buildroot}/usr/bin/frobd\n"
    "echo 'auth required a.so {include if \"with-a\"}' >%{buildroot}/usr/share/authselect/default/local/system-auth\n"
    "echo 'auth required b.so' >>%{buildroot}/usr/share/authselect/default/local/system-auth\n"
    "echo x >%{buildroot}/usr/share/crypto-policies/DEFAULT/gnutls.txt\n"
    "%files\n%config(noreplace) /etc/frobd.conf\n/usr/bin/frobd\n/usr/share/authselect\n/usr/share/crypto-policies\n";

/* A host that frobd is installed on, whose .rpm is in dnf's cache. */
static void make_host(const char *root)
{
    static const char *const script =
        "rpmbuild --quiet --define \"_topdir $PWD/top\" --define \"_dbpath $PWD/empty\" -bb frobd.spec && "
        "mkdir -p usr/lib/sysimage/rpm var/cache/dnf/fedora-1/packages && "
        "rpm --dbpath $PWD/usr/lib/sysimage/rpm --force-debian --install --justdb --nodeps top/RPMS/noarch/*.rpm && "
        "cp top/RPMS/noarch/*.rpm var/cache/dnf/fedora-1/packages/ && "
        "cat top/RPMS/noarch/*.rpm | rpm2archive - | tar xz && echo changed >etc/frobd.conf && "
        "printf 'root:x:0:0::/root:/bin/zsh\\nbin:x:1:1::/bin:/sbin/nologin\\nfrob:x:300:300::/:/sbin/nologin\\n' >etc/passwd && "
        "printf 'root:x:0:\\nbin:x:1:\\nfrob:x:300:\\nnobody:x:65534:\\n' >etc/group";
    const char *const argv[] = {"sh", "-ec", script, NULL};
    g_autofree char *file = g_build_filename(root, "frobd.spec", NULL), *said = NULL;
    int status;

    g_assert_true(g_file_set_contents(file, spec, -1, NULL));
    g_assert_true(g_spawn_sync(root, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                               NULL, &said, &status, NULL));
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("%s", said);
}

static void check_packages(const char *root)
{
    const char *const paths[] = {"/etc/frobd.conf", NULL};
    autofd fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    g_autoptr(GHashTable) contents = NULL, digests = NULL;
    g_autofree char *file = NULL, *lock = NULL;
    g_autoptr(GError) error = NULL;

    g_autoptr(MachinePackages) packages = machine_packages_open(root, fd, &error);
    g_assert_no_error(error);
    const HostPackage *frobd = machine_packages_find(packages, "frobd");
    g_assert_cmpstr(frobd->version, ==, "1.0-1");
    g_assert_cmpuint(frobd->conffiles->len, ==, 1);
    g_assert_true(machine_packages_read_packaged(packages, frobd, (char **)paths, &contents, &error));
    GBytes *content = g_hash_table_lookup(contents, paths[0]);
    g_assert_cmpmem(g_bytes_get_data(content, NULL), g_bytes_get_size(content), "packaged\n", 9);
    g_assert_true(machine_packages_list_digests(packages, frobd, &digests, &error));
    g_assert_cmpuint(g_hash_table_size(digests), ==, 3);
    g_assert_true(g_hash_table_contains(digests, "/usr/bin/frobd"));
    g_assert_true(machine_packages_locate(root, fd, &file, &lock, &error));
    g_assert_cmpstr(file, ==, "/usr/lib/sysimage/rpm/rpmdb.sqlite");
    g_assert_cmpstr(lock, ==, "/usr/lib/sysimage/rpm/.rpm.lock");
}

static void assert_text(const MachineSkeleton *skeleton, const char *path, const char *want)
{
    const MachineEntry *entry = machine_skeleton_find(skeleton, path);

    g_assert_nonnull(entry);
    g_autofree char *text = g_strndup(g_bytes_get_data(entry->content, NULL), g_bytes_get_size(entry->content));
    g_assert_cmpstr(text, ==, want);
}

static void check_skeleton(const char *root)
{
    const char *const names[] = {"frobd", NULL};
    const MachineOrigin origin = {.root = root, .machine = "edge", .packages = (char **)names};
    g_autoptr(GError) error = NULL;
    g_autoptr(MachineSkeleton) skeleton = machine_skeleton_new(&origin, NULL, &error);

    g_assert_no_error(error);
    assert_text(skeleton, "/etc/frobd.conf", "packaged\n");
    assert_text(skeleton, "/etc/pam.d/system-auth", "auth required b.so\n");
    assert_text(skeleton, "/etc/crypto-policies/config", "DEFAULT\n");
    g_assert_cmpstr(machine_skeleton_find(skeleton, "/etc/crypto-policies/back-ends/gnutls.config")->target, ==,
                    "/usr/share/crypto-policies/DEFAULT/gnutls.txt");
    assert_text(skeleton, "/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nbin:x:1:1::/bin:/sbin/nologin\n");
    assert_text(skeleton, "/etc/group", "root:x:0:\nbin:x:1:\nnobody:x:65534:\n");
}

static void a_machine_is_made_of_a_database_and_files_as_their_packages_have_them(void)
{
    g_autofree char *root = g_dir_make_tmp("gourd-rpm-XXXXXX", NULL), *name = g_path_get_basename(root);
    autofd parent = open(g_get_tmp_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);

    make_host(root);
    check_packages(root);
    check_skeleton(root);
    g_assert_true(folder_sweep(parent, name, root, NULL));
}

static void a_profile_of_authselect_is_filled_without_features(void)
{
    static const char template_text[] = "# {imply \"with-a\" if \"with-b\"}\n"
                                        "auth required a.so\n"
                                        "auth required b.so   {include if \"with-b\"}\n"
                                        "auth required c.so   {exclude if \"with-c\"}\n"
                                        "auth required d.so {if not \"without-d\":nullok} {include if not \"x\"}\n"
                                        "auth required e.so {if \"with-e\":x|y} z\n"
                                        "hosts: {if \"a\" and not \"b\":m }{if not \"a\" and not \"b\":n }files\n"
                                        "g: {if not \"a\" or \"b\":1}{if \"a\" or \"b\":2}\n"
                                        "{stop if \"with-f\"}\n"
                                        "a { is just one\n"
                                        "{continue if \"with-g\"}\n"
                                        "auth required h.so\n";
    g_autofree char *text = authselect_fill_template(template_text);

    g_assert_cmpstr(text, ==,
                    "auth required a.so\nauth required c.so\nauth required d.so nullok\nauth required e.so y z\n"
                    "hosts: n files\ng: 1\na { is just one\n");
}

#define ADD(test) g_test_add("/machine_rpm/" #test, Fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(packages_have_the_versions_that_rpm_shows);
    ADD(what_only_scripts_need_is_no_dependency);
    ADD(a_file_that_is_asked_for_is_provided_wherever_bin_is);
    ADD(configuration_is_merged_by_how_it_is_marked);
    ADD(ghosts_are_no_files);
    g_test_add_func("/machine_rpm/rich_dependencies_are_names", rich_dependencies_are_names);
    g_test_add_func("/machine_rpm/what_rpm_does_not_say_is_an_error_with_its_record",
                    what_rpm_does_not_say_is_an_error_with_its_record);
    g_test_add_func("/machine_rpm/keys_are_no_packages", keys_are_no_packages);
    g_test_add_func("/machine_rpm/a_machine_is_made_of_a_database_and_files_as_their_packages_have_them",
                    a_machine_is_made_of_a_database_and_files_as_their_packages_have_them);
    g_test_add_func("/machine_rpm/a_profile_of_authselect_is_filled_without_features",
                    a_profile_of_authselect_is_filled_without_features);
    return g_test_run();
}
