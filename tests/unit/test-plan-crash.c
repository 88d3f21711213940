// SPDX-License-Identifier: LGPL-2.1-or-later

/* A plan with changes of all kinds is killed, or has a system call fail, at each change that it makes to files. Afterwards the
 * tree is exactly the old one (the same inodes, times and links), or the new one. */

#include "plan-fixture.h"
#include "supervise.h"

#include <sched.h>
#include <sys/mount.h>

/* What child processes do. */
typedef struct {
    char *root;
    char *source;
    gboolean fails; /* the plan's last action */
    gboolean recovers;
} Case;

static Plan *make_plan(const Case *test)
{
    Plan *plan = plan_new("crash test");

    plan_folder(plan, "/var/lib/gourd/services/web/2", 0700);
    plan_copy(plan, test->source, "/var/lib/gourd/bundles/web_2.raw", 0644, NULL);
    write_text(plan, "/var/lib/gourd/services/web/2/environment", 0600, "SECRET=x\n");
    plan_act(plan, "touch", "/var/lib/gourd/services/web/2/passwd", "untouch", "/var/lib/gourd/services/web/2/passwd");
    plan_link(plan, "/etc/systemd/system/multi-user.target.wants/web.service", "../web.service");
    plan_link(plan, "/etc/systemd/system/sockets.target.wants/web.socket", "../web.socket");
    write_text(plan, "/etc/systemd/system/web.service", 0644, "[Service]\nExecStart=/2\n");
    plan_remove(plan, "/etc/systemd/system/web-old.service");
    plan_remove(plan, "/var/lib/gourd/bundles/web_0.raw");
    plan_purge(plan, "/var/lib/gourd/volumes/web");
    plan_act(plan, "reload", NULL, "reload", NULL);
    write_text(plan, "/etc/systemd/system/web.service", 0644, "[Service]\nExecStart=/3\n");
    if (test->fails)
        plan_act(plan, "fail", NULL, "restart", "web.service");
    return plan;
}

static void fill_root(const char *root)
{
    put_file(root, "/var/lib/gourd/state/web.json", "{}", 0644);
    put_file(root, "/var/lib/gourd/bundles/web_0.raw", "0", 0644);
    put_file(root, "/var/lib/gourd/volumes/web/data/a/b", "data", 0644);
    put_link(root, "/var/lib/gourd/volumes/web/data/link", "/etc");
    put_file(root, "/etc/systemd/system/web.service", "[Service]\nExecStart=/1\n", 0600);
    put_file(root, "/etc/systemd/system/web-old.service", "", 0644);
    put_link(root, "/etc/systemd/system/multi-user.target.wants/web.service", "/etc/systemd/system/web.service");
}

static int run_case(gpointer data)
{
    const Case *test = data;
    g_autoptr(Plan) plan = make_plan(test);
    g_autoptr(GString) done = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    Deeds deeds = {test->root, done};
    PlanActor actor = {.act = do_deed, .data = &deeds};
    PlanRecovery recovery;

    if (test->recovers)
        return plan_recover(test->root, JOURNAL, &actor, &recovery, NULL, &error) ? 0 : 1;
    return plan_apply(plan, test->root, JOURNAL, &actor, &error) ? 0 : 1;
}

/* In memory if there is a place: syncing thousands of times wears a disk. */
static char *make_quick_root(void)
{
    char *root = g_strdup("/dev/shm/gourd-plan-XXXXXX");

    if (g_mkdtemp(root))
        return root;
    g_free(root);
    return make_root();
}

typedef struct {
    Case test;
    char *old_tree; /* as it was, with inodes */
} Fixture;

static void begin(Fixture *fixture)
{
    fixture->test.root = make_quick_root();
    fill_root(fixture->test.root);
    fixture->old_tree = describe_tree(fixture->test.root);
}

static void end(Fixture *fixture)
{
    remove_tree(fixture->test.root);
    g_clear_pointer(&fixture->test.root, g_free);
    g_clear_pointer(&fixture->old_tree, g_free);
}

/* The content of the tree that the plan makes. */
static char *make_expectation(Case test)
{
    Fixture fixture = {.test = test};

    fixture.test.fails = FALSE;
    begin(&fixture);
    g_assert_cmpint(run_case(&fixture.test), ==, 0);
    char *content = describe_content(fixture.test.root);
    end(&fixture);
    return content;
}

/* The tree is old or new, as *ret_is_new says. */
static void check_tree(const Fixture *fixture, const char *expectation, guint n, gboolean *ret_is_new)
{
    g_autofree char *tree = describe_tree(fixture->test.root);
    g_autofree char *content = describe_content(fixture->test.root);

    *ret_is_new = g_str_equal(content, expectation);
    if (*ret_is_new || g_str_equal(tree, fixture->old_tree))
        return;
    g_test_message("at change %u", n);
    g_assert_cmpstr(tree, ==, fixture->old_tree);
}

