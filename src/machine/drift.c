// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan-private.h"
#include "skeleton-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define OWN_UNITS "/etc/systemd/"

/* Of what maintainer scripts make, the parts that follow /usr; nobody edits them. */
static const char *const followed[] = {"/etc/alternatives/", "/etc/crypto-policies/back-ends/", "/etc/ld.so.cache",
                                       "/etc/os-release", "/etc/ssl/certs/"};

/* A file with a line for each name, of which machines get those that are new. */
static const char *const account_files[] = {"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"};

static void upgrade_free(MachineUpgrade *upgrade)
{
    g_free(upgrade->name);
    g_free(upgrade->then);
    g_free(upgrade->now);
    g_free(upgrade);
}

void machine_drift_free(MachineDrift *drift)
{
    if (!drift)
        return;
    g_clear_pointer(&drift->upgrades, g_ptr_array_unref);
    g_clear_pointer(&drift->changes, g_ptr_array_unref);
    g_strfreev(drift->missing);
    g_strfreev(drift->kept);
    g_strfreev(drift->saved);
    g_strfreev(drift->users);
    g_strfreev(drift->old_code);
    machine_skeleton_free(drift->now);
    g_free(drift);
}

gboolean machine_drift_is_none(const MachineDrift *drift)
{
    return drift->upgrades->len == 0 && drift->changes->len == 0 && !drift->missing && !drift->old_code;
}

/* --- then --------------------------------------------------------------------------------------------------------- */

typedef struct {
    Json *packages;        /* borrowed: name → version */
    GHashTable *conffiles; /* path → digest */
    char **origin, **users, **groups, **units, **masks;
} Then;

static void then_clear(Then *then)
{
    g_clear_pointer(&then->conffiles, g_hash_table_unref);
    g_strfreev(then->origin);
    g_strfreev(then->users);
    g_strfreev(then->groups);
    g_strfreev(then->units);
    g_strfreev(then->masks);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Then, then_clear)

GHashTable *machine_record_conffiles(const MachineRecord *record, GError **error)
{
    g_autoptr(GHashTable) conffiles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Json *list, *element;
    gsize i;

    if (!json_get_array(record->skeleton, "skeleton", "conffiles", &list, error))
        return NULL;
    json_array_foreach(list, i, element) {
        const char *path, *digest;

        if (!json_get_string(element, "skeleton.conffiles", "path", &path, error) ||
            !json_get_string(element, "skeleton.conffiles", "digest", &digest, error))
            return NULL;
        if (path && digest)
            g_hash_table_replace(conffiles, g_strdup(path), g_strdup(digest));
    }
    return g_steal_pointer(&conffiles);
}

static gboolean read_then(const MachineRecord *record, Then *then, GError **error)
{
    const Json *skeleton = record->skeleton;

    then->conffiles = machine_record_conffiles(record, error);
    return then->conffiles && json_get_object(skeleton, "skeleton", "packages", &then->packages, error) &&
           json_get_strv(skeleton, "skeleton", "origin_packages", &then->origin, error) &&
           json_get_strv(skeleton, "skeleton", "users", &then->users, error) &&
           json_get_strv(skeleton, "skeleton", "groups", &then->groups, error) &&
           json_get_strv(skeleton, "skeleton", "units", &then->units, error) &&
           json_get_strv(skeleton, "skeleton", "masks", &then->masks, error);
}

static gboolean knows(char **names, const char *name)
{
    return names && g_strv_contains((const char *const *)names, name);
}

/* --- packages ----------------------------------------------------------------------------------------------------- */

static void add_upgrade(MachineDrift *drift, const char *name, const char *then, const char *now)
{
    MachineUpgrade *upgrade = g_new0(MachineUpgrade, 1);

    upgrade->name = g_strdup(name);
    upgrade->then = g_strdup(then);
    upgrade->now = g_strdup(now);
    g_ptr_array_add(drift->upgrades, upgrade);
}

static int compare_upgrades(gconstpointer a, gconstpointer b)
{
    const MachineUpgrade *one = *(const MachineUpgrade *const *)a, *other = *(const MachineUpgrade *const *)b;

    return strcmp(one->name, other->name);
}

