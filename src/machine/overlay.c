// SPDX-License-Identifier: LGPL-2.1-or-later
#include "export.h"
#include "skeleton-private.h"

#include "bundle/bundle.h"
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* What a folder, a bundle or an exported machine has beside /usr, put over what a machine without packages has: so it boots, whatever these
 * lack. All of it is in memory on the way, hence the limits. */

#define FILE_SIZE_MAX (256 * 1024 * 1024)   /* bytes of one file */
#define TOTAL_SIZE_MAX (1024 * 1024 * 1024) /* bytes of all files: what is more belongs into a volume */

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

typedef struct {
    SkeletonBuild *build;
    GHashTable *accounts; /* path → text of a machine without packages */
    SquashExpander *expander;
    guint32 shift;     /* of owners: what root is there */
    gboolean compares; /* what it has in /usr with the host's */
    gboolean is_moved; /* the same machine on another host: it keeps its identity */
    guint64 total;
} Overlay;

static gboolean is_below(const char *path, const char *folder)
{
    gsize length = strlen(folder);

    return strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]);
}

static gboolean is_taken(const Overlay *overlay, const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(passing); i++) {
        if (is_below(path, passing[i]))
            return FALSE;
    }
    for (guint i = 0; !overlay->is_moved && i < G_N_ELEMENTS(identity); i++) {
        if (is_below(path, identity[i]))
            return FALSE;
    }
    if (!overlay->is_moved && g_str_has_prefix(path, HOST_KEYS))
        return FALSE;
    return !skeleton_is_shared(path);
}

static gboolean count(Overlay *overlay, guint64 size, GError **error)
{
    overlay->total += size;
    if (size <= FILE_SIZE_MAX && overlay->total <= TOTAL_SIZE_MAX)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_LIMIT, "there are over %d bytes in a file, or over %d in all", FILE_SIZE_MAX,
                    TOTAL_SIZE_MAX);
    return gourd_error_hint(error, "large data are better in a folder of the host that is bound: --bind");
}

/* Adds what stands for one path; NULL: it cannot be there. */
static MachineEntry *add_entry(Overlay *overlay, const char *path, mode_t mode, guint32 uid, guint32 gid)
{
    MachineSkeleton *skeleton = overlay->build->skeleton;
    const MachineEntry *before = machine_skeleton_find(skeleton, path);

    if (before && S_ISDIR(before->mode) && !S_ISDIR(mode)) {
        notes_add(overlay->build->notes, "machine-no-folder", "this is a folder in machines: it was left out", path);
        return NULL;
    }
    MachineEntry *entry = skeleton_add(skeleton, path, mode);
    entry->uid = uid - overlay->shift;
    entry->gid = gid - overlay->shift;
    return entry;
}

static mode_t type_of(EntryType type)
{
    return type == ENTRY_DIRECTORY ? S_IFDIR : type == ENTRY_SYMLINK ? S_IFLNK : type == ENTRY_FILE ? S_IFREG : 0;
}

static void note_left_out(const Overlay *overlay, const char *path)
{
    notes_add(overlay->build->notes, "machine-left-out", "only files, folders and links are taken", path);
}

/* --- a folder, a tar ---------------------------------------------------------------------------------------------- */

static gboolean read_content(Overlay *overlay, EntryReader *reader, const Entry *entry, GBytes **ret_content,
                             GError **error)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    const guint8 *bytes;
    gsize size;

    if (!count(overlay, entry->size, error))
        return FALSE;
    do {
        if (!entry_reader_data(reader, &bytes, &size, error))
            return FALSE;
        guint before = content->len;
        g_byte_array_set_size(content, before + (guint)size);
        if (bytes && size > 0)
            memcpy(content->data + before, bytes, size);
        else if (size > 0)
            memset(content->data + before, 0, size);
    } while (size > 0);
    *ret_content = g_byte_array_free_to_bytes(g_steal_pointer(&content));
    return TRUE;
}

