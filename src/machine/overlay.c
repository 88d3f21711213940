// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine.h"
#include "origin-items.h"
#include "skeleton-private.h"

#include <errno.h>
#include <string.h>

/* What a folder, a bundle or an exported machine has beside /usr, put over what a machine without packages has: so it boots, whatever these
 * lack. Content is left where it is until the tree is written (pour.c). */

/* Not taken: what is the host's, or made when a machine starts; with their content. */
static const char *const passing[] = {
    "/boot",
    "/dev",
    "/proc",
    "/run",
    "/sys",
    "/tmp",
    "/var/run",
    "/var/lock",
    "/var/lib/apt",
    "/var/lib/dpkg",
    "/var/cache/apt",
    "/etc/alternatives",
    "/etc/mtab",
    "/etc/os-release",
    "/etc/.updated",
    "/var/.updated",
    "/etc/ld.so.cache",
    "/etc/hostname",
};

/* What is one system's alone: another must not have it too. */
static const char *const identity[] = {
    "/etc/machine-id", "/etc/hosts", "/etc/resolv.conf", "/var/lib/systemd/random-seed", "/var/log/journal",
};
#define HOST_KEYS "/etc/ssh/ssh_host_"

static const char *const account_files[] = {"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"};

typedef struct {
    SkeletonBuild *build;
    GHashTable *accounts; /* path → text of a machine without packages */
} Overlay;

static gboolean is_below(const char *path, const char *folder)
{
    gsize length = strlen(folder);

    return strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]);
}

/* is_moved: the same machine on another host keeps its identity. */
static gboolean is_taken(const char *path, gboolean is_moved)
{
    for (guint i = 0; i < G_N_ELEMENTS(passing); i++) {
        if (is_below(path, passing[i]))
            return FALSE;
    }
    for (guint i = 0; !is_moved && i < G_N_ELEMENTS(identity); i++) {
        if (is_below(path, identity[i]))
            return FALSE;
    }
    if (!is_moved && g_str_has_prefix(path, HOST_KEYS))
        return FALSE;
    return !skeleton_is_shared(path);
}

/* --- items -------------------------------------------------------------------------------------------------------- */

/* Adds what stands for one path; NULL: it cannot be there. */
static MachineEntry *add_entry(const Overlay *overlay, const char *path, mode_t mode, guint32 uid, guint32 gid)
{
    MachineSkeleton *skeleton = overlay->build->skeleton;
    const MachineEntry *before = machine_skeleton_find(skeleton, path);

    if (before && S_ISDIR(before->mode) && !S_ISDIR(mode)) {
        notes_add(overlay->build->notes, "machine-no-folder", "this is a folder in machines: it was left out", path);
        return NULL;
    }
    MachineEntry *entry = skeleton_add(skeleton, path, mode);
    entry->uid = uid;
    entry->gid = gid;
    return entry;
}

static mode_t type_of(EntryType type)
{
    switch (type) {
    case ENTRY_FILE:
        return S_IFREG;
    case ENTRY_DIRECTORY:
        return S_IFDIR;
    case ENTRY_SYMLINK:
        return S_IFLNK;
    case ENTRY_FIFO:
        return S_IFIFO;
    case ENTRY_CHAR_DEVICE:
    case ENTRY_BLOCK_DEVICE:
    case ENTRY_SOCKET:
    case ENTRY_HARD_LINK:
    default:
        return 0;
    }
}

static void note_left_out(const Overlay *overlay, const char *path)
{
    notes_add(overlay->build->notes, "machine-left-out",
              "devices and sockets, and links to what is left out, are not taken", path);
}

static void add_hard_link(const Overlay *overlay, const OriginItem *item)
{
    const MachineEntry *first = machine_skeleton_find(overlay->build->skeleton, item->target);

    if (!first || !S_ISREG(first->mode) || strcmp(item->target, item->path) == 0) {
        note_left_out(overlay, item->path);
        return;
    }
    g_autofree char *target = g_strdup(first->target ? first->target : first->path);
    MachineEntry *entry = add_entry(overlay, item->path, first->mode, first->uid, first->gid);
    if (entry)
        entry->target = g_steal_pointer(&target);
}

/* check goes on from what the machine was when it was exported. */
static gboolean know_record(const Overlay *overlay, const OriginItem *item, GError **error)
{
    MachineSkeleton *skeleton = overlay->build->skeleton;
    g_autoptr(GBytes) text = NULL;

    if (!origin_item_load(item, JSON_SIZE_MAX, &text, error))
        return gourd_error_prefix(error, "its record");
    g_autoptr(MachineRecord) record = machine_record_parse(overlay->build->origin->machine,
                                                           g_bytes_get_data(text, NULL), g_bytes_get_size(text), error);
    if (!record)
        return gourd_error_prefix(error, "its record");
    json_decref(skeleton->record);
    skeleton->record = json_incref(record->skeleton);
    return TRUE;
}

