// SPDX-License-Identifier: LGPL-2.1-or-later
#include "why-private.h"

#include <string.h>

/* 226/NAMESPACE: mounts that cannot be made. systemd names the path at best; the setting that wants it, and whether the path is missing
 * on the host or in the image, is found here by doing the same in thought. */

typedef enum {
    WANT_BIND,   /* SOURCE[:DESTINATION] */
    WANT_IMAGES, /* SOURCE:DESTINATION[:OPTIONS] */
    WANT_TMPFS,  /* DESTINATION[:OPTIONS] */
    WANT_PATHS,  /* DESTINATION… */
    WANT_FOLDER, /* a name below a folder, which systemd makes on the host */
} WantKind;

static const struct {
    const char *key;
    WantKind kind;
    const char *folder; /* of WANT_FOLDER */
} wants[] = {
    {"BindPaths", WANT_BIND, NULL},
    {"BindReadOnlyPaths", WANT_BIND, NULL},
    {"MountImages", WANT_IMAGES, NULL},
    {"TemporaryFileSystem", WANT_TMPFS, NULL},
    {"StateDirectory", WANT_FOLDER, "/var/lib"},
    {"CacheDirectory", WANT_FOLDER, "/var/cache"},
    {"LogsDirectory", WANT_FOLDER, "/var/log"},
    {"ReadWritePaths", WANT_PATHS, NULL},
    {"ReadOnlyPaths", WANT_PATHS, NULL},
    {"InaccessiblePaths", WANT_PATHS, NULL},
    {"ExecPaths", WANT_PATHS, NULL},
    {"NoExecPaths", WANT_PATHS, NULL},
};

typedef struct {
    WhySetting setting;
    WantKind kind;
    char *source; /* on the host, or NULL */
    char *destination;
    gboolean source_optional;
} Want;

static void want_free(gpointer data)
{
    Want *want = data;

    g_free(want->source);
    g_free(want->destination);
    g_free(want);
}

static void add_want(GPtrArray *list, const WhySetting *setting, WantKind kind, const char *source,
                     const char *destination)
{
    Want *want = g_new0(Want, 1);

    want->setting = *setting;
    want->kind = kind;
    want->source_optional = source && *source == '-';
    want->source = source ? g_strdup(source + strspn(source, "-+")) : NULL;
    want->destination = inside_plain_path("/", destination);
    g_ptr_array_add(list, want);
}

/* What cannot be read here, such as a specifier, is left to systemd's own words. */
static void read_want(GPtrArray *list, const WhySetting *setting, WantKind kind, const char *folder)
{
    g_auto(GStrv) parts = NULL;

    if (kind == WANT_BIND || kind == WANT_IMAGES) {
        if (unit_unquote_bind(setting->value, &parts, NULL))
            add_want(list, setting, kind, parts[0], parts[1]);
        return;
    }
    if (!unit_unquote_paths(setting->value, &parts, NULL))
        return;
    for (char **part = parts; *part; part++) {
        g_autofree char *name = g_strndup(*part, kind == WANT_PATHS ? strlen(*part) : strcspn(*part, ":"));
        g_autofree char *path = folder ? g_build_filename(folder, name, NULL) : NULL;

        /* "-" before these means that the path may be missing. */
        if (kind == WANT_FOLDER || *name != '-')
            add_want(list, setting, kind, NULL, path ? path : name + strspn(name, "+"));
    }
}

static GPtrArray *list_wants(const WhyFacts *facts)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(want_free);

    for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
        g_autoptr(GArray) settings = why_settings(facts, wants[i].key);

        for (guint j = 0; j < settings->len; j++)
            read_want(list, &g_array_index(settings, WhySetting, j), wants[i].kind, wants[i].folder);
    }
    return list;
}

/* --- what is wrong with one of them ---------------------------------------------------------------------------------- */

static char *remedy_for_mount_point(const WhyFacts *facts, const char *shown, gboolean is_folder)
{
    if (facts->root_kind == WHY_ROOT_HOST)
        return g_strdup_printf("make '%s', or take it out of the setting", shown);
    if (facts->root_kind == WHY_ROOT_FOLDER)
        return g_strdup_printf("make %s '%s' in the root folder, or take it out of the setting",
                               is_folder ? "the folder" : "an empty file", shown);
    return g_strdup_printf(
        "build the image again with 'gourd build … --mountpoint %s%s' and upgrade, or take it out of the "
        "setting",
        shown, is_folder ? "" : ":file");
}

static gboolean explain_missing(const WhyFacts *facts, const Want *want, const InsideNode *source, GPtrArray *findings)
{
    g_autofree char *shown = text_escape(want->destination);
    g_autofree char *root = why_name_root(facts);
    gboolean is_folder = !source->found || source->type == ENTRY_DIRECTORY;

    why_add(findings, "mount-point-missing", &want->setting,
            g_strdup_printf("%s has no %s '%s' to mount on", root, is_folder ? "folder" : "file", shown),
            remedy_for_mount_point(facts, shown, is_folder));
    return TRUE;
}

static gboolean explain_source(const Want *want, GPtrArray *findings)
{
    g_autofree char *shown = text_escape(want->source);
    g_autofree char *inside = text_escape(want->destination);

    why_add(findings, "bind-source-missing", &want->setting,
            g_strdup_printf("there is no '%s' on this host, which is to be seen as '%s'", shown, inside),
            g_strdup("make it, or name what is there; with '-' in front it may be missing"));
    return TRUE;
}

