// SPDX-License-Identifier: LGPL-2.1-or-later
/* The files of dpkg's database, and the headers in a package: any bytes as each of them. */
#include "machine/alternatives.h"
#include "machine/deb.h"
#include "machine/dpkg.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
    g_assert_true(*path == '/');
    g_assert_null(strstr(path, "/../"));
    g_assert_null(strchr(path, '\n'));
}

static void read_status(const char *text, gsize size)
{
    g_autoptr(GPtrArray) packages = g_ptr_array_new_with_free_func((GDestroyNotify)host_package_free);
    g_autoptr(GError) error = NULL;

    g_assert_true(dpkg_status_parse(text, size, packages, &error) == (error == NULL));
    for (guint i = 0; i < packages->len; i++) {
        const HostPackage *package = g_ptr_array_index(packages, i);

        g_assert_null(strpbrk(package->name, "/ \n:"));
        g_assert_null(strpbrk(package->version, "/ \n"));
        for (guint k = 0; k < package->conffiles->len; k++)
            check_path(((MachineConffile *)g_ptr_array_index(package->conffiles, k))->path);
        for (guint k = 0; k < package->depends->len; k++)
            g_assert_nonnull(*(char **)g_ptr_array_index(package->depends, k));
    }
}

static void read_lists(const char *text, gsize size)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) diversions = g_ptr_array_new_with_free_func((GDestroyNotify)dpkg_diversion_free);
    g_autoptr(GPtrArray) alternatives = g_ptr_array_new_with_free_func((GDestroyNotify)machine_alternative_free);
    g_autoptr(GHashTable) digests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GError) list = NULL, diversion = NULL, alternative = NULL, sums = NULL;

    g_assert_true(dpkg_list_parse(text, size, paths, &list) == (list == NULL));
    for (guint i = 0; i < paths->len; i++)
        check_path(g_ptr_array_index(paths, i));
    g_assert_true(dpkg_diversions_parse(text, size, diversions, &diversion) == (diversion == NULL));
    g_assert_true(dpkg_md5sums_parse(text, size, digests, &sums) == (sums == NULL));
    g_assert_true(alternatives_parse("awk", text, size, alternatives, &alternative) == (alternative == NULL));
    for (guint i = 0; i < alternatives->len; i++) {
        const MachineAlternative *one = g_ptr_array_index(alternatives, i);

        g_assert_null(strchr(one->name, '/'));
        check_path(one->target);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size), *name = NULL;
    const guint64 file_size = 1000;
    g_autoptr(GError) error = NULL;
    DebMember member;

    /* g_strndup() stops at a zero byte, but gives all that room. */
    if (size > 0)
        memcpy(text, data, size);
    read_status(text, size);
    read_lists(text, size);
    if (deb_parse_header(data, size, 8, file_size, &name, &member, &error)) {
        g_assert_cmpuint(member.offset + member.size, <=, file_size);
        g_assert_null(strpbrk(name, "/ "));
    }
    return 0;
}
