// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <string.h>

#define SYSTEM_ID_MAX 999 /* the last number of system users (Debian policy 9.2.2; SYS_UID_MAX of login.defs) */

/* A line each for sysusers.d(5). A number that is taken already is no harm: sysusers then takes another. */
gboolean render_user(const Render *render, GError **error)
{
    const ServiceUser *user = &render->spec->user;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *name = g_strdup_printf("gourd-%s.conf", render->context->name);
    g_autofree char *path = g_build_filename(PATH_SYSUSERS, name, NULL);

    for (guint i = 0; user->others && i < user->others->len; i++) {
        guint32 gid = g_array_index(user->others, guint32, i);

        if (gid != 0)
            g_string_append_printf(text, "g gourd-gid-%u %u\n", gid, gid);
    }
    if (user->kind == SERVICE_USER_ROOT && text->len == 0)
        return TRUE;
    g_autofree char *title = render->spec->shares_user ? g_strdup_printf("gourd stack %s", render->spec->stack)
                                                       : g_strdup_printf("gourd service %s", render->context->name);
    g_autofree char *quoted = unit_quote_word(title);
    if (user->kind == SERVICE_USER_NUMBER)
        g_string_append_printf(text, "g gourd-gid-%u %u\nu %s %u:%u %s\n", user->gid, user->gid, user->host_name,
                               user->uid, user->gid, quoted);
    else if (user->kind == SERVICE_USER_OWN && user->in_image && (user->uid <= SYSTEM_ID_MAX || user->private_path))
        g_string_append_printf(text, "u %s %u %s\n", user->host_name, user->uid, quoted);
    else if (user->kind == SERVICE_USER_OWN)
        g_string_append_printf(text, "u %s - %s\n", user->host_name, quoted);
    render_add_file(render, path, 0644, "To have other numbers, make the user before installing.", text->str);
    render->files->sysusers = g_steal_pointer(&path);
    return TRUE;
}

/* A journal of its own (journald.conf(5); systemd-journald.service(8), "Journal Namespaces"): another one would not keep to its size. */
gboolean render_journal(const Render *render, GError **error)
{
    guint64 bytes = render->spec->log_max;
    g_autofree char *path = g_strdup_printf(PATH_JOURNALS "%s.conf", render->context->name);
    g_autofree char *size = unit_format_size(bytes);
    g_autofree char *text = g_strdup_printf("[Journal]\nSystemMaxUse=%s\nRuntimeMaxUse=%s\n", size, size);
    g_autofree char *how = g_strdup_printf("To read it: gourd logs %s, or journalctl --namespace=%s.",
                                           render->context->name, render->context->name);

    if (bytes > 0)
        render_add_file(render, path, 0644, how, text);
    return TRUE;
}

/* --- folders ----------------------------------------------------------------------------------------------------------- */

char *render_owner(const Render *render, const ServiceMount *mount)
{
    const ServiceUser *user = &render->spec->user;

    switch (user->kind) {
    case SERVICE_USER_OWN:
        return g_strdup_printf("%s:%s", user->host_name, user->host_name);
    case SERVICE_USER_NUMBER:
        return g_strdup_printf("%u:%u", user->uid, user->gid);
    case SERVICE_USER_ROOT:
        return g_strdup_printf("%u:%u", mount->uid, mount->gid);
    }
    g_assert_not_reached();
}

/* A line of tmpfiles.d(5). With ":" mode and owner are for the first time only: a database tightens its folder itself. */
static void add_folder(GString *text, const char *path, guint mode, const char *owner, gboolean first_time)
{
    g_autofree char *quoted = unit_quote_word(path);
    g_auto(GStrv) names = g_strsplit(owner, ":", 2);
    const char *mark = first_time ? ":" : "";

    g_string_append_printf(text, "d %s %s%04o %s%s %s%s - -\n", quoted, mark, mode, mark, names[0], mark, names[1]);
}

/* The folder that volumes of one owner are in: nobody else on the host looks into it; systemd mounts them as root. */
static void add_top(const char *folder, GHashTable *seen, GString *text)
{
    g_autofree char *top = g_path_get_dirname(folder);

    if (g_hash_table_contains(seen, top))
        return;
    add_folder(text, top, 0700, "root:root", FALSE);
    g_hash_table_add(seen, g_steal_pointer(&top));
}

static void add_writable_folders(const Render *render, const ServiceMount *mount, const char *owner, GString *text)
{
    g_autofree char *upper = g_strconcat(mount->source, "/upper", NULL);
    g_autofree char *work = g_strconcat(mount->source, "/work", NULL);
    gboolean root = strcmp(mount->destination, "/") == 0;

    add_folder(text, mount->source, 0700, "root:root", FALSE);
    /* The root folder stays root's, as it is in the image: else the user could replace any file. */
    add_folder(text, upper, mount->mode, root ? "root:root" : owner, TRUE);
    add_folder(text, work, 0755, "root:root", FALSE);
}

/* Of a volume only a part is mounted: where that is not there yet, nothing else would make it. */
static void add_part(const ServiceMount *mount, const char *owner, GHashTable *seen, GString *text)
{
    if (mount->kind != SERVICE_MOUNT_VOLUME || !g_str_has_prefix(mount->source, mount->folder))
        return;
    for (const char *end = mount->source + strlen(mount->folder); *end;) {
        end++;
        end += strcspn(end, "/");
        g_autofree char *path = g_strndup(mount->source, (gsize)(end - mount->source));

        if (g_hash_table_contains(seen, path))
            continue;
        add_folder(text, path, mount->mode, owner, TRUE);
        g_hash_table_add(seen, g_steal_pointer(&path));
    }
}

static void add_mount_folders(const Render *render, const ServiceMount *mount, GHashTable *seen, GString *text)
{
    gboolean kept = mount->kind == SERVICE_MOUNT_WRITABLE && !render->spec->volatile_writes;
    const char *folder = kept ? mount->source : mount->folder;
    g_autofree char *owner = render_owner(render, mount);

    if (!folder || g_hash_table_contains(seen, folder)) {
        if (mount->folder)
            add_part(mount, owner, seen, text);
        return;
    }
    if (mount->kind != SERVICE_MOUNT_BIND)
        add_top(folder, seen, text);
    g_hash_table_add(seen, g_strdup(folder));
    if (kept)
        add_writable_folders(render, mount, owner, text);
    else
        add_folder(text, folder, mount->kind == SERVICE_MOUNT_BIND ? 0755 : mount->mode, owner, TRUE);
    if (mount->folder)
        add_part(mount, owner, seen, text);
}

gboolean render_folders(const Render *render, GError **error)
{
    const GPtrArray *mounts = render->spec->mounts;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *name = g_strdup_printf("gourd-%s.conf", render->context->name);
    g_autofree char *path = g_build_filename(PATH_TMPFILES, name, NULL);

    for (guint i = 0; i < mounts->len; i++)
        add_mount_folders(render, g_ptr_array_index(mounts, i), seen, text);
    if (text->len == 0)
        return TRUE;
    render_add_file(render, path, 0644, "To change modes or owners, change those of the folders: they stay.",
                    text->str);
    render->files->tmpfiles = g_steal_pointer(&path);
    return TRUE;
}
