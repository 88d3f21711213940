// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scene-private.h"

#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PRIVATE_FLAGS (MS_NOSUID | MS_NODEV)
#define KERNEL_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* --- the base ------------------------------------------------------------------------------------------------------------- */

/* What --bind names, before anything of the host is covered. */
static gboolean copy_binds(Scene *scene, const ServiceSpec *spec, GError **error)
{
    scene->n_trees = spec->mounts->len;
    scene->trees = g_new(int, scene->n_trees);
    memset(scene->trees, -1, sizeof *scene->trees * scene->n_trees);
    for (guint i = 0; i < spec->mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(spec->mounts, i);

        if (mount->kind != SERVICE_MOUNT_BIND)
            continue;
        scene->trees[i] = mount_copy(AT_FDCWD, mount->source, mount->read_only);
        if (scene->trees[i] < 0) {
            g_autofree char *shown = text_escape(mount->source);

            return gourd_error_set_errno(error, errno, "--bind: cannot use '%s'", shown);
        }
    }
    return TRUE;
}

gboolean scene_open(Scene *scene, const ServiceSpec *spec, GError **error)
{
    static const char *const folders[] = {"/tmp", "/run", "/mnt", "/var", "/opt"};
    gsize i = 0;

    scene->root = -1;
    if (!copy_binds(scene, spec, error))
        return FALSE;
    while (i < G_N_ELEMENTS(folders) - 1 && access(folders[i], X_OK) < 0)
        i++;
    scene->base = g_strdup(folders[i]);
    scene->root_path = g_build_filename(scene->base, "root", NULL);
    if (mount("gourd", scene->base, "tmpfs", MS_NOSUID, "mode=0755") < 0) {
        gourd_error_set_errno(error, errno, "cannot mount on '%s' in a namespace", scene->base);
        return namespaces_explain(error);
    }
    if (mkdir(scene->root_path, 0755) < 0)
        return gourd_error_set_errno(error, errno, "cannot make '%s'", scene->root_path);
    return TRUE;
}

/* A folder for what an overlay takes up, owned as the image's folder. */
static char *make_layer(const Scene *scene, const char *kind, guint number, const ServiceMount *mount)
{
    char *path = g_strdup_printf("%s/%s%u", scene->base, kind, number);

    if (mkdir(path, 0755) == 0) {
        /* Users that the namespace does not have cannot own anything. */
        if (chown(path, mount->uid, mount->gid) < 0)
            errno = 0;
        if (chmod(path, mount->mode & 07777) < 0)
            errno = 0;
    }
    return path;
}

/* What is written to a folder of the image stays in memory. Returns 0 or errno. */
static int cover_by_overlay(const Scene *scene, const ServiceMount *mount, guint number, int point)
{
    g_autofree char *upper = make_layer(scene, "upper", number, mount),
                    *work = make_layer(scene, "work", number, mount);
    g_autofree char *options = g_strdup_printf("lowerdir=/proc/self/fd/%d,upperdir=%s,workdir=%s", point, upper, work);

    return mount_point_cover(point, "overlay", PRIVATE_FLAGS, options);
}

