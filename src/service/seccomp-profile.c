// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seccomp-profile.h"

#include "capability.h"

#include <string.h>

#define NAME_LENGTH_MAX 64 /* bytes of a system call's name; the longest has 23 */
#define NAMES_MAX 2000     /* Linux has some 450 on any one processor */

typedef struct {
    const char *machine; /* in Go's words, or NULL */
    guint64 capabilities;
    gboolean denies; /* by default all are allowed: the rules that count deny */
    Notes *notes;
    GPtrArray *names; /* char * */
    GHashTable *seen; /* of them; borrows */
} Profile;

/* What uname(2) and Go call a processor (Go's internal/syslist). */
static const struct {
    const char *machine, *go;
} machines[] = {
    {"x86_64", "amd64"},    {"aarch64", "arm64"}, {"armv7l", "arm"},      {"i686", "386"},
    {"ppc64le", "ppc64le"}, {"s390x", "s390x"},   {"riscv64", "riscv64"}, {"loongarch64", "loong64"},
};

static const char *go_machine(const char *machine)
{
    for (gsize i = 0; machine && i < G_N_ELEMENTS(machines); i++)
        if (strcmp(machines[i].machine, machine) == 0)
            return machines[i].go;
    return NULL;
}

/* libseccomp's actions (seccomp_rule_add(3)): those that let a call through. */
static gboolean read_action(const Json *object, const char *where, const char *key, gboolean *ret_allows,
                            GError **error)
{
    static const char *const denying[] = {
        "SCMP_ACT_ERRNO", "SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
        "SCMP_ACT_TRAP",  "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY",       NULL,
    };
    const char *action = NULL;

    if (!json_get_string(object, where, key, &action, error))
        return FALSE;
    *ret_allows = g_strcmp0(action, "SCMP_ACT_ALLOW") == 0 || g_strcmp0(action, "SCMP_ACT_LOG") == 0;
    if (*ret_allows || (action && g_strv_contains(denying, action)))
        return TRUE;
    g_autofree char *shown = text_escape(action ? action : "");

    return gourd_error_set(error, GOURD_ERROR_INPUT, "%s.%s '%s' is no action of seccomp", where, key, shown);
}

static gboolean add_name(Profile *profile, const char *name, GError **error)
{
    gsize length = strlen(name);

    if (length == 0 || length > NAME_LENGTH_MAX ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != length) {
        g_autofree char *shown = text_escape(name);

        return gourd_error_set(error, GOURD_ERROR_INPUT, "'%s' is no system call", shown);
    }
    if (g_hash_table_contains(profile->seen, name))
        return TRUE;
    if (profile->names->len >= NAMES_MAX)
        return gourd_error_set(error, GOURD_ERROR_LIMIT, "more than %d system calls", NAMES_MAX);
    char *copy = g_strdup(name);
    g_ptr_array_add(profile->names, copy);
    g_hash_table_add(profile->seen, copy);
    return TRUE;
}

/* --- rules that depend on something ------------------------------------------------------------------------------- */

typedef struct {
    gboolean any, all; /* of the named ones are there */
    gboolean named;    /* some are */
} Match;

static gboolean match_capabilities(const Profile *profile, const Json *object, const char *where, Match *ret_match,
                                   GError **error)
{
    g_auto(GStrv) names = NULL;

    *ret_match = (Match){.all = TRUE};
    if (!json_get_strv(object, where, "caps", &names, error))
        return FALSE;
    for (char **name = names; name && *name; name++) {
        guint number = 0;
        gboolean there = capability_find(*name, &number) && (profile->capabilities & CAPABILITY_BIT(number));

        *ret_match = (Match){ret_match->any || there, ret_match->all && there, TRUE};
    }
    return TRUE;
}

static gboolean match_machine(const Profile *profile, const Json *object, const char *where, Match *ret_match,
                              GError **error)
{
    g_auto(GStrv) names = NULL;

    if (!json_get_strv(object, where, "arches", &names, error))
        return FALSE;
    gboolean there = names && profile->machine && g_strv_contains((const char *const *)names, profile->machine);
    *ret_match = (Match){there, there, names && *names && profile->machine};
    return TRUE;
}

