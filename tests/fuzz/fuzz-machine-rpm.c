// SPDX-License-Identifier: LGPL-2.1-or-later
/* What rpm says about all that is installed: any bytes. */
#include "machine/rpm.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_package(const RpmInventory *inventory, const HostPackage *package)
{
    const RpmFile *files;
    guint count;

    g_assert_null(strpbrk(package->name, "/ \n:"));
    g_assert_null(strpbrk(package->version, "/ \n"));
    for (guint i = 0; i < package->depends->len; i++)
        g_assert_nonnull(*(char **)g_ptr_array_index(package->depends, i));
    files = rpm_inventory_files(inventory, package, &count);
    for (guint i = 0; i < count; i++) {
        g_assert_true(*files[i].path == '/');
        g_assert_null(strstr(files[i].path, "/../"));
        g_assert_null(strpbrk(files[i].digest, "/ \n"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) packages = g_ptr_array_new_with_free_func((GDestroyNotify)host_package_free);
    g_autoptr(GError) error = NULL;
    char *text = g_malloc(size + 1);

    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    RpmInventory *inventory = rpm_inventory_parse(text, size, packages, &error);
    g_assert_true((inventory != NULL) == (error == NULL));
    for (guint i = 0; inventory && i < packages->len; i++)
        check_package(inventory, g_ptr_array_index(packages, i));
    if (inventory)
        rpm_inventory_free(inventory);
    return 0;
}
