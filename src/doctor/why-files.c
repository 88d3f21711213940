// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <errno.h>
#include <string.h>

/* Files and folders of the host that a unit names: credentials, folders of its own, standard input and output. */

/* --- credentials --------------------------------------------------------------------------------------------------- */

/* "NAME[:PATH]"; a path that is not absolute is looked for among the credentials of the system. */
static gboolean explain_loaded(const WhyFacts *facts, const WhySetting *setting, GPtrArray *findings)
{
    static const char *const stores[] = {"/run/credentials/@system", "/run/credentials/@encrypted",
                                         "/etc/credstore",           "/etc/credstore.encrypted",
                                         "/run/credstore",           "/usr/lib/credstore"};
    g_auto(GStrv) parts = g_strsplit(setting->value, ":", 2);
    const char *path = parts[0] && parts[1] ? parts[1] : parts[0];
    g_auto(InsideNode) node = {0};

    if (!path || strchr(path, '%') || !facts->outside)
        return FALSE;
    g_autofree char *shown = text_escape(path), *name = text_escape(parts[0]);
    for (guint i = 0; *path != '/' && i < G_N_ELEMENTS(stores) && !node.found; i++) {
        g_autofree char *stored = g_build_filename(stores[i], path, NULL);

        inside_node_clear(&node);
        if (!why_tree_find(facts->outside, stored, &node))
            return FALSE;
    }
    if (*path == '/' && !why_tree_find(facts->outside, path, &node))
        return FALSE;
    if (node.found)
        return FALSE;
    why_add(findings, "credential-missing", setting,
            *path == '/' ? g_strdup_printf("there is no file '%s' on this host for the credential '%s'", shown, name)
                         : g_strdup_printf("the system has no credential '%s'", shown),
            *path == '/' ? g_strdup("write the file, for root only to read (mode 0600), or name the right one")
                         : g_strdup("put a file of that name into /etc/credstore, or name a path"));
    return TRUE;
}

void why_explain_credentials(const WhyFacts *facts, GPtrArray *findings)
{
    static const char *const keys[] = {"LoadCredential", "LoadCredentialEncrypted"};
    static const char *const encrypted[] = {"LoadCredentialEncrypted", "SetCredentialEncrypted"};
    WhySetting setting;

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(GArray) settings = why_settings(facts, keys[i]);

        for (guint j = 0; j < settings->len; j++)
            if (explain_loaded(facts, &g_array_index(settings, WhySetting, j), findings))
                return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(encrypted); i++) {
        if (!why_setting(facts, encrypted[i], &setting))
            continue;
        why_add(findings, "credential-undecryptable", &setting,
                g_strdup("the credential cannot be decrypted on this host"),
                g_strdup(
                    "it was encrypted by another host's key, under another name, or is damaged: encrypt it here, with "
                    "systemd-creds encrypt --name=NAME"));
        return;
    }
}

/* --- folders of its own ------------------------------------------------------------------------------------------------ */

static gboolean explain_folder(const WhyFacts *facts, const WhySetting *setting, const char *path, GPtrArray *findings)
{
    g_autofree char *shown = text_escape(path);
    g_autofree char *parent = g_path_get_dirname(path);
    g_auto(InsideNode) node = {0}, above = {0};
    const char *errno_text = why_errno_text(facts);

    if (!facts->outside || !why_tree_find(facts->outside, path, &node) ||
        !why_tree_find(facts->outside, parent, &above))
        return FALSE;
    if ((node.found && node.type != ENTRY_DIRECTORY) ||
        (!node.found && g_strcmp0(errno_text, g_strerror(ENOTDIR)) == 0))
        why_add(findings, "folder-taken", setting,
                g_strdup_printf("'%s' on this host is no folder: something else has the name", shown),
                g_strdup("move it away, or give the setting another name"));
    else if (above.found && above.type != ENTRY_DIRECTORY)
        why_add(findings, "folder-taken", setting,
                g_strdup_printf("'%s' on this host cannot be made: what it would lie in is no folder", shown),
                g_strdup("move that away, or give the setting another name"));
    else if (errno_text &&
             (strstr(errno_text, "Read-only") || strstr(errno_text, "No space") || strstr(errno_text, "quota")))
        why_add(findings, "folder-unwritable", setting,
                g_strdup_printf("'%s' cannot be made on this host: %s", shown, errno_text),
                g_strdup("make the file system writable, or free space on it: df -h and df -i"));
    return findings->len > 0;
}

void why_explain_folders(const WhyFacts *facts, GPtrArray *findings)
{
    static const struct {
        const char *key, *folder;
    } kinds[] = {
        {"RuntimeDirectory", "/run"},  {"StateDirectory", "/var/lib"},     {"CacheDirectory", "/var/cache"},
        {"LogsDirectory", "/var/log"}, {"ConfigurationDirectory", "/etc"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GArray) settings = why_settings(facts, kinds[i].key);

        for (guint j = 0; j < settings->len; j++) {
            const WhySetting *setting = &g_array_index(settings, WhySetting, j);
            g_auto(GStrv) names = g_strsplit(setting->value, " ", -1);

            for (char **name = names; *name; name++) {
                g_autofree char *plain = g_strndup(*name, strcspn(*name, ":"));
                g_autofree char *path = g_build_filename(kinds[i].folder, plain, NULL);

                if (*plain && explain_folder(facts, setting, path, findings))
                    return;
            }
        }
    }
}

/* --- standard input and output -------------------------------------------------------------------------------------- */

/* "file:PATH", "append:PATH", "truncate:PATH", "tty…". */
static gboolean explain_stream(const WhyFacts *facts, const char *key, gboolean is_input, GPtrArray *findings)
{
    WhySetting setting, tty;
    g_auto(InsideNode) node = {0};

    if (!why_setting(facts, key, &setting) || !facts->outside)
        return FALSE;
    const char *colon = strchr(setting.value, ':');
    if (g_str_has_prefix(setting.value, "tty") && why_setting(facts, "TTYPath", &tty)) {
        g_autofree char *shown = text_escape(tty.value);

        if (!why_tree_find(facts->outside, tty.value, &node) || node.found)
            return FALSE;
        why_add(findings, "device-missing", &tty, g_strdup_printf("there is no device '%s' on this host", shown),
                g_strdup("plug it in or load its driver, or name another: ls /dev/tty*"));
        return TRUE;
    }
    if (!colon || colon[1] != '/')
        return FALSE;
    g_autofree char *path = is_input ? g_strdup(colon + 1) : g_path_get_dirname(colon + 1);
    g_autofree char *shown = text_escape(path);
    if (!why_tree_find(facts->outside, path, &node) || (node.found && (is_input || node.type == ENTRY_DIRECTORY)))
        return FALSE;
    why_add(findings, "stream-missing", &setting,
            is_input ? g_strdup_printf("there is no file '%s' on this host to read from", shown)
                     : g_strdup_printf("there is no folder '%s' on this host to write the log to", shown),
            g_strdup(is_input ? "write it, or name another"
                              : "make it, or leave the log to the journal (StandardOutput=journal)"));
    return TRUE;
}

void why_explain_stdio(const WhyFacts *facts, GPtrArray *findings)
{
    if (!explain_stream(facts, "StandardInput", TRUE, findings) &&
        !explain_stream(facts, "StandardOutput", FALSE, findings))
        explain_stream(facts, "StandardError", FALSE, findings);
}