/* A further name of a file: a file of its own. */
static gboolean add_hard_link(Overlay *overlay, const char *path, const char *prefix, const char *target,
                              GError **error)
{
    g_autofree char *clean = NULL;

    if (!path_clean(target, &clean, error))
        return FALSE;
    g_autofree char *first = g_strconcat("/", g_str_has_prefix(clean, prefix) ? clean + strlen(prefix) : clean, NULL);
    const MachineEntry *entry = machine_skeleton_find(overlay->build->skeleton, first);
    if (!entry || !entry->content) {
        note_left_out(overlay, path);
        return TRUE;
    }
    g_autoptr(GBytes) content = g_bytes_ref(entry->content);
    MachineEntry *copy = add_entry(overlay, path, entry->mode, entry->uid + overlay->shift,
                                   entry->gid + overlay->shift);
    if (copy)
        copy->content = g_steal_pointer(&content);
    return TRUE;
}

/* --- a /usr of its own -------------------------------------------------------------------------------------------- */

#define KEPT "/usr.own"

/* Whether the host has the very same at that path. */
static gboolean is_on_host(const Overlay *overlay, const Entry *entry, const char *path, GBytes *content,
                           gboolean *ret_same, GError **error)
{
    const int root = overlay->build->root;
    g_autoptr(GBytes) other = NULL;
    g_autofree char *target = NULL;
    struct stat status;
    gboolean found;

    *ret_same = FALSE;
    if (!root_look(root, path, &status, &found, error))
        return FALSE;
    if (!found || (status.st_mode & S_IFMT) != type_of(entry->type))
        return TRUE;
    if (entry->type == ENTRY_SYMLINK) {
        if (!root_load_link(root, path, &target, error))
            return FALSE;
        *ret_same = g_strcmp0(target, entry->target) == 0;
        return TRUE;
    }
    if ((guint64)status.st_size != entry->size)
        return TRUE;
    if (!root_load(root, path, FILE_SIZE_MAX, &other, NULL, error))
        return FALSE;
    *ret_same = other && g_bytes_equal(other, content);
    return TRUE;
}

static void note_kept(const Overlay *overlay, const char *path)
{
    notes_add(overlay->build->notes, "machine-usr-kept",
              "the host has this not or otherwise: it is kept below " KEPT ", where nothing looks for it", path);
}

/* A further name of a file is kept if that is. */
static gboolean compare_hard_link(Overlay *overlay, const Entry *entry, const char *path, GError **error)
{
    g_autofree char *kept = g_strconcat(KEPT, path, NULL), *clean = NULL;

    if (!path_clean(entry->target, &clean, error))
        return FALSE;
    g_autofree char *first = g_strconcat(KEPT "/", clean, NULL);
    if (!machine_skeleton_find(overlay->build->skeleton, first))
        return TRUE;
    note_kept(overlay, path);
    return add_hard_link(overlay, kept, "", first, error);
}

/* What the host does not have goes to a folder of its own: only the host's /usr is seen from now on. */
static gboolean compare_shared(Overlay *overlay, EntryReader *reader, const Entry *entry, const char *path,
                               GError **error)
{
    const guint64 before = overlay->total;
    g_autoptr(GBytes) content = NULL;
    gboolean same;

    if (entry->type == ENTRY_HARD_LINK)
        return compare_hard_link(overlay, entry, path, error);
    if (entry->type != ENTRY_FILE && entry->type != ENTRY_SYMLINK)
        return TRUE;
    if (entry->type == ENTRY_FILE && !read_content(overlay, reader, entry, &content, error))
        return FALSE;
    if (!is_on_host(overlay, entry, path, content, &same, error))
        return FALSE;
    if (same) {
        overlay->total = before;
        return TRUE;
    }
    g_autofree char *kept = g_strconcat(KEPT, path, NULL);
    note_kept(overlay, path);
    MachineEntry *added = add_entry(overlay, kept, type_of(entry->type) | entry->mode, entry->uid, entry->gid);
    if (added) {
        added->target = g_strdup(entry->target);
        added->content = g_steal_pointer(&content);
    }
    return TRUE;
}

static gboolean compare_packages(Overlay *overlay, const char *folder, GError **error)
{
    autofd fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    g_autoptr(MachinePackages) packages = fd < 0 ? NULL : machine_packages_open(folder, fd, error);

    if (!packages)
        return FALSE;
    for (guint i = 0; i < machine_packages_list(packages)->len; i++) {
        const HostPackage *own = g_ptr_array_index(machine_packages_list(packages), i);
        const HostPackage *host = machine_packages_find(overlay->build->packages, own->name);

        if (!host)
            notes_add(overlay->build->notes, "machine-package-absent", "the host does not have this package",
                      own->name);
        else if (strcmp(host->name, own->name) == 0 && strcmp(host->version, own->version) != 0)
            notes_add(overlay->build->notes, "machine-package-version", "the host has another version of this package",
                      own->name);
    }
    return TRUE;
}

