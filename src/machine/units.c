// SPDX-License-Identifier: LGPL-2.1-or-later
#include "skeleton-private.h"

#include <fnmatch.h>
#include <string.h>

/* Which units start by themselves: those of the machine's packages that are enabled when these are installed, and nothing of the host's other
 * packages, whose units are in the shared /usr too. */

#define UNITS "/usr/lib/systemd/system"
#define OWN_UNITS "/etc/systemd/system"
#define GENERATORS "/usr/lib/systemd/system-generators"
#define OWN_GENERATORS "/etc/systemd/system-generators"
#define PRESETS "/usr/lib/systemd/system-preset"
#define ALSO_DEPTH_MAX 8 /* units that enable each other */

/* Enabled on a host, and of no use in a machine. */
static const struct {
    const char *pattern, *reason;
} useless[] = {
    {"apt-daily*", "programs are the host's to install"},
    {"dnf*", "programs are the host's to install"},
    {"dpkg-db-backup.*", "the package database is the host's"},
    {"e2scrub*", "disks are the host's"},
    {"fstrim.*", "disks are the host's"},
    {"getty@*", "there are no virtual terminals: console-getty.service is what machinectl login shows"},
    {"machines.target", "machines in machines are not foreseen"},
    {"reboot.target", "there is no Ctrl-Alt-Del"},
    {"remote-cryptsetup.target", "disks are the host's"},
    {"rpmdb-*", "the package database is the host's"},
    {"systemd-boot-update.service", "the boot loader is the host's"},
    {"systemd-confext.service", "extensions are the host's"},
    {"systemd-homed*", "users are made by hand"},
    {"systemd-mountfsd.socket", "disks are the host's"},
    {"systemd-networkd-wait-online.service", "a boot does not wait for a network"},
    {"systemd-nsresourced.socket", "machines in machines are not foreseen"},
    {"systemd-oomd*", "memory that runs out is for the host to see"},
    {"systemd-pstore.service", "the kernel is the host's"},
    {"systemd-resolved.service", "/etc/resolv.conf is what systemd-nspawn makes of the host's"},
    {"systemd-sysext.service", "extensions are the host's"},
    {"systemd-timesyncd.service", "the clock is the host's"},
    {"systemd-userdbd.socket", "users are those of /etc/passwd"},
};

static gboolean is_useless(const SkeletonBuild *build, const char *unit)
{
    if (g_str_has_prefix(unit, "systemd-networkd.") || g_str_has_prefix(unit, "systemd-network-generator."))
        return !build->origin->network;
    for (guint i = 0; i < G_N_ELEMENTS(useless); i++) {
        if (g_pattern_match_simple(useless[i].pattern, unit))
            return TRUE;
    }
    return FALSE;
}

/* --- presets ------------------------------------------------------------------------------------------------------ */

typedef struct {
    char *pattern;
    gboolean enable;
} Preset;

static void preset_clear(gpointer data)
{
    g_free(((Preset *)data)->pattern);
}

/* systemd.preset(5): "enable PATTERN", the first that fits counts. Those of the host's /etc are the host's. */
static gboolean read_presets(const SkeletonBuild *build, GArray *presets, GError **error)
{
    g_autoptr(GPtrArray) names = NULL;

    if (!root_list(build->root, PRESETS, &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(PRESETS, g_ptr_array_index(names, i), NULL), *text = NULL;

        if (!g_str_has_suffix(path, ".preset"))
            continue;
        if (!skeleton_read(build, path, &text, error))
            return FALSE;
        g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
        for (char **line = lines; *line; line++) {
            g_auto(GStrv) words = g_strsplit_set(g_strstrip(*line), " \t", -1);
            const gboolean enable = g_strcmp0(words[0], "enable") == 0;

            if ((!enable && g_strcmp0(words[0], "disable") != 0) || !words[1])
                continue;
            Preset preset = {.pattern = g_strdup(g_strstrip(words[1])), .enable = enable};
            g_array_append_val(presets, preset);
        }
    }
    return TRUE;
}

/* What maintainer scripts of Debian do where no preset speaks of the unit. */
static gboolean is_enabled_by_script(const char *script, const char *unit)
{
    static const char *const forms[] = {"deb-systemd-helper enable '%s'", "deb-systemd-helper enable %s"};

    for (guint i = 0; script && i < G_N_ELEMENTS(forms); i++) {
        g_auto(GStrv) parts = g_strsplit(forms[i], "%s", 2);
        g_autofree char *text = g_strjoinv(unit, parts);

        if (strstr(script, text))
            return TRUE;
    }
    return FALSE;
}

static gboolean is_enabled(const GArray *presets, const SkeletonPackage *chosen, const char *unit)
{
    for (guint i = 0; i < presets->len; i++) {
        const Preset *preset = &g_array_index(presets, Preset, i);

        if (fnmatch(preset->pattern, unit, FNM_NOESCAPE) == 0)
            return preset->enable;
    }
    return is_enabled_by_script(chosen->script, unit);
}

/* --- enabling ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *key, *suffix;
} wants[] = {
    {"WantedBy", "wants"},
    {"RequiredBy", "requires"},
    {"UpheldBy", "upholds"},
};

static void add_unit_link(SkeletonBuild *build, const char *unit, const char *path)
{
    g_autofree char *target = g_strconcat(UNITS "/", unit, NULL);

    skeleton_add_link(build->skeleton, path, target);
    vector_append_once(&build->skeleton->units, unit);
}

/* Names of a setting that has several in a line. */
static char **split_names(const UnitFile *file, const char *key)
{
    g_autoptr(GPtrArray) values = unit_file_list(file, "Install", key);
    char **names = NULL;

    for (guint i = 0; i < values->len; i++) {
        g_auto(GStrv) words = g_strsplit_set(g_ptr_array_index(values, i), " \t", -1);

        for (char **word = words; *word; word++) {
            if (unit_name_is_valid(*word, UNIT_NAME_ANY))
                vector_append(&names, *word);
        }
    }
    return names;
}

static gboolean is_enabled_already(const SkeletonBuild *build, const char *unit)
{
    const char *const *units = (const char *const *)build->skeleton->units;

    return units && g_strv_contains(units, unit);
}

/* The links that its [Install] asks for. */
static void link_unit(SkeletonBuild *build, const char *unit, const UnitFile *file)
{
    g_auto(GStrv) aliases = split_names(file, "Alias");

    for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
        g_auto(GStrv) names = split_names(file, wants[i].key);

        for (char **name = names; name && *name; name++) {
            g_autofree char *link = g_strdup_printf(OWN_UNITS "/%s.%s/%s", *name, wants[i].suffix, unit);

            add_unit_link(build, unit, link);
        }
    }
    for (char **alias = aliases; alias && *alias; alias++) {
        g_autofree char *link = g_strdup_printf(OWN_UNITS "/%s", *alias);

        add_unit_link(build, unit, link);
    }
}

