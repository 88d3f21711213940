// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a machine has of its own, made from a small host that is put together here. */
#include "machine/skeleton-private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PACKAGE(name, more) \
    "Package: " name "\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n" more "\n"

/* frobd: a daemon with all that packages have; other: what the host has besides. */
#define STATUS                                                                                \
    PACKAGE("dpkg", "")                                                                       \
    PACKAGE("systemd", "")                                                                    \
    PACKAGE("base-passwd", "")                                                                \
    PACKAGE("libpam-runtime", "")                                                             \
    PACKAGE("libfrob", "Provides: frob-library\n")                                            \
    PACKAGE("openssh-server", "")                                                             \
    PACKAGE("frobd", "Depends: none | frob-library, openssh-server\nConffiles:\n"             \
                     " /etc/frob/frobd.conf 6d7fce9fee471194aa8b5b6e47267f03\n"   /* "3\n" */ \
                     " /etc/frob/changed.conf b026324c6904b2a9cb4b88d6d61c81d1\n" /* "1\n" */ \
                     " /etc/cron.d/frobd b026324c6904b2a9cb4b88d6d61c81d1\n")                 \
    PACKAGE("other", "")

static const struct {
    const char *path, *text;
} host_files[] = {
    {"var/lib/dpkg/status", STATUS},
    {"var/lib/dpkg/info/frobd.list",
     "/.\n/etc\n/etc/frob\n/etc/cron.d\n/etc/frob/frobd.conf\n/etc/frob/changed.conf\n/var/lib/frob\n"
     "/lib/systemd/system/frobd.service\n/lib/systemd/system/frobd-extra.service\n"
     "/usr/share/pam-configs/frob\n/usr/bin/frobd\n"},
    {"var/lib/dpkg/info/frobd.postinst",
     "USER=frob\nadduser --system $USER\ndeb-systemd-helper enable 'frobd.service'\n"},
    {"var/lib/dpkg/info/libpam-runtime.list", "/.\n/usr/share/pam/common-session\n/usr/share/pam-configs/unix\n"},
    {"var/lib/dpkg/info/systemd.list",
     "/usr/lib/systemd/system/systemd-networkd.service\n/usr/lib/systemd/system/sockets.target.wants/own.socket\n"
     "/usr/lib/systemd/system/own.socket\n/usr/lib/systemd/system/fstrim.timer\n"},
    {"var/lib/dpkg/info/base-passwd.list", "/usr/share/base-passwd/passwd.master\n"},
    {"etc/frob/frobd.conf", "3\n"},
    {"etc/frob/changed.conf", "the host's\n"},
    {"etc/hostname", "the-host\n"},
    {"etc/passwd", "root:x:0:0:root:/root:/bin/zsh\nfrob:x:120:130::/var/lib/frob:/usr/sbin/nologin\n"
                   "ann:x:1000:1000:Ann:/home/ann:/bin/bash\nother:x:121:131::/:/bin/false\n"},
    {"etc/group", "root:x:0:\nfrob:x:130:ann\nother:x:131:\nann:x:1000:\n"},
    {"usr/share/base-passwd/passwd.master", "root:*:0:0:root:/root:/bin/bash\n"},
    {"usr/share/base-passwd/group.master", "root:*:0:\nshadow:*:42:\n"},
    {"usr/lib/os-release", "ID=debian\n"},
    {"usr/lib/systemd/system/frobd.service",
     "[Service]\nExecStart=/usr/bin/frobd\n[Install]\nWantedBy=multi-user.target\nAlias=frob.service\n"},
    {"usr/lib/systemd/system/frobd-extra.service",
     "[Service]\nExecStart=/usr/bin/frobd\n[Install]\nWantedBy=multi-user.target\n"},
    {"usr/lib/systemd/system/systemd-networkd.service",
     "[Service]\nExecStart=/usr/bin/true\n[Install]\nWantedBy=multi-user.target\nAlso=own.socket\n"},
    {"usr/lib/systemd/system/own.socket", "[Socket]\nListenStream=/run/own\n[Install]\nWantedBy=sockets.target\n"},
    {"usr/lib/systemd/system/fstrim.timer", "[Install]\nWantedBy=timers.target\n"},
    {"usr/lib/systemd/system/other.socket", "[Socket]\nListenStream=/run/other\n"},
    {"usr/lib/systemd/system/sockets.target.wants/own.socket", ""},
    {"usr/lib/systemd/system/sockets.target.wants/other.socket", ""},
    {"usr/lib/systemd/system-generators/other-generator", ""},
    {"usr/lib/systemd/system-preset/90-systemd.preset",
     "# systemd's\nenable systemd-networkd.service\nenable fstrim.timer\ndisable debug-*\n"},
    {"usr/share/pam/common-session", "$session_primary\nsession\trequisite\tpam_deny.so\n$session_additional\n"},
    {"usr/share/pam-configs/unix",
     "Name: Unix\nDefault: yes\nPriority: 256\nSession-Type: Additional\nSession:\n\trequired\tpam_unix.so\n"},
    {"usr/share/pam-configs/frob",
     "Name: Frob\nDefault: yes\nPriority: 0\nSession-Type: Additional\nSession:\n\toptional\tpam_frob.so\n"},
};

