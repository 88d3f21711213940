// SPDX-License-Identifier: LGPL-2.1-or-later
/* What `gourd why` makes of facts: here of units and words of programs as they are seen in journals, below a root that has nothing
 * but some folders. tests/system/why-*.test makes each cause happen for real. */
#include "doctor/why-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define UNIT_PATH "/etc/systemd/system/web.service"

typedef struct {
    WhyFacts facts;
    char *root;
    GPtrArray *findings;
} Fixture;

static void free_source(gpointer data)
{
    WhySource *source = data;

    g_free(source->path);
    unit_file_free(source->file);
    g_free(source);
}

static void add_entry(Fixture *fixture, const char *message)
{
    HostEntry *entry = g_new0(HostEntry, 1);

    entry->message = g_strdup(message);
    entry->exit_status = -1;
    g_ptr_array_add(fixture->facts.entries, entry);
    g_ptr_array_add(fixture->facts.failure.entries, entry);
}

static void set_up(Fixture *fixture, const char *unit_text)
{
    WhySource *source = g_new0(WhySource, 1);
    const char *const folders[] = {"data", "etc", "srv"};
    GError *error = NULL;

    fixture->root = g_dir_make_tmp("why-XXXXXX", &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(fixture->root, folders[i], NULL);

        g_assert_cmpint(g_mkdir(path, 0755), ==, 0);
    }
    source->path = g_strdup(UNIT_PATH);
    source->file = unit_file_parse(unit_text, strlen(unit_text), NULL, &error);
    g_assert_no_error(error);
    fixture->facts = (WhyFacts){.unit = "web.service", .root_kind = WHY_ROOT_FOLDER, .user_known = TRUE};
    fixture->facts.host = host_open(NULL, &error);
    g_assert_no_error(error);
    fixture->facts.sources = g_ptr_array_new_with_free_func(free_source);
    g_ptr_array_add(fixture->facts.sources, source);
    fixture->facts.entries = g_ptr_array_new_with_free_func((GDestroyNotify)host_entry_free);
    fixture->facts.failure.entries = g_ptr_array_new();
    fixture->facts.root_path = g_strdup(fixture->root);
    fixture->facts.root = why_tree_open(fixture->root, FALSE, &error);
    g_assert_no_error(error);
    fixture->facts.outside = why_tree_open("/", FALSE, &error);
    g_assert_no_error(error);
    fixture->findings = why_findings_new();
}

static void tear_down(Fixture *fixture)
{
    const char *const folders[] = {"data", "etc", "srv", ""};

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(fixture->root, folders[i], NULL);

        g_assert_cmpint(g_rmdir(path), ==, 0);
    }
    g_ptr_array_unref(fixture->findings);
    host_free(fixture->facts.host);
    why_facts_clear(&fixture->facts);
    g_free(fixture->root);
}

static void assert_finding(const Fixture *fixture, const char *cause, const char *part, const char *place)
{
    g_assert_cmpuint(fixture->findings->len, ==, 1);
    const WhyFinding *finding = g_ptr_array_index(fixture->findings, 0);

    g_assert_cmpstr(finding->cause, ==, cause);
    if (!strstr(finding->text, part))
        g_error("'%s' is not in '%s'", part, finding->text);
    g_assert_cmpstr(finding->place, ==, place);
    g_assert_nonnull(finding->remedy);
    g_assert_false(g_str_has_suffix(finding->text, "."));
    g_assert_false(g_str_has_suffix(finding->remedy, "."));
}

