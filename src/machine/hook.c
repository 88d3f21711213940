// SPDX-License-Identifier: LGPL-2.1-or-later
#include "packages-private.h"
#include "plan-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* How machines follow upgrades of the host. apt(8) runs a command after each run of dpkg (apt.conf(5), DPkg::Post-Invoke); whose failure is not one of
 * the upgrade. Elsewhere a path unit looks at the package database, which no query changes. It says so as soon as a transaction closes the database,
 * and maybe in its midst: so the command waits for the lock of transactions. */

#define APT_FOLDER "/etc/apt/apt.conf.d"
#define APT_HOOK APT_FOLDER "/90gourd-machines"
#define UNIT_FOLDER "/etc/systemd/system/"
#define UNIT_NAME "gourd-machines-refresh"
#define PATH_UNIT UNIT_NAME ".path"
#define UNIT_WANTS UNIT_FOLDER "multi-user.target.wants/" PATH_UNIT
#define FILE_MODE 0644

#define LOOK_USEC (200 * 1000) /* between two looks whether a transaction has ended */

static int open_root(Host *host, GError **error)
{
    int root = open(host_root(host), O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (root < 0)
        gourd_error_set_errno(error, errno, "cannot open '%s'", host_root(host));
    return root;
}

/* The name stands in a shell's command in a string of apt's, and in a unit. */
static gboolean check_program(const char *program, GError **error)
{
    gboolean good = *program == '/';

    for (const char *at = program; *at && good; at++)
        good = g_ascii_isalnum(*at) || strchr("/._+-", *at);
    return good || gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "no hook can call a program named '%s'", program);
}

static void write_text(Plan *plan, const char *path, const char *text)
{
    g_autoptr(GBytes) content = g_bytes_new(text, strlen(text));

    plan_write(plan, path, FILE_MODE, content);
}

static void write_apt_hook(Plan *plan, const char *program)
{
    g_autofree char *text = g_strdup_printf(
        "// Written by gourd: machines follow each upgrade of this host. `gourd machine hook off` removes it.\n"
        "DPkg::Post-Invoke { \"if [ -x %s ]; then %s machine refresh || true; fi\"; };\n",
        program, program);

    write_text(plan, APT_HOOK, text);
}

/* Transactions may come one upon the other: the service is started for each. */
static void write_units(Plan *plan, const char *program, const char *database)
{
    static const char comment[] =
        "# Written by gourd: machines follow each upgrade of this host. `gourd machine hook off` removes it.\n";
    g_autofree char *path = g_strdup_printf("%s[Unit]\nDescription=Packages of this host, which machines follow\n\n"
                                            "[Path]\nPathChanged=%s\n\n[Install]\nWantedBy=multi-user.target\n",
                                            comment, database);
    g_autofree char *service = g_strdup_printf("%s[Unit]\nDescription=Machines follow an upgrade of this host\n"
                                               "ConditionFileIsExecutable=%s\nStartLimitIntervalSec=0\n\n"
                                               "[Service]\nType=oneshot\nExecStart=%s machine refresh --wait\n",
                                               comment, program, program);

    write_text(plan, UNIT_FOLDER PATH_UNIT, path);
    write_text(plan, UNIT_FOLDER UNIT_NAME ".service", service);
    plan_link(plan, UNIT_WANTS, UNIT_FOLDER PATH_UNIT);
    plan_act(plan, "reload", NULL, "reload", NULL);
    plan_act(plan, "restart", PATH_UNIT, "abandon", PATH_UNIT);
}

static gboolean plan_on(Host *host, int root, const char *program, Plan *plan, GError **error)
{
    g_autofree char *database = NULL, *lock = NULL;
    struct stat status;
    gboolean has_apt;

    if (!check_program(program, error) || !machine_packages_locate(host_root(host), root, &database, &lock, error) ||
        !root_look(root, APT_FOLDER, &status, &has_apt, error))
        return FALSE;
    if (has_apt && strcmp(database, DPKG_STATUS) == 0)
        write_apt_hook(plan, program);
    else
        write_units(plan, program, database);
    return TRUE;
}

static gboolean plan_off(int root, Plan *plan, GError **error)
{
    struct stat status;
    gboolean has_unit;

    if (!root_look(root, UNIT_FOLDER PATH_UNIT, &status, &has_unit, error))
        return FALSE;
    plan_remove(plan, APT_HOOK);
    if (!has_unit)
        return TRUE;
    plan_act(plan, "stop", PATH_UNIT, "resume", PATH_UNIT);
    plan_remove(plan, UNIT_WANTS);
    plan_remove(plan, UNIT_FOLDER PATH_UNIT);
    plan_remove(plan, UNIT_FOLDER UNIT_NAME ".service");
    plan_act(plan, "reload", NULL, "reload", NULL);
    return TRUE;
}

StoreChange *machine_plan_hook(Host *host, gboolean on, const char *program, GError **error)
{
    autofd root = open_root(host, error);
    g_autoptr(StoreChange) change =
        root < 0 ? NULL
                 : store_change_new_other(on ? "machines follow upgrades" : "machines follow no upgrades", NULL, NULL);

    if (!change || (on ? !plan_on(host, root, program, change->plan, error) : !plan_off(root, change->plan, error)))
        return NULL;
    return g_steal_pointer(&change);
}

gboolean machine_hook_find(Host *host, gboolean *ret_on, GError **error)
{
    autofd root = open_root(host, error);
    struct stat status;
    gboolean has_apt, has_unit;

    if (root < 0 || !root_look(root, APT_HOOK, &status, &has_apt, error) ||
        !root_look(root, UNIT_FOLDER PATH_UNIT, &status, &has_unit, error))
        return FALSE;
    *ret_on = has_apt || has_unit;
    return TRUE;
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */

/* Taking the lock would make a package manager fail that begins meanwhile: dpkg does not wait for it, nor does rpm without a terminal. */
static gboolean is_locked(int root, const char *lock, gboolean *ret_locked, GError **error)
{
    autofd fd = root_open(root, lock, O_RDONLY, 0);
    struct flock wanted = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

    if (fd < 0 && errno != ENOENT)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", lock);
    if (fd >= 0 && fcntl(fd, F_OFD_GETLK, &wanted) < 0)
        return gourd_error_set_errno(error, errno, "cannot look at the lock of '%s'", lock);
    *ret_locked = fd >= 0 && wanted.l_type != F_UNLCK;
    return TRUE;
}

gboolean machine_settle(Host *host, char **ret_state, GError **error)
{
    g_autofree char *file = NULL, *lock = NULL;
    autofd root = open_root(host, error);
    struct stat status;
    gboolean found, locked = TRUE;

    if (root < 0 || !machine_packages_locate(host_root(host), root, &file, &lock, error) ||
        !is_locked(root, lock, &locked, error))
        return FALSE;
    while (locked) {
        g_usleep(LOOK_USEC);
        if (!is_locked(root, lock, &locked, error))
            return FALSE;
    }
    if (!root_look(root, file, &status, &found, error))
        return FALSE;
    *ret_state = g_strdup_printf("%lu %ld.%09ld", found ? (gulong)status.st_ino : 0,
                                 found ? (glong)status.st_mtim.tv_sec : 0, found ? (glong)status.st_mtim.tv_nsec : 0);
    return TRUE;
}