/* "includes" and "excludes" of a rule. minKernel is of kernels older than any with these systemds. */
static gboolean rule_applies(const Profile *profile, const Json *rule, const char *where, gboolean *ret_applies,
                             GError **error)
{
    static const char *const keys[] = {"includes", "excludes"};

    *ret_applies = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        Json *condition = NULL;
        Match capabilities, machine;

        if (!json_get_object(rule, where, keys[i], &condition, error))
            return FALSE;
        if (!condition)
            continue;
        if (!match_capabilities(profile, condition, where, &capabilities, error) ||
            !match_machine(profile, condition, where, &machine, error))
            return FALSE;
        if (i == 0 ? !capabilities.all || (machine.named && !machine.any) : capabilities.any || machine.any)
            *ret_applies = FALSE;
    }
    return TRUE;
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

static gboolean has_arguments(const Json *rule, const char *where, gboolean *ret_has, GError **error)
{
    Json *arguments = NULL;

    if (!json_get_array(rule, where, "args", &arguments, error))
        return FALSE;
    *ret_has = json_array_size(arguments) > 0;
    return TRUE;
}

static gboolean read_names(const Json *rule, const char *where, char ***ret_names, GError **error)
{
    const char *name = NULL;

    if (!json_get_strv(rule, where, "names", ret_names, error) || !json_get_string(rule, where, "name", &name, error))
        return FALSE;
    if (*ret_names || !name)
        return TRUE;
    *ret_names = g_new0(char *, 2); /* as profiles of 2015 had it */
    (*ret_names)[0] = g_strdup(name);
    return TRUE;
}

static gboolean add_rule(Profile *profile, const Json *rule, const char *where, GError **error)
{
    g_auto(GStrv) names = NULL;
    gboolean allows, applies, by_arguments;

    if (!read_action(rule, where, "action", &allows, error) || !rule_applies(profile, rule, where, &applies, error) ||
        !has_arguments(rule, where, &by_arguments, error) || !read_names(rule, where, &names, error))
        return FALSE;
    if (!applies || allows == profile->denies)
        return TRUE;
    for (char **name = names; name && *name; name++) {
        if (by_arguments && !g_hash_table_contains(profile->seen, *name))
            notes_add(profile->notes, "seccomp-arguments",
                      "the profile goes by the arguments of these system calls, which systemd cannot: they are allowed "
                      "with any",
                      *name);
        if (!(by_arguments && profile->denies) && !add_name(profile, *name, error))
            return gourd_error_prefix(error, "%s", where);
    }
    return TRUE;
}

static gboolean add_rules(Profile *profile, const Json *root, GError **error)
{
    Json *rules = NULL;

    if (!read_action(root, "the profile", "defaultAction", &profile->denies, error) ||
        !json_get_array(root, "the profile", "syscalls", &rules, error))
        return FALSE;
    for (gsize i = 0; i < json_array_size(rules); i++) {
        g_autofree char *where = g_strdup_printf("syscalls[%" G_GSIZE_FORMAT "]", i);

        if (!add_rule(profile, json_array_get(rules, i), where, error))
            return FALSE;
    }
    if (profile->names->len == 0 && !profile->denies)
        return gourd_error_set(error, GOURD_ERROR_INPUT, "the profile allows no system call");
    return TRUE;
}

gboolean seccomp_profile_parse(const void *bytes, gsize size, const char *machine, const char *const *capabilities,
                               Notes *notes, char ***ret_names, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(Json) root = json_parse(bytes, size, error);
    Profile profile = {.machine = go_machine(machine), .notes = notes, .names = names, .seen = seen};
    guint number;

    for (; capabilities && *capabilities; capabilities++)
        if (g_ascii_strcasecmp(*capabilities, "ALL") == 0)
            profile.capabilities = CAPABILITIES_ALL;
        else if (capability_find(*capabilities, &number))
            profile.capabilities |= CAPABILITY_BIT(number);
    if (!root || !add_rules(&profile, root, error))
        return FALSE;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    if (profile.denies)
        g_strv_builder_add(builder, "~");
    for (guint i = 0; i < names->len; i++)
        g_strv_builder_add(builder, g_ptr_array_index(names, i));
    *ret_names = g_strv_builder_end(builder);
    return TRUE;
}
