// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

/* What of a host every service needs. */

#define CGROUP2_SUPER_MAGIC 0x63677270 /* linux/magic.h */
#define FREE_BYTES_MIN (64 * 1024 * 1024)
#define FREE_PER_MILLE_MIN 10 /* of bytes and of inodes: what a log and a restart take */

/* Built in, or a module that is loaded when it is wanted. */
static gboolean has_file_system(const char *name)
{
    g_autofree char *text = NULL, *modules = NULL, *builtin = NULL;
    g_autofree char *line = g_strdup_printf("\t%s\n", name), *module = g_strdup_printf("/%s.ko", name);
    struct utsname kernel;

    if (g_file_get_contents("/proc/filesystems", &text, NULL, NULL) && strstr(text, line))
        return TRUE;
    if (uname(&kernel) != 0)
        return TRUE;
    g_autofree char *dependencies = g_strdup_printf("/lib/modules/%s/modules.dep", kernel.release);
    g_autofree char *built = g_strdup_printf("/lib/modules/%s/modules.builtin", kernel.release);
    return (g_file_get_contents(dependencies, &modules, NULL, NULL) && strstr(modules, module)) ||
           (g_file_get_contents(built, &builtin, NULL, NULL) && strstr(builtin, module));
}

static gboolean has_seccomp(void)
{
    g_autofree char *text = NULL;

    return !g_file_get_contents("/proc/self/status", &text, NULL, NULL) || strstr(text, "\nSeccomp:");
}

static void check_kernel(GPtrArray *findings)
{
    struct statfs cgroups;

    if (!has_file_system("squashfs"))
        why_add(findings, "kernel-without-squashfs", NULL,
                g_strdup("this kernel has no SquashFS, so no bundle can be mounted"),
                g_strdup("install the package with the rest of the kernel's modules, or another kernel"));
    if (access("/dev/loop-control", F_OK) != 0 && errno == ENOENT)
        why_add(findings, "kernel-without-loop", NULL,
                g_strdup("there are no loop devices here, by which bundles are mounted"),
                g_strdup("modprobe loop; in a container, give it /dev/loop-control and loop devices"));
    if (!has_seccomp()) /* systemd says nothing of it */
        why_add(findings, "kernel-without-seccomp", NULL,
                g_strdup("this kernel has no filters of system calls (seccomp), so services run without theirs"),
                g_strdup("use a kernel with CONFIG_SECCOMP_FILTER"));
    if (statfs("/sys/fs/cgroup", &cgroups) == 0 && (guint64)cgroups.f_type != CGROUP2_SUPER_MAGIC)
        why_add(findings, "cgroup-old", NULL,
                g_strdup("this host has no cgroup v2, so limits of memory, processors and addresses do not work"),
                g_strdup("boot with systemd.unified_cgroup_hierarchy=1"));
}

static void check_systemd(Host *host, GPtrArray *findings)
{
    guint version;

    if (!host_systemd_version(host, &version, NULL))
        why_add(findings, "systemd-unsupported", NULL, g_strdup("there is no systemd here that could run services"),
                NULL);
    else if (version < UNIT_TARGET_MIN)
        why_add(findings, "systemd-unsupported", NULL,
                g_strdup_printf("systemd %u is older than %u, the first that gourd writes units for", version,
                                (guint)UNIT_TARGET_MIN),
                g_strdup("update the system: Debian 12, Ubuntu 24.04 and RHEL 9 are new enough"));
}

static void check_space(Host *host, GPtrArray *findings)
{
    g_autofree char *bundles = host_path(host, PATH_GOURD), *root = host_path(host, "/");
    struct statvfs status;

    if (statvfs(bundles, &status) != 0 && statvfs(root, &status) != 0)
        return;
    guint64 free_bytes = (guint64)status.f_bavail * status.f_frsize,
            all_bytes = (guint64)status.f_blocks * status.f_frsize;
    if (free_bytes < FREE_BYTES_MIN || free_bytes < all_bytes / 1000 * FREE_PER_MILLE_MIN) {
        g_autofree char *size = g_format_size_full(free_bytes, G_FORMAT_SIZE_IEC_UNITS);

        why_add(findings, "disk-full", NULL,
                g_strdup_printf("the file system of '" PATH_GOURD "' has only %s left", size),
                g_strdup("'gourd gc' removes old releases; df -h, journalctl --vacuum-size=100M"));
    }
    if (status.f_files > 0 && status.f_favail < status.f_files / 1000 * FREE_PER_MILLE_MIN)
        why_add(findings, "inodes-full", NULL,
                g_strdup_printf("the file system of '" PATH_GOURD "' has only %" G_GUINT64_FORMAT " inodes left",
                                (guint64)status.f_favail),
                g_strdup("many small files take them: df -i and du --inodes find the folder"));
}

static void check_users(Host *host, GPtrArray *findings)
{
    guint32 uid, gid;

    if (!host_find_user(host, "root", &uid, &gid))
        why_add(findings, "users-unresolved", NULL,
                g_strdup("the host does not know even its user root, so no service's user will be found"),
                g_strdup("look at 'passwd:' in /etc/nsswitch.conf, and at /etc/passwd"));
}

GPtrArray *why_host(Host *host)
{
    GPtrArray *findings = why_findings_new();

    check_systemd(host, findings);
    if (host_is_live(host))
        check_kernel(findings);
    check_users(host, findings);
    check_space(host, findings);
    return findings;
}
