// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skeleton-private.h"

#include <string.h>

#define NAMES_SHOWN_MAX 8 /* of files that cannot be had, in an error */

/* Nothing of packages goes there: it is mounted over, made here (users.c), or the host's own business. */
static const char *const left_out[] = {
    "/boot",
    "/dev",
    "/proc",
    "/run",
    "/sys",
    "/tmp",
    "/etc/apt",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/cron.hourly",
    "/etc/cron.monthly",
    "/etc/cron.weekly",
    "/etc/crypttab",
    "/etc/dnf",
    "/etc/dracut.conf.d",
    "/etc/exports",
    "/etc/fstab",
    "/etc/group",
    "/etc/grub.d",
    "/etc/gshadow",
    "/etc/initramfs-tools",
    "/etc/kernel",
    "/etc/motd",
    "/etc/passwd",
    "/etc/selinux",
    "/etc/shadow",
    "/etc/subgid",
    "/etc/subuid",
    "/etc/yum.repos.d",
    "/etc/zypp",
    "/var/cache/apt",
    "/var/cache/dnf",
    "/var/cache/libdnf5",
    "/var/cache/zypp",
    "/var/lib/apt",
    "/var/lib/dnf",
    "/var/lib/dpkg",
    "/var/lib/rpm",
    "/var/lib/zypp",
    "/var/run",
    "/var/lock",
};

/* A file whose content is not what the package has. */
typedef struct {
    MachineEntry *entry;
    const char *digest;
} Changed;

static gboolean is_left_out(const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(left_out); i++) {
        gsize length = strlen(left_out[i]);

        if (strncmp(path, left_out[i], length) == 0 && (path[length] == '/' || !path[length]))
            return TRUE;
    }
    return skeleton_is_shared(path);
}

static gboolean has_digest(GBytes *content, const char *digest)
{
    g_autofree char *got = g_compute_checksum_for_bytes(conffile_digest_type(digest), content);

    return strcmp(got, digest) == 0;
}

/* Mode and owner are those that the host has: maintainer scripts set them. */
static MachineEntry *add_as_on_host(SkeletonBuild *build, const SkeletonPackage *chosen, const char *path,
                                    const struct stat *status)
{
    MachineEntry *entry = skeleton_add(build->skeleton, path, status->st_mode);

    entry->uid = status->st_uid;
    entry->gid = status->st_gid;
    entry->package = g_strdup(chosen->package->name);
    g_hash_table_add(build->uids, GUINT_TO_POINTER(status->st_uid));
    g_hash_table_add(build->gids, GUINT_TO_POINTER(status->st_gid));
    return entry;
}

/* The package's own, where a package manager put it beside the one that the host changed. */
static gboolean load_beside(const SkeletonBuild *build, const char *path, const char *digest, const ConffileRule *rule,
                            GBytes **ret_content, GError **error)
{
    g_autofree char *beside = g_strconcat(path, rule->suffix, NULL);
    g_autoptr(GBytes) content = NULL;

    if (!rule->package_wins && !root_load(build->root, beside, SKELETON_FILE_SIZE_MAX, &content, NULL, error))
        return FALSE;
    if (content && has_digest(content, digest))
        *ret_content = g_steal_pointer(&content);
    return TRUE;
}

/* A file with a digest; rule: NULL if it is no conffile. One that the host has differently is only noted down in changed. */
static gboolean add_packaged(SkeletonBuild *build, const SkeletonPackage *chosen, const char *path, const char *digest,
                             const ConffileRule *rule, GArray *changed, GError **error)
{
    struct stat status = {.st_mode = S_IFREG | 0644};
    g_autoptr(GBytes) content = NULL;
    gboolean found;

    if (!root_look(build->root, path, &status, &found, error))
        return FALSE;
    if (found && S_ISREG(status.st_mode) &&
        !root_load(build->root, path, SKELETON_FILE_SIZE_MAX, &content, NULL, error))
        return FALSE;
    if (build->origin->host_config && !content)
        return TRUE; /* the admin removed it */
    if (found && !S_ISREG(status.st_mode))
        status = (struct stat){.st_mode = S_IFREG | 0644};
    MachineEntry *entry = add_as_on_host(build, chosen, path, &status);
    if (content && (build->origin->host_config || has_digest(content, digest))) {
        entry->content = g_steal_pointer(&content);
        return TRUE;
    }
    if (rule && !load_beside(build, path, digest, rule, &entry->content, error))
        return FALSE;
    if (entry->content)
        return TRUE;
    Changed one = {.entry = entry, .digest = digest};
    g_array_append_val(changed, one);
    return TRUE;
}

/* A folder or a link. Files that the package has no digest of are made by somebody else. */
static gboolean add_other(SkeletonBuild *build, const SkeletonPackage *chosen, const char *path, GError **error)
{
    struct stat status;
    gboolean found;
    g_autofree char *target = NULL;

    if (!root_look(build->root, path, &status, &found, error))
        return FALSE;
    if (!found || !(S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode)))
        return TRUE;
    if (S_ISLNK(status.st_mode) && !root_load_link(build->root, path, &target, error))
        return FALSE;
    add_as_on_host(build, chosen, path, &status)->target = g_steal_pointer(&target);
    return TRUE;
}

