// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is read of a process that is joined, and what systemd-run gets of a unit. */
#include "run/process-facts.h"
#include "run/transient.h"

#include <string.h>

static void the_status_of_a_process_is_read(void)
{
    static const char text[] =
        "Name:\tweb\nUmask:\t0027\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t6 100 \n"
        "CapInh:\t0000000000000400\nCapPrm:\t0\nCapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000400\n"
        "NoNewPrivs:\t1\n";
    g_autoptr(GError) error = NULL;
    ProcessStatus status;

    g_assert_true(process_status_parse(text, &status, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(status.uid, ==, 2);
    g_assert_cmpuint(status.gid, ==, 6);
    g_assert_cmpuint(status.groups->len, ==, 2);
    g_assert_cmpuint(g_array_index(status.groups, guint32, 1), ==, 100);
    g_assert_cmphex(status.bounding, ==, 0xa80425fb);
    g_assert_cmphex(status.ambient, ==, 0x400);
    g_assert_cmpuint(status.umask, ==, 027);
    g_assert_true(status.no_new_privileges);
    process_status_clear(&status);
    g_assert_false(process_status_parse("Uid:\t1\n", &status, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

static void the_limits_are_those_of_this_process(void)
{
    g_autofree char *text = NULL;
    struct rlimit limits[RLIM_NLIMITS], own;
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_get_contents("/proc/self/limits", &text, NULL, NULL));
    g_assert_true(process_limits_parse(text, limits, &error));
    for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
        g_assert_cmpint(getrlimit((__rlimit_resource_t)i, &own), ==, 0);
        g_assert_cmpuint(limits[i].rlim_cur, ==, own.rlim_cur);
        g_assert_cmpuint(limits[i].rlim_max, ==, own.rlim_max);
    }
    g_assert_false(process_limits_parse("", limits, &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_INPUT);
}

static void ids_are_found_in_maps(void)
{
    static const char map[] = "         0          0          1\n       997        997          1\n  5000 100000 10\n";
    guint32 inside = 0;

    g_assert_true(id_map_find(map, 997, &inside));
    g_assert_cmpuint(inside, ==, 997);
    g_assert_true(id_map_find(map, 100009, &inside));
    g_assert_cmpuint(inside, ==, 5009);
    g_assert_false(id_map_find(map, 100010, &inside));
    g_assert_false(id_map_find(map, 1, &inside));
    g_assert_false(id_map_find("a b c\n1 2\n", 2, &inside));
}

static void an_environment_is_what_has_names(void)
{
    static const char bytes[] =
        "A=1\0=2\0\0web: master\0B=a=b\0C="; /* as programs leave it that write their title there */
    g_auto(GStrv) environment = environment_split(bytes, sizeof bytes - 1);
    g_autofree char *joined = g_strjoinv("|", environment);

    g_assert_cmpstr(joined, ==, "A=1|B=a=b|C=");
}

static const char unit_text[] = "[Unit]\nWants=gourd-names.service x.target\nRequiresMountsFor=/srv\n"
                                "[Service]\nType=notify\nExecStart=/run/gourd/init --pipe --secret K=K --setenv a.b=c "
                                "--ready-on-exec -- /bin/app \"a b\" $$HOME\nRestart=always\nUser=app\n"
                                "Environment=\"A=100%%\"\nRootImage=/b/%N.raw\nRemoveIPC=yes\n";

static char *words_of(const TransientRun *run, const char *text, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_parse(text, strlen(text), NULL, NULL);
    g_auto(GStrv) words = transient_words(run, unit, "x.service", FALSE, error);

    return words ? g_strjoinv("|", words) : NULL;
}

#define FRONT                                                                                             \
    "systemd-run|--quiet|--wait|--service-type=exec|--unit=x.service|--description=gourd run app|--pipe|" \
    "-p|RuntimeDirectoryPreserve=yes|-p|Wants=gourd-names.service|-p|After=gourd-names.service|"          \
    "-p|RequiresMountsFor=/srv|-p|User=app|-p|Environment=\"A=100%\"|-p|RootImage=/b/app.raw|"

static void what_is_of_the_service_alone_is_left_out(void)
{
    const TransientRun run = {.service = "app", .unit = "app.service", .swap = -1};
    g_autofree char *words = words_of(&run, unit_text, NULL);

    g_assert_cmpstr(words, ==, FRONT "--|/run/gourd/init|--secret|K=K|--setenv|a.b=c|--|/bin/app|a b|$$HOME");
}

/* systemd-run takes specifiers literally: what they mean is written out. */
static void credentials_are_where_the_new_unit_has_them(void)
{
    const TransientRun run = {.service = "app", .unit = "app.service", .swap = -1};
    g_autofree char *words = words_of(&run, "[Service]\nExecStart=/bin/app\nBindReadOnlyPaths=%d/db:/run/secrets/db\n",
                                      NULL);

    g_assert_nonnull(strstr(words, "|BindReadOnlyPaths=/run/credentials/x.service/db:/run/secrets/db|"));
}

static void commands_and_changes_come_last(void)
{
    char *command[] = {(char *)"/bin/sh", (char *)"-c", (char *)"echo $A", NULL};
    char *environment[] = {(char *)"B=2", (char *)"C", NULL}, *binds[] = {(char *)"/x:/y:ro", NULL};
    const TransientRun run = {.service = "app",
                              .unit = "app.service",
                              .command = command,
                              .environment = environment,
                              .binds = binds,
                              .memory = 1024,
                              .swap = 0,
                              .cpus_per_mille = 1500,
                              .pids = 7};
    g_autofree char *words = words_of(&run, unit_text, NULL);

    g_assert_cmpstr(
        words, ==,
        FRONT "--setenv=B=2|-p|UnsetEnvironment=C|-p|BindReadOnlyPaths=/x:/y|-p|MemoryMax=1024|-p|MemorySwapMax=0|"
              "-p|CPUQuota=150.0%|-p|TasksMax=7|"
              "--|/run/gourd/init|--secret|K=K|--setenv|a.b=c|--|/bin/sh|-c|echo $$A");
}

static void specifiers_of_others_are_refused(void)
{
    const TransientRun run = {.service = "app", .unit = "app.service", .swap = -1};
    g_autoptr(GError) error = NULL;
    g_autofree char *words = words_of(&run, "[Service]\nExecStart=/bin/app\nWorkingDirectory=%h\n", &error);

    g_assert_null(words);
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
    g_clear_error(&error);
    g_assert_null(words_of(&run, "[Service]\nUser=x\n", &error));
    g_assert_error(error, GOURD_ERROR, GOURD_ERROR_UNSUPPORTED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/run-words/" #name, name)
    TEST(the_status_of_a_process_is_read);
    TEST(the_limits_are_those_of_this_process);
    TEST(ids_are_found_in_maps);
    TEST(an_environment_is_what_has_names);
    TEST(what_is_of_the_service_alone_is_left_out);
    TEST(credentials_are_where_the_new_unit_has_them);
    TEST(commands_and_changes_come_last);
    TEST(specifiers_of_others_are_refused);
    return g_test_run();
}
