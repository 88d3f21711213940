// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inside.h"
#include "spec-mounts.h"

#include <string.h>

/* Folders that an image expects to be able to write, though it declares no volume: its programs did so as root, in a root
 * that was writable. */

#define RUN_DEPTH 2        /* /run/lock/apache2 */
#define RUN_FOLDERS_MAX 32 /* more is no list that a person reads */

/* Parents of folders that belong to one program each (hier(7), Filesystem Hierarchy Standard 3.0, chapter 5). */
static const char *const kept_parents[] = {"/var/cache", "/var/lib", "/var/log", "/var/spool"};

/* Their children that belong to the base system of a distribution: nothing that runs in a service writes there. */
static const char *const system_folders[] = {
    "adduser",
    "alternatives",
    "anaconda",
    "anacron",
    "apk",
    "apparmor",
    "apt",
    "audit",
    "authselect",
    "cracklib",
    "cron",
    "dbus",
    "debconf",
    "dhclient",
    "dhcp",
    "dist-upgrade",
    "dnf",
    "dpkg",
    "fontconfig",
    "fonts",
    "games",
    "ghostscript",
    "initramfs-tools",
    "journal",
    "ldconfig",
    "libdnf5",
    "locales",
    "logrotate",
    "lpd",
    "mail",
    "man",
    "man-db",
    "misc",
    "motd-news",
    "news",
    "os-prober",
    "pacman",
    "pam",
    "plymouth",
    "polkit-1",
    "private",
    "python",
    "rhsm",
    "rpm",
    "rpm-state",
    "rsyslog",
    "selinux",
    "snmp",
    "sss",
    "sudo",
    "swcatalog",
    "systemd",
    "ubuntu-advantage",
    "ucf",
    "udhcpd",
    "unattended-upgrades",
    "update-notifier",
    "ureadahead",
    "usbutils",
    "vim",
    "xkb",
    "xml-core",
    "yum",
    "zypp",
};

/* What is below a folder. */
typedef struct {
    guint above;        /* slashes in the folder's path */
    guint depth;        /* how many levels of folders are wanted */
    GPtrArray *folders; /* char *, in order */
    gboolean files;     /* a file with something in it is there */
} FolderList;

static guint count_slashes(const char *path)
{
    guint n = 0;

    for (; *path; path++)
        n += *path == '/';
    return n;
}

static gboolean visit_below(const SquashNode *node, gpointer data, GError **error)
{
    FolderList *list = data;
    g_autofree char *path = g_strconcat("/", node->path, NULL);
    guint depth = *node->path ? count_slashes(path) : 0;

    if (depth <= list->above)
        return TRUE;
    if (node->type == ENTRY_FILE && node->size > 0)
        list->files = TRUE;
    if (node->type == ENTRY_DIRECTORY && depth <= list->above + list->depth)
        g_ptr_array_add(list->folders, g_steal_pointer(&path));
    return TRUE;
}

/* Lists folders below a folder, and looks for files as far as reach; nothing if there is no such folder, or it is a link. */
static gboolean list_folders(const SpecSource *source, const char *path, guint depth, guint reach, FolderList *list,
                             GError **error)
{
    SquashWalk walk = {.visit = visit_below, .data = list, .depth = reach};
    const InsideNode *folder = service_image_find(source->image, path, error);

    *list = (FolderList){.above = count_slashes(path), .depth = depth};
    list->folders = g_ptr_array_new_with_free_func(g_free);
    if (!folder)
        return FALSE;
    if (!folder->found || strcmp(folder->path, path) != 0)
        return TRUE;
    return service_image_walk(source->image, path, &walk, error);
}

