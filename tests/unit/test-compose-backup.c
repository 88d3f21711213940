// SPDX-License-Identifier: LGPL-2.1-or-later
/* x-gourd.backup: what becomes of its keys, and of wrong ones. */
#include "compose-fixture.h"

static const struct {
    const char *keys, *options, *top;
} cases[] = {
    {"volumes: [\"v:/v\", \"w:/w\"], x-gourd: {backup: {dump: \"pg_dump $$DB\", restore: [psql, a b], volume: v, timeout: 5m}}",
     "{'backup_dump':'pg_dump $DB','backup_restore':''psql' 'a b'','backup_timeout_usec':300000000,'backup_volume':'v',"
     "'volumes':['v:/v','w:/w']}",
     "volumes: {v: , w: }"},
    {"volumes: [\"e:/e\", /f], x-gourd: {backup: {dump: a, volume: e, before: b, after: c}}",
     "{'backup_after':'c','backup_before':'b','backup_dump':'a','backup_volume':'/e','volumes':['other/data:/e:external','/f']}",
     "volumes: {e: {external: true, name: other_data}}"},
};

static void keys_become_options(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Stack) stack = read_service(cases[i].keys, cases[i].top, NULL, &error);

        g_assert_no_error(error);
        g_autofree char *text = options_text(stack);
        g_assert_cmpstr(text, ==, cases[i].options);
    }
}

static void a_wrong_key_of_a_backup_is_told_with_its_place_and_the_nearest(void)
{
    static const struct {
        const char *keys, *top, *message, *hint;
    } wrong[] = {
        {"x-gourd: {backup: {dump: a, restor: b}}", NULL,
         "compose.yaml:1:58: services.web.x-gourd.backup.restor: there is no such key", "did you mean 'restore'?"},
        {"volumes: [\"data:/d\"], x-gourd: {backup: {dump: a, volume: date}}", "volumes: {data: }",
         "compose.yaml:1:80: services.web.x-gourd.backup.volume: the service has no such volume",
         "did you mean 'data'?"},
        {"volumes: [\"data:/d\"]", "volumes: {data: {x-gourd: {backup: {dump: a}}}}",
         "compose.yaml:2:18: volumes.data.x-gourd: a volume has no settings of gourd's",
         "'x-gourd: {backup: …}' belongs to a service that uses it"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Stack) stack = read_service(wrong[i].keys, wrong[i].top, NULL, &error);
        g_autofree char *message = NULL, *hint = NULL;

        g_assert_null(stack);
        gourd_error_split(error, &message, &hint);
        g_assert_cmpstr(strstr(message, "compose.yaml:"), ==, wrong[i].message);
        g_assert_cmpstr(hint, ==, wrong[i].hint);
    }
}

static void what_cannot_be_a_backup_is_refused(void)
{
    static const char *const wrong[] = {
        "x-gourd: {backup: pg_dump}",
        "x-gourd: {backup: {}}",
        "x-gourd: {backup: {dump: }}",
        "x-gourd: {backup: {dump: {a: b}}}",
        "x-gourd: {backup: {dump: [[a]]}}",
        "x-gourd: {backup: {restore: a}}",
        "x-gourd: {backup: {dump: a, timeout: soon}}",
        "x-gourd: {backup: {before: a, volume: v}}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Stack) stack = read_service(wrong[i], NULL, NULL, &error);

        g_assert_null(stack);
        g_assert_nonnull(strstr(error->message, "services.web.x-gourd.backup"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/compose-backup/keys_become_options", keys_become_options);
    g_test_add_func("/compose-backup/a_wrong_key_of_a_backup_is_told_with_its_place_and_the_nearest",
                    a_wrong_key_of_a_backup_is_told_with_its_place_and_the_nearest);
    g_test_add_func("/compose-backup/what_cannot_be_a_backup_is_refused", what_cannot_be_a_backup_is_refused);
    return g_test_run();
}
