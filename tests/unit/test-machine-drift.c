// SPDX-License-Identifier: LGPL-2.1-or-later
/* A host that is upgraded under the feet of a machine. */
#include "machine/plan-private.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The MD5 of "1\n", "2\n" and "3\n". */
#define ONE "b026324c6904b2a9cb4b88d6d61c81d1"
#define TWO "26ab0db90d72e28ad0ba1e22ee510510"
#define THREE "6d7fce9fee471194aa8b5b6e47267f03"
#define STANZA "Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n"
#define TREE "/var/lib/machines/edge"

typedef struct {
    char *root;
    Host *host;
    MachineRecord *record;
    GError *error;
} Fixture;

static void put(const Fixture *fixture, const char *path, const char *text)
{
    g_autofree char *file = g_build_filename(fixture->root, path, NULL), *folder = g_path_get_dirname(file);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

static char *get(const Fixture *fixture, const char *path)
{
    g_autofree char *file = g_build_filename(fixture->root, path, NULL);
    char *text = NULL;

    g_file_get_contents(file, &text, NULL, NULL);
    return text;
}

static void assert_file(const Fixture *fixture, const char *path, const char *want)
{
    g_autofree char *text = get(fixture, path);

    g_assert_cmpstr(text, ==, want);
}

/* A daemon in a version: a.conf has the digest, and what the host has of it. */
static void install(const Fixture *fixture, const char *version, const char *digest, const char *more)
{
    g_autofree char *status = g_strdup_printf(STANZA "\n" STANZA "Conffiles:\n /etc/a.conf %s\n /etc/b.conf %s\n%s\n",
                                              "base-passwd", "1", "frobd", version, digest, digest, more);
    const char *text = strcmp(digest, ONE) == 0 ? "1\n" : "2\n";

    put(fixture, "var/lib/dpkg/status", status);
    put(fixture, "etc/a.conf", text);
    put(fixture, "etc/b.conf", text);
}

static void set_up(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    const char *const packages[] = {"frobd", NULL};

    fixture->root = g_dir_make_tmp("gourd-drift-XXXXXX", NULL);
    put(fixture, "var/lib/dpkg/info/frobd.list", "/.\n/var/lib/frob\n");
    put(fixture, "var/lib/dpkg/info/frobd.postinst", "adduser --system frob\naddgroup --system frobnew\n");
    put(fixture, "usr/share/base-passwd/passwd.master", "root:*:0:0:root:/root:/bin/bash\n");
    put(fixture, "usr/share/base-passwd/group.master", "root:*:0:\n");
    put(fixture, "etc/passwd", "root:x:0:0:root:/root:/bin/bash\nfrob:x:120:130::/:/bin/false\n");
    put(fixture, "etc/group", "root:x:0:\nfrob:x:130:\n");
    put(fixture, "usr/lib/os-release", "VERSION=1\n");
    put(fixture, "var/lib/machines/edge/x", "");
    install(fixture, "1", ONE, "");
    fixture->host = host_open(fixture->root, &fixture->error);
    g_assert_no_error(fixture->error);
    const MachineOrigin origin = {.root = fixture->root, .machine = "edge", .packages = (char **)packages};
    g_autoptr(MachineSkeleton) skeleton = machine_skeleton_new(&origin, NULL, &fixture->error);
    g_assert_no_error(fixture->error);
    g_autofree char *tree = g_strconcat(fixture->root, TREE, NULL);
    autofd folder = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_true(machine_skeleton_write(skeleton, folder, &fixture->error));
    fixture->record = g_new0(MachineRecord, 1);
    fixture->record->name = g_strdup("edge");
    fixture->record->unit = g_strdup("systemd-nspawn@edge.service");
    machine_spec_init(&fixture->record->spec);
    fixture->record->skeleton = machine_skeleton_to_json(skeleton);
}

static void tear_down(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *name = g_path_get_basename(fixture->root);
    autofd parent = open(g_get_tmp_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);

    machine_record_free(fixture->record);
    host_free(fixture->host);
    g_assert_true(folder_sweep(parent, name, fixture->root, NULL));
    g_clear_error(&fixture->error);
    g_free(fixture->root);
}

static MachineDrift *look(Fixture *fixture)
{
    MachineDrift *drift = machine_drift_new(fixture->host, fixture->record, NULL, &fixture->error);

    g_assert_no_error(fixture->error);
    return drift;
}

static const MachineEntry *change(const MachineDrift *drift, const char *path)
{
    for (guint i = 0; i < drift->changes->len; i++) {
        const MachineEntry *entry = g_ptr_array_index(drift->changes, i);

        if (strcmp(entry->path, path) == 0)
            return entry;
    }
    return NULL;
}

static void nothing_changed_is_no_drift(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(MachineDrift) drift = look(fixture);

    g_assert_true(machine_drift_is_none(drift));
}

static void configuration_is_merged_as_dpkg_does(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    put(fixture, TREE "/etc/b.conf", "mine\n");
    put(fixture, "etc/c.conf", "3\n");
    install(fixture, "2", TWO, " /etc/c.conf " THREE "\n");
    g_autoptr(MachineDrift) drift = look(fixture);

    g_assert_cmpuint(drift->upgrades->len, ==, 1);
    g_assert_nonnull(change(drift, "/etc/a.conf"));
    g_assert_nonnull(change(drift, "/etc/b.conf.dpkg-dist"));
    g_assert_nonnull(change(drift, "/etc/c.conf"));
    g_assert_null(change(drift, "/etc/b.conf"));
    g_assert_cmpstr(drift->kept[0], ==, "/etc/b.conf.dpkg-dist");
}

static void what_was_deleted_inside_stays_away(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(fixture->root, TREE "/etc/a.conf", NULL);

    g_assert_cmpint(unlink(path), ==, 0);
    install(fixture, "2", TWO, "");
    g_autoptr(MachineDrift) drift = look(fixture);

    g_assert_null(change(drift, "/etc/a.conf"));
    g_assert_nonnull(change(drift, "/etc/b.conf"));
}

static void new_users_come_and_those_inside_stay(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    put(fixture, TREE "/etc/group", "root:x:0:\nfrob:x:130:\nown:x:1000:\n");
    put(fixture, "etc/group", "root:x:0:\nfrob:x:130:\nfrobnew:x:131:\n");
    g_autoptr(MachineDrift) drift = look(fixture);
    const MachineEntry *group = change(drift, "/etc/group");

    if (!group)
        g_error("the groups do not change");
    g_autofree char *text = g_strndup(g_bytes_get_data(group->content, NULL), g_bytes_get_size(group->content));
    g_assert_cmpstr(text, ==, "root:x:0:\nfrob:x:130:\nown:x:1000:\nfrobnew:x:131:\n");
    g_assert_cmpstr(drift->users[0], ==, "frobnew");
}

static void folders_above_what_comes_are_made(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    put(fixture, "etc/deep/er/c.conf", "3\n");
    install(fixture, "2", TWO, " /etc/deep/er/c.conf " THREE "\n");
    g_autoptr(MachineDrift) drift = look(fixture);

    g_assert_true(machine_act(fixture->host, MACHINE_VERB_GRAFT, "edge", drift, &fixture->error));
    assert_file(fixture, TREE "/etc/deep/er/c.conf", "3\n");
    g_assert_true(machine_act(fixture->host, MACHINE_VERB_UNGRAFT, "edge", NULL, &fixture->error));
    g_autofree char *folder = g_build_filename(fixture->root, TREE "/etc/deep", NULL);
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
}

static void a_package_that_is_gone_is_missing(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *status = g_strdup_printf(STANZA, "base-passwd", "1");

    put(fixture, "var/lib/dpkg/status", status);
    g_autoptr(MachineDrift) drift = look(fixture);

    g_assert_cmpstr(drift->missing[0], ==, "frobd");
    g_assert_cmpstr(drift->now->origin_packages[0], ==, "frobd");
}

static void all_of_it_is_made_and_can_be_undone(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    install(fixture, "2", TWO, "");
    put(fixture, "usr/lib/os-release", "VERSION=2\n");
    put(fixture, "var/lib/frob/.keep", "");
    g_autoptr(MachineDrift) drift = look(fixture);

    g_assert_nonnull(change(drift, "/var/lib/frob"));
    g_assert_true(machine_act(fixture->host, MACHINE_VERB_GRAFT, "edge", drift, &fixture->error));
    assert_file(fixture, TREE "/etc/a.conf", "2\n");
    assert_file(fixture, TREE "/etc/os-release", "VERSION=2\n");
    g_autofree char *folder = g_build_filename(fixture->root, TREE "/var/lib/frob", NULL);
    g_assert_true(g_file_test(folder, G_FILE_TEST_IS_DIR));
    g_assert_true(machine_act(fixture->host, MACHINE_VERB_UNGRAFT, "edge", NULL, &fixture->error));
    assert_file(fixture, TREE "/etc/a.conf", "1\n");
    assert_file(fixture, TREE "/etc/b.conf", "1\n");
    assert_file(fixture, TREE "/etc/os-release", "VERSION=1\n");
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
    /* Twice does no harm. */
    g_assert_true(machine_act(fixture->host, MACHINE_VERB_UNGRAFT, "edge", NULL, &fixture->error));
}

static void a_mask_goes_when_the_unit_becomes_the_machines_own(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    const char *const mask = "/etc/systemd/system/o.socket";
    g_autofree char *path = g_build_filename(fixture->root, TREE, mask, NULL);

    put(fixture, "usr/lib/systemd/system/sockets.target.wants/o.socket", "");
    g_autoptr(MachineDrift) masked = look(fixture);
    g_assert_nonnull(change(masked, mask));
    g_assert_true(machine_act(fixture->host, MACHINE_VERB_GRAFT, "edge", masked, &fixture->error));
    json_decref(fixture->record->skeleton);
    fixture->record->skeleton = machine_skeleton_to_json(masked->now);
    g_autofree char *stage = g_build_filename(fixture->root, "var/lib/machines/.gourd-edge", NULL);
    autofd parent = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    g_assert_true(folder_sweep(parent, stage + 1, stage, &fixture->error)); /* as the plan does */

    put(fixture, "var/lib/dpkg/info/frobd.list", "/.\n/var/lib/frob\n/usr/lib/systemd/system/o.socket\n");
    g_autoptr(MachineDrift) unmasked = look(fixture);
    const MachineEntry *gone = change(unmasked, mask);
    if (!gone)
        g_error("the mask stays");
    g_assert_cmpuint(gone->mode, ==, 0);
    g_assert_true(machine_act(fixture->host, MACHINE_VERB_GRAFT, "edge", unmasked, &fixture->error));
    g_assert_false(g_file_test(path, G_FILE_TEST_IS_SYMLINK));
    g_assert_true(machine_act(fixture->host, MACHINE_VERB_UNGRAFT, "edge", NULL, &fixture->error));
    g_assert_true(g_file_test(path, G_FILE_TEST_IS_SYMLINK));
}

static gboolean is_same_file(const Fixture *fixture, const char *path, ino_t inode)
{
    g_autofree char *whole = g_build_filename(fixture->root, path, NULL);
    struct stat status;

    return lstat(whole, &status) == 0 && status.st_ino == inode;
}

static void what_stays_of_a_trimmed_tree_is_not_copied_and_the_rest_comes_back(Fixture *fixture,
                                                                               gconstpointer unused G_GNUC_UNUSED)
{
    const MachineOrigin origin = {.root = fixture->root, .machine = "edge", .trims = TRUE};
    g_autofree char *path = g_build_filename(fixture->root, TREE "/usr/bin/own", NULL);
    struct stat status;

    put(fixture, TREE "/usr/bin/same", "1\n");
    put(fixture, TREE "/usr/bin/own", "own\n");
    put(fixture, TREE "/usr/bin/other", "1\n");
    put(fixture, TREE "/var/lib/dpkg/status", "");
    put(fixture, "usr/bin/same", "1\n");
    put(fixture, "usr/bin/other", "2\n");
    g_assert_cmpint(stat(path, &status), ==, 0);
    for (guint i = 0; i < 2; i++) {
        MachineSkeleton *skeleton = machine_skeleton_new(&origin, NULL, &fixture->error);
        g_assert_no_error(fixture->error);
        g_autoptr(MachineTrim) trim = machine_trim_new(fixture->host, "edge", skeleton, NULL, &fixture->error);
        g_assert_no_error(fixture->error);
        g_assert_true(machine_act(fixture->host, MACHINE_VERB_TRIM, "edge", trim, &fixture->error));
        assert_file(fixture, TREE "/usr.own/usr/bin/other", "1\n");
        assert_file(fixture, TREE "/usr.own/usr/bin/same", NULL);
        assert_file(fixture, TREE "/usr/bin/own", NULL);
        assert_file(fixture, TREE "/var/lib/dpkg/status", NULL);
        assert_file(fixture, TREE "/etc/a.conf", "1\n");
        g_assert_true(is_same_file(fixture, TREE "/usr.own/usr/bin/own", status.st_ino));
        g_assert_true(machine_act(fixture->host, MACHINE_VERB_UNTRIM, "edge", NULL, &fixture->error));
        g_assert_true(machine_act(fixture->host, MACHINE_VERB_UNTRIM, "edge", NULL, &fixture->error));
        g_assert_true(is_same_file(fixture, TREE "/usr/bin/own", status.st_ino));
        assert_file(fixture, TREE "/var/lib/dpkg/status", "");
        assert_file(fixture, TREE "/usr.own/usr/bin/own", NULL);
        assert_file(fixture, TREE "/.gourd-trim/log", NULL);
    }
}

static void a_log_that_the_machines_root_wrote_leads_nowhere_outside(Fixture *fixture,
                                                                     gconstpointer unused G_GNUC_UNUSED)
{
    const MachineOrigin origin = {.root = fixture->root, .machine = "edge", .trims = TRUE};

    put(fixture, TREE "/usr/bin/own", "own\n");
    put(fixture, TREE "/var/lib/dpkg/status", "");
    put(fixture, "var/lib/machines/other/x", "precious\n");
    MachineSkeleton *skeleton = machine_skeleton_new(&origin, NULL, &fixture->error);
    g_assert_no_error(fixture->error);
    g_autoptr(MachineTrim) trim = machine_trim_new(fixture->host, "edge", skeleton, NULL, &fixture->error);
    g_assert_no_error(fixture->error);
    g_assert_true(machine_act(fixture->host, MACHINE_VERB_TRIM, "edge", trim, &fixture->error));
    put(fixture, TREE "/.gourd-trim/log",
        "../../other a /etc/stolen\n../../other r /etc/stolen\n1 f /..\n2 f /etc/..\n3 n /../other/x\n4 f /\n5 f \n");
    g_assert_true(machine_act(fixture->host, MACHINE_VERB_UNTRIM, "edge", NULL, &fixture->error));
    assert_file(fixture, "var/lib/machines/other/x", "precious\n");
    assert_file(fixture, TREE "/etc/a.conf", "1\n");
    assert_file(fixture, TREE "/etc/stolen/x", NULL);
}

static void links_inside_lead_nowhere_outside(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *tree = g_build_filename(fixture->root, TREE, NULL);
    g_autofree char *script =
        g_strdup_printf("cd '%s'; mkdir ../../../../outside; echo precious >../../../../outside/a.conf; "
                        "mv etc old; ln -s ../../../../outside etc",
                        tree);
    const char *const argv[] = {"sh", "-euc", script, NULL};

    install(fixture, "2", TWO, "");
    g_autoptr(MachineDrift) drift = look(fixture);
    g_assert_nonnull(change(drift, "/etc/a.conf"));
    /* Between the two the machine's root puts something else in the place of a folder. */
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    g_assert_false(machine_act(fixture->host, MACHINE_VERB_GRAFT, "edge", drift, NULL));
    g_assert_true(machine_act(fixture->host, MACHINE_VERB_UNGRAFT, "edge", NULL, &fixture->error));
    assert_file(fixture, "outside/a.conf", "precious\n");
}

#define ADD(test) g_test_add("/machine_drift/" #test, Fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (geteuid() != 0) {
        printf("1..0 # SKIP only root makes machines\n");
        return 0;
    }
    ADD(nothing_changed_is_no_drift);
    ADD(configuration_is_merged_as_dpkg_does);
    ADD(what_was_deleted_inside_stays_away);
    ADD(new_users_come_and_those_inside_stay);
    ADD(folders_above_what_comes_are_made);
    ADD(a_package_that_is_gone_is_missing);
    ADD(all_of_it_is_made_and_can_be_undone);
    ADD(a_mask_goes_when_the_unit_becomes_the_machines_own);
    ADD(what_stays_of_a_trimmed_tree_is_not_copied_and_the_rest_comes_back);
    ADD(a_log_that_the_machines_root_wrote_leads_nowhere_outside);
    ADD(links_inside_lead_nowhere_outside);
    return g_test_run();
}
