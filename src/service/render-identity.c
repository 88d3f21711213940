// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <string.h>

/* Where no gourd writes passwd and group with the numbers of the service's user, a unit does, by what every system has. */

/* "$0" is the user. The first line of each file is the user's own. */
static const char script[] = "uid=$(id -u \"$0\") && gid=$(id -g \"$0\") || exit; for file in passwd group; do "
                             "[ ! -e $file.in ] || { sed \"1s/" IDENTITY_UID "/$uid/; 1s/" IDENTITY_GID
                             "/$gid/\" $file.in >$file.new && mv $file.new $file; } || exit; done";

/* Without a name for its user the service's numbers are known. */
static gboolean is_wanted(const Render *render)
{
    const ServiceUser *user = &render->spec->user;

    return render->context->identity_at_start && render->spec->user.kind == SERVICE_USER_OWN &&
           (user->passwd || user->groups);
}

char *render_identity_unit(const Render *render)
{
    return is_wanted(render) ? unit_name_for_service(render->context->name, "identity", ".service", NULL) : NULL;
}

static void add_template(const Render *render, const char *name, char *text)
{
    ServiceFile *file = g_new0(ServiceFile, 1);

    file->path = render_generated_path(render->context, name);
    file->mode = 0644;
    file->content = g_bytes_new_take(text, strlen(text));
    g_ptr_array_add(render->files->files, file);
}

static gboolean add_unit(const Render *render, const char *name, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();
    g_autofree char *passwd = render_generated_path(render->context, "passwd"), *folder = g_path_get_dirname(passwd);
    g_autofree char *description = unit_quote_text(render->context->name);
    const char *const argv[] = {"/bin/sh", "-c", script, render->spec->user.host_name, NULL};

    unit_file_addf(unit, "Unit", "Description", "Names of users as %s sees them", description);
    unit_file_add(unit, "Service", "Type", "oneshot");
    unit_file_add(unit, "Service", "RemainAfterExit", "yes");
    unit_file_add(unit, "Service", "UMask", "0022");
    if (!render_take(unit, "WorkingDirectory", unit_quote_single_path("", folder, error)) ||
        !render_take(unit, "ExecStart", unit_quote_exec(argv[0], argv, UNIT_EXEC_NO_ENVIRONMENT, error)))
        return FALSE;
    unit_file_add(unit, "Service", "NoNewPrivileges", "yes");
    unit_file_add(unit, "Service", "PrivateNetwork", "yes");
    unit_file_add(unit, "Service", "ProtectHome", "yes");
    unit_file_add(unit, "Service", "ProtectSystem", "full");
    return render_add_unit(render, name, unit, error);
}

gboolean render_identity(const Render *render, GError **error)
{
    const ServiceSpec *spec = render->spec;
    g_autofree char *name = render_identity_unit(render);

    if (!render->context->identity_at_start)
        return TRUE;
    render->files->identity = FALSE;
    if (!name) {
        g_autoptr(GPtrArray) known = service_identity(spec, render->context, render->files->uid, render->files->gid);

        while (known->len > 0)
            g_ptr_array_add(render->files->files, g_ptr_array_steal_index(known, 0));
        return TRUE;
    }
    if (spec->user.passwd)
        add_template(render, "passwd.in", identity_passwd_template(&spec->user));
    if (spec->user.groups)
        add_template(render, "group.in", identity_group_template(&spec->user));
    return add_unit(render, name, error);
}
