// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skeleton-private.h"

#include <string.h>

/* passwd(5), group(5) and their shadows: the distribution's own users, and those that packages made, with the numbers that the host gave them:
 * the files below /usr that belong to them are shared. No user has a password. Debian has a list of its own users; elsewhere they are those with
 * the lowest numbers, and nobody. */

#define MASTER_PASSWD "/usr/share/base-passwd/passwd.master"
#define MASTER_GROUP "/usr/share/base-passwd/group.master"
#define SYSTEM_ID_MAX 999u /* Debian policy 9.2.2, and login.defs(5): people come after */
#define STATIC_ID_MAX 99u  /* below 100 Fedora and SUSE number theirs by hand */
#define NOBODY_ID 65534u
#define GROUP_SHADOW "shadow"
#define SYSUSERS "/usr/lib/sysusers.d/"
#define TMPFILES "/usr/lib/tmpfiles.d/"
#define UNITS "/usr/lib/systemd/system/"

enum { NAME, PASSWORD, ID, PASSWD_GID, GROUP_MEMBERS = 3 };
#define PASSWD_FIELDS 7
#define GROUP_FIELDS 4

typedef struct {
    GPtrArray *users, *groups; /* char **: the fields of a line */
} Accounts;

static void accounts_init(Accounts *accounts)
{
    accounts->users = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    accounts->groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
}

static void accounts_clear(Accounts *accounts)
{
    g_clear_pointer(&accounts->users, g_ptr_array_unref);
    g_clear_pointer(&accounts->groups, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Accounts, accounts_clear)

static gboolean read_lines(const SkeletonBuild *build, const char *path, guint n_fields, GPtrArray *into,
                           GError **error)
{
    g_autofree char *text = NULL;

    if (!skeleton_read(build, path, &text, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        char **fields = g_strsplit(*line, ":", -1);
        guint64 id;

        if (g_strv_length(fields) == n_fields && *fields[NAME] &&
            g_ascii_string_to_unsigned(fields[ID], 10, 0, G_MAXUINT32 - 1, &id, NULL))
            g_ptr_array_add(into, fields);
        else
            g_strfreev(fields);
    }
    return TRUE;
}

static guint32 number(const char *field)
{
    return (guint32)g_ascii_strtoull(field, NULL, 10);
}

static char **find(const GPtrArray *lines, const char *name)
{
    for (guint i = 0; i < lines->len; i++) {
        char **fields = g_ptr_array_index(lines, i);

        if (strcmp(fields[NAME], name) == 0)
            return fields;
    }
    return NULL;
}

/* --- who is meant ------------------------------------------------------------------------------------------------- */

static void add_words(GHashTable *words, const char *text)
{
    for (const char *at = text; *at;) {
        gsize length = 0;

        while (g_ascii_isalnum(at[length]) || (at[length] && strchr("_.-", at[length])))
            length++;
        if (length > 0)
            g_hash_table_add(words, g_strndup(at, length));
        at += length ? length : 1;
    }
}

/* Of a unit only the settings that name users. */
static void add_unit_words(GHashTable *words, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "User=") || g_str_has_prefix(*line, "Group=") ||
            g_str_has_prefix(*line, "SupplementaryGroups=") || g_str_has_prefix(*line, "SocketUser=") ||
            g_str_has_prefix(*line, "SocketGroup="))
            add_words(words, strchr(*line, '=') + 1);
    }
}

static gboolean makes_users(const char *script)
{
    static const char *const tools[] = {"adduser", "useradd", "addgroup", "groupadd"};

    for (guint i = 0; i < G_N_ELEMENTS(tools); i++) {
        if (strstr(script, tools[i]))
            return TRUE;
    }
    return FALSE;
}

/* The words of all that names users: scripts that make them, sysusers.d, tmpfiles.d, units. */
static gboolean collect_words(const SkeletonBuild *build, const SkeletonPackage *chosen, GHashTable *words,
                              GError **error)
{
    if (chosen->script && makes_users(chosen->script))
        add_words(words, chosen->script);
    for (char **file = chosen->files; *file; file++) {
        g_autofree char *path = skeleton_merged_path(build, *file), *text = NULL;
        const gboolean is_unit = g_str_has_prefix(path, UNITS) && !strchr(path + strlen(UNITS), '/');

        if (!is_unit && !g_str_has_prefix(path, SYSUSERS) && !g_str_has_prefix(path, TMPFILES))
            continue;
        if (is_unit && !unit_name_is_valid(path + strlen(UNITS), UNIT_NAME_ANY))
            continue;
        if (!skeleton_read(build, path, &text, error))
            return FALSE;
        if (text && is_unit)
            add_unit_words(words, text);
        else if (text)
            add_words(words, text);
    }
    return TRUE;
}

/* --- the files ---------------------------------------------------------------------------------------------------- */

/* Where there is no list of the distribution's own. */
static void add_root(Accounts *own)
{
    g_ptr_array_add(own->users, g_strsplit("root:x:0:0:root:/root:/bin/bash", ":", -1));
    g_ptr_array_add(own->groups, g_strsplit("root:x:0:", ":", -1));
}

static void choose_static_lines(const GPtrArray *host, GPtrArray *into)
{
    for (guint i = 0; i < host->len; i++) {
        char **fields = g_ptr_array_index(host, i);
        const guint32 id = number(fields[ID]);

        if ((id <= STATIC_ID_MAX || id == NOBODY_ID) && id != 0 && !find(into, fields[NAME]))
            g_ptr_array_add(into, g_strdupv(fields));
    }
}

