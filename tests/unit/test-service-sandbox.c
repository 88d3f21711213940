// SPDX-License-Identifier: LGPL-2.1-or-later
/* The tables of the sandbox: profiles, loosenings, capabilities. */
#include "service/sandbox.h"

#include <string.h>

static char *render(int profile, guint64 allow)
{
    g_autoptr(UnitFile) unit = unit_file_new();
    g_autoptr(GError) error = NULL;

    sandbox_render(profile, allow, unit);
    char *text = unit_file_to_text(unit, &error);
    g_assert_no_error(error);
    return text;
}

static guint64 all_loosenings(void)
{
    guint64 all = 0;

    for (const ServiceLoosening *loosening = service_loosenings(); loosening->name; loosening++)
        all |= sandbox_loosening(loosening->name);
    return all;
}

static void every_setting_is_known_to_every_target(void)
{
    guint n = 0;
    const SandboxSetting *settings = sandbox_settings(&n);

    for (guint i = 0; i < n; i++) {
        g_test_message("%s", settings[i].key);
        g_assert_true(unit_target_knows(UNIT_TARGET_MIN, "Service", settings[i].key, NULL));
        for (guint k = 0; k < i; k++)
            g_assert_cmpstr(settings[i].key, !=, settings[k].key);
    }
}

static void every_profile_is_fit_for_every_target(void)
{
    for (int profile = 0; profile <= SERVICE_PROFILE_TRUSTED; profile++)
        for (guint version = UNIT_TARGET_MIN; version <= UNIT_TARGET_NEWEST; version++) {
            g_autoptr(UnitFile) unit = unit_file_new();
            g_autoptr(GError) error = NULL;
            g_autofree char *before = render(profile, 0);

            sandbox_render(profile, 0, unit);
            g_assert_true(unit_file_fit(unit, version, NULL, &error));
            g_autofree char *after = unit_file_to_text(unit, &error);
            g_assert_no_error(error);
            g_assert_cmpstr(after, ==, before);
        }
}

static void every_loosening_changes_something_of_strict(void)
{
    g_autofree char *strict = render(SERVICE_PROFILE_STRICT, 0);
    const char *before = "";

    for (const ServiceLoosening *loosening = service_loosenings(); loosening->name; loosening++) {
        guint64 bit = sandbox_loosening(loosening->name);
        g_autofree char *loosened = render(SERVICE_PROFILE_STRICT, bit);

        g_test_message("%s", loosening->name);
        g_assert_cmpint(strcmp(before, loosening->name), <, 0);
        g_assert_true(sandbox_allows(bit, loosening->name));
        g_assert_false(sandbox_allows(~bit, loosening->name));
        if (strcmp(loosening->name, "users") != 0) /* that one is not in the table */
            g_assert_cmpstr(loosened, !=, strict);
        before = loosening->name;
    }
    g_assert_cmpuint(sandbox_loosening("all"), ==, 0);
}

/* A list of what is allowed must never be left with what a loosening adds, and nothing else. */
static void loosenings_together_leave_no_list_with_additions_only(void)
{
    for (int profile = 0; profile <= SERVICE_PROFILE_TRUSTED; profile++) {
        g_autofree char *text = render(profile, all_loosenings());

        g_assert_null(strstr(text, "SystemCallFilter="));
        g_assert_null(strstr(text, "RestrictAddressFamilies="));
    }
}

static void setuid_programs_get_nothing_that_implies_no_new_privileges(void)
{
    static const char *const implying[] = {
        "NoNewPrivileges",       "LockPersonality",    "MemoryDenyWriteExecute",  "PrivateDevices",
        "ProtectClock",          "ProtectHostname",    "ProtectKernelLogs",       "ProtectKernelModules",
        "ProtectKernelTunables", "RestrictNamespaces", "RestrictAddressFamilies", "RestrictRealtime",
        "RestrictSUIDSGID",      "SystemCallFilter",   "SystemCallArchitectures", "SystemCallLog",
    };
    g_autofree char *strict = render(SERVICE_PROFILE_STRICT, sandbox_loosening("new-privileges"));
    g_autofree char *trusted = render(SERVICE_PROFILE_TRUSTED, 0);

    for (gsize i = 0; i < G_N_ELEMENTS(implying); i++) {
        g_autofree char *line = g_strdup_printf("\n%s=", implying[i]);

        g_test_message("%s", implying[i]);
        g_assert_null(strstr(strict, line));
        g_assert_null(strstr(trusted, line));
    }
}

static void capabilities_have_numbers_and_names(void)
{
    guint number = 99;
    g_autofree char *none = capability_set_to_text(0);
    g_autofree char *some = capability_set_to_text(CAPABILITY_BIT(40) | CAPABILITY_BIT(0) | CAPABILITY_BIT(10));

    g_assert_cmpstr(none, ==, "");
    g_assert_cmpstr(some, ==, "CAP_CHOWN CAP_NET_BIND_SERVICE CAP_CHECKPOINT_RESTORE");
    g_assert_true(capability_find("net_raw", &number));
    g_assert_cmpuint(number, ==, 13);
    g_assert_true(capability_find("CAP_SYS_ADMIN", &number));
    g_assert_cmpuint(number, ==, 21);
    g_assert_false(capability_find("", &number));
    g_assert_false(capability_find("cap_", &number));
    g_assert_false(capability_find("all", &number));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/service-sandbox/every_setting_is_known_to_every_target", every_setting_is_known_to_every_target);
    g_test_add_func("/service-sandbox/every_profile_is_fit_for_every_target", every_profile_is_fit_for_every_target);
    g_test_add_func("/service-sandbox/every_loosening_changes_something_of_strict",
                    every_loosening_changes_something_of_strict);
    g_test_add_func("/service-sandbox/loosenings_together_leave_no_list_with_additions_only",
                    loosenings_together_leave_no_list_with_additions_only);
    g_test_add_func("/service-sandbox/setuid_programs_get_nothing_that_implies_no_new_privileges",
                    setuid_programs_get_nothing_that_implies_no_new_privileges);
    g_test_add_func("/service-sandbox/capabilities_have_numbers_and_names", capabilities_have_numbers_and_names);
    return g_test_run();
}
