// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skeleton-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

void machine_entry_free(MachineEntry *entry)
{
    g_free(entry->path);
    g_free(entry->target);
    g_free(entry->package);
    g_clear_pointer(&entry->content, g_bytes_unref);
    g_free(entry);
}

static void package_free(MachinePackage *package)
{
    g_free(package->name);
    g_free(package->version);
    g_free(package);
}

static MachineSkeleton *skeleton_new(void)
{
    MachineSkeleton *skeleton = g_new0(MachineSkeleton, 1);

    skeleton->entries = g_ptr_array_new_with_free_func((GDestroyNotify)machine_entry_free);
    skeleton->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    skeleton->packages = g_ptr_array_new_with_free_func((GDestroyNotify)package_free);
    skeleton->conffiles = g_ptr_array_new_with_free_func((GDestroyNotify)machine_conffile_free);
    return skeleton;
}

void machine_skeleton_free(MachineSkeleton *skeleton)
{
    if (!skeleton)
        return;
    g_hash_table_unref(skeleton->by_path);
    g_ptr_array_unref(skeleton->entries);
    g_ptr_array_unref(skeleton->packages);
    g_ptr_array_unref(skeleton->conffiles);
    g_strfreev(skeleton->origin_packages);
    g_strfreev(skeleton->users);
    g_strfreev(skeleton->groups);
    g_strfreev(skeleton->units);
    g_strfreev(skeleton->masks);
    g_strfreev(skeleton->binds);
    g_free(skeleton->source);
    json_decref(skeleton->record);
    g_free(skeleton);
}

/* --- entries ------------------------------------------------------------------------------------------------------ */

const MachineEntry *machine_skeleton_find(const MachineSkeleton *skeleton, const char *path)
{
    return g_hash_table_lookup(skeleton->by_path, path);
}

MachineEntry *skeleton_add(MachineSkeleton *skeleton, const char *path, mode_t mode)
{
    MachineEntry *entry = g_hash_table_lookup(skeleton->by_path, path);

    if (entry) {
        g_free(entry->target);
        g_free(entry->package);
        g_clear_pointer(&entry->content, g_bytes_unref);
        *entry = (MachineEntry){.path = entry->path, .mode = mode};
        return entry;
    }
    entry = g_new0(MachineEntry, 1);
    entry->path = g_strdup(path);
    entry->mode = mode;
    g_hash_table_insert(skeleton->by_path, entry->path, entry);
    g_ptr_array_add(skeleton->entries, entry);
    return entry;
}

void skeleton_add_folder(MachineSkeleton *skeleton, const char *path, mode_t mode)
{
    skeleton_add(skeleton, path, S_IFDIR | mode);
}

void skeleton_add_link(MachineSkeleton *skeleton, const char *path, const char *target)
{
    skeleton_add(skeleton, path, S_IFLNK | 0777)->target = g_strdup(target);
}

static int compare_entries(gconstpointer a, gconstpointer b)
{
    const MachineEntry *one = *(const MachineEntry *const *)a, *other = *(const MachineEntry *const *)b;

    return strcmp(one->path, other->path);
}

void skeleton_complete(MachineSkeleton *skeleton)
{
    for (guint i = 0; i < skeleton->entries->len; i++) { /* grows meanwhile */
        const MachineEntry *entry = g_ptr_array_index(skeleton->entries, i);
        g_autofree char *parent = g_path_get_dirname(entry->path);

        if (strcmp(parent, "/") != 0 && !machine_skeleton_find(skeleton, parent))
            skeleton_add_folder(skeleton, parent, 0755);
    }
    g_ptr_array_sort(skeleton->entries, compare_entries);
}

void skeleton_add_text(MachineSkeleton *skeleton, const char *path, mode_t mode, const char *text)
{
    skeleton_add(skeleton, path, S_IFREG | mode)->content = g_bytes_new(text, strlen(text));
}

void machine_skeleton_add_file(MachineSkeleton *skeleton, const char *path, mode_t mode, const char *text)
{
    skeleton_add_text(skeleton, path, mode, text);
    skeleton_complete(skeleton);
}

