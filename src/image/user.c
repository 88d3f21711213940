// SPDX-License-Identifier: LGPL-2.1-or-later
#include "user.h"

#include <string.h>

/* The fields of the lines of a passwd or group file, one line after the other. */
typedef struct {
    char **lines;
    guint at;
} Database;

static void database_init(Database *database, GBytes *bytes)
{
    gsize size = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &size) : "";
    g_autofree char *copy = g_strndup(text ? text : "", size);

    database->lines = g_strsplit(copy, "\n", -1);
    database->at = 0;
}

/* The next line with at least `least` fields; the caller frees. NULL at the end. */
static char **database_next(Database *database, guint least)
{
    while (database->lines[database->at]) {
        g_auto(GStrv) fields = g_strsplit(database->lines[database->at++], ":", -1);

        if (g_strv_length(fields) >= least)
            return g_steal_pointer(&fields);
    }
    return NULL;
}

static gboolean parse_id(const char *text, guint32 *ret_id)
{
    guint64 id;

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, &id, NULL))
        return FALSE;
    *ret_id = (guint32)id;
    return TRUE;
}

/* name:password:uid:gid:… */
static gboolean find_user(GBytes *passwd, const char *wanted, ImageUser *user)
{
    Database database;
    guint32 wanted_id = 0, uid, gid;
    gboolean numeric = parse_id(wanted, &wanted_id), found = FALSE;
    char **fields;

    database_init(&database, passwd);
    while (!found && (fields = database_next(&database, 4))) {
        if (parse_id(fields[2], &uid) && parse_id(fields[3], &gid) &&
            (strcmp(fields[0], wanted) == 0 || (numeric && uid == wanted_id))) {
            user->uid = uid;
            user->gid = gid;
            user->name = g_strdup(fields[0]);
            user->home = fields[4] && fields[5] && *fields[5] ? g_strdup(fields[5]) : NULL;
            found = TRUE;
        }
        g_strfreev(fields);
    }
    g_strfreev(database.lines);
    return found;
}

/* name:password:gid:members. wanted NULL: finds the name of *gid; else the number of that name. */
static gboolean find_group(GBytes *group, const char *wanted, guint32 *gid, char **ret_name)
{
    Database database;
    guint32 found_gid;
    gboolean found = FALSE;
    char **fields;

    database_init(&database, group);
    while (!found && (fields = database_next(&database, 3))) {
        found = parse_id(fields[2], &found_gid) && (wanted ? strcmp(fields[0], wanted) == 0 : found_gid == *gid);
        if (found) {
            *gid = found_gid;
            if (ret_name)
                *ret_name = g_strdup(fields[0]);
        }
        g_strfreev(fields);
    }
    g_strfreev(database.lines);
    return found;
}

static gint compare_ids(gconstpointer a, gconstpointer b)
{
    const guint32 *id_a = a, *id_b = b;

    return *id_a < *id_b ? -1 : *id_a > *id_b;
}

static void add_groups(GBytes *group, ImageUser *user)
{
    Database database;
    guint32 gid;
    char **fields;

    database_init(&database, group);
    while ((fields = database_next(&database, 4))) {
        g_auto(GStrv) members = g_strsplit(fields[3], ",", -1);

        if (parse_id(fields[2], &gid) && gid != user->gid && g_strv_contains((const char *const *)members, user->name))
            g_array_append_val(user->groups, gid);
        g_strfreev(fields);
    }
    g_strfreev(database.lines);
    g_array_sort(user->groups, compare_ids);
}

void image_user_resolve(const char *spec, GBytes *passwd, GBytes *group, ImageUser *ret_user)
{
    g_auto(GStrv) parts = g_strsplit(spec, ":", 2);
    const char *user = parts[0] && *parts[0] ? parts[0] : "0", *group_name = parts[0] ? parts[1] : NULL;
    ImageUser result = {.groups = g_array_new(FALSE, FALSE, sizeof(guint32))};

    result.known = find_user(passwd, user, &result) || parse_id(user, &result.uid);
    if (result.known && group_name && *group_name)
        result.known = find_group(group, group_name, &result.gid, NULL) || parse_id(group_name, &result.gid);
    else if (result.known && result.name)
        add_groups(group, &result);
    if (result.known)
        find_group(group, NULL, &result.gid, &result.group);
    *ret_user = result;
}

void image_user_clear(ImageUser *user)
{
    g_clear_pointer(&user->groups, g_array_unref);
    g_clear_pointer(&user->name, g_free);
    g_clear_pointer(&user->home, g_free);
    g_clear_pointer(&user->group, g_free);
}
