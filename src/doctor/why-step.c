// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <string.h>

/* What systemd does before the program runs, each step with its exit status (systemd.exec(5), "PROCESS EXIT CODES"). A step with an
 * explanation of its own looks for the cause; the others have few causes, and the setting and the kernel's word tell. */

#define KEYS_MAX 8

typedef struct {
    int status;
    const char *step;
    const char *what;           /* that could not be done: "systemd could not …" */
    const char *keys[KEYS_MAX]; /* settings that ask for it */
    const char *remedy;         /* where the kernel's word says enough; NULL: look at the setting */
    void (*explain)(const WhyFacts *facts, GPtrArray *findings);
} Step;

static void explain_chdir(const WhyFacts *facts, GPtrArray *findings);
static void explain_limits(const WhyFacts *facts, GPtrArray *findings);
static void explain_affinity(const WhyFacts *facts, GPtrArray *findings);
static void explain_network(const WhyFacts *facts, GPtrArray *findings);
static void explain_apparmor(const WhyFacts *facts, GPtrArray *findings);

static const Step steps[] = {
    {200, "CHDIR", "enter the working folder", {"WorkingDirectory"}, NULL, explain_chdir},
    {201, "NICE", "set the scheduling priority", {"Nice"}, NULL, NULL},
    {202, "FDS", "hand on its open files", {"StandardInput", "Sockets", "OpenFile"}, NULL, NULL},
    {203, "EXEC", "start the program", {"ExecStart"}, NULL, why_explain_exec},
    {204, "MEMORY", "get memory for the start", {"MemoryMax", "LimitAS"}, "free memory, or raise the limit", NULL},
    {205,
     "LIMITS",
     "set the resource limits",
     {"LimitNOFILE", "LimitNPROC", "LimitMEMLOCK", "LimitCORE", "LimitRTPRIO", "LimitNICE", "LimitSTACK"},
     NULL,
     explain_limits},
    {206,
     "OOM_ADJUST",
     "set the out-of-memory score",
     {"OOMScoreAdjust"},
     "a lower score than that of systemd takes a privilege, which a container may lack: leave the setting out",
     NULL},
    {207, "SIGNAL_MASK", "set the signal mask", {"IgnoreSIGPIPE"}, NULL, NULL},
    {208, "STDIN", "open the standard input", {"StandardInput", "TTYPath"}, NULL, why_explain_stdio},
    {209, "STDOUT", "open the standard output", {"StandardOutput", "TTYPath"}, NULL, why_explain_stdio},
    {210, "CHROOT", "change to the root folder", {"RootDirectory", "RootImage"}, NULL, why_explain_image},
    {211, "IOPRIO", "set the priority of input and output", {"IOSchedulingClass", "IOSchedulingPriority"}, NULL, NULL},
    {212, "TIMERSLACK", "set the timer slack", {"TimerSlackNSec"}, NULL, NULL},
    {213, "SECUREBITS", "set the secure bits", {"SecureBits"}, NULL, NULL},
    {214,
     "SETSCHEDULER",
     "set the scheduling policy",
     {"CPUSchedulingPolicy", "CPUSchedulingPriority"},
     "real-time policies take a kernel and a control group that have a share of real time: leave the setting out, or see "
     "kernel.sched_rt_runtime_us",
     NULL},
    {215, "CPUAFFINITY", "bind it to processors", {"CPUAffinity"}, NULL, explain_affinity},
    {216, "GROUP", "become its groups", {"Group", "SupplementaryGroups", "User"}, NULL, why_explain_group},
    {217, "USER", "become its user", {"User", "DynamicUser"}, NULL, why_explain_user},
    {218,
     "CAPABILITIES",
     "set its capabilities",
     {"AmbientCapabilities", "CapabilityBoundingSet"},
     NULL,
     why_explain_capabilities},
    {219,
     "CGROUP",
     "set up its control group",
     {"Slice", "Delegate"},
     "look whether cgroup v2 is mounted on /sys/fs/cgroup and can be written: `gourd why`",
     NULL},
    {220, "SETSID", "make a session", {NULL}, NULL, NULL},
    {221,
     "CONFIRM",
     "ask at the console, as systemd.confirm_spawn= wants",
     {NULL},
     "take systemd.confirm_spawn= from the kernel's command line",
     NULL},
    {222,
     "STDERR",
     "open the standard error output",
     {"StandardError", "StandardOutput", "TTYPath"},
     NULL,
     why_explain_stdio},
    {224,
     "PAM",
     "open a PAM session",
     {"PAMName"},
     "PAMName= names a file of /etc/pam.d; its modules say more in the journal",
     why_explain_pam},
    {225, "NETWORK", "set up its network", {"NetworkNamespacePath", "PrivateNetwork"}, NULL, explain_network},
    {226,
     "NAMESPACE",
     "set up its file system",
     {"RootImage", "RootDirectory", "PrivateMounts", "PrivateTmp", "ProtectSystem"},
     NULL,
     why_explain_namespace},
    {227, "NO_NEW_PRIVILEGES", "forbid new privileges", {"NoNewPrivileges"}, NULL, NULL},
    {228,
     "SECCOMP",
     "set up its filter of system calls",
     {"SystemCallFilter", "SystemCallArchitectures", "RestrictNamespaces", "MemoryDenyWriteExecute"},
     NULL,
     NULL},
    {229,
     "SELINUX_CONTEXT",
     "set the SELinux context",
     {"SELinuxContext"},
     "the policy has no such context, or forbids to change to it: `ausearch -m avc` says which",
     NULL},
    {230,
     "PERSONALITY",
     "set the personality",
     {"Personality"},
     "this machine does not run programs of that architecture: leave the setting out",
     NULL},
    {231, "APPARMOR", "change to the AppArmor profile", {"AppArmorProfile"}, NULL, explain_apparmor},
    {232, "ADDRESS_FAMILIES", "restrict its address families", {"RestrictAddressFamilies"}, NULL, NULL},
    {233, "RUNTIME_DIRECTORY", "make its folder below /run", {"RuntimeDirectory"}, NULL, why_explain_folders},
    {235, "CHOWN", "give a socket its owner", {"SocketUser", "SocketGroup"}, NULL, NULL},
    {236, "SMACK_PROCESS_LABEL", "set the SMACK label", {"SmackProcessLabel"}, NULL, NULL},
    {237,
     "KEYRING",
     "set up the kernel keyring",
     {"KeyringMode"},
     "KeyringMode=inherit does without; in a container the keyring's quota or a filter may be in the way",
     NULL},
    {238, "STATE_DIRECTORY", "make its folder below /var/lib", {"StateDirectory"}, NULL, why_explain_folders},
    {239, "CACHE_DIRECTORY", "make its folder below /var/cache", {"CacheDirectory"}, NULL, why_explain_folders},
    {240, "LOGS_DIRECTORY", "make its folder below /var/log", {"LogsDirectory"}, NULL, why_explain_folders},
    {241,
     "CONFIGURATION_DIRECTORY",
     "make its folder below /etc",
     {"ConfigurationDirectory"},
     NULL,
     why_explain_folders},
    {242,
     "NUMA_POLICY",
     "set the NUMA policy",
     {"NUMAMask", "NUMAPolicy"},
     "this machine has no such node: `numactl --hardware` shows those it has",
     NULL},
    {243,
     "CREDENTIALS",
     "set up its credentials",
     {"LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted", "ImportCredential"},
     NULL,
     why_explain_credentials},
    {245,
     "BPF",
     "restrict its file systems by BPF",
     {"RestrictFileSystems"},
     "this kernel has no BPF security module (lsm=…,bpf): leave the setting out",
     NULL},
};

