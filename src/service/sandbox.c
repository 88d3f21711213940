// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sandbox.h"

#include <string.h>

/* The three profiles (systemd.exec(5), "SANDBOXING"; "system call filtering"):
 *
 *   default   all that ordinary network services live with
 *   strict    more, of which some programs die
 *   trusted   what a container usually has: its own files, devices and processes, but the whole kernel
 *
 * trusted has nothing that is a system call filter underneath: on systemd 252 such settings imply NoNewPrivileges= for all but
 * root. What Docker protects of /proc and /sys it protects by mounts instead (moby oci/defaults.go).
 *
 * Not here, because they depend on more than the profile: capabilities, PrivateUsers=, PrivateTmp=, PrivateNetwork=,
 * PrivatePIDs=. ProtectHome= is not "yes": /home and /root are the image's, and programs live there. */
#define READ_ONLY_OF_CONTAINERS "/dev /proc/sys -/proc/sysrq-trigger -/proc/irq -/proc/bus -/proc/fs /sys"
#define HIDDEN_OF_CONTAINERS \
    "-/proc/acpi -/proc/kcore -/proc/keys -/proc/latency_stats -/proc/timer_list -/proc/scsi -/sys/firmware"

const char service_paths_read_only[] = READ_ONLY_OF_CONTAINERS;
const char service_paths_hidden[] = HIDDEN_OF_CONTAINERS;

static const SandboxSetting settings[] = {
    /* setting                   default, strict, trusted */
    {"NoNewPrivileges", {"yes", "yes", NULL}},
    {"PrivateDevices", {"yes", "yes", NULL}},
    {"DevicePolicy", {"closed", "closed", "closed"}},
    {"PrivateIPC", {"yes", "yes", "yes"}},
    {"PrivateMounts", {"yes", "yes", "yes"}},
    {"ProtectSystem", {"strict", "strict", "strict"}},
    {"ProtectHome", {"read-only", "read-only", NULL}},
    {"ProtectClock", {"yes", "yes", NULL}},
    {"ProtectControlGroups", {"yes", "yes", "yes"}},
    {"ProtectHostname", {"yes", "yes", NULL}},
    {"ProtectKernelLogs", {"yes", "yes", NULL}},
    {"ProtectKernelModules", {"yes", "yes", NULL}},
    {"ProtectKernelTunables", {"yes", "yes", NULL}},
    {"ReadOnlyPaths", {NULL, NULL, READ_ONLY_OF_CONTAINERS}},
    {"InaccessiblePaths", {NULL, NULL, HIDDEN_OF_CONTAINERS}},
    {"ProtectProc", {"invisible", "invisible", "invisible"}},
    {"ProcSubset", {NULL, "pid", NULL}},
    {"KeyringMode", {"private", "private", "private"}},
    {"LockPersonality", {"yes", "yes", NULL}},
    {"MemoryDenyWriteExecute", {"yes", "yes", NULL}},
    {"RemoveIPC", {"yes", "yes", NULL}},
    {"RestrictAddressFamilies", {"AF_UNIX AF_INET AF_INET6 AF_NETLINK", "AF_UNIX AF_INET AF_INET6", NULL}},
    {"RestrictNamespaces", {"yes", "yes", NULL}},
    {"RestrictRealtime", {"yes", "yes", NULL}},
    {"RestrictSUIDSGID", {"yes", "yes", NULL}},
    {"SystemCallArchitectures", {"native", "native", NULL}},
    {"SystemCallErrorNumber", {"EPERM", "EPERM", NULL}},
    {"SystemCallFilter", {"@system-service", "@system-service\n~@privileged @resources", NULL}},
    {"UMask", {NULL, "0077", NULL}},
};

/* What a loosening does to a setting. A value with "+" is added if the setting is there (a list of what is allowed, which allows
 * all if it is not), with "*" in any case; another one takes its place. */
typedef struct {
    const char *key;
    const char *value; /* NULL: the setting is left out */
} Change;

#define CHANGES_MAX 18

typedef struct {
    ServiceLoosening loosening;
    Change changes[CHANGES_MAX + 1];
} Loosening;

