// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <string.h>
#include <sys/wait.h>

/* systemd.exec(5), "PROCESS EXIT CODES": what a process that never came to its program exits with. */
static const struct {
    int status;
    const char *name;
    const char *meaning; /* or NULL */
} systemd_statuses[] = {
    {200, "CHDIR", "its working folder cannot be entered"},
    {201, "NICE", NULL},
    {202, "FDS", NULL},
    {203, "EXEC", "its program cannot be run"},
    {204, "MEMORY", NULL},
    {205, "LIMITS", NULL},
    {206, "OOM_ADJUST", NULL},
    {207, "SIGNAL_MASK", NULL},
    {208, "STDIN", NULL},
    {209, "STDOUT", NULL},
    {210, "CHROOT", NULL},
    {211, "IOPRIO", NULL},
    {212, "TIMERSLACK", NULL},
    {213, "SECUREBITS", NULL},
    {214, "SETSCHEDULER", NULL},
    {215, "CPUAFFINITY", NULL},
    {216, "GROUP", "its group is not known"},
    {217, "USER", "its user is not known"},
    {218, "CAPABILITIES", "its capabilities cannot be set"},
    {219, "CGROUP", NULL},
    {220, "SETSID", NULL},
    {221, "CONFIRM", NULL},
    {222, "STDERR", NULL},
    {224, "PAM", NULL},
    {225, "NETWORK", "its network cannot be set up"},
    {226, "NAMESPACE", "its file system cannot be set up"},
    {227, "NO_NEW_PRIVILEGES", NULL},
    {228, "SECCOMP", "its filter of system calls cannot be set up"},
    {229, "SELINUX_CONTEXT", NULL},
    {230, "PERSONALITY", NULL},
    {231, "APPARMOR", NULL},
    {232, "ADDRESS_FAMILIES", NULL},
    {233, "RUNTIME_DIRECTORY", NULL},
    {235, "CHOWN", NULL},
    {236, "SMACK_PROCESS_LABEL", NULL},
    {237, "KEYRING", NULL},
    {238, "STATE_DIRECTORY", "its folder below /var/lib cannot be made"},
    {239, "CACHE_DIRECTORY", "its folder below /var/cache cannot be made"},
    {240, "LOGS_DIRECTORY", "its folder below /var/log cannot be made"},
    {241, "CONFIGURATION_DIRECTORY", NULL},
    {242, "NUMA_POLICY", NULL},
    {243, "CREDENTIALS", "its credentials cannot be set up"},
    {245, "BPF", NULL},
};

static char *describe_exit(int status)
{
    for (guint i = 0; i < G_N_ELEMENTS(systemd_statuses); i++)
        if (systemd_statuses[i].status == status)
            return g_strdup_printf("exit status %d/%s%s%s%s", status, systemd_statuses[i].name,
                                   systemd_statuses[i].meaning ? " (" : "",
                                   systemd_statuses[i].meaning ? systemd_statuses[i].meaning : "",
                                   systemd_statuses[i].meaning ? ")" : "");
    return g_strdup_printf("exit status %d", status);
}

char *exit_status_describe(gint32 code, gint32 status)
{
    const char *name = sigabbrev_np(status);

    switch (code) {
    case CLD_EXITED:
        return describe_exit(status);
    case CLD_KILLED:
    case CLD_DUMPED:
        return name ? g_strdup_printf("killed by SIG%s%s", name, code == CLD_DUMPED ? ", core dumped" : "")
                    : g_strdup_printf("killed by signal %d", status);
    default:
        return NULL;
    }
}
