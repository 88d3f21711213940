// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"
#include "skeleton-private.h"

#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What trimming changes in a tree that has all of an operating system: reads only. The tree may be hostile: it is read beneath its descriptor. */

#define COMPARE_SIZE (64 * 1024) /* bytes of two files that are compared at a time */

/* Taken away beside what is shared: of the programs that were the container's own, and the host's business. */
static const char *const asides[] = {
    "/boot", "/etc/alternatives", "/var/cache/apt", "/var/lib/apt", "/var/lib/dpkg",
};

/* Replaced: what tells of /usr, and the name that it has now. */
static const char *const replaced[] = {
    "/etc/.updated", "/etc/hostname", "/etc/ld.so.cache", "/etc/mtab", "/etc/os-release", "/var/.updated",
};

static const char *const account_files[] = {"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"};

typedef struct {
    int tree, root;
    MachineTrim *trim;
    char **blocked; /* paths of what is no folder there, and should be */
    Notes *notes;
} Look;

void machine_trim_free(MachineTrim *trim)
{
    if (!trim)
        return;
    g_strfreev(trim->asides);
    g_ptr_array_unref(trim->entries);
    g_ptr_array_unref(trim->kept);
    machine_skeleton_free(trim->skeleton);
    g_free(trim);
}

static gboolean is_one_of(const char *path, const char *const *paths, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        if (strcmp(path, paths[i]) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean is_below_one(const char *path, char *const *folders)
{
    for (; folders && *folders; folders++) {
        const gsize length = strlen(*folders);

        if (strncmp(path, *folders, length) == 0 && (path[length] == '/' || !path[length]))
            return TRUE;
    }
    return FALSE;
}

/* --- packages ----------------------------------------------------------------------------------------------------- */

static gboolean compare_packages(const Look *look, const char *tree, const char *host_root, GError **error)
{
    g_autoptr(MachinePackages) own = machine_packages_open(tree, look->tree, error);
    g_autoptr(MachinePackages) host = own ? machine_packages_open(host_root, look->root, error) : NULL;

    if (!host)
        return FALSE;
    for (guint i = 0; i < machine_packages_list(own)->len; i++) {
        const HostPackage *package = g_ptr_array_index(machine_packages_list(own), i);
        const HostPackage *found = machine_packages_find(host, package->name);

        if (!found)
            notes_add(look->notes, "machine-package-absent", "the host does not have this package", package->name);
        else if (strcmp(found->name, package->name) == 0 && strcmp(found->version, package->version) != 0)
            notes_add(look->notes, "machine-package-version", "the host has another version of this package",
                      package->name);
    }
    return TRUE;
}

/* --- files of /usr ------------------------------------------------------------------------------------------------ */

static gboolean fail_read(const char *path, GError **error)
{
    int saved = errno;
    g_autofree char *shown = text_escape(path);

    return gourd_error_set_errno(error, saved, "cannot read '%s'", shown);
}

static gboolean compare_content(const Look *look, const char *path, gboolean *ret_same, GError **error)
{
    autofd own = root_open(look->tree, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    autofd host = own < 0 ? -1 : root_open(look->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    g_autofree guint8 *buffers = g_malloc(2 * (gsize)COMPARE_SIZE);
    gsize got, other;

    if (host < 0)
        return fail_read(path, error);
    for (guint64 offset = 0;; offset += got) {
        if (!fd_pread(own, path, buffers, COMPARE_SIZE, offset, &got, error) ||
            !fd_pread(host, path, buffers + COMPARE_SIZE, COMPARE_SIZE, offset, &other, error))
            return FALSE;
        *ret_same = got == other && memcmp(buffers, buffers + COMPARE_SIZE, got) == 0;
        if (!*ret_same || got == 0)
            return TRUE;
    }
}

/* Whether the host has the very same at that path. */
static gboolean is_on_host(const Look *look, const char *path, gboolean *ret_same, GError **error)
{
    g_autofree char *own_target = NULL, *target = NULL;
    struct stat own, status;
    gboolean found;

    *ret_same = FALSE;
    if (!root_look(look->tree, path, &own, &found, error) || !root_look(look->root, path, &status, &found, error))
        return FALSE;
    if (!found || (status.st_mode & S_IFMT) != (own.st_mode & S_IFMT))
        return TRUE;
    if (S_ISREG(own.st_mode))
        return own.st_size != status.st_size || compare_content(look, path, ret_same, error);
    if (!root_load_link(look->tree, path, &own_target, error) || !root_load_link(look->root, path, &target, error))
        return FALSE;
    *ret_same = g_strcmp0(target, own_target) == 0;
    return TRUE;
}

/* Only the host's /usr is seen from now on. */
static gboolean compare_files(const Look *look, const char *tree, const char *aside, GError **error)
{
    g_autofree char *folder = g_strconcat(tree, aside, NULL);
    OwnerMap owners = {0};
    ImageLimits limits;
    const Entry *entry;

    image_limits_init(&limits);
    g_autoptr(EntryReader) reader = folder_reader_new(folder, &owners, &limits, NULL, error);
    if (!reader)
        return FALSE;
    do {
        gboolean same;

        if (!entry_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry || entry->type == ENTRY_DIRECTORY)
            continue;
        g_autofree char *path = g_build_filename(aside, entry->path, NULL);
        if (!is_on_host(look, path, &same, error))
            return FALSE;
        if (same)
            continue;
        notes_add(look->notes, "machine-usr-kept",
                  "the host has this not or otherwise: it is kept below " TRIM_KEPT ", where nothing looks for it",
                  path);
        g_ptr_array_add(look->trim->kept, g_steal_pointer(&path));
    } while (entry);
    return TRUE;
}

static gboolean put_aside(const Look *look, const char *tree, const char *path, GError **error)
{
    const gboolean is_shared = skeleton_is_shared(path);
    struct stat status;
    gboolean found;

    if (!root_look(look->tree, path, &status, &found, error))
        return FALSE;
    if (!found || (is_shared && S_ISLNK(status.st_mode) && strcmp(path, "/usr") != 0))
        return TRUE;
    if (is_shared && !S_ISDIR(status.st_mode))
        return gourd_error_set(error, GOURD_ERROR_INPUT, "its '%s' is no folder", path);
    vector_append(&look->trim->asides, path);
    return !is_shared || compare_files(look, tree, path, error);
}

static gboolean find_asides(const Look *look, const char *tree, GError **error)
{
    const GPtrArray *entries = look->trim->skeleton->entries;

    for (guint i = 0; i < G_N_ELEMENTS(asides); i++) {
        if (!put_aside(look, tree, asides[i], error))
            return FALSE;
    }
    for (guint i = 0; i < entries->len; i++) {
        const char *path = ((const MachineEntry *)g_ptr_array_index(entries, i))->path;

        if (skeleton_is_shared(path) && strchr(path + 1, '/') == NULL && !put_aside(look, tree, path, error))
            return FALSE;
    }
    if (is_below_one("/usr", look->trim->asides))
        return TRUE;
    return gourd_error_set(error, GOURD_ERROR_INPUT, "it has no /usr that could be taken away");
}

/* --- what a machine needs ----------------------------------------------------------------------------------------- */

/* NULL: it is no file there. */
static gboolean load_text(const Look *look, const char *path, char **ret_text, GError **error)
{
    g_autoptr(GBytes) content = NULL;

    if (!root_load(look->tree, path, SKELETON_FILE_SIZE_MAX, &content, NULL, error))
        return FALSE;
    *ret_text = content ? g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content)) : NULL;
    return TRUE;
}

/* Of a file that is there: its own lines first. */
static gboolean merge_accounts(const Look *look, MachineEntry *entry, gboolean *ret_changes, GError **error)
{
    g_autofree char *own = NULL;

    if (!load_text(look, entry->path, &own, error))
        return FALSE;
    g_autofree char *more = g_strndup(g_bytes_get_data(entry->content, NULL), g_bytes_get_size(entry->content));
    g_autofree char *text = skeleton_merge_accounts(own ? own : "", more);
    struct stat status;
    gboolean found;

    *ret_changes = g_strcmp0(own, text) != 0;
    if (!root_look(look->tree, entry->path, &status, &found, error))
        return FALSE;
    if (found && S_ISREG(status.st_mode)) {
        entry->mode = status.st_mode;
        entry->uid = status.st_uid - look->trim->shift;
        entry->gid = status.st_gid - look->trim->shift;
    }
    g_bytes_unref(entry->content);
    entry->content = g_bytes_new(text, strlen(text));
    return TRUE;
}

/* A container that never booted has none yet. */
static gboolean lacks_machine_id(const Look *look, gboolean *ret_changes, GError **error)
{
    g_autofree char *text = NULL;

    if (!load_text(look, MACHINE_ID_PATH, &text, error))
        return FALSE;
    *ret_changes = !text || strlen(text) < MACHINE_ID_LENGTH;
    return TRUE;
}

/* Whether an entry changes what is there. */
static gboolean is_change(Look *look, MachineEntry *entry, const struct stat *status, gboolean *ret_changes,
                          GError **error)
{
    *ret_changes = FALSE;
    if (S_ISDIR(entry->mode)) {
        autofd folder = root_open(look->tree, entry->path, O_PATH | O_DIRECTORY, 0);

        if (folder >= 0)
            return TRUE;
        notes_add(look->notes, "machine-no-folder", "this is a folder in machines: what is to be in it was left out",
                  entry->path);
        vector_append(&look->blocked, entry->path);
        return TRUE;
    }
    if (S_ISDIR(status->st_mode))
        return TRUE;
    if (is_one_of(entry->path, account_files, G_N_ELEMENTS(account_files)) && entry->content)
        return merge_accounts(look, entry, ret_changes, error);
    if (strcmp(entry->path, MACHINE_ID_PATH) == 0)
        return lacks_machine_id(look, ret_changes, error);
    *ret_changes = is_one_of(entry->path, replaced, G_N_ELEMENTS(replaced));
    return TRUE;
}

static gboolean find_entries(Look *look, GError **error)
{
    MachineTrim *trim = look->trim;

    for (guint i = 0; i < trim->skeleton->entries->len; i++) {
        MachineEntry *entry = g_ptr_array_index(trim->skeleton->entries, i);
        struct stat status;
        gboolean found = FALSE, changes = TRUE;

        if (is_below_one(entry->path, look->blocked))
            continue;
        if (!is_below_one(entry->path, trim->asides) && !root_look(look->tree, entry->path, &status, &found, error))
            return FALSE;
        if (found && !is_change(look, entry, &status, &changes, error))
            return FALSE;
        if (changes)
            g_ptr_array_add(trim->entries, entry);
    }
    return TRUE;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static gboolean check_free(const Look *look, const char *path, GError **error)
{
    struct stat status;
    gboolean found;

    if (!root_look(look->tree, path, &status, &found, error))
        return FALSE;
    if (!found)
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_EXISTS, "it has '%s', a name that trimming needs", path);
    return gourd_error_hint(error, "give that another name");
}

static gboolean look_at_all(Look *look, const char *tree, const char *host_root, GError **error)
{
    struct stat status;

    if (fstat(look->tree, &status) < 0)
        return fail_read(tree, error);
    look->trim->shift = MACHINE_OWNER_SHIFT(status.st_uid);
    return check_free(look, "/" TRIM_STAGE, error) && check_free(look, TRIM_KEPT, error) &&
           compare_packages(look, tree, host_root, error) && find_asides(look, tree, error) &&
           find_entries(look, error);
}

MachineTrim *machine_trim_new(Host *host, const char *name, MachineSkeleton *skeleton, Notes *notes, GError **error)
{
    g_autoptr(MachineTrim) trim = g_new0(MachineTrim, 1);
    g_autofree char *path = machine_tree_path(name), *tree = host_path(host, path);
    autofd root = open(host_root(host), O_PATH | O_DIRECTORY | O_CLOEXEC);
    autofd folder = root < 0 ? -1 : root_open(root, path, O_RDONLY | O_DIRECTORY, 0);
    Look look = {.tree = folder, .root = root, .trim = trim, .notes = notes};

    trim->skeleton = skeleton;
    trim->entries = g_ptr_array_new();
    trim->kept = g_ptr_array_new_with_free_func(g_free);
    if (folder < 0) {
        const gboolean is_absent = errno == ENOENT;

        gourd_error_set_errno(error, errno, "cannot open '%s'", tree);
        if (is_absent)
            gourd_error_hint(error, "a container that has all of an operating system is to be there");
        return NULL;
    }
    const gboolean done = look_at_all(&look, tree, host_root(host), error);
    g_strfreev(look.blocked);
    if (!done) {
        gourd_error_prefix(error, "'%s'", tree);
        return NULL;
    }
    return g_steal_pointer(&trim);
}
