// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directive.h"

#include <stdlib.h>
#include <string.h>

static const UnitDirective directives[] = {
#define DIRECTIVE(NAME, SECTIONS, SINCE) {#NAME, SECTIONS, SINCE, UNIT_POLICY_NONE, NULL},
#define NEWER(NAME, SECTIONS, SINCE, POLICY, TEXT) {#NAME, SECTIONS, SINCE, UNIT_POLICY_##POLICY, TEXT},
#define UNIT UNIT_SECTION_UNIT
#define INSTALL UNIT_SECTION_INSTALL
#define SERVICE UNIT_SECTION_SERVICE
#define SOCKET UNIT_SECTION_SOCKET
#define SLICE UNIT_SECTION_SLICE
#define TIMER UNIT_SECTION_TIMER
#define MOUNT UNIT_SECTION_MOUNT
#define PATH UNIT_SECTION_PATH
#define EXEC UNIT_SECTION_EXEC
#define KILL UNIT_SECTION_KILL
#define CGROUP UNIT_SECTION_CGROUP
#include "directives.def"
};

/* Values that came after their directive. Lists (SystemCallFilter=) are looked through word by word. */
static const UnitNewValue new_values[] = {
    {"Type", "notify-reload", 253, UNIT_POLICY_REPLACE, "notify"},
    {"RestartMode", "debug", 257, UNIT_POLICY_DROP, "restarts are ordinary ones"},
    {"PrivateTmp", "disconnected", 257, UNIT_POLICY_REPLACE, "yes"},
    {"PrivateUsers", "identity", 257, UNIT_POLICY_DROP, "the program runs in the user namespace of the host"},
    {"PrivateUsers", "full", 258, UNIT_POLICY_DROP, "the program runs in the user namespace of the host"},
    {"PrivateUsers", "managed", 260, UNIT_POLICY_REFUSE, "files would belong to other users"},
    {"ProtectControlGroups", "private", 257, UNIT_POLICY_DROP,
     "the control groups of the host stay visible and writable"},
    {"ProtectControlGroups", "strict", 257, UNIT_POLICY_REPLACE, "yes"},
    {"ProtectHostname", "private", 258, UNIT_POLICY_REPLACE, "yes"},
    {"SystemCallFilter", "@sandbox", 254, UNIT_POLICY_REFUSE,
     "system calls would be allowed or denied that should not"},
    {"ExecStart", "|", 258, UNIT_POLICY_REFUSE, "the command would not run in the user's shell"},
    {"ExecStartPre", "|", 258, UNIT_POLICY_REFUSE, "the command would not run in the user's shell"},
    {"ExecStartPost", "|", 258, UNIT_POLICY_REFUSE, "the command would not run in the user's shell"},
    {"ExecStop", "|", 258, UNIT_POLICY_REFUSE, "the command would not run in the user's shell"},
    {"ExecStopPost", "|", 258, UNIT_POLICY_REFUSE, "the command would not run in the user's shell"},
    {"ExecReload", "|", 258, UNIT_POLICY_REFUSE, "the command would not run in the user's shell"},
};

static const UnitTarget targets[] = {
    {"debian12", "Debian 12", 252},           {"debian13", "Debian 13", 257},
    {"ubuntu24.04", "Ubuntu 24.04 LTS", 255}, {"ubuntu26.04", "Ubuntu 26.04 LTS", 259},
    {"rhel9", "RHEL 9 and its like", 252},    {"rhel10", "RHEL 10 and its like", 257},
    {"fedora44", "Fedora 44", 259},
};

static const struct {
    const char *name;
    guint bit;
} sections[] = {
    {"Unit", UNIT_SECTION_UNIT},     {"Install", UNIT_SECTION_INSTALL}, {"Service", UNIT_SECTION_SERVICE},
    {"Socket", UNIT_SECTION_SOCKET}, {"Target", UNIT_SECTION_TARGET},   {"Slice", UNIT_SECTION_SLICE},
    {"Timer", UNIT_SECTION_TIMER},   {"Mount", UNIT_SECTION_MOUNT},     {"Path", UNIT_SECTION_PATH},
};

guint unit_section_from_name(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
        if (strcmp(sections[i].name, name) == 0)
            return sections[i].bit;
    return 0;
}

const char *unit_section_to_name(guint section)
{
    for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
        if (sections[i].bit == section)
            return sections[i].name;
    return NULL;
}

const UnitDirective *unit_directives(guint *ret_count)
{
    *ret_count = G_N_ELEMENTS(directives);
    return directives;
}

const UnitNewValue *unit_new_values(guint *ret_count)
{
    *ret_count = G_N_ELEMENTS(new_values);
    return new_values;
}

const UnitTarget *unit_targets(guint *ret_count)
{
    *ret_count = G_N_ELEMENTS(targets);
    return targets;
}

static int compare_directives(const void *a, const void *b)
{
    const UnitDirective *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* All rows by name; a name may have several, for different sections. */
static const UnitDirective **sort_directives(void)
{
    static const UnitDirective *sorted[G_N_ELEMENTS(directives)];
    static gsize is_sorted;

    if (g_once_init_enter(&is_sorted)) {
        for (guint i = 0; i < G_N_ELEMENTS(directives); i++)
            sorted[i] = &directives[i];
        qsort(sorted, G_N_ELEMENTS(directives), sizeof *sorted, compare_directives);
        g_once_init_leave(&is_sorted, 1);
    }
    return sorted;
}

const UnitDirective *unit_directive_find(const char *section, const char *key)
{
    const UnitDirective **sorted = sort_directives();
    guint bit = unit_section_from_name(section), low = 0, high = G_N_ELEMENTS(directives);

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (strcmp(sorted[middle]->name, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < G_N_ELEMENTS(directives) && strcmp(sorted[low]->name, key) == 0; low++)
        if (sorted[low]->sections & bit)
            return sorted[low];
    return NULL;
}

static gboolean parse_version(const char *text, guint *ret_version, GError **error)
{
    guint64 version = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 1, 9999, &version, NULL)) {
        g_autofree char *shown = text_escape(text);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not a version of systemd", shown);
    }
    if (version < UNIT_TARGET_MIN) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "systemd %" G_GUINT64_FORMAT " is too old", version);
        return gourd_error_hint(error, "the oldest is %d, of Debian 12 and RHEL 9", UNIT_TARGET_MIN);
    }
    *ret_version = (guint)version;
    return TRUE;
}

gboolean unit_target_parse(const char *text, guint *ret_version, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    if (g_str_has_prefix(text, "systemd="))
        return parse_version(text + strlen("systemd="), ret_version, error);
    for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
        if (strcmp(targets[i].name, text) == 0) {
            *ret_version = targets[i].version;
            return TRUE;
        }
        g_string_append_printf(names, "%s, ", targets[i].name);
    }

    g_autofree char *shown = text_escape(text);

    gourd_error_set(error, GOURD_ERROR_USAGE, "no target '%s'", shown);
    return gourd_error_hint(error, "%sor systemd=N with the number that 'systemctl --version' shows", names->str);
}
