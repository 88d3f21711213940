// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skeleton-private.h"

#include <string.h>

/* What a system needs to boot, to be logged in to and to have a network, as far as the host has it: names of Debian, of Fedora and RHEL, of SUSE. */
static const char *const base_packages[] = {
    /* all */
    "bash",
    "dbus",
    "dbus-broker",
    "ncurses-base",
    "procps",
    "systemd",
    "util-linux",
    /* Debian */
    "base-files",
    "base-passwd",
    "dash",
    "debianutils",
    "iproute2",
    "libc-bin",
    "libnss-systemd",
    "libpam-modules",
    "libpam-runtime",
    "libpam-systemd",
    "login",
    "login.defs",
    "netbase",
    "passwd",
    "systemd-sysv",
    "tzdata",
    /* Fedora, RHEL */
    "authselect",
    "authselect-libs",
    "coreutils",
    "crypto-policies",
    "dbus-common",
    "filesystem",
    "glibc",
    "glibc-common",
    "iproute",
    "pam",
    "procps-ng",
    "setup",
    "shadow-utils",
    "system-release",
    "systemd-networkd",
    "systemd-pam",
    "util-linux-core",
    /* SUSE */
    "aaa_base",
    "dbus-1",
    "distribution-release",
    "login_defs",
    "netcfg",
    "pam-config",
    "shadow",
    "system-user-root",
    "systemd-network",
    "terminfo-base",
    "timezone",
    "util-linux-systemd",
    NULL,
};

/* Of a machine without systemd inside. */
static const char *const program_packages[] = {
    "base-files", "base-passwd", "bash",  "dash",   "debianutils", "libc-bin",         "netbase",  "tzdata",
    "aaa_base",   "filesystem",  "glibc", "netcfg", "setup",       "system-user-root", "timezone", NULL,
};

/* Never there as a mere dependency: the machine boots without them, and what they have in /etc and /var is the host's business. */
static const struct {
    const char *pattern, *reason;
} host_packages[] = {
    {"apt", "programs are the host's to install"},
    {"chrony", "the clock is the host's"},
    {"cloud-init", "the host's first boot"},
    {"cron*", "jobs of the host"},
    {"debconf*", "only installing asks questions"},
    {"dnf*", "programs are the host's to install"},
    {"dpkg", "programs are the host's to install"},
    {"dracut*", "the host's kernel"},
    {"e2fsprogs", "the host's disks"},
    {"grub*", "the host's boot loader"},
    {"initramfs-tools*", "the host's kernel"},
    {"kernel*", "the host's kernel"},
    {"libzypp", "programs are the host's to install"},
    {"linux-image-*", "the host's kernel"},
    {"openssh-server", "the host's remote access"},
    {"rpm", "programs are the host's to install"},
    {"selinux-policy*", "the host's kernel"},
    {"systemd-boot*", "the host's boot loader"},
    {"systemd-timesyncd", "the clock is the host's"},
    {"systemd-udev", "devices are the host's"},
    {"udev", "devices are the host's"},
    {"yum", "programs are the host's to install"},
    {"zypper", "programs are the host's to install"},
};

/* --- paths -------------------------------------------------------------------------------------------------------- */

/* Folders of "/" whose content is the same for the host and its machines. */
static const char *const shared_folders[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libo32", "/libx32"};

static const char *shared_folder(const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(shared_folders); i++) {
        gsize length = strlen(shared_folders[i]);

        if (strncmp(path, shared_folders[i], length) == 0 && (path[length] == '/' || !path[length]))
            return shared_folders[i];
    }
    return NULL;
}

gboolean skeleton_is_shared(const char *path)
{
    return shared_folder(path) != NULL;
}

char *skeleton_merged_path(const SkeletonBuild *build, const char *path)
{
    const char *folder = shared_folder(path);
    const MachineEntry *entry = folder ? machine_skeleton_find(build->skeleton, folder) : NULL;

    if (!entry || !entry->target || entry->target[0] == '/')
        return g_strdup(path);
    return g_strconcat("/", entry->target, path + strlen(folder), NULL);
}

/* What stands for these folders in the machine: the same links, or empty folders that are bound over. */
static gboolean add_shared(SkeletonBuild *build, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(shared_folders); i++) {
        const char *path = shared_folders[i];
        g_autofree char *target = NULL;
        struct stat status;
        gboolean found;

        if (!root_look(build->root, path, &status, &found, error) ||
            (found && S_ISLNK(status.st_mode) && !root_load_link(build->root, path, &target, error)))
            return FALSE;
        if (target)
            skeleton_add_link(build->skeleton, path, target);
        if (!found || !S_ISDIR(status.st_mode))
            continue;
        skeleton_add_folder(build->skeleton, path, 0755);
        vector_append(&build->skeleton->binds, path);
    }
    return TRUE;
}