static void compare_packages(MachineDrift *drift, const Then *then)
{
    g_autoptr(GHashTable) now = g_hash_table_new(g_str_hash, g_str_equal);
    const char *name;
    Json *version;

    for (guint i = 0; i < drift->now->packages->len; i++) {
        const MachinePackage *package = g_ptr_array_index(drift->now->packages, i);
        const char *before = json_string_value(json_object_get(then->packages, package->name));

        g_hash_table_add(now, package->name);
        if (g_strcmp0(before, package->version) != 0)
            add_upgrade(drift, package->name, before, package->version);
    }
    json_object_foreach(then->packages, name, version) {
        if (!g_hash_table_contains(now, name))
            add_upgrade(drift, name, json_string_value(version), NULL);
    }
    g_ptr_array_sort(drift->upgrades, compare_upgrades);
}

/* The machine is looked at without those that are gone. */
static void find_missing(const MachineOrigin *origin, MachineDrift *drift, char ***ret_left)
{
    for (char **name = origin->packages; name && *name; name++)
        vector_append(machine_packages_find(origin->database, *name) ? ret_left : &drift->missing, *name);
}

/* --- the tree ----------------------------------------------------------------------------------------------------- */

/* A copy of an entry of what a machine made now would have. */
static MachineEntry *add_change(MachineDrift *drift, const MachineEntry *entry, const char *path)
{
    MachineEntry *copy = g_new0(MachineEntry, 1);

    *copy = *entry;
    copy->path = g_strdup(path);
    copy->target = g_strdup(entry->target);
    copy->package = g_strdup(entry->package);
    copy->content = entry->content ? g_bytes_ref(entry->content) : NULL;
    g_ptr_array_add(drift->changes, copy);
    return copy;
}

/* A copy of an entry with the content, mode and owner that a file has inside. */
static gboolean add_saved(MachineDrift *drift, int tree, const MachineEntry *entry, const char *path, GBytes *content,
                          GError **error)
{
    struct stat status, top;
    gboolean found;

    if (!root_look(tree, entry->path, &status, &found, error))
        return FALSE;
    const guint32 shift = fstat(tree, &top) == 0 ? MACHINE_OWNER_SHIFT(top.st_uid) : 0;
    MachineEntry *saved = add_change(drift, entry, path);
    g_bytes_unref(saved->content);
    saved->content = g_bytes_ref(content);
    if (found) {
        saved->mode = status.st_mode;
        saved->uid = status.st_uid - shift;
        saved->gid = status.st_gid - shift;
    }
    return TRUE;
}

/* Both changed it. */
static gboolean merge_conffile(MachineDrift *drift, int tree, const MachineConffile *conffile,
                               const MachineEntry *entry, GBytes *content, GError **error)
{
    const ConffileRule *rule = conffile->rule;
    g_autofree char *beside = g_strconcat(conffile->path, rule->suffix, NULL);

    vector_append(rule->package_wins ? &drift->saved : &drift->kept, beside);
    add_change(drift, entry, rule->package_wins ? conffile->path : beside);
    return !rule->package_wins || add_saved(drift, tree, entry, beside, content, error);
}

/* What nobody changed inside is replaced; for the rest package managers have rules. */
static gboolean compare_conffile(MachineDrift *drift, const Then *then, int tree, const MachineConffile *conffile,
                                 GError **error)
{
    const char *before = g_hash_table_lookup(then->conffiles, conffile->path);
    const MachineEntry *entry = machine_skeleton_find(drift->now, conffile->path);
    g_autoptr(GBytes) content = NULL;

    if (g_strcmp0(before, conffile->digest) == 0 || !entry || !entry->content)
        return TRUE;
    if (!root_load(tree, conffile->path, SKELETON_FILE_SIZE_MAX, &content, NULL, error))
        return FALSE;
    if (!content) {
        if (!before || conffile->rule->comes_back)
            add_change(drift, entry, conffile->path);
        return TRUE;
    }
    if (g_bytes_equal(content, entry->content))
        return TRUE;
    g_autofree char *inside = g_compute_checksum_for_bytes(conffile_digest_type(conffile->digest), content);
    if (g_strcmp0(before, inside) != 0)
        return merge_conffile(drift, tree, conffile, entry, content, error);
    add_change(drift, entry, conffile->path);
    return TRUE;
}

