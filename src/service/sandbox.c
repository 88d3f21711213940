// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sandbox.h"

#include <string.h>

/* The three profiles (systemd.exec(5), "SANDBOXING"; "system call filtering"):
 *
 *   default   all that ordinary network services live with
 *   strict    more, of which some programs die
 *   trusted   what a container usually has: its own files, devices and processes, but the whole kernel
 *
 * Not here, because they depend on more than the profile: capabilities, PrivateUsers=, PrivateTmp=, PrivateNetwork=,
 * PrivatePIDs=. ProtectHome= is not "yes": /home and /root are the image's, and programs live there. */
static const SandboxSetting settings[] = {
    /* setting                   default, strict, trusted */
    {"NoNewPrivileges", {"yes", "yes", NULL}},
    {"PrivateDevices", {"yes", "yes", "yes"}},
    {"DevicePolicy", {"closed", "closed", "closed"}},
    {"PrivateIPC", {"yes", "yes", "yes"}},
    {"ProtectSystem", {"strict", "strict", "strict"}},
    {"ProtectHome", {"read-only", "read-only", NULL}},
    {"ProtectClock", {"yes", "yes", NULL}},
    {"ProtectControlGroups", {"yes", "yes", "yes"}},
    {"ProtectHostname", {"yes", "yes", NULL}},
    {"ProtectKernelLogs", {"yes", "yes", "yes"}},
    {"ProtectKernelModules", {"yes", "yes", "yes"}},
    {"ProtectKernelTunables", {"yes", "yes", "yes"}},
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

/* What a loosening does to a setting. A value with "+" is added, if the setting is there. */
typedef struct {
    const char *key;
    const char *value; /* NULL: the setting is left out */
} Change;

#define CHANGES_MAX 14

typedef struct {
    ServiceLoosening loosening;
    Change changes[CHANGES_MAX + 1];
} Loosening;

/* Numbers are bits of ServiceSpec.allow, which lives no longer than the program: rows may be sorted anew. */
static const Loosening loosenings[] = {
    {{"32bit", "programs of other architectures that the processor runs, such as 32-bit ones"},
     {{"SystemCallArchitectures", NULL}}},
    {{"clock", "setting the clock, with the capability for it"}, {{"ProtectClock", NULL}}},
    {{"cgroups", "writing to the control groups of the host"}, {{"ProtectControlGroups", NULL}}},
    {{"debug", "tracing and debugging its own processes"}, {{"SystemCallFilter", "+@debug"}}},
    {{"devices", "all device nodes of the host, as far as --device allows to open them"}, {{"PrivateDevices", NULL}}},
    {{"hostname", "changing the name of the host, with the capability for it"}, {{"ProtectHostname", NULL}}},
    {{"ipc", "System V IPC and POSIX queues shared with the host"}, {{"PrivateIPC", NULL}, {"RemoveIPC", NULL}}},
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
      {"ProtectClock", NULL},
      {"ProtectHostname", NULL},
      {"ProtectKernelLogs", NULL},
      {"ProtectKernelModules", NULL},
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

/* What loosenings do to a setting: whether it goes or changes, and what is added. */
static const char *loosen(const char *key, const char *value, guint64 allow, GPtrArray *additions)
{
    for (gsize i = 0; i < G_N_ELEMENTS(loosenings); i++) {
        if (!(allow & (G_GUINT64_CONSTANT(1) << i)))
            continue;
        for (const Change *change = loosenings[i].changes; change->key; change++) {
            if (strcmp(change->key, key) != 0)
                continue;
            if (change->value && *change->value == '+')
                g_ptr_array_add(additions, (gpointer)(change->value + 1));
            else
                value = change->value;
        }
    }
    return value;
}

static void render_setting(const SandboxSetting *setting, int profile, guint64 allow, UnitFile *file)
{
    g_autoptr(GPtrArray) additions = g_ptr_array_new();
    const char *value = setting->values[profile] ? loosen(setting->key, setting->values[profile], allow, additions)
                                                 : NULL;
    g_auto(GStrv) lines = g_strsplit(value ? value : "", "\n", -1);

    if (!value)
        return;
    for (char **line = lines; *line; line++)
        unit_file_add(file, "Service", setting->key, *line);
    for (guint i = 0; i < additions->len; i++)
        unit_file_add(file, "Service", setting->key, g_ptr_array_index(additions, i));
}

void sandbox_render(int profile, guint64 allow, UnitFile *file)
{
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++)
        render_setting(&settings[i], profile, allow, file);
}