/* Numbers are bits of ServiceSpec.allow, which lives no longer than the program: rows may be sorted anew. */
static const Loosening loosenings[] = {
    {{"32bit", "programs of other architectures that the processor runs, such as 32-bit ones"},
     {{"SystemCallArchitectures", NULL}}},
    {{"cgroups", "writing to the control groups of the host"}, {{"ProtectControlGroups", NULL}}},
    {{"clock", "setting the clock, with the capability for it"}, {{"ProtectClock", NULL}}},
    {{"debug", "tracing and debugging its own processes"}, {{"SystemCallFilter", "+@debug"}}},
    {{"devices", "all device nodes of the host, as far as --device allows to open them"},
     {{"PrivateDevices", NULL}, {"ReadOnlyPaths", "*/dev"}}}, /* root could remove the host's nodes */
    {{"hostname", "changing the name of the host, with the capability for it"}, {{"ProtectHostname", NULL}}},
    {{"ipc", "System V IPC, POSIX queues and shared memory (/dev/shm) shared with the host"},
     {{"PrivateIPC", NULL}, {"RemoveIPC", NULL}}},
    {{"jit", "memory that is writable and executable, for compilers at run time (Java, Node.js, PHP, LuaJIT)"},
     {{"MemoryDenyWriteExecute", NULL}}},
    {{"kernel-logs", "reading the log of the kernel, with the capability for it"}, {{"ProtectKernelLogs", NULL}}},
    {{"kernel-tunables", "writing to /proc/sys and /sys"}, {{"ProtectKernelTunables", NULL}}},
    {{"keyring", "the kernel's keyring of the user"}, {{"KeyringMode", "shared"}}},
    {{"namespaces", "making namespaces and mounts, for sandboxes of its own (Chromium, bubblewrap)"},
     {{"RestrictNamespaces", NULL}, {"SystemCallFilter", "+@mount"}}},
    {{"netlink", "talking to the kernel about its network"}, {{"RestrictAddressFamilies", "+AF_NETLINK"}}},
    {{"new-privileges", "programs that are setuid or have file capabilities, such as sudo and ping; the filters that "
                        "rule this out go too"},
     {{"NoNewPrivileges", NULL},
      {"LockPersonality", NULL},
      {"MemoryDenyWriteExecute", NULL},
      {"PrivateDevices", NULL},
      {"ProtectClock", NULL},
      {"ProtectHostname", NULL},
      {"ProtectKernelLogs", NULL},
      {"ProtectKernelModules", NULL},
      {"ProtectKernelTunables", NULL},
      {"ReadOnlyPaths", READ_ONLY_OF_CONTAINERS},
      {"InaccessiblePaths", HIDDEN_OF_CONTAINERS},
      {"RestrictAddressFamilies", NULL},
      {"RestrictNamespaces", NULL},
      {"RestrictRealtime", NULL},
      {"RestrictSUIDSGID", NULL},
      {"SystemCallArchitectures", NULL},
      {"SystemCallErrorNumber", NULL},
      {"SystemCallFilter", NULL}}},
    {{"packets", "raw packets of a network device, with the capability for it"},
     {{"RestrictAddressFamilies", "+AF_PACKET"}}},
    {{"personality", "the behaviour of other systems (personality(2))"}, {{"LockPersonality", NULL}}},
    {{"processes", "seeing all processes of the host and all of /proc"}, {{"ProtectProc", NULL}, {"ProcSubset", NULL}}},
    {{"realtime", "realtime scheduling"}, {{"RestrictRealtime", NULL}, {"SystemCallFilter", "+@resources"}}},
    {{"setuid-files", "making files setuid or setgid"}, {{"RestrictSUIDSGID", NULL}}},
    {{"sockets", "sockets of all kinds, such as Bluetooth, CAN and vsock"}, {{"RestrictAddressFamilies", NULL}}},
    {{"syscalls", "all system calls"}, {{"SystemCallFilter", NULL}, {"SystemCallErrorNumber", NULL}}},
    {{"users", "seeing the host's users and groups as they are"}, {{NULL, NULL}}}, /* PrivateUsers= */
};

G_STATIC_ASSERT(G_N_ELEMENTS(loosenings) <= 64); /* bits of ServiceSpec.allow */

const SandboxSetting *sandbox_settings(guint *ret_count)
{
    *ret_count = G_N_ELEMENTS(settings);
    return settings;
}

const ServiceLoosening *service_loosenings(void)
{
    static ServiceLoosening list[G_N_ELEMENTS(loosenings) + 1];
    static gsize once;

    if (g_once_init_enter(&once)) {
        for (gsize i = 0; i < G_N_ELEMENTS(loosenings); i++)
            list[i] = loosenings[i].loosening;
        g_once_init_leave(&once, 1);
    }
    return list;
}

guint64 sandbox_loosening(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(loosenings); i++)
        if (strcmp(loosenings[i].loosening.name, name) == 0)
            return G_GUINT64_CONSTANT(1) << i;
    return 0;
}

gboolean sandbox_allows(guint64 allow, const char *name)
{
    return (allow & sandbox_loosening(name)) != 0;
}

/* What loosenings leave of a setting's value; what they add goes to additions, with its sign. */
static const char *loosen(const char *key, const char *value, guint64 allow, GPtrArray *additions)
{
    for (gsize i = 0; i < G_N_ELEMENTS(loosenings); i++) {
        if (!(allow & (G_GUINT64_CONSTANT(1) << i)))
            continue;
        for (const Change *change = loosenings[i].changes; change->key; change++) {
            if (strcmp(change->key, key) != 0)
                continue;
            if (change->value && strchr("+*", *change->value))
                g_ptr_array_add(additions, (gpointer)change->value);
            else
                value = change->value;
        }
    }
    return value;
}

static void render_setting(const SandboxSetting *setting, int profile, guint64 allow, UnitFile *file)
{
    g_autoptr(GPtrArray) additions = g_ptr_array_new();
    const char *value = loosen(setting->key, setting->values[profile], allow, additions);
    g_auto(GStrv) lines = g_strsplit(value ? value : "", "\n", -1);

    for (char **line = lines; value && *line; line++)
        unit_file_add(file, "Service", setting->key, *line);
    for (guint i = 0; i < additions->len; i++) {
        const char *addition = g_ptr_array_index(additions, i);

        if (value || *addition == '*')
            unit_file_add(file, "Service", setting->key, addition + 1);
    }
}

void sandbox_render(int profile, guint64 allow, UnitFile *file)
{
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++)
        render_setting(&settings[i], profile, allow, file);
}
