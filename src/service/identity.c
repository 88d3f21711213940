// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <string.h>

/* passwd(5) and group(5) of the image, in which the service's user has the numbers that it has on this host. Programs then
 * find themselves, under the name that the image gave them. */

#define FREE_ID_MAX 65533u /* where others go whose number is taken: below nobody's 65534, and rarely used */
#define FREE_ID_MIN 60000u
#define FIELD_NAME 0
#define FIELD_ID 2  /* uid of passwd, gid of group */
#define FIELD_GID 3 /* of passwd */

typedef struct {
    GPtrArray *lines; /* char ** for lines with enough fields, else NULL */
    char **texts;     /* all lines as they are; borrowed where fields are there */
} Database;

static void database_parse(Database *database, GBytes *bytes, guint least)
{
    gsize size = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &size) : "";
    g_autofree char *copy = g_strndup(text ? text : "", size);

    if (g_str_has_suffix(copy, "\n"))
        copy[strlen(copy) - 1] = '\0';
    database->texts = *copy ? g_strsplit(copy, "\n", -1) : g_new0(char *, 1);
    database->lines = g_ptr_array_new();
    for (char **line = database->texts; *line; line++) {
        char **fields = g_strsplit(*line, ":", -1);

        if (g_strv_length(fields) < least)
            g_clear_pointer(&fields, g_strfreev);
        g_ptr_array_add(database->lines, fields);
    }
}

static void database_clear(Database *database)
{
    for (guint i = 0; i < database->lines->len; i++)
        g_strfreev(g_ptr_array_index(database->lines, i));
    g_ptr_array_unref(database->lines);
    g_strfreev(database->texts);
}

static gboolean has_number(const char *field, guint32 number)
{
    guint64 value;

    return g_ascii_string_to_unsigned(field, 10, 0, G_MAXUINT32, &value, NULL) && value == number;
}

static gboolean is_taken(const Database *database, guint32 number)
{
    for (guint i = 0; i < database->lines->len; i++) {
        char **fields = g_ptr_array_index(database->lines, i);

        if (fields && has_number(fields[FIELD_ID], number))
            return TRUE;
    }
    return FALSE;
}

static void set_number(char **field, guint32 number)
{
    g_free(*field);
    *field = g_strdup_printf("%u", number);
}

/* Gives all but the entry `keep` that have the number another one. */
static void move_others(Database *database, guint32 number, const char *const *keep)
{
    for (guint i = 0; i < database->lines->len; i++) {
        char **fields = g_ptr_array_index(database->lines, i);
        guint32 free_id = FREE_ID_MAX;

        if (!fields || fields == (char **)keep || !has_number(fields[FIELD_ID], number))
            continue;
        while (free_id > FREE_ID_MIN && (free_id == number || is_taken(database, free_id)))
            free_id--;
        set_number(&fields[FIELD_ID], free_id);
    }
}

/* The entry of a name; NULL if there is none. */
static char **find_name(const Database *database, const char *name)
{
    for (guint i = 0; name && i < database->lines->len; i++) {
        char **fields = g_ptr_array_index(database->lines, i);

        if (fields && strcmp(fields[FIELD_NAME], name) == 0)
            return fields;
    }
    return NULL;
}

static void database_write(const Database *database, GString *out)
{
    for (guint i = 0; i < database->lines->len; i++) {
        char **fields = g_ptr_array_index(database->lines, i);
        g_autofree char *joined = fields ? g_strjoinv(":", fields) : g_strdup(database->texts[i]);

        g_string_append_printf(out, "%s\n", joined);
    }
}

/* The name of the new entry: the image's, unless that is the name of somebody else there. */
static const char *choose_name(const Database *database, const char *name, const char *fallback)
{
    return name && !find_name(database, name) ? name : fallback;
}

