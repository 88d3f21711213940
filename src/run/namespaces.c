// SPDX-License-Identifier: LGPL-2.1-or-later
#include "namespaces.h"

#include "id-map.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

gboolean namespaces_are_root(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    const guint32 wanted = 1U << CAP_SYS_ADMIN | 1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_SETPCAP;

    return geteuid() == 0 && syscall(SYS_capget, &header, data) == 0 && (data[0].effective & wanted) == wanted;
}

/* --- what denies them ----------------------------------------------------------------------------------------------------- */

/* What a file below /proc/sys says; -1: it is not there. */
static gint64 read_setting(const char *path)
{
    g_autofree char *text = NULL;
    gint64 value = -1;

    if (!g_file_get_contents(path, &text, NULL, NULL) ||
        !g_ascii_string_to_signed(g_strstrip(text), 10, 0, G_MAXINT64, &value, NULL))
        return -1;
    return value;
}

static gboolean is_in_container(void)
{
    return access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0 || g_getenv("container") != NULL;
}

gboolean namespaces_explain(GError **error)
{
    if (read_setting("/proc/sys/kernel/unprivileged_userns_clone") == 0)
        return gourd_error_hint(error, "ordinary users may make no namespaces here: sysctl "
                                       "kernel.unprivileged_userns_clone=1, or run it as root");
    if (read_setting("/proc/sys/user/max_user_namespaces") == 0)
        return gourd_error_hint(error,
                                "ordinary users may make no namespaces here: sysctl user.max_user_namespaces=10000, "
                                "or run it as root");
    if (is_in_container())
        return gourd_error_hint(error, "this is a container that may make none: start it with --privileged, or with "
                                       "--cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt "
                                       "apparmor=unconfined --security-opt systempaths=unconfined");
    if (geteuid() != 0 && read_setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
        return gourd_error_hint(error, "AppArmor lets no program of ordinary users do that here: sysctl "
                                       "kernel.apparmor_restrict_unprivileged_userns=0, or run it as root");
    if (geteuid() == 0)
        return gourd_error_hint(error, "root here lacks the capability CAP_SYS_ADMIN");
    return gourd_error_hint(error, "run it as root");
}

/* --- entering --------------------------------------------------------------------------------------------------------------- */

static gboolean write_text(const char *path, const char *text, GError **error)
{
    autofd fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return gourd_error_set_errno(error, errno, "cannot write '%s'", path);
    return TRUE;
}

/* Maps the caller alone, which needs nobody's permission. */
static gboolean map_one(const Namespaces *namespaces, uid_t uid, gid_t gid, GError **error)
{
    g_autofree char *uid_map = g_strdup_printf("%u %u 1\n", namespaces->uid, uid);
    g_autofree char *gid_map = g_strdup_printf("%u %u 1\n", namespaces->gid, gid);

    return write_text("/proc/self/setgroups", "deny", error) && write_text("/proc/self/uid_map", uid_map, error) &&
           write_text("/proc/self/gid_map", gid_map, error);
}

/* The mapper must be there before: it stays outside, where newuidmap's privileges count. */
static gboolean enter_with_users(Namespaces *namespaces, int flags, GError **error)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    g_autoptr(IdMapper) mapper = namespaces->all_ids ? id_mapper_new(uid, gid, namespaces->uid, namespaces->gid) : NULL;

    namespaces->all_ids = FALSE;
    if (unshare(flags | CLONE_NEWUSER) < 0) {
        gourd_error_set(error, GOURD_ERROR_FAILED, "cannot make a user namespace: %s", g_strerror(errno));
        return namespaces_explain(error);
    }
    if (mapper && id_mapper_run(mapper)) {
        namespaces->all_ids = TRUE;
        return TRUE;
    }
    return map_one(namespaces, uid, gid, error);
}

static gboolean enable_loopback(GError **error)
{
    autofd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return gourd_error_set_errno(error, errno, "cannot enable the network device lo");
    return TRUE;
}

gboolean namespaces_enter(Namespaces *namespaces, GError **error)
{
    int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

    if (namespaces->network)
        flags |= CLONE_NEWNET;
    if (namespaces->users) {
        if (!enter_with_users(namespaces, flags, error))
            return FALSE;
    } else if (unshare(flags) < 0) {
        gourd_error_set_errno(error, errno, "cannot make namespaces");
        return namespaces_explain(error);
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        gourd_error_set_errno(error, errno, "cannot mount in a namespace");
        return namespaces_explain(error);
    }
    return !namespaces->network || enable_loopback(error);
}
