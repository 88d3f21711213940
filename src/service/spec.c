// SPDX-License-Identifier: LGPL-2.1-or-later
#include "spec.h"

#include <string.h>

static void mount_free(gpointer data)
{
    ServiceMount *mount = data;

    g_free(mount->source);
    g_free(mount->destination);
    g_free(mount->options);
    g_free(mount->folder);
    g_free(mount->name);
    g_clear_pointer(&mount->content, g_bytes_unref);
    g_free(mount);
}

static void publish_free(gpointer data)
{
    ServicePublish *publish = data;

    g_free(publish->address);
    g_free(publish);
}

static void hook_free(gpointer data)
{
    ServiceHook *hook = data;

    g_free(hook->program);
    g_strfreev(hook->argv);
    g_strfreev(hook->environment);
    g_free(hook);
}

static void limit_free(gpointer data)
{
    ServiceLimit *limit = data;

    g_free(limit->device);
    g_free(limit->value);
    g_free(limit);
}

static void device_free(gpointer data)
{
    ServiceDevice *device = data;

    g_free(device->path);
    g_free(device->inside);
    g_free(device->access);
    g_free(device);
}

static void attachment_clear(ServiceAttachment *attachment)
{
    g_free(attachment->netns);
    g_free(attachment->address);
    g_free(attachment->unit);
    g_free(attachment->names_unit);
    g_free(attachment->hosts_file);
    g_free(attachment->resolv_file);
    g_free(attachment->ingress_filter);
    g_strfreev(attachment->address_allow);
    g_strfreev(attachment->address_deny);
    g_free(attachment->hostname);
}

void service_spec_free(ServiceSpec *spec)
{
    if (!spec)
        return;
    g_free(spec->description);
    g_strfreev(spec->documentation);
    g_free(spec->program);
    g_strfreev(spec->argv);
    g_strfreev(spec->environment);
    g_strfreev(spec->secret_environment);
    g_strfreev(spec->secrets);
    g_strfreev(spec->credentials);
    g_ptr_array_unref(spec->secured);
    g_free(spec->working_dir);
    g_strfreev(spec->shell);
    g_free(spec->user.host_name);
    g_free(spec->user.name);
    g_free(spec->user.group);
    g_free(spec->user.home);
    g_free(spec->user.private_path);
    g_clear_pointer(&spec->user.others, g_array_unref);
    g_clear_pointer(&spec->user.passwd, g_bytes_unref);
    g_clear_pointer(&spec->user.groups, g_bytes_unref);
    g_ptr_array_unref(spec->mounts);
    attachment_clear(&spec->attachment);
    g_ptr_array_unref(spec->publish);
    g_ptr_array_unref(spec->devices);
    g_ptr_array_unref(spec->limits);
    g_ptr_array_unref(spec->post_start);
    g_ptr_array_unref(spec->pre_stop);
    g_strfreev(spec->syscalls);
    g_free(spec->apparmor);
    g_free(spec->selinux);
    g_free(spec->stop_signal);
    g_strfreev(spec->after);
    g_strfreev(spec->requires);
    g_strfreev(spec->wants);
    g_strfreev(spec->part_of);
    g_strfreev(spec->health.argv);
    g_free(spec->health.target);
    g_strfreev(spec->pre_upgrade);
    service_backup_clear(&spec->backup);
    g_free(spec->stack);
    g_free(spec->target);
    g_free(spec->slice);
    g_free(spec->title);
    g_strfreev(spec->aliases);
    g_strfreev(spec->labels);
    g_free(spec);
}

static void secret_free(gpointer data)
{
    ServiceSecret *secret = data;

    g_free(secret->name);
    g_free(secret->credential);
    g_bytes_unref(secret->content);
    g_free(secret);
}