/* --- as packaged -------------------------------------------------------------------------------------------------- */

static gboolean fail_changed(const SkeletonBuild *build, const SkeletonPackage *chosen, const GArray *changed,
                             GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < changed->len && i < NAMES_SHOWN_MAX; i++) {
        g_autofree char *shown = text_escape(g_array_index(changed, Changed, i).entry->path);

        g_string_append_printf(names, "%s'%s'", i ? ", " : "", shown);
    }
    if (changed->len > NAMES_SHOWN_MAX)
        g_string_append(names, " …");
    gourd_error_prefix(error, "the host changed %s of package '%s'", names->str, chosen->package->name);
    return gourd_error_hint(error, "the package's own files are needed: %s, or take the host's with --host-config",
                            machine_packages_hint(build->packages));
}

static gboolean read_changed(SkeletonBuild *build, const SkeletonPackage *chosen, const GArray *changed, GError **error)
{
    g_autoptr(GHashTable) contents = NULL;
    g_auto(GStrv) paths = g_new0(char *, changed->len + 1);

    for (guint i = 0; i < changed->len; i++)
        paths[i] = g_strdup(g_array_index(changed, Changed, i).entry->path);
    if (!machine_packages_read_packaged(build->packages, chosen->package, paths, &contents, error))
        return FALSE;
    for (guint i = 0; i < changed->len; i++) {
        const Changed *one = &g_array_index(changed, Changed, i);
        GBytes *content = g_hash_table_lookup(contents, one->entry->path);

        if (!content || !has_digest(content, one->digest))
            return gourd_error_set(error, GOURD_ERROR_INPUT, "its package has no '%s' with digest %s", one->entry->path,
                                   one->digest);
        one->entry->content = g_bytes_ref(content);
        notes_add(build->notes, "machine-config-packaged",
                  "the host changed this file: the machine has it as its package does (--host-config takes the host's)",
                  one->entry->path);
    }
    return TRUE;
}

/* --- a package ---------------------------------------------------------------------------------------------------- */

/* What check compares with later: the digest of what the machine gets. */
static void know_conffile(SkeletonBuild *build, const MachineConffile *conffile)
{
    const MachineEntry *entry = machine_skeleton_find(build->skeleton, conffile->path);
    g_autofree char *host_digest = entry && entry->content && build->origin->host_config
                                       ? g_compute_checksum_for_bytes(conffile_digest_type(conffile->digest),
                                                                      entry->content)
                                       : NULL;

    g_ptr_array_add(build->skeleton->conffiles,
                    machine_conffile_new(conffile->path, host_digest ? host_digest : conffile->digest,
                                         conffile->package, conffile->rule));
}

static gboolean is_known(const SkeletonBuild *build, const MachineConffile *conffile)
{
    GHashTable *known = build->origin->known;

    return known && !build->origin->host_config &&
           g_strcmp0(g_hash_table_lookup(known, conffile->path), conffile->digest) == 0;
}

static gboolean add_conffiles(SkeletonBuild *build, const SkeletonPackage *chosen, GArray *changed, GError **error)
{
    const GPtrArray *conffiles = chosen->package->conffiles;

    for (guint i = 0; i < conffiles->len; i++) {
        const MachineConffile *conffile = g_ptr_array_index(conffiles, i);

        if (is_left_out(conffile->path) || machine_skeleton_find(build->skeleton, conffile->path))
            continue;
        if (!is_known(build, conffile) &&
            !add_packaged(build, chosen, conffile->path, conffile->digest, conffile->rule, changed, error))
            return FALSE;
        know_conffile(build, conffile);
    }
    return TRUE;
}

static gboolean is_conffile(const HostPackage *package, const char *path)
{
    for (guint i = 0; i < package->conffiles->len; i++) {
        if (strcmp(((const MachineConffile *)g_ptr_array_index(package->conffiles, i))->path, path) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean add_package(SkeletonBuild *build, const SkeletonPackage *chosen, GError **error)
{
    g_autoptr(GArray) changed = g_array_new(FALSE, FALSE, sizeof(Changed));
    g_autoptr(GHashTable) digests = NULL;

    if (!add_conffiles(build, chosen, changed, error))
        return FALSE;
    for (char **path = chosen->files; *path; path++) {
        const char *digest;

        if (is_left_out(*path) || machine_skeleton_find(build->skeleton, *path) || is_conffile(chosen->package, *path))
            continue;
        if (!digests && !machine_packages_list_digests(build->packages, chosen->package, &digests, error))
            return FALSE;
        digest = g_hash_table_lookup(digests, *path);
        if (digest ? !add_packaged(build, chosen, *path, digest, NULL, changed, error)
                   : !add_other(build, chosen, *path, error))
            return FALSE;
    }
    return changed->len == 0 || read_changed(build, chosen, changed, error) ||
           fail_changed(build, chosen, changed, error);
}

gboolean skeleton_add_files(SkeletonBuild *build, GError **error)
{
    for (guint i = 0; i < build->chosen->len; i++) {
        if (!add_package(build, g_ptr_array_index(build->chosen, i), error))
            return FALSE;
    }
    return TRUE;
}
