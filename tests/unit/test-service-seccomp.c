// SPDX-License-Identifier: LGPL-2.1-or-later
/* Docker's seccomp profiles as system call filters. */
#include "service/service.h"

#include <string.h>

static char *words_of(const char *file, const char *machine, const char *const *capabilities, Notes *notes)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "fuzz", "corpus", "service-seccomp", file, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) names = NULL;
    gsize size;

    g_assert_true(g_file_get_contents(path, &text, &size, &error));
    if (!seccomp_profile_parse(text, size, machine, capabilities, notes, &names, &error))
        return g_strconcat("refused: ", error->message, NULL);
    g_assert_no_error(error);
    return g_strjoinv(" ", names);
}

static void a_list_of_allowed_calls_goes_by_capabilities_and_processor(void)
{
    static const char *const none[] = {NULL}, *const admin[] = {"sys_admin", NULL}, *const all[] = {"ALL", NULL};
    g_autoptr(Notes) notes = notes_new();
    g_autofree char *plain = words_of("allowed-calls.json", "x86_64", none, notes);
    g_autofree char *arm = words_of("allowed-calls.json", "aarch64", NULL, NULL);
    g_autofree char *any = words_of("allowed-calls.json", NULL, admin, NULL);
    g_autofree char *root = words_of("allowed-calls.json", "s390x", all, NULL);

    g_assert_cmpstr(plain, ==, "read write clone3 personality arch_prctl clone ptrace");
    g_assert_cmpstr(arm, ==, "read write clone3 personality arm_sync_file_range clone ptrace");
    g_assert_cmpstr(any, ==, "read write clone3 personality arch_prctl arm_sync_file_range mount umount2 ptrace");
    g_assert_cmpstr(root, ==, "read write clone3 personality mount umount2 bpf ptrace");
    g_assert_cmpuint(notes_list(notes)->len, ==, 1);
    const Note *note = g_ptr_array_index(notes_list(notes), 0);
    g_assert_cmpstr(note->kind, ==, "seccomp-arguments");
    g_assert_cmpuint(note->subjects->len, ==, 2);
}

static void a_list_of_denied_calls_begins_with_a_mark(void)
{
    g_autoptr(Notes) notes = notes_new();
    g_autofree char *denied = words_of("denied-calls.json", NULL, NULL, notes);
    g_autofree char *none = words_of("unconfined.json", NULL, NULL, NULL);

    g_assert_cmpstr(denied, ==, "~ keyctl add_key");
    g_assert_cmpuint(notes_list(notes)->len, ==, 1);
    g_assert_cmpstr(none, ==, "~");
}

static void what_is_no_profile_is_refused(void)
{
    static const struct {
        const char *file, *message;
    } cases[] = {
        {"nothing-allowed.json", "the profile allows no system call"},
        {"name-with-a-blank.json", "syscalls[0]: 'read write' is no system call"},
        {"unknown-action.json", "the profile.defaultAction 'SCMP_ACT_FORGIVE' is no action of seccomp"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = words_of(cases[i].file, NULL, NULL, NULL);
        g_autofree char *want = g_strconcat("refused: ", cases[i].message, NULL);

        g_assert_cmpstr(got, ==, want);
    }
    g_autofree char *number = words_of("rule-that-is-a-number.json", NULL, NULL, NULL);
    g_assert_true(g_str_has_prefix(number, "refused: syscalls[0]"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seccomp/a_list_of_allowed_calls_goes_by_capabilities_and_processor",
                    a_list_of_allowed_calls_goes_by_capabilities_and_processor);
    g_test_add_func("/seccomp/a_list_of_denied_calls_begins_with_a_mark", a_list_of_denied_calls_begins_with_a_mark);
    g_test_add_func("/seccomp/what_is_no_profile_is_refused", what_is_no_profile_is_refused);
    return g_test_run();
}