typedef struct {
    char *root;
    GError *error;
} Fixture;

static void shell(const Fixture *fixture, const char *script)
{
    const char *const argv[] = {"sh", "-euc", script, NULL};
    int status;

    g_assert_true(
        g_spawn_sync(fixture->root, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
    g_assert_true(g_spawn_check_wait_status(status, NULL));
}

static void set_up(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    fixture->root = g_dir_make_tmp("gourd-skeleton-XXXXXX", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(host_files); i++) {
        g_autofree char *file = g_build_filename(fixture->root, host_files[i].path, NULL);
        g_autofree char *folder = g_path_get_dirname(file);

        g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
        g_assert_true(g_file_set_contents(file, host_files[i].text, -1, NULL));
    }
    shell(fixture, "ln -s usr/lib lib; mkdir -p var/lib/frob; chmod 750 var/lib/frob");
}

static void tear_down(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *name = g_path_get_basename(fixture->root);
    autofd parent = open(g_get_tmp_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);

    g_assert_true(folder_sweep(parent, name, fixture->root, NULL));
    g_clear_error(&fixture->error);
    g_free(fixture->root);
}

/* The file that frobd was installed from. */
static void make_deb(const Fixture *fixture)
{
    shell(fixture, "mkdir -p p/DEBIAN p/etc/frob var/cache/apt/archives; echo 1 >p/etc/frob/changed.conf; "
                   "printf 'Package: frobd\\nVersion: 1.0\\nArchitecture: amd64\\nMaintainer: a\\nDescription: b\\n' "
                   ">p/DEBIAN/control; dpkg-deb -b p var/cache/apt/archives/frobd_1.0_amd64.deb >/dev/null");
}

static MachineSkeleton *make(Fixture *fixture, const char *package, gboolean host_config)
{
    const char *packages[] = {package, NULL};
    const MachineOrigin origin = {.root = fixture->root,
                                  .machine = "edge",
                                  .packages = (char **)packages,
                                  .host_config = host_config};

    return machine_skeleton_new(&origin, NULL, &fixture->error);
}

static void assert_text(const MachineSkeleton *skeleton, const char *path, const char *want)
{
    const MachineEntry *entry = machine_skeleton_find(skeleton, path);

    g_assert_nonnull(entry);
    g_autofree char *text = g_strndup(g_bytes_get_data(entry->content, NULL), g_bytes_get_size(entry->content));
    g_assert_cmpstr(text, ==, want);
}

static const char *target(const MachineSkeleton *skeleton, const char *path)
{
    const MachineEntry *entry = machine_skeleton_find(skeleton, path);

    return entry ? entry->target : NULL;
}

static void configuration_is_as_packaged_and_nothing_of_the_host(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    make_deb(fixture);
    g_autoptr(MachineSkeleton) skeleton = make(fixture, "frobd", FALSE);

    g_assert_no_error(fixture->error);
    assert_text(skeleton, "/etc/frob/frobd.conf", "3\n");
    assert_text(skeleton, "/etc/frob/changed.conf", "1\n");
    assert_text(skeleton, "/etc/hostname", "edge\n");
    assert_text(skeleton, "/etc/os-release", "ID=debian\n");
    g_assert_null(machine_skeleton_find(skeleton, "/etc/cron.d/frobd"));
    g_assert_cmpuint(machine_skeleton_find(skeleton, "/var/lib/frob")->mode & 07777, ==, 0750);
    g_assert_cmpstr(target(skeleton, "/lib"), ==, "usr/lib");
    g_assert_cmpstr(skeleton->binds[0], ==, "/usr");
    g_assert_null(skeleton->binds[1]);
    g_assert_cmpuint(skeleton->conffiles->len, ==, 2);
    for (guint i = 1; i < skeleton->entries->len; i++) {
        const MachineEntry *before = g_ptr_array_index(skeleton->entries, i - 1);
        const MachineEntry *entry = g_ptr_array_index(skeleton->entries, i);

        g_assert_cmpstr(before->path, <, entry->path);
    }
}

static void what_the_host_has_is_taken_on_request(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(MachineSkeleton) skeleton = make(fixture, "frobd", TRUE);

    g_assert_no_error(fixture->error);
    assert_text(skeleton, "/etc/frob/changed.conf", "the host's\n");
}

static void a_changed_file_that_cannot_be_had_is_an_error_that_names_it(Fixture *fixture,
                                                                        gconstpointer unused G_GNUC_UNUSED)
{
    g_assert_null(make(fixture, "frobd", FALSE));
    g_assert_error(fixture->error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
    g_assert_true(g_str_has_prefix(fixture->error->message,
                                   "the host changed '/etc/frob/changed.conf' of package 'frobd': there is no"));
    g_assert_nonnull(strstr(fixture->error->message, "--host-config"));
}

static void a_package_that_is_not_there_is_an_error_with_the_nearest(Fixture *fixture,
                                                                     gconstpointer unused G_GNUC_UNUSED)
{
    g_assert_null(make(fixture, "frob", FALSE));
    g_assert_error(fixture->error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
    g_assert_cmpstr(fixture->error->message, ==,
                    "package 'frob' is not installed on this host" GOURD_HINT_SEPARATOR "did you mean 'frobd'?");
}

static void users_are_the_distributions_and_those_of_packages(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(MachineSkeleton) skeleton = make(fixture, "frobd", TRUE);

    g_assert_no_error(fixture->error);
    /* Who made the host is its own user, and owns what is there. */
    g_autofree char *want = geteuid() == 0 ? g_strdup("root:x:0:0:root:/root:/bin/bash\n"
                                                      "frob:x:120:130::/var/lib/frob:/usr/sbin/nologin\n")
                                           : NULL;
    if (want)
        assert_text(skeleton, "/etc/passwd", want);
    assert_text(skeleton, "/etc/group", "root:x:0:\nshadow:x:42:\nfrob:x:130:\n");
    g_assert_cmpuint(machine_skeleton_find(skeleton, "/etc/shadow")->mode & 07777, ==, 0640);
}

static void units_of_packages_start_and_those_of_others_do_not(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(MachineSkeleton) skeleton = make(fixture, "frobd", TRUE);

    g_assert_no_error(fixture->error);
    g_assert_cmpstr(target(skeleton, "/etc/systemd/system/multi-user.target.wants/frobd.service"), ==,
                    "/usr/lib/systemd/system/frobd.service");
    g_assert_nonnull(target(skeleton, "/etc/systemd/system/frob.service"));
    g_assert_null(target(skeleton, "/etc/systemd/system/multi-user.target.wants/frobd-extra.service"));
    g_assert_null(target(skeleton, "/etc/systemd/system/timers.target.wants/fstrim.timer"));
    g_assert_cmpstr(target(skeleton, "/etc/systemd/system/other.socket"), ==, "/dev/null");
    g_assert_cmpstr(target(skeleton, "/etc/systemd/system-generators/other-generator"), ==, "/dev/null");
    g_assert_null(target(skeleton, "/etc/systemd/system/own.socket"));
    /* No network was asked for. */
    g_assert_null(target(skeleton, "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service"));
}

static void dependencies_are_followed_but_for_what_is_the_hosts(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(MachineSkeleton) skeleton = make(fixture, "frobd", TRUE);
    g_autoptr(GString) names = g_string_new(NULL);

    g_assert_no_error(fixture->error);
    for (guint i = 0; i < skeleton->packages->len; i++)
        g_string_append_printf(names, "%s ", ((MachinePackage *)g_ptr_array_index(skeleton->packages, i))->name);
    g_assert_cmpstr(names->str, ==, "base-passwd frobd libfrob libpam-runtime systemd ");
}

static void the_tree_is_written_as_it_was_planned(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(fixture->root, "tree", NULL), *text = NULL, *link = NULL;
    g_autofree char *passwd = g_build_filename(path, "etc/passwd", NULL), *lib = g_build_filename(path, "lib", NULL);
    g_autoptr(MachineSkeleton) skeleton = make(fixture, "frobd", TRUE);

    if (geteuid() != 0) {
        g_test_skip("only root gives files to others");
        return;
    }
    g_assert_no_error(fixture->error);
    g_assert_cmpint(g_mkdir_with_parents(path, 0755), ==, 0);
    autofd folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_true(machine_skeleton_write(skeleton, folder, &fixture->error));
    g_assert_true(g_file_get_contents(passwd, &text, NULL, NULL));
    assert_text(skeleton, "/etc/passwd", text);
    link = g_file_read_link(lib, NULL);
    g_assert_cmpstr(link, ==, "usr/lib");
    shell(fixture, "test $(stat -c %a tree/tmp) = 1777; test $(stat -c %a,%g tree/etc/shadow) = 640,42; "
                   "test $(stat -c %Y tree/etc/.updated) = $(stat -c %Y usr)");
}

static void modules_of_pam_jump_over_those_that_follow(void)
{
    const char *const profiles[] = {
        "Name: A\nDefault: yes\nPriority: 256\nAuth-Type: Primary\nAuth:\n\t[success=end default=ignore]\tpam_a.so next\n"
        "Auth-Initial:\n\t[success=end default=ignore]\tpam_a.so\n",
        "Name: B\nDefault: yes\nPriority: 300\nAuth-Type: Primary\nAuth:\n\t[success=end default=ignore]\tpam_b.so\n",
        "Name: C\nDefault: no\nPriority: 900\nAuth-Type: Primary\nAuth:\n\trequired\tpam_c.so\n",
        NULL,
    };
    g_autofree char *text = pam_fill_template("$auth_primary\n$auth_additional\n", "auth", (char **)profiles);
    g_autofree char *session = pam_fill_template("$session_nonint_primary\n", "session-noninteractive",
                                                 (char **)profiles);

    g_assert_cmpstr(text, ==,
                    "auth\t[success=2 default=ignore]\tpam_b.so\nauth\t[success=1 default=ignore]\tpam_a.so next\n\n");
    g_assert_cmpstr(session, ==, "session\t[default=1]\t\t\tpam_permit.so\n");
}

#define ADD(test) g_test_add("/machine_skeleton/" #test, Fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(configuration_is_as_packaged_and_nothing_of_the_host);
    ADD(what_the_host_has_is_taken_on_request);
    ADD(a_changed_file_that_cannot_be_had_is_an_error_that_names_it);
    ADD(a_package_that_is_not_there_is_an_error_with_the_nearest);
    ADD(users_are_the_distributions_and_those_of_packages);
    ADD(units_of_packages_start_and_those_of_others_do_not);
    ADD(dependencies_are_followed_but_for_what_is_the_hosts);
    ADD(the_tree_is_written_as_it_was_planned);
    g_test_add_func("/machine_skeleton/modules_of_pam_jump_over_those_that_follow",
                    modules_of_pam_jump_over_those_that_follow);
    return g_test_run();
}