static gboolean add_read(Overlay *overlay, EntryReader *reader, const Entry *entry, const char *path,
                         const char *prefix, GError **error)
{
    const mode_t type = type_of(entry->type);
    g_autoptr(GBytes) content = NULL;

    if (entry->type == ENTRY_HARD_LINK)
        return add_hard_link(overlay, path, prefix, entry->target, error);
    if (!type) {
        note_left_out(overlay, path);
        return TRUE;
    }
    if (type == S_IFREG && !read_content(overlay, reader, entry, &content, error))
        return FALSE;
    MachineEntry *added = add_entry(overlay, path, type | entry->mode, entry->uid, entry->gid);
    if (added && type == S_IFLNK)
        added->target = g_strdup(entry->target);
    if (added)
        added->content = g_steal_pointer(&content);
    return TRUE;
}

/* check goes on from what the machine was when it was exported. */
static gboolean know_record(Overlay *overlay, EntryReader *reader, const Entry *entry, GError **error)
{
    g_autoptr(MachineRecord) record = NULL;
    MachineSkeleton *skeleton = overlay->build->skeleton;

    if (!machine_export_read_record(reader, entry, overlay->build->origin->machine, &record, error))
        return FALSE;
    json_decref(skeleton->record);
    skeleton->record = json_incref(record->skeleton);
    return TRUE;
}