static gboolean open_root(Scene *scene, GError **error)
{
    fd_close(&scene->root);
    scene->root = open(scene->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (scene->root < 0)
        return gourd_error_set_errno(error, errno, "cannot open the mounted image");
    return TRUE;
}

gboolean scene_open_root(Scene *scene, const ServiceSpec *spec, GError **error)
{
    if (!open_root(scene, error))
        return FALSE;
    for (guint i = 0; i < spec->mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(spec->mounts, i);

        if (mount->kind != SERVICE_MOUNT_WRITABLE || strcmp(mount->destination, "/") != 0)
            continue;
        int problem = cover_by_overlay(scene, mount, i, scene->root);
        if (problem)
            return gourd_error_set_errno(error, problem, "--writable: cannot mount an overlay");
        return open_root(scene, error);
    }
    return TRUE;
}

/* --- mounts of the spec --------------------------------------------------------------------------------------------------- */

static gboolean attach_bind(const Scene *scene, const ServiceMount *mount, int tree, GError **error)
{
    struct stat status, below;

    if (fstat(tree, &status) < 0)
        return gourd_error_set_errno(error, errno, "--bind: cannot use '%s'", mount->source);
    autofd point = mount_point_open(scene->root, mount->destination, S_ISDIR(status.st_mode), error);
    if (point < 0)
        return gourd_error_prefix(error, "--bind");
    g_autofree char *shown = text_escape(mount->destination);
    if (fstat(point, &below) == 0 && S_ISDIR(below.st_mode) != S_ISDIR(status.st_mode)) {
        g_autofree char *source = text_escape(mount->source);

        return gourd_error_set(error, GOURD_ERROR_USAGE,
                               "--bind: of '%s' and the image's '%s' one is a folder, and the "
                               "other is not",
                               source, shown);
    }
    int problem = mount_attach(tree, point);
    return problem == 0 || gourd_error_set_errno(error, problem, "--bind: cannot mount on '%s'", shown);
}

/* A user namespace may not have the owner. */
static int cover_by_tmpfs(int point, const char *options)
{
    int problem = mount_point_cover(point, "tmpfs", PRIVATE_FLAGS, options);

    if (problem == EINVAL)
        problem = mount_point_cover(point, "tmpfs", PRIVATE_FLAGS, "mode=1777");
    return problem;
}

static gboolean cover(const Scene *scene, const ServiceMount *mount, guint number, GError **error)
{
    autofd point = mount_point_open(scene->root, mount->destination, TRUE, error);
    g_autofree char *owned = g_strdup_printf("mode=%04o,uid=%u,gid=%u", mount->mode & 07777u, mount->uid, mount->gid);
    int problem;

    if (point < 0)
        return FALSE;
    if (mount->kind == SERVICE_MOUNT_TMPFS)
        problem = cover_by_tmpfs(point, mount->options);
    else {
        problem = mount->fill || mount->kind == SERVICE_MOUNT_WRITABLE ? cover_by_overlay(scene, mount, number, point)
                                                                       : EINVAL;
        if (problem && mount->kind == SERVICE_MOUNT_VOLUME)
            problem = cover_by_tmpfs(point, owned);
    }
    if (problem == 0)
        return TRUE;
    g_autofree char *shown = text_escape(mount->destination);
    return gourd_error_set_errno(error, problem, "cannot mount on '%s'", shown);
}

static gboolean add_mounts(const Scene *scene, const ServiceSpec *spec, GError **error)
{
    for (guint i = 0; i < spec->mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(spec->mounts, i);

        if (strcmp(mount->destination, "/") == 0)
            continue;
        if (mount->kind == SERVICE_MOUNT_BIND ? !attach_bind(scene, mount, scene->trees[i], error)
                                              : !cover(scene, mount, i, error))
            return FALSE;
    }
    return TRUE;
}

/* --- what every process has ----------------------------------------------------------------------------------------------- */

static gboolean cover_path(const Scene *scene, const char *path, const char *type, unsigned long flags,
                           const char *options, GError **error)
{
    autofd point = mount_point_open(scene->root, path, TRUE, error);

    if (point < 0)
        return FALSE;
    int problem = mount_point_cover(point, type, flags, options);
    return problem == 0 || gourd_error_set_errno(error, problem, "cannot mount %s on '%s'", type, path);
}

static gboolean add_temporary(const Scene *scene, const ServiceSpec *spec, GError **error)
{
    static const char *const folders[] = {"/tmp", "/var/tmp"};

    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        gboolean asked = FALSE;

        for (guint k = 0; k < spec->mounts->len; k++)
            asked |= strcmp(((ServiceMount *)g_ptr_array_index(spec->mounts, k))->destination, folders[i]) == 0;
        if (!asked && !cover_path(scene, folders[i], "tmpfs", PRIVATE_FLAGS, "mode=1777", error))
            return FALSE;
    }
    return TRUE;
}