static void folder_list_clear(FolderList *list)
{
    g_clear_pointer(&list->folders, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FolderList, folder_list_clear)

static gboolean is_system_folder(const char *path)
{
    const char *name = strrchr(path, '/') + 1;

    for (gsize i = 0; i < G_N_ELEMENTS(system_folders); i++)
        if (strcmp(system_folders[i], name) == 0)
            return TRUE;
    return FALSE;
}

/* Whether a mount is at a path, above it or below. */
static gboolean touches_mount(const ServiceSpec *spec, const char *path)
{
    for (guint i = 0; i < spec->mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(spec->mounts, i);

        if (inside_is_below(path, mount->destination) || inside_is_below(mount->destination, path))
            return TRUE;
    }
    return FALSE;
}

typedef struct {
    guint nodes; /* with the folder itself, which comes first */
    gboolean has_others, has_folders;
} Content;

static gboolean visit_content(const SquashNode *node, gpointer data, GError **error)
{
    Content *content = data;
    gboolean is_folder = node->type == ENTRY_DIRECTORY;

    content->has_folders |= is_folder && content->nodes > 0;
    content->has_others |= !is_folder;
    content->nodes++;
    return TRUE;
}

/* One of the parents' children: without anything but folders in it, it can only be meant to be written. */
static gboolean add_kept(SpecSource *source, const char *path, GError **error)
{
    Content content = {0};
    const SquashWalk walk = {.visit = visit_content, .data = &content, .depth = G_MAXUINT};

    if (!service_image_walk(source->image, path, &walk, error))
        return FALSE;
    if (content.has_others)
        return TRUE;
    if (!spec_add_volume(source, NULL, path, error))
        return FALSE;
    ServiceMount *mount = g_ptr_array_index(source->spec->mounts, source->spec->mounts->len - 1);
    mount->fill = content.has_folders;
    mount->guessed = TRUE;
    if (!source->context->one_off) /* which says of all its volumes that they are temporary */
        notes_add(source->notes, "folder-kept",
                  "empty folders, in which services usually write, became volumes; a tmpfs there makes one temporary",
                  path);
    return TRUE;
}

gboolean spec_add_kept_folders(SpecSource *source, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kept_parents); i++) {
        g_auto(FolderList) list = {0};

        if (!list_folders(source, kept_parents[i], 1, 1, &list, error))
            return FALSE;
        for (guint k = 0; k < list.folders->len; k++) {
            const char *path = g_ptr_array_index(list.folders, k);

            if (!is_system_folder(path) && !touches_mount(source->spec, path) && !add_kept(source, path, error))
                return FALSE;
        }
    }
    return TRUE;
}

/* Writable for the service's user. Where that is root, the image's owners and modes can be kept. */
static gboolean add_tmpfs(SpecSource *source, const char *path, const char *options, GError **error)
{
    ServiceMount *mount;

    if (spec_find_mount(source->spec, path))
        return TRUE;
    mount = spec_add_mount(source, SERVICE_MOUNT_TMPFS, path, error);
    if (!mount)
        return FALSE;
    if (source->spec->user.kind == SERVICE_USER_ROOT && !options)
        mount->options = g_strdup_printf("mode=%04o,uid=%u,gid=%u", mount->mode, mount->uid, mount->gid);
    else
        mount->options = g_strdup(options ? options : "mode=1777");
    return TRUE;
}

/* Shared memory has files there: who shares the IPC of the host shares these. */
static gboolean add_shared_memory(SpecSource *source, GError **error)
{
    guint64 size = source->options->shm_size;
    const char *const *allow = (const char *const *)source->options->allow;
    g_autofree char *options = size ? g_strdup_printf("mode=1777,size=%" G_GUINT64_FORMAT, size)
                                    : g_strdup("mode=1777");

    if (!allow || !g_strv_contains(allow, "ipc"))
        return add_tmpfs(source, "/dev/shm", options, error);
    if (spec_find_mount(source->spec, "/dev/shm"))
        return TRUE;
    ServiceMount *mount = spec_add_mount(source, SERVICE_MOUNT_BIND, "/dev/shm", error);
    if (!mount)
        return FALSE;
    mount->source = g_strdup("/dev/shm");
    mount->fill = FALSE;
    return TRUE;
}

gboolean spec_add_run_folders(SpecSource *source, GError **error)
{
    static const char *const places[] = {"/run", "/var/run"};
    gboolean root = source->spec->user.kind == SERVICE_USER_ROOT;
    guint count = 0;

    if (!add_tmpfs(source, "/run", root ? "mode=0755" : "mode=1777", error) || !add_shared_memory(source, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_auto(FolderList) list = {0};

        if (!list_folders(source, places[i], RUN_DEPTH, G_MAXUINT, &list, error))
            return FALSE;
        if (list.files)
            notes_add(source->notes, "run-hidden", "files that the image has there are not seen: it is empty at start",
                      places[i]);
        for (guint k = 0; k < list.folders->len && count < RUN_FOLDERS_MAX; k++, count++)
            if (!add_tmpfs(source, g_ptr_array_index(list.folders, k), NULL, error))
                return FALSE;
    }
    return TRUE;
}