static ServiceSpec *spec_new(void)
{
    ServiceSpec *spec = g_new0(ServiceSpec, 1);

    spec->secured = g_ptr_array_new_with_free_func(secret_free);
    spec->mounts = g_ptr_array_new_with_free_func(mount_free);
    spec->publish = g_ptr_array_new_with_free_func(publish_free);
    spec->devices = g_ptr_array_new_with_free_func(device_free);
    spec->limits = g_ptr_array_new_with_free_func(limit_free);
    spec->post_start = g_ptr_array_new_with_free_func(hook_free);
    spec->pre_stop = g_ptr_array_new_with_free_func(hook_free);
    return spec;
}

static const char *find_label(const ImageConfig *config, const char *key)
{
    for (char **label = config->labels; label && *label; label += 2)
        if (strcmp(label[0], key) == 0 && *label[1])
            return label[1];
    return NULL;
}

/* What systemd takes for Documentation=, and nothing that a terminal would not show. */
static gboolean is_clean_url(const char *url)
{
    if (!g_str_has_prefix(url, "https://") && !g_str_has_prefix(url, "http://"))
        return FALSE;
    while (g_ascii_isgraph(*url) && !strchr("\"'\\", *url))
        url++;
    return *url == '\0';
}

/* What people read. */
static void add_texts(SpecSource *source)
{
    static const char *const links[] = {
        "org.opencontainers.image.documentation",
        "org.opencontainers.image.url",
        "org.opencontainers.image.source",
    };
    g_autoptr(GStrvBuilder) urls = g_strv_builder_new();
    const char *title = find_label(source->config, "org.opencontainers.image.title");

    for (gsize i = 0; i < G_N_ELEMENTS(links); i++) {
        const char *url = find_label(source->config, links[i]);

        if (url && is_clean_url(url))
            g_strv_builder_add(urls, url);
    }
    source->spec->documentation = g_strv_builder_end(urls);
    if (source->options->description)
        source->spec->description = g_strdup(source->options->description);
    else
        source->spec->description = g_strdup_printf("%s %s", title ? title : source->context->name,
                                                    source->context->version);
}

const char *spec_get_environment(const ServiceSpec *spec, const char *name)
{
    char **vectors[] = {spec->environment, spec->secret_environment};
    gsize length = strlen(name);

    for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++)
        for (char **at = vectors[i]; at && *at; at++)
            if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
                return *at + length + 1;
    return NULL;
}

ServiceSpec *service_spec_new(ServiceImage *image, const ServiceOptions *options, const ServiceContext *context,
                              Notes *notes, GError **error)
{
    const ImageConfig *config = service_image_config(image, error);
    const Json *metadata = NULL;
    g_autoptr(ServiceSpec) spec = spec_new();

    if (!config || !service_image_metadata(image, &metadata, error))
        return NULL;
    SpecSource source = {
        .image = image,
        .config = config,
        .metadata = metadata,
        .options = options,
        .context = context,
        .notes = notes,
        .spec = spec,
    };
    add_texts(&source);
    if (!spec_add_user(&source, error) || !spec_add_environment(&source, error) || !spec_add_mounts(&source, error) ||
        !spec_add_command(&source, error) || (!context->one_off && !spec_add_health(&source, error)) ||
        !spec_add_network(&source, error) || !spec_add_lifecycle(&source, error) || !spec_add_hooks(&source, error) ||
        (!context->one_off && !spec_add_backup(&source, error)) || !spec_add_limits(&source, error) ||
        !spec_add_place(&source, error) || !spec_add_sandbox(&source, error) ||
        (!context->one_off && !spec_check_access(&source, error)))
        return NULL;
    return g_steal_pointer(&spec);
}

gboolean service_preview(Bundle *bundle, Notes *notes, GError **error)
{
    ServiceOptions options;
    guint n_targets;
    const UnitTarget *targets = unit_targets(&n_targets);
    const ServiceContext context = {
        .name = "service",
        .version = "latest",
        .revision = 1,
        .bundle_path = PATH_BUNDLES "/service_latest.raw",
        .systemd_version = targets[n_targets - 1].version,
    };

    service_options_init(&options);
    g_autoptr(ServiceImage) image = service_image_new(bundle);
    g_autoptr(ServiceSpec) spec = service_spec_new(image, &options, &context, notes, error);
    service_options_clear(&options);
    return spec != NULL;
}