gboolean skeleton_read(const SkeletonBuild *build, const char *path, char **ret_text, GError **error)
{
    g_autoptr(GBytes) content = NULL;
    autofd fd = root_open(build->root, path, O_PATH, 0);
    struct stat status;

    *ret_text = NULL;
    if (fd >= 0 && fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) /* a masked unit */
        return TRUE;
    if (!root_load(build->root, path, SKELETON_FILE_SIZE_MAX, &content, NULL, error))
        return FALSE;
    if (content)
        *ret_text = g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    return TRUE;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static void build_clear(SkeletonBuild *build)
{
    fd_close(&build->root);
    g_clear_pointer(&build->owners, g_hash_table_unref);
    g_clear_pointer(&build->chosen, g_ptr_array_unref);
    g_clear_pointer(&build->uids, g_hash_table_unref);
    g_clear_pointer(&build->gids, g_hash_table_unref);
    g_clear_pointer(&build->opened, machine_packages_free);
    g_clear_pointer(&build->skeleton, machine_skeleton_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SkeletonBuild, build_clear)

static int compare_conffiles(gconstpointer a, gconstpointer b)
{
    const MachineConffile *one = *(const MachineConffile *const *)a, *other = *(const MachineConffile *const *)b;

    return strcmp(one->path, other->path);
}

MachineSkeleton *machine_skeleton_new(const MachineOrigin *origin, Notes *notes, GError **error)
{
    g_auto(SkeletonBuild) build = {.origin = origin, .root = -1, .notes = notes};

    build.root = open(origin->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (build.root < 0) {
        gourd_error_set_errno(error, errno, "cannot open '%s'", origin->root);
        return NULL;
    }
    build.uids = g_hash_table_new(NULL, NULL);
    build.gids = g_hash_table_new(NULL, NULL);
    build.skeleton = skeleton_new();
    build.skeleton->origin_packages = g_strdupv(origin->packages);
    build.skeleton->host_config = origin->host_config;
    if (!origin->database)
        build.opened = machine_packages_open(origin->root, build.root, error);
    build.packages = origin->database ? origin->database : build.opened;
    if (!build.packages || !skeleton_choose(&build, error) || !skeleton_add_made(&build, error) ||
        !skeleton_add_pam(&build, error) || !skeleton_add_ghosts(&build, error) || !skeleton_add_files(&build, error) ||
        !skeleton_add_units(&build, error) || !skeleton_add_users(&build, error) || !skeleton_overlay(&build, error))
        return NULL;
    skeleton_complete(build.skeleton);
    g_ptr_array_sort(build.skeleton->conffiles, compare_conffiles);
    return g_steal_pointer(&build.skeleton);
}

/* --- the record --------------------------------------------------------------------------------------------------- */

static Json *vector_to_json(char **vector)
{
    Json *array = json_array();

    for (; vector && *vector; vector++)
        json_array_append_new(array, json_text(*vector));
    return array;
}

Json *machine_skeleton_to_json(const MachineSkeleton *skeleton)
{
    Json *packages, *conffiles;

    if (skeleton->record)
        return json_incref(skeleton->record);
    packages = json_object();
    conffiles = json_array();
    for (guint i = 0; i < skeleton->packages->len; i++) {
        const MachinePackage *package = g_ptr_array_index(skeleton->packages, i);

        json_object_set_new(packages, package->name, json_text(package->version));
    }
    for (guint i = 0; i < skeleton->conffiles->len; i++) {
        const MachineConffile *conffile = g_ptr_array_index(skeleton->conffiles, i);

        json_array_append_new(conffiles, json_pack("{s:o, s:s, s:s}", "path", json_text_lossless(conffile->path),
                                                   "digest", conffile->digest, "package", conffile->package));
    }
    return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "origin_packages",
                     vector_to_json(skeleton->origin_packages), "host_config", (int)skeleton->host_config, "packages",
                     packages, "conffiles", conffiles, "users", vector_to_json(skeleton->users), "groups",
                     vector_to_json(skeleton->groups), "units", vector_to_json(skeleton->units), "masks",
                     vector_to_json(skeleton->masks));
}