static const Step *find_step(int status)
{
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        if (steps[i].status == status)
            return &steps[i];
    return NULL;
}

const char *why_step_name(int status)
{
    const Step *step = find_step(status);

    return step ? step->step : NULL;
}

/* --- steps with one or two causes ----------------------------------------------------------------------------------- */

static void explain_chdir(const WhyFacts *facts, GPtrArray *findings)
{
    g_autofree char *root = why_name_root(facts);
    g_auto(InsideNode) node = {0}, barrier = {0};
    WhySetting setting;

    if (!why_setting(facts, "WorkingDirectory", &setting))
        return;
    const char *path = setting.value + strspn(setting.value, "-");
    if (*path != '/' || !why_look(facts, path, &node))
        return;
    g_autofree char *shown = text_escape(path);
    if (why_find_barrier(facts, path, 1, &barrier)) {
        g_autofree char *mode = why_describe_mode(&barrier), *shown_barrier = text_escape(barrier.path);

        why_add(findings, "working-folder-denied", &setting,
                g_strdup_printf("the service's user (%u) may not enter the working folder '%s': '%s' has %s",
                                facts->uid, shown, shown_barrier, mode),
                facts->ours ? g_strdup("gourd upgrade … --workdir with another folder, or --user with its owner")
                            : g_strdup("name another folder, or let the user enter it"));
    } else if (!node.found)
        why_add(findings, "working-folder-missing", &setting,
                g_strdup_printf("%s has no folder '%s' to work in", root, shown),
                facts->ours
                    ? g_strdup_printf("gourd build … --mountpoint %s, or gourd upgrade … --workdir with another folder",
                                      shown)
                    : g_strdup("make it, or name one that is there"));
    else if (node.type != ENTRY_DIRECTORY)
        why_add(findings, "working-folder-missing", &setting, g_strdup_printf("'%s' is no folder to work in", shown),
                g_strdup("name a folder"));
}

