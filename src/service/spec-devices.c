// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inside.h"
#include "spec.h"

#include <string.h>

/* Whose devices are on a host: groups that systemd itself makes (basic.conf of its sysusers.d). */
static const struct {
    const char *prefix; /* of a path */
    const char *group;
} groups[] = {
    {"/dev/dri/card", "video"},  {"/dev/dri/render", "render"}, {"/dev/kfd", "render"},     {"/dev/video", "video"},
    {"/dev/media", "video"},     {"/dev/snd/", "audio"},        {"/dev/input/", "input"},   {"/dev/kvm", "kvm"},
    {"/dev/ttyS", "dialout"},    {"/dev/ttyUSB", "dialout"},    {"/dev/ttyACM", "dialout"}, {"/dev/ttyAMA", "dialout"},
    {"/dev/serial/", "dialout"}, {"/dev/sr", "cdrom"},          {"/dev/lp", "lp"},          {"/dev/usb/lp", "lp"},
};

/* Folders whose devices are all of one kind, which the kernel has a name for (/proc/devices). */
static const struct {
    const char *path, *rule, *group;
} folders[] = {
    {"/dev/snd", "char-alsa", "audio"},    {"/dev/dri", "char-drm", "video render"},
    {"/dev/input", "char-input", "input"}, {"/dev/bus/usb", "char-usb_device", NULL},
    {"/dev/net", "/dev/net/tun", NULL},
};

static void find_kind(ServiceDevice *device)
{
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
        if (g_str_has_prefix(device->path, groups[i].prefix))
            device->group = groups[i].group;
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++)
        if (strcmp(device->path, folders[i].path) == 0) {
            device->rule = folders[i].rule;
            device->group = folders[i].group;
        }
}

static gboolean is_access(const char *text)
{
    return *text && strspn(text, "rwm") == strlen(text);
}

/* Takes path and inside. */
static void add(ServiceSpec *spec, char *path, char *inside, const char *access)
{
    ServiceDevice *device = g_new0(ServiceDevice, 1);

    device->path = path;
    device->inside = inside;
    device->access = g_strdup(access);
    find_kind(device);
    g_ptr_array_add(spec->devices, device);
}

/* PATH[:INSIDE][:ACCESS] */
static gboolean add_device(ServiceSpec *spec, const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    guint n = g_strv_length(parts);
    const char *access = n > 1 && is_access(parts[n - 1]) ? parts[--n] : "rw";
    const char *inside = n > 1 ? parts[1] : parts[0];

    if (n < 1 || n > 2 || !g_str_has_prefix(parts[0], "/dev/") || !g_str_has_prefix(inside, "/dev/")) {
        g_autofree char *shown = text_escape(text);

        return gourd_error_set(error, GOURD_ERROR_USAGE, "--device '%s' is not /dev/…[:/dev/…][:rwm]", shown);
    }
    char *path = inside_plain_path("/", parts[0]), *path_inside = inside_plain_path("/", inside);

    spec->binds_devices |= strcmp(path, path_inside) != 0;
    add(spec, path, path_inside, access);
    return TRUE;
}

/* "TYPE MAJOR:MINOR ACCESS" of devices.allow (Linux, cgroup-v1/devices.rst). */
static gboolean add_rule(ServiceSpec *spec, const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit_set(text, " :", -1);
    gboolean is_rule = g_strv_length(parts) == 4 && strlen(parts[0]) == 1 && strchr("abc", *parts[0]) &&
                       is_access(parts[3]);
    const char *major = is_rule ? parts[1] : "", *minor = is_rule ? parts[2] : "";
    gboolean every_major = strcmp(major, "*") == 0, every_minor = strcmp(minor, "*") == 0;

    if (!is_rule || (!every_major && !g_ascii_string_to_unsigned(major, 10, 0, 4095, NULL, NULL)) ||
        (!every_minor && (every_major || !g_ascii_string_to_unsigned(minor, 10, 0, 1048575, NULL, NULL)))) {
        g_autofree char *shown = text_escape(text);

        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no rule for devices", shown);
        return gourd_error_hint(error,
                                "a rule is like \"c 13:* rw\": c or b, major and minor number or *, some of rwm");
    }
    for (gsize i = 0; i < 2; i++) {
        const char *type = i == 0 ? "char" : "block";

        if (*parts[0] != 'a' && *parts[0] != *type)
            continue;
        add(spec,
            every_minor ? g_strdup_printf("%s-%s", type, major) : g_strdup_printf("/dev/%s/%s:%s", type, major, minor),
            NULL, parts[3]);
    }
    return TRUE;
}

gboolean spec_add_devices(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    ServiceSpec *spec = source->spec;

    for (char **text = options->devices; text && *text; text++)
        if (!add_device(spec, *text, error))
            return FALSE;
    for (char **text = options->device_rules; text && *text; text++)
        if (!add_rule(spec, *text, error))
            return FALSE;
    /* Nodes that a rule is for may come later: only the host's /dev has them then. */
    if (spec->binds_devices && options->device_rules && options->device_rules[0]) {
        gourd_error_set(error, GOURD_ERROR_UNSUPPORTED, "rules for devices, and devices under another name");
        return gourd_error_hint(error, "give devices the path that they have on the host");
    }
    return TRUE;
}
