// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join.h"

#include "image/image.h"
#include "privileges.h"
#include "process-facts.h"
#include "service/service.h"
#include "supervise.h"
#include "tools.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ACCOUNTS_SIZE_MAX (1024 * 1024) /* bytes of passwd and group */

/* A process that is joined, and what is taken over from it. */
typedef struct {
    pid_t pid;
    const char *who;
    const JoinOptions *options;
    int root, cwd, handle; /* its root and working folder; the process itself (pidfd_open(2)) */
    int namespaces;        /* CLONE_NEW… of those that are not ours */
    ProcessStatus status;
    Privileges privileges;
    GArray *groups;    /* of privileges: of another user of its root */
    guint n_outer;     /* how many of status.groups are taken over, before the namespaces are joined */
    char *groups_text; /* /proc/PID/cgroup */
    char *oom;         /* /proc/PID/oom_score_adj */
    struct rlimit limits[RLIM_NLIMITS];
    char **environment;
} Joined;

/* --- looking at it ---------------------------------------------------------------------------------------------------------- */

static gboolean read_file(const Joined *joined, pid_t pid, const char *name, char **ret_text, gsize *ret_size,
                          GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, name);
    g_autoptr(GError) problem = NULL;

    if (g_file_get_contents(path, ret_text, ret_size, &problem))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_FAILED, "cannot look at the process of %s: %s", joined->who, problem->message);
    return geteuid() == 0 ? FALSE : gourd_error_hint(error, "this needs root: run it with sudo");
}

static gboolean open_process(Joined *joined, GError **error)
{
    g_autofree char *root = g_strdup_printf("/proc/%d/root", joined->pid);
    g_autofree char *cwd = g_strdup_printf("/proc/%d/cwd", joined->pid);

    joined->handle = (int)syscall(SYS_pidfd_open, joined->pid, 0);
    joined->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    joined->cwd = open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (joined->handle >= 0 && joined->root >= 0 && joined->cwd >= 0)
        return TRUE;
    gourd_error_set_errno(error, errno, "cannot look at the process of %s", joined->who);
    return geteuid() == 0 ? FALSE : gourd_error_hint(error, "this needs root: run it with sudo");
}

/* Joining one's own namespace of users is refused, of others pointless. */
static int find_namespaces(pid_t pid)
{
    static const struct {
        const char *name;
        int flag;
    } kinds[] = {
        {"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},  {"net", CLONE_NEWNET},       {"ipc", CLONE_NEWIPC},
        {"uts", CLONE_NEWUTS},   {"pid", CLONE_NEWPID}, {"cgroup", CLONE_NEWCGROUP},
    };
    int flags = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *ours = g_strdup_printf("/proc/self/ns/%s", kinds[i].name);
        g_autofree char *its = g_strdup_printf("/proc/%d/ns/%s", pid, kinds[i].name);
        struct stat a, b;

        if (stat(ours, &a) == 0 && stat(its, &b) == 0 && (a.st_ino != b.st_ino || a.st_dev != b.st_dev))
            flags |= kinds[i].flag;
    }
    return flags;
}

/* gourd-init has secrets from their files, and puts them into the environment of the program only. */
static pid_t find_program(const Joined *joined)
{
    g_autofree char *line = NULL, *children = NULL, *name = g_strdup_printf("task/%d/children", joined->pid);
    gint64 child;

    if (!read_file(joined, joined->pid, "cmdline", &line, NULL, NULL) || strcmp(line, PATH_INIT_INSIDE) != 0 ||
        !read_file(joined, joined->pid, name, &children, NULL, NULL))
        return joined->pid;
    children[strcspn(children, " ")] = '\0';
    return g_ascii_string_to_signed(children, 10, 1, G_MAXINT32, &child, NULL) ? (pid_t)child : joined->pid;
}

/* What systemd says to the main process alone. */
static const char *const not_inherited[] = {"NOTIFY_SOCKET", "WATCHDOG_PID",   "WATCHDOG_USEC",    "LISTEN_PID",
                                            "LISTEN_FDS",    "LISTEN_FDNAMES", "SYSTEMD_EXEC_PID", "JOURNAL_STREAM"};

