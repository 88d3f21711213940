// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sandbox.h"
#include "scan.h"
#include "spec.h"

#include <string.h>

static gboolean fail_loosening(const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree char *shown = text_escape(name);

    for (const ServiceLoosening *loosening = service_loosenings(); loosening->name; loosening++)
        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", loosening->name);
    gourd_error_set(error, GOURD_ERROR_USAGE, "--allow does not know '%s'", shown);
    return gourd_error_hint(error, "%s", names->str);
}

static gboolean add_loosenings(SpecSource *source, GError **error)
{
    for (char **name = source->options->allow; name && *name; name++) {
        guint64 bit = sandbox_loosening(*name);

        if (bit == 0)
            return fail_loosening(*name, error);
        source->spec->allow |= bit;
    }
    return TRUE;
}

static gboolean add_capabilities(SpecSource *source, GError **error)
{
    for (char **name = source->options->capabilities; name && *name; name++) {
        guint number;

        if (!capability_find(*name, &number)) {
            g_autofree char *shown = text_escape(*name);

            return gourd_error_set(error, GOURD_ERROR_USAGE, "there is no capability '%s'", shown);
        }
        source->spec->capabilities |= CAPABILITY_BIT(number);
    }
    return TRUE;
}

/* Whose the devices are on a host: groups that systemd itself makes (basic.conf of its sysusers.d). */
static const struct {
    const char *prefix; /* of a path */
    const char *group;
} device_groups[] = {
    {"/dev/dri/card", "video"},  {"/dev/dri/render", "render"}, {"/dev/kfd", "render"},     {"/dev/video", "video"},
    {"/dev/media", "video"},     {"/dev/snd/", "audio"},        {"/dev/input/", "input"},   {"/dev/kvm", "kvm"},
    {"/dev/ttyS", "dialout"},    {"/dev/ttyUSB", "dialout"},    {"/dev/ttyACM", "dialout"}, {"/dev/ttyAMA", "dialout"},
    {"/dev/serial/", "dialout"}, {"/dev/sr", "cdrom"},          {"/dev/lp", "lp"},          {"/dev/usb/lp", "lp"},
};

static const char *group_of_device(const char *path)
{
    for (gsize i = 0; i < G_N_ELEMENTS(device_groups); i++)
        if (g_str_has_prefix(path, device_groups[i].prefix))
            return device_groups[i].group;
    return NULL;
}

/* PATH[:ACCESS], of which access is some of r, w and m. */
static gboolean add_devices(SpecSource *source, GError **error)
{
    for (char **text = source->options->devices; text && *text; text++) {
        const char *colon = strchr(*text, ':');
        const char *access = colon ? colon + 1 : "rw";
        g_autofree char *path = g_strndup(*text, colon ? (gsize)(colon - *text) : strlen(*text));

        if (!g_str_has_prefix(path, "/dev/") || !*access || strspn(access, "rwm") != strlen(access)) {
            g_autofree char *shown = text_escape(*text);

            gourd_error_set(error, GOURD_ERROR_USAGE, "--device '%s' is not /dev/…[:rwm]", shown);
            return gourd_error_hint(error, "a device has one path, the host's, inside too");
        }
        ServiceDevice *device = g_new0(ServiceDevice, 1);
        device->path = g_steal_pointer(&path);
        device->access = g_strdup(access);
        device->group = group_of_device(device->path);
        g_ptr_array_add(source->spec->devices, device);
    }
    return TRUE;
}

gboolean spec_add_sandbox(SpecSource *source, GError **error)
{
    ServiceSpec *spec = source->spec;
    g_auto(ImageScan) scan = {0};

    spec->profile = source->options->profile;
    if (!add_loosenings(source, error) || !add_capabilities(source, error) || !add_devices(source, error))
        return FALSE;
    if (source->context->one_off)
        return TRUE;
    if (!image_scan(source, &scan, error))
        return FALSE;
    if (spec->devices->len > 0)
        spec->allow |= sandbox_loosening("devices");
    if (scan.jit && spec->profile == SERVICE_PROFILE_DEFAULT && !sandbox_allows(spec->allow, "jit")) {
        spec->allow |= sandbox_loosening("jit");
        notes_add(source->notes, "jit-allowed",
                  "the image has a compiler at run time, so memory may be writable and executable", scan.jit);
    }
    spec->pipes = scan.opens_output && !spec->process1;
    if (scan.private_path && spec->user.kind == SERVICE_USER_OWN)
        spec_note_private(source, scan.private_path);
    if (scan.drops && spec->user.kind != SERVICE_USER_ROOT && !spec->user.in_image)
        notes_add(
            source->notes, NOTE_STARTS_AS_ROOT,
            "the image starts as root and becomes another user; here it is a user of its own from the beginning. If it "
            "insists: --user root",
            scan.drops);
    return TRUE;
}