/* --- packages ----------------------------------------------------------------------------------------------------- */

static void skeleton_package_free(SkeletonPackage *chosen)
{
    g_strfreev(chosen->files);
    g_free(chosen->script);
    g_free(chosen);
}

static gboolean is_of_host(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(host_packages); i++) {
        if (g_pattern_match_simple(host_packages[i].pattern, name))
            return TRUE;
    }
    return FALSE;
}

static void choose_one(GHashTable *names, GQueue *queue, const HostPackage *package)
{
    if (g_hash_table_add(names, package->name))
        g_queue_push_tail(queue, (gpointer)package);
}

static gboolean fail_missing(const SkeletonBuild *build, const char *name, GError **error)
{
    const GPtrArray *list = machine_packages_list(build->packages);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *shown = text_escape(name);

    for (guint i = 0; i < list->len; i++)
        g_ptr_array_add(names, ((const HostPackage *)g_ptr_array_index(list, i))->name);
    const char *nearest = nearest_name(name, names);
    gourd_error_set(error, GOURD_ERROR_NOT_FOUND, "package '%s' is not installed on this host", shown);
    if (nearest)
        return gourd_error_hint(error, "did you mean '%s'?", nearest);
    return gourd_error_hint(error, "install it first: a machine has the host's programs");
}

/* For each dependency the first of the alternatives that is there. */
static void choose_depends(const SkeletonBuild *build, GHashTable *names, GQueue *queue, const HostPackage *package)
{
    for (guint i = 0; i < package->depends->len; i++) {
        const HostPackage *found = NULL;

        for (char **name = g_ptr_array_index(package->depends, i); *name && !found; name++)
            found = machine_packages_find(build->packages, *name);
        if (found && !is_of_host(found->name))
            choose_one(names, queue, found);
    }
}

static gboolean read_package(SkeletonBuild *build, const HostPackage *package, GError **error)
{
    SkeletonPackage *chosen = g_new0(SkeletonPackage, 1);
    MachinePackage *known = g_new0(MachinePackage, 1);

    known->name = g_strdup(package->name);
    known->version = g_strdup(package->version);
    g_ptr_array_add(build->skeleton->packages, known);
    g_ptr_array_add(build->chosen, chosen);
    chosen->package = package;
    chosen->asked = build->origin->packages &&
                    g_strv_contains((const char *const *)build->origin->packages, package->name);
    if (!machine_packages_list_files(build->packages, package, &chosen->files, error) ||
        !machine_packages_read_script(build->packages, package, &chosen->script, error))
        return FALSE;
    for (char **path = chosen->files; *path; path++)
        g_hash_table_replace(build->owners, skeleton_merged_path(build, *path), chosen);
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const HostPackage *one = a, *other = b;

    return strcmp(one->name, other->name);
}

static gboolean choose_names(SkeletonBuild *build, GHashTable *names, GQueue *queue, GError **error)
{
    const char *const *base = build->origin->command ? program_packages : base_packages;

    for (char **name = build->origin->packages; name && *name; name++) {
        const HostPackage *package = machine_packages_find(build->packages, *name);

        if (!package)
            return fail_missing(build, *name, error);
        choose_one(names, queue, package);
    }
    for (guint i = 0; base[i]; i++) {
        const HostPackage *package = machine_packages_find(build->packages, base[i]);

        if (package)
            choose_one(names, queue, package);
    }
    return TRUE;
}

gboolean skeleton_choose(SkeletonBuild *build, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    GQueue queue = G_QUEUE_INIT;
    GList *sorted = NULL;
    gboolean good = TRUE;

    build->chosen = g_ptr_array_new_with_free_func((GDestroyNotify)skeleton_package_free);
    build->owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!add_shared(build, error))
        return FALSE;
    if (!choose_names(build, names, &queue, error)) {
        g_queue_clear(&queue);
        return FALSE;
    }
    while (!g_queue_is_empty(&queue)) {
        HostPackage *package = g_queue_pop_head(&queue);

        sorted = g_list_prepend(sorted, package);
        choose_depends(build, names, &queue, package);
    }
    sorted = g_list_sort(sorted, compare_names);
    for (GList *at = sorted; at && good; at = at->next)
        good = read_package(build, at->data, error);
    g_list_free(sorted);
    return good;
}
