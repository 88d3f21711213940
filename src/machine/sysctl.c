// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"
#include "render.h"

#include <string.h>

/* As sysctl.d(5) reads it: what the first separator is not is a part of a name, as in net.ipv4.conf.eth0/1.forwarding. */
char *machine_sysctl_path(const char *sysctl)
{
    g_autofree char *name = g_strndup(sysctl, strcspn(sysctl, "="));

    if (name[strcspn(name, "./")] == '.')
        for (char *at = name; *at; at++)
            *at = *at == '.' ? '/' : *at == '/' ? '.' : *at;
    return g_strconcat("/proc/sys/", name, NULL);
}

static gboolean is_written_well(const char *text)
{
    const char *equals = strchr(text, '=');
    const gsize length = equals ? (gsize)(equals - text) : 0;
    g_autofree char *path = machine_sysctl_path(text);

    return length > 0 && strspn(text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-/") == length &&
           !strstr(text, "..") && !strstr(path, "..") &&
           equals[1 + strspn(equals + 1, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS " .,_-")] == '\0';
}

/* Of /proc/sys a machine has what is of its network; the rest is the host's, and is shown read-only. */
static gboolean check(const char *text, GError **error)
{
    g_autofree char *path = machine_sysctl_path(text), *shown = text_escape(text);

    if (!is_written_well(text)) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' sets no sysctl", shown);
        return gourd_error_hint(error, "as in net.ipv4.ip_forward=1");
    }
    if (g_str_has_prefix(path, "/proc/sys/net/"))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not a sysctl of a network: it is the host's alone", shown);
    return gourd_error_hint(error, "set it there: /etc/sysctl.d");
}

gboolean machine_check_sysctls(const MachineSpec *spec, GError **error)
{
    if (spec->sysctls && *spec->sysctls && spec->network == MACHINE_NETWORK_HOST) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "a machine with the network of the host has the host's sysctls");
        return gourd_error_hint(error, "set them there: /etc/sysctl.d");
    }
    for (char **sysctl = spec->sysctls; sysctl && *sysctl; sysctl++)
        if (!check(*sysctl, error))
            return FALSE;
    return TRUE;
}

/* Of a link: the host's need not be the machine's. */
static gboolean is_of_link(const char *path)
{
    static const char *const folders[] = {"/conf/", "/neigh/"};

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        const char *at = strstr(path, folders[i]);

        if (at && !g_str_has_prefix(at + strlen(folders[i]), "all/") &&
            !g_str_has_prefix(at + strlen(folders[i]), "default/"))
            return TRUE;
    }
    return FALSE;
}

void machine_note_sysctls(Host *host, const MachineSpec *spec, Notes *notes)
{
    for (char **sysctl = spec->sysctls; sysctl && *sysctl && host_is_live(host); sysctl++) {
        g_autofree char *path = machine_sysctl_path(*sysctl);

        if (!is_of_link(path) && !g_file_test(path, G_FILE_TEST_EXISTS))
            notes_add(notes, "sysctl-unknown", "the kernel of this host has no such sysctl", *sysctl);
    }
}
