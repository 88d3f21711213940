// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sandbox.h"
#include "spec.h"

#include <linux/capability.h>
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

static gboolean take_capabilities(char *const *names, guint64 *set, GError **error)
{
    for (; names && *names; names++) {
        guint number;

        if (g_ascii_strcasecmp(*names, "ALL") == 0) {
            *set = CAPABILITIES_ALL;
            continue;
        }
        if (!capability_find(*names, &number)) {
            g_autofree char *shown = text_escape(*names);

            return gourd_error_set(error, GOURD_ERROR_USAGE, "there is no capability '%s'", shown);
        }
        *set |= CAPABILITY_BIT(number);
    }
    return TRUE;
}

/* What of the sandbox makes a capability useless. Docker's filter lets through what a capability is for, too. */
static const struct {
    guint capability;
    const char *loosenings[2];
} needs_of_capabilities[] = {
    {CAP_BPF, {"syscalls"}},
    {CAP_CHECKPOINT_RESTORE, {"debug", "syscalls"}},
    {CAP_MKNOD, {"devices"}},
    {CAP_NET_ADMIN, {"netlink"}},
    {CAP_NET_RAW, {"packets"}},
    {CAP_PERFMON, {"syscalls"}},
    {CAP_SYSLOG, {"kernel-logs"}},
    {CAP_SYS_ADMIN, {"namespaces"}},
    {CAP_SYS_BOOT, {"syscalls"}},
    {CAP_SYS_CHROOT, {"namespaces"}},
    {CAP_SYS_NICE, {"realtime"}},
    {CAP_SYS_PACCT, {"syscalls"}},
    {CAP_SYS_PTRACE, {"debug"}},
    {CAP_SYS_RAWIO, {"devices", "syscalls"}},
    {CAP_SYS_RESOURCE, {"realtime"}},
    {CAP_SYS_TIME, {"clock"}},
    {CAP_SYS_TTY_CONFIG, {"syscalls"}},
};

static void add_needs(ServiceSpec *spec, guint64 added)
{
    for (gsize i = 0; i < G_N_ELEMENTS(needs_of_capabilities); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(needs_of_capabilities[i].loosenings); k++) {
            const char *name = needs_of_capabilities[i].loosenings[k];

            if (name && (added & CAPABILITY_BIT(needs_of_capabilities[i].capability)))
                spec->allow |= sandbox_loosening(name);
        }
}

static gboolean add_capabilities(SpecSource *source, GError **error)
{
    const ServiceOptions *options = source->options;
    ServiceSpec *spec = source->spec;
    guint64 added = 0;

    if (!take_capabilities(options->capabilities, &spec->capabilities, error) ||
        !take_capabilities(options->cap_add, &added, error) ||
        !take_capabilities(options->cap_drop, &spec->dropped, error))
        return FALSE;
    /* "ALL" but those that are dropped; else what is added goes before. */
    if (added == CAPABILITIES_ALL && spec->dropped != CAPABILITIES_ALL)
        added &= ~spec->dropped;
    if (added & CAPABILITY_BIT(CAP_SYS_MODULE))
        notes_add(source->notes, "capability-without-effect",
                  "services do not load modules of the kernel; /etc/modules-load.d has the host do it",
                  "CAP_SYS_MODULE");
    if ((spec->dropped & ~added & CAPABILITY_BIT(CAP_NET_BIND_SERVICE)) && spec->low_port)
        notes_add(source->notes, "capability-kept",
                  "a port below 1024 takes it: in a container everybody may listen there, on a host it is a capability",
                  "CAP_NET_BIND_SERVICE");
    spec->capabilities |= added;
    add_needs(spec, added);
    return TRUE;
}

/* Words that go into the unit as they are. */
static gboolean check_words(const ServiceSpec *spec, GError **error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,@~";
    const char *const words[] = {spec->apparmor, spec->selinux};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (words[i] && (!*words[i] || strspn(words[i], letters) != strlen(words[i]))) {
            g_autofree char *shown = text_escape(words[i]);

            return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no %s", shown,
                                   i == 0 ? "name of an AppArmor profile" : "context of SELinux");
        }
    for (char **name = spec->syscalls; name && *name; name++)
        if (!**name || strspn(*name, letters) != strlen(*name)) {
            g_autofree char *shown = text_escape(*name);

            return gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no system call", shown);
        }
    return TRUE;
}

/* The first path that only the image's user may use, and that is seen. */
static const char *find_private(const ServiceSpec *spec, const ImageScan *scan)
{
    for (guint i = 0; spec->user.in_image && i < scan->private_paths->len; i++) {
        const PrivatePath *private = g_ptr_array_index(scan->private_paths, i);

        if (private->uid == spec->user.uid && !spec_is_mounted_over(spec, private->path))
            return private->path;
    }
    return NULL;
}

static gboolean add_scanned(SpecSource *source, GError **error)
{
    ServiceSpec *spec = source->spec;
    const ImageScan *scan = service_image_scan(source->image, error);
    const ProgramScan *program = service_image_program(source->image, spec->program);

    if (!scan)
        return FALSE;
    if (scan->jit && spec->profile == SERVICE_PROFILE_DEFAULT && !sandbox_allows(spec->allow, "jit")) {
        spec->allow |= sandbox_loosening("jit");
        notes_add(source->notes, "jit-allowed",
                  "the image has a compiler at run time, so memory may be writable and executable", scan->jit);
    }
    spec->pipes = !spec->process1 && (scan->opens_output || program->opens_output || scan_names_output(spec->argv) ||
                                      scan_names_output(spec->environment));
    const char *private_path = spec->user.kind == SERVICE_USER_OWN ? find_private(spec, scan) : NULL;
    if (private_path)
        spec_note_private(source, private_path);
    const char *switcher = program->switcher ? program->switcher : scan_find_switcher(spec->argv);
    if (switcher && spec->user.kind != SERVICE_USER_ROOT && !spec->user.in_image)
        notes_add(
            source->notes, NOTE_STARTS_AS_ROOT,
            "the image starts as root and becomes another user; here it is a user of its own from the beginning. If it "
            "insists: user root",
            switcher);
    return TRUE;
}

gboolean spec_add_sandbox(SpecSource *source, GError **error)
{
    ServiceSpec *spec = source->spec;

    spec->profile = source->options->profile;
    spec->syscalls = g_strdupv(source->options->syscalls);
    spec->apparmor = g_strdup(source->options->apparmor);
    spec->selinux = g_strdup(source->options->selinux);
    if (!add_loosenings(source, error) || !add_capabilities(source, error) || !check_words(spec, error) ||
        !spec_add_devices(source, error))
        return FALSE;
    if (source->context->one_off)
        return TRUE;
    if (spec->devices->len > 0 && !spec->binds_devices)
        spec->allow |= sandbox_loosening("devices");
    return add_scanned(source, error);
}