/* What is looked into before it is written. */
static gboolean is_read(const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(account_files); i++) {
        if (strcmp(account_files[i], path) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean add_item(const OriginItem *item, gpointer data, GError **error)
{
    const Overlay *overlay = data;
    const mode_t type = type_of(item->type);
    g_autoptr(Xattrs) xattrs = NULL;
    g_autoptr(GBytes) content = NULL;

    if (!item->path)
        return know_record(overlay, item, error);
    if (!is_taken(item->path, item->kind == ORIGIN_EXPORT))
        return TRUE;
    if (item->type == ENTRY_HARD_LINK) {
        add_hard_link(overlay, item);
        return TRUE;
    }
    if (!type) {
        note_left_out(overlay, item->path);
        return TRUE;
    }
    if ((type == S_IFREG && is_read(item->path) && !origin_item_load(item, SKELETON_FILE_SIZE_MAX, &content, error)) ||
        !origin_item_xattrs(item, overlay->build->notes, &xattrs, error)) /* for its notes */
        return FALSE;
    MachineEntry *entry = add_entry(overlay, item->path, type | item->mode, item->uid, item->gid);
    if (!entry)
        return TRUE;
    entry->item = item->number;
    entry->mtime = item->mtime;
    entry->target = type == S_IFLNK ? g_strdup(item->target) : NULL;
    entry->content = g_steal_pointer(&content);
    return TRUE;
}

/* --- users -------------------------------------------------------------------------------------------------------- */

static char *entry_text(const MachineSkeleton *skeleton, const char *path)
{
    const MachineEntry *entry = machine_skeleton_find(skeleton, path);

    return entry && entry->content ? g_strndup(g_bytes_get_data(entry->content, NULL), g_bytes_get_size(entry->content))
                                   : g_strdup("");
}

char *skeleton_merge_accounts(const char *own, const char *more)
{
    g_auto(GStrv) lines = g_strsplit(more, "\n", -1);
    GString *text = g_string_new(own);

    for (char **line = lines; *line; line++) {
        g_autofree char *name = g_strndup(*line, strcspn(*line, ":"));

        if (*name && !skeleton_has_account(own, name))
            g_string_append_printf(text, "%s%s\n", text->len && text->str[text->len - 1] != '\n' ? "\n" : "", *line);
    }
    return g_string_free(text, FALSE);
}

/* Users that a booted system needs are there, whoever is in the origin's files. */
static void merge_accounts(const Overlay *overlay)
{
    for (guint i = 0; i < G_N_ELEMENTS(account_files); i++) {
        MachineEntry *entry = g_hash_table_lookup(overlay->build->skeleton->by_path, account_files[i]);
        g_autofree char *own = entry_text(overlay->build->skeleton, account_files[i]);

        if (!entry || !entry->content)
            continue;
        char *text = skeleton_merge_accounts(own, g_hash_table_lookup(overlay->accounts, account_files[i]));
        g_bytes_unref(entry->content);
        entry->content = g_bytes_new_take(text, strlen(text));
    }
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static gboolean check_folder(const SkeletonBuild *build, const char *folder, GError **error)
{
    struct stat status, root;

    if (stat(folder, &status) < 0 || fstat(build->root, &root) < 0)
        return gourd_error_set_errno(error, errno, "cannot look at '%s'", folder);
    if (status.st_dev != root.st_dev || status.st_ino != root.st_ino)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "a machine cannot be like the host itself");
    return gourd_error_hint(error, "--package NAME --host-config takes the host's configuration of a package");
}

gboolean skeleton_overlay(SkeletonBuild *build, GError **error)
{
    const MachineOrigin *origin = build->origin;
    const char *path = origin->like ? origin->like : origin->from;
    g_autoptr(GHashTable) accounts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    Overlay overlay = {.build = build, .accounts = accounts};

    if (!path)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(account_files); i++)
        g_hash_table_insert(accounts, (gpointer)account_files[i], entry_text(build->skeleton, account_files[i]));
    if ((origin->like && !check_folder(build, path, error)) ||
        !origin_walk(path, origin->like != NULL, build->notes, add_item, &overlay, error))
        return gourd_error_prefix(error, "'%s'", path);
    build->skeleton->source = g_strdup(path);
    build->skeleton->source_is_folder = origin->like != NULL;
    build->skeleton->notes = build->notes;
    merge_accounts(&overlay);
    return TRUE;
}
