// SPDX-License-Identifier: LGPL-2.1-or-later
#include "render.h"

#include "service/service.h"

#include <string.h>

/* A machine is started when its systemd says so, with all its units: on a slow host that takes its time. */
#define START_TIMEOUT "5min"

void machine_add_file(GPtrArray *files, const char *path, const char *machine, const char *text)
{
    ServiceFile *file = g_new0(ServiceFile, 1);
    char *whole = g_strdup_printf("# Written by gourd " GOURD_VERSION " for the machine %s.\n\n%s", machine, text);

    file->path = g_strdup(path);
    file->mode = 0644;
    file->content = g_bytes_new_take(whole, strlen(whole));
    g_ptr_array_add(files, file);
}

/* --- values of .nspawn files -------------------------------------------------------------------------------------- */

/* A word as systemd.nspawn(5) reads lists of them: with C escapes, and without specifiers. */
static char *quote_word(const char *word)
{
    GString *text = g_string_new("\"");

    for (const char *at = word; *at; at++)
        if (*at == '"' || *at == '\\')
            g_string_append_printf(text, "\\%c", *at);
        else if (g_ascii_iscntrl(*at))
            g_string_append_printf(text, "\\x%02x", (guint8)*at);
        else
            g_string_append_c(text, *at);
    g_string_append_c(text, '"');
    return g_string_free(text, FALSE);
}

static char *quote_words(char *const *words)
{
    GString *text = g_string_new(NULL);

    for (; *words; words++) {
        g_autofree char *quoted = quote_word(*words);

        g_string_append_printf(text, "%s%s", text->len ? " " : "", quoted);
    }
    return g_string_free(text, FALSE);
}

static gboolean check_path(const char *path, GError **error)
{
    g_autofree char *plain = g_canonicalize_filename(path, "/"), *shown = text_escape(path);

    if (*path == '/' && strcmp(plain, path) == 0 && path[strcspn(path, "\\\"' \t\n%")] == '\0' &&
        g_utf8_validate(path, -1, NULL))
        return TRUE;
    gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' cannot be shown in a machine", shown);
    return gourd_error_hint(error, "a plain absolute path without blanks, quotes, backslashes and %% can");
}

/* SOURCE[:INSIDE][:ro]. What is shown has inside the owners that it has outside. */
static gboolean add_bind(UnitFile *settings, const MachineSpec *spec, const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    guint n = g_strv_length(parts);
    gboolean read_only = n > 1 && strcmp(parts[n - 1], "ro") == 0;
    const char *inside = n - read_only == 2 ? parts[1] : parts[0];

    if (n - read_only < 1 || n - read_only > 2) {
        g_autofree char *shown = text_escape(text);

        gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' says not what is shown where", shown);
        return gourd_error_hint(error, "it is SOURCE[:PATH][:ro]");
    }
    if (!check_path(parts[0], error) || !check_path(inside, error))
        return FALSE;
    unit_file_addf(settings, "Files", read_only ? "BindReadOnly" : "Bind", "%s:%s%s", parts[0], inside,
                   spec->shares_users ? "" : ":idmap");
    return TRUE;
}

static gboolean add_capabilities(UnitFile *settings, const char *key, char *const *names, GError **error)
{
    for (; names && *names; names++) {
        g_autofree char *upper = g_ascii_strup(*names, -1);
        g_autofree char *name = g_str_has_prefix(upper, "CAP_") ? g_strdup(upper) : g_strconcat("CAP_", upper, NULL);

        guint number;

        if (!capability_find(name, &number)) {
            g_autofree char *shown = text_escape(*names);

            gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is no capability", shown);
            return gourd_error_hint(error, "capabilities(7) has their names, as NET_ADMIN");
        }
        unit_file_add(settings, "Exec", key, name);
    }
    return TRUE;
}

/* --- .nspawn ------------------------------------------------------------------------------------------------------ */

static void add_start(UnitFile *settings, const MachineSpec *spec)
{
    if (!spec->command) {
        unit_file_add(settings, "Exec", "Boot", "yes");
        unit_file_add(settings, "Exec", "NotifyReady", "yes");
        return;
    }
    g_autofree char *words = quote_words(spec->command);

    unit_file_add(settings, "Exec", "Boot", "no");
    unit_file_add(settings, "Exec", "ProcessTwo", "yes");
    unit_file_add(settings, "Exec", "Parameters", words);
    unit_file_add(settings, "Exec", "LinkJournal", "no");
}