static void recover(Case test)
{
    test.recovers = TRUE;
    g_assert_cmpint(run_case(&test), ==, 0);
}

static Case make_case(gboolean fails)
{
    Case test = {.source = g_strdup("/tmp/gourd-plan-source-XXXXXX"), .fails = fails};
    int fd = g_mkstemp(test.source);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, "bundle", 6), ==, 6);
    close(fd);
    return test;
}

static void clear_case(Case *test)
{
    unlink(test->source);
    g_free(test->source);
}

static void killed_at(gboolean fails)
{
    Case test = make_case(fails);
    g_autofree char *expectation = make_expectation(test);
    gboolean was_new = FALSE;
    guint count = 0, n = 1;

    for (int status = -1; status != 0 && !(WIFEXITED(status) && n > count + 1); n++) {
        Fixture fixture = {.test = test};
        Fault fault = {.kind = FAULT_KILL, .n = n};
        gboolean is_new;

        begin(&fixture);
        if (!supervise(run_case, &fixture.test, &fault, &status, &count)) {
            g_test_skip("this machine does not let system calls be watched (seccomp)");
            end(&fixture);
            break;
        }
        g_assert_true(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
        g_assert_true(!WIFEXITED(status) || WEXITSTATUS(status) == (fails ? 1 : 0));
        recover(fixture.test);
        check_tree(&fixture, expectation, n, &is_new);
        /* There is one moment of success, and no way back. */
        g_assert_true(is_new || !was_new);
        g_assert_false(fails && is_new);
        was_new = is_new;
        end(&fixture);
        if (WIFEXITED(status))
            break;
    }
    g_test_message("%u changes", count);
    g_assert_true(n == 1 || was_new == !fails);
    clear_case(&test);
}

static void a_kill_leaves_the_old_or_the_new(void)
{
    killed_at(FALSE);
}

static void a_kill_while_undoing_leaves_the_old(void)
{
    killed_at(TRUE);
}

/* Kills the recovery, too, at each of its changes; then a second one has to do. */
static void recovery_can_be_killed_as_well(void)
{
    Case test = make_case(FALSE);
    g_autofree char *expectation = make_expectation(test);
    gboolean ended = FALSE;

    for (guint n = 3; !ended; n += 7)
        for (guint m = 1;; m++) {
            Fixture fixture = {.test = test};
            Fault fault = {.kind = FAULT_KILL, .n = n};
            gboolean is_new;
            guint count;
            int status;

            begin(&fixture);
            if (!supervise(run_case, &fixture.test, &fault, &status, &count)) {
                g_test_skip("this machine does not let system calls be watched (seccomp)");
                end(&fixture);
                clear_case(&test);
                return;
            }
            ended = WIFEXITED(status);
            fault.n = m;
            fixture.test.recovers = TRUE;
            g_assert_true(supervise(run_case, &fixture.test, &fault, &status, &count));
            recover(fixture.test);
            check_tree(&fixture, expectation, n * 1000 + m, &is_new);
            end(&fixture);
            if (WIFEXITED(status)) {
                g_assert_cmpint(WEXITSTATUS(status), ==, 0);
                break;
            }
        }
    clear_case(&test);
}

/* Without recovery: the process lives, so it has to clean up itself. */
static void faulty_at(FaultKind kind, int errno_value)
{
    Case test = make_case(FALSE);
    g_autofree char *expectation = make_expectation(test);
    gboolean is_new;
    guint count = 1;

    for (guint n = 1; n <= count; n++) {
        Fixture fixture = {.test = test};
        Fault fault = {.kind = kind, .n = n, .errno_value = errno_value};
        int status;

        begin(&fixture);
        if (!supervise(run_case, &fixture.test, &fault, &status, &count)) {
            g_test_skip("this machine does not let system calls be watched (seccomp)");
            end(&fixture);
            break;
        }
        g_assert_true(WIFEXITED(status));
        /* After the moment of success something may be left over, which the next run removes. */
        if (kind == FAULT_ERROR && is_there(fixture.test.root, JOURNAL))
            recover(fixture.test);
        check_tree(&fixture, expectation, n, &is_new);
        g_assert_true(WEXITSTATUS(status) != 0 || is_new);
        end(&fixture);
    }
    clear_case(&test);
}

static void a_full_disk_leaves_the_old(void)
{
    faulty_at(FAULT_FULL, ENOSPC);
}

static void a_failing_system_call_leaves_the_old_or_the_new(void)
{
    faulty_at(FAULT_ERROR, EIO);
    faulty_at(FAULT_ERROR, ENOSPC);
}

/* --- real file systems that are full ------------------------------------------------------------------------------- */

#define CANNOT_MOUNT 77
#define IMAGE_SIZE (512 * 1024) /* of an ext4 */

static gboolean spawn_quietly(const char *const *argv)
{
    int status;

    return g_spawn_sync(NULL, (char **)argv, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                        NULL, &status, NULL) &&
           g_spawn_check_wait_status(status, NULL);
}

static gboolean mount_tmpfs(const char *folder, const char *options)
{
    return mount("tmpfs", folder, "tmpfs", 0, options) == 0;
}

static gboolean mount_ext4(const char *folder, const char *image)
{
    const char *const make[] = {"mkfs.ext4", "-q", "-F", "-m", "0", "-b", "1024", "-N", "64", image, NULL};
    const char *const attach[] = {"mount", "-o", "loop", image, folder, NULL};

    return truncate(image, 0) == 0 && truncate(image, IMAGE_SIZE) == 0 && spawn_quietly(make) && spawn_quietly(attach);
}

/* Takes all space but some bytes. */
static void fill_up(const char *root, guint64 but)
{
    g_autofree char *path = below(root, "/ballast");
    const char zeros[512] = {0};
    autofd fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    gint64 size = 0;

    g_assert_cmpint(fd, >=, 0);
    while (write(fd, zeros, sizeof zeros) == (gssize)sizeof zeros)
        size += (gint64)sizeof zeros;
    g_assert_cmpint(ftruncate(fd, MAX(size - (gint64)but, 0)), ==, 0);
    g_assert_cmpint(fsync(fd), ==, 0);
}

/* Applies the plan on the file system mounted at the root; returns whether it fitted. */
static gboolean apply_on_full(Fixture *fixture, const char *expectation, guint64 free_bytes)
{
    gboolean is_new;

    fill_root(fixture->test.root);
    if (free_bytes > 0)
        fill_up(fixture->test.root, free_bytes);
    g_clear_pointer(&fixture->old_tree, g_free);
    fixture->old_tree = describe_tree(fixture->test.root);
    int failed = run_case(&fixture->test);
    if (free_bytes > 0 && failed == 0)
        return TRUE;
    check_tree(fixture, expectation, (guint)free_bytes, &is_new);
    g_assert_cmpint(is_new, ==, failed == 0);
    return is_new;
}

static int fill_file_systems(gpointer data)
{
    const Case *test = data;
    g_autofree char *expectation = make_expectation(*test);
    Fixture fixture = {.test = *test};
    g_autofree char *folder = make_root();
    g_autofree char *image = g_strconcat(test->source, ".ext4", NULL);
    guint n_old = 0, n_new = 0;

    fixture.test.root = folder;
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        rmdir(folder);
        return CANNOT_MOUNT;
    }
    autofd made = open(image, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(made, >=, 0);
    /* tmpfs: first pages, then inodes are short. */
    for (guint i = 8; i < 120; i++) {
        g_autofree char *options = i < 60 ? g_strdup_printf("mode=700,size=%uk", i * 4)
                                          : g_strdup_printf("mode=700,nr_inodes=%u", i - 35);

        g_assert_true(mount_tmpfs(folder, options));
        *(apply_on_full(&fixture, expectation, 0) ? &n_new : &n_old) += 1;
        g_assert_cmpint(umount(folder), ==, 0);
    }
    g_assert_cmpuint(n_old, >, 5);
    g_assert_cmpuint(n_new, >, 5);
    for (guint free_bytes = 512; free_bytes < 24 * 1024; free_bytes += 1024) {
        if (!mount_ext4(folder, image))
            break;
        apply_on_full(&fixture, expectation, free_bytes);
        g_assert_cmpint(umount(folder), ==, 0);
    }
    unlink(image);
    rmdir(folder);
    return 0;
}

static void real_full_file_systems_leave_the_old(void)
{
    Case test = make_case(FALSE);
    int status;

    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0)
        _exit(fill_file_systems(&test));
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_MOUNT)
        g_test_skip("mounting takes root");
    else
        g_assert_cmpint(status, ==, 0);
    clear_case(&test);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/crash/a_kill_leaves_the_old_or_the_new", a_kill_leaves_the_old_or_the_new);
    g_test_add_func("/plan/crash/a_kill_while_undoing_leaves_the_old", a_kill_while_undoing_leaves_the_old);
    g_test_add_func("/plan/crash/recovery_can_be_killed_as_well", recovery_can_be_killed_as_well);
    g_test_add_func("/plan/crash/a_full_disk_leaves_the_old", a_full_disk_leaves_the_old);
    g_test_add_func("/plan/crash/a_failing_system_call_leaves_the_old_or_the_new",
                    a_failing_system_call_leaves_the_old_or_the_new);
    g_test_add_func("/plan/crash/real_full_file_systems_leave_the_old", real_full_file_systems_leave_the_old);
    return g_test_run();
}
