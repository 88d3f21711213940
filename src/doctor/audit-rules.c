// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audit-private.h"

#include <string.h>

#define STRICT "--profile strict"
#define NO_ROOT "without --user root"
#define NO_NETWORK "--network none, if it needs no other machine"
#define STAYS_LOOP "stays: systemd opens them to mount the bundle, the service has no node of them"
#define NO_TRUSTED "without --profile trusted, or with fewer --allow"

/* json_field and descriptions as in systemd's analyze-security.c, 252 to 257. What has no row is told in systemd's words. */
static const AuditRule rules[] = {
    {"PrivateNetwork", NULL, NULL, "sees and uses the network of the host", NO_NETWORK},
    {"RestrictAddressFamilies_AF_INET_INET6", NULL, NULL, "can open Internet sockets",
     "stays: nearly all services need them, if only for localhost"},
    {"RestrictAddressFamilies_AF_UNIX", NULL, NULL, "can open local sockets",
     "stays: the log and the report of readiness go through them"},
    {"RestrictAddressFamilies_AF_NETLINK", NULL, NULL, "can ask the kernel about the network", STRICT},
    {"RestrictAddressFamilies_AF_PACKET", NULL, NULL, "can read and write raw packets, if it has the capability",
     NO_TRUSTED},
    {"RestrictAddressFamilies_OTHER", NULL, NULL, "can open sockets of all other kinds", NO_TRUSTED},
    {"IPAddressDeny", NULL, NULL, "can talk to every address",
     "systemctl edit: IPAddressDeny=any, IPAddressAllow= with those it needs"},

    {"UserOrDynamicUser", "Service runs as root", NULL, "runs as root", NO_ROOT},
    {"CapabilityBoundingSet_CAP_SET_UID_GID_PCAP", NULL, NULL, "can become any user", NO_ROOT},
    {"CapabilityBoundingSet_CAP_CHOWN_FSETID_SETFCAP", NULL, NULL, "can give files to other users", NO_ROOT},
    {"CapabilityBoundingSet_CAP_DAC_FOWNER_IPC_OWNER", NULL, NULL, "can read and write what other users own", NO_ROOT},
    {"CapabilityBoundingSet_CAP_KILL", NULL, NULL, "can send signals to processes of other users", NO_ROOT},
    {"CapabilityBoundingSet_CAP_NET_BIND_SERVICE_BROADCAST_RAW*", NULL, NULL, "can listen on ports below 1024",
     "a higher port in its configuration; --publish can put it on a low one"},
    {"CapabilityBoundingSet_*", NULL, NULL, NULL, "without the --capability for it, or --profile trusted"},
    {"AmbientCapabilities", NULL, NULL, "has a capability without being root",
     "goes with the capability: ports below 1024, or --capability"},
    {"PrivateUsers", NULL, NULL, "sees the users of the host, not only its own",
     "stays with root, capabilities or ports below 1024"},

    {"SystemCallFilter_*", "Service does not filter", "SystemCallFilter=", "can use all system calls", NO_TRUSTED},
    {"SystemCallFilter_resources", NULL, NULL, "can change its limits and priorities", STRICT},
    {"SystemCallFilter_privileged", NULL, NULL, "can use system calls that change users and owners", STRICT},
    {"SystemCallFilter_*", NULL, NULL, NULL, NO_TRUSTED},
    {"SystemCallArchitectures", NULL, NULL, "can use the system calls of other architectures", NO_TRUSTED},
    {"RestrictNamespaces_*", NULL, "RestrictNamespaces=", "can make namespaces", NO_TRUSTED},
    {"MemoryDenyWriteExecute", NULL, NULL, "can write code into memory and run it",
     "without --allow jit, unless its language compiles at run time"},
    {"NoNewPrivileges", NULL, NULL, "can run setuid programs", NO_TRUSTED},
    {"RestrictSUIDSGID", NULL, NULL, "can make files setuid", NO_TRUSTED},
    {"RestrictRealtime", NULL, NULL, "can take the processor with realtime scheduling", NO_TRUSTED},
    {"LockPersonality", NULL, NULL, "can behave as on another system (personality(2))", NO_TRUSTED},
    {"NotifyAccess", NULL, NULL, "can report its state from any of its processes", "goes with --notify"},

    {"PrivateMounts", NULL, NULL, "does not ask for mounts of its own",
     "nothing to do: with a bundle as root it has them"},
    {"PrivateDevices", NULL, NULL, "sees the devices of the host", "without --device and --allow devices"},
    {"DeviceAllow", "Service has a device ACL with some", NULL, "may open loop devices and the like", STAYS_LOOP},
    {"ProtectHome", "Service has read-only", NULL, "sees /home and /root of its image, not those of the host",
     "stays: they are the image's"},
    {"ProtectHome", NULL, NULL, "can write to /home and /root of its image", NO_TRUSTED},
    {"ProcSubset", NULL, NULL, "sees all of /proc, not only processes", STRICT},
    {"ProtectProc", NULL, NULL, "sees the processes of other users", "without --allow processes"},
    {"UMask", NULL, NULL, "makes files that all users can read", STRICT},
    {"RemoveIPC", NULL, NULL, "can leave System V IPC objects behind", NO_TRUSTED},
    {"ProtectClock", NULL, NULL, "can set the clock, if it has the capability", NO_TRUSTED},
    {"ProtectHostname", NULL, NULL, "can change the name of the host, if it has the capability", NO_TRUSTED},
    {"ProtectKernelLogs", NULL, NULL, "can read the log of the kernel, if it has the capability", NO_TRUSTED},
    {"ProtectKernelTunables", NULL, NULL, "can write to /proc/sys and /sys", "without --allow kernel-tunables"},
    {"ProtectControlGroups", NULL, NULL, "can write to control groups", "without --allow cgroups"},
};

static gboolean matches(const char *pattern, const char *field)
{
    gsize length = strlen(pattern);

    if (length > 0 && pattern[length - 1] == '*')
        return strncmp(pattern, field, length - 1) == 0;
    return strcmp(pattern, field) == 0;
}

const AuditRule *audit_rule_find(const char *field, const char *description)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (matches(rules[i].field, field) &&
            (!rules[i].description || g_str_has_prefix(description, rules[i].description)))
            return &rules[i];
    return NULL;
}

const AuditRule *audit_rules(guint *ret_count)
{
    *ret_count = G_N_ELEMENTS(rules);
    return rules;
}
