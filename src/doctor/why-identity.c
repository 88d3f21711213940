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

/* Whether having less than root of a container may be behind a cause. */
static gboolean may_want_root(const GPtrArray *findings)
{
    static const char *const causes[] = {"permission", "program-failed", "read-only", NULL};
    const WhyFinding *first = findings->len > 0 ? g_ptr_array_index(findings, 0) : NULL;

    return first && g_strv_contains(causes, first->cause);
}

/* What drops root in the image, if it is part of the command that failed: "/entrypoint.sh: gosu". The caller frees. */
static char *find_dropping(const WhyFacts *facts)
{
    g_autofree char *path = host_path(facts->host, facts->root_path);
    g_autoptr(Bundle) bundle = bundle_open(path, NULL);
    g_autoptr(Notes) notes = notes_new();
    WhySetting command;

    if (!bundle || !why_setting(facts, "ExecStart", &command) || !service_preview(bundle, notes, NULL))
        return NULL;
    const GPtrArray *list = notes_list(notes);
    for (guint i = 0; i < list->len; i++) {
        const Note *note = g_ptr_array_index(list, i);
        const char *subject = note->subjects->len > 0 ? g_ptr_array_index(note->subjects, 0) : "";
        g_autofree char *program = g_strndup(subject, strcspn(subject, ":"));

        if (strcmp(note->kind, NOTE_STARTS_AS_ROOT) == 0 && strstr(command.value, program))
            return g_strdup(subject);
    }
    return NULL;
}

/* In a container such an image starts as root. As somebody else its entrypoint mostly goes on all the same. */
static void explain_dropping(const WhyFacts *facts, GPtrArray *findings)
{
    WhySetting user;

    if (facts->root_kind != WHY_ROOT_IMAGE || !facts->user_known || facts->uid == 0 ||
        !why_setting(facts, "User", &user))
        return;
    g_autofree char *dropping = find_dropping(facts);
    if (dropping)
        why_add(
            findings, NOTE_STARTS_AS_ROOT, &user,
            g_strdup_printf("its image is made to start as root and to become another user (%s); here it is another "
                            "one from the beginning",
                            dropping),
            g_strdup(facts->ours
                         ? "if that is what it stumbles over: gourd upgrade … --user root"
                         : "if that is what it stumbles over: User=root, with the capabilities that this takes"));
}

/* What systemd itself has: no service can have more. */
static guint64 read_bounding_set(void)
{
    g_autofree char *text = NULL;
    const char *line = g_file_get_contents("/proc/1/status", &text, NULL, NULL) ? strstr(text, "\nCapBnd:") : NULL;

    return line ? g_ascii_strtoull(line + strlen("\nCapBnd:"), NULL, 16) : G_MAXUINT64;
}

/* The first capability of a setting that the host has not; a list that begins with "~" is of those that the service has not. */
static gboolean explain_capability(const WhyFacts *facts, const char *key, guint64 has, GPtrArray *findings)
{
    WhySetting setting;

    if (!why_setting(facts, key, &setting) || *setting.value == '~')
        return FALSE;
    g_auto(GStrv) names = g_strsplit(setting.value, " ", -1);
    for (char **name = names; *name; name++) {
        guint number;

        if (!capability_find(*name, &number) || (has & CAPABILITY_BIT(number)))
            continue;
        g_autofree char *shown = capability_set_to_text(CAPABILITY_BIT(number));

        why_add(findings, "capability-unavailable", &setting,
                g_strdup_printf("this host itself has not %s, so no service can have it", shown),
                g_strdup("take it out of the setting, or give it to the container that this host runs in"));
        return TRUE;
    }
    return FALSE;
}

/* systemd says nothing of one that it cannot give: the service runs without. */
void why_explain_capabilities(const WhyFacts *facts, GPtrArray *findings)
{
    static const char *const keys[] = {"AmbientCapabilities", "CapabilityBoundingSet"};
    guint64 has = read_bounding_set();

    for (gsize i = 0; facts->is_live && i < G_N_ELEMENTS(keys); i++)
        if (explain_capability(facts, keys[i], has, findings))
            return;
}

void why_explain_privileges(const WhyFacts *facts, GPtrArray *findings)
{
    if (!may_want_root(findings))
        return;
    explain_dropping(facts, findings);
    why_explain_capabilities(facts, findings);
}

/* Mounts are not for a systemd without CAP_SYS_ADMIN, as in most containers. */
gboolean why_host_may_mount(void)
{
    return (read_bounding_set() & CAPABILITY_BIT(CAP_SYS_ADMIN)) != 0;
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
