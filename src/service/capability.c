// SPDX-License-Identifier: LGPL-2.1-or-later
#include "capability.h"

#include <string.h>

/* By number (capabilities(7); include/uapi/linux/capability.h of Linux 6.12). */
static const char *const names[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

G_STATIC_ASSERT(CAPABILITIES_ALL == CAPABILITY_BIT(G_N_ELEMENTS(names)) - 1);

gboolean capability_find(const char *name, guint *ret_number)
{
    g_autofree char *upper = g_ascii_strup(name, -1);
    const char *bare = g_str_has_prefix(upper, "CAP_") ? upper + strlen("CAP_") : upper;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(names[i] + strlen("CAP_"), bare) == 0) {
            *ret_number = i;
            return TRUE;
        }
    return FALSE;
}

char *capability_set_to_text(guint64 set)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (set & CAPABILITY_BIT(i))
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", names[i]);
    return g_string_free(text, FALSE);
}