/* The host's users and groups that packages name, or that own entries, after those of the distribution. */
static void choose_lines(const GPtrArray *host, GHashTable *words, GHashTable *owners, GPtrArray *into, char ***names)
{
    for (guint i = 0; i < host->len; i++) {
        char **fields = g_ptr_array_index(host, i);
        const guint32 id = number(fields[ID]);

        if (find(into, fields[NAME]) || id == 0)
            continue;
        if (!(id <= SYSTEM_ID_MAX && g_hash_table_contains(words, fields[NAME])) &&
            !g_hash_table_contains(owners, GUINT_TO_POINTER(id)))
            continue;
        g_ptr_array_add(into, g_strdupv(fields));
        vector_append(names, fields[NAME]);
    }
}

/* A user's own group, whatever it is called. */
static void add_primary_groups(const Accounts *host, Accounts *own, char ***names)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(NULL, NULL), none = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < own->users->len; i++)
        g_hash_table_add(wanted, GUINT_TO_POINTER(number(((char **)g_ptr_array_index(own->users, i))[PASSWD_GID])));
    choose_lines(host->groups, none, wanted, own->groups, names);
}

/* The members of a group that packages made too; whom else an admin put in is not the machine's. */
static char *keep_members(const char *members, char **users)
{
    g_auto(GStrv) all = g_strsplit(members, ",", -1);
    g_autoptr(GString) kept = g_string_new(NULL);

    for (char **member = all; *member; member++) {
        if (users && **member && g_strv_contains((const char *const *)users, *member))
            g_string_append_printf(kept, "%s%s", kept->len ? "," : "", *member);
    }
    return g_string_free(g_steal_pointer(&kept), FALSE);
}

static void write_users(MachineSkeleton *skeleton, const Accounts *own)
{
    g_autoptr(GString) passwd = g_string_new(NULL), shadow = g_string_new(NULL);

    for (guint i = 0; i < own->users->len; i++) {
        char **fields = g_ptr_array_index(own->users, i);

        g_string_append_printf(passwd, "%s:x:%s:%s:%s:%s:%s\n", fields[NAME], fields[ID], fields[PASSWD_GID], fields[4],
                               fields[5], fields[6]);
        g_string_append_printf(shadow, "%s:*:::::::\n", fields[NAME]);
    }
    skeleton_add_text(skeleton, "/etc/passwd", 0644, passwd->str);
    skeleton_add_text(skeleton, "/etc/shadow", 0640, shadow->str);
}

static void write_groups(MachineSkeleton *skeleton, const Accounts *own)
{
    g_autoptr(GString) group = g_string_new(NULL), gshadow = g_string_new(NULL);
    MachineEntry *entry;

    for (guint i = 0; i < own->groups->len; i++) {
        char **fields = g_ptr_array_index(own->groups, i);
        g_autofree char *members = keep_members(fields[GROUP_MEMBERS], skeleton->users);

        g_string_append_printf(group, "%s:x:%s:%s\n", fields[NAME], fields[ID], members);
        g_string_append_printf(gshadow, "%s:*::%s\n", fields[NAME], members);
    }
    skeleton_add_text(skeleton, "/etc/group", 0644, group->str);
    skeleton_add_text(skeleton, "/etc/gshadow", 0640, gshadow->str);
    char **shadow = find(own->groups, GROUP_SHADOW);
    entry = g_hash_table_lookup(skeleton->by_path, "/etc/gshadow");
    entry->gid = shadow ? number(shadow[ID]) : 0;
    entry = g_hash_table_lookup(skeleton->by_path, "/etc/shadow");
    entry->gid = shadow ? number(shadow[ID]) : 0;
}

static gboolean read_accounts(const SkeletonBuild *build, Accounts *host, Accounts *own, GError **error)
{
    if (!read_lines(build, "/etc/passwd", PASSWD_FIELDS, host->users, error) ||
        !read_lines(build, "/etc/group", GROUP_FIELDS, host->groups, error) ||
        !read_lines(build, MASTER_PASSWD, PASSWD_FIELDS, own->users, error) ||
        !read_lines(build, MASTER_GROUP, GROUP_FIELDS, own->groups, error))
        return FALSE;
    if (own->users->len == 0) {
        add_root(own);
        choose_static_lines(host->users, own->users);
        choose_static_lines(host->groups, own->groups);
    }
    return TRUE;
}

gboolean skeleton_add_users(SkeletonBuild *build, GError **error)
{
    g_autoptr(GHashTable) words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(Accounts) host = {0}, own = {0};
    MachineSkeleton *skeleton = build->skeleton;

    accounts_init(&host);
    accounts_init(&own);
    if (!read_accounts(build, &host, &own, error))
        return FALSE;
    for (guint i = 0; i < build->chosen->len; i++) {
        if (!collect_words(build, g_ptr_array_index(build->chosen, i), words, error))
            return FALSE;
    }
    choose_lines(host.users, words, build->uids, own.users, &skeleton->users);
    choose_lines(host.groups, words, build->gids, own.groups, &skeleton->groups);
    add_primary_groups(&host, &own, &skeleton->groups);
    write_users(skeleton, &own);
    write_groups(skeleton, &own);
    skeleton_add_text(skeleton, "/etc/subuid", 0644, "");
    skeleton_add_text(skeleton, "/etc/subgid", 0644, "");
    return TRUE;
}

gboolean skeleton_has_account(const char *text, const char *name)
{
    g_autofree char *start = g_strconcat(name, ":", NULL), *inner = g_strconcat("\n", start, NULL);

    return g_str_has_prefix(text, start) || strstr(text, inner);
}