static char **change_environment(char **environment, char *const *changes, gboolean terminal)
{
    char **changed = g_strdupv(environment);

    for (gsize i = 0; i < G_N_ELEMENTS(not_inherited); i++)
        changed = g_environ_unsetenv(changed, not_inherited[i]);
    if (terminal && g_getenv("TERM"))
        changed = g_environ_setenv(changed, "TERM", g_getenv("TERM"), TRUE);
    for (; changes && *changes; changes++) {
        const char *equals = strchr(*changes, '=');
        g_autofree char *name = g_strndup(*changes, strcspn(*changes, "="));

        changed = equals ? g_environ_setenv(changed, name, equals + 1, TRUE) : g_environ_unsetenv(changed, name);
    }
    return changed;
}

/* What systemd gave the main process, and what the program has besides: its secrets. A program may have overwritten its own, as
 * nginx does for its title. */
static gboolean read_environment(Joined *joined, pid_t program, GError **error)
{
    g_autofree char *first = NULL, *second = NULL;
    gsize first_size = 0, second_size = 0;

    if (!read_file(joined, joined->pid, "environ", &first, &first_size, error) ||
        !read_file(joined, program, "environ", &second, &second_size, error))
        return FALSE;
    g_auto(GStrv) all = environment_split(first, first_size), own = environment_split(second, second_size);
    for (char **assignment = own; *assignment; assignment++) {
        g_autofree char *name = g_strndup(*assignment, strcspn(*assignment, "="));

        all = g_environ_setenv(all, name, *assignment + strlen(name) + 1, TRUE);
    }
    joined->environment = change_environment(all, joined->options->environment, terminal_is_wanted());
    return TRUE;
}

static gboolean read_limits(Joined *joined, GError **error)
{
    g_autofree char *text = NULL;

    return read_file(joined, joined->pid, "limits", &text, NULL, error) &&
           process_limits_parse(text, joined->limits, error);
}

static gboolean read_status(Joined *joined, pid_t program, GError **error)
{
    g_autofree char *text = NULL;

    return read_file(joined, program, "status", &text, NULL, error) &&
           process_status_parse(text, &joined->status, error);
}

static gboolean look_at_process(Joined *joined, GError **error)
{
    pid_t program = find_program(joined);

    if (!open_process(joined, error) || !read_environment(joined, program, error) ||
        !read_status(joined, program, error) ||
        !read_file(joined, joined->pid, "cgroup", &joined->groups_text, NULL, error) ||
        !read_file(joined, joined->pid, "oom_score_adj", &joined->oom, NULL, error) || !read_limits(joined, error))
        return FALSE;
    joined->namespaces = find_namespaces(joined->pid);
    return TRUE;
}

/* --- whom to be ------------------------------------------------------------------------------------------------------------- */

static GBytes *load_beneath(int root, const char *path)
{
    autofd fd = root_open(root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
    g_autofree char *bytes = g_malloc(ACCOUNTS_SIZE_MAX);
    gsize got = 0;

    if (fd < 0 || !fd_pread(fd, path, bytes, ACCOUNTS_SIZE_MAX, 0, &got, NULL))
        return NULL;
    return g_bytes_new(bytes, got);
}

static gboolean choose_other(Joined *joined, const char *user, GError **error)
{
    g_autoptr(GBytes) passwd = load_beneath(joined->root, "/etc/passwd");
    g_autoptr(GBytes) group = load_beneath(joined->root, "/etc/group");
    ImageUser known;

    image_user_resolve(user, passwd, group, &known);
    gboolean found = known.known;
    joined->privileges.uid = known.uid;
    joined->privileges.gid = known.gid;
    g_array_append_vals(joined->groups, known.groups->data, known.groups->len);
    image_user_clear(&known);
    if (found)
        return TRUE;
    g_autofree char *shown = text_escape(user);
    return gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "%s does not know the user '%s'", joined->who, shown);
}