static char *make_passwd(const ServiceUser *user, guint32 uid, guint32 gid)
{
    g_autoptr(GString) out = g_string_new(NULL);
    Database database;

    database_parse(&database, user->passwd, 4);
    char **entry = find_name(&database, user->in_image ? user->name : NULL);
    move_others(&database, uid, (const char *const *)entry);
    if (entry) {
        set_number(&entry[FIELD_ID], uid);
        set_number(&entry[FIELD_GID], gid);
    }
    database_write(&database, out);
    if (!entry)
        g_string_append_printf(out, "%s:x:%u:%u:gourd service:%s:/bin/sh\n",
                               choose_name(&database, user->in_image ? user->name : NULL, user->host_name), uid, gid,
                               user->home ? user->home : "/tmp");
    database_clear(&database);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *make_group(const ServiceUser *user, guint32 gid)
{
    g_autoptr(GString) out = g_string_new(NULL);
    Database database;

    database_parse(&database, user->groups, 3);
    /* A user whose group is root's in the image gets one of its own: root's stays what it is. */
    char **entry = find_name(&database, user->in_image && user->gid != 0 ? user->group : NULL);
    move_others(&database, gid, (const char *const *)entry);
    if (entry)
        set_number(&entry[FIELD_ID], gid);
    database_write(&database, out);
    if (!entry)
        g_string_append_printf(out, "%s:x:%u:\n",
                               choose_name(&database, user->in_image ? user->name : NULL, user->host_name), gid);
    database_clear(&database);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void set_text(char **field, const char *text)
{
    g_free(*field);
    *field = g_strdup(text);
}

/* Who asks for the number finds the first line that has it: so nobody else need be moved. */
static char *write_template(const Database *database, char **entry, const char *line)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *first = entry ? g_strjoinv(":", entry) : g_strdup(line);

    g_string_append_printf(out, "%s\n", first);
    for (guint i = 0; i < database->lines->len; i++)
        if (!entry || g_ptr_array_index(database->lines, i) != entry)
            g_string_append_printf(out, "%s\n", database->texts[i]);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *identity_passwd_template(const ServiceUser *user)
{
    Database database;

    database_parse(&database, user->passwd, 4);
    char **entry = find_name(&database, user->in_image ? user->name : NULL);
    g_autofree char *line = g_strdup_printf("%s:x:" IDENTITY_UID ":" IDENTITY_GID ":gourd service:%s:/bin/sh",
                                            choose_name(&database, user->in_image ? user->name : NULL, user->host_name),
                                            user->home ? user->home : "/tmp");
    if (entry) {
        set_text(&entry[FIELD_ID], IDENTITY_UID);
        set_text(&entry[FIELD_GID], IDENTITY_GID);
    }
    char *text = write_template(&database, entry, line);
    database_clear(&database);
    return text;
}

char *identity_group_template(const ServiceUser *user)
{
    Database database;

    database_parse(&database, user->groups, 3);
    char **entry = find_name(&database, user->in_image && user->gid != 0 ? user->group : NULL);
    g_autofree char *line = g_strdup_printf("%s:x:" IDENTITY_GID ":",
                                            choose_name(&database, user->in_image ? user->name : NULL,
                                                        user->host_name));
    if (entry)
        set_text(&entry[FIELD_ID], IDENTITY_GID);
    char *text = write_template(&database, entry, line);
    database_clear(&database);
    return text;
}

static void add_file(GPtrArray *files, const ServiceContext *context, const char *name, char *text)
{
    ServiceFile *file = g_new0(ServiceFile, 1);

    file->path = render_generated_path(context, name);
    file->mode = 0644;
    file->content = g_bytes_new_take(text, strlen(text));
    g_ptr_array_add(files, file);
}

GPtrArray *service_identity(const ServiceSpec *spec, const ServiceContext *context, guint32 uid, guint32 gid)
{
    GPtrArray *files = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);

    if (spec->user.groups)
        add_file(files, context, "group", make_group(&spec->user, gid));
    if (spec->user.passwd)
        add_file(files, context, "passwd", make_passwd(&spec->user, uid, gid));
    return files;
}
