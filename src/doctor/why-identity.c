// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <grp.h>
#include <linux/capability.h>
#include <string.h>

/* 216/GROUP, 217/USER, 218/CAPABILITIES, 224/PAM: who the service is, and what that is allowed. */

static char *remedy_for_account(const WhyFacts *facts, const char *name, const char *what, const char *tool)
{
    if (facts->ours && g_str_has_prefix(name, "gourd-"))
        return g_strdup(
            "systemd-sysusers makes it from gourd's file in /etc/sysusers.d: run it, and start the service again");
    return g_strdup_printf("make it: %s --system %s; or name a %s that is there (`getent %s`)", tool, name, what,
                           strcmp(what, "user") == 0 ? "passwd" : "group");
}

static gboolean is_number(const char *text)
{
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, NULL, NULL);
}

void why_explain_user(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting setting;
    guint32 uid, gid;

    if (!why_setting(facts, "User", &setting))
        return;
    g_autofree char *shown = text_escape(setting.value);
    if (is_number(setting.value))
        why_add(findings, "user-missing", &setting,
                g_strdup_printf("no user of this host has the number %s, and systemd wants one that is known", shown),
                g_strdup_printf("make one: useradd --system --uid %s NAME; gourd's --user does so", shown));
    else if (!host_find_user(facts->host, setting.value, &uid, &gid))
        why_add(findings, "user-missing", &setting,
                g_strdup_printf("this host has no user '%s': names count here, not those of the image", shown),
                remedy_for_account(facts, setting.value, "user", "useradd"));
}

static gboolean has_group(const char *name)
{
    guint64 number;

    /* The service manager takes numbers of groups as they are. */
    return g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT32 - 1, &number, NULL) || getgrnam(name);
}

void why_explain_group(const WhyFacts *facts, GPtrArray *findings)
{
    static const char *const keys[] = {"Group", "SupplementaryGroups"};

    for (guint i = 0; i < G_N_ELEMENTS(keys) && facts->is_live; i++) {
        g_autoptr(GArray) settings = why_settings(facts, keys[i]);

        for (guint j = 0; j < settings->len; j++) {
            const WhySetting *setting = &g_array_index(settings, WhySetting, j);
            g_auto(GStrv) names = g_strsplit(setting->value, " ", -1);

            for (char **name = names; *name; name++) {
                if (!**name || has_group(*name))
                    continue;
                g_autofree char *shown = text_escape(*name);

                why_add(findings, "group-missing", setting,
                        g_strdup_printf("this host has no group '%s': names count here, not those of the image", shown),
                        remedy_for_account(facts, *name, "group", "groupadd"));
                return;
            }
        }
    }
}

/* What systemd itself has: no service can have more. */
static guint64 read_bounding_set(void)
{
    g_autofree char *text = NULL;
    const char *line = g_file_get_contents("/proc/1/status", &text, NULL, NULL) ? strstr(text, "\nCapBnd:") : NULL;

    return line ? g_ascii_strtoull(line + strlen("\nCapBnd:"), NULL, 16) : G_MAXUINT64;
}

void why_explain_capabilities(const WhyFacts *facts, GPtrArray *findings)
{
    guint64 has = read_bounding_set();
    WhySetting setting;

    if (!facts->is_live || !why_setting(facts, "AmbientCapabilities", &setting))
        return;
    g_auto(GStrv) names = g_strsplit(setting.value, " ", -1);
    for (char **name = names; *name; name++) {
        guint number;

        if (!capability_find(*name, &number) || (has & CAPABILITY_BIT(number)))
            continue;
        g_autofree char *shown = capability_set_to_text(CAPABILITY_BIT(number));

        why_add(findings, "capability-unavailable", &setting,
                g_strdup_printf("this host itself has not %s, so no service can have it", shown),
                g_strdup("take it out of the setting, or give it to the container that this host runs in"));
        return;
    }
}

void why_explain_pam(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting setting;
    g_auto(InsideNode) node = {0};

    if (!why_setting(facts, "PAMName", &setting) || !facts->outside)
        return;
    g_autofree char *path = g_build_filename("/etc/pam.d", setting.value, NULL), *shown = text_escape(path);
    if (why_tree_find(facts->outside, path, &node) && !node.found)
        why_add(findings, "pam-service-missing", &setting,
                g_strdup_printf("there is no '%s', and what holds for all others refuses it", shown),
                g_strdup("name a file of /etc/pam.d, or leave the setting out"));
}