/* For programs that look at their limits; without, they do as if there were none. */
static void add_groups(const Scene *scene)
{
    autofd point = root_open(scene->root, "/sys/fs/cgroup", O_PATH | O_DIRECTORY, 0);

    if (point >= 0)
        mount_point_cover(point, "cgroup2", KERNEL_FLAGS | MS_RDONLY, NULL);
}

/* Only another network needs another sysfs, which costs more than all other mounts. */
static gboolean add_sys(const Scene *scene, const ServiceSpec *spec, GError **error)
{
    autofd point = mount_point_open(scene->root, "/sys", TRUE, error);
    gboolean own = spec->network == SERVICE_NETWORK_NONE;

    if (point < 0)
        return FALSE;
    if (!own || mount_point_cover(point, "sysfs", KERNEL_FLAGS | MS_RDONLY, NULL) != 0) {
        autofd tree = mount_copy(AT_FDCWD, "/sys", TRUE);

        if (tree < 0 || mount_attach(tree, point))
            return gourd_error_set_errno(error, errno, "cannot mount /sys");
    }
    add_groups(scene);
    return TRUE;
}

gboolean scene_fill(Scene *scene, const ServiceSpec *spec, const char *hostname, GError **error)
{
    if (hostname && sethostname(hostname, strlen(hostname)) < 0)
        return gourd_error_set_errno(error, errno, "--hostname '%s'", hostname);
    return scene_add_devices(scene, spec, error) && add_sys(scene, spec, error) && add_temporary(scene, spec, error) &&
           add_mounts(scene, spec, error) && scene_add_names(scene, spec, hostname, error);
}

/* --- from inside ------------------------------------------------------------------------------------------------------------ */

static void hide(const Scene *scene, const char *path)
{
    autofd point = root_open(scene->root, path, O_PATH, 0);
    struct stat status;

    if (point < 0 || fstat(point, &status) < 0)
        return;
    if (S_ISDIR(status.st_mode)) {
        mount_point_cover(point, "tmpfs", KERNEL_FLAGS | MS_RDONLY, "size=4k,mode=0555");
        return;
    }
    autofd null = mount_copy(AT_FDCWD, "/dev/null", FALSE);
    if (null >= 0)
        mount_attach(null, point);
}

static void protect(const Scene *scene, const char *path)
{
    autofd point = root_open(scene->root, path, O_PATH, 0);
    autofd tree = point < 0 ? -1 : mount_copy(point, "", TRUE);

    if (tree >= 0)
        mount_attach(tree, point);
}

/* Lists as in units. What is not there needs no hiding. */
static void apply_paths(const Scene *scene, const char *paths, void (*apply)(const Scene *scene, const char *path))
{
    g_auto(GStrv) words = g_strsplit(paths, " ", -1);

    for (char **word = words; *word; word++) {
        const char *path = **word == '-' ? *word + 1 : *word;

        if (strcmp(path, "/dev") != 0 && strcmp(path, "/sys") != 0) /* those are ours, and as they should be */
            apply(scene, path);
    }
}

gboolean scene_enter(Scene *scene, GError **error)
{
    autofd point = mount_point_open(scene->root, "/proc", TRUE, error);

    if (point < 0)
        return FALSE;
    int problem = mount_point_cover(point, "proc", KERNEL_FLAGS, NULL);
    if (problem) {
        gourd_error_set_errno(error, problem, "cannot mount /proc");
        return namespaces_explain(error);
    }
    if (!scene->users) { /* there it is the kernel that protects them */
        apply_paths(scene, service_paths_read_only, protect);
        apply_paths(scene, service_paths_hidden, hide);
    }
    if (fchdir(scene->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
        chdir("/") < 0)
        return gourd_error_set_errno(error, errno, "cannot change the root folder");
    return TRUE;
}

void scene_clear(Scene *scene)
{
    for (guint i = 0; i < scene->n_trees; i++)
        fd_close(&scene->trees[i]);
    g_free(scene->trees);
    fd_close(&scene->root);
    g_free(scene->root_path);
    g_free(scene->base);
    *scene = (Scene){.root = -1};
}
