// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <string.h>

/* P.target, P.slice, P-S.all.target of replicas, and volumes that are other file systems. */

static char *describe(const Stack *stack)
{
    g_autofree char *file = stack->files && stack->files[0] ? g_path_get_basename(stack->files[0]) : NULL;
    g_autofree char *text = file ? g_strdup_printf("Stack %s (%s)", stack->name, file)
                                 : g_strdup_printf("Stack %s", stack->name);

    return unit_quote_text(text);
}

ServiceFile *service_file_new_stack(const Stack *stack, char *path, const char *unit, const char *text)
{
    ServiceFile *file = g_new0(ServiceFile, 1);
    char *whole = g_strdup_printf("# Written by gourd " GOURD_VERSION " for the stack %s.\n"
                                  "# To change it: systemctl edit %s; 'gourd up' replaces this file.\n\n%s",
                                  stack->name, unit, text);

    file->path = path;
    file->mode = 0644;
    file->content = g_bytes_new_take(whole, strlen(whole));
    return file;
}

static ServiceFile *make_file(const Stack *stack, const char *name, UnitFile *unit, guint systemd_version, Notes *notes,
                              GError **error)
{
    g_autofree char *text = unit_file_fit(unit, systemd_version, notes, error) ? unit_file_to_text(unit, error) : NULL;

    if (!text) {
        gourd_error_prefix(error, "cannot write %s", name);
        return NULL;
    }
    return service_file_new_stack(stack, g_strconcat(PATH_UNITS "/", name, NULL), name, text);
}

static gboolean add_unit(const Stack *stack, const char *suffix, const char *wanted_by, guint version, Notes *notes,
                         GPtrArray *files, GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();
    g_autofree char *description = describe(stack), *name = unit_name_for_stack(stack->name, suffix, error);

    if (!name)
        return FALSE;
    unit_file_add(unit, "Unit", "Description", description);
    unit_file_add(unit, "Unit", "Documentation", "man:gourd-up(1)");
    if (wanted_by)
        unit_file_add(unit, "Install", "WantedBy", wanted_by);
    ServiceFile *file = make_file(stack, name, unit, version, notes, error);
    if (file)
        g_ptr_array_add(files, file);
    return file != NULL;
}

/* It comes with the first service that has it, and goes with the last. systemd orders mounts of the network after that. */
static gboolean add_mount(const Stack *stack, const StackMount *mount, guint version, Notes *notes, GPtrArray *files,
                          GError **error)
{
    g_autoptr(UnitFile) unit = unit_file_new();
    g_autofree char *where = g_build_filename(PATH_VOLUMES, stack->name, mount->volume, NULL);
    g_autofree char *name = unit_name_for_path(where, ".mount", error), *what = unit_quote_percent(mount->what);
    g_autofree char *options = mount->options ? unit_quote_percent(mount->options) : NULL;

    if (!name)
        return FALSE;
    unit_file_addf(unit, "Unit", "Description", "Volume %s of the stack %s", mount->volume, stack->name);
    unit_file_add(unit, "Unit", "StopWhenUnneeded", "yes");
    unit_file_add(unit, "Mount", "What", what);
    unit_file_add(unit, "Mount", "Where", where);
    unit_file_add(unit, "Mount", "Type", mount->type);
    if (options)
        unit_file_add(unit, "Mount", "Options", options);
    ServiceFile *file = make_file(stack, name, unit, version, notes, error);
    if (file)
        g_ptr_array_add(files, file);
    return file != NULL;
}

/* What depends on a service with replicas wants this instead, so that it stays as it is when there are more or fewer of them. It only
 * wants them: to take one away must not stop it. */
static gboolean add_replicas(const Stack *stack, const StackService *service, guint version, Notes *notes,
                             GPtrArray *files, GError **error)
{
    const char *full_name = service->options.replica_of;
    g_autoptr(UnitFile) unit = unit_file_new();
    g_autofree char *name = stack_replicas_unit(full_name, error);

    if (!name)
        return FALSE;
    unit_file_addf(unit, "Unit", "Description", "All replicas of %s", full_name);
    for (guint i = 0; i < stack->services->len; i++) {
        const StackService *other = g_ptr_array_index(stack->services, i);

        if (g_strcmp0(other->replica_of, service->replica_of) != 0)
            continue;
        g_autofree char *replica = unit_name_for_service(NULL, other->full_name, ".service", error);
        if (!replica)
            return FALSE;
        unit_file_add(unit, "Unit", "Wants", replica);
        unit_file_add(unit, "Unit", "After", replica);
        unit_file_add(unit, "Unit", "PartOf",
                      replica); /* else it would be there already at the next start, and wait for nothing */
    }
    ServiceFile *file = make_file(stack, name, unit, version, notes, error);
    if (file)
        g_ptr_array_add(files, file);
    return file != NULL;
}

static gboolean is_first_replica(const Stack *stack, guint index)
{
    const StackService *service = g_ptr_array_index(stack->services, index);

    for (guint i = 0; i < index; i++)
        if (g_strcmp0(((const StackService *)g_ptr_array_index(stack->services, i))->replica_of, service->replica_of) ==
            0)
            return FALSE;
    return service->replica_of != NULL;
}

gboolean stack_render(const Stack *stack, guint systemd_version, Notes *notes, GPtrArray **ret_files, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);

    if (!add_unit(stack, ".slice", NULL, systemd_version, notes, files, error) ||
        !add_unit(stack, ".target", "multi-user.target", systemd_version, notes, files, error))
        return FALSE;
    for (guint i = 0; i < stack->mounts->len; i++)
        if (!add_mount(stack, g_ptr_array_index(stack->mounts, i), systemd_version, notes, files, error))
            return FALSE;
    for (guint i = 0; i < stack->services->len; i++)
        if (is_first_replica(stack, i) &&
            !add_replicas(stack, g_ptr_array_index(stack->services, i), systemd_version, notes, files, error))
            return FALSE;
    *ret_files = g_steal_pointer(&files);
    return TRUE;
}