static void words_of_programs_are_understood(void)
{
    static const struct {
        const char *message, *cause, *part;
    } cases[] = {
        {"nginx: [emerg] bind() to 0.0.0.0:9 failed (98: Address already in use)", "port-taken", "port 9 is taken"},
        {"listen tcp :9: bind: address already in use", "port-taken", "port 9 is taken"},
        {"Error: listen EADDRINUSE: address already in use :::9", "port-taken", "port 9 is taken"},
        {"12:30:45 could not bind: Address in use", "port-taken", "a port or socket that it wants is taken"},
        {"nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", "port-denied", "port 80"},
        {"listen tcp :443: bind: permission denied", "port-denied", "port 443"},
        {"Error: listen EACCES: permission denied 0.0.0.0:80", "port-denied", "port 80"},
        {"nc: bind: Permission denied", "port-denied", "its port"},
        {"ping: permission denied (are you root?)", "privilege-missing", "ping"},
        {"chown: changing ownership of '/data': Operation not permitted", "privilege-missing", "'/data'"},
        {"sysctl: error setting key 'net.ipv4.ip_forward': Read-only file system", "read-only",
         "setting of the kernel"},
        {"sh: can't create /proc/sys/vm/swappiness: Read-only file system", "read-only", "setting of the kernel"},
        {"sh: 1: cannot create /data/x: Read-only file system", "read-only", "'/data/x'"},
        {"OSError: [Errno 30] Read-only file system: '/data/x'", "read-only", "'/data/x'"},
        {"EROFS: read-only file system, mkdir '/data/y'", "read-only", "'/data/y'"},
        {"cat: /etc/app.conf: No such file or directory", "file-missing", "'/etc/app.conf'"},
        {"FileNotFoundError: [Errno 2] No such file or directory: '/etc/app.conf'", "file-missing", "'/etc/app.conf'"},
        {"/bin/x: error while loading shared libraries: libz.so.1: cannot open shared object file: No such file or directory",
         "library-missing", "'libz.so.1'"},
        {"could not translate host name \"db\" to address: Name or service not known", "name-not-resolved", "db"},
        {"curl: (6) Could not resolve host: db", "name-not-resolved", "db"},
        {"wget: bad address 'db'", "name-not-resolved", "db"},
        {"Error: getaddrinfo EAI_AGAIN db", "name-not-resolved", "db"},
        {"getaddrinfo ENOTFOUND db", "name-not-resolved", "db"},
        {"dial tcp: lookup db on 127.0.0.53:53: no such host", "name-not-resolved", "db"},
        {"write error: No space left on device", "no-space", "there is no space left"},
        {"accept4: Too many open files", "too-many-files", "as many files open"},
        {"/bin/sh: 1: curl: not found", "command-missing", "'curl'"},
        {"/run.sh: line 3: /opt/x: command not found", "command-missing", "it calls '/opt/x', which"},
        {"fork: Resource temporarily unavailable", "too-many-processes", "another process"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture fixture;

        g_test_message("%s", cases[i].message);
        set_up(&fixture, "[Service]\nExecStart=/bin/x\n");
        add_entry(&fixture, "starting");
        fixture.facts.failure.status = 127;
        add_entry(&fixture, cases[i].message);
        g_assert_true(why_explain_words(&fixture.facts, fixture.findings));
        assert_finding(&fixture, cases[i].cause, cases[i].part, NULL);
        tear_down(&fixture);
    }
}

static void what_a_program_got_over_need_not_be_why_it_ended(void)
{
    static const char tried[] = "entry.sh: cannot change /etc/x.conf (read-only file system?)";
    static const struct {
        const char *first, *then;
        gboolean is_sure;
    } cases[] = {
        {tried, "[emerg] unknown directive", FALSE},
        {tried, "configuration complete", TRUE},
        {"error: EROFS: read-only file system, mkdir '/data'", "Error: giving up", TRUE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture fixture;

        set_up(&fixture, "[Service]\nExecStart=/bin/x\n");
        add_entry(&fixture, cases[i].first);
        add_entry(&fixture, cases[i].then);
        g_assert_cmpint(why_explain_words(&fixture.facts, fixture.findings), ==, cases[i].is_sure);
        g_assert_cmpuint(fixture.findings->len, ==, 1);
        tear_down(&fixture);
    }
}

static void a_remedy_names_a_folder_that_can_be_mounted_on(void)
{
    static const struct {
        const char *message, *remedy;
    } cases[] = {
        {"chown: /data: Read-only file system", "gourd upgrade … --volume /data keeps"},
        {"cannot create /data/x: Read-only file system", "gourd upgrade … --volume /data keeps"},
        {"cannot create /x: Read-only file system", "gourd upgrade … --writable lays"},
        {"cannot write: Read-only file system", "gourd upgrade … --volume FOLDER keeps"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture fixture;

        set_up(&fixture, "[Service]\nExecStart=/bin/x\n");
        fixture.facts.ours = TRUE;
        add_entry(&fixture, cases[i].message);
        g_assert_true(why_explain_words(&fixture.facts, fixture.findings));
        assert_finding(&fixture, "read-only", "", NULL);
        const WhyFinding *finding = g_ptr_array_index(fixture.findings, 0);
        if (!g_str_has_prefix(finding->remedy, cases[i].remedy))
            g_error("'%s' does not begin with '%s'", finding->remedy, cases[i].remedy);
        tear_down(&fixture);
    }
}

static void what_the_unit_hides_is_not_a_matter_of_modes(void)
{
    Fixture fixture;

    set_up(&fixture, "[Service]\nInaccessiblePaths=/opt -/etc\nExecStart=/bin/x\n");
    fixture.facts.uid = 4711;
    add_entry(&fixture, "cat: can't open '/etc/app.conf': Permission denied");
    g_assert_true(why_explain_words(&fixture.facts, fixture.findings));
    assert_finding(&fixture, "permission", "the unit hides", "InaccessiblePaths=/opt -/etc (" UNIT_PATH ":2)");
    tear_down(&fixture);
}

/* Many programs would like a higher priority, and do without. */
static void a_privilege_that_was_missed_in_passing_is_no_cause(void)
{
    Fixture fixture;

    set_up(&fixture, "[Service]\nExecStart=/bin/x\n");
    add_entry(&fixture, "cannot set priority: Operation not permitted");
    add_entry(&fixture, "giving up");
    g_assert_false(why_explain_words(&fixture.facts, fixture.findings));
    g_assert_cmpuint(fixture.findings->len, ==, 0);
    tear_down(&fixture);
}

static void an_image_that_cannot_be_read_is_damaged(void)
{
    Fixture fixture;

    set_up(&fixture, "[Service]\nRootImage=/srv/web.raw\nExecStart=/bin/x\n");
    fixture.facts.root_kind = WHY_ROOT_IMAGE;
    g_free(fixture.facts.root_path);
    fixture.facts.root_path = g_strdup("/srv/web.raw");
    g_assert_true(why_setting(&fixture.facts, "RootImage", &fixture.facts.root_setting));
    add_entry(&fixture, "sh: 1: x: Input/output error");
    g_assert_true(why_explain_words(&fixture.facts, fixture.findings));
    assert_finding(&fixture, "image-damaged", "the image '/srv/web.raw'", "RootImage=/srv/web.raw (" UNIT_PATH ":2)");
    tear_down(&fixture);
}

static void words_that_mean_nothing_are_left_alone(void)
{
    static const char *const messages[] = {"", "port 80", "done: /data", "cat: /etc: No such file or directory",
                                           "cat: app.conf: No such file or directory"};

    for (gsize i = 0; i < G_N_ELEMENTS(messages); i++) {
        Fixture fixture;

        set_up(&fixture, "[Service]\nExecStart=/bin/x\n");
        add_entry(&fixture, messages[i]);
        g_assert_false(why_explain_words(&fixture.facts, fixture.findings));
        g_assert_cmpuint(fixture.findings->len, ==, 0);
        tear_down(&fixture);
    }
}

/* The root of a machine can print what systemd-nspawn prints, and answers have commands in them. */
static void a_link_with_a_command_in_its_name_is_none(void)
{
    static const struct {
        const char *message;
        guint findings;
    } cases[] = {
        {"Failed to resolve interface eth7: No such device", 1},
        {"Failed to add new veth interfaces (up0:eth0): File exists", 1},
        {"Failed to resolve interface `reboot`: No such device", 0},
        {"Failed to add new veth interfaces (x|reboot:eth0): File exists", 0},
        {"Failed to add new veth interfaces (x&&reboot:eth0): File exists", 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture fixture;

        g_test_message("%s", cases[i].message);
        set_up(&fixture, "[Service]\nExecStart=/bin/x\n");
        fixture.facts.unit = "systemd-nspawn@none.service";
        add_entry(&fixture, cases[i].message);
        why_explain_machine(&fixture.facts, fixture.findings);
        g_assert_cmpuint(fixture.findings->len, ==, cases[i].findings);
        tear_down(&fixture);
    }
}

static void a_missing_mount_point_is_found_without_a_word_of_systemd(void)
{
    Fixture fixture;

    set_up(&fixture,
           "[Service]\nBindPaths=/tmp:/data\nBindPaths=/nothing-there\nBindPaths=\nBindReadOnlyPaths=/tmp:/srv/www\n");
    why_explain_namespace(&fixture.facts, fixture.findings);
    assert_finding(&fixture, "mount-point-missing", "has no folder '/srv/www' to mount on",
                   "BindReadOnlyPaths=/tmp:/srv/www (" UNIT_PATH ":5)");
    tear_down(&fixture);
}

static void mounts_make_room_for_others(void)
{
    Fixture fixture;

    set_up(
        &fixture,
        "[Service]\nBindPaths=/tmp:/data\nBindPaths=/tmp:/data/below\nTemporaryFileSystem=/run/app\nReadWritePaths=-/nothing\n");
    why_explain_namespace(&fixture.facts, fixture.findings);
    g_assert_cmpuint(fixture.findings->len, ==, 0);
    tear_down(&fixture);
}

static void every_step_of_systemd_has_a_sentence(void)
{
    guint count = 0;

    for (int status = 200; status < 256; status++) {
        Fixture fixture;

        if (!why_step_name(status))
            continue;
        count++;
        set_up(&fixture, "[Service]\nExecStart=/bin/x\nUser=root\n");
        why_explain_step(&fixture.facts, status, fixture.findings);
        g_assert_cmpuint(fixture.findings->len, ==, 1);
        tear_down(&fixture);
    }
    /* systemd.exec(5) has 200 to 245 but 223, 234 and 244. */
    g_assert_cmpuint(count, ==, 43);
}

/* What no machine of the tests can be: one with another kernel, or one where systemd may not set limits; it takes the highest that it may. And what of
 * systemd-nspawn is not known yet. */
static const char *const not_made[] = {
    "kernel-without-squashfs",
    "limit-refused",
    "machine-silent",
    NULL,
};

static char *read_system_tests(void)
{
    g_autofree char *folder = g_test_build_filename(G_TEST_DIST, "system", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GString *text = g_string_new(NULL);

    g_assert_nonnull(dir);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL), *content = NULL;

        if (g_str_has_prefix(name, "why-") && g_file_get_contents(path, &content, NULL, NULL))
            g_string_append(text, content);
    }
    return g_string_free(text, FALSE);
}

static void every_cause_is_made_to_happen_by_a_system_test(void)
{
    g_autofree char *text = read_system_tests();

    for (const WhyCause *cause = why_causes(); cause->name; cause++) {
        gboolean made = strstr(text, cause->name) != NULL;

        if (made == g_strv_contains(not_made, cause->name))
            g_error("'%s' is %s", cause->name, made ? "made, and listed as not made" : "in no tests/system/why-*.test");
    }
}

static void causes_are_named_once(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (const WhyCause *cause = why_causes(); cause->name; cause++) {
        g_assert_true(g_hash_table_add(seen, (gpointer)cause->name));
        g_assert_false(g_str_has_suffix(cause->text, "."));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/why/words_of_programs_are_understood", words_of_programs_are_understood);
    g_test_add_func("/why/what_a_program_got_over_need_not_be_why_it_ended",
                    what_a_program_got_over_need_not_be_why_it_ended);
    g_test_add_func("/why/a_remedy_names_a_folder_that_can_be_mounted_on",
                    a_remedy_names_a_folder_that_can_be_mounted_on);
    g_test_add_func("/why/what_the_unit_hides_is_not_a_matter_of_modes", what_the_unit_hides_is_not_a_matter_of_modes);
    g_test_add_func("/why/a_privilege_that_was_missed_in_passing_is_no_cause",
                    a_privilege_that_was_missed_in_passing_is_no_cause);
    g_test_add_func("/why/an_image_that_cannot_be_read_is_damaged", an_image_that_cannot_be_read_is_damaged);
    g_test_add_func("/why/words_that_mean_nothing_are_left_alone", words_that_mean_nothing_are_left_alone);
    g_test_add_func("/why/a_missing_mount_point_is_found_without_a_word_of_systemd",
                    a_missing_mount_point_is_found_without_a_word_of_systemd);
    g_test_add_func("/why/a_link_with_a_command_in_its_name_is_none", a_link_with_a_command_in_its_name_is_none);
    g_test_add_func("/why/mounts_make_room_for_others", mounts_make_room_for_others);
    g_test_add_func("/why/every_step_of_systemd_has_a_sentence", every_step_of_systemd_has_a_sentence);
    g_test_add_func("/why/causes_are_named_once", causes_are_named_once);
    g_test_add_func("/why/every_cause_is_made_to_happen_by_a_system_test",
                    every_cause_is_made_to_happen_by_a_system_test);
    return g_test_run();
}