static void explain_limits(const WhyFacts *facts, GPtrArray *findings)
{
    const Step *step = find_step(205);
    WhySetting setting;

    for (guint i = 0; i < KEYS_MAX && step->keys[i]; i++) {
        if (!why_setting(facts, step->keys[i], &setting))
            continue;
        why_add(
            findings, "limit-refused", &setting,
            g_strdup_printf("the limit is higher than this host allows: %s", setting.value),
            g_strdup(
                "lower it; in a container the outer host sets the highest value, and for open files sysctl fs.nr_open does"));
        return;
    }
}

static void explain_affinity(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting setting;

    if (why_setting(facts, "CPUAffinity", &setting))
        why_add(findings, "processor-missing", &setting,
                g_strdup_printf("this host has %u processors, and none of the setting's", g_get_num_processors()),
                g_strdup_printf("name some of 0 to %u, or leave the setting out", g_get_num_processors() - 1));
}

static void explain_network(const WhyFacts *facts, GPtrArray *findings)
{
    g_auto(InsideNode) node = {0};
    WhySetting setting;

    if (!why_setting(facts, "NetworkNamespacePath", &setting) || !facts->outside ||
        !why_tree_find(facts->outside, setting.value, &node))
        return;
    g_autofree char *shown = text_escape(setting.value);
    if (!node.found)
        why_add(
            findings, "network-namespace-missing", &setting,
            g_strdup_printf("there is no network namespace '%s'", shown),
            g_strdup(
                "make it before the service starts (ip netns add), by a unit that this one has in Requires= and After="));
    else
        why_add(findings, "network-namespace-missing", &setting, g_strdup_printf("'%s' is no network namespace", shown),
                g_strdup("name a file of /run/netns, or /proc/PID/ns/net"));
}

static gboolean has_apparmor(void)
{
    g_autofree char *enabled = NULL;

    return g_file_get_contents("/sys/module/apparmor/parameters/enabled", &enabled, NULL, NULL) && *enabled == 'Y';
}

static void explain_apparmor(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting setting;

    if (!why_setting(facts, "AppArmorProfile", &setting))
        return;
    g_autofree char *shown = text_escape(setting.value + strspn(setting.value, "-"));
    if (!has_apparmor())
        why_add(findings, "apparmor-profile-missing", &setting, g_strdup("AppArmor is not enabled on this host"),
                g_strdup("leave the setting out, or put '-' in front of the profile"));
    else
        why_add(findings, "apparmor-profile-missing", &setting,
                g_strdup_printf("the AppArmor profile '%s' is not loaded", shown),
                g_strdup("load it: apparmor_parser -r /etc/apparmor.d/…"));
}

/* --- any ------------------------------------------------------------------------------------------------------------ */

static void explain_generic(const WhyFacts *facts, const Step *step, GPtrArray *findings)
{
    const char *errno_text = why_errno_text(facts);
    WhySetting setting;
    gboolean found = FALSE;

    for (guint i = 0; i < KEYS_MAX && step->keys[i] && !found; i++)
        found = why_setting(facts, step->keys[i], &setting);
    why_add(findings, "step-failed", found ? &setting : NULL,
            g_strdup_printf("systemd could not %s%s%s", step->what, errno_text ? ": the kernel says: " : "",
                            errno_text ? errno_text : ""),
            g_strdup(step->remedy ? step->remedy
                     : found      ? "correct the setting, or leave it out"
                                  : "the journal may say more: journalctl -u, and journalctl -k for the kernel"));
}

void why_explain_step(const WhyFacts *facts, int status, GPtrArray *findings)
{
    const Step *step = find_step(status);

    if (!step)
        return;
    if (step->explain)
        step->explain(facts, findings);
    if (findings->len == 0)
        explain_generic(facts, step, findings);
}
