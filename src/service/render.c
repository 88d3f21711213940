// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <string.h>

#define OURS_PREFIX "# Written by gourd "

void service_file_free(ServiceFile *file)
{
    if (!file)
        return;
    g_free(file->path);
    g_free(file->target);
    g_clear_pointer(&file->content, g_bytes_unref);
    g_free(file);
}

static void volume_free(gpointer data)
{
    ServiceVolume *volume = data;

    g_free(volume->path);
    g_free(volume->image_path);
    g_free(volume);
}

void service_files_free(ServiceFiles *files)
{
    if (!files)
        return;
    g_ptr_array_unref(files->files);
    g_ptr_array_unref(files->volumes);
    g_ptr_array_unref(files->units);
    g_ptr_array_unref(files->start);
    g_free(files->sysusers);
    g_free(files->tmpfiles);
    g_free(files->user);
    g_free(files->unit);
    g_free(files->pre_upgrade);
    service_backup_clear(&files->backup);
    g_free(files);
}

gboolean service_file_is_ours(const char *text)
{
    return g_str_has_prefix(text, OURS_PREFIX);
}

char *render_generated_path(const ServiceContext *context, const char *file)
{
    return g_strdup_printf("%s/%s/%u/%s", PATH_SERVICES, context->name, context->revision, file);
}

char *render_credential_path(const ServiceContext *context, const char *name)
{
    g_autofree char *file = g_strconcat("credentials/", name, NULL);

    return render_generated_path(context, file);
}

static void add_content(const Render *render, const char *path, mode_t mode, GBytes *content)
{
    ServiceFile *file = g_new0(ServiceFile, 1);

    file->path = g_strdup(path);
    file->mode = mode;
    file->content = content;
    g_ptr_array_add(render->files->files, file);
}

void render_add_file(const Render *render, const char *path, mode_t mode, const char *how, const char *text)
{
    g_autofree char *bundle = g_path_get_basename(render->context->bundle_path);
    char *whole = g_strdup_printf(OURS_PREFIX GOURD_VERSION " from %s (release %u).\n# %s\n%s", bundle,
                                  render->context->revision, how, text);

    add_content(render, path, mode, g_bytes_new_take(whole, strlen(whole)));
}

void render_credentials(const Render *render)
{
    for (guint i = 0; i < render->spec->mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(render->spec->mounts, i);

        if (mount->content) {
            g_autofree char *path = render_credential_path(render->context, mount->name);

            add_content(render, path, 0600, g_bytes_ref(mount->content));
        }
    }
    for (guint i = 0; i < render->spec->secured->len; i++) {
        const ServiceSecret *secret = g_ptr_array_index(render->spec->secured, i);
        g_autofree char *path = render_credential_path(render->context, secret->credential);

        add_content(render, path, 0600, g_bytes_ref(secret->content));
    }
}

/* The text of a unit as the target's systemd understands it. */
static char *fit_unit(const Render *render, const char *name, UnitFile *unit, GError **error)
{
    char *text = unit_file_fit(unit, render->context->systemd_version, render->notes, error)
                     ? unit_file_to_text(unit, error)
                     : NULL;

    if (!text)
        gourd_error_prefix(error, "cannot write %s", name);
    return text;
}

gboolean render_add_unit(const Render *render, const char *name, UnitFile *unit, GError **error)
{
    g_autofree char *path = g_strconcat(PATH_UNITS "/", name, NULL);
    g_autofree char *how = g_strdup_printf("To change it: systemctl edit %s; 'gourd upgrade' and 'gourd rollback' "
                                           "replace this file.\n",
                                           name);
    g_autofree char *text = fit_unit(render, name, unit, error);

    if (!text)
        return FALSE;
    render_add_file(render, path, 0644, how, text);
    g_ptr_array_add(render->files->units, g_strdup(name));
    return TRUE;
}

GBytes *render_shared_unit(const Render *render, const char *name, UnitFile *unit, GError **error)
{
    g_autofree char *text = fit_unit(render, name, unit, error);

    if (!text)
        return NULL;
    char *whole = g_strdup_printf(OURS_PREFIX "for all of its services.\n# To change it: systemctl edit %s.\n\n%s",
                                  name, text);
    return g_bytes_new_take(whole, strlen(whole));
}

void render_add_shared_unit(const Render *render, const char *name, GBytes *content)
{
    g_autofree char *path = g_strconcat(PATH_UNITS "/", name, NULL);

    add_content(render, path, 0644, g_bytes_ref(content));
}

gboolean render_take(UnitFile *unit, const char *key, char *value)
{
    g_autofree char *owned = value;

    if (owned)
        unit_file_add(unit, "Service", key, owned);
    return owned != NULL;
}

static gint compare_files(gconstpointer a, gconstpointer b)
{
    const ServiceFile *const *file_a = a, *const *file_b = b;

    return strcmp((*file_a)->path, (*file_b)->path);
}

static void add_volumes(const Render *render)
{
    const GPtrArray *mounts = render->spec->mounts;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal); /* a volume can be mounted twice */

    for (guint i = 0; i < mounts->len; i++) {
        const ServiceMount *mount = g_ptr_array_index(mounts, i);

        if (mount->kind != SERVICE_MOUNT_VOLUME || !mount->folder || !g_hash_table_add(seen, mount->folder))
            continue;
        ServiceVolume *volume = g_new0(ServiceVolume, 1);
        volume->path = g_strdup(mount->folder);
        volume->image_path = mount->fill ? g_strdup(mount->destination) : NULL;
        g_ptr_array_add(render->files->volumes, volume);
    }
}

static ServiceFiles *files_new(void)
{
    ServiceFiles *files = g_new0(ServiceFiles, 1);

    files->files = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free);
    files->volumes = g_ptr_array_new_with_free_func(volume_free);
    files->units = g_ptr_array_new_with_free_func(g_free);
    files->start = g_ptr_array_new_with_free_func(g_free);
    return files;
}

ServiceFiles *service_render(const ServiceSpec *spec, const ServiceContext *context, Notes *notes, GError **error)
{
    g_autoptr(ServiceFiles) files = files_new();
    Render render = {.spec = spec, .context = context, .files = files, .notes = notes};

    files->unit = unit_name_for_service(NULL, context->name, ".service", error);
    if (!files->unit)
        return NULL;
    files->user = spec->user.kind == SERVICE_USER_OWN ? g_strdup(spec->user.host_name) : NULL;
    files->uid = spec->user.kind == SERVICE_USER_NUMBER ? spec->user.uid : 0;
    files->gid = spec->user.kind == SERVICE_USER_NUMBER ? spec->user.gid : 0;
    files->identity = spec->user.passwd != NULL || spec->user.groups != NULL;
    files->keep_owners = spec->user.kind == SERVICE_USER_ROOT;
    files->has_health = spec->health.kind != SERVICE_HEALTH_NONE;
    files->steady_sec = spec->steady_sec;
    service_backup_copy(&spec->backup, &files->backup);
    add_volumes(&render);
    render_credentials(&render);
    if (!render_user(&render, error) || !render_journal(&render, error) || !render_folders(&render, error) ||
        !render_environment_file(&render, error) || !render_identity(&render, error) || !render_names(&render, error) ||
        !render_overlays(&render, error) || !render_proxies(&render, error) || !render_pre_upgrade(&render, error) ||
        !render_service(&render, error))
        return NULL;
    g_ptr_array_add(files->start, g_strdup(files->unit));
    g_ptr_array_sort(files->files, compare_files);
    return g_steal_pointer(&files);
}
