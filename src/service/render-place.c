// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include <linux/capability.h>
#include <string.h>

/* --- root and mounts ----------------------------------------------------------------------------------------------------- */

static gboolean add_root(const Render *render, UnitFile *unit, GError **error)
{
    const ServiceMount *overlay = spec_find_mount(render->spec, "/");

    if (!overlay)
        return render_take(unit, "RootImage", unit_quote_single_path("", render->context->bundle_path, error));
    g_autofree char *path = render_overlay_path(render->context, overlay);

    return render_take(unit, "RootDirectory", unit_quote_single_path("", path, error));
}

static gboolean add_bind(UnitFile *unit, gboolean read_only, const char *source, const char *destination,
                         GError **error)
{
    return render_take(unit, read_only ? "BindReadOnlyPaths" : "BindPaths",
                       unit_quote_bind("", source, destination, NULL, error));
}

/* The credential is there before the file system of the service is put together, at the place that "%d" stands for (252, 257). */
static gboolean add_secret(const Render *render, const ServiceMount *mount, UnitFile *unit, GError **error)
{
    g_autofree char *own = mount->source ? NULL : render_credential_path(render->context, mount->name);
    g_autofree char *file = unit_quote_single_path("", mount->source ? mount->source : own, error);
    g_autofree char *bind = file ? unit_quote_bind("", "/", mount->destination, NULL, error) : NULL;

    if (!bind)
        return FALSE;
    unit_file_addf(unit, "Service", mount->encrypted ? "LoadCredentialEncrypted" : "LoadCredential", "%s:%s",
                   mount->name, file);
    unit_file_addf(unit, "Service", "BindReadOnlyPaths", "%%d/%s%s", mount->name, bind + strlen("/"));
    return TRUE;
}

static gboolean add_mount(const Render *render, const ServiceMount *mount, UnitFile *unit, GError **error)
{
    g_autofree char *overlay = NULL;

    switch (mount->kind) {
    case SERVICE_MOUNT_VOLUME:
    case SERVICE_MOUNT_BIND:
        return render_take(unit, mount->read_only ? "BindReadOnlyPaths" : "BindPaths",
                           unit_quote_bind(mount->optional ? "-" : "", mount->source, mount->destination,
                                           mount->options, error));
    case SERVICE_MOUNT_SECRET:
        return add_secret(render, mount, unit, error);
    case SERVICE_MOUNT_TMPFS:
        return render_take(unit, "TemporaryFileSystem", unit_quote_tmpfs(mount->destination, mount->options, error));
    case SERVICE_MOUNT_WRITABLE:
        if (strcmp(mount->destination, "/") == 0)
            return TRUE;
        overlay = render_overlay_path(render->context, mount);
        return add_bind(unit, FALSE, overlay, mount->destination, error);
    }
    g_assert_not_reached();
}

/* PrivateTmp= goes over both folders, and over whatever else is mounted there. */
static gboolean add_tmp(const Render *render, UnitFile *unit, GError **error)
{
    static const char *const folders[] = {"/tmp", "/var/tmp"};
    gboolean asked = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
        asked |= spec_find_mount(render->spec, folders[i]) != NULL;
    if (!asked)
        unit_file_add(unit, "Service", "PrivateTmp", "yes");
    for (gsize i = 0; asked && i < G_N_ELEMENTS(folders); i++)
        if (!spec_find_mount(render->spec, folders[i]) &&
            !render_take(unit, "TemporaryFileSystem", unit_quote_tmpfs(folders[i], "mode=1777", error)))
            return FALSE;
    return TRUE;
}

static gboolean add_identity(const Render *render, UnitFile *unit, GError **error)
{
    const ServiceUser *user = &render->spec->user;
    g_autofree char *passwd = render_generated_path(render->context, "passwd");
    g_autofree char *group = render_generated_path(render->context, "group");

    return (!user->passwd || add_bind(unit, TRUE, passwd, "/etc/passwd", error)) &&
           (!user->groups || add_bind(unit, TRUE, group, "/etc/group", error));
}