static gboolean render_settings(GPtrArray *files, const char *name, const MachineSpec *spec, const char *const *binds,
                                const GPtrArray *links, GError **error)
{
    g_autoptr(UnitFile) settings = unit_file_new();
    g_autofree char *path = g_strdup_printf(MACHINE_PATH_SETTINGS "/%s.nspawn", name), *text = NULL;

    add_start(settings, spec);
    unit_file_add(settings, "Exec", "PrivateUsers", spec->shares_users ? "no" : "pick");
    if (spec->is_volatile)
        unit_file_add(settings, "Exec", "Ephemeral", "yes");
    /* What systemd-resolved of the host listens on cannot be reached from another network. */
    if (spec->network != MACHINE_NETWORK_HOST)
        unit_file_add(settings, "Exec", "ResolvConf", spec->copies_resolv_conf ? "replace-host" : "replace-uplink");
    if (!add_capabilities(settings, "Capability", spec->capabilities, error) ||
        !add_capabilities(settings, "DropCapability", spec->capabilities_dropped, error))
        return FALSE;
    if (!spec->shares_users)
        unit_file_add(settings, "Files", "PrivateUsersOwnership", spec->owners_shifted ? "chown" : "map");
    for (; *binds; binds++)
        unit_file_addf(settings, "Files", "BindReadOnly", "%s:%s%s", *binds, *binds,
                       spec->shares_users ? "" : ":idmap");
    for (char **bind = spec->binds; bind && *bind; bind++)
        if (!add_bind(settings, spec, *bind, error))
            return FALSE;
    if (!machine_render_nspawn_network(settings, spec, links, error))
        return FALSE;
    text = unit_file_to_text(settings, error);
    if (!text)
        return FALSE;
    machine_add_file(files, path, name, text);
    return TRUE;
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

static void add_size(UnitFile *dropin, const char *key, gint64 bytes)
{
    if (bytes == MACHINE_UNSET)
        return;
    g_autofree char *text = unit_format_size((guint64)bytes);

    unit_file_add(dropin, "Service", key, text);
}

/* DEVICE:BYTES */
static gboolean add_rates(UnitFile *dropin, const char *key, char *const *rates, GError **error)
{
    for (; rates && *rates; rates++) {
        const char *colon = strrchr(*rates, ':');
        g_autofree char *device = g_strndup(*rates, colon ? (gsize)(colon - *rates) : 0), *shown = text_escape(*rates);
        guint64 bytes;

        if (!colon || !unit_parse_size(colon + 1, &bytes, NULL) || bytes == 0 || bytes == UNIT_INFINITY) {
            gourd_error_set(error, GOURD_ERROR_USAGE, "'%s' is not a device and what it may do each second", shown);
            return gourd_error_hint(error, "as in /dev/sda:10M, or with a path that is on the device");
        }
        if (!check_path(device, error))
            return FALSE;
        g_autofree char *text = unit_format_size(bytes);
        unit_file_addf(dropin, "Service", key, "%s %s", device, text);
    }
    return TRUE;
}

static gboolean add_limits(UnitFile *dropin, const MachineSpec *spec, GError **error)
{
    add_size(dropin, "MemoryMax", spec->memory);
    add_size(dropin, "MemorySwapMax", spec->swap);
    if (spec->cpus_per_mille != MACHINE_UNSET)
        unit_file_addf(dropin, "Service", "CPUQuota", "%" G_GINT64_FORMAT "%%",
                       spec->cpus_per_mille / 10 + (spec->cpus_per_mille % 10 != 0));
    if (spec->tasks != MACHINE_UNSET)
        unit_file_addf(dropin, "Service", "TasksMax", "%" G_GINT64_FORMAT, spec->tasks);
    if (spec->io_weight != MACHINE_UNSET)
        unit_file_addf(dropin, "Service", "IOWeight", "%" G_GINT64_FORMAT, spec->io_weight);
    return add_rates(dropin, "IOReadBandwidthMax", spec->io_reads, error) &&
           add_rates(dropin, "IOWriteBandwidthMax", spec->io_writes, error);
}

static gboolean render_dropin(GPtrArray *files, const char *name, const MachineSpec *spec, const GPtrArray *links,
                              guint version, Notes *notes, GError **error)
{
    g_autoptr(UnitFile) dropin = unit_file_new();
    g_autofree char *unit = machine_unit_name(name), *text = NULL;

    unit_file_add(dropin, "Service", "TimeoutStartSec", START_TIMEOUT);
    /* What systemd-nspawn of 257 says goes to journald by itself, which cannot tell whose it is once that process has ended. */
    unit_file_add(dropin, "Service", "Environment", "SYSTEMD_LOG_TARGET=console");
    if (!add_limits(dropin, spec, error) || !machine_render_host_network(files, dropin, name, spec, links, error) ||
        (spec->command && !machine_render_entered_network(dropin, name, spec, links, error)) ||
        !unit_file_fit(dropin, version, notes, error))
        return FALSE;
    text = unit_file_to_text(dropin, error);
    if (!text)
        return FALSE;
    g_autofree char *path = unit_dropin_path(PATH_UNITS, unit, "gourd");
    machine_add_file(files, path, name, text);
    return TRUE;
}

gboolean machine_render(const char *name, const MachineSpec *spec, const char *const *binds, guint systemd_version,
                        Notes *notes, GPtrArray **ret_files, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)service_file_free), links = NULL;

    if (!machine_check_sysctls(spec, error) || !machine_links_parse(name, spec, &links, error) ||
        !render_settings(files, name, spec, binds, links, error) ||
        !render_dropin(files, name, spec, links, systemd_version, notes, error))
        return FALSE;
    *ret_files = g_steal_pointer(&files);
    return TRUE;
}