/* The same numbers, as its user namespace calls them. */
static gboolean choose_same(Joined *joined, GError **error)
{
    g_autofree char *uids = NULL, *gids = NULL;
    const ProcessStatus *status = &joined->status;

    if (!read_file(joined, joined->pid, "uid_map", &uids, NULL, error) ||
        !read_file(joined, joined->pid, "gid_map", &gids, NULL, error))
        return FALSE;
    if (!id_map_find(uids, status->uid, &joined->privileges.uid) ||
        !id_map_find(gids, status->gid, &joined->privileges.gid))
        return gourd_error_set(error, GOURD_ERROR_FAILED, "the user of %s is not in its user namespace", joined->who);
    return TRUE;
}

static gboolean choose_privileges(Joined *joined, GError **error)
{
    g_autofree char *set_groups = NULL;
    const JoinOptions *options = joined->options;
    Privileges *privileges = &joined->privileges;

    joined->groups = g_array_new(FALSE, FALSE, sizeof(guint32));
    if (!read_file(joined, joined->pid, "setgroups", &set_groups, NULL, error))
        return FALSE;
    if (options->root)
        privileges->bounding = G_MAXUINT64;
    else if (options->user ? !choose_other(joined, options->user, error) : !choose_same(joined, error))
        return FALSE;
    else {
        privileges->bounding = joined->status.bounding;
        privileges->ambient = options->user ? 0 : joined->status.ambient;
        privileges->inheritable = options->user ? 0 : joined->status.inheritable;
        privileges->no_new_privileges = joined->status.no_new_privileges;
    }
    privileges->set_inheritable = TRUE;
    joined->n_outer = options->root || options->user ? 0 : joined->status.groups->len;
    privileges->set_groups = options->user && g_str_has_prefix(set_groups, "allow");
    privileges->groups = (const guint32 *)(gpointer)joined->groups->data;
    privileges->n_groups = joined->groups->len;
    return TRUE;
}

/* --- in processes of their own ---------------------------------------------------------------------------------------------- */

static gboolean write_text(const char *path, const char *text)
{
    autofd fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* "4:memory:/a" or "0::/a" of /proc/PID/cgroup, where that hierarchy is mounted (cgroups(7)). */
static gboolean join_group(const char *line)
{
    g_auto(GStrv) fields = g_strsplit(line, ":", 3);
    g_autofree char *v1 = NULL, *v2 = NULL, *hybrid = NULL;

    if (g_strv_length(fields) != 3)
        return TRUE;
    const char *controllers = g_str_has_prefix(fields[1], "name=") ? fields[1] + strlen("name=") : fields[1];
    if (*controllers) {
        v1 = g_strdup_printf("/sys/fs/cgroup/%s%s/cgroup.procs", controllers, fields[2]);
        return access(v1, F_OK) < 0 || write_text(v1, "0");
    }
    v2 = g_strdup_printf("/sys/fs/cgroup%s/cgroup.procs", fields[2]);
    hybrid = g_strdup_printf("/sys/fs/cgroup/unified%s/cgroup.procs", fields[2]);
    return write_text(v2, "0") || write_text(hybrid, "0");
}

static gboolean enter(gpointer data, GError **error)
{
    const Joined *joined = data;
    g_auto(GStrv) lines = g_strsplit(joined->groups_text, "\n", -1);

    for (char **line = lines; *line; line++)
        if (!join_group(*line))
            return gourd_error_set_errno(error, errno, "cannot join the control group '%s' of %s", *line, joined->who);
    write_text("/proc/self/oom_score_adj", joined->oom);
    /* A user namespace may allow no change later: they are its process's own, or none. */
    if (setgroups(joined->n_outer, (const gid_t *)(gpointer)joined->status.groups->data) < 0)
        return gourd_error_set_errno(error, errno, "cannot set groups");
    if (setns(joined->handle, joined->namespaces) < 0)
        return gourd_error_set_errno(error, errno, "cannot join the namespaces of %s", joined->who);
    return TRUE;
}

static gboolean become(gpointer data, GError **error)
{
    const Joined *joined = data;
    const char *folder = joined->options->working_dir;

    umask(joined->status.umask);
    for (int i = 0; i < (int)RLIM_NLIMITS; i++)
        setrlimit((__rlimit_resource_t)i, &joined->limits[i]); /* more than we have ourselves, root may lack */
    if (!privileges_take(&joined->privileges, error))
        return joined->namespaces & CLONE_NEWUSER
                   ? gourd_error_hint(error, "its user namespace (PrivateUsers=) has its own user and root only")
                   : FALSE;
    if (folder ? chdir(folder) < 0 : fchdir(joined->cwd) < 0)
        return gourd_error_set_errno(error, errno, "cannot work in '%s'", folder ? folder : "its folder");
    return TRUE;
}

/* --- what to run ------------------------------------------------------------------------------------------------------------ */

static gboolean is_program(int root, const char *path)
{
    autofd fd = root_open(root, path, O_PATH, 0);
    struct stat status;

    return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0111);
}