/* For programs that use syslog(3). From 257 on systemd does it unasked where there is a root image. */
static void add_log_sockets(const Render *render, UnitFile *unit)
{
    if (unit_target_knows(render->context->systemd_version, "Service", "BindLogSockets", NULL))
        unit_file_add(unit, "Service", "BindLogSockets", "yes");
    else
        unit_file_add(unit, "Service", "BindReadOnlyPaths",
                      "/dev/log /run/systemd/journal/socket /run/systemd/journal/stdout");
}

gboolean render_mounts(const Render *render, UnitFile *unit, GError **error)
{
    const ServiceSpec *spec = render->spec;
    const ServiceAttachment *attachment = &spec->attachment;
    const char *hosts = PATH_RUN "/hosts";
    const char *resolv = spec->network == SERVICE_NETWORK_HOST ? PATH_RUN "/resolv.conf"
                                                               : PATH_RUN "/resolv-uplink.conf";

    if (attachment->hosts_file)
        hosts = attachment->hosts_file;
    if (attachment->resolv_file)
        resolv = attachment->resolv_file;
    if (!add_root(render, unit, error))
        return FALSE;
    for (guint i = 0; i < spec->mounts->len; i++)
        if (!add_mount(render, g_ptr_array_index(spec->mounts, i), unit, error))
            return FALSE;
    if (!add_tmp(render, unit, error) || !add_identity(render, unit, error))
        return FALSE;
    add_log_sockets(render, unit);
    return (!spec->hosts_file || add_bind(unit, TRUE, hosts, "/etc/hosts", error)) &&
           (!spec->resolv_file || add_bind(unit, TRUE, resolv, "/etc/resolv.conf", error));
}

/* --- sandbox ------------------------------------------------------------------------------------------------------------- */

#define SYSCALL_LINE_LENGTH 100 /* from which on a line of the unit ends */

/* What root must be able to do to become somebody else, and to prepare folders for them. */
#define CAPABILITIES_OF_ROOT                                                                     \
    (CAPABILITY_BIT(CAP_CHOWN) | CAPABILITY_BIT(CAP_DAC_OVERRIDE) | CAPABILITY_BIT(CAP_FOWNER) | \
     CAPABILITY_BIT(CAP_KILL) | CAPABILITY_BIT(CAP_SETGID) | CAPABILITY_BIT(CAP_SETUID))

/* What Docker gives containers (moby oci/caps/defaults.go): for the profile trusted. */
#define CAPABILITIES_OF_CONTAINERS                                                                                 \
    (CAPABILITIES_OF_ROOT | CAPABILITY_BIT(CAP_FSETID) | CAPABILITY_BIT(CAP_MKNOD) | CAPABILITY_BIT(CAP_NET_RAW) | \
     CAPABILITY_BIT(CAP_SETFCAP) | CAPABILITY_BIT(CAP_SETPCAP) | CAPABILITY_BIT(CAP_NET_BIND_SERVICE) |            \
     CAPABILITY_BIT(CAP_SYS_CHROOT) | CAPABILITY_BIT(CAP_AUDIT_WRITE))

/* A user that is not root has capabilities only if they are ambient. */
static guint64 wanted_capabilities(const ServiceSpec *spec)
{
    return spec->capabilities | (spec->low_port ? CAPABILITY_BIT(CAP_NET_BIND_SERVICE) : 0);
}

guint64 service_capabilities(const ServiceSpec *spec)
{
    guint64 set = wanted_capabilities(spec);

    if (spec->profile == SERVICE_PROFILE_TRUSTED || sandbox_allows(spec->allow, "new-privileges"))
        set |= CAPABILITIES_OF_CONTAINERS;
    else if (spec->user.kind == SERVICE_USER_ROOT)
        set |= CAPABILITIES_OF_ROOT;
    return (set & ~spec->dropped) | wanted_capabilities(spec);
}

