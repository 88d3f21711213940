// SPDX-License-Identifier: LGPL-2.1-or-later
/* A package database of a host, made here as dpkg makes it. */
#include "machine/dpkg.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define DIGEST "d41d8cd98f00b204e9800998ecf8427e"
#define STATUS                                               \
    "Package: dpkg\nStatus: install ok installed\n"          \
    "Architecture: amd64\nVersion: 1.21\n"                   \
    "Pre-Depends: libc6 (>= 2.34)\n"                         \
    "Depends: tar:any (>= 1.28-1), awk | mawk [amd64]\n"     \
    "Description: a line\n more of it\n .\n Package: none\n" \
    "\n"                                                     \
    "Package: libc6\nStatus: install ok installed\n"         \
    "Architecture: i386\nVersion: 2.36-9\n"                  \
    "\n"                                                     \
    "Package: libc6\nStatus: hold ok installed\n"            \
    "Architecture: amd64\nVersion: 2.36-9\n"                 \
    "\n"                                                     \
    "Package: mawk\nStatus: install ok installed\n"          \
    "Architecture: amd64\nVersion: 1:1.3.4-1\n"              \
    "Provides: awk, awk-like (= 1)\n"                        \
    "Conffiles:\n"                                           \
    " /etc/mawk.conf " DIGEST "\n"                           \
    " /etc/with a blank " DIGEST "\n"                        \
    " /etc/old " DIGEST " obsolete\n"                        \
    "\n"                                                     \
    "Package: gone\nStatus: deinstall ok config-files\n"     \
    "Architecture: amd64\nVersion: 1\n"

typedef struct {
    char *root;
    int fd;
    MachinePackages *packages;
} Fixture;

static void put(const Fixture *fixture, const char *path, const char *text)
{
    g_autofree char *file = g_build_filename(fixture->root, path, NULL), *folder = g_path_get_dirname(file);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, text, -1, &error));
    g_assert_no_error(error);
}