static gboolean explain_type(const Want *want, const InsideNode *source, GPtrArray *findings)
{
    g_autofree char *shown = text_escape(want->source);
    g_autofree char *inside = text_escape(want->destination);
    gboolean folder = source->type == ENTRY_DIRECTORY;

    why_add(findings, "mount-point-type", &want->setting,
            g_strdup_printf("'%s' is a %s on this host, and '%s' in the root a %s", shown, folder ? "folder" : "file",
                            inside, folder ? "file" : "folder"),
            g_strdup("a folder is mounted on a folder, and a file on a file: name the other side of it"));
    return TRUE;
}

/* Whether a mount before it makes what it is mounted on. */
static gboolean is_on_other_mount(const WhyFacts *facts, const Want *want)
{
    static const char *const own[] = {"/run", "/proc", "/sys", "/dev"};
    WhySetting setting;
    g_autofree char *parent = g_path_get_dirname(want->destination);
    g_autofree char *bound = why_find_bind(facts, parent, &setting, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(own) && facts->root_kind != WHY_ROOT_HOST; i++)
        if (inside_is_below(want->destination, own[i]))
            return TRUE;
    return bound && setting.value != want->setting.value;
}

static gboolean explain_want(const WhyFacts *facts, const Want *want, GPtrArray *findings)
{
    g_auto(InsideNode) source = {0};
    g_auto(InsideNode) inside = {0};

    if (want->source && facts->outside && !why_tree_find(facts->outside, want->source, &source))
        return FALSE;
    if (want->source && !source.found)
        return !want->source_optional && explain_source(want, findings);
    if (!facts->root || is_on_other_mount(facts, want) || !why_tree_find(facts->root, want->destination, &inside))
        return FALSE;
    if (!inside.found)
        return explain_missing(facts, want, &source, findings);
    if (want->kind == WANT_BIND && (source.type == ENTRY_DIRECTORY) != (inside.type == ENTRY_DIRECTORY))
        return explain_type(want, &source, findings);
    return FALSE;
}

/* --- systemd's words ----------------------------------------------------------------------------------------------------- */

/* The path that systemd could not mount on, as the service would see it; or NULL. */
static char *find_path(const WhyFacts *facts)
{
    static const char *const roots[] = {"/run/systemd/mount-rootfs", "/run/systemd/unit-root"};
    static const char before[] = "Failed to set up mount namespacing: ";
    const HostEntry *entry = why_find_message(facts, before);
    const char *start = entry ? strstr(entry->message, before) + strlen(before) : NULL;
    const char *end = start && *start == '/' ? strstr(start, ": ") : NULL;

    if (!end)
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(roots); i++)
        if (g_str_has_prefix(start, roots[i]) && start[strlen(roots[i])] == '/')
            return g_strndup(start + strlen(roots[i]), (gsize)(end - start) - strlen(roots[i]));
    if (facts->root_kind == WHY_ROOT_FOLDER && g_str_has_prefix(start, facts->root_path) &&
        strlen(facts->root_path) > 1)
        start += strlen(facts->root_path);
    return start < end && *start == '/' ? g_strndup(start, (gsize)(end - start)) : NULL;
}

/* What systemd mounts without being told so. */
static void explain_own_mount(const WhyFacts *facts, const char *path, GPtrArray *findings)
{
    static const char *const own[] = {"/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp"};
    g_autofree char *root = why_name_root(facts);
    g_auto(InsideNode) node = {0};

    if (!facts->root || facts->root_kind == WHY_ROOT_HOST ||
        !g_strv_contains((const char *const[]){own[0], own[1], own[2], own[3], own[4], own[5], NULL}, path) ||
        !why_tree_find(facts->root, path, &node) || node.found)
        return;
    why_add(findings, "mount-point-missing", &facts->root_setting,
            g_strdup_printf("%s has no folder '%s', where systemd mounts one of its own", root, path),
            facts->root_kind == WHY_ROOT_IMAGE
                ? g_strdup(
                      "build the image with gourd build, which adds such folders; or add them to what it is made of")
                : g_strdup_printf("make the folder '%s' in it", path));
}

/* A privilege is missing: this host is in a container itself, or a security module forbids it. */
static void explain_denied(const WhyFacts *facts, GPtrArray *findings)
{
    const HostEntry *entry = why_find_message(facts, "Failed at step");
    int number = entry ? entry->errno_value : 0;

    /* systemd makes EOPNOTSUPP of it where it cannot do without mounts of its own. */
    if (number != EPERM && number != EACCES && (number != EOPNOTSUPP || !facts->is_live || why_host_may_mount()))
        return;
    why_add(
        findings, "namespace-denied", NULL,
        g_strdup(
            "the kernel does not let systemd make the mounts of the service: this host is in a container itself, or a "
            "security module forbids it"),
        g_strdup(
            "give the container that this host runs in the right to mount (CAP_SYS_ADMIN) and loop devices, or look for denials "
            "in the kernel's log: journalctl -k -g denied"));
}

void why_explain_namespace(const WhyFacts *facts, GPtrArray *findings)
{
    g_autoptr(GPtrArray) list = list_wants(facts);
    g_autofree char *path = find_path(facts);

    why_explain_image(facts, findings);
    /* The one that systemd names, else the first that cannot be. */
    for (guint i = 0; path && i < list->len && findings->len == 0; i++) {
        const Want *want = g_ptr_array_index(list, i);

        if (strcmp(want->destination, path) == 0)
            explain_want(facts, want, findings);
    }
    if (path && findings->len == 0)
        explain_own_mount(facts, path, findings);
    for (guint i = 0; i < list->len && findings->len == 0; i++)
        explain_want(facts, g_ptr_array_index(list, i), findings);
    if (findings->len == 0)
        explain_denied(facts, findings);
}