gboolean service_allows(const ServiceSpec *spec, const char *loosening)
{
    return sandbox_allows(spec->allow, loosening);
}

static void add_capabilities(const ServiceSpec *spec, UnitFile *unit)
{
    guint64 wanted = wanted_capabilities(spec);
    g_autofree char *ambient = capability_set_to_text(wanted);
    g_autofree char *bounding = capability_set_to_text(service_capabilities(spec));

    unit_file_add(unit, "Service", "CapabilityBoundingSet", bounding);
    if (wanted && spec->user.kind != SERVICE_USER_ROOT)
        unit_file_add(unit, "Service", "AmbientCapabilities", ambient);
}

/* Capabilities in a user namespace of its own are none over ports and devices of the host, and root there is nobody here. */
static gboolean has_private_users(const ServiceSpec *spec)
{
    return spec->profile != SERVICE_PROFILE_TRUSTED && spec->user.kind != SERVICE_USER_ROOT &&
           service_capabilities(spec) == 0 && !spec->user.others && !sandbox_allows(spec->allow, "users");
}

static void add_profile_comment(const ServiceSpec *spec, UnitFile *unit)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const ServiceLoosening *list = service_loosenings();

    g_string_printf(text, "Sandbox: profile %s", service_profile_words[spec->profile]);
    for (guint i = 0, n = 0; list[i].name; i++)
        if (spec->allow & (G_GUINT64_CONSTANT(1) << i))
            g_string_append_printf(text, "%s%s", n++ > 0 ? ", " : "; allowed too: ", list[i].name);
    unit_file_comment(unit, "Service", text->str);
}

/* In the place of the profile's, some to a line. */
static void add_syscalls(char *const *names, UnitFile *unit)
{
    gboolean denied = *names && strcmp(*names, "~") == 0;
    g_autoptr(GString) line = g_string_new(NULL);

    unit_file_remove(unit, "Service", "SystemCallFilter");
    for (names += denied; *names; names++) {
        g_string_append_printf(line, "%s%s", line->len > 0 ? " " : denied ? "~" : "", *names);
        if (line->len < SYSCALL_LINE_LENGTH && names[1])
            continue;
        unit_file_add(unit, "Service", "SystemCallFilter", line->str);
        g_string_truncate(line, 0);
    }
}

void render_sandbox(const Render *render, UnitFile *unit)
{
    const ServiceSpec *spec = render->spec;

    add_profile_comment(spec, unit);
    add_capabilities(spec, unit);
    sandbox_render(spec->profile, spec->allow, unit);
    if (spec->syscalls)
        add_syscalls(spec->syscalls, unit);
    if (spec->apparmor)
        unit_file_add(unit, "Service", "AppArmorProfile", spec->apparmor);
    if (spec->selinux)
        unit_file_add(unit, "Service", "SELinuxContext", spec->selinux);
    /* What is read-only for these is so behind a mount on the same folder, too. */
    if (spec_find_mount(spec, "/"))
        unit_file_remove(unit, "Service", "ProtectSystem");
    if (spec_find_mount(spec, "/") || spec_find_mount(spec, "/home") || spec_find_mount(spec, "/root"))
        unit_file_remove(unit, "Service", "ProtectHome");
    if (has_private_users(spec))
        unit_file_add(unit, "Service", "PrivateUsers", "yes");
    if (spec->process1)
        unit_file_add(unit, "Service", "PrivatePIDs", "yes");
    if (spec->network == SERVICE_NETWORK_NONE && !spec->attachment.netns) {
        unit_file_add(unit, "Service", "PrivateNetwork", "yes");
        unit_file_add(unit, "Service", "IPAddressDeny", "any");
        unit_file_add(unit, "Service", "IPAddressAllow", "localhost");
    }
}

