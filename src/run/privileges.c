// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(number) (G_GUINT64_CONSTANT(1) << (number))
#define HALF 32

static gboolean set_capabilities(guint64 permitted, guint64 inheritable, GError **error)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    for (guint i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        data[i].permitted = data[i].effective = (guint32)(permitted >> (i * HALF));
        data[i].inheritable = (guint32)(inheritable >> (i * HALF));
    }
    if (syscall(SYS_capset, &header, data) < 0)
        return gourd_error_set_errno(error, errno, "cannot set capabilities");
    return TRUE;
}

static guint64 get_permitted(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capget, &header, data) < 0)
        return 0;
    return data[0].permitted | (guint64)data[1].permitted << HALF;
}

static gboolean raise_ambient(guint64 ambient, GError **error)
{
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return gourd_error_set_errno(error, errno, "cannot clear ambient capabilities");
    for (guint i = 0; i <= CAP_LAST_CAP; i++)
        if (ambient & BIT(i) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
            return gourd_error_set_errno(error, errno, "cannot keep capability %u", i);
    return TRUE;
}

gboolean privileges_keep(guint64 capabilities, GError **error)
{
    guint64 permitted = get_permitted();

    return set_capabilities(permitted, capabilities & permitted, error) &&
           raise_ambient(capabilities & permitted, error);
}

/* Capabilities that this kernel does not know cannot be had anyway. */
static gboolean drop_bounding(guint64 keep, GError **error)
{
    for (guint i = 0; i < HALF * _LINUX_CAPABILITY_U32S_3; i++)
        if (!(keep & BIT(i)) && prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
            return gourd_error_set_errno(error, errno, "cannot drop capability %u", i);
    return TRUE;
}

/* A program that was made somebody else opens its output by name, too (/dev/stdout): a pipe is then its own. */
static void own_pipes(guint32 uid)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        struct stat status;

        if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) && fchown(fd, uid, (gid_t)-1) < 0)
            errno = 0;
    }
}

static gboolean set_user(const Privileges *privileges, GError **error)
{
    if (privileges->set_groups && setgroups(privileges->n_groups, privileges->groups) < 0)
        return gourd_error_set_errno(error, errno, "cannot set groups");
    if (setresgid(privileges->gid, privileges->gid, privileges->gid) < 0)
        return gourd_error_set_errno(error, errno, "cannot become group %u", privileges->gid);
    if (setresuid(privileges->uid, privileges->uid, privileges->uid) < 0)
        return gourd_error_set_errno(error, errno, "cannot become user %u", privileges->uid);
    return TRUE;
}

gboolean privileges_take(const Privileges *privileges, GError **error)
{
    guint64 had = get_permitted();
    guint64 permitted = (privileges->uid == 0 ? privileges->bounding : privileges->ambient) & had;
    guint64 inheritable = (privileges->set_inheritable ? privileges->inheritable : privileges->ambient) & had;
    guint64 ambient = privileges->ambient & permitted & inheritable;

    if (privileges->uid != geteuid())
        own_pipes(privileges->uid);
    if (!drop_bounding(privileges->bounding, error))
        return FALSE;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return gourd_error_set_errno(error, errno, "cannot keep capabilities");
    if (!set_user(privileges, error) || !set_capabilities(permitted, inheritable, error) ||
        !raise_ambient(ambient, error))
        return FALSE;
    if (privileges->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return gourd_error_set_errno(error, errno, "cannot rule out new privileges");
    return TRUE;
}