/* prefix: what the machine's own paths begin with, "" or "tree/". */
static gboolean add_all(Overlay *overlay, EntryReader *reader, const char *prefix, GError **error)
{
    const Entry *entry;

    for (;;) {
        g_autofree char *clean = NULL;

        if (!entry_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            return TRUE;
        if (!path_clean(entry->path, &clean, error))
            return FALSE;
        if (*prefix && entry->type == ENTRY_FILE && strcmp(clean, MACHINE_EXPORT_RECORD) == 0 &&
            !know_record(overlay, reader, entry, error))
            return FALSE;
        if (*prefix && strlen(clean) + 1 == strlen(prefix) && g_str_has_prefix(prefix, clean))
            overlay->shift = entry->uid; /* the tree itself */
        if (!g_str_has_prefix(clean, prefix) || !clean[strlen(prefix)])
            continue;
        g_autofree char *path = g_strconcat("/", clean + strlen(prefix), NULL);
        if (is_taken(overlay, path)
                ? !add_read(overlay, reader, entry, path, prefix, error)
                : overlay->compares && skeleton_is_shared(path) && !compare_shared(overlay, reader, entry, path, error))
            return FALSE;
    }
}

static gboolean add_folder(Overlay *overlay, const char *folder, GError **error)
{
    struct stat status, root;
    OwnerMap owners = {0};
    ImageLimits limits;

    if (stat(folder, &status) < 0 || fstat(overlay->build->root, &root) < 0)
        return gourd_error_set_errno(error, errno, "cannot look at '%s'", folder);
    if (status.st_dev == root.st_dev && status.st_ino == root.st_ino) {
        gourd_error_set(error, GOURD_ERROR_USAGE, "a machine cannot be like the host itself");
        return gourd_error_hint(error, "--package NAME --host-config takes the host's configuration of a package");
    }
    overlay->shift = status.st_uid;
    overlay->compares = overlay->is_moved = overlay->build->origin->trims;
    if (overlay->compares && !compare_packages(overlay, folder, error))
        return FALSE;
    image_limits_init(&limits);
    EntryReader *reader = folder_reader_new(folder, &owners, &limits, overlay->build->notes, error);
    if (!reader)
        return FALSE;
    gboolean good = add_all(overlay, reader, "", error);
    entry_reader_free(reader);
    return good;
}

static gboolean add_export(Overlay *overlay, int fd, const char *name, GError **error)
{
    EntryReader *reader = machine_export_open(fd, name, overlay->build->notes, error);

    if (!reader)
        return FALSE;
    overlay->is_moved = TRUE;
    gboolean good = add_all(overlay, reader, MACHINE_EXPORT_TREE "/", error);
    entry_reader_free(reader);
    return good;
}

/* --- a bundle ----------------------------------------------------------------------------------------------------- */

static gboolean add_node(const SquashNode *node, gpointer data, GError **error)
{
    Overlay *overlay = data;
    g_autofree char *path = g_strconcat("/", node->path, NULL);
    const mode_t type = type_of(node->type);
    g_autoptr(GBytes) content = NULL;

    if (!*node->path || !is_taken(overlay, path))
        return TRUE;
    if (!type) {
        note_left_out(overlay, path);
        return TRUE;
    }
    if (type == S_IFREG) {
        if (!count(overlay, node->size, error))
            return FALSE;
        content = squash_file_load(overlay->expander, node, FILE_SIZE_MAX, error);
        if (!content)
            return FALSE;
    }
    MachineEntry *added = add_entry(overlay, path, type | node->mode, node->uid, node->gid);
    if (added && type == S_IFLNK)
        added->target = g_strdup(node->target);
    if (added)
        added->content = g_steal_pointer(&content);
    return TRUE;
}

static gboolean add_bundle(Overlay *overlay, const char *path, GError **error)
{
    const SquashWalk walk = {.visit = add_node, .data = overlay, .depth = G_MAXUINT};
    g_autoptr(Bundle) bundle = bundle_open(path, error);

    if (!bundle)
        return FALSE;
    overlay->expander = squash_reader_expander(bundle_image(bundle), error);
    return overlay->expander && squash_reader_walk(bundle_image(bundle), "", &walk, error);
}

/* --- users -------------------------------------------------------------------------------------------------------- */

static const char *const account_files[] = {"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"};

static char *entry_text(const MachineSkeleton *skeleton, const char *path)
{
    const MachineEntry *entry = machine_skeleton_find(skeleton, path);

    return entry && entry->content ? g_strndup(g_bytes_get_data(entry->content, NULL), g_bytes_get_size(entry->content))
                                   : g_strdup("");
}

/* Users that a booted system needs are there, whoever is in the origin's files. */
static void merge_accounts(const Overlay *overlay)
{
    for (guint i = 0; i < G_N_ELEMENTS(account_files); i++) {
        MachineEntry *entry = g_hash_table_lookup(overlay->build->skeleton->by_path, account_files[i]);
        g_autofree char *own = entry_text(overlay->build->skeleton, account_files[i]);
        g_auto(GStrv) lines = g_strsplit(g_hash_table_lookup(overlay->accounts, account_files[i]), "\n", -1);
        g_autoptr(GString) text = g_string_new(own);

        for (char **line = lines; *line; line++) {
            g_autofree char *name = g_strndup(*line, strcspn(*line, ":"));

            if (*name && !skeleton_has_account(own, name))
                g_string_append_printf(text, "%s%s\n", text->len && text->str[text->len - 1] != '\n' ? "\n" : "",
                                       *line);
        }
        if (!entry || !entry->content)
            continue;
        g_bytes_unref(entry->content);
        entry->content = g_bytes_new(text->str, text->len);
    }
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static gboolean add_from(Overlay *overlay, const char *path, GError **error)
{
    autofd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    guint8 head[16];
    gsize got = 0;

    if (fd < 0)
        return gourd_error_set_errno(error, errno, "cannot open '%s'", path);
    if (!fd_pread(fd, path, head, sizeof head, 0, &got, error))
        return FALSE;
    return squash_detect(head, got) ? add_bundle(overlay, path, error) : add_export(overlay, fd, path, error);
}

gboolean skeleton_overlay(SkeletonBuild *build, GError **error)
{
    const MachineOrigin *origin = build->origin;
    g_autoptr(GHashTable) accounts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    Overlay overlay = {.build = build, .accounts = accounts};

    if (!origin->like && !origin->from)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(account_files); i++)
        g_hash_table_insert(accounts, (gpointer)account_files[i], entry_text(build->skeleton, account_files[i]));
    if (origin->like ? !add_folder(&overlay, origin->like, error) : !add_from(&overlay, origin->from, error))
        return gourd_error_prefix(error, "'%s'", origin->like ? origin->like : origin->from);
    merge_accounts(&overlay);
    return TRUE;
}