/* The network that others have set up. */
static gboolean add_attachment(const ServiceAttachment *attachment, UnitFile *unit, GError **error)
{
    if (attachment->hostname)
        unit_file_set(unit, "Service", "ProtectHostname", attachment->hostname);
    for (char **address = attachment->address_deny; address && *address; address++)
        unit_file_add(unit, "Service", "IPAddressDeny", *address);
    for (char **address = attachment->address_allow; address && *address; address++)
        unit_file_add(unit, "Service", "IPAddressAllow", *address);
    return (!attachment->netns ||
            render_take(unit, "NetworkNamespacePath", unit_quote_single_path("", attachment->netns, error))) &&
           (!attachment->ingress_filter ||
            render_take(unit, "IPIngressFilterPath", unit_quote_single_path("", attachment->ingress_filter, error)));
}

static gboolean add_devices(const ServiceSpec *spec, UnitFile *unit, GError **error)
{
    for (guint i = 0; i < spec->devices->len; i++) {
        const ServiceDevice *device = g_ptr_array_index(spec->devices, i);
        const char *rule = device->rule ? device->rule : *device->path != '/' ? device->path : NULL;
        g_autofree char *path = rule ? NULL : unit_quote_path("", device->path, error);

        if (!path && !rule)
            return FALSE;
        unit_file_addf(unit, "Service", "DeviceAllow", "%s %s", path ? path : rule, device->access);
        if (device->group && spec->user.kind != SERVICE_USER_ROOT)
            unit_file_add(unit, "Service", "SupplementaryGroups", device->group);
        if (device->inside && spec->binds_devices && !add_bind(unit, FALSE, device->path, device->inside, error))
            return FALSE;
    }
    return TRUE;
}

static void add_user(const ServiceSpec *spec, UnitFile *unit)
{
    for (guint i = 0; spec->user.others && i < spec->user.others->len; i++)
        unit_file_addf(unit, "Service", "SupplementaryGroups", "%u", g_array_index(spec->user.others, guint32, i));
    switch (spec->user.kind) {
    case SERVICE_USER_OWN:
        unit_file_add(unit, "Service", "User", spec->user.host_name);
        unit_file_add(unit, "Service", "Group", spec->user.host_name);
        break;
    case SERVICE_USER_NUMBER:
        unit_file_addf(unit, "Service", "User", "%u", spec->user.uid);
        unit_file_addf(unit, "Service", "Group", "%u", spec->user.gid);
        break;
    case SERVICE_USER_ROOT:
        /* Not User=root: systemd 257 then takes CAP_SETUID away from services with a system call filter. */
        unit_file_comment(unit, "Service", "It runs as root.");
        break;
    }
}

/* Each line of the journal says which version wrote it. */
static gboolean add_log_fields(const Render *render, UnitFile *unit, GError **error)
{
    const char *stack = render->spec->stack;

    g_autofree char *title = unit_quote_text(render->spec->title);

    if (render->spec->no_log) {
        unit_file_add(unit, "Service", "StandardOutput", "null");
        unit_file_add(unit, "Service", "StandardError", "null");
    }
    unit_file_add(unit, "Service", "SyslogIdentifier", title);
    if (render->spec->log_max && !render_take(unit, "LogNamespace", unit_quote_percent(render->context->name)))
        return FALSE;
    return render_take(unit, "LogExtraFields",
                       unit_quote_environment("GOURD_VERSION", render->context->version, error)) &&
           (!stack || render_take(unit, "LogExtraFields", unit_quote_environment("GOURD_STACK", stack, error)));
}

gboolean render_place(const Render *render, UnitFile *unit, GError **error)
{
    add_user(render->spec, unit);
    if (!render_take(unit, "WorkingDirectory", unit_quote_single_path("", render->spec->working_dir, error)) ||
        !render_environment(render, unit, error))
        return FALSE;
    if (!add_log_fields(render, unit, error) || !render_mounts(render, unit, error))
        return FALSE;
    render_sandbox(render, unit);
    return add_attachment(&render->spec->attachment, unit, error) && add_devices(render->spec, unit, error);
}