static const char *find_shell(int root)
{
    static const char *const shells[] = {"/bin/bash", "/usr/bin/bash", "/bin/sh", "/usr/bin/sh", "/bin/ash"};

    for (gsize i = 0; i < G_N_ELEMENTS(shells); i++)
        if (is_program(root, shells[i]))
            return shells[i];
    return NULL;
}

static gboolean run_command(Joined *joined, const char *program, int fd, char *const *argv, int *ret_status,
                            GError **error)
{
    autofd host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    gboolean wanted = terminal_is_wanted();
    gboolean same = !joined->options->root && !joined->options->user;
    guint32 owner = same ? joined->status.uid : joined->privileges.uid;
    g_autoptr(Terminal) terminal = wanted ? terminal_open(host, owner, error) : NULL;
    Supervision supervision = {
        .enter = enter,
        .become = become,
        .data = joined,
        .reaps = TRUE,
        .whole_group = joined->options->whole_group,
        .program = program,
        .program_fd = fd,
        .argv = argv,
        .environment = joined->environment,
        .terminal = terminal,
    };

    return (!wanted || terminal) && supervise(&supervision, ret_status, error);
}

static gboolean run_shell(Joined *joined, int *ret_status, GError **error)
{
    const char *shell = find_shell(joined->root);
    char *argv[] = {(char *)shell, NULL};

    if (shell)
        return run_command(joined, shell, -1, argv, ret_status, error);
    gourd_error_set(error, GOURD_ERROR_NO_PROGRAM, "there is no shell in %s", joined->who);
    return gourd_error_hint(error, "gourd shell --tools %s brings one along", joined->who);
}

/* Nothing is mounted: the file is open before its path is gone. */
static gboolean run_tools(Joined *joined, int *ret_status, GError **error)
{
    autofd fd = tools_open(error);
    char *argv[] = {(char *)"sh", NULL};

    return fd >= 0 && run_command(joined, "busybox", fd, argv, ret_status, error);
}

gboolean join_run(pid_t pid, const char *who, const JoinOptions *options, int *ret_status, GError **error)
{
    Joined joined = {.pid = pid, .who = who, .options = options, .root = -1, .cwd = -1, .handle = -1};
    gboolean done = look_at_process(&joined, error) && choose_privileges(&joined, error);

    if (done && options->command)
        done = run_command(&joined, options->command[0], -1, options->command, ret_status, error);
    else if (done)
        done = options->tools ? run_tools(&joined, ret_status, error) : run_shell(&joined, ret_status, error);
    fd_close(&joined.root);
    fd_close(&joined.cwd);
    fd_close(&joined.handle);
    g_clear_pointer(&joined.groups, g_array_unref);
    process_status_clear(&joined.status);
    g_strfreev(joined.environment);
    g_free(joined.groups_text);
    g_free(joined.oom);
    return done;
}