static void set_up(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    fixture->root = g_dir_make_tmp("gourd-packages-XXXXXX", &error);
    g_assert_no_error(error);
    put(fixture, "var/lib/dpkg/status", STATUS);
    put(fixture, "var/lib/dpkg/info/libc6:amd64.list", "/.\n/lib64\n/lib64/ld-linux.so.2\n");
    put(fixture, "var/lib/dpkg/info/libc6:i386.list", "/.\n/lib\n");
    put(fixture, "var/lib/dpkg/info/mawk.list", "/.\n/etc\n/etc/mawk.conf\n/usr/bin/mawk\n");
    put(fixture, "var/lib/dpkg/info/mawk.md5sums", DIGEST "  usr/bin/mawk\n");
    put(fixture, "var/lib/dpkg/info/mawk.postinst", "#!/bin/sh\nadduser --system mawk\n");
    put(fixture, "var/lib/dpkg/diversions", "/usr/bin/mawk\n/usr/bin/mawk.real\nother\n");
    put(fixture, "var/lib/dpkg/alternatives/awk",
        "manual\n/usr/bin/awk\nnawk\n/usr/bin/nawk\n\n"
        "/usr/bin/mawk\n5\n/usr/bin/mawk\n"
        "/usr/bin/gawk\n10\n\n\n");
    fixture->fd = open(fixture->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint(fixture->fd, >=, 0);
    fixture->packages = machine_packages_open(fixture->root, fixture->fd, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *name = g_path_get_basename(fixture->root);
    autofd parent = open(g_get_tmp_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);

    machine_packages_free(fixture->packages);
    close(fixture->fd);
    g_assert_true(folder_sweep(parent, name, fixture->root, NULL));
    g_free(fixture->root);
}

static void what_is_installed_is_found_by_its_name_or_what_it_provides(Fixture *fixture,
                                                                       gconstpointer unused G_GNUC_UNUSED)
{
    const MachinePackages *packages = fixture->packages;

    g_assert_cmpuint(machine_packages_list(packages)->len, ==, 4);
    g_assert_cmpstr(machine_packages_find(packages, "libc6")->architecture, ==, "amd64");
    g_assert_cmpstr(machine_packages_find(packages, "awk-like")->name, ==, "mawk");
    g_assert_null(machine_packages_find(packages, "gone"));
    const HostPackage *dpkg = machine_packages_find(packages, "dpkg");
    g_assert_cmpuint(dpkg->depends->len, ==, 3);
    char *const *choices = g_ptr_array_index(dpkg->depends, 2);
    g_assert_cmpstr(choices[0], ==, "awk");
    g_assert_cmpstr(choices[1], ==, "mawk");
    g_assert_null(choices[2]);
    g_assert_cmpstr(*(char **)g_ptr_array_index(dpkg->depends, 1), ==, "tar");
}

static void obsolete_conffiles_are_no_longer_those_of_the_package(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    const HostPackage *mawk = machine_packages_find(fixture->packages, "mawk");
    const MachineConffile *second;

    g_assert_cmpuint(mawk->conffiles->len, ==, 2);
    second = g_ptr_array_index(mawk->conffiles, 1);
    g_assert_cmpstr(second->path, ==, "/etc/with a blank");
    g_assert_cmpstr(second->digest, ==, DIGEST);
    g_assert_cmpstr(second->package, ==, "mawk");
}

static void files_are_those_of_the_right_architecture_and_where_they_were_diverted_to(
    Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    g_auto(GStrv) libc = NULL, mawk = NULL;
    g_autoptr(GHashTable) digests = NULL;
    g_autofree char *script = NULL;
    MachinePackages *packages = fixture->packages;

    g_assert_true(machine_packages_list_files(packages, machine_packages_find(packages, "libc6"), &libc, NULL));
    g_assert_cmpstr(libc[1], ==, "/lib64/ld-linux.so.2");
    g_assert_true(machine_packages_list_files(packages, machine_packages_find(packages, "mawk"), &mawk, NULL));
    g_assert_cmpstr(mawk[2], ==, "/usr/bin/mawk.real");
    g_assert_null(mawk[3]);
    g_assert_true(machine_packages_list_digests(packages, machine_packages_find(packages, "mawk"), &digests, NULL));
    g_assert_cmpstr(g_hash_table_lookup(digests, "/usr/bin/mawk"), ==, DIGEST);
    g_assert_true(machine_packages_read_script(packages, machine_packages_find(packages, "mawk"), &script, NULL));
    g_assert_nonnull(strstr(script, "adduser"));
}

static void the_best_alternative_is_taken_whatever_was_chosen_by_hand(Fixture *fixture,
                                                                      gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GPtrArray) alternatives = NULL;
    const MachineAlternative *awk;

    g_assert_true(machine_packages_list_alternatives(fixture->packages, &alternatives, NULL));
    g_assert_cmpuint(alternatives->len, ==, 1); /* gawk comes without a nawk */
    awk = g_ptr_array_index(alternatives, 0);
    g_assert_cmpstr(awk->name, ==, "awk");
    g_assert_cmpstr(awk->target, ==, "/usr/bin/gawk");
}

static void make_deb(const Fixture *fixture, const char *compression)
{
    g_autofree char *command = g_strdup_printf(
        "cd '%s' && mkdir -p p/DEBIAN p/etc p/usr/bin var/cache/apt/archives && "
        "printf 'Package: mawk\\nVersion: 1:1.3.4-1\\nArchitecture: amd64\\nMaintainer: a\\nDescription: b\\n' >p/DEBIAN/control && "
        "head -c 300000 /dev/urandom >p/etc/aaa && printf 'as packaged\\n' >p/etc/mawk.conf && ln -sf mawk p/usr/bin/awk && "
        "dpkg-deb -Z%s --root-owner-group -b p 'var/cache/apt/archives/mawk_1%%3a1.3.4-1_amd64.deb' >/dev/null",
        fixture->root, compression);
    const char *const argv[] = {"sh", "-c", command, NULL};
    int status;

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
    g_assert_true(g_spawn_check_wait_status(status, NULL));
}

static void a_conffile_is_read_as_the_package_has_it(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const compressions[] = {"xz", "gzip", "none"};
    const char *const paths[] = {"/etc/mawk.conf", NULL};
    const HostPackage *mawk = machine_packages_find(fixture->packages, "mawk");

    for (guint i = 0; i < G_N_ELEMENTS(compressions); i++) {
        g_autoptr(GHashTable) contents = NULL;
        g_autoptr(GError) error = NULL;

        make_deb(fixture, compressions[i]);
        g_assert_true(machine_packages_read_packaged(fixture->packages, mawk, (char **)paths, &contents, &error));
        GBytes *content = g_hash_table_lookup(contents, "/etc/mawk.conf");
        g_assert_nonnull(content);
        g_assert_cmpmem(g_bytes_get_data(content, NULL), g_bytes_get_size(content), "as packaged\n", 12);
        g_assert_cmpuint(g_hash_table_size(contents), ==, 1);
    }
}

static void a_package_that_cannot_be_had_is_an_error(Fixture *fixture, gconstpointer unused G_GNUC_UNUSED)
{
    const char *const paths[] = {"/etc/mawk.conf", NULL};
    const HostPackage *mawk = machine_packages_find(fixture->packages, "mawk");
    g_autoptr(GHashTable) contents = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(machine_packages_read_packaged(fixture->packages, mawk, (char **)paths, &contents, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_NOT_FOUND);
    g_clear_error(&error);
    put(fixture, "var/cache/apt/archives/mawk_1%3a1.3.4-1_amd64.deb", "!<arch>\nno member");
    g_assert_false(machine_packages_read_packaged(fixture->packages, mawk, (char **)paths, &contents, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

static void check_status(const char *text, const char *want)
{
    g_autoptr(GPtrArray) packages = g_ptr_array_new_with_free_func((GDestroyNotify)host_package_free);
    g_autoptr(GError) error = NULL;

    g_assert_false(dpkg_status_parse(text, strlen(text), packages, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
    g_assert_cmpstr(error->message, ==, want);
}

static void a_broken_status_is_an_error_with_its_line(void)
{
    check_status("Package: a\nno colon\n", "line 2: there is no ':' after the name of a field");
    check_status("Package: a\nPackage: b\n", "line 2: the field is there twice");
    check_status("Package: a/b\nStatus: install ok installed\n\n", "line 3: the package before has no proper name");
    check_status("Package: a\nStatus: install ok installed\nVersion: 1 2\nArchitecture: all\n",
                 "line 4: the package before has no proper version and architecture");
    check_status(
        "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nConffiles:\n /etc/../x " DIGEST "\n",
        "line 6: a conffile of the package before is none");
}

#define ADD(test) g_test_add("/machine_packages/" #test, Fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(what_is_installed_is_found_by_its_name_or_what_it_provides);
    ADD(obsolete_conffiles_are_no_longer_those_of_the_package);
    ADD(files_are_those_of_the_right_architecture_and_where_they_were_diverted_to);
    ADD(the_best_alternative_is_taken_whatever_was_chosen_by_hand);
    ADD(a_conffile_is_read_as_the_package_has_it);
    ADD(a_package_that_cannot_be_had_is_an_error);
    g_test_add_func("/machine_packages/a_broken_status_is_an_error_with_its_line",
                    a_broken_status_is_an_error_with_its_line);
    return g_test_run();
}