static gboolean enable_unit(SkeletonBuild *build, const char *unit, guint depth, GError **error)
{
    g_autofree char *path = g_strconcat(UNITS "/", unit, NULL), *text = NULL;

    if (!skeleton_read(build, path, &text, error))
        return FALSE;
    if (!text || depth > ALSO_DEPTH_MAX || is_useless(build, unit) || is_enabled_already(build, unit))
        return TRUE;
    g_autoptr(UnitFile) file = unit_file_parse(text, strlen(text), NULL, error);
    if (!file)
        return gourd_error_prefix(error, "'%s'", path);
    g_auto(GStrv) also = split_names(file, "Also");
    link_unit(build, unit, file);
    for (char **other = also; other && *other; other++) {
        if (!enable_unit(build, *other, depth + 1, error))
            return FALSE;
    }
    return TRUE;
}

/* The name of a unit in the folder of units; NULL: this is none. */
static const char *unit_of_path(const char *path)
{
    if (!g_str_has_prefix(path, UNITS "/"))
        return NULL;
    path += strlen(UNITS "/");
    return unit_name_is_valid(path, UNIT_NAME_PLAIN) ? path : NULL;
}

static gboolean enable_units(SkeletonBuild *build, const GArray *presets, GError **error)
{
    for (guint i = 0; i < build->chosen->len; i++) {
        const SkeletonPackage *chosen = g_ptr_array_index(build->chosen, i);

        for (char **file = chosen->files; *file; file++) {
            g_autofree char *path = skeleton_merged_path(build, *file);
            const char *unit = unit_of_path(path);

            if (unit && is_enabled(presets, chosen, unit) && !enable_unit(build, unit, 0, error))
                return FALSE;
        }
    }
    return TRUE;
}

/* --- masking ------------------------------------------------------------------------------------------------------ */

static gboolean is_own(const SkeletonBuild *build, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return g_hash_table_contains(build->owners, path);
}

/* The record has them, so that they go when a package that they are of comes. */
static void add_mask(SkeletonBuild *build, const char *path)
{
    skeleton_add_link(build->skeleton, path, "/dev/null");
    vector_append_once(&build->skeleton->masks, path);
}

/* What others have in the shared TARGET.wants/ would start here. */
static gboolean mask_wanted(SkeletonBuild *build, const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(UNITS, folder, NULL);
    g_autoptr(GPtrArray) names = NULL;

    if (!root_list(build->root, path, &names, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *mask = g_build_filename(OWN_UNITS, name, NULL);

        if (!is_own(build, UNITS, name) && !machine_skeleton_find(build->skeleton, mask))
            add_mask(build, mask);
    }
    return TRUE;
}

static gboolean mask_others(SkeletonBuild *build, GError **error)
{
    g_autoptr(GPtrArray) folders = NULL, generators = NULL;

    if (!root_list(build->root, UNITS, &folders, error) || !root_list(build->root, GENERATORS, &generators, error))
        return FALSE;
    for (guint i = 0; i < folders->len; i++) {
        const char *name = g_ptr_array_index(folders, i);

        if ((g_str_has_suffix(name, ".wants") || g_str_has_suffix(name, ".requires")) &&
            !mask_wanted(build, name, error))
            return FALSE;
    }
    for (guint i = 0; i < generators->len; i++) {
        const char *name = g_ptr_array_index(generators, i);
        g_autofree char *mask = g_build_filename(OWN_GENERATORS, name, NULL);

        if (!is_own(build, GENERATORS, name))
            add_mask(build, mask);
    }
    return TRUE;
}

gboolean skeleton_add_units(SkeletonBuild *build, GError **error)
{
    g_autoptr(GArray) presets = g_array_new(FALSE, FALSE, sizeof(Preset));

    if (build->origin->command)
        return TRUE;
    g_array_set_clear_func(presets, preset_clear);
    skeleton_add_link(build->skeleton, OWN_UNITS "/default.target", UNITS "/multi-user.target");
    return read_presets(build, presets, error) && enable_units(build, presets, error) && mask_others(build, error);
}
