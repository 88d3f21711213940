// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/seccomp-profile.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const capabilities[] = {"SYS_ADMIN", NULL};
    g_autoptr(Notes) notes = notes_new();
    g_auto(GStrv) names = NULL;
    g_autoptr(GError) error = NULL;

    if (!seccomp_profile_parse(data, size, "x86_64", capabilities, notes, &names, &error)) {
        g_assert_nonnull(error);
        return 0;
    }
    g_assert_nonnull(names);
    /* Each is a word of a unit. */
    for (char **name = names; *name; name++)
        g_assert_true(strcmp(*name, "~") == 0 || !strpbrk(*name, " \t\r\n%=\"'\\"));
    return 0;
}
