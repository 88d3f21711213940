// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-private.h"

#include <string.h>
#include <unistd.h>

/* Credentials that systemd decrypts for a service (LoadCredentialEncrypted=), by systemd-creds(1) with the host's key. Both programs of
 * systemd 252 and 257 read standard input and write standard output where a file is called "-". */

#define HOST_KEY "/var/lib/systemd/credential.secret"

gboolean host_has_credential_key(const Host *host)
{
    return host->is_live && access(HOST_KEY, F_OK) == 0;
}

gboolean host_encrypt_credential(const Host *host, const char *name, const char *secret, char **ret_encrypted,
                                 GError **error)
{
    g_autofree char *option = g_strconcat("--name=", name, NULL), *output = NULL;
    const char *const argv[] = {"systemd-creds", "--with-key=host", option, "encrypt", "-", "-", NULL};

    if (!host->is_live)
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "the host that it is for does not run here");
    if (!tool_run_with_input(argv, secret, TOOL_TIMEOUT_USEC, &output, error))
        return FALSE;
    /* Base64 in lines; in one it goes into a unit's file all the same. */
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    g_autofree char *line = g_strjoinv("", lines);
    if (!*line)
        return gourd_error_set(error, GOURD_ERROR_FAILED, "systemd-creds wrote nothing");
    *ret_encrypted = g_steal_pointer(&line);
    return TRUE;
}

gboolean host_decrypt_credential(const Host *host, const char *name, const char *encrypted, char **ret_secret,
                                 GError **error)
{
    g_autofree char *option = g_strconcat("--name=", name, NULL);
    const char *const argv[] = {"systemd-creds", option, "decrypt", "-", "-", NULL};

    if (!host->is_live)
        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "the host that it is for does not run here");
    return tool_run_with_input(argv, encrypted, TOOL_TIMEOUT_USEC, ret_secret, error);
}
