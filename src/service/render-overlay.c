// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <string.h>

/* --writable: the bundle as a lower layer below /run/gourd/roots/NAME/lower, and over it, or over a folder of it, an overlay
 * (Linux Documentation/filesystems/overlayfs.rst). Mount units do it, because systemd itself knows overlays only for
 * /usr and /opt, or from version 260 on.
 *
 * They wait for what makes their folders, and so are not among the mounts of the early boot. That is tmpfiles; or, for what is
 * forgotten at each stop, a file system in memory and a command that makes folders in it. */

static char *lower_path(const ServiceContext *context)
{
    return g_strdup_printf("%s/roots/%s/lower", PATH_RUN, context->name);
}

char *render_overlay_path(const ServiceContext *context, const ServiceMount *mount)
{
    g_autofree char *name = g_path_get_basename(mount->source);

    return g_strdup_printf("%s/roots/%s/merged-%s", PATH_RUN, context->name, name + strlen(SERVICE_WRITABLE_PREFIX));
}

static gboolean is_plain(const char *path)
{
    return !strpbrk(path, ":,\\\"' \t\n\r");
}

/* All of these come and go with the service. needed: a unit that must be there before, or NULL. */
static void add_bonds(const Render *render, const char *needed, UnitFile *unit)
{
    unit_file_addf(unit, "Unit", "Description", "Root of %s", render->context->name);
    if (needed) {
        unit_file_add(unit, "Unit", "Requires", needed);
        unit_file_add(unit, "Unit", "After", needed);
    }
    unit_file_add(unit, "Unit", "PartOf", render->files->unit);
    unit_file_add(unit, "Unit", "StopWhenUnneeded", "yes");
}

typedef struct {
    const char *what, *where, *type, *options; /* not quoted */
    const char *needed, *needed_too;           /* units, or NULL */
} Mount;

static gboolean add_mount_unit(const Render *render, const Mount *mount, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();
    g_autofree char *name = unit_name_for_path(mount->where, ".mount", error);
    g_autofree char *what = unit_quote_percent(mount->what), *where = unit_quote_percent(mount->where);
    g_autofree char *options = unit_quote_percent(mount->options);

    if (!name)
        return FALSE;
    add_bonds(render, mount->needed, unit);
    if (mount->needed_too) {
        unit_file_add(unit, "Unit", "Requires", mount->needed_too);
        unit_file_add(unit, "Unit", "After", mount->needed_too);
    }
    unit_file_add(unit, "Unit", "DefaultDependencies", "no");
    unit_file_add(unit, "Unit", "Conflicts", "umount.target");
    unit_file_add(unit, "Unit", "Before", "umount.target");
    unit_file_add(unit, "Unit", "After", "local-fs.target systemd-tmpfiles-setup.service");
    unit_file_add(unit, "Mount", "What", what);
    unit_file_add(unit, "Mount", "Where", where);
    unit_file_add(unit, "Mount", "Type", mount->type);
    unit_file_add(unit, "Mount", "Options", options);
    return render_add_unit(render, name, unit, error);
}

/* install(1) of a folder in memory. */
static gboolean add_install(const char *owner, guint mode, const char *folder, const char *name, UnitFile *unit,
                            GError **error)
{
    g_autofree char *mode_text = g_strdup_printf("%04o", mode), *path = g_strdup_printf("%s/%s", folder, name);
    g_auto(GStrv) names = g_strsplit(owner, ":", 2);
    const char *const argv[] = {"/usr/bin/install", "-d", "-m", mode_text, "-o", names[0], "-g", names[1], path, NULL};

    return render_take(unit, "ExecStart", unit_quote_exec(argv[0], argv, 0, error));
}

/* Where an overlay keeps what is forgotten. ret_unit: what makes the folders. */
static gboolean add_memory(const Render *render, const ServiceMount *mount, char **ret_unit, GError **error)
{
    gboolean root = strcmp(mount->destination, "/") == 0;
    g_autoptr(UnitFile) unit = unit_file_new();
    g_autofree char *last = g_path_get_basename(mount->source);
    g_autofree char *name = unit_name_for_service(render->context->name, last, ".service", error);
    g_autofree char *memory = unit_name_for_path(mount->source, ".mount", error);
    g_autofree char *owner = root ? g_strdup("root:root") : render_owner(render, mount);
    const Mount tmpfs = {.what = "tmpfs", .where = mount->source, .type = "tmpfs", .options = "mode=0700,nodev"};

    if (!name || !memory || !add_mount_unit(render, &tmpfs, error))
        return FALSE;
    add_bonds(render, memory, unit);
    unit_file_add(unit, "Service", "Type", "oneshot");
    unit_file_add(unit, "Service", "RemainAfterExit", "yes");
    if (!add_install(owner, mount->mode, mount->source, "upper", unit, error) ||
        !add_install("root:root", 0755, mount->source, "work", unit, error) ||
        !render_add_unit(render, name, unit, error))
        return FALSE;
    *ret_unit = g_steal_pointer(&name);
    return TRUE;
}

static gboolean add_overlay(const Render *render, const ServiceMount *mount, GError **error)
{
    g_autofree char *lower = lower_path(render->context);
    g_autofree char *lower_unit = unit_name_for_path(lower, ".mount", error), *memory_unit = NULL;
    g_autofree char *where = render_overlay_path(render->context, mount);
    g_autofree char *folder = g_strconcat(lower, strcmp(mount->destination, "/") == 0 ? "" : mount->destination, NULL);
    g_autofree char *options = g_strdup_printf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work,nodev", folder,
                                               mount->source, mount->source);

    if (!is_plain(folder) || !is_plain(mount->source)) {
        g_autofree char *shown = text_escape(mount->destination);

        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "'%s' cannot be made writable because of its name",
                               shown);
    }
    if (!lower_unit || (render->spec->volatile_writes && !add_memory(render, mount, &memory_unit, error)))
        return FALSE;

    const Mount overlay = {"overlay", where, "overlay", options, lower_unit, memory_unit};

    return add_mount_unit(render, &overlay, error);
}

gboolean render_overlays(const Render *render, GError **error)
{
    const GPtrArray *mounts = render->spec->mounts;
    g_autofree char *lower = lower_path(render->context);
    const Mount bundle = {render->context->bundle_path, lower, "squashfs", "loop,ro,nodev", NULL, NULL};
    gboolean any = FALSE;

    for (guint i = 0; i < mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(mounts, i);

        if (mount->kind != SERVICE_MOUNT_WRITABLE)
            continue;
        any = TRUE;
        if (!add_overlay(render, mount, error))
            return FALSE;
    }
    return !any || add_mount_unit(render, &bundle, error);
}