static gboolean is_followed(const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(followed); i++) {
        if (g_str_has_prefix(path, followed[i]))
            return TRUE;
    }
    return FALSE;
}

/* Whether the package came or has another version. */
static gboolean is_upgraded(const MachineDrift *drift, const char *package)
{
    for (guint i = 0; package && i < drift->upgrades->len; i++) {
        const MachineUpgrade *upgrade = g_ptr_array_index(drift->upgrades, i);

        if (strcmp(upgrade->name, package) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Links of units: those of units that were not there, and masks of what others would start. */
static gboolean is_new_unit_link(const Then *then, const MachineEntry *entry)
{
    g_autofree char *unit = entry->target ? g_path_get_basename(entry->target) : NULL;

    return unit && g_str_has_prefix(entry->path, OWN_UNITS) &&
           (strcmp(entry->target, "/dev/null") == 0 || !knows(then->units, unit));
}

/* Masks of what belongs to a package of the machine by now. */
static gboolean compare_masks(MachineDrift *drift, const Then *then, int tree, GError **error)
{
    for (char **mask = then->masks; mask && *mask; mask++) {
        const MachineEntry gone = {.path = *mask};
        g_autofree char *target = NULL;

        if (!root_load_link(tree, *mask, &target, error))
            return FALSE;
        if (g_strcmp0(target, "/dev/null") == 0 && !machine_skeleton_find(drift->now, *mask))
            add_change(drift, &gone, *mask);
    }
    return TRUE;
}

static gboolean compare_entry(MachineDrift *drift, const Then *then, int tree, const MachineEntry *entry,
                              GError **error)
{
    g_autoptr(GBytes) content = NULL;
    g_autofree char *target = NULL;
    struct stat status;
    gboolean found;

    if (!root_look(tree, entry->path, &status, &found, error))
        return FALSE;
    if (S_ISDIR(entry->mode) || is_new_unit_link(then, entry)) {
        if (!found && (!S_ISDIR(entry->mode) || is_upgraded(drift, entry->package)))
            add_change(drift, entry, entry->path);
        return TRUE;
    }
    if (!is_followed(entry->path) || (found && (status.st_mode & S_IFMT) != (entry->mode & S_IFMT)))
        return TRUE;
    if (found && (S_ISLNK(entry->mode) ? !root_load_link(tree, entry->path, &target, error)
                                       : !root_load(tree, entry->path, SKELETON_FILE_SIZE_MAX, &content, NULL, error)))
        return FALSE;
    if (S_ISLNK(entry->mode) ? g_strcmp0(target, entry->target) != 0
                             : !content || !g_bytes_equal(content, entry->content))
        add_change(drift, entry, entry->path);
    return TRUE;
}

/* --- users -------------------------------------------------------------------------------------------------------- */

/* Appends the lines of new names to a file as it is inside. */
static gboolean compare_accounts(MachineDrift *drift, const Then *then, int tree, const char *path, GError **error)
{
    const MachineEntry *entry = machine_skeleton_find(drift->now, path);
    g_autoptr(GBytes) content = NULL;

    if (!root_load(tree, path, SKELETON_FILE_SIZE_MAX, &content, NULL, error))
        return FALSE;
    if (!entry || !content)
        return TRUE;
    g_autofree char *inside = g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    g_autofree char *all = g_strndup(g_bytes_get_data(entry->content, NULL), g_bytes_get_size(entry->content));
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
    g_autoptr(GString) text = g_string_new(inside);
    for (char **line = lines; *line; line++) {
        g_autofree char *name = g_strndup(*line, strcspn(*line, ":"));

        if (!*name || skeleton_has_account(inside, name) || knows(then->users, name) || knows(then->groups, name) ||
            !(knows(drift->now->users, name) || knows(drift->now->groups, name)))
            continue;
        g_string_append_printf(text, "%s%s\n", text->len && text->str[text->len - 1] != '\n' ? "\n" : "", *line);
        vector_append_once(&drift->users, name);
    }
    if (strcmp(text->str, inside) != 0) {
        MachineEntry *change = add_change(drift, entry, path);

        g_bytes_unref(change->content);
        change->content = g_bytes_new(text->str, text->len);
    }
    return TRUE;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static int compare_entries(gconstpointer a, gconstpointer b)
{
    const MachineEntry *one = *(const MachineEntry *const *)a, *other = *(const MachineEntry *const *)b;

    return strcmp(one->path, other->path);
}

static gboolean is_changed(const MachineDrift *drift, const char *path)
{
    for (guint i = 0; i < drift->changes->len; i++) {
        if (strcmp(((const MachineEntry *)g_ptr_array_index(drift->changes, i))->path, path) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Folders above what comes that are not there either. */
static gboolean add_parents(MachineDrift *drift, int tree, GError **error)
{
    for (guint i = 0; i < drift->changes->len; i++) { /* grows meanwhile */
        const MachineEntry *entry = g_ptr_array_index(drift->changes, i);
        g_autofree char *path = g_path_get_dirname(entry->path);
        const MachineEntry *parent = machine_skeleton_find(drift->now, path);
        struct stat status;
        gboolean found;

        if (!parent || is_changed(drift, path))
            continue;
        if (!root_look(tree, path, &status, &found, error))
            return FALSE;
        if (!found)
            add_change(drift, parent, path);
    }
    return TRUE;
}

static gboolean compare_tree(MachineDrift *drift, const Then *then, int tree, GError **error)
{
    const GPtrArray *conffiles = drift->now->conffiles, *entries = drift->now->entries;

    for (guint i = 0; i < conffiles->len; i++) {
        if (!compare_conffile(drift, then, tree, g_ptr_array_index(conffiles, i), error))
            return FALSE;
    }
    for (guint i = 0; i < entries->len; i++) {
        if (!compare_entry(drift, then, tree, g_ptr_array_index(entries, i), error))
            return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(account_files); i++) {
        if (!compare_accounts(drift, then, tree, account_files[i], error))
            return FALSE;
    }
    if (!compare_masks(drift, then, tree, error) || !add_parents(drift, tree, error))
        return FALSE;
    g_ptr_array_sort(drift->changes, compare_entries);
    return TRUE;
}

MachineDrift *machine_drift_new(Host *host, const MachineRecord *record, Notes *notes, GError **error)
{
    g_autoptr(MachineDrift) drift = g_new0(MachineDrift, 1);
    g_autofree char *tree_path = machine_tree_path(record->name), *path = host_path(host, tree_path);
    g_auto(Then) then = {0};
    g_auto(GStrv) left = NULL;

    drift->upgrades = g_ptr_array_new_with_free_func((GDestroyNotify)upgrade_free);
    drift->changes = g_ptr_array_new_with_free_func((GDestroyNotify)machine_entry_free);
    if (!read_then(record, &then, error))
        return NULL;
    autofd root = open(host_root(host), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        gourd_error_set_errno(error, errno, "cannot open '%s'", host_root(host));
        return NULL;
    }
    g_autoptr(MachinePackages) packages = machine_packages_open(host_root(host), root, error);
    if (!packages)
        return NULL;
    MachineOrigin origin = {
        .root = host_root(host),
        .machine = record->name,
        .packages = then.origin,
        .host_config = json_is_true(json_object_get(record->skeleton, "host_config")),
        .command = record->spec.command,
        .network = knows(then.units, "systemd-networkd.service"),
        .known = then.conffiles,
        .database = packages,
    };
    find_missing(&origin, drift, &left);
    origin.packages = left;
    drift->now = machine_skeleton_new(&origin, notes, error);
    if (!drift->now)
        return NULL;
    /* What is gone is asked for still. */
    g_strfreev(drift->now->origin_packages);
    drift->now->origin_packages = g_strdupv(then.origin);
    autofd tree = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tree < 0) {
        const int problem = errno;

        gourd_error_set_errno(error, problem, "cannot look into the machine's tree '%s'", tree_path);
        if (problem == EACCES)
            gourd_error_hint(error, "this needs root: run it with sudo");
        return NULL;
    }
    compare_packages(drift, &then);
    if (!compare_tree(drift, &then, tree, error))
        return NULL;
    drift->old_code = machine_list_old_code(host, record->unit);
    return g_steal_pointer(&drift);
}
