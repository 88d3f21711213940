// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <string.h>

/* --writable: the bundle as a lower layer below /run/gourd/roots/NAME/lower, and over it, or over a folder of it, an overlay
 * (Linux Documentation/filesystems/overlayfs.rst). Mount units do it, because systemd itself knows overlays only for
 * /usr and /opt, or from version 260 on.
 *
 * They wait for what makes their folders (tmpfiles) and so are not among the mounts of the early boot. */

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

/* needed: path of a mount that must be there before, or NULL. All texts as they are, not quoted. */
static gboolean add_mount_unit(const Render *render, const char *what, const char *where, const char *type,
                               const char *options, const char *needed, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();
    g_autofree char *name = unit_name_for_path(where, ".mount", error);
    g_autofree char *needed_name = needed && name ? unit_name_for_path(needed, ".mount", error) : NULL;
    g_autofree char *quoted_what = unit_quote_percent(what), *quoted_where = unit_quote_percent(where);
    g_autofree char *quoted_options = unit_quote_percent(options);

    if (!name || (needed && !needed_name))
        return FALSE;
    unit_file_addf(unit, "Unit", "Description", "Root of %s", render->context->name);
    unit_file_add(unit, "Unit", "DefaultDependencies", "no");
    unit_file_add(unit, "Unit", "Conflicts", "umount.target");
    unit_file_add(unit, "Unit", "Before", "umount.target");
    unit_file_add(unit, "Unit", "After", "local-fs.target systemd-tmpfiles-setup.service");
    unit_file_add(unit, "Unit", "PartOf", render->files->unit);
    unit_file_add(unit, "Unit", "StopWhenUnneeded", "yes");
    if (needed_name) {
        unit_file_add(unit, "Unit", "Requires", needed_name);
        unit_file_add(unit, "Unit", "After", needed_name);
    }
    unit_file_add(unit, "Mount", "What", quoted_what);
    unit_file_add(unit, "Mount", "Where", quoted_where);
    unit_file_add(unit, "Mount", "Type", type);
    unit_file_add(unit, "Mount", "Options", quoted_options);
    return render_add_unit(render, name, unit, error);
}

static gboolean add_overlay(const Render *render, const ServiceMount *mount, GError **error)
{
    g_autofree char *lower = lower_path(render->context);
    g_autofree char *where = render_overlay_path(render->context, mount);
    g_autofree char *folder = g_strconcat(lower, strcmp(mount->destination, "/") == 0 ? "" : mount->destination, NULL);
    g_autofree char *options = g_strdup_printf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work,nodev", folder,
                                               mount->source, mount->source);

    if (!is_plain(folder) || !is_plain(mount->source)) {
        g_autofree char *shown = text_escape(mount->destination);

        return gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "'%s' cannot be made writable because of its name",
                               shown);
    }
    return add_mount_unit(render, "overlay", where, "overlay", options, lower, error);
}

gboolean render_overlays(const Render *render, GError **error)
{
    const GPtrArray *mounts = render->spec->mounts;
    g_autofree char *lower = lower_path(render->context);
    gboolean any = FALSE;

    for (guint i = 0; i < mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(mounts, i);

        if (mount->kind != SERVICE_MOUNT_WRITABLE)
            continue;
        any = TRUE;
        if (!add_overlay(render, mount, error))
            return FALSE;
    }
    return !any ||
           add_mount_unit(render, render->context->bundle_path, lower, "squashfs", "loop,ro,nodev", NULL, error);
}
